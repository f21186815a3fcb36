"""The search index: in come the numbers of articles, out go segments, each with the lists of some of their texts.

A segment holds up to `ROOM` units of text: the titles of its articles one after another, then their texts, then what
finds them besides (`archive.older`). `index_lists` has its lists (`archive.lists`), `index_segments` its articles with
all that filters and facets ask. A segment is written once; an article that changes is crossed out in its segment
(`dead`) and stands in a new one. Every transaction makes one, and when there are `MOST_SMALL` small ones, they are
indexed again as one. All of it can be made again from `articles` and `revisions`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from archive import index
from archive.lists import BETWEEN, ROOM, encode
from archive.older import other_texts
from archive.query import FLAGS

if TYPE_CHECKING:
    import numpy

    from archive.lists import Units

    Numbers = numpy.ndarray[tuple[int], numpy.dtype[Any]]

FIELDS = ("site", "hospital", "section", "source", "author", "editor")  # of which a segment holds the values
TITLE, TEXT, OLDER = range(3)  # the zones of a segment
MOST_SMALL = 24  # segments with less than half of the room
READ_AT_ONCE = 500  # articles
HELD = 100  # segments whose articles are kept in memory

TABLES = """
    create table index_segments (
      id integer primary key autoincrement,
      mark integer not null,             -- drawn by chance: by it what a process holds of a segment is known again
      articles integer not null,
      units integer not null,
      first integer not null,            -- the lowest docid
      last integer not null,             -- the highest
      dead blob not null,                -- places of articles that are not to be found any more, 4 bytes each
      columns blob not null              -- see archive.segments.Columns
    ) strict;
    create table index_lists (
      id integer primary key,            -- segment << 32 | the first pair of the lists
      lists blob not null                -- see archive.lists
    ) strict;
    create table index_values (id integer primary key, field text not null, value text not null, unique (field, value))
      strict;
    """

_ARTICLES = """
    select docid, id, title, text, details, published_at, site, hospital, section, source, author, editor
    from articles where docid in (select value from json_each(:docids)) order by docid
    """


@dataclasses.dataclass(frozen=True)
class Columns:
    """The articles of a segment in the order of `docids`."""

    docids: Numbers
    ids: Numbers
    ends: Numbers  # of the titles, then of the texts, then of the older texts, as places in the text of the segment
    days: Numbers  # of publication, as `archive.index.day_of`
    values: dict[str, Numbers]  # ids of `index_values` by field, 0 for none
    flags: Numbers  # bits in the order of `archive.query.FLAGS`

    def packed(self) -> bytes:
        """As `index_segments.columns` has it."""
        return b"".join(
            column.astype(kind).tobytes()
            for (_, kind, _), column in zip(
                _LAYOUT, [self.docids, self.ids, self.ends, self.days, *self.values.values(), self.flags], strict=True
            )
        )

    @classmethod
    def unpacked(cls, packed: bytes, articles: int) -> Columns:
        """The inverse of `packed`."""
        import numpy as np

        found, offset = {}, 0
        for name, kind, times in _LAYOUT:
            column = np.frombuffer(packed, kind, articles * times, offset)
            offset += column.nbytes
            found[name] = column
        ends = found["ends"].astype(np.int32)
        values = {name: found[name] for name in FIELDS}
        return cls(found["docids"], found["ids"], ends, found["days"], values, found["flags"])


_LAYOUT = (
    ("docids", "<i8", 1), ("ids", "<i8", 1), ("ends", "<u4", 3), ("days", "<i4", 1),
    *((name, "<i4", 1) for name in FIELDS), ("flags", "<u2", 1),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Segment:
    """A segment as a reader has it; `hold` its columns."""

    db: Database
    id: int
    mark: int
    articles: int
    units: int
    first: int
    last: int
    dead: bytes

    @functools.cached_property
    def columns(self) -> Columns:
        """What it holds of its articles; kept in memory from one search to the next."""
        held = _held.get(self.mark)
        if held is None:
            held = self.load()
            while len(_held) >= HELD:
                _held.pop(next(iter(_held)), None)
            _held[self.mark] = held
        return held

    def load(self) -> Columns:
        """The columns, as they are written."""
        packed = self.db.execute("select columns from index_segments where id = :id", {"id": self.id}).fetchone()[0]
        return Columns.unpacked(packed, self.articles)

    @functools.cached_property
    def alive(self) -> Numbers:
        """Which of its articles are to be found."""
        import numpy as np

        alive = np.ones(self.articles, bool)
        alive[np.frombuffer(self.dead, "<u4")] = False
        return alive


_held: dict[int, Columns] = {}


def segments(db: Database) -> list[Segment]:
    """All segments, those with the newest articles first."""
    sql = "select id, mark, articles, units, first, last, dead from index_segments order by last desc, id desc"
    return [Segment(db, *row) for row in db.execute(sql).fetchall()]


def update(db: Database, docids: Iterable[int], gone: Iterable[int] = ()) -> None:
    """Index the articles of these numbers, new ones or those among `gone`, which are taken out first."""
    wanted = sorted(set(docids))
    _cross_out(db, sorted(set(gone)))
    while wanted:
        wanted = wanted[_write(db, wanted) :]
    _gather(db)


def rebuild_next(db: Database, after: int, most: int) -> tuple[int, int]:
    """Index the next articles with a number above `after` again, in one segment: how many, and the last number."""
    sql = "select docid from articles where docid > :after order by docid limit :most"
    docids = [docid for (docid,) in db.execute(sql, {"after": after, "most": most})]
    if not docids:
        return 0, after
    done = _write(db, docids, crossing_out=True)
    return done, docids[done - 1]


def drop_strays(db: Database) -> None:
    """Take out of the index what belongs to no article."""
    _, stray = lost_and_stray(db)
    _cross_out(db, sorted(stray))


def lost_and_stray(db: Database) -> tuple[set[int], set[int]]:
    """The numbers of articles that the index does not hold, and those that it holds of none or twice."""
    held: set[int] = set()
    stray: set[int] = set()
    for segment in segments(db):
        alive = set(segment.columns.docids[segment.alive].tolist())
        stray |= alive & held
        held |= alive
    wanted = {docid for (docid,) in db.execute("select docid from articles")}
    return wanted - held, stray | (held - wanted)


def _cross_out(db: Database, docids: Sequence[int], kept: int = 0) -> None:
    """Let articles not be found any more, in all segments but the one with the id `kept`."""
    import numpy as np

    if not docids:
        return
    wanted = np.array(docids, np.int64)
    for segment in segments(db):
        if segment.id == kept or segment.last < wanted[0] or segment.first > wanted[-1]:
            continue
        dead = np.isin(segment.columns.docids, wanted) | ~segment.alive
        if dead.all():
            _drop(db, segment)
        elif np.count_nonzero(dead) * 4 > len(segment.dead):
            places = np.flatnonzero(dead).astype("<u4").tobytes()
            db.execute("update index_segments set dead = :dead where id = :id", {"dead": places, "id": segment.id})


def _drop(db: Database, segment: Segment) -> None:
    span = {"first": segment.id << 32, "last": segment.id << 32 | 0xFFFFFFFF}
    db.execute("delete from index_lists where id between :first and :last", span)
    db.execute("delete from index_segments where id = :id", {"id": segment.id})


def _gather(db: Database) -> None:
    """Index the small segments again as one when there are many: a search asks each of them."""
    small = [segment for segment in segments(db) if segment.units < ROOM // 2]
    if len(small) < MOST_SMALL:
        return
    small.sort(key=lambda segment: segment.units)
    room, taken = ROOM, []
    while small and small[0].units <= room:
        taken.append(small.pop(0))
        room -= taken[-1].units
    docids = sorted(docid for segment in taken for docid in segment.columns.docids[segment.alive].tolist())
    for segment in taken:
        _drop(db, segment)
    while docids:
        docids = docids[_write(db, docids) :]


def _write(db: Database, docids: Sequence[int], *, crossing_out: bool = False) -> int:
    """Index the first of these articles, as many as have room, in a new segment, and say how many of the numbers
    that were; a number without an article is passed over.
    """
    import numpy as np

    rows: list[Mapping[str, Any]] = []
    zones: tuple[list[Units], ...] = ([], [], [])
    size, done = 0, 0
    for row, texts in _texts(db, docids):
        sizes = sum(map(len, texts))
        if rows and size + sizes > ROOM:
            break
        for zone, units in zip(zones, texts, strict=True):
            zone.append(units[: ROOM - 8])  # the rest of a text beyond all measure is not found
        rows.append(row)
        size += sizes
        done = row["docid"]
    else:
        done = docids[-1]
    consumed = int(np.searchsorted(docids, done, side="right"))
    if rows:
        whole = [units for zone in zones for units in zone]
        text = np.concatenate(whole)[:ROOM]
        ends = np.minimum(np.cumsum([len(units) for units in whole]), ROOM)
        number = _insert(db, rows, text, ends)
        if crossing_out:
            _cross_out(db, docids[:consumed], kept=number)
    elif crossing_out:
        _cross_out(db, docids[:consumed])
    return consumed


def _texts(db: Database, docids: Sequence[int]) -> Iterator[tuple[Mapping[str, Any], tuple[Units, Units, Units]]]:
    """The articles of these numbers, each with the units of its three zones, every text with `BETWEEN` behind it."""
    import numpy as np

    between = np.array([BETWEEN], np.uint16)
    for start in range(0, len(docids), READ_AT_ONCE):
        chosen = {"docids": json.dumps(docids[start : start + READ_AT_ONCE])}
        revised = _revised(db, chosen)
        for row in db.query(_ARTICLES, chosen):
            older = other_texts(db, row["id"], row) if row["id"] in revised or '"guess"' in row["details"] else ()
            units = [part for text in older for part in (index.coded(text), between)]
            yield (
                row,
                (
                    np.concatenate([index.coded(row["title"]), between]),
                    np.concatenate([index.coded(row["text"]), between]),
                    np.concatenate(units) if units else between[:0],
                ),
            )


def _revised(db: Database, chosen: Mapping[str, str]) -> set[int]:
    sql = """
        select distinct r.article from revisions r join articles a on a.id = r.article
        where a.docid in (select value from json_each(:docids))
        """
    return {article for (article,) in db.execute(sql, dict(chosen))}


def _insert(db: Database, rows: Sequence[Mapping[str, Any]], text: Units, ends: Numbers) -> int:
    import numpy as np

    docids = np.array([row["docid"] for row in rows], np.int64)
    columns = Columns(
        docids=docids,
        ids=np.array([row["id"] for row in rows], np.int64),
        ends=ends,
        days=np.array([index.day_of(row["published_at"]) for row in rows]),
        values={name: _values(db, name, [row[name] for row in rows]) for name in FIELDS},
        flags=_flags(db, [row["id"] for row in rows]),
    )
    cursor = db.execute(
        """
        insert into index_segments (mark, articles, units, first, last, dead, columns)
        values (:mark, :articles, :units, :first, :last, x'', :columns)
        """,
        {
            "mark": secrets.randbits(62),
            "articles": len(rows),
            "units": len(text),
            "first": int(docids[0]),
            "last": int(docids[-1]),
            "columns": columns.packed(),
        },
    )
    number = int(cursor.lastrowid or 0)
    lists = ((number << 32 | pair, row) for pair, row in encode(text))
    db.conn.executemany("insert into index_lists (id, lists) values (?, ?)", lists)
    return number


def _values(db: Database, field: str, values: Sequence[str]) -> Numbers:
    """The ids of values, new ones for those that are new."""
    import numpy as np

    distinct = set(values) - {""}
    wanted = {"field": field, "values": json.dumps(sorted(distinct), ensure_ascii=False)}
    sql = """
        select value, id from index_values
        where field = :field and value in (select value from json_each(:values))
        """
    known = dict(db.execute(sql, wanted).fetchall())
    for value in sorted(distinct - known.keys()):
        inserted = db.execute(
            "insert into index_values (field, value) values (:field, :value)", {"field": field, "value": value}
        )
        known[value] = inserted.lastrowid
    known[""] = 0
    return np.array([known[value] for value in values])


def _flags(db: Database, ids: Sequence[int]) -> Numbers:
    import numpy as np

    place = {number: at for at, number in enumerate(ids)}
    flags = np.zeros(len(ids), np.uint16)
    sql = "select article, flag from flags where article in (select value from json_each(:ids))"
    for article, flag in db.execute(sql, {"ids": json.dumps(list(ids))}):
        if flag in FLAGS:
            flags[place[article]] |= 1 << FLAGS.index(flag)
    return flags
