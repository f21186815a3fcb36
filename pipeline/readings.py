"""The most probable text through slots of characters.

In: for each place of a text the characters that may stand there, and which pairs of characters the page itself has.
Out: the best readings with their log probabilities: words by their frequency, by what follows what, and by the page.

A backward pass over single words first tells how probable a way can become from each place on; the forward pass, which
looks at pairs of words and of characters as well, follows no word that is far behind it.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from pipeline.bytepairs import Slot, Step, folded_of
from pipeline.lexicon import LONGEST_WORD, Neighbours, following, lexicon

KEPT = 3  # readings followed at a time
BEAM = 5.0  # nats; readings further behind are not followed
MARGIN = 7.0  # nats; words further behind the best, by themselves, are not tried
MOST_GAINED = 9.0  # nats that a word can gain by what stands before it and by the page
PAGE = 0.5  # share of what the page gains that counts beside what any text gains
NAMES = 3  # surnames or characters of a given name, of one slot
RAREST_NAME = -24.5  # log probability; rarer names are not thought of
WIDE = 100  # pairs of characters of two slots, from which on longer words have to be
RAREST_LONG = -14.5  # as probable as that, to be thought of

# Two characters → the log probability of meeting them again on this page, and the nats that both in a row gain.
Pairs = dict[str, tuple[float, float]]
_NEVER = (-math.inf, 0.0)
Word = tuple[float, str, str]  # log probability, folded, printed
Edges = list[tuple[Sequence[Word], int]]  # words, the most probable first, and the node where they end
Thirds = dict[str, list[tuple[float, str]]]  # third character → words, with their log probabilities
Graph = list[list[tuple[Slot, int]]]


def readings_of(steps: Sequence[Step], pairs: Pairs) -> list[tuple[float, str]]:
    """The most probable texts through the slots, best first, with their log probabilities.

    `pairs`: what the page's own text says.
    """
    graph = _graph(steps)
    edges = [_edges_from(graph, node) for node in range(len(graph))]
    ahead = _ahead(edges)
    bonus = pairs.get
    best: list[dict[str, tuple[float, str]]] = [{} for _ in graph]  # printed → (score, last word)
    best[0][""] = (0.0, "")
    limits = [-math.inf] * len(graph)
    bonus = pairs.get
    for node, leaving in enumerate(edges):
        found = [(score, printed, word) for printed, (score, word) in best[node].items() if score >= limits[node]]
        if not leaving or not found:
            continue
        ways = [(score, text, word[-1:], following(word)) for score, text, word in sorted(found, reverse=True)[:KEPT]]
        least, highest = ahead[node] - MARGIN, ways[0][0] + MOST_GAINED
        for words, target in leaving:
            known, limit = best[target], limits[target]
            rest = max(least - ahead[target], limit - highest)
            for value, folded, printed in words:
                if value < rest:
                    break
                if len(folded) > 1:  # a word that the page has elsewhere
                    value = max(value, min([bonus(folded[n : n + 2], _NEVER)[0] for n in range(len(folded) - 1)]))
                first = folded[0]
                for score, before, last, follows in ways:
                    gained = follows.get(folded, follows[""])
                    page = bonus(last + first)
                    if page is not None:
                        gained = _together(gained, page[1])
                    total = score + value + gained
                    if total > limit:
                        reading = before + printed
                        if reading not in known or known[reading][0] < total:
                            known[reading] = (total, folded)
                            if total - BEAM > limit:
                                limits[target] = limit = total - BEAM
                                rest = max(rest, limit - highest)
    return sorted(((score, text) for text, (score, _) in best[-1].items()), reverse=True)[:KEPT]


def _together(language: float, page: float) -> float:
    """What two words in a row gain by what follows what in any text, and by the page that has their seam elsewhere."""
    return max(language, page, min(language + PAGE * page, MOST_GAINED)) if page > 0 else language + page


def probability(text: str) -> float:
    """The log probability of a known text, by its words alone."""
    words, folded = lexicon(), "".join(map(folded_of, text))
    best = [0.0]
    for end in range(1, len(folded) + 1):
        ways = [best[end - 1] + words.single(folded[end - 1])]
        for start in range(max(0, end - LONGEST_WORD), end - 1):
            value = words.words.get(folded[start:end])
            if value is not None:
                ways.append(best[start] + value)
        best.append(max(ways))
    return best[-1]


def _graph(steps: Sequence[Step]) -> Graph:
    """Nodes in order, each with its edges (slot, next node); the last node has none."""
    graph: Graph = [[]]
    for step in steps:
        start = len(graph) - 1
        graph += [[] for _ in range(step.last)]
        for node, slot, target in step.edges:
            graph[start + node].append((slot, start + target))
    return graph


def _ahead(edges: Sequence[Edges]) -> list[float]:
    """The log probability of the best words from each node to the end."""
    ahead = [-math.inf] * len(edges)
    ahead[-1] = 0.0
    for node in range(len(edges) - 2, -1, -1):
        ahead[node] = max([words[0][0] + ahead[target] for words, target in edges[node]], default=-math.inf)
    return ahead


def _edges_from(graph: Graph, node: int) -> Edges:
    """Words of the list, single characters and names that can be read from a node on, and where they end."""
    edges: Edges = []
    for slot, target in graph[node]:
        edges.append((_singles(slot), target))
        for second, further in graph[target]:
            words, beginnings = _beginnings(slot, second)
            if words:
                edges.append((words, further))
            for thirds, printed in beginnings:
                _go_on(graph, further, thirds, printed, edges)
            name = _named(slot, second)
            if name:
                edges.append((name, further))
                edges += [(_named(slot, second, last), end) for last, end in graph[further]]
    return [(words, target) for words, target in edges if words]


def _go_on(graph: Graph, node: int, thirds: Thirds, printed: str, edges: Edges) -> None:
    """Add the words that go on from a node; of them the first two characters are printed."""
    for slot, target in graph[node]:
        for third in thirds if len(thirds) <= len(slot) else slot:
            if third in slot and third in thirds:
                for value, word in thirds[third]:
                    places = [(printed + slot[third], target)]
                    for further in word[3:]:
                        places = [
                            (text + follower[further], end)
                            for text, place in places
                            for follower, end in graph[place]
                            if further in follower
                        ]
                    edges.extend((((value, word, text),), end) for text, end in places)


@functools.lru_cache(maxsize=20_000)  # beginnings of two characters
def _thirds(beginning: str) -> Thirds:
    """The longer words with this beginning, by their third character."""
    words = lexicon()
    found: Thirds = {}
    for word in words.beginning(beginning):
        found.setdefault(word[2], []).append((words.words[word], word))
    return found


@functools.lru_cache(maxsize=4000)  # slots
def _surnames(slot: Slot) -> tuple[Word, ...]:
    return _likeliest(slot, lexicon().surnames)


@functools.lru_cache(maxsize=4000)  # slots
def _given(slot: Slot) -> tuple[Word, ...]:
    return _likeliest(slot, lexicon().given)


def _likeliest(slot: Slot, values: Mapping[str, float]) -> tuple[Word, ...]:
    found = ((values[character], character, printed) for character, printed in slot.items() if character in values)
    return tuple(sorted(found, reverse=True)[:NAMES])


@functools.lru_cache(maxsize=10_000)  # sequences of slots
def _named(first: Slot, *rest: Slot) -> tuple[Word, ...]:
    """The most probable names of people over these slots, a surname and one or two characters."""
    parts = [_surnames(first), *map(_given, rest)]
    if not all(parts) or sum([part[0][0] for part in parts]) < RAREST_NAME:
        return ()
    names = [
        (sum([value for value, _, _ in name]), "".join([part[1] for part in name]), "".join([part[2] for part in name]))
        for name in itertools.product(*parts)
    ]
    return tuple(sorted(names, reverse=True)[:NAMES])


@functools.lru_cache(maxsize=4000)  # slots
def _singles(slot: Slot) -> tuple[Word, ...]:
    """The characters of a slot as words."""
    words = lexicon()
    return tuple(sorted(((words.single(folded), folded, printed) for folded, printed in slot.items()), reverse=True))


@functools.lru_cache(maxsize=10_000)  # pairs of slots
def _beginnings(slot: Slot, second: Slot) -> tuple[tuple[Word, ...], tuple[tuple[Thirds, str], ...]]:
    """Words of two characters over two slots, and how longer ones go on from two characters as printed."""
    words = lexicon()
    found = ((words.words[a + b], a + b, slot[a] + second[b]) for a, b in _common(words.twos, slot, second))
    longer = ((_thirds(a + b), slot[a] + second[b]) for a, b in _common(words.open, slot, second))
    if len(slot) * len(second) > WIDE:
        longer = (way for way in longer if max(max(ends)[0] for ends in way[0].values()) > RAREST_LONG)
    return tuple(sorted(found, reverse=True)), tuple(longer)


def _common(pairs: Neighbours, slot: Slot, second: Slot) -> Iterator[tuple[str, str]]:
    """The pairs over two slots, looked for from the smaller of them."""
    if len(slot) <= len(second):
        for a in slot:
            yield from ((a, b) for b in pairs.after.get(a, "") if b in second)
    else:
        for b in second:
            yield from ((a, b) for a in pairs.before.get(b, "") if a in slot)
