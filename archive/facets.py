"""Facets: in come the articles that were found, out goes how they spread over years, hospitals, regions, sites,
sections, sources and flags.

What the facets ask stands in the columns of the segments of the index, as numbers: ten thousand articles are counted in
a millisecond, where SQL takes fifty. A region is that of the article's site, as its TOML says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlite_utils import Database

from archive.find import Found, joined
from archive.query import FLAGS, parse
from archive.search import Filters
from archive.search import found as found_by

if TYPE_CHECKING:
    from archive.segments import Numbers

MOST = 50  # values of a facet
COUNTED = ("hospital", "site", "section", "source")
DAYS_BEFORE_1970 = 719_163  # of datetime.date.toordinal
Facets = dict[str, list[tuple[str, int]]]


def count(db: Database, parts: Sequence[Found]) -> Facets:
    """For every facet its values with the number of these articles, the most frequent first."""
    import numpy as np

    days = joined(parts, lambda stack: stack.columns.days)
    years = (days[days > 0].astype(np.int64) - DAYS_BEFORE_1970).astype("M8[D]").astype("M8[Y]").astype(int) + 1970
    counts: Facets = {"year": _ordered({f"{year:04}": number for year, number in _counted(years)})}
    sums = {name: _counted(joined(parts, lambda s, name=name: s.columns.values[name])) for name in COUNTED}  # type: ignore[misc]
    best = {name: _most(found) for name, found in sums.items()}
    values = _values(db, {value for found in (*best.values(), sums["site"]) for value, _ in found})
    for name, found in best.items():
        counts[name] = _ordered({values[value]: number for value, number in found})
    counts["region"] = _regions(db, {values[value]: number for value, number in sums["site"] if value})
    flags = joined(parts, lambda stack: stack.columns.flags)
    flags = flags[flags > 0]
    flagged = {flag: int((flags >> place & 1).sum()) for place, flag in enumerate(FLAGS)}
    counts["flag"] = _ordered({flag: number for flag, number in flagged.items() if number})
    return counts


def facets(db: Database, query: str, filters: Filters) -> Facets:
    """For every facet its values with the number of articles that a query finds. Raises `QueryError`."""
    return count(db, found_by(db, parse(query), filters))


def _counted(column: Numbers) -> list[tuple[int, int]]:
    """The values of a column with how often each occurs."""
    import numpy as np

    if not len(column):
        return []
    sums = np.bincount(column)
    (values,) = sums.nonzero()
    return list(zip(values.tolist(), sums[values].tolist(), strict=True))


def _most(sums: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most frequent values, no empty one; all that are as frequent as the last that may be shown."""
    best = sorted((pair for pair in sums if pair[0]), key=lambda pair: -pair[1])
    return [pair for pair in best if pair[1] >= best[MOST - 1][1]] if len(best) > MOST else best


def _values(db: Database, ids: Iterable[int]) -> dict[int, str]:
    sql = "select id, value from index_values where id in (select value from json_each(:ids))"
    return dict(db.execute(sql, {"ids": json.dumps(sorted(ids))}).fetchall())


def _regions(db: Database, sites: Mapping[str, int]) -> list[tuple[str, int]]:
    sums: dict[str, int] = {}
    for site, region in db.execute("select site, region from site_regions"):
        if site in sites:
            sums[region] = sums.get(region, 0) + sites[site]
    return _ordered(sums)


def _ordered(counter: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
