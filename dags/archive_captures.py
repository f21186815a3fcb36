"""### Archive what was captured

Runs when `crawl_sites` announces the asset `captures`: cleans every capture that the archive does not hold yet, in
worker processes of their own, relates the articles to those before them, and adds them. The archive has one writer, so
this waits for the one slot of the pool `archive_writer`. A WARC file that cannot be read does not keep the others
from being archived; the task `verdict` names it and turns the run red. `watches` lists what is new for each saved
search.

Running it again changes nothing: each capture is known by its WARC file and its offset in it.
"""

from __future__ import annotations

import datetime

from airflow.sdk import Asset, dag, task
from airflow.sdk.exceptions import AirflowFailException

CAPTURES = Asset("captures")
ARCHIVE = Asset("archive")


@dag(
    schedule=[CAPTURES],
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": datetime.timedelta(minutes=1)},  # ingesting twice changes nothing
    tags=["archive"],
    doc_md=__doc__,
)
def archive_captures() -> None:
    """Wire the archiving: ingest → watches, verdict."""

    @task(pool="archive_writer", outlets=[ARCHIVE], execution_timeout=datetime.timedelta(hours=12))
    def ingest() -> list[str]:
        """Archive every capture that waits and give the problems, one line each."""
        from dags.edge import run_yixun

        return run_yixun("ingest", "--json")["problems"]

    @task
    def verdict(problems: list[str]) -> None:
        """Fail the run when something could not be archived, and name it."""
        if problems:
            raise AirflowFailException("; ".join(problems))

    @task
    def watches() -> list[str]:
        """List what is new for each saved search, one line each."""
        from dags.edge import run_yixun

        return [f"{one['name']} ({one['query']}): {len(one['new'])} new" for one in run_yixun("watch", "run", "--json")]

    problems = ingest()
    problems >> watches()
    verdict(problems)


archive_captures()
