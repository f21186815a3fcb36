"""The query language: in comes what a person typed, out goes a tree of what to look for.

    党建 示范点            both words, in the title or the text
    "党建 示范点"          this phrase; “ ”, 「 」 and 『 』 quote as well
    -招聘                  without this word
    党建 OR 支部           either; also 或 and |. It binds the two beside it: a b OR c = a and (b or c)
    title:示范点           in the title; also text: and older: (what an earlier version said)
    hospital: region: source: author: editor: section:      in that field
    site:mengyin  flag:hijacked  year:2021  date:2020..2022-06  date:2022-06-30  date:..2019

The fields have Chinese names too (标题: 医院: 日期:), and full-width punctuation is read like the narrow one. A word is
looked for as it is written, wherever it stands: there are no wildcards and no word boundaries.
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime
import re
import unicodedata
from typing import Literal, get_args

from archive.index import key
from pipeline.errors import QueryError
from pipeline.fold import fold
from pipeline.records import FlagName

LONGEST_QUERY = 1000  # characters
MOST_TERMS = 50
SHOWN_AROUND = 30  # characters on either side of a place that a message points at
FLAGS: tuple[str, ...] = get_args(FlagName)

Place = Literal["", "title", "text", "older"]  # "": any of them


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """A string to find, as `archive.index.key` makes it, in the title, the text or anywhere."""

    needle: str
    place: Place = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Named:
    """A string to find in the hospital's name or region, the source, the author, the editor or the section."""

    field: str
    needle: str


@dataclasses.dataclass(frozen=True, slots=True)
class Flagged:
    """Articles with this flag."""

    flag: str


@dataclasses.dataclass(frozen=True, slots=True)
class OnSite:
    """Articles of this site."""

    site: str


@dataclasses.dataclass(frozen=True, slots=True)
class Dated:
    """Articles published at `since` or later and before `before`: beginnings of ISO dates, empty for no limit."""

    since: str
    before: str


@dataclasses.dataclass(frozen=True, slots=True)
class Not:
    """Articles that the part does not find."""

    part: Node


@dataclasses.dataclass(frozen=True, slots=True)
class And:
    """Articles that every part finds."""

    parts: tuple[Node, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Or:
    """Articles that any part finds."""

    parts: tuple[Node, ...]


Node = Words | Named | Flagged | OnSite | Dated | Not | And | Or

# The names of the fields; a Chinese one is looked up folded, so 標題 is 标题.
FIELDS = {
    "title": "title", "标题": "title", "题目": "title",
    "text": "text", "正文": "text",
    "older": "older", "旧文": "older",
    "hospital": "hospital", "医院": "hospital", "单位": "hospital",
    "region": "region", "地区": "region",
    "source": "source", "来源": "source",
    "author": "author", "作者": "author",
    "editor": "editor", "编辑": "editor",
    "section": "section", "栏目": "section",
    "site": "site", "站点": "site",
    "flag": "flag", "标记": "flag",
    "year": "year", "年份": "year",
    "date": "date", "日期": "date",
}  # fmt: skip
NAMED = ("hospital", "region", "source", "author", "editor", "section")
CLOSING = {'"': '"＂', "＂": '"＂', "“": "”“", "”": "”", "「": "」", "『": "』"}
OR_WORDS = frozenset({"OR", "或", "|", "｜"})
AND_WORDS = frozenset({"AND", "&", "＆"})
MINUS = "-－"

_FIELD = re.compile(r"([A-Za-z]{1,20}|[\u4e00-\u9fff]{2,4})([:：])")
_RANGE = re.compile(r"\.\.|…|~|至")
_DATE = re.compile(r"(\d{4})年?(?:[-/.]?(\d{1,2})月?(?:[-/.]?(\d{1,2})日?)?)?")


def parse(query: str) -> Node:
    """Read a query.

    Raises `QueryError` with the place, in characters, at which it makes no sense.
    """
    if len(query) > LONGEST_QUERY:
        raise QueryError(f"the query is longer than {LONGEST_QUERY} characters; look for a part of it", LONGEST_QUERY)
    parts = _Reader(query).parts()
    if not parts:
        raise QueryError("the query is empty; write a word to look for, as in: 卫健委", 0)
    if len(parts) > MOST_TERMS:
        raise QueryError(f"more than {MOST_TERMS} words; put what belongs together into quotes", len(query))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def pointed(query: str, position: int) -> str:
    """A query with a line below that points at a place in it, both cut to what stands around the place."""
    start = max(0, position - SHOWN_AROUND)
    shown = "".join(" " if mark.isspace() else mark for mark in query[start : position + SHOWN_AROUND])
    before = ("…" if start else "") + shown[: position - start]
    after = shown[position - start :] + ("…" if len(query) > position + SHOWN_AROUND else "")
    width = sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in before)
    return f"{before}{after}\n{' ' * width}^"


