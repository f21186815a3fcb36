"""Which sites are due: in go the sites, what their last crawls said and the clock, out come the names to crawl now."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from pipeline.records import DataFolder, Site
from spiders.crawl import load_last
from spiders.sites import is_due, load_site, load_sites

RETRY = datetime.timedelta(hours=1)  # after which a site whose crawl failed is tried again, if that is sooner


def due_sites(
    sites_folder: Path,
    data: DataFolder,
    *,
    now: datetime.datetime,
    only: Sequence[str] = (),
    force: bool = False,
) -> list[str]:
    """The names of the sites that are due, of all or of `only`; with `force` those that are not due as well.

    Raises `SiteError` for a name without a TOML.
    """
    sites = {name: load_site(sites_folder / f"{name}.toml") for name in only} if only else load_sites(sites_folder)
    return [name for name, site in sites.items() if force or _due(site, data, now)]


def _due(site: Site, data: DataFolder, now: datetime.datetime) -> bool:
    last = load_last(data.captures / site.name)
    started_at = datetime.datetime.fromisoformat(last.started_at) if last else None
    if last and not last.ok and started_at and now - started_at >= RETRY:
        return True
    return is_due(site, started_at, now)
