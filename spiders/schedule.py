"""When to look: in go the sites, what their last crawls said and the clock, out come the names to crawl now.

The rules by themselves are pure functions: when an article is looked at again, how often a site with its own rhythm is
crawled, how long a site that turned us away is left alone, and whether it is the hour for it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.dates import first_date
from pipeline.records import DataFolder, Site
from spiders.crawl import SiteStats, load_last
from spiders.known import KnownPage
from spiders.sites import is_due, load_site, load_sites, open_at

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
RETRY = HOUR  # after which a site whose crawl failed is tried again, if that is sooner
BLOCKED = 6 * HOUR  # after which a site that turned us away is tried again; twice as long each further time
LOOKS = (DAY, 7 * DAY, 30 * DAY)  # after its first capture, when an article is looked at again
EARLY = HOUR  # a daily crawl does not come at the same minute each day
SHORTEST, LONGEST = HOUR, 7 * DAY  # between two crawls of a site with a rhythm
RHYTHM = 28 * DAY  # of a site's latest articles, from which its rhythm is taken


def due_sites(
    sites_folder: Path,
    data: DataFolder,
    *,
    now: datetime.datetime,
    only: Sequence[str] = (),
    force: bool = False,
    problems: list[str] | None = None,
) -> list[str]:
    """The names of the sites that are due, of all or of `only`; with `force` those that are not due as well.

    Raises `SiteError` for a name of `only` without a TOML. Of all sites, one whose TOML is wrong is told in `problems`,
    where there is such a list, and keeps no other from being crawled.
    """
    if only:
        sites = {name: load_site(sites_folder / f"{name}.toml") for name in only}
    else:
        sites = load_sites(sites_folder, problems)
    return [name for name, site in sites.items() if force or _due(site, load_last(data.captures / name), now)]


def _due(site: Site, last: SiteStats | None, now: datetime.datetime) -> bool:
    if not open_at(site.hours, now):
        return False
    if last is None:
        return True
    started_at = datetime.datetime.fromisoformat(last.started_at)
    if last.blocked_in_a_row:
        return now - started_at >= backoff(last.blocked_in_a_row)
    if not last.ok and now - started_at >= RETRY:
        return True
    return is_due(site, started_at, now, HOUR * last.interval_hours or None)


def backoff(times: int) -> datetime.timedelta:
    """How long a site that turned us away so many times in a row is left alone: 6 h, 12 h, a day … a week."""
    return min(BLOCKED * 2 ** min(times - 1, 10), LONGEST) if times > 0 else datetime.timedelta()


def look_due(
    first_at: datetime.datetime, last_at: datetime.datetime, now: datetime.datetime, published: str = ""
) -> bool:
    """Whether an article is to be looked at again for a revision: a day, a week and a month after its first capture.

    `published` is the day on its list (ISO 8601), when there is one. What was old already when it was found is
    looked at once, after a month: thousands of articles of a backfill are not asked for again the next day.
    """
    age = _age(published, first_at)
    steps = [step for step in LOOKS if step > age] or [LOOKS[-1]]
    passed = [first_at + step - EARLY for step in steps if first_at + step - EARLY <= now]
    return bool(passed) and last_at < passed[-1]


def _age(published: str, moment: datetime.datetime) -> datetime.timedelta:
    try:
        day = datetime.datetime.fromisoformat(published[:10]).replace(tzinfo=datetime.UTC)
    except ValueError:
        return datetime.timedelta()
    return moment - day - DAY  # a day has 24 hours in which it may have been published


def adaptive_interval(
    moments: Iterable[datetime.datetime], known_since: datetime.datetime | None, now: datetime.datetime
) -> datetime.timedelta:
    """How often to crawl a site: twice as often as it publishes, between one hour and seven days.

    `moments` are when its articles appeared, of which the last four weeks count. A site is never left alone for longer
    than it has been known (`known_since`), or for a day: a quiet first week proves little.
    """
    recent = sum(now - RHYTHM <= moment <= now + DAY for moment in moments)
    usual = RHYTHM / (2 * recent) if recent else LONGEST
    known = now - known_since if known_since else datetime.timedelta()
    return max(SHORTEST, min(usual, LONGEST, max(known, DAY)))


def rhythm_of(pages: Iterable[KnownPage], now: datetime.datetime) -> float:
    """The hours between two crawls of a site, from when its articles appeared: on their lists, else here."""
    pages = list(pages)
    began = min((page.first_at for page in pages), default=None)
    moments = []
    for page in pages:
        day = listed_day(page)
        if day:
            moments.append(datetime.datetime.fromisoformat(f"{day}T12:00:00+08:00"))
        elif page.listing and began and page.first_at - began > 12 * HOUR:  # the first crawl finds all at once
            moments.append(page.first_at)
    return round(adaptive_interval(moments, began, now) / HOUR, 2)


def listed_day(page: KnownPage) -> str:
    """The day that a list printed beside a page's link, in ISO 8601, or an empty string."""
    found = first_date(page.listing.date) if page.listing and page.listing.date else None
    return ((found.iso if found else "") or "")[:10]
