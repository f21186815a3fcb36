"""The hostile web: each way to hurt a crawler ends with a label, and the next site is crawled all the same.

`python -m benchmarks.hostile` has every case, these are those that neither wait long nor weigh much.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, Request

from benchmarks.hostile.case import Case, rows
from benchmarks.hostile.run import CASES, crawl, judge_files, outcome_of
from pipeline.records import Site
from spiders import news
from spiders.crawl import SiteStats

SLOW = ("no answer in time", " time", "429, 429")  # outcomes for which a case has to wait
LARGEST = 300_000  # bytes of a page: a large one takes longer when the machine is busy
ALWAYS = ("head-slow", "head-endless", "head-20000", "body-stops", "encoding-crc", "encoding-members", "wire-silent",
          "status-304-list", "tls-nameless", "robots-hangs", "robots-agents", "robots-delay-huge", "refresh-blanks",
          "pager-long", "scripts-5000", "map-lol")  # fmt: skip
NEVER = Case(name="x", does="", page="not kept: never asked for", site="ok, 0 articles")
EVERY = 3  # of the others one in so many; the rest is left to the benchmark


def chosen() -> list[Case]:
    """A third of the quick cases, and those that were found to hurt."""
    quick = [case for case in CASES if not case.heavy and not any(word in f" {case.page}" for word in SLOW)]
    quick = [
        case for case in quick if all(len(page) < LARGEST for page in case.pages.values() if isinstance(page, bytes))
    ]
    return [*quick[::EVERY], *(case for case in CASES if case.name in ALWAYS and case not in quick[::EVERY])]


def test_every_hostile_case_ends_with_its_label_and_the_next_site_is_crawled(tmp_path: Path) -> None:
    cases = [*chosen(), Case(name="sound", does="is a site like any other")]

    run = crawl(cases, tmp_path, timeout=6)

    assert len(cases) > 100
    assert {outcome.case.name: outcome.faults for outcome in run.outcomes if outcome.faults} == {}
    assert run.outcomes[-1].site == "ok, 3 articles"
    assert run.peak < 300, "megabytes"
    assert judge_files(tmp_path / "data/captures") == []


def test_the_cases_are_many_and_have_names_of_their_own() -> None:
    assert len(CASES) > 300
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"page": "404"}, "page"),
        ({"site": "failed: x"}, "site"),
        ({"most": 0}, "requests"),
        ({"holds": b"never there"}, "hold"),
    ],
)
def test_an_outcome_that_is_not_expected_is_told(tmp_path: Path, change: dict[str, object], word: str) -> None:
    case = dataclasses.replace(NEVER, **change)  # type: ignore[arg-type]
    stats = SiteStats(site="x", started_at="2026-11-21T00:00:00+00:00", ok=True)

    outcome = outcome_of(case, "http://127.0.0.1:1", stats, tmp_path, ["/"], 1.0)

    assert len(outcome.faults) == 1 and word in outcome.faults[0]


def test_a_site_whose_pages_take_long_to_read_is_crawled_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "COSTLY", 0.0)
    monkeypatch.setattr(news, "LONGEST_COSTLY", 0.0)
    site = Site(name="a", hospital="示范县人民医院", start_urls=("http://a.test/news/",))
    spider = news.NewsSpider()
    spider.crawls["a"] = crawling = news.SiteCrawl(site, tmp_path, software="test", maximum_seconds=60)
    task = crawling.next()
    assert task is not None
    request = Request(task.url, meta={"site": "a", "task": task})
    page = f"<ul>{rows('/info/1018/1.html', '/info/1018/2.html', '/info/1018/3.html')}</ul>"

    further = list(spider.answered(HtmlResponse(task.url, body=page.encode(), request=request)))

    assert further == []
    assert crawling.stats.finish_reason == "too costly" and "http://a.test/news/" in crawling.stats.problem
