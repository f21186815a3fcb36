"""The search index: in comes an article's title and text, out go tokens by which any part of them is found.

What is compared is `key(text)`: the folded text (`pipeline.fold`) in which marks that look alike are one mark. The
index holds every two neighbouring characters of it as a token, punctuation and blanks included, so a string of two or
more characters is a phrase of such tokens, found exactly where it stands as a substring and nowhere else. Single
characters have a table of their own. (Measured against trigrams, words and an inverted index of single characters:
only overlapping pairs find everything and nothing else, and none of those is faster.)

The rows are numbered in the order of publication (`docid_for`), so that the newest results come without sorting.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlite_utils import Database

from pipeline.fold import fold, fold_map

if TYPE_CHECKING:
    import numpy

    Codes = numpy.ndarray[tuple[int], numpy.dtype[numpy.uint32]]

# Marks between which a reader sees no difference, and every kind of blank. One character for one: offsets stay.
_ALIKE = {
    "-": "‐‑‒–—―−─━﹣－",
    '"': "“”„‟〝〞＂«»",
    "'": "‘’‚‛＇`´",
    "·": "•・‧∙⋅･●",
    "~": "〜～∼",
    " ": "\t\n\r\v\f\u00a0\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))),
}
_SAME = {ord(mark): plain for plain, marks in _ALIKE.items() for mark in marks}

# FTS5's ascii tokenizer parts at every ASCII character that is no letter or digit, so those go to the private use
# area; what a page itself has there makes room. Halves of surrogate pairs cannot be stored.
_PRIVATE = 0xE000
_TOKEN = {code: chr(_PRIVATE + code) for code in range(128) if not chr(code).isalnum()}
_TOKEN |= {_PRIVATE + code: chr(0xF0000 + code) for code in range(128)}
_TOKEN |= dict.fromkeys(range(55296, 57344), "�")

RULES = "1"  # raise it when the tokens change
DAY_BITS = 8  # 256 numbers a day: the closer the numbers, the smaller the lists of the index
_DAY_ZERO = datetime.date(1900, 1, 1).toordinal()
_FIRST_DAY = datetime.date(1970, 1, 1).toordinal() - _DAY_ZERO  # all numbers below are for articles without a date
TITLE_MARK, OLDER_MARK = "t", "o"  # before a single character that stands there
BETWEEN = "\x00"  # parts two texts in one column
TABLES = ("articles_fts", "articles_title_fts", "articles_chars")


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
    folded, offsets = fold_map(text)
    return folded.translate(_SAME), offsets


def pairs(keyed: str) -> str:
    """The tokens of a keyed text: its neighbouring characters, two by two, with blanks between the pairs."""
    safe = keyed.translate(_TOKEN)
    return " ".join([first + second for first, second in itertools.pairwise(safe)])


def character(keyed: str, mark: str = "") -> str:
    """The token of one character, in the text or in the place of the mark."""
    return mark + keyed.translate(_TOKEN)


def put(db: Database, docid: int, *, title: str, text: str, older: Iterable[str] = ()) -> None:
    """Index an article under a number that is free.

    `older` are the texts that are found as well and shown as such: earlier versions, and what a guess made readable.
    Nothing is found that runs from one into the next.
    """
    coded = _coded(title, text, older)
    tokens = {
        "docid": docid,
        "body": _pairs_of(coded[""]),
        "title": _pairs_of(coded[TITLE_MARK]),
        "older": _pairs_of(coded[OLDER_MARK]),
    }
    db.execute("insert into articles_fts(rowid, body, title, older) values (:docid, :body, :title, :older)", tokens)
    db.execute("insert into articles_title_fts(rowid, title) values (:docid, :title)", tokens)
    _put_characters(db, docid, coded)


def put_characters(db: Database, docid: int, *, title: str, text: str, older: Iterable[str] = ()) -> None:
    """The part of `put` that single characters are found by."""
    _put_characters(db, docid, _coded(title, text, older))


def _put_characters(db: Database, docid: int, coded: dict[str, Codes]) -> None:
    tokens = {"docid": docid, "found": _characters_of(coded)}
    db.execute("insert into articles_chars(rowid, found) values (:docid, :found)", tokens)


def _coded(title: str, text: str, older: Iterable[str]) -> dict[str, Codes]:
    """The texts of an article by the mark of their place."""
    places = {"": text, TITLE_MARK: title, OLDER_MARK: BETWEEN.join(older)}
    return {mark: _coder().codes(place) for mark, place in places.items()}


class _Coder:
    """`key(text).translate(_TOKEN)` as code points: an eighth of the time, once its characters have been met.

    A text of an article goes through it once when it is indexed; a query is short and goes the plain way.
    """

    LAST = 0x2FFFF  # of the characters that the table holds; a text with others goes the plain way
    UNKNOWN, SEVERAL = 0xFFFFFFFF, 0xFFFFFFFE  # not met yet; no character or more than one

    def __init__(self) -> None:
        import numpy

        self.table = numpy.full(self.LAST + 1, self.UNKNOWN, numpy.uint32)

    def codes(self, text: str) -> Codes:
        """The code points of the tokens of a text."""
        printed = _points(text)
        if len(printed) and printed.max() > self.LAST:
            return _points(key(text).translate(_TOKEN))
        codes = self.table[printed]
        if len(codes) and codes.max() == self.UNKNOWN:
            for point in set(printed[codes == self.UNKNOWN].tolist()):
                form = key(chr(point)).translate(_TOKEN)
                self.table[point] = ord(form) if len(form) == 1 else self.SEVERAL
            codes = self.table[printed]
        if len(codes) and codes.max() == self.SEVERAL:
            for point in set(printed[codes == self.SEVERAL].tolist()):
                text = text.replace(chr(point), key(chr(point)))  # what is folded folds to itself
            return self.codes(text)
        return codes


@functools.cache
def _coder() -> _Coder:
    return _Coder()


def _points(text: str) -> Codes:
    import numpy

    return numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), numpy.uint32)


def _pairs_of(codes: Codes) -> str:
    """`pairs` of a text that has been coded."""
    import numpy

    if len(codes) < 2:
        return ""
    tokens = numpy.full((len(codes) - 1, 3), ord(" "), numpy.uint32)
    tokens[:, 0], tokens[:, 1] = codes[:-1], codes[1:]
    return tokens.tobytes()[:-4].decode("utf-32-le")


def _characters_of(places: dict[str, Codes]) -> str:
    """The tokens of the single characters of an article: a character of the text as it is, of the others marked."""
    import numpy

    tokens = []
    for mark, codes in places.items():
        found = numpy.unique(codes)
        marked = numpy.full((len(found), len(mark) + 2), ord(" "), numpy.uint32)
        marked[:, :-2] = ord(mark) if mark else 0
        marked[:, -2] = found
        tokens.append(marked.tobytes().decode("utf-32-le"))
    return "".join(tokens)


def remove(db: Database, docid: int) -> None:
    """Take an article out of the index."""
    for table in TABLES:
        db.execute(f"delete from {table} where rowid = :docid", {"docid": docid})  # noqa: S608  one of TABLES


def drop_strays(db: Database) -> None:
    """Take out of the index what belongs to no article."""
    for table in TABLES:
        sql = f"select id from {table}_docsize where id not in (select docid from articles)"  # noqa: S608
        for (docid,) in db.execute(sql).fetchall():
            remove(db, docid)


def docid_for(db: Database, published_at: str | None) -> int:
    """A free number in the order of publication: those of a day in the order in which they came, undated ones first.

    A day with more articles than there are numbers for runs over into the next; filters by date read the date itself.
    """
    day = _day_of(published_at)
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


def _day_of(published_at: str | None) -> int:
    """Days since 1900-01-01; 0 for no date and for one before 1970, which no page of a hospital has."""
    try:
        day = datetime.date.fromisoformat((published_at or "")[:10]).toordinal() - _DAY_ZERO
    except ValueError:
        return 0
    return day if day >= _FIRST_DAY else 0
