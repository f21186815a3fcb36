"""Stacks of segments: in comes a string, out go the places where it stands in any of several segments.

A search asks a stack as if it were one segment: what it does with places and articles is done for all at once, which
costs a fraction of doing it for each. A place in a stack is `number << 24 | place`, with the number of the segment in
the stack; its articles are counted through. What a process holds of a stack is kept from one search to the next, until
the stack has other segments.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlite_utils import Database

from archive.lists import ROOM, all_places, places_of, together
from archive.segments import TITLE, Columns, Segment, segments

if TYPE_CHECKING:
    from archive.lists import Places
    from archive.segments import Numbers

STACK = 16  # segments at most: 28 bits hold a place
SMALL_FIRST = (1, 1, 2, 4, 8)  # segments in the stacks with the newest articles: most pages need no other
HELD = 12  # stacks that are kept in memory
PLACE_BITS = 24  # of archive.lists.ROOM
FEW_PLACES = 500  # that are looked for one by one
TABLE_BITS = 8  # 256 units: few texts end within as many


@dataclasses.dataclass(frozen=True)
class Held:
    """What a process keeps of a stack."""

    columns: Columns  # of all articles; `ends` are places in the stack
    counts: Numbers  # articles of each segment
    offsets: Numbers  # and of those before it

    @functools.cached_property
    def newest(self) -> int:
        """The highest id of its articles."""
        return int(self.columns.ids.max())

    @functools.cached_property
    def lengths(self) -> Numbers:
        """Units of each article's text."""
        import numpy as np

        ends, found = self.columns.ends, []
        for count, offset in zip(self.counts.tolist(), self.offsets.tolist(), strict=True):
            first = 3 * offset + count
            found.append(ends[first : first + count] - ends[first - 1 : first + count - 1])
        return np.concatenate(found)

    @functools.cached_property
    def table(self) -> Numbers:
        """For every 256 units of the texts, which of `ends` the first of them is before."""
        import numpy as np

        firsts = np.arange(0, len(self.counts) * ROOM, 1 << TABLE_BITS, dtype=np.int32)
        found = np.searchsorted(self.columns.ends, firsts, side="right")
        return np.minimum(found, len(self.columns.ends) - 1).astype(np.int32)

    def owners(self, places: Places) -> tuple[Numbers, Numbers]:
        """Whose places these are: articles of the stack, and zones."""
        import numpy as np

        ends = self.columns.ends
        if len(places) < FEW_PLACES:
            owners = ends.searchsorted(places, side="right").astype(np.int32)
        else:  # a table of what stands where is ten times as fast as looking for each
            owners = self.table[places >> TABLE_BITS]
            late = np.flatnonzero(ends[owners] <= places)
            owners[late] = ends.searchsorted(places[late], side="right")
        if len(self.counts) == 1:
            count, offset = self.counts[0], 0
        else:
            number = places >> PLACE_BITS
            count, offset = self.counts[number], self.offsets[number]
        owners -= 3 * offset
        second = owners >= count
        zones = second.astype(np.int8) + (owners >= 2 * count)
        owners += offset
        owners -= count * zones
        return owners, zones

    def times(self, places: Places, articles: Numbers, zone: int) -> Numbers:
        """How many of these places, which rise, stand in a zone of each of these articles."""
        number = self.offsets.searchsorted(articles, side="right") - 1
        ends = 2 * self.offsets[number] + zone * self.counts[number] + articles
        limits = self.columns.ends[ends]
        starts = self.columns.ends[ends - 1]
        starts[ends == 0] = 0
        return places.searchsorted(limits) - places.searchsorted(starts)


