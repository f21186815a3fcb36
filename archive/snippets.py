"""Snippets: in comes a printed text and what was looked for, out goes the piece of it that shows most, marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlite_utils import Database

from archive.index import key_map
from archive.older import other_texts

SNIPPET = 90  # characters
LEAD = 20  # characters before the first found word
OPEN, CLOSE = "«", "»"


def snippet_of(db: Database, article: int, title: str, text: str, marked: Sequence[str]) -> str:
    """A piece of the text around what was found, that marked; of an older text when only that has it."""
    for shown in (text, title):
        piece = snippet(shown, marked)
        if piece:
            return piece
    if marked:
        row = next(db.query("select title, text, details from articles where id = :id", {"id": article}))
        for older in other_texts(db, article, row):
            piece = snippet(older, marked)
            if piece:
                return piece
    return _shortened(text, 0)


def snippet(text: str, marked: Sequence[str]) -> str:
    """The piece of a text that has the most of these keyed strings, each marked; empty when it has none of them."""
    starts = sorted(_firsts(text, set(marked)))
    if not starts:
        return ""
    best = max(starts, key=lambda start: (sum(start <= other < start + SNIPPET - LEAD for other in starts), -start))
    return _shortened(text, max(best - LEAD, 0), marked)


def _firsts(text: str, marked: Iterable[str]) -> Iterator[int]:
    """Where each keyed string first stands in a printed text, of those that do."""
    left = []
    for needle in marked:  # simplified text is its own key, nearly always
        start = text.find(needle)
        if start < 0 and needle.upper() != needle:
            start = text.find(needle.upper())
        if start >= 0:
            yield start
        else:
            left.append(needle)
    if not left:
        return
    keyed, offsets = key_map(text)
    yield from (offsets[start] for needle in left if (start := keyed.find(needle)) >= 0)


def _shortened(text: str, start: int, marked: Sequence[str] = ()) -> str:
    end = min(len(text), start + SNIPPET)
    for needle in marked:  # what begins in the piece is shown to its end
        at = text.find(needle, start, start + SNIPPET + len(needle))
        end = max(end, at + len(needle)) if start <= at < end else end
    piece = mark(text[start:end], marked)
    piece = " ".join(piece.split())
    return ("…" if start else "") + piece + ("…" if end < len(text) else "")


def mark(text: str, marked: Sequence[str]) -> str:
    """The text with every place where one of these keyed strings stands between « and »."""
    keyed, offsets = key_map(text)
    spans: list[tuple[int, int]] = []
    for needle in set(marked):
        start = keyed.find(needle)
        while start >= 0:
            spans.append((offsets[start], offsets[start + len(needle) - 1] + 1))
            start = keyed.find(needle, start + 1)
    out, at = [], 0
    for start, end in _joined(sorted(spans)):
        out += [text[at:start], OPEN, text[start:end], CLOSE]
        at = end
    return "".join([*out, text[at:]])


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
