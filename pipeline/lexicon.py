"""The word list that chooses among candidates for a slipped byte.

In: nothing. Out: `lexicon()`, jieba's 349,000 words with their frequencies, read once (0.5 s, about 80 MB) and only
when a page that passed the gate of `pipeline.repair.assess` has a slipped byte; jieba itself is not imported. To them
come the words of hospital news in `words.txt`, which the list lacks or counts too low, and what runs together in any
text: openers with their comma, verbs with their particle.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import math
from pathlib import Path

WORDS = Path(__file__).with_name("words.txt")

LONGEST_WORD = 6  # characters
UNKNOWN = -21.0  # log probability of a Han character that is no word by itself
DOMAIN_COUNT = 300  # of 60 million, for the words of hospital news
RUN_COUNT = 3000  # the same, for what runs together in any text
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
    with Path(spec.origin).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, number, _ = line.split(" ", 2)
            if len(word) <= LONGEST_WORD:
                counts[word] = int(number)
    own, _, runs = WORDS.read_text(encoding="utf-8").partition("\n")[2].partition("---")
    for more, least in ((own, DOMAIN_COUNT), (runs, RUN_COUNT)):
        counts |= {word: max(counts.get(word, 0), least) for word in more.split()}
    total = math.log(sum(counts.values()))
    words = {word: math.log(max(count, RARE_WORD)) - total for word, count in counts.items()}
    followers: dict[str, set[str]] = {}
    for word in counts:
        if len(word) > 1:
            followers.setdefault(word[0], set()).add(word[1])
        for length in range(2, len(word)):
            words.setdefault(word[:length], math.nan)
    return Lexicon(words, followers)
