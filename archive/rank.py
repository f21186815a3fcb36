"""Ranking: in come the articles that a query finds, out goes their order.

Those that have the words in the title come first, then by how rare the words are and how often they stand there (BM25,
Robertson and Zaragoza 2009, with the usual k1 and b), newer first on ties. So many that no reader gets to the last of
them (`RANKED_MAXIMUM`) come newest first instead.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from archive.find import Finder, Found, in_titles, joined, scored
from archive.query import Dated, Named, Node, Or, Words

if TYPE_CHECKING:
    from archive.segments import Numbers
    from archive.stacks import Stack

RANKED_MAXIMUM = 3000  # matches that are ranked by BM25
ZONE_WEIGHTS = (5.0, 1.0, 0.2)  # of a word in title, text and older texts
K1, B = 1.2, 0.75
USUAL_LENGTH = 1200  # characters of a text; a constant, so that an article's score does not change with its neighbours
TITLE_SHARE = 0.5  # of its weight that a word in the title adds where no article has all words
FIRST_WINDOW = 64  # articles that are put in order at once when they are not ranked
_YEAR = re.compile("((?:19|20)[0-9]{2})年?")
Rank = tuple[int, float, int]  # smaller is better: title hits, then BM25, then the newest


@dataclasses.dataclass(frozen=True)
class Gathered:
    """What a query finds, and what its order goes by."""

    parts: list[Found]
    titles: list[Numbers]  # for each part: whether an article has all words in its title
    counts: list[list[Numbers]] | None  # for each part, for each word: how often, weighted; None when not ranked
    cut: bool  # there are more

    @property
    def docids(self) -> Numbers:
        """The numbers of the articles, in no order."""
        return joined(self.parts, lambda stack: stack.columns.docids)

    @property
    def ids(self) -> Numbers:
        """The same articles as they are cited."""
        return joined(self.parts, lambda stack: stack.columns.ids)


def gather(finder: Finder, node: Node, most: int | None, *, ranked: bool = True) -> Gathered:
    """Find what a query finds: all, or the newest `most` and those that have it in the title.

    Not `ranked`: titles and words do not matter.
    """
    titled = in_titles(node) if ranked else None
    words = scored(node) if ranked else []
    found = Gathered([], [], [] if words else None, False)
    total = titles = 0
    for at, stack in enumerate(finder.stacks):
        following = max(other.last for other in finder.stacks[at:])
        if most is not None and total > most and _complete(found, following, most):
            found = dataclasses.replace(found, counts=None, cut=True)
            if titled is not None:
                _add_titles(finder, titled, finder.stacks[at:], found, (most or 0) - titles)
            break
        places = finder.places(stack, node)
        if not len(places):
            continue
        total += len(places)
        in_title = _among(places, finder.places(stack, titled) if titled is not None else places[:0])
        titles += int(in_title.sum())
        found.parts.append((stack, places))
        found.titles.append(in_title)
        if total > RANKED_MAXIMUM:
            found = dataclasses.replace(found, counts=None)
        if found.counts is not None:
            found.counts.append([_counted(finder, stack, word, places) for word in words])
    return found


def _complete(found: Gathered, following: int, most: int) -> bool:
    """Whether the newest `most` have been found: no later stack holds any above this docid."""
    import numpy as np

    newer = (int(np.count_nonzero(held.columns.docids[places] > following)) for held, places in found.parts)
    return sum(newer) > most


def _add_titles(finder: Finder, titled: Node, rest: Sequence[Stack], found: Gathered, most: int) -> None:
    """Those of the stacks that were not asked which have it in the title; the newest `most` of them at least."""
    import numpy as np

    for stack in rest:
        if most <= 0:
            break
        places = finder.places(stack, titled)
        if len(places):
            most -= len(places)
            found.parts.append((stack, places))
            found.titles.append(np.ones(len(places), bool))


def _among(places: Numbers, some: Numbers) -> Numbers:
    import numpy as np

    return np.isin(places, some, assume_unique=True)


def _counted(finder: Finder, stack: Stack, word: Words, places: Numbers) -> Numbers:
    """How often a word stands in each article, by the weights of the zones, made smaller for long texts (BM25)."""
    import numpy as np

    times = sum(
        (weight * finder.times(stack, word.needle, places, zone) for zone, weight in enumerate(ZONE_WEIGHTS)),
        start=np.zeros(len(places)),
    )
    lengths = stack.held.lengths[places]
    return times * (K1 + 1) / (times + K1 * (1 - B + B * lengths / USUAL_LENGTH))


def weights(finder: Finder, node: Node) -> list[float]:
    """How much each of a query's words counts: the rarer the more."""
    return [round(finder.rarity(word.needle), 3) for word in scored(node)]


