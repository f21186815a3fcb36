"""Facets: in comes a query, out goes how what it finds spreads over years, hospitals, sites, sections and flags."""

from __future__ import annotations

import json
from collections import Counter

from sqlite_utils import Database

from archive.query import parse
from archive.search import NARROW, Filters, found

MOST = 50  # values of a facet
FACETS = ("year", "hospital", "site", "section", "source")


def facets(db: Database, query: str, filters: Filters) -> dict[str, list[tuple[str, int]]]:
    """For every facet its values with the number of articles, the most frequent first. Raises `QueryError`."""
    docids = {"docids": json.dumps(found(db, parse(query), filters))}
    rows = db.execute(
        f"""
        select substr(a.published_at, 1, 4), a.hospital, a.site, a.section, a.source, count(*)
        from json_each(:docids) j join {NARROW} on a.docid = j.value group by 1, 2, 3, 4, 5
        """,  # noqa: S608  NARROW is a name
        docids,
    )
    counts: dict[str, Counter[str]] = {name: Counter() for name in (*FACETS, "flag")}
    for *values, count in rows:
        for name, value in zip(FACETS, values, strict=True):
            if value:
                counts[name][value] += count
    flags = db.execute(
        f"""
        select f.flag, count(*) from json_each(:docids) j join {NARROW} on a.docid = j.value
        join flags f on f.article = a.id group by 1
        """,  # noqa: S608
        docids,
    )
    counts["flag"].update(dict(flags.fetchall()))
    return {name: _ordered(counter) for name, counter in counts.items()}


def _ordered(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
