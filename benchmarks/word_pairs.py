"""Make `pipeline/word_pairs.txt.gz`: which word follows which, from the open-gram language model.

    python -m benchmarks.word_pairs lm_sc.t3g.txt pydict_sc.bin pipeline/word_pairs.txt.gz

open-gram (Kefu Chai and others, CC BY-SA 3.0) is SunPinyin's statistical model of simplified Chinese: 71,759 words,
2,500,000 pairs of words with their probabilities. In: the model as text (`tslminfo -v -p lm_sc.t3g`, of Debian's
sunpinyin-utils and sunpinyin-data 0.1.22+20170109-2) and its dictionary. Out: a gzip file of text, a line a word, tabs
between its fields: the word; its log probability; the nats that a word gains behind it that is not named here; the
words that are, in groups: a letter, then words joined by commas. The letter says what such a word gains behind this
one over its own probability: `m` is 0 to 0.5 nats, each letter half a nat more or less.

Of the pairs those are kept that are frequent enough and tell something: a gain of 1 nat or more, any gain of a sign,
and frequent words that hardly ever follow each other.
"""

from __future__ import annotations

import argparse
import gzip
import math
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.lexicon import LONGEST_WORD, STEP, ZERO

RAREST_PAIR = 5e-8  # probability of a pair that is kept
SMALLEST_GAIN = 1.0  # nats
LARGEST_LOSS = -0.5  # nats, from which on it matters that a pair is rare
EXPECTED_PAIR = 1e-6  # probability by chance, of a pair whose loss matters
LOWEST, HIGHEST = -12, 17  # letters from `m`
HAN = re.compile("[\u4e00-\u9fff]+")
SIGNS = frozenset("，。、“”：；《》！？（）·—…")


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("dictionary", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    words = _words(options.dictionary)
    singles, pairs = _model(options.model, words)
    text = "\n".join(_lines(words, singles, pairs))
    options.out.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(singles)} words, {text.count(',')} pairs and more, {options.out.stat().st_size} bytes")


def _words(dictionary: Path) -> dict[int, str]:
    """Number → word, of the words that may be of use here."""
    data = dictionary.read_bytes()
    begins = struct.unpack_from("<3I", data)[2]
    every = data[begins:].decode("utf-32-le", "replace").split("\0")
    useful = ((number, word) for number, word in enumerate(every) if len(word) <= LONGEST_WORD)
    return {number: word for number, word in useful if word in SIGNS or HAN.fullmatch(word)}


Singles = dict[int, tuple[float, float]]  # number of a word → its probability, that of the rest behind it


def _model(model: Path, words: Mapping[int, str]) -> tuple[Singles, dict[int, list[tuple[int, float]]]]:
    """The single words, and what follows each with which probability."""
    singles: Singles = {}
    pairs: dict[int, list[tuple[int, float]]] = {}
    level = 0
    with model.open(encoding="ascii") as lines:
        for line in lines:
            fields = line.split()
            if line.startswith("\\"):
                level = int(line[1])
            elif level == 1 and int(fields[0]) in words and float(fields[1]) > 0:
                singles[int(fields[0])] = float(fields[1]), float(fields[2])
            elif level == 2 and int(fields[0]) in words and int(fields[1]) in words:
                pairs.setdefault(int(fields[0]), []).append((int(fields[1]), float(fields[2])))
    return singles, pairs


def _lines(words: Mapping[int, str], singles: Singles, pairs: Mapping[int, list[tuple[int, float]]]) -> Iterator[str]:
    for number in sorted(singles, key=lambda number: -singles[number][0]):
        probability, rest = singles[number]
        groups: dict[str, list[str]] = {}
        for follower, behind in pairs.get(number, ()):
            alone = singles[follower][0]
            gain, together = math.log(behind / alone), behind * probability
            told = together >= RAREST_PAIR and (gain >= SMALLEST_GAIN or words[follower] in SIGNS)
            if told or (gain <= LARGEST_LOSS and probability * alone >= EXPECTED_PAIR):
                letter = chr(ZERO + max(LOWEST, min(math.floor(gain / STEP), HIGHEST)))
                groups.setdefault(letter, []).append(words[follower])
        followers = " ".join(letter + ",".join(found) for letter, found in sorted(groups.items()))
        yield f"{words[number]}\t{math.log(probability):.2f}\t{math.log(min(rest, 1)):.1f}\t{followers}"


if __name__ == "__main__":
    main()