class Order:
    """The order of what was gathered."""

    def __init__(self, found: Gathered, weights: Sequence[float]) -> None:
        import numpy as np

        self.docids, self.ids = found.docids, found.ids
        self.titles = np.concatenate(found.titles) if found.titles else np.empty(0, bool)
        self.scores = None
        if found.counts and found.parts:
            columns = [np.concatenate(column) for column in zip(*found.counts, strict=True)]
            scores = sum((weight * column for weight, column in zip(weights, columns, strict=True)), start=np.zeros(1))
            self.scores = np.round(scores, 6)

    def __len__(self) -> int:
        return len(self.docids)

    def rank(self, at: int) -> Rank:
        """What the order of the article at this place of `docids` goes by; also the place that a cursor names."""
        score = -float(self.scores[at]) if self.scores is not None else 0.0
        return (0 if self.titles[at] else 1, score, -int(self.docids[at]))

    def after(self, place: Rank | None) -> Iterator[int]:
        """Places of `docids` in their order: what follows a rank, whether or not something still has it."""
        import numpy as np

        if self.scores is not None:
            for at in np.lexsort((-self.docids, -self.scores, ~self.titles)).tolist():
                if place is None or self.rank(at) > place:
                    yield at
            return
        keys = self.docids + (self.titles.astype(np.int64) << 50)
        rest = np.arange(len(keys))
        if place is not None:
            rest = rest[keys < (1 - place[0] << 50) - place[2]]
        window = FIRST_WINDOW
        while len(rest):
            first = np.argpartition(-keys[rest], window)[:window] if len(rest) > window else np.arange(len(rest))
            chosen = rest[first[np.argsort(-keys[rest[first]])]]
            yield from chosen.tolist()
            rest = rest[keys[rest] < keys[chosen[-1]]]
            window *= 8

    def at(self, article: int) -> int | None:
        """The place of an article by its id, if it was found."""
        import numpy as np

        place = int(np.searchsorted(self.ids, article, sorter=self._by_id))
        return int(self._by_id[place]) if place < len(self.ids) and self.ids[self._by_id[place]] == article else None

    @functools.cached_property
    def _by_id(self) -> Numbers:
        import numpy as np

        return np.argsort(self.ids)


def nearest(finder: Finder, words: Sequence[str], rest: Node | None, most: int) -> list[tuple[int, float]]:
    """What has some of the words when nothing has all: ids with their scores, the rarer and the more the sooner.

    A year is met by the date of publication, too, and a name by the hospital. A word that no article has is looked for
    by its pairs of neighbouring characters.
    """
    import numpy as np

    offsets = np.cumsum([0, *(stack.articles for stack in finder.stacks)])
    scores = np.zeros(int(offsets[-1]))
    total = max(1, finder.articles)
    for word in dict.fromkeys(words):
        held = _holding(finder, _meant(word))
        shares = [(1.0, held)]
        if not held and len(word) > 2:
            pairs = dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1))
            shares = [(2 / len(word), _holding(finder, Words(pair))) for pair in pairs]
        for share, parts in shares:
            weight = share * math.log(1 + total / max(1, sum(len(places) for _, places, _ in parts)))
            for at, places, titles in parts:
                scores[offsets[at] + places] += weight
                scores[offsets[at] + titles] += weight * TITLE_SHARE
    if rest is not None:
        allowed = np.zeros(len(scores), bool)
        for at, stack in enumerate(finder.stacks):
            allowed[offsets[at] + finder.places(stack, rest)] = True
        scores[~allowed] = 0
    chosen = np.argpartition(-scores, most)[:most] if len(scores) > most else np.arange(len(scores))
    found = []
    for place in chosen[scores[chosen] > 0].tolist():
        at = int(np.searchsorted(offsets, place, side="right")) - 1
        columns, inside = finder.stacks[at].columns, place - int(offsets[at])
        found.append((float(scores[place]), int(columns.docids[inside]), int(columns.ids[inside])))
    return [(number, score) for score, _, number in sorted(found, reverse=True)]


def _meant(word: str) -> Node:
    """What a word that was typed may mean."""
    others: list[Node] = [Named("hospital", word)] if len(word) > 1 else []
    if year := _YEAR.fullmatch(word):
        others.append(Dated(year[1], str(int(year[1]) + 1)))
    return Or((Words(word), *others))


def _holding(finder: Finder, node: Node) -> list[tuple[int, Numbers, Numbers]]:
    """For each stack that has any: its number, the articles that meet the node, and those that do so in the title."""
    found = []
    for at, stack in enumerate(finder.stacks):
        places = finder.places(stack, node)
        if len(places):
            titled = in_titles(node)
            found.append((at, places, finder.places(stack, titled) if titled is not None else places[:0]))
    return found
