"""Where the hospitals are: in come the sites, as their TOML files say, out goes the table that searches read."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from archive.index import key
from pipeline.records import Site


def keep(db: Database, sites: Iterable[Site]) -> None:
    """Write the region of each site, where it has changed. A site that is not among these stays as it was."""
    held = dict(db.execute("select site, region from site_regions").fetchall())
    changed = [site for site in sites if site.region.strip() != held.get(site.name, "")]
    if not changed:
        return
    with db.atomic():
        for site in changed:
            region = site.region.strip()
            db.execute("delete from site_regions where site = :site", {"site": site.name})
            if region:
                db.execute(
                    "insert into site_regions (site, region, folded) values (:site, :region, :folded)",
                    {"site": site.name, "region": region, "folded": key(region)},
                )
