"""Alignment: where two bodies say the same.

In go two `Document`s, out come runs of equal characters, in the order of both. Common sentences are found first, by
their hashes, and only what lies between them is aligned character by character: a copy costs a few short alignments
instead of one of the whole text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rapidfuzz.distance import Levenshtein

from pipeline.documents import Document

LARGEST_GAP = 25_000_000  # characters of one side times characters of the other; larger gaps count as unlike
SCRAP = 3  # characters; an equal run shorter than this between two changes is chance
SAMPLE = 6  # characters
SAMPLES = 16
AKIN = 0.35  # of the shorter text's sentences or samples, for an alignment to be worth its cost

Run = tuple[int, int, int]  # where it begins in the first body, where in the second, and its characters


def akin(short: Document, long: Document, anchors: Sequence[Run]) -> bool:
    """A quick look before the alignment: do they share a third of the shorter text's sentences, or of samples of it?"""
    size = len(short.body)
    if sum([length for _, _, length in anchors]) >= AKIN * size:
        return True
    step = max(SAMPLE, size // SAMPLES)
    starts = range(0, max(1, size - SAMPLE + 1), step)
    found = sum([short.body[start : start + SAMPLE] in long.body for start in starts])
    return found >= AKIN * len(starts)


def equal_runs(
    a: Document, b: Document, anchors: Sequence[Run], *, closely: Callable[[], bool] = lambda: True
) -> Iterator[Run]:
    """Where both bodies say the same, ascending and not touching; without scraps, which are chance.

    `anchors`: common sentences that hold the two together. As soon as `closely` says no, what lies between them is
    passed over.
    """
    first, second = a.body, b.body
    held_a = held_b = held = left = right = 0  # the run that may go on, and where the last anchor ended
    for anchor in [*anchors, (len(first), len(second), 0)]:
        i, j, size = anchor
        pieces = [anchor]
        if i > left and j > right and closely():
            pieces = [*_same(first[left:i], second[right:j], left, right), anchor]
        for piece_a, piece_b, length in pieces:
            if piece_a == held_a + held and piece_b == held_b + held:
                held += length
            else:
                if held:
                    yield held_a, held_b, held
                held_a, held_b, held = piece_a, piece_b, length
        left, right = i + size, j + size
    if held:
        yield held_a, held_b, held


def _same(a: str, b: str, left: int, right: int) -> list[Run]:
    """The equal runs of two stretches that begin at `left` and `right`; but for those at an edge no shorter ones.

    Only the common beginning when the stretches are very long.
    """
    if len(a) * len(b) > LARGEST_GAP:
        return [(left, right, _common_prefix(a, b))]
    end = len(a)
    return [
        (left + i, right + j, size)
        for i, j, size in Levenshtein.editops(a, b).as_matching_blocks()
        if size >= SCRAP or (size and (not i or i + size == end))
    ]


def _common_prefix(a: str, b: str) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_sentences(a: Document, b: Document) -> list[Run]:
    """Stretches of common sentences, ascending in both."""
    if len(a.hashes) * len(b.hashes) > LARGEST_GAP:
        return []
    runs = []
    for i, j, count in Levenshtein.editops(a.hashes, b.hashes).as_matching_blocks():
        if count:
            start, other = a.ends[i - 1] if i else 0, b.ends[j - 1] if j else 0
            end = a.ends[i + count - 1]
            if a.body[start:end] == b.body[other : other + end - start]:  # two hashes may be made to agree
                runs.append((start, other, end - start))
    return runs
