"""Clean hospital news of our own writing, varied by chance: what the benchmarks and tests damage and then repair.

In: a seed, and the lists and sentences of `material.txt`. Out: paragraphs and articles in simplified Chinese. Every
sentence was written for this project; names, places and numbers are drawn from lists. Synthetic: the variety is that
of the lists, not that of the web.

The sentences after the line of dashes are of other topics (courts, farms, sports, kitchens …). They are for measuring
only: the repair's word list and weights were not tuned on them.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Sequence
from pathlib import Path

_LINES = Path(__file__).with_name("material.txt").read_text(encoding="utf-8").splitlines()[1:]
_SPLIT = next(number for number, line in enumerate(_LINES) if line.startswith("---"))
LISTS = {line[0]: line[3:].split() for line in _LINES if line[1:3] == "= "}
SENTENCES = [line for line in _LINES[:_SPLIT] if line[1:3] != "= "]
OTHER_TOPICS = _LINES[_SPLIT + 1 :]
OPENED = 0.4  # share of the sentences that begin with an opener


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """A clean article."""

    hospital: str
    title: str
    paragraphs: tuple[str, ...]
    published: str  # 2023-05-12

    @property
    def text(self) -> str:
        """The paragraphs, one a line."""
        return "\n".join(self.paragraphs)


def sentence(chance: random.Random) -> str:
    """One sentence (or two) with its slots filled."""
    return _filled(chance.choice(SENTENCES), chance, chance.choice(LISTS["市"]))


def paragraph(
    chance: random.Random, sentences: int = 4, written: Sequence[str] = SENTENCES, quoted: float = 0.0
) -> str:
    """A paragraph of so many different sentences; this share (0…1) of them is what somebody says."""
    city = chance.choice(LISTS["市"])
    patterns = chance.sample(written, sentences)
    if quoted:
        said = ("{名}" + chance.choice(LISTS["说"]) + "：“" + pattern + "”" for pattern in patterns)
        patterns = [
            speech if "“" not in pattern and chance.random() < quoted else pattern
            for speech, pattern in zip(said, patterns, strict=True)
        ]
    return "".join(
        (chance.choice(LISTS["首"]) if chance.random() < OPENED else "") + _filled(pattern, chance, city)
        for pattern in patterns
    )


def paragraphs(
    count: int, seed: int = 0, sentences: int = 4, written: Sequence[str] = SENTENCES, quoted: float = 0.0
) -> list[str]:
    """So many paragraphs, of these sentences."""
    chance = random.Random(seed)
    return [paragraph(chance, sentences, written, quoted) for _ in range(count)]


def story(seed: int, *, length: int = 5) -> Story:
    """An article of `length` paragraphs with its hospital, title and day."""
    chance = random.Random(seed)
    city = chance.choice(LISTS["市"])
    hospital = f"{city}{chance.choice(('市', '县'))}{chance.choice(('人民医院', '中医医院', '妇幼保健院', '第一医院'))}"
    patterns = chance.sample(SENTENCES, length * 4)
    texts = ["".join(_filled(p, chance, city) for p in patterns[i * 4 : i * 4 + 4]) for i in range(length)]
    texts[0] = f"近日，{hospital}举办{chance.choice(LISTS['动'])}活动。" + texts[0]
    texts[-1] += f"今后，{hospital}将继续努力，为群众提供更加优质的服务。"
    title = f"{hospital}开展{chance.choice(LISTS['动'])}活动"
    day = f"{chance.randint(2012, 2025)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    return Story(hospital=hospital, title=title, paragraphs=tuple(texts), published=day)


def _filled(pattern: str, chance: random.Random, city: str) -> str:
    def fill(match: re.Match[str]) -> str:
        slot = match[1]
        if slot == "市":
            return city
        if slot == "名":
            return chance.choice(LISTS["姓"]) + chance.choice(LISTS["名"])
        if slot == "日":
            return f"{chance.choice(LISTS['月'])}{chance.randint(1, 28)}日"
        if slot == "年":
            return str(chance.randint(2012, 2025))
        if slot in LISTS:
            return chance.choice(LISTS[slot])
        return str(chance.randint(2, 9) if slot == "小" else chance.randint(12, 98))

    return re.sub(r"\{(.)\}", fill, pattern)
