"""Find what stands twice in one text and keep it once.

In: the paragraphs of an article. Out: the paragraphs without what stands twice, and an `Evidence` for each finding.

Limits: single paragraphs from 30 characters on, runs of paragraphs from 60, runs inside a paragraph and near repeats
from 80. On 500 news texts near repeats gave no false finding from 80 characters on (4 from 60, 9 from 30); exact ones
below 30 were headings, refrains and the stock lines of lists on 8 of 312 real pages.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence

from pipeline.fold import fold
from pipeline.records import Evidence

SHORTEST_PARAGRAPH = 30  # characters, folded, without punctuation
SHORTEST_BLOCK = 60  # characters of all paragraphs of a run that stands again
SHORTEST_GLUED = 80  # characters
MOST_GLUED = 5  # paragraphs, the longest, that are looked for in what stands before them
SHORTEST_NEAR = 80  # characters
SHINGLE = 5  # characters
NEAR = 0.55  # share of a paragraph's shingles that one earlier paragraph has
MOST_NEAR = 2  # more of them in a text are the stock sentences of a list
MOST_HOLDERS = 8  # paragraphs; a shingle that more have tells nothing, and the work stays linear


def drop_repeats(paragraphs: Sequence[str]) -> tuple[list[str], list[Evidence]]:
    """Keep once what stands twice; name what nearly does.

    Rules of the evidence: `block` (a run of paragraphs again), `paragraph` (one again), `glued` (a long run of
    characters again inside a paragraph, or earlier paragraphs again in one) are dropped; `near` (mostly the words of
    an earlier paragraph) is kept. Linear in the text.
    """
    keys = ["".join(filter(str.isalnum, fold(paragraph))) for paragraph in paragraphs]
    dropped, evidence = _exact(paragraphs, keys)
    kept = [paragraph for number, paragraph in enumerate(paragraphs) if number not in dropped]
    keys = [key for number, key in enumerate(keys) if number not in dropped]
    for number, key in enumerate(keys):
        for start, end in reversed(_runs_again(key)):
            first, last = _printed(kept[number], start, end)
            evidence.append(Evidence(rule="glued", where="text", text=kept[number][first:last]))
            kept[number] = kept[number][:first] + kept[number][last:]
            keys[number] = keys[number][:start] + keys[number][end:]
    together = _glued(keys)
    evidence += [Evidence(rule="glued", where="text", text=kept[number]) for number in sorted(together)]
    kept = [paragraph for number, paragraph in enumerate(kept) if number not in together]
    keys = [key for number, key in enumerate(keys) if number not in together]
    return kept, evidence + _near(kept, keys)


def _exact(paragraphs: Sequence[str], keys: Sequence[str]) -> tuple[set[int], list[Evidence]]:
    """Numbers of the paragraphs that stand again, alone or in a run at one distance, and their evidence."""
    first: dict[str, int] = {}
    dropped: set[int] = set()
    evidence: list[Evidence] = []
    start = distance = 0  # of the run that is being followed; 0: none

    def close(end: int) -> None:
        run = range(start, end)
        length = sum(len(keys[number]) for number in run)
        enough = length >= SHORTEST_BLOCK if len(run) > 1 else length >= SHORTEST_PARAGRAPH
        if distance and enough:
            dropped.update(run)
            text = "\n".join(paragraphs[number] for number in run)
            evidence.append(Evidence(rule="block" if len(run) > 1 else "paragraph", where="text", text=text))

    for number, key in enumerate(keys):
        if distance and keys[number - distance] == key:
            continue
        close(number)
        distance = number - first[key] if key and key in first else 0
        start = number
        first.setdefault(key, number)
    close(len(keys))
    return dropped, evidence


def _runs_again(key: str) -> list[tuple[int, int]]:
    """Runs of at least `SHORTEST_GLUED` characters that stand earlier in the same paragraph."""
    size, step = SHORTEST_GLUED, SHORTEST_GLUED // 2
    if len(key) < 2 * size:
        return []
    places: dict[str, int] = {}
    runs: list[tuple[int, int]] = []
    place = 0
    while place + size <= len(key):
        window = key[place : place + size]
        earlier = places.get(window, -1)
        if earlier < 0 or earlier + size > place:
            if place % step == 0:
                places.setdefault(window, place)
            place += 1
            continue
        start, end = place, place + size
        while earlier > 0 and start > (runs[-1][1] if runs else 0) and key[earlier - 1] == key[start - 1]:
            earlier, start = earlier - 1, start - 1
        while end < len(key) and key[end] == key[end - start + earlier]:
            end += 1
        runs.append((start, end))
        place = end
    return runs


def _printed(paragraph: str, start: int, end: int) -> tuple[int, int]:
    """Offsets in the printed paragraph of a run of its folded letters, with the punctuation that follows them."""
    seen = 0
    places: list[int] = []
    for place, character in enumerate(paragraph):
        letters = _letters(character)
        if letters and seen >= start and not places:
            places.append(place)
        if letters and seen >= end:
            return places[0], place
        seen += letters
    return (places[0] if places else len(paragraph)), len(paragraph)


@functools.lru_cache(maxsize=30_000)  # characters
def _letters(character: str) -> int:
    """How many letters of the key a printed character gives."""
    return sum(map(str.isalnum, fold(character)))


def _glued(keys: Sequence[str]) -> set[int]:
    """Numbers of paragraphs that are two or more earlier paragraphs once more, without the breaks between them."""
    longest = sorted((n for n, key in enumerate(keys) if len(key) >= 2 * SHORTEST_GLUED), key=lambda n: -len(keys[n]))
    found = set()
    for number in longest[:MOST_GLUED]:
        before = keys[:number]
        if keys[number] in "".join(before) and not any(keys[number] in key for key in before):
            found.add(number)
    return found


def _near(paragraphs: Sequence[str], keys: Sequence[str]) -> list[Evidence]:
    """Paragraphs of which one earlier paragraph has most of the words."""
    shingles: dict[int, set[str]] = {}
    seen: set[str] = set()
    suspects = []  # what is mostly said before, in however many paragraphs
    for number, key in enumerate(keys):
        if len(key) < SHORTEST_NEAR:
            continue
        own = {key[place : place + SHINGLE] for place in range(len(key) - SHINGLE + 1)}
        if len(own & seen) >= NEAR * len(own):
            suspects.append(number)
        seen |= own
        shingles[number] = own
    near = _said_in_one(shingles, set(suspects)) if suspects else []
    evidence = [Evidence(rule="near", where="text", text=paragraphs[number]) for number in near]
    return evidence if len(evidence) <= MOST_NEAR else []


def _said_in_one(shingles: dict[int, set[str]], suspects: set[int]) -> list[int]:
    """The suspects that one earlier paragraph has most of."""
    holders: dict[str, list[int]] = defaultdict(list)
    found = []
    for number, own in shingles.items():
        counts: dict[int, int] = defaultdict(int)
        for shingle in own:
            holding = holders[shingle]
            if number in suspects:
                for earlier in holding:
                    counts[earlier] += 1
            if len(holding) < MOST_HOLDERS:
                holding.append(number)
        if counts and max(counts.values()) >= NEAR * len(own):
            found.append(number)
    return found
