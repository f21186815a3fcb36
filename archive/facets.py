"""Facets: in come the numbers of articles, out goes how they spread over years, hospitals, sites, sections and flags.

What the facets ask of an article is held in memory as columns of codes, read once and again after every change: a
process that answers many queries counts ten thousand articles in a millisecond, where SQL takes fifty.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from archive.query import FLAGS, parse
from archive.search import Filters, found

if TYPE_CHECKING:
    import numpy

    Numbers = numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]

MOST = 50  # values of a facet
FACETS = ("year", "hospital", "site", "section", "source")
Facets = dict[str, list[tuple[str, int]]]
KEPT = 4  # archives whose columns are held


@dataclasses.dataclass(frozen=True)
class Columns:
    """Of every article, in the order of `docids`: the code of its value of each facet, and its flags as bits."""

    docids: Numbers
    codes: dict[str, Numbers]
    values: dict[str, list[str]]  # by code
    flags: Numbers

    def count(self, docids: Sequence[int]) -> Facets:
        """For every facet its values with the number of these articles, the most frequent first."""
        import numpy

        places = numpy.searchsorted(self.docids, numpy.asarray(docids, numpy.int64))
        counts = {}
        for name, codes in self.codes.items():
            values = self.values[name]
            sums = numpy.bincount(codes[places], minlength=len(values))
            (held,) = sums.nonzero()
            if len(held) > MOST:  # those that may be shown, and one for the empty value
                held = held[sums[held] >= numpy.partition(sums[held], -MOST - 1)[-MOST - 1]]
            counts[name] = _ordered({values[code]: int(sums[code]) for code in held if values[code]})
        flagged = self.flags[places]
        flagged = flagged[flagged > 0]
        flags = {flag: int((flagged >> place & 1).sum()) for place, flag in enumerate(FLAGS)}
        return counts | {"flag": _ordered({flag: count for flag, count in flags.items() if count})}


def columns(db: Database) -> Columns:
    """The columns of an archive as it is now; read again only when it has changed."""
    path = db.execute("select file from pragma_database_list where name = 'main'").fetchone()[0]
    stamp = db.execute(
        "select (select max(id) from captures), (select group_concat(name || value) from settings), count(*) from warcs"
    ).fetchone()
    return _Held(path or str(id(db.conn)), tuple(stamp), db).columns


class _Held:
    """An archive in a state, by which its columns are known again."""

    def __init__(self, path: str, stamp: tuple[Any, ...], db: Database) -> None:
        self.known_by = (path, stamp)
        self.db: Database | None = db

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.known_by == other.known_by

    def __hash__(self) -> int:
        return hash(self.known_by)

    @property
    def columns(self) -> Columns:
        """What is held, or is now read."""
        held = _columns(self)
        self.db = None  # the connection is not kept with what was read by it
        return held


@functools.lru_cache(maxsize=KEPT)
def _columns(held: _Held) -> Columns:
    import numpy

    assert held.db is not None
    rows = held.db.execute(
        """
        select docid, coalesce(substr(published_at, 1, 4), ''), hospital, site, section, source, id
        from articles indexed by articles_narrow order by docid
        """
    ).fetchall()
    docids, *texts, ids = zip(*rows, strict=True) if rows else [()] * (len(FACETS) + 2)
    codes, values = {}, {}
    for name, column in zip(FACETS, texts, strict=True):
        known: dict[str, int] = {}
        codes[name] = numpy.array([known.setdefault(text, len(known)) for text in column], numpy.int64)
        values[name] = list(known)
    place = {number: at for at, number in enumerate(ids)}
    flags = numpy.zeros(len(docids), numpy.int64)
    for article, flag in held.db.execute("select article, flag from flags"):
        if flag in FLAGS:
            flags[place[article]] |= 1 << FLAGS.index(flag)
    return Columns(numpy.array(docids, numpy.int64), codes, values, flags)


def facets(db: Database, query: str, filters: Filters) -> Facets:
    """For every facet its values with the number of articles that a query finds. Raises `QueryError`."""
    return columns(db).count(found(db, parse(query), filters))


def _ordered(counter: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