class _Reader:
    """Reads a query from left to right; `at` is the offset that it has come to."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.at = 0

    def parts(self) -> list[Node]:
        parts: list[Node] = []
        joining: int | None = None  # offset of an OR that waits for its right side
        while self._skip_blanks():
            start = self.at
            word = self._plain_word(start)
            if word in OR_WORDS:
                if not parts or joining is not None:
                    raise QueryError(f"{word} needs a word on either side", start)
                joining, self.at = start, start + len(word)
            elif word in AND_WORDS:
                self.at = start + len(word)
            else:
                part = self._part()
                if joining is not None:
                    part = _either(parts.pop(), part)
                    joining = None
                parts.append(part)
        if joining is not None:
            raise QueryError("OR needs a word on either side", joining)
        return parts

    def _skip_blanks(self) -> bool:
        while self.at < len(self.query) and self.query[self.at].isspace():
            self.at += 1
        return self.at < len(self.query)

    def _part(self) -> Node:
        start = self.at
        if self.query[start] in MINUS:
            self.at += 1
            if self.at >= len(self.query) or self.query[self.at].isspace():
                raise QueryError("- stands alone; write it directly before the word to leave out: -招聘", start)
            return Not(self._positive())
        return self._positive()

    def _positive(self) -> Node:
        start = self.at
        field = self._field()
        at = self.at
        if field and (at >= len(self.query) or self.query[at].isspace()):
            raise QueryError(f"{self.query[start:at]} needs a word directly after the colon", at)
        value = self._value()
        return _node(field, value, at)

    def _field(self) -> str:
        """The field that a name with a colon at this place means, or an empty string."""
        match = _FIELD.match(self.query, self.at)
        if match is None:
            return ""
        name, colon = match.groups()
        field = FIELDS.get(fold(name))
        if field is None:
            follows_url = self.query.startswith("//", match.end())
            if name.isascii() and name.islower() and colon == ":" and not follows_url:
                known = " ".join(f"{one}:" for one in dict.fromkeys(FIELDS.values()))
                raise QueryError(f"there is no field {name}: ({known}); to look for it as a text, quote it", self.at)
            return ""
        self.at = match.end()
        return field

    def _value(self) -> str:
        opening = self.query[self.at]
        if opening in CLOSING:
            return self._quoted(opening)
        word = self._plain_word(self.at)
        self.at += len(word)
        return word

    def _quoted(self, opening: str) -> str:
        start = self.at + 1
        ends = [end for mark in CLOSING[opening] if (end := self.query.find(mark, start)) >= 0]
        if not ends:
            raise QueryError(f"the quote {opening} is not closed", self.at)
        self.at = min(ends) + 1
        value = self.query[start : min(ends)].strip()
        if not value:
            raise QueryError("there is nothing between the quotes", start - 1)
        return value

    def _plain_word(self, start: int) -> str:
        for end in range(start, len(self.query)):
            if self.query[end].isspace() or (end > start and self.query[end] in CLOSING):
                return self.query[start:end]
        return self.query[start:]


def _either(left: Node, right: Node) -> Or:
    return Or((*left.parts, right)) if isinstance(left, Or) else Or((left, right))


def _node(field: str, value: str, at: int) -> Node:
    """What a field with its value means; `at` is where the value stands."""
    if field == "flag":
        return flagged(value, at)
    if field == "site":
        return OnSite(value)
    if field in ("date", "year"):
        return dated(value, at, years_only=field == "year")
    needle = key(value)
    if not needle.strip():
        raise QueryError("there is nothing to look for here", at)
    if field in NAMED:
        return Named(field, needle)
    place: Place = field if field in ("title", "text", "older") else ""  # type: ignore[assignment]
    return Words(needle, place)


def flagged(value: str, at: int = 0) -> Flagged:
    """Articles with the flag of this name."""
    flag = fold(value)
    if flag not in FLAGS:
        raise QueryError(f"there is no flag {value}; the flags are {' '.join(FLAGS)}", at)
    return Flagged(flag)


def dated(value: str, at: int = 0, *, years_only: bool = False) -> Dated:
    """The span of a date (2022, 2022-06, 2022-06-30, 2022年6月) or of two with `..` between them, either left out."""
    plain = unicodedata.normalize("NFKC", value)
    ends = [end.strip() for end in _RANGE.split(plain.replace("...", ".."))]
    if len(ends) > 2 or not any(ends):
        raise QueryError(f"{value} is no date; write 2022, 2022-06, 2022-06-30 or 2020..2022-06", at)
    spans = [_span(end, at, years_only) if end else ("", "") for end in ends]
    since, before = spans[0][0], spans[-1][1]
    if since and before and since >= before:
        raise QueryError(f"{value} ends before it begins", at)
    return Dated(since, before)


def _span(text: str, at: int, years_only: bool) -> tuple[str, str]:
    """The beginning of a year, month or day and that of the one after it, as beginnings of ISO dates."""
    match = _DATE.fullmatch(text)
    if match is None or (years_only and match[2]):
        raise QueryError(f"{text} is no year; write 2022" if years_only else f"{text} is no date; write 2022-06-30", at)
    year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    try:
        first = datetime.date(year, month or 1, day or 1)
        if match[3]:
            return first.isoformat(), (first + datetime.timedelta(days=1)).isoformat()
        if match[2]:
            after = first + datetime.timedelta(days=calendar.monthrange(year, month)[1])
            return first.isoformat()[:7], after.isoformat()[:7]
    except (ValueError, OverflowError) as error:
        raise QueryError(f"there is no such day as {text}", at) from error
    return f"{year:04}", f"{year + 1:04}"


def needles(node: Node) -> list[str]:
    """Every string that a result is to show marked: what was asked for in title or text and not excluded."""
    if isinstance(node, Words):
        return [node.needle]
    if isinstance(node, And | Or):
        return [needle for part in node.parts for needle in needles(part)]
    return []
