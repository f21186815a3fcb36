"""Candidates: which earlier articles share enough with a text to be worth comparing.

In go the keys of a batch of texts (`pipeline.documents.keys`), out come for each text the articles that share some with
it, the likeliest first; and the keys of what is to be found from now on are written.

A key that very many articles have is a stock phrase: it finds nothing and is no longer written. Rare keys count more
than common ones. The table is read once a batch, in the order of its keys.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from sqlite_utils import Database

FULL = 64  # articles a key; a key that so many share is a stock phrase: skipped, and no longer extended
SHARED = 0.15  # of a text's keys, for a candidate …
WEIGHT = 1.0  # … or this much, each shared key counting 1 / (articles that have it)
MOST = 4  # candidates of a text
SHORT = 300  # characters; a text so short may be the preview of any of many siblings …
MOST_OF_SHORT = 24  # … so it has more candidates
HOT_KEYS = 3_000_000  # rows of text_keys that go to text_keys_cold together: a small table is quick to extend
UNDATED = 1 << 30  # days
LOOKED_UP = 20_000  # keys of one query

TABLES = """
create table if not exists text_keys (
  key integer not null,                  -- 48 bits, see pipeline.documents.keys
  article integer not null,
  primary key (key, article)
) strict, without rowid;
create table if not exists text_keys_cold (  -- the same; where the keys of a large archive end up
  key integer not null,
  article integer not null,
  primary key (key, article)
) strict, without rowid;
"""


Posting = list[int] | tuple[()]  # the articles that have a key
STOCK: tuple[()] = ()  # the posting of a key that is full


class Near(NamedTuple):
    """An article that shares keys with a text.

    `shared` has a bit for each of the text's keys that are not full; `weight` is the sum of 1 / (articles that have
    the key) over these. `days` lie between the publication of the two; very many when that is unknown, and when nobody
    else shares the same keys, for then it is not looked up.
    """

    id: int
    weight: float
    shared: int
    days: int


class Candidates:
    """The keys of one batch: what the table held of them, and what the batch added."""

    def __init__(self, db: Database, wanted: Iterable[int]) -> None:
        self.db = db
        self.postings: dict[int, Posting] = {}  # of the batch's keys those that somebody has
        self.added: list[int] = []  # keys to be written …
        self._adders: list[int] = []  # … and the article of each
        self._ranked: dict[tuple[int, tuple[int, ...]], list[Near]] = {}  # since `touched` was empty
        self._touched: set[int] = set()  # keys that were added to
        self._traits: dict[int, tuple[int | None, int]] = {}  # day and length of articles that were tied
        self._look_up(sorted(set(wanted)))

    def _look_up(self, ordered: Sequence[int]) -> None:
        """Read the articles of every key at once: in their order, so that each page of the table is read once."""
        cold = self.db.execute("select 1 from text_keys_cold limit 1").fetchone() is not None
        for table in ("text_keys", "text_keys_cold") if cold else ("text_keys",):
            for start in range(0, len(ordered), LOOKED_UP):
                # one row a key: a row for every article that has it would take four times as long
                rows = self.db.execute(
                    f"select value, (select group_concat(article) from {table} where key = value) "  # noqa: S608
                    "from json_each(:keys)",
                    {"keys": json.dumps(ordered[start : start + LOOKED_UP])},
                )
                for key, articles in rows:
                    if articles:
                        held = [*self.postings.get(key, ()), *map(int, articles.split(","))]
                        self.postings[key] = held if len(held) < FULL else STOCK

    def look_ahead(self, texts: Iterable[tuple[int, tuple[int, ...], int]]) -> set[int]:
        """The articles that these texts (article, keys, characters) will mostly be compared with.

        What is found out is kept until a key of theirs is added to.
        """
        self._ranked.clear()
        self._touched.clear()
        likely: set[int] = set()
        for article, text, length in texts:
            found = self._ranked[article, text] = self._rank(article, text, length)
            likely.update(other.id for other in found[:1])
            if len(found) > 1 and found[1].weight > found[0].weight / 2:
                likely.add(found[1].id)  # of a series; a copy has one candidate that is far before the others
        return likely

    def of(self, article: int, text: tuple[int, ...], length: int) -> list[Near]:
        """The articles that share most with these keys, the likeliest first, the earlier among equals."""
        found = self._ranked.get((article, text))
        if found is None or not self._touched.isdisjoint(text):
            found = self._rank(article, text, length)
        return found

    def _rank(self, article: int, text: tuple[int, ...], length: int) -> list[Near]:
        posting = self.postings.get
        lists = [held for key in text if (held := posting(key))]
        counts = Counter(itertools.chain.from_iterable(lists))
        del counts[article]
        if not counts:
            return []
        least = SHARED * len(text)
        # who shares one key only, and not alone, has neither the share nor the weight
        able = {other for other, count in counts.items() if count > 1 or count >= least}
        if length <= SHORT:  # one sentence in common is chance but for a text that has few
            able |= {held[0] for held in lists if len(held) == 1 and held[0] != article}
        shared = dict.fromkeys(able, 0)
        for place, held in enumerate(lists):
            for other in able.intersection(held):
                shared[other] |= 1 << place
        worth = [1 / len(held) for held in lists]
        weights = {mask: _weight(mask, worth) for mask in set(shared.values())}  # siblings share the same keys
        found = [
            (-weight, other, mask)
            for other, mask in shared.items()
            if (weight := weights[mask]) >= WEIGHT or counts[other] >= least
        ]
        found.sort()
        most = MOST if length > SHORT else MOST_OF_SHORT
        if len(found) > 1 and found[0][0] == found[1][0]:
            return self._untied(article, length, found)[:most]
        return [Near(other, -weight, mask, UNDATED) for weight, other, mask in found[:most]]

    def _untied(self, article: int, length: int, found: Sequence[tuple[float, int, int]]) -> list[Near]:
        """Of those that share the same keys the one first that was published nearest, or is about as long."""
        missing = [other for _, other, _ in found if other not in self._traits]
        if article not in self._traits:
            missing.append(article)
        if missing:
            rows = self.db.execute(
                "select article, published, length from text_traits "
                "where article in (select value from json_each(:missing))",
                {"missing": json.dumps(missing)},
            )
            self._traits.update((other, (day, size)) for other, day, size in rows)
        day = self._traits[article][0]
        ranked = []
        for weight, other, mask in found:
            published, size = self._traits[other]
            days = abs(published - day) if day is not None and published is not None else UNDATED
            ranked.append((weight, days, abs(size - length), other, mask))
        ranked.sort()
        return [Near(other, -weight, mask, days) for weight, days, _, other, mask in ranked]

    def add(self, article: int, text: Iterable[int]) -> None:
        """Let the article be found by these keys from now on."""
        postings = self.postings
        for key in text:
            held = postings.get(key)
            if held is None:
                postings[key] = [article]
            elif not held or article in held:  # a stock phrase, or a key of another text of this article
                continue
            elif len(held) + 1 < FULL:
                held.append(article)
            else:
                postings[key] = STOCK
            self.added.append(key)
            self._adders.append(article)
            self._touched.add(key)

    def write(self) -> None:
        """Write what the batch added, in the order of the keys."""
        found = np.array([self.added, self._adders], dtype=np.int64)
        rows = found[:, np.lexsort(found[::-1])].tolist()
        self.db.conn.executemany(
            "insert or ignore into text_keys (key, article) values (?, ?)", zip(*rows, strict=True)
        )


def _weight(shared: int, worth: Sequence[float]) -> float:
    """The sum of what the keys of these bits are worth."""
    weight = 0.0
    while shared:
        last = shared.bit_length() - 1
        weight += worth[last]
        shared ^= 1 << last
    return weight


def cool(db: Database) -> None:
    """Move the keys of a table that has grown large to the one of the old ones, in their order."""
    db.execute("insert or ignore into text_keys_cold select key, article from text_keys order by key, article")
    db.execute("delete from text_keys")
