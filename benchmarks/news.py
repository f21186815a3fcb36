"""Made-up hospital news in any number: in goes a seed, out come articles, the same for the same number.

The vocabulary is made of characters drawn by chance and its words are spread by Zipf's law; a word is followed by one
of its few usual followers a third of the time, an article comes back to its own topics, and all share stock phrases as
officialese does. The shares were set by what 146 labelled real news texts of the same length have: .67 different pairs
of neighbouring characters a character (here .70) and 348 different characters a text (here 341).
"""

from __future__ import annotations

import datetime
import functools
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.fold import simplified
from pipeline.records import Article, Evidence, Flag

FIRST_DAY = datetime.date(2008, 1, 1)
DAYS = 6_700  # about eighteen years
WORDS = 40_000
STOCK = 3_000  # phrases of six to twelve words that articles share
SLOTS = 560  # words of an average article
TOPICS = 14  # words that an article comes back to
OWN_TOPIC, USUAL_FOLLOWER = 0.30, 0.40  # shares of the words
FOLLOWERS = 8
COMMA, STOP, STOCK_PHRASE, PERSON = 1 / 9, 1 / 22, 1 / 130, 1 / 200  # shares of the words
BLOCK = 1_000  # articles made at once
SITES = 60
CAPTURED_AT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
FLAGS = (("annotated", 0.04), ("undated", 0.01), ("spam", 0.005), ("short", 0.05))


