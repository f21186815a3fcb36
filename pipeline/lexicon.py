"""The words that choose among candidates for a slipped byte.

In: nothing. Out: `lexicon()`: jieba's 349,000 words with their frequencies, read once and only when a page that passed
the gate of `pipeline.repair.assess` has a slipped byte; jieba itself is not imported. To them come the words of
hospital news in `words.txt`, which the list lacks or counts too low, and what runs together in any text: openers with
their comma, verbs with their particle. Of the names of people in the list it learns which characters names are made of.

Which word follows which is told by `word_pairs.txt.gz`: 71,000 words with what follows them more often than chance has
it, taken from the open-gram language model (`benchmarks.word_pairs` makes the file and says from what).
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import gzip
import importlib.util
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

WORDS = Path(__file__).with_name("words.txt")
WORD_PAIRS = Path(__file__).with_name("word_pairs.txt.gz")

LONGEST_WORD = 6  # characters
UNKNOWN = -21.0  # log probability of a Han character that is no word by itself
DOMAIN_COUNT = 300  # of 60 million, for the words of hospital news
RUN_COUNT = 3000  # the same, for what runs together in any text
NAME_SHARE = 0.1  # what names of people are given; more than their share, for a name's characters are hardly words
COMMON_SURNAME = 40  # names in the word list
FEWEST = 3  # times that a longer word of jieba's was met to be of use here
RARE_WORD = 3  # a word list has thousands of words that were met once or twice: their count says no more than that
STEP, ZERO = 0.5, ord("m")  # nats between two letters of the file of pairs; the letter of 0 to STEP nats

# Log probabilities of what is no word, from the share that each has in our own hospital news.
SIGNS = {
    sign: math.log(share)
    for signs, share in (
        ("，", 0.08),
        ("。", 0.045),
        ("、", 0.03),
        ("“”", 0.01),
        ("：；《》", 0.004),
        ("！？（）‘’·—…\u3000", 0.001),
        ("「」『』", 0.0002),
    )
    for sign in signs
}


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Pairs of characters, to be looked up by either."""

    after: dict[str, str]  # first character → second ones
    before: dict[str, str]  # second character → first ones


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Words with their log probabilities, and what may follow a first character or a word."""

    words: dict[str, float]  # log probability
    twos: Neighbours  # of the words of two characters
    open: Neighbours  # of the first two characters of longer words
    longer: list[str]  # the words of three characters and more, in order
    rows: dict[str, str]  # word → the words that follow it, as in the file
    surnames: dict[str, float]  # log probability of a person's name that begins so
    given: dict[str, float]  # log probability of a character in a given name

    def single(self, character: str) -> float:
        """Log probability of a character that stands by itself."""
        value = self.words.get(character)
        if value is None:
            return SIGNS.get(character, UNKNOWN if character.isalpha() else UNKNOWN + 4)
        return value

    def beginning(self, prefix: str) -> list[str]:
        """The words of three characters and more that begin with these two."""
        first = bisect.bisect_left(self.longer, prefix)
        return list(itertools.takewhile(lambda word: word.startswith(prefix), self.longer[first : first + 2000]))


@functools.lru_cache(maxsize=20_000)  # words
def following(word: str) -> dict[str, float]:
    """What follows a word more often than chance has it, or less: word → nats; "" for whatever else follows."""
    row = lexicon().rows.get(word, "0").split()
    found = {"": float(row[0])}
    for group in row[1:]:
        found |= dict.fromkeys(group[1:].split(","), (ord(group[0]) - ZERO + 0.5) * STEP)
    return found


@functools.cache
def lexicon() -> Lexicon:
    """Read the word lists."""
    counts, people = _jieba()
    total = math.log(sum(counts.values()))
    words = {word: math.log(max(count, RARE_WORD)) - total for word, count in counts.items()}
    rows: dict[str, str] = {}
    with gzip.open(WORD_PAIRS, "rt", encoding="utf-8") as lines:
        for line in lines:
            word, probability, others, followers = line.rstrip("\n").split("\t")
            if word not in SIGNS:
                known = math.exp(words[word]) if word in words else 0.0
                words[word] = math.log((known + math.exp(float(probability))) / 2)
            rows[word] = f"{others} {followers}"
    longer = sorted(word for word in words if len(word) > 2)
    twos = _neighbours(word for word in words if len(word) == 2)
    return Lexicon(words, twos, _neighbours({word[:2] for word in longer}), longer, rows, *_names(people))


def _jieba() -> tuple[dict[str, int], list[str]]:
    """How often each word was met, with our own words; the names of people among them."""
    spec = importlib.util.find_spec("jieba")
    if spec is None or spec.origin is None:
        raise ImportError("jieba is missing: its word list is needed to put slipped bytes back; run ./yixun once")
    counts: dict[str, int] = {}
    people: list[str] = []
    with Path(spec.origin).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, number, tag = line.split(" ", 2)
            if len(word) <= 2 or (len(word) <= LONGEST_WORD and int(number) >= FEWEST):
                counts[word] = int(number)
            if len(word) == 3 and tag.startswith("nr"):
                people.append(word)
    own, _, runs = WORDS.read_text(encoding="utf-8").partition("\n")[2].partition("---")
    for more, least in ((own, DOMAIN_COUNT), (runs, RUN_COUNT)):
        counts |= {word: max(counts.get(word, 0), least) for word in more.split()}
    return counts, people


def _neighbours(pairs: Iterable[str]) -> Neighbours:
    after: dict[str, list[str]] = {}
    before: dict[str, list[str]] = {}
    for pair in pairs:
        after.setdefault(pair[0], []).append(pair[1])
        before.setdefault(pair[1], []).append(pair[0])
    joined = [{key: "".join(found) for key, found in table.items()} for table in (after, before)]
    return Neighbours(joined[0], joined[1])


def _names(people: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """What names are made of, from those in the word list (three characters each): surnames, characters after them."""
    surnames = Counter(name[0] for name in people)
    surnames = Counter({character: count for character, count in surnames.items() if count >= COMMON_SURNAME})
    given = Counter(character for name in people if name[0] in surnames for character in name[1:])
    first, rest = math.log(surnames.total()) - math.log(NAME_SHARE), math.log(given.total())
    return (
        {character: math.log(count) - first for character, count in surnames.items()},
        {character: math.log(count) - rest for character, count in given.items()},
    )
