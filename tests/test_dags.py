"""The two DAGs for real: the demo's sites crawled by subprocess Scrapy, archived, and all of it once more."""

from __future__ import annotations

from typing import Any

import pytest

from archive import Archive
from demo.sites import expected
from pipeline.records import DataFolder
from spiders.crawl import load_last


def run(dag_bag: Any, name: str, **conf: Any) -> tuple[str, dict[str, str]]:
    """Run a DAG to its end: its state, and the states of its tasks."""
    result = dag_bag.dags[name].test(run_conf=conf or None)
    states = {}
    for instance in result.get_task_instances():
        mapped = f"[{instance.map_index}]" if instance.map_index >= 0 else ""
        states[instance.task_id + mapped] = str(instance.state)
    return str(result.state), states


@pytest.fixture(scope="module")
def first_run(dag_bag: Any, airflow_env: DataFolder) -> dict[str, tuple[str, dict[str, str]]]:
    return {name: run(dag_bag, name) for name in ("crawl_sites", "archive_captures")}


def archived(data: DataFolder) -> dict[tuple[str, str], dict[str, Any]]:
    """The articles of the archive by site and path."""
    with Archive(data.archive, readonly=True) as archive:
        return {(one["site"], "/" + one["url"].split("/", 3)[3]): one for one in archive.articles()}


@pytest.fixture(scope="module")
def articles(first_run: Any, airflow_env: DataFolder) -> dict[tuple[str, str], dict[str, Any]]:
    return archived(airflow_env)


def test_a_dead_site_turns_the_crawl_red_and_is_named_while_the_others_are_archived(
    first_run: dict[str, tuple[str, dict[str, str]]], airflow_env: DataFolder
):
    state, tasks = first_run["crawl_sites"]

    assert state == "failed"
    assert tasks["due"] == tasks["announce"] == "success"
    assert tasks["verdict"] == "failed"
    dead = load_last(airflow_env.captures / "yunmen")
    assert dead is not None
    assert not dead.ok
    assert "refused" in dead.problem
    assert first_run["archive_captures"] == ("success", dict.fromkeys(("ingest", "watches", "verdict"), "success"))


def test_every_page_of_the_demo_became_what_its_author_said(articles: dict[tuple[str, str], dict[str, Any]]):
    wanted = {(one.site, one.path): one for one in expected() if one.kind == "article"}
    linked = {address for address, one in wanted.items() if one.linked != "menu"}  # an about page may be left alone

    assert linked <= articles.keys() <= wanted.keys()
    for address, article in articles.items():
        one = wanted[address]
        flags = set(article["flags"])
        assert (address, article["title"], article["published_at"]) == (address, one.title, one.published_at)
        assert (address, set(one.flags) - flags, flags - {*one.flags, *one.maybe}) == (address, set(), set())


def test_copies_are_related_and_the_genuine_page_stands_for_them(articles: dict[tuple[str, str], dict[str, Any]]):
    copies = [one for one in expected() if one.copy_of]

    assert len(copies) >= 4
    for one in copies:
        site, _, path = one.copy_of.partition("/")
        genuine, copy = articles[site, "/" + path], articles[one.site, one.path]
        assert {"kind": "copy", "id": genuine["id"]} in [
            {"kind": relation["kind"], "id": relation["id"]} for relation in copy["relations"]
        ]
        assert copy["cluster"] == genuine["cluster"]
        if one.site == "kangtu":  # what the content farm has; a notice that two hospitals have is official on both
            assert copy["representative"] == genuine["id"]


def test_a_simplified_query_finds_the_traditional_page(first_run: Any, airflow_env: DataFolder):
    with Archive(airflow_env.archive, readonly=True) as archive:
        found = archive.search("卫健委", flags=["annotated"], expand=True)

    assert "«衛健委»" in found.hits[0].snippet


def test_running_both_dags_again_changes_nothing(
    dag_bag: Any, articles: dict[tuple[str, str], dict[str, Any]], airflow_env: DataFolder
):
    with Archive(airflow_env.archive, readonly=True) as archive:
        before = archive.counts()

    run(dag_bag, "crawl_sites", force=True)
    run(dag_bag, "archive_captures")

    with Archive(airflow_env.archive, readonly=True) as archive:
        after = archive.counts()
    assert archived(airflow_env) == articles
    assert after["revisions"] == before["revisions"]
    assert after["revisits"] > before["revisits"]
