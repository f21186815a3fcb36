"""Alignment: where two bodies say the same.

In go two `Document`s, out come runs of equal characters, in the order of both. Common sentences are found first, by
their hashes, and only what lies between them is aligned character by character: a copy costs a few short alignments
instead of one of the whole text.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from pipeline.documents import Document

LARGEST_GAP = 25_000_000  # characters of one side times characters of the other; larger gaps count as unlike
SAMPLE = 6  # characters
SAMPLES = 16
AKIN = 0.2  # of the shorter text's sentences or samples, for an alignment to be worth its cost


class Run(NamedTuple):
    """`size` characters that stand at `a` of the first body and at `b` of the second."""

    a: int
    b: int
    size: int


def akin(short: Document, long: Document) -> bool:
    """A quick look before the alignment: do they share a fifth of the sentences, or of samples of the shorter text?"""
    size, common = len(short.body), set(long.hashes).intersection(short.hashes)
    if common:
        start = shared = 0
        for end, value in zip(short.ends, short.hashes, strict=True):
            if value in common:
                shared += end - start
            start = end
        if shared >= AKIN * size:
            return True
    step = max(SAMPLE, size // SAMPLES)
    starts = range(0, max(1, size - SAMPLE + 1), step)
    found = sum(short.body[start : start + SAMPLE] in long.body for start in starts)
    return found >= AKIN * len(starts)


def equal_runs(
    a: Document, b: Document, *, anchored: bool = True, closely: Callable[[], bool] = lambda: True
) -> Iterator[Run]:
    """Where both bodies say the same, ascending and not touching.

    `anchored`: common sentences hold the two together. As soon as `closely` says no, what lies between sentences is
    passed over.
    """
    held = Run(0, 0, 0)
    for run in _pieces(a, b, anchored, closely):
        if run.a == held.a + held.size and run.b == held.b + held.size:
            held = Run(held.a, held.b, held.size + run.size)
            continue
        if held.size:
            yield held
        held = run
    if held.size:
        yield held


def _pieces(a: Document, b: Document, anchored: bool, closely: Callable[[], bool]) -> Iterator[Run]:
    """The same, but runs may touch."""
    left = right = 0
    for i, j, size in [*(_same_sentences(a, b) if anchored else ()), Run(len(a.body), len(b.body), 0)]:
        if i > left and j > right and closely():
            for start, other, length in _same(a.body[left:i], b.body[right:j]):
                if length:
                    yield Run(left + start, right + other, length)
        if size:
            yield Run(i, j, size)
        left, right = i + size, j + size


def _same(a: str, b: str) -> list[tuple[int, int, int]]:
    """The equal runs of two stretches, as offsets and length; only the common beginning when they are very long."""
    if len(a) * len(b) > LARGEST_GAP:
        return [(0, 0, _common_prefix(a, b))]
    return [(block.a, block.b, block.size) for block in Levenshtein.editops(a, b).as_matching_blocks()]


def _common_prefix(a: str, b: str) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same_sentences(a: Document, b: Document) -> list[Run]:
    """Stretches of common sentences: those at both ends first, then between."""
    first, second = a.hashes, b.hashes
    most = min(len(first), len(second))
    head = 0
    while head < most and first[head] == second[head]:
        head += 1
    tail = 0
    while tail < most - head and first[-1 - tail] == second[-1 - tail]:
        tail += 1
    if head and a.body[: a.ends[head - 1]] != b.body[: b.ends[head - 1]]:  # two hashes may be made to agree
        head = tail = 0
    runs = [Run(0, 0, a.ends[head - 1])] if head else []
    for i, j in _anchors(first[head : len(first) - tail], second[head : len(second) - tail]):
        start, end = a.ends[head + i - 1] if head + i else 0, a.ends[head + i]
        other = b.ends[head + j - 1] if head + j else 0
        if a.body[start:end] == b.body[other : b.ends[head + j]]:
            runs.append(Run(start, other, end - start))
    if tail:
        start = a.ends[-1 - tail] if tail < len(first) else 0
        other = b.ends[-1 - tail] if tail < len(second) else 0
        if a.body[start:] == b.body[other:]:
            runs.append(Run(start, other, len(a.body) - start))
    return runs


def _anchors(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """Pairs of numbers of the same sentence, ascending on both sides; of a repeated one the first with the first."""
    where = dict(zip(b, range(len(b)), strict=True))
    pairs = [(number, where[value]) for number, value in enumerate(a) if value in where]
    others = [other for _, other in pairs]
    if len(where) < len(b) or len(set(others)) < len(others):
        pairs = _paired(a, b)
        others = [other for _, other in pairs]
    return pairs if others == sorted(others) else _longest_ascending(pairs)


def _paired(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """The pairs when sentences are repeated."""
    places: dict[int, list[int]] = {}
    for number in range(len(b) - 1, -1, -1):
        places.setdefault(b[number], []).append(number)
    return [(number, places[value].pop()) for number, value in enumerate(a) if places.get(value)]


def _longest_ascending(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part whose second numbers ascend (patience sorting): a moved paragraph is no anchor."""
    tails: list[int] = []  # the smallest last number of a sequence of each length
    at: list[int] = []
    before: list[int] = []
    for index, (_, other) in enumerate(pairs):
        place = bisect.bisect_left(tails, other)
        before.append(at[place - 1] if place else -1)
        if place == len(tails):
            tails.append(other)
            at.append(index)
        else:
            tails[place] = other
            at[place] = index
    chosen, index = [], at[-1] if at else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    return chosen[::-1]
