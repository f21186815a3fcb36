"""The word list that chooses among candidates for a slipped byte.

In: nothing. Out: `lexicon()`, jieba's 349,000 words with their frequencies, read once (0.5 s, about 80 MB) and only
when a page that passed the gate of `pipeline.repair.assess` has a slipped byte; jieba itself is not imported. To them
come the words of hospital news in `words.txt`, which the list lacks or counts too low, and what runs together in any
text: openers with their comma, verbs with their particle. Of the names of people in the list it learns which
characters names are made of.

Tried and left out: the parts of speech of jieba's list with jieba's transitions between them, as a bigram model over
classes of words. It changed fewer than 1 in 100 choices for the better and cost a third of the speed.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

WORDS = Path(__file__).with_name("words.txt")

LONGEST_WORD = 6  # characters
UNKNOWN = -21.0  # log probability of a Han character that is no word by itself
DOMAIN_COUNT = 300  # of 60 million, for the words of hospital news
RUN_COUNT = 3000  # the same, for what runs together in any text
NAME_SHARE = 0.1  # what names of people are given; more than their share, for a name's characters are hardly words
COMMON_SURNAME = 40  # names in the word list
RARE_WORD = 3  # a word list has thousands of words that were met once or twice: their count says no more than that

# Log probabilities of what is no word, from the share that each has in our own hospital news.
SIGNS = {
    sign: math.log(share)
    for signs, share in (
        ("，", 0.08),
        ("。", 0.045),
        ("、", 0.03),
        ("“”", 0.01),
        ("：；《》", 0.004),
        ("！？（）·—…\u3000", 0.001),
    )
    for sign in signs
}


@dataclasses.dataclass(frozen=True, slots=True)
class Lexicon:
    """Words with their log probabilities, and what may follow a first character."""

    words: dict[str, float]  # log probability; beginnings of words that are none themselves have NaN
    followers: dict[str, set[str]]  # first character → second characters
    open: set[str]  # beginnings of two characters that longer words have
    surnames: dict[str, float]  # log probability of a person's name that begins so
    given: dict[str, float]  # log probability of a character in a given name

    def single(self, character: str) -> float:
        """Log probability of a character that stands by itself."""
        value = self.words.get(character)
        if value is None or value != value:  # NaN
            return SIGNS.get(character, UNKNOWN if character.isalpha() else UNKNOWN + 4)
        return value


@functools.cache
def lexicon() -> Lexicon:
    """Read the word list."""
    spec = importlib.util.find_spec("jieba")
    if spec is None or spec.origin is None:
        raise ImportError("jieba is missing: its word list is needed to put slipped bytes back; run ./yixun once")
    counts: dict[str, int] = {}
    people: list[str] = []
    with Path(spec.origin).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, number, tag = line.split(" ", 2)
            if len(word) <= LONGEST_WORD:
                counts[word] = int(number)
            if len(word) == 3 and tag.startswith("nr"):
                people.append(word)
    own, _, runs = WORDS.read_text(encoding="utf-8").partition("\n")[2].partition("---")
    for more, least in ((own, DOMAIN_COUNT), (runs, RUN_COUNT)):
        counts |= {word: max(counts.get(word, 0), least) for word in more.split()}
    total = math.log(sum(counts.values()))
    words = {word: math.log(max(count, RARE_WORD)) - total for word, count in counts.items()}
    followers: dict[str, set[str]] = {}
    longer: set[str] = set()
    for word in counts:
        if len(word) > 1:
            followers.setdefault(word[0], set()).add(word[1])
        for length in range(2, len(word)):
            words.setdefault(word[:length], math.nan)
        if len(word) > 2:
            longer.add(word[:2])
    return Lexicon(words, followers, longer, *_names(people))


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
