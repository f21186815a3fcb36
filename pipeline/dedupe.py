"""Duplicates: what two articles have in common, and whether it makes them one.

In go two `Document`s (`pipeline.documents`), out comes a `Verdict`: `copy`, `excerpt`, `revision`, `sibling`, or None
when they have nothing to do with each other. No I/O.

No similarity threshold works on this kind of text: officialese is stock phrases, so that two reports of two events
share more than a report and its own preview. Therefore the texts are aligned (`pipeline.align`) and the *facts* are
compared (`pipeline.changes`, `pipeline.facts`): a changed number, date or name makes siblings of two texts, however
alike they are.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any

from rapidfuzz.distance import Levenshtein

from pipeline.align import Run, akin, common_sentences
from pipeline.changes import KEPT_DIFFERENCES, Comparison, Difference
from pipeline.documents import BARE, Document
from pipeline.records import RelationKind

ALIGNED = 0.78  # of the shorter text, for a copy or an excerpt
RELATED = 0.60  # of the shorter text, for a sibling
BRIDGE = 0.60  # of both representatives, for merging two clusters
WHOLE = 0.90  # of both texts, for one being as good as the other
EXCERPT = 0.60  # of the longer text; what covers less is an excerpt
UNCHANGED = 0.97  # of the longer text; what covers less has lost or gained a paragraph
UPDATED = 0.80  # of both texts, for one being a correction of the other
REPLACED = (4, 0.03)  # characters, and of the shorter text, that may stand for others
TYPOS = (4, 1 / 150)  # of them, and a character of the shorter text
INSERTED = (30, 0.12)  # characters, and of the shorter text, that both sides may have for themselves
SHORTEST_BODY = 40  # characters; below, the titles have to agree as well
LONGEST_REALIGNED = 4_000  # characters of the shorter body that are aligned a second time, without sentences
OWN_NUMBERS = 4  # different ones that the text with fewer of them may have for itself
WORDLESS = 20  # characters; a text so short says nothing: 详情请见附件
TELLING_TITLE = 12  # characters; one so long stands on one notice only, when nothing else is known of it
REPEATED_AFTER = 14  # days after which the same few words on one site are another notice
UPDATE_DAYS = 3  # between two versions of one article at two addresses

_DAY_ZERO = datetime.date(1970, 1, 1).toordinal()
_CORRECTIONS = re.compile(r"更正|更新|补充|延期|调整|修订|修改|变更")
_ORDINALS = re.compile("[0-9.零〇一二三四五六七八九十]+")


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """How a new document relates to an old one.

    The shares are characters that both have, in the same order, over the length of the new and of the old body.
    """

    kind: RelationKind
    share_new: float
    share_old: float
    differences: tuple[Difference, ...] = ()

    @property
    def linked(self) -> bool:
        """Whether the two are one article (a sibling is another one)."""
        return self.kind != "sibling"

    @property
    def whole(self) -> bool:
        """Whether each of the two has nearly all of the other."""
        return self.share_new >= WHOLE and self.share_old >= WHOLE

    def evidence(self) -> dict[str, Any]:
        """For storing and showing: `shared` of both bodies, and what `differs` as [what, here, there]."""
        found: dict[str, Any] = {"shared": [round(self.share_new, 3), round(self.share_old, 3)]}
        if self.differences:
            found["differs"] = [[what, new[:60], old[:60]] for what, new, old in self.differences[:KEPT_DIFFERENCES]]
        return found


def compare(new: Document, old: Document) -> Verdict | None:
    """How `new` relates to `old`, or None when they have too little in common.

    Symmetric: compare(old, new) finds the same kind with the sides changed over.
    """
    if (len(old.body), old.body, old.title) < (len(new.body), new.body, new.title):
        verdict = _compare(old, new)
        return None if verdict is None else _turned(verdict)
    return _compare(new, old)


def may_be_one(a: Document, b: Document) -> bool:
    """A look at the numbers of both: False when so many were changed that the two are siblings at best.

    A header, a brand and the cut end of a preview bring a few of their own.
    """
    fewer, more = sorted((a.numbers, b.numbers), key=len)
    return len(fewer - more) <= OWN_NUMBERS or "?" in a.body or "?" in b.body


def _turned(verdict: Verdict) -> Verdict:
    turn = {"added": "missing", "missing": "added"}
    return Verdict(
        verdict.kind,
        verdict.share_old,
        verdict.share_new,
        tuple(
            Difference(turn.get(what, what), new, old)  # type: ignore[arg-type]
            for what, old, new in verdict.differences
        ),
    )


def _compare(short: Document, long: Document) -> Verdict | None:
    size = len(short.body)
    title = _titles_differ(short, long)
    if short.exact == long.exact and short.body == long.body and (size >= SHORTEST_BODY or short.title == long.title):
        other = title or (_notices_differ(short, long) if size < BARE else None)
        return Verdict("sibling" if other else "copy", 1.0, 1.0, (other,) if other else ())
    if (size < SHORTEST_BODY and short.title != long.title) or not size:
        return None
    anchors = common_sentences(short, long)
    if not akin(short, long, anchors):
        return None
    found = _best_comparison(short, long, anchors)
    share, share_long = min(found.aligned / size, 1.0), min(found.aligned / len(long.body), 1.0)
    if share < RELATED:
        return None
    facts = [*found.facts, *([title] if title else [])]
    differences = (*facts, *found.others)[:KEPT_DIFFERENCES]
    shares = (round(share, 4), round(share_long, 4))
    if share < ALIGNED or _is_rewritten(found, size) or (facts and not _is_update(short, long, found, title, shares)):
        return Verdict("sibling", *shares, differences)
    return Verdict(_kind(short, long, found, bool(facts), share_long), *shares, differences)


def _best_comparison(short: Document, long: Document, anchors: Sequence[Run]) -> Comparison:
    size = len(short.body)
    found = Comparison(short, long, anchors)
    if found.settled and found.aligned < RELATED * size:
        return Comparison(short, long, anchors, hurried=False)  # sentences alone do not tell
    if min(found.only_a, found.only_b) > INSERTED[0] and not found.facts and size <= LONGEST_REALIGNED:
        again = Comparison(short, long)  # a sentence that occurs twice may have held the wrong places
        return again if again.aligned > found.aligned else found
    return found


def _is_rewritten(found: Comparison, size: int) -> bool:
    """Whether too much is worded otherwise, though no fact is known to be another."""
    return (
        found.replaced > REPLACED[0] + REPLACED[1] * size
        or len(found.typos) > TYPOS[0] + TYPOS[1] * size
        or min(found.only_a, found.only_b) > max(INSERTED[0], INSERTED[1] * size)
    )


def _titles_differ(a: Document, b: Document) -> Difference | None:
    """The same title but for its numbers: two of a series."""
    if a.title == b.title or not a.title or not b.title or "?" in a.title + b.title:
        return None
    return Difference("title", a.title, b.title) if _skeleton(a.title) == _skeleton(b.title) else None


def _notices_differ(a: Document, b: Document) -> Difference | None:
    """What tells two notices apart that say the same little: their files, or else the days of their publication."""
    days = _days_apart(a, b)
    near = days is not None and abs(days) <= UPDATE_DAYS
    if a.files and b.files:
        other = not a.files & b.files and (a.site == b.site or not near)
        return Difference("file", min(a.files), min(b.files)) if other else None
    if len(a.body) < WORDLESS:
        other = not near if days is not None else len(a.title) < TELLING_TITLE
    else:
        other = days is not None and abs(days) > REPEATED_AFTER and a.site == b.site
    return Difference("date", a.published_at or "", b.published_at or "") if other else None


@functools.lru_cache(maxsize=4096)
def _skeleton(title: str) -> str:
    return _ORDINALS.sub("#", title)


def _kind(short: Document, long: Document, found: Comparison, updated: bool, share: float) -> RelationKind:
    if share < EXCERPT or ("truncated" in short.flags and share < WHOLE):
        return "excerpt"
    if updated:
        return "revision"
    changed = share < UNCHANGED or found.replaced or found.typos
    if short.site == long.site and changed and short.title == long.title and "hijacked" not in short.flags | long.flags:
        return "revision"
    return "copy"


def _is_update(
    short: Document, long: Document, found: Comparison, title: Difference | None, shares: tuple[float, float]
) -> bool:
    """Whether a changed number is a correction: the same site, title and day, and nearly nothing else changed.

    Two of a series also differ by a number only, but hardly on the same site under the same title within three days. A
    changed date is a correction on the same day only, a changed ordinal (第3期) only where the title says so.
    """
    if title or short.site != long.site or not short.title or min(shares) < UPDATED or found.replaced:
        return False
    correction = bool(_CORRECTIONS.search(short.title) or _CORRECTIONS.search(long.title))
    if short.title != long.title and not (correction and (short.title in long.title or long.title in short.title)):
        return False
    days = _days_apart(short, long)
    if days is None or abs(days) > UPDATE_DAYS or any(fact.what != "number" for fact in found.facts):
        return False
    if correction:
        return len(found.facts) <= 2
    if len(found.facts) != 1 or found.numbered or (found.dated and days):
        return False
    if not all(date.is_correction(days) for date in found.dates):
        return False
    return all(_is_slip(fact.new, fact.old) for fact in found.facts)


def _is_slip(one: str, other: str) -> bool:
    """Whether two numbers differ by one digit, or by the order of their digits."""
    return Levenshtein.distance(one, other) <= 1 or sorted(one) == sorted(other)


def _days_apart(a: Document, b: Document) -> int | None:
    """Days from the publication of `b` to that of `a`; None when one is unknown."""
    days = [day_number(document.published_at) for document in (a, b)]
    return None if days[0] is None or days[1] is None else days[0] - days[1]


def day_number(published_at: str | None) -> int | None:
    """Days since 1970 of an ISO 8601 date or time; None for none."""
    try:
        return datetime.date.fromisoformat((published_at or "")[:10]).toordinal() - _DAY_ZERO
    except ValueError:
        return None


def bridges(one: Verdict, other: Verdict) -> bool:
    """Whether a document that is linked to two clusters makes them one.

    It must have at least 60 % of what either representative says: a preview made of shared text bridges nothing.
    """
    return one.linked and other.linked and min(one.share_old, other.share_old) >= BRIDGE


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """What counts for standing for a cluster."""

    id: int
    length: int  # characters of the body
    official: bool = False  # from the hospital's own host
    spoiled: bool = False  # spam, hijacked or truncated
    damage: int = 0  # places where characters were lost; an annotated or repeated text has one more
    published: int | None = None  # days since 1970


def candidate(id: int, document: Document, *, official: bool) -> Candidate:
    """What of a document counts for standing for its cluster."""
    flags = document.flags
    damage = document.damage + len(flags & {"annotated", "damaged", "repeated"})
    spoiled = bool(flags & {"spam", "hijacked", "truncated"})
    return Candidate(id, len(document.body), official, spoiled, damage, day_number(document.published_at))


def representative(candidates: Iterable[Candidate]) -> int:
    """The id of the one that stands for a cluster.

    One that is spoiled only when all are; no excerpt of less than half of the text; then one from the hospital's own
    host, then the least damaged, then the earliest among those with 90 % of the longest body.
    """
    pool: Sequence[Candidate] = list(candidates)
    pool = [one for one in pool if not one.spoiled] or pool
    longest = max(one.length for one in pool)
    pool = [one for one in pool if one.length >= longest / 2]
    pool = [one for one in pool if one.official] or pool
    least = min(one.damage for one in pool)
    pool = [one for one in pool if one.damage == least]
    longest = max(one.length for one in pool)
    pool = [one for one in pool if one.length >= 0.9 * longest]
    return min(pool, key=lambda one: (one.published is None, one.published or 0, one.id)).id
