"""### Crawl the sites that are due

Every quarter of an hour: look which sites are due by their own `schedule`, share them into batches, and crawl each
batch in one Scrapy process. A batch with a site that failed turns red after all its sites had their turn. What was
captured is announced as the asset `captures`, on which `archive_captures` runs; the last task, `verdict`, fails the run
when a site failed, so that a green run means that every site answered.

Running it again captures nothing twice: a site that is not due is left alone, and an article that was captured is not
fetched again.

Parameters: `sites` (names; none means every site that is due), `force` (crawl them even if they are not due, at any
hour).
"""

from __future__ import annotations

import datetime
import itertools

from airflow.sdk import Asset, Metadata, Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

CAPTURES = Asset("captures")
SITES_A_BATCH = 10  # a Scrapy process costs 0.7 s of CPU and 90 MB to start, a further site in it 12 MB
BATCH_LIMIT = datetime.timedelta(hours=6)


@dag(
    schedule=datetime.timedelta(minutes=15),
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": datetime.timedelta(minutes=1)},  # what failed for good is not retried
    params={
        "sites": Param([], type="array", items={"type": "string"}, description="Names; none: every site that is due"),
        "force": Param(False, type="boolean", description="Crawl them even if they are not due, at any hour"),
    },
    tags=["crawl"],
    doc_md=__doc__,
)
def crawl_sites() -> None:
    """Wire the crawl: due → crawl, one task a batch → announce → verdict."""

    @task
    def due() -> list[list[str]]:
        """Name the sites that are due, in batches."""
        from dags.edge import data_folder, now, sites_folder
        from spiders.schedule import due_sites

        params = get_current_context()["params"]
        problems: list[str] = []
        names = due_sites(
            sites_folder(), data_folder(), now=now(), only=params["sites"], force=params["force"], problems=problems
        )
        get_current_context()["ti"].xcom_push("problems", problems)
        return [names[start : start + SITES_A_BATCH] for start in range(0, len(names), SITES_A_BATCH)]

    @task(map_index_template="{{ sites }}", execution_timeout=BATCH_LIMIT)
    def crawl(batch: list[str]) -> dict[str, str]:
        """Crawl a batch of sites and give the problem of each, empty when it went well."""
        from dags.edge import data_folder, sites_folder
        from spiders.crawl import run_crawl

        context = get_current_context()
        context["sites"] = ", ".join(batch)
        stats = run_crawl(
            batch,
            data=data_folder().root,
            sites_folder=sites_folder(),
            any_hour=context["params"]["force"],
            on_line=print,
        )
        failed = [f"{name}: {one.problem}" for name, one in stats.items() if not one.ok]
        if failed:
            raise AirflowFailException("; ".join(failed))
        return {name: one.problem for name, one in stats.items()}

    @task(trigger_rule="all_done", outlets=[CAPTURES])
    def announce(batches: list[list[str]] | None):  # type: ignore[no-untyped-def]
        """Announce what waits to be archived; nothing is announced when nothing does."""
        from dags.edge import data_folder
        from spiders.crawl import load_last

        names = [*itertools.chain.from_iterable(batches or [])]
        last = [load_last(data_folder().captures / name) for name in names]
        warcs = [f"{one.site}/{name}" for one in last if one for name in one.warcs]
        if not warcs:
            raise AirflowSkipException("nothing was captured")
        yield Metadata(CAPTURES, {"warcs": warcs})

    @task(trigger_rule="all_done")
    def verdict(batches: list[list[str]] | None) -> None:
        """Fail the run when a site failed, and name it."""
        from dags.edge import data_folder
        from spiders.crawl import load_last

        if batches is None:
            raise AirflowFailException("the sites could not be read; the log of the task `due` says why")
        problems = get_current_context()["ti"].xcom_pull(task_ids="due", key="problems") or []
        last = {name: load_last(data_folder().captures / name) for name in itertools.chain.from_iterable(batches)}
        failed = [
            f"{name}: {one.problem if one else 'not crawled'}" for name, one in last.items() if not (one and one.ok)
        ]
        if problems + failed:
            raise AirflowFailException("; ".join(problems + failed))

    batches = due()
    crawl.expand(batch=batches) >> announce(batches) >> verdict(batches)


crawl_sites()
