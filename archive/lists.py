"""Lists of the search index: in comes a text as UTF-16 units, out goes where each pair of neighbouring units stands.

A pair is a number of 32 bits, its first unit in the upper half; a place is an offset into the text of a segment
(`archive.segments`), less than `ROOM`. The lists of pairs with one first unit that follow one another are stored
together, in a row of about `CHUNK` bytes:

    number of pairs (2 bytes), their second units (2 bytes each), how many places each has (2 bytes each), and the
    places (3 bytes each)

A pair with more than `DENSE` places has a row of its own, in which a place takes two bytes:

    0 (2 bytes), its second unit (2 bytes), for each of 256 spans of 65,536 units where the places in it end (4 bytes
    each), and the places within their spans (2 bytes each)

Measured against FTS5 (benchmarks/README.md): it is smaller, made faster, and read faster, since whatever reads or
writes it handles thousands of places at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

    Units = numpy.ndarray[tuple[int], numpy.dtype[numpy.uint16]]
    Places = numpy.ndarray[tuple[int], numpy.dtype[numpy.int32]]

ROOM = 1 << 24  # units: three bytes hold a place
BETWEEN = 0  # the unit behind every text: nothing is found that runs from one into the next
CHUNK = 16_000  # bytes: a row of several pages wastes less of the last one
DENSE = 1024  # places
FEW = 3  # places that are read one by one
SPAN_BITS = 16
SPANS = ROOM >> SPAN_BITS


def encode(units: Units) -> Iterator[tuple[int, bytes]]:
    """The rows of a text of at most `ROOM` units: the first pair of each, and its bytes; in the order of the pairs."""
    import numpy as np

    if len(units) < 2:
        return
    keyed = units[:-1].astype(np.uint64)
    keyed <<= np.uint64(16)
    keyed |= units[1:]
    keyed <<= np.uint64(24)
    keyed |= np.arange(len(keyed), dtype=np.uint64)
    keyed = keyed[units[:-1] != BETWEEN]
    if not len(keyed):
        return
    keyed.sort()
    pairs = (keyed >> np.uint64(24)).astype(np.uint32)
    starts = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
    ends = np.append(starts[1:], len(pairs))
    pairs, counts = pairs[starts], ends - starts
    places = keyed.view(np.uint8).reshape(-1, 8)[:, :3]  # little-endian: the place is what was put in last
    seconds, counted = pairs.astype(np.uint16), counts.astype(np.uint16)
    bounds = _bounds(pairs, counts)
    for first, last in itertools.pairwise(bounds):
        span = slice(int(starts[first]), int(ends[last - 1]))
        if counts[first] > DENSE:
            yield int(pairs[first]), _dense(seconds[first], keyed[span])
        else:
            head = np.concatenate([[np.uint16(last - first)], seconds[first:last], counted[first:last]])
            yield int(pairs[first]), head.tobytes() + places[span].tobytes()


def _bounds(pairs: Any, counts: Any) -> list[int]:
    """Where rows begin: at a new first unit, at and behind a dense pair, and when `CHUNK` bytes are reached."""
    import numpy as np

    sizes = np.cumsum(counts * 3 + 4)
    opening = np.concatenate([[True], pairs[1:] >> 16 != pairs[:-1] >> 16])
    dense = counts > DENSE
    opening |= dense
    opening[1:] |= dense[:-1]
    at = np.flatnonzero(opening)
    begun = np.repeat(sizes[at] - (counts[at] * 3 + 4), np.diff(np.append(at, len(pairs))))
    part = (sizes - begun) // CHUNK
    opening[1:] |= part[1:] != part[:-1]
    return [*np.flatnonzero(opening).tolist(), len(pairs)]


def _dense(second: Any, keyed: Any) -> bytes:
    import numpy as np

    places = (keyed & np.uint64(ROOM - 1)).astype(np.uint32)
    limits = (np.arange(1, SPANS + 1, dtype=np.uint32)) << SPAN_BITS
    ends = np.searchsorted(places, limits).astype(np.uint32)
    return np.array([0, second], np.uint16).tobytes() + ends.tobytes() + places.astype(np.uint16).tobytes()


def places_of(row: bytes, second: int, until: int = ROOM) -> Places | None:
    """The places below `until` of the pair with this second unit, rising; `None` when the row does not hold it."""
    import numpy as np

    count = row[0] | row[1] << 8
    if count == 0:
        return _places_of_dense(row, until) if row[2] | row[3] << 8 == second else None
    wanted, end = second.to_bytes(2, "little"), 2 + 2 * count
    found = row.find(wanted, 2, end)
    while found & 1 and found > 0:  # the second half of one unit and the first of the next
        found = row.find(wanted, found + 1, end)
    if found < 0:
        return None
    counts = np.frombuffer(row, np.uint16, (found >> 1), end)  # of the pairs before it, and its own
    before = int(np.add.reduce(counts[:-1], dtype=np.int64))
    places = _three_bytes(row, 2 + 4 * count + 3 * before, int(counts[-1]))
    return places if until == ROOM else places[: np.searchsorted(places, until)]


def all_places(row: bytes, until: int = ROOM) -> Places:
    """The places below `until` of all pairs of a row."""
    import numpy as np

    count = int(np.frombuffer(row, np.uint16, 1)[0])
    if count == 0:
        return _places_of_dense(row, until)
    places = _three_bytes(row, 2 + 4 * count, (len(row) - 2 - 4 * count) // 3)
    return places if until == ROOM else places[places < until]


def _three_bytes(row: bytes, offset: int, count: int) -> Places:
    import numpy as np

    if count <= FEW:
        ends = range(offset + 3, offset + 3 + 3 * count, 3)
        return np.array([int.from_bytes(row[end - 3 : end], "little") for end in ends], np.int32)
    places = np.zeros((count, 4), np.uint8)
    places[:, :3] = np.frombuffer(row, np.uint8, 3 * count, offset).reshape(-1, 3)
    return places.view(np.int32).ravel()


def _places_of_dense(row: bytes, until: int) -> Places:
    import numpy as np

    ends = np.frombuffer(row, np.uint32, SPANS, 4)
    spans = min(-(-until >> SPAN_BITS), SPANS)
    sizes = ends[:spans].copy()
    sizes[1:] -= ends[: max(0, spans - 1)]
    places = np.frombuffer(row, np.uint16, int(ends[spans - 1]) if spans else 0, 4 + 4 * SPANS).astype(np.int32)
    places += np.repeat(np.arange(spans, dtype=np.int32) << SPAN_BITS, sizes)
    return places if until == ROOM else places[: np.searchsorted(places, until)]


def together(lists: Sequence[tuple[int, Places]]) -> Places:
    """Where all of several lists have a place at the same distance: `place + offset` for each list with its offset."""
    import numpy as np

    ordered = sorted(lists, key=lambda one: len(one[1]))
    offset, places = ordered[0]
    found = places - offset
    for offset, places in ordered[1:]:
        if not len(found):
            break
        wanted = found + offset
        at = np.searchsorted(places, wanted)
        at[at == len(places)] = 0
        found = found[places[at] == wanted] if len(places) else found[:0]
    return found
