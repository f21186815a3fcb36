"""What is asked of made-up news: in goes the world of the articles, out come queries with what they look for."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator

from benchmarks.news import World

ITEMS_A_KIND = 60
KINDS = ("piece of the title", "piece of a sentence", "noisy sentence", "keywords", "hospital, topic, year")


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """A query and what a brute search goes by: needles that all have to stand in the title or the text."""

    kind: str
    text: str
    needles: tuple[str, ...]


def questions(world: World, count: int) -> list[Question]:
    """310 queries of eleven kinds against the first `count` articles."""
    chance = random.Random(5)
    made: list[Question] = []
    blocks = [chance.randrange(max(1, count // 1000)) for _ in range(4)]  # making a block takes a moment

    def ask(kind: str, *needles: str) -> None:
        made.append(Question(kind, " ".join(f"「{needle}」" for needle in needles), needles))

    def piece(low: int, high: int) -> str:
        text = world.article(min(chance.choice(blocks) * 1000 + chance.randrange(1000), count - 1)).text
        start = chance.randrange(len(text) - high)
        return " ".join(text[start : start + chance.randint(low, high)].split()) or "近日"

    def word(rank: int, size: int) -> str:
        return next(one for one in world.words[chance.randrange(rank) :] if len(one) == size)

    for n in range(15):
        ask("one character", world.characters[n * 40])
    for n in range(50):
        ask("two characters", word((40, 400, 4_000, 39_000)[n % 4], 2))
    for n in range(40):
        ask("three or four", word((400, 4_000, 39_000)[n % 3], 3 + n % 2))
    for _ in range(45):
        ask("piece of a text", piece(3, 12))
    for _ in range(24):
        ask("person", chance.choice(world.persons))
    for n in range(20):
        ask("hospital", world.hospitals[n * n % 300])
    for n in range(36):
        ask("several words", *(word((100, 2_000, 8_000)[(n + i) % 3], 2) for i in range(2 + n % 2)))
    for n in range(25):
        ask("Latin or digits", world.words[150 + 400 * n])
    for _ in range(20):
        ask("traditional", piece(2, 5).translate(world.traditional))
    for n in range(15):
        ask("absent", "".join(chance.choices(world.characters[2_000:], k=2 + n % 3)))
    common = (("医院",), ("人民医院",), ("近日", "医院"), ("日，",), ("。",), ("县",), ("人民医院", "县", "近日"))
    for needles in common:
        ask("very common", *needles)
    for n in range(13):
        ask("very common", *world.words[n : n + 1 + n % 3])
    return made


def known_items(world: World, count: int) -> Iterator[tuple[str, int, str]]:
    """Searches for an article that somebody remembers: kind, its number, and what is typed."""
    chance = random.Random(11)
    blocks = [chance.randrange(max(1, count // 1000)) for _ in range(30)]
    for kind in KINDS:
        for _ in range(ITEMS_A_KIND):
            number = min(chance.choice(blocks) * 1000 + chance.randrange(1000), count - 1)
            article = world.article(number)
            sentence = max(article.text.replace("，", "。").split("。"), key=len).replace("\n", " ")
            words = article.title[len(article.hospital) :]
            if kind == "piece of the title":
                typed = f"「{words[:8]}」"
            elif kind == "piece of a sentence":
                typed = f"「{sentence[-14:]}」"  # its beginning may be a stock phrase
            elif kind == "noisy sentence":
                wrong = world.words[chance.randrange(500)]
                typed = f"{sentence[-16:-9]} {wrong} {sentence[-7:]}"
            elif kind == "keywords":
                starts = chance.sample(range(len(article.text) - 3), 4)
                typed = " ".join(filter(None, (article.text[at : at + 2].strip("，。\n ") for at in starts)))
            else:
                typed = f"{article.hospital} {words[:3]} {(article.published_at or '')[:4]}"
            yield kind, number, typed
