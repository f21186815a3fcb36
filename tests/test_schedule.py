from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import DataFolder
from spiders.crawl import SiteStats, save_last
from spiders.schedule import DAY, HOUR, LONGEST, SHORTEST, adaptive_interval, backoff, due_sites, look_due
from spiders.sites import hours_of, open_at

NOW = datetime.datetime(2026, 11, 21, 2, 0, tzinfo=datetime.UTC)  # ten o'clock in China


def looks(published: str, days: int) -> list[int]:
    """On which of the days after its first capture an article is looked at, by a crawl a day."""
    last, found = NOW, []
    for day in range(1, days):
        now = NOW + day * DAY - datetime.timedelta(minutes=20)  # never at the same minute
        if look_due(NOW, last, now, published):
            found.append(day)
            last = now
    return found


def test_an_article_is_looked_at_again_after_a_day_a_week_and_a_month() -> None:
    assert looks("2026-11-21", 100) == [1, 7, 30]
    assert looks("", 100) == [1, 7, 30]
    assert looks("not a day", 100) == [1, 7, 30]
    assert looks("2026-11-15", 100) == [7, 30], "five days old when it was found"
    assert looks("2011-05-01", 100) == [30], "an old one of a backfill is not asked for the next day"


def test_a_look_that_was_missed_is_made_up_for_once() -> None:
    later = NOW + 20 * DAY

    assert look_due(NOW, NOW, later)
    assert not look_due(NOW, later, later + DAY)
    assert look_due(NOW, later, NOW + 31 * DAY)


def test_a_site_with_a_rhythm_is_crawled_twice_as_often_as_it_publishes() -> None:
    since = NOW - 100 * DAY

    assert adaptive_interval([NOW - n * DAY for n in range(28)], since, NOW) == 12 * HOUR
    assert adaptive_interval([NOW - 7 * n * DAY for n in range(4)], since, NOW) == 3.5 * DAY
    assert adaptive_interval([], since, NOW) == 7 * DAY
    assert adaptive_interval([NOW - n * HOUR for n in range(28 * 24)], since, NOW) == HOUR
    assert adaptive_interval([], NOW - 2 * DAY, NOW) == 2 * DAY, "two quiet days prove little"
    assert adaptive_interval([], None, NOW) == DAY


moments = st.lists(st.integers(-60 * 24, 60 * 24).map(lambda hours: NOW + hours * HOUR), max_size=60)


@settings(max_examples=60, deadline=None)
@given(moments, st.none() | st.integers(0, 1000).map(lambda days: NOW - days * DAY))
def test_a_rhythm_stays_between_an_hour_and_a_week(
    appeared: list[datetime.datetime], since: datetime.datetime | None
) -> None:
    found = adaptive_interval(appeared, since, NOW)

    assert SHORTEST <= found <= LONGEST
    assert adaptive_interval([*appeared, NOW], since, NOW) <= found, "more articles, no rarer visits"


def test_a_site_that_turned_us_away_is_left_alone_for_longer_each_time() -> None:
    waits = [backoff(times) for times in range(8)]

    assert waits[:4] == [0 * HOUR, 6 * HOUR, 12 * HOUR, DAY]
    assert waits == sorted(waits) and waits[-1] == backoff(10_000) == 7 * DAY


@pytest.mark.parametrize(("hours", "openings"), [("22-6", [22, 23, *range(6)]), ("9-11", [9, 10]), ("", range(24))])
def test_a_site_is_crawled_in_its_hours_of_chinas_day(hours: str, openings: list[int]) -> None:
    day = datetime.datetime(2026, 11, 20, 16, 30, tzinfo=datetime.UTC)  # half past midnight in China

    assert {hour for hour in range(24) if open_at(hours, day + hour * HOUR)} == set(openings)


@pytest.mark.parametrize("wrong", ["22", "22-", "6-6", "25-3", "a-b", "-1-3", "٢-٣"])
def test_what_are_no_hours_is_said(wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        hours_of(wrong)


def test_which_sites_are_due(tmp_path: Path) -> None:
    sites, data = tmp_path / "sites", DataFolder(tmp_path / "data")
    sites.mkdir()
    cases: dict[str, tuple[dict[str, str], dict[str, object] | None]] = {
        "new": ({}, None),
        "night": ({"hours": "22-6"}, None),
        "crawled": ({}, {"ok": True}),
        "failed": ({}, {"ok": False}),
        "blocked": ({}, {"ok": False, "blocked_in_a_row": 1}),
        "rhythm": ({"schedule": "adaptive"}, {"ok": True, "interval_hours": 1.5}),
        "slow": ({"schedule": "adaptive"}, {"ok": True, "interval_hours": 100.0}),
        "hourly": ({"schedule": "hourly"}, {"ok": True}),
    }
    for name, (keys, last) in cases.items():
        lines = ['hospital = "示范县人民医院"', 'start_urls = ["http://a.test/"]']
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        (sites / f"{name}.toml").write_text("\n".join(lines), "utf-8")
        if last is not None:
            started_at = (NOW - 2 * HOUR).isoformat(timespec="seconds")
            save_last(data.captures / name, SiteStats(site=name, started_at=started_at, **last))  # type: ignore[arg-type]

    assert due_sites(sites, data, now=NOW) == ["failed", "hourly", "new", "rhythm"]
    assert due_sites(sites, data, now=NOW + 5 * HOUR, only=["blocked", "slow"]) == ["blocked"]
    assert due_sites(sites, data, now=NOW + 12 * HOUR, only=["night"]) == ["night"]
    assert due_sites(sites, data, now=NOW, only=["slow"], force=True) == ["slow"]
