"""What a page's own text says about which characters stand together.

In: the text of a page, and names that are to be expected on it. Out: `Pairs`: for two characters in a row how probable
it is to meet them again, and what that gains over chance. A name or a department is mostly written more than once, so
that an intact place tells what stood at a damaged one. Signs that go together or never do are among the pairs.
"""

from __future__ import annotations

import functools
import math
from collections import Counter

from pipeline.annotations import ANNOTATION
from pipeline.fold import fold
from pipeline.lexicon import SIGNS, lexicon
from pipeline.readings import Pairs

AGAIN = 0.05  # chance that a pair of characters stands again where the page has it already
SHORTEST_PAGE = 500  # characters; a shorter text tells no more about itself
MOST_GAINED = 6.0  # nats that a page can add to two characters
EXPECTED = 3  # times that a name that is to be expected counts
MOST_OFTEN = 20  # times
_LOGARITHMS = [-math.inf, *map(math.log, range(1, MOST_OFTEN + 1))]

FITTING, ODD = 2.5, -4.0  # nats for two signs in a row
_PAIRS = "。” ！” ？” ，“ ：“ 。“ ”， ”。 ”、 ”“ ”（ 。（ 》， 》。 》、 》《 ：《 ，《 、《 、“"
_PAIRS += " “《 》” ）， ）。 ）、 ）； ……"
SIGN_PAIRS = frozenset([*_PAIRS.split(" "), "——", "\u3000\u3000", "\u3000（", "\u3000“", "\u3000《"])
# Words of one character that no clause ends with, and that none begins with.
NEVER_LAST, NEVER_FIRST = "在和与以从对把被将向及或最很更非且并其该各每", "的了们着过吗呢"
STOPS = "，。！？；："


@functools.lru_cache(maxsize=4)  # pages: all texts of one page are repaired in turn
def own_pairs(page: str, expected: tuple[str, ...] = ()) -> Pairs:
    """Pairs of characters of a page (annotations left out) and of names that are to be expected on it."""
    text = fold("\n".join([ANNOTATION.sub("", page), *expected * EXPECTED]))
    size = math.log(AGAIN / max(len(text), SHORTEST_PAGE))
    single = {character: lexicon().single(character) for character in set(text)}
    pairs = {}
    for pair, count in Counter(map(str.__add__, text, text[1:])).items():
        again = size + _LOGARITHMS[min(count, MOST_OFTEN)]
        gain = again - single[pair[0]] - single[pair[1]]
        if gain > 0:
            pairs[pair] = (again, min(gain, MOST_GAINED))
    return pairs | _sign_pairs()


@functools.cache
def _sign_pairs() -> Pairs:
    """What two signs in a row add, or a sign beside a character that does not go with it."""
    gains = {a + b: FITTING if a + b in SIGN_PAIRS else ODD for a in SIGNS for b in SIGNS}
    gains |= {character + stop: ODD for character in NEVER_LAST for stop in STOPS}
    gains |= {stop + character: ODD for character in NEVER_FIRST for stop in STOPS}
    return {pair: (-math.inf, gain) for pair, gain in gains.items()}
