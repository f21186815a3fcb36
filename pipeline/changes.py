"""Changes: what differs between two bodies, sorted into what makes another article and what does not.

In go two `Document`s, out comes a `Comparison`: how much is aligned, which facts were changed, and what else differs.
What is missing or added on one side only (a header, a caption, a cut tail), what damage has eaten and the brand that a
hijacker put in place of a hospital's name are noted, but count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from pipeline.align import SCRAP, Run, equal_runs
from pipeline.documents import Document
from pipeline.facts import (
    LONGEST_SWAP,
    Change,
    Date,
    date_of,
    digits_differ,
    is_brand,
    is_byline,
    is_credit,
    is_cut,
    is_entity,
    is_longer_numeral,
    is_name,
    is_renaming,
    is_swap,
    is_word,
    numbers_differ,
    whole_numbers,
)

ANCHOR = 8  # characters; an equal run as long as this holds two texts together
EDGE = 120  # characters of credits at the beginning or end that may be replaced by others
REGION = 40  # characters between two anchors that are looked at one by one, however unlike they are
ALIKE = 0.4  # of a longer region, for it to be looked at as well
ENOUGH_FACTS = 3  # different changed facts after which no more are looked for: nothing makes one article of these
KEPT_DIFFERENCES = 8  # in the evidence
DAMAGED = 4  # characters that may stand for one mark of damage, and as many beside


class Difference(NamedTuple):
    """What differs at one place: `new` and `old` as folded."""

    what: Literal["number", "name", "entity", "text", "typo", "damage", "added", "missing", "title", "file", "date"]
    new: str
    old: str


class Comparison:
    """The changes between two bodies, which are held together by `anchors` (`pipeline.align.common_sentences`).

    `aligned` counts the characters that both have; when there are ENOUGH_FACTS, what follows is counted by whole
    sentences only, unless `hurried` is False. `replaced` counts those of the smaller side of every replaced stretch,
    `only_a` and `only_b` those inside the text that the other side lacks. `dated`, `numbered`: one of the changed
    numbers is a date, or counts a series.
    """

    def __init__(self, a: Document, b: Document, anchors: Sequence[Run] = (), *, hurried: bool = True) -> None:
        self.a, self.b = a, b
        self.aligned = self.replaced = 0
        self.only_a = self.only_b = 0
        self.facts: dict[Difference, None] = {}  # each once, in the order of the text
        self.dated = self.numbered = False
        self.dates: list[Date] = []
        self.typos: dict[tuple[str, str], None] = {}  # in the order of the text
        self.others: list[Difference] = []
        self._swaps: dict[tuple[str, str], int] = {}  # how often one stands for the other
        self._walk(equal_runs(a, b, anchors, closely=lambda: not (hurried and self.settled)))
        self._weigh_swaps()

    @property
    def settled(self) -> bool:
        """Whether so many facts were changed that the two are two articles, whatever else there is."""
        return len(self.facts) >= ENOUGH_FACTS

    def _walk(self, runs: Iterable[Run]) -> None:
        """Go from anchor to anchor; what lies between is looked at change by change, or taken as one block."""
        between: list[Run] = []
        left = right = 0
        for run in runs:
            i, j, size = run
            if size >= ANCHOR:
                self.aligned += size
                if i > left or j > right:
                    self._region(left, i, right, j, between, edge=not (left or right))
                left, right, between = i + size, j + size, []
            elif size >= SCRAP:
                between.append(run)
        if left < len(self.a.body) or right < len(self.b.body):
            self._region(left, len(self.a.body), right, len(self.b.body), between, edge=True)

    def _region(self, a0: int, a1: int, b0: int, b1: int, runs: list[Run], *, edge: bool) -> None:
        if self.settled:
            return
        if not (a0 or b0 or (runs and runs[0][:2] == (0, 0))):  # at the beginning both may share too few for a run
            while a0 < min(a1, b1, SCRAP) and self.a.body[a0] == self.b.body[a0]:
                a0 = b0 = a0 + 1
            self.aligned += a0
        smaller = min(a1 - a0, b1 - b0)
        equal = sum([size for _, _, size in runs])
        if smaller and edge and smaller <= EDGE and is_credit(self.a.body[a0:a1]) and is_credit(self.b.body[b0:b1]):
            return
        if smaller > REGION and equal < ALIKE * smaller:
            self.replaced += smaller
            self._note(Difference("text", self.a.body[a0:a1], self.b.body[b0:b1]))
            return
        self.aligned += equal
        for i, j, size in [*runs, (a1, b1, 0)]:
            if i > a0 or j > b0:
                self._change(Change(self.a, a0, i, self.b, b0, j), edge)
            a0, b0 = i + size, j + size

    def _note(self, difference: Difference) -> None:
        if len(self.others) < 4 * KEPT_DIFFERENCES:
            self.others.append(difference)

    def _fact(self, what: Literal["number", "name", "entity"], a: str, b: str) -> None:
        self.facts[Difference(what, a, b)] = None

    def _change(self, change: Change, edge: bool) -> None:
        """Sort one change. The order matters: a brand may hold digits, a name may be followed by an office."""
        if self.settled:
            return
        change = whole_numbers(change)
        a, b = change.here, change.there
        if not a or not b:
            self._one_sided(change, edge)
        elif a.isdecimal() and b.isdecimal() and not (self.a.brands or self.b.brands):
            self._number(change)
        elif "?" in a or "?" in b:
            self._damaged(a, b)
        elif is_swap(change):
            self._swap(a, b)
        elif numbers_differ(a, b):
            self._number(change)
        elif is_name(change):
            if not is_byline(change):
                self._fact("name", a, b)
        elif is_entity(change) or is_word(change):
            self._fact("entity", a, b)
        elif change.longest <= 2:
            self.typos[a, b] = None
        else:
            self._swap(a, b)

    def _swap(self, a: str, b: str) -> None:
        self._swaps[(a, b)] = self._swaps.get((a, b), 0) + 1

    def _number(self, change: Change) -> None:
        if is_cut(change):
            return
        self._fact("number", change.here, change.there)
        after = change.after(1) or change.here[-1]
        date = date_of(change)
        if date:
            self.dates.append(date)
        self.dated = self.dated or (not date and after in "月日号")
        self.numbered = self.numbered or after in "期届次季周"

    def _one_sided(self, change: Change, edge: bool) -> None:
        a, b = change.here, change.there
        if is_longer_numeral(change):
            self._fact("number", a, b)
            return
        if change.longest <= 2 and is_name(change) and not is_byline(change):
            self._fact("name", a, b)  # 李伟 and 李伟明
            return
        if not edge:
            self.only_a += len(a)
            self.only_b += len(b)
        if change.longest > 2:
            self._note(Difference("added" if a else "missing", a, b))

    def _damaged(self, a: str, b: str) -> None:
        """A place where characters were lost: a few for each mark, and never a changed digit."""
        lost, kept = (a, b) if "?" in a else (b, a)
        marks = lost.count("?")
        if digits_differ(lost, kept):
            self._fact("number", a, b)
        elif len(kept) <= DAMAGED + DAMAGED * marks:
            self._note(Difference("damage", a, b))
        else:
            self.replaced += len(kept) - DAMAGED * marks

    def _weigh_swaps(self) -> None:
        """A brand in place of a name does not count; another name throughout does; the rest is replaced text."""
        for (a, b), times in self._swaps.items():
            brand = is_brand(a, self.a, self.b) or is_brand(b, self.a, self.b)
            if brand or is_renaming(a, b, times=times):
                self._note(Difference("entity", a, b))
            elif times >= 2 and max(len(a), len(b)) <= LONGEST_SWAP:
                self._fact("entity", a, b)
            else:
                self.replaced += min(len(a), len(b))
                self._note(Difference("text", a, b))
        for a, b in self.typos:
            self._note(Difference("typo", a, b))