@dataclasses.dataclass(frozen=True)
class Stack:
    """Some segments, asked together."""

    db: Database
    members: tuple[Segment, ...]

    @property
    def articles(self) -> int:
        """How many articles it has, those that are crossed out among them."""
        return sum(segment.articles for segment in self.members)

    @functools.cached_property
    def last(self) -> int:
        """The highest docid."""
        return max(segment.last for segment in self.members)

    @functools.cached_property
    def held(self) -> Held:
        """What is kept of it."""
        marks = tuple(segment.mark for segment in self.members)
        held = _held.pop(marks, None) or _read(self.members)
        while len(_held) >= HELD:
            _held.pop(next(iter(_held)), None)
        _held[marks] = held  # the last that is let go
        return held

    @property
    def columns(self) -> Columns:
        """The articles."""
        return self.held.columns

    @functools.cached_property
    def alive(self) -> Numbers | None:
        """Which of its articles are to be found; `None`: all."""
        import numpy as np

        if not any(segment.dead for segment in self.members):
            return None
        return np.concatenate([segment.alive for segment in self.members])

    def places(self, units: Sequence[int], zone: int | None = None) -> Places:
        """Where a string of one or more units stands; with `TITLE`, only where in titles."""
        import numpy as np

        untils = [ROOM] * len(self.members)
        if zone == TITLE:
            firsts = 3 * self.held.offsets + self.held.counts - 1
            untils = (self.columns.ends[firsts] & (ROOM - 1)).tolist()
        if len(units) == 1:
            every = _joined([all_places(row, until) + base for base, until, row in self._rows(units[0], untils)])
            every.sort()  # those of each pair rise, but there are many pairs
            return every
        # every second pair covers the string, the last one overlapping where it has an odd length
        offsets = [*range(0, len(units) - 1, 2), *([len(units) - 2] if len(units) % 2 else [])]
        lists = []
        for offset in offsets:
            second = units[offset + 1]
            found = [
                places + base
                for base, until, row in self._rows_of_pair(units[offset], second, untils)
                if (places := places_of(row, second, until)) is not None and len(places)
            ]
            if not found:
                return np.empty(0, np.int32)
            lists.append((offset, _joined(found)))
        return together(lists)

    def _rows(self, first: int, untils: Sequence[int]) -> Iterator[tuple[int, int, bytes]]:
        """The rows of all pairs with a first unit: the place of their segment, up to where it is read, and the row."""
        sql = """
            select j.key, l.lists from json_each(?) j
            cross join index_lists l on l.id between j.value and j.value + 65535
            """
        for number, row in self.db.conn.execute(sql, (self._asked(first << 16),)).fetchall():
            yield number << PLACE_BITS, untils[number], row

    def _rows_of_pair(self, first: int, second: int, untils: Sequence[int]) -> Iterator[tuple[int, int, bytes]]:
        """The rows in which the pair may stand."""
        sql = """
            select j.key, l.id, l.lists from json_each(?) j
            cross join index_lists l on l.id = (select max(id) from index_lists where id <= j.value)
            """
        for number, row, lists in self.db.conn.execute(sql, (self._asked(first << 16 | second),)).fetchall():
            if row >> 16 == self.members[number].id << 16 | first:
                yield number << PLACE_BITS, untils[number], lists

    def _asked(self, pair: int) -> str:
        return json.dumps([segment.id << 32 | pair for segment in self.members])


_held: dict[tuple[int, ...], Held] = {}


def stacks(db: Database) -> list[Stack]:
    """All segments in stacks: the small ones first, which change, then those with the newest articles."""
    every = segments(db)
    small = [segment for segment in every if segment.units < ROOM // 2]
    large = [segment for segment in every if segment.units >= ROOM // 2]
    found = [small[start : start + STACK] for start in range(0, len(small), STACK)]
    for size in SMALL_FIRST:
        found.append(large[:size])
        large = large[size:]
    found += [large[start : start + STACK] for start in range(0, len(large), STACK)]
    return [Stack(db, tuple(members)) for members in found if members]


def _read(members: Sequence[Segment]) -> Held:
    import numpy as np

    columns = [segment.load() for segment in members]
    counts = np.array([segment.articles for segment in members], np.int32)
    ends = [column.ends + (number << PLACE_BITS) for number, column in enumerate(columns)]
    joined = Columns(
        docids=np.concatenate([column.docids for column in columns]),
        ids=np.concatenate([column.ids for column in columns]),
        ends=np.concatenate(ends),
        days=np.concatenate([column.days for column in columns]),
        values={name: np.concatenate([column.values[name] for column in columns]) for name in columns[0].values},
        flags=np.concatenate([column.flags for column in columns]),
    )
    return Held(joined, counts, np.cumsum(counts, dtype=np.int32) - counts)


def _joined(places: Sequence[Places]) -> Places:
    import numpy as np

    if len(places) == 1:
        return places[0]
    return np.concatenate(places) if places else np.empty(0, np.int32)