class World:
    """The vocabulary and the articles: number `n` is always the same."""

    def __init__(self, seed: int = 1) -> None:
        chance = random.Random(seed)
        # the 3,755 characters of the first level of GB 2312, in an order of our own
        pairs = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
        self.characters = [character for pair in pairs if (character := pair.decode("gb2312", "ignore"))]
        chance.shuffle(self.characters)
        weights = [1 / (rank + 14) ** 1.3 for rank in range(len(self.characters))]
        sizes = chance.choices((1, 2, 3, 4), (6, 72, 14, 8), k=WORDS * 3)
        made = ("".join(chance.choices(self.characters, weights, k=size)) for size in sizes)
        self.words = list(dict.fromkeys(made))[:WORDS]
        for place in range(150, WORDS, 400):  # names of devices, years and numbers
            self.words[place] = chance.choice(("PET-CT", "{}年", "{}日", "B{}", "DRG{}", "{}%", "ICU{}")).format(
                chance.randint(2, 2026)
            )
        self.places = [self.words[200 + n * 7] for n in range(300)]
        kinds = ("人民医院", "中医院", "妇幼保健院", "第一医院")
        self.hospitals = [f"{place}县{chance.choice(kinds)}" for place in self.places]
        self.persons = ["".join(chance.choices(self.characters[:400], k=3)) for _ in range(4_000)]
        zipf = 1 / (np.arange(WORDS) + 2.7)
        self.cumulative = np.cumsum(zipf / zipf.sum())
        self.random = np.random.default_rng(seed)
        self.followers = self._drawn(self.random, (WORDS, FOLLOWERS))
        drawn = [self._drawn(self.random, (chance.randint(6, 12),)) for _ in range(STOCK)]
        self.stock = ["".join(self.words[place] for place in phrase) for phrase in drawn]
        self.traditional = str.maketrans({plain: old for old, plain in simplified().items() if len(plain) == 1})
        self._entries()

    def _entries(self) -> None:
        """Everything that can fill a slot of a text, as code points in one array."""
        entries = [*self.words, "，", "。", "。\n", *self.stock, *self.persons, *self.hospitals, "近日，"]
        self.comma = WORDS
        self.first_stock = WORDS + 3
        self.first_person = self.first_stock + STOCK
        self.first_hospital = self.first_person + len(self.persons)
        self.opening = len(entries) - 1
        self.sizes = np.array([len(entry) for entry in entries])
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.points = np.frombuffer("".join(entries).encode("utf-32-le"), np.uint32)
        self.old_points = np.arange(0x10000, dtype=np.uint32)
        for plain, old in self.traditional.items():
            self.old_points[plain] = ord(old)

    def _drawn(self, chance: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return np.minimum(np.searchsorted(self.cumulative, chance.random(shape)), WORDS - 1)

    @functools.lru_cache(maxsize=4)  # noqa: B019  a world lives as long as its benchmark
    def block(self, number: int) -> list[Article]:
        """The articles of a block, `BLOCK` of them."""
        chance = np.random.default_rng((7919, number))
        topics = chance.integers(300, WORDS, (BLOCK, TOPICS))
        hospitals = np.minimum((chance.pareto(0.7, BLOCK)).astype(int), len(self.hospitals) - 1)
        persons = chance.integers(0, len(self.persons), BLOCK)
        texts = self._texts(chance, topics, hospitals, persons, number * BLOCK)
        rest = random.Random(number)
        return [
            self._article(number * BLOCK + place, texts[place], topics[place], hospitals[place], persons[place], rest)
            for place in range(BLOCK)
        ]

    def _texts(self, chance: np.random.Generator, topics: Any, hospitals: Any, persons: Any, first: int) -> list[str]:
        sizes = np.clip(chance.normal(SLOTS, SLOTS / 4, BLOCK), 40, SLOTS * 2).astype(int)
        longest = int(sizes.max())
        shape = (BLOCK, longest)
        slots = self._drawn(chance, shape)
        kind = chance.random(shape)
        of_topic = topics[np.arange(BLOCK)[:, None], chance.integers(0, TOPICS, shape)]
        slots = np.where(kind < OWN_TOPIC, of_topic, slots)
        follows = (kind > OWN_TOPIC) & (kind < OWN_TOPIC + USUAL_FOLLOWER)
        which = chance.integers(0, FOLLOWERS, shape)
        for at in range(1, longest):
            slots[:, at] = np.where(follows[:, at], self.followers[slots[:, at - 1], which[:, at]], slots[:, at])
        bound = np.cumsum((COMMA, STOP * 0.8, STOP * 0.2, STOCK_PHRASE, PERSON))
        mark = chance.random(shape)
        for place in range(3):
            low = bound[place - 1] if place else 0
            slots[(mark >= low) & (mark < bound[place])] = self.comma + place
        stock = (mark >= bound[2]) & (mark < bound[3])
        slots[stock] = self.first_stock + np.minimum(chance.pareto(0.5, int(stock.sum())).astype(int), STOCK - 1)
        person = (mark >= bound[3]) & (mark < bound[4])
        slots[person] = (self.first_person + persons[:, None] + np.zeros(shape, int))[person]
        slots[:, 0], slots[:, 1], slots[:, 2] = (
            self.opening,
            self.first_hospital + hospitals,
            self.first_person + persons,
        )
        slots[np.arange(BLOCK), sizes - 1] = self.comma + 1
        used = np.arange(longest)[None, :] < sizes[:, None]
        return self._spelled(slots[used], sizes, first)

    def _spelled(self, entries: Any, slots: Any, first: int) -> list[str]:
        """The entries as texts of so many slots each."""
        sizes = self.sizes[entries]
        ends = np.cumsum(sizes)
        points = self.points[np.arange(ends[-1]) + np.repeat(self.starts[entries] - ends + sizes, sizes)]
        limits = np.concatenate([[0], ends[np.cumsum(slots) - 1]])
        for place in range(BLOCK):
            if (first + place) % 10 == 3:
                span = slice(limits[place], limits[place + 1])
                points[span] = self.old_points[points[span]]
        joined = points.astype("<u4").tobytes().decode("utf-32-le")
        return [joined[limits[place] : limits[place + 1]] for place in range(BLOCK)]

    def _article(self, number: int, text: str, topics: Any, place: int, person: int, chance: random.Random) -> Article:
        hospital = self.hospitals[place]
        title = f"{hospital}{''.join(self.words[word] for word in topics[:4])}{chance.choice(self.stock[:40])}"
        if number % 10 == 3:
            title = title.translate(self.traditional)
        # more and more articles a year; a tenth of the days, when a site moved, has a third of them
        day = int(DAYS * chance.random() ** 0.6)
        day = day // 10 * 10 if chance.random() < 0.3 else day
        flags = tuple(
            Flag(name=name, evidence=(Evidence(rule="chance", where="text", text=""),))  # type: ignore[arg-type]
            for name, share in FLAGS
            if chance.random() < share
        )
        site = f"site{place % SITES}"
        return Article(
            site=site, url=f"https://{site}.example/{number}.html", title=title, text=text, hospital=hospital,
            published_at=(FIRST_DAY + datetime.timedelta(days=day)).isoformat(),
            source=hospital if chance.random() < 0.6 else chance.choice(self.places), author=self.persons[person],
            section=f"栏目{chance.randrange(12)}", captured_at=CAPTURED_AT,
            digest=f"sha256:{number}", capture_digest=f"sha256:{number}", flags=flags,
        )  # fmt: skip

    def article(self, number: int) -> Article:
        """The article of this number."""
        return self.block(number // BLOCK)[number % BLOCK]

    def articles(self, first: int, last: int) -> Iterator[Article]:
        """Those from `first` up to `last`, without the last."""
        return (self.article(number) for number in range(first, last))
