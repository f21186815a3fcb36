"""How texts are compared and numbered in the search index: in comes a text, out go the units that are looked for.

What is compared is `key(text)`: the folded text (`pipeline.fold`) in which marks that look alike are one mark. Its
UTF-16 units are what the index holds the places of (`archive.lists`, `archive.segments`): every two neighbouring ones,
punctuation and blanks included, so a string of two or more is found exactly where it stands as a substring and nowhere
else.

The rows are numbered in the order of publication (`docid_for`), so that the newest results come without sorting.
"""

from __future__ import annotations

import datetime
import functools
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlite_utils import Database

from pipeline.fold import fold, fold_map

if TYPE_CHECKING:
    from archive.lists import Units

# Marks between which a reader sees no difference, and every kind of blank. One character for one: offsets stay.
_ALIKE = {
    "-": "‐‑‒–—―−─━﹣－",
    '"': "“”„‟〝〞＂«»",
    "'": "‘’‚‛＇`´",
    "·": "•・‧∙⋅･●",
    "~": "〜～∼",
    " ": "\0\t\n\r\v\f\u00a0\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))),
}
_SAME = {ord(mark): plain for plain, marks in _ALIKE.items() for mark in marks}
_SAME |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # halves of surrogate pairs, which no text holds

RULES = "2"  # raise it when the units change
DAY_BITS = 16  # 65,536 numbers a day
_DAY_ZERO = datetime.date(1900, 1, 1).toordinal()
_FIRST_DAY = datetime.date(1970, 1, 1).toordinal() - _DAY_ZERO  # all numbers below are for articles without a date


def version() -> str:
    """The rules by which texts are indexed, those of folding included: articles indexed by others are not all found."""
    folded = key("".join(map(chr, range(0x20, 0xD800))))
    return f"{RULES}-{zlib.crc32(folded.encode()):08x}"


def setting(db: Database, name: str) -> str | None:
    """A value of the table `settings`."""
    row = db.execute("select value from settings where name = :name", {"name": name}).fetchone()
    return row[0] if row else None


def write_setting(db: Database, name: str, value: str) -> None:
    """Write a value into the table `settings`."""
    db.execute("insert or replace into settings (name, value) values (:name, :value)", {"name": name, "value": value})


def key(text: str) -> str:
    """The form in which a text and what is looked for in it are compared."""
    return fold(text).translate(_SAME)


def key_map(text: str) -> tuple[str, Sequence[int]]:
    """`key(text)` and, for every character of it, the offset of its printed character (see `fold_map`)."""
    even = _coder().even(text)
    if even is not None:
        return even.tobytes().decode("utf-16-le"), range(len(text) + 1)
    folded, offsets = fold_map(text)
    return folded.translate(_SAME), offsets


def units_of(keyed: str) -> list[int]:
    """The UTF-16 units of a keyed string: one a character, two for those beyond the basic plane."""
    return memoryview(keyed.encode("utf-16-le")).cast("H").tolist()


class _Coder:
    """`units_of(key(text))` as an array: an eighth of the time, once its characters have been met.

    A text of an article goes through it once when it is indexed; a query is short and goes the plain way.
    """

    UNKNOWN, SEVERAL = 0x10001, 0x10000  # not met yet; no unit or more than one

    def __init__(self) -> None:
        import numpy

        self.table = numpy.full(1 << 16, self.UNKNOWN, numpy.uint32)
        self.table[0xD800:0xE000] = self.SEVERAL

    def even(self, text: str) -> Units | None:
        """The units of a text, or `None` when any of its characters has none or several."""
        import numpy

        printed = _units(text)
        found = self.table[printed]
        worst = int(found.max(initial=0))
        if worst == self.UNKNOWN:
            for unit in set(printed[found == self.UNKNOWN].tolist()):
                form = _units(key(chr(unit)))
                self.table[unit] = form[0] if len(form) == 1 else self.SEVERAL
            return self.even(text)
        return None if worst == self.SEVERAL else found.astype(numpy.uint16)


@functools.cache
def _coder() -> _Coder:
    return _Coder()


def coded(text: str) -> Units:
    """`units_of(key(text))`, quickly."""
    even = _coder().even(text)
    return _units(key(text)) if even is None else even


def _units(text: str) -> Units:
    import numpy

    return numpy.frombuffer(text.encode("utf-16-le", "surrogatepass"), numpy.uint16)


def docid_for(db: Database, published_at: str | None) -> int:
    """A free number in the order of publication: those of a day in the order in which they came, undated ones first.

    A day with more articles than there are numbers for runs over into the next; filters by date read the date itself.
    """
    day = day_of(published_at)
    day = day - _DAY_ZERO if day >= _FIRST_DAY + _DAY_ZERO else 0
    first, last = (day << DAY_BITS, (day + 1 << DAY_BITS) - 1) if day else (1, (_FIRST_DAY << DAY_BITS) - 1)
    row = db.execute(
        "select max(docid) from articles where docid between :first and :last", {"first": first, "last": last}
    ).fetchone()
    if row[0] is None:
        return first
    if row[0] < last:
        return int(row[0]) + 1
    return _free_after(db, last)


def _free_after(db: Database, docid: int) -> int:
    row = db.execute(
        """
        select min(a.docid) + 1 from articles a
        where a.docid >= :docid and not exists (select 1 from articles b where b.docid = a.docid + 1)
        """,
        {"docid": docid},
    ).fetchone()
    return int(row[0])


def day_of(published_at: str | None) -> int:
    """The day of an ISO date or of its beginning (2022, 2022-06), as `datetime.date.toordinal`; 0 for none."""
    parts = (published_at or "")[:10].split("-")
    try:
        year, month, day = (int(part) for part in [*parts, "1", "1"][:3])
        return datetime.date(year, month, day).toordinal()
    except ValueError:
        return 0
