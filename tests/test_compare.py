from __future__ import annotations

import copy
import datetime
from pathlib import Path
from typing import Any

from spiders.compare import changes, findings, in_words, load_test, save_test
from spiders.crawl import SiteStats
from spiders.survey import FoundList, Sample, Survey

NOW = datetime.datetime(2026, 11, 21, 2, 0, tzinfo=datetime.UTC)


def found(**fields: Any) -> dict[str, Any]:
    samples = [
        Sample(
            url=f"http://a.test/{n}.html", title=f"标题{n}", published_at="2022-08-22", source="宣传科", words="我院"
        )
        for n in range(5)
    ]
    survey = Survey(
        url="http://a.test/", name="a", hospital="示范县人民医院",
        lists=(FoundList(name="新闻", url="http://a.test/news/", articles=20),),
        articles_seen=20, samples=tuple(samples), unsure=(), stats=SiteStats(site="a", started_at=""), toml="",
    )  # fmt: skip
    return findings(survey, NOW) | fields


def test_a_site_that_is_as_it_was_has_no_differences(tmp_path: Path) -> None:
    save_test(tmp_path / "a", found())

    before = load_test(tmp_path / "a")

    assert changes(before, found()) == []
    assert in_words([], before) == "compared with 2026-11-21 02:00 UTC: as it was"


def test_what_broke_is_said() -> None:
    now = copy.deepcopy(found(articles_seen=3, sections=[], unsure=["a doubt"]))
    for one in now["samples"].values():
        one["published_at"] = None
    now["samples"]["http://a.test/0.html"]["title"] = "首页"

    said = changes(found(), now)

    assert said[:3] == [
        "3 articles seen, 20 last time",
        "http://a.test/news/ lists no articles any more",
        "0% of the articles have a published_at, 100% last time",
    ]
    assert "http://a.test/0.html: title was 标题0, is 首页" in said
    assert said[-2:] == ["and 3 more fields read otherwise", "new doubt: a doubt"]


def test_a_first_test_is_compared_with_the_last_crawl(tmp_path: Path) -> None:
    last = SiteStats(site="a", started_at="", articles_seen=12)
    (tmp_path / "test.json").write_text("[]")

    assert load_test(tmp_path) is None and load_test(tmp_path / "nowhere") is None
    assert changes(None, found(), last) == []
    assert changes(None, found(articles_seen=0), last) == ["no article is seen any more; the last crawl saw 12"]
    assert in_words([], None).startswith("first test")
