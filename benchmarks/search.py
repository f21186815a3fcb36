"""Search beside its peers, on made-up news: right answers, CPU milliseconds, size, and the rank of known articles.

    python -m benchmarks.search --articles 20000
    python -m benchmarks.search --articles 100000 --peers trigram words like
    python -m benchmarks.search --articles 1000000 --peers        # an hour and 20 GB of disk

In: nothing; the vocabulary is made of characters drawn by chance, its words spread by Zipf's law, and articles share
stock phrases as officialese does. Out: tables in Markdown. Times are CPU milliseconds of the asking thread. One page is
what the web asks for: 20 results with snippets, the total (up to "10,000+") and the facets. The peers are timed
without facets. Synthetic: its two-character neighbourhoods are more varied than real prose, so real indexes are
rather smaller.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import functools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from archive import Archive
from archive.add import Batch
from archive.index import TABLES, key
from archive.search import Filters, snippet
from pipeline.fold import simplified
from pipeline.records import Article, Evidence, Flag

FIRST_DAY = datetime.date(2008, 1, 1)
DAYS = 6_700  # about eighteen years
WORDS = 40_000
STOCK = 3_000  # phrases of six to twelve words that articles share
LENGTH = 1_200  # characters of an average article
SENTENCE_WORDS = (5, 18)
PAGE = 20
BATCH = 2_000  # articles written in one transaction
SMALL_BATCH, SMALL_BATCHES = 100, 20
LIKE_QUERIES = 30  # a scan reads everything; more of them tell nothing new
ITEMS_A_KIND = 60
SITES = 60
Timed = Callable[[str], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """A query and what a brute search goes by: needles that all have to stand in the title or the text."""

    kind: str
    text: str
    needles: tuple[str, ...]


class World:
    """The vocabulary and the articles, made from a seed: article `n` is always the same."""

    def __init__(self, seed: int = 1) -> None:
        chance = random.Random(seed)
        # the 3,755 characters of the first level of GB 2312, in an order of our own
        self.characters = [bytes((high, low)).decode("gb2312", "ignore") for high in range(0xB0, 0xD8)
                           for low in range(0xA1, 0xFF)]  # fmt: skip
        self.characters = [character for character in self.characters if character]
        chance.shuffle(self.characters)
        weights = [1 / (rank + 40) for rank in range(len(self.characters))]
        sizes = chance.choices((1, 2, 3, 4), (4, 70, 17, 9), k=WORDS * 2)
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
        self.stock = ["".join(self._drawn(chance.getrandbits(32), chance.randint(6, 12))) for _ in range(STOCK)]
        self.traditional = str.maketrans({plain: old for old, plain in simplified().items() if len(plain) == 1})

    def _drawn(self, seed: int, count: int) -> list[str]:
        places = np.searchsorted(self.cumulative, np.random.default_rng(seed).random(count))
        return [self.words[place] for place in np.minimum(places, WORDS - 1)]

    def article(self, number: int) -> Article:
        """The article of this number."""
        chance = random.Random(number * 7919)
        topic = [self.words[chance.randrange(300, WORDS)] for _ in range(12)]
        place = min(int(chance.paretovariate(0.7)) - 1, len(self.hospitals) - 1)
        hospital, person = self.hospitals[place], chance.choice(self.persons)
        title = f"{hospital}{''.join(chance.sample(topic, 4))}{chance.choice(self.stock[:40])}"
        common = iter(self._drawn(number, LENGTH))
        text = "".join(self._sentences(chance, common, topic, hospital, person))
        if number % 10 == 3:
            title, text = title.translate(self.traditional), text.translate(self.traditional)
        # more and more articles a year; a tenth of the days, when a site moved, has a third of them
        day = int(DAYS * chance.random() ** 0.6)
        day = day // 10 * 10 if chance.random() < 0.3 else day
        flags = tuple(Flag(name=name, evidence=(Evidence(rule="chance", where="text", text=""),))  # type: ignore[arg-type]
                      for name, share in (("annotated", 0.04), ("undated", 0.01), ("spam", 0.005), ("short", 0.05))
                      if chance.random() < share)  # fmt: skip
        return Article(
            site=f"site{place % SITES}", url=f"https://site{place % SITES}.example/{number}.html", title=title,
            text=text, hospital=hospital, published_at=(FIRST_DAY + datetime.timedelta(days=day)).isoformat(),
            source=hospital if chance.random() < 0.6 else chance.choice(self.places), author=person,
            section=f"栏目{chance.randrange(12)}", captured_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
            digest=f"sha256:{number}", capture_digest=f"sha256:{number}", flags=flags,
        )  # fmt: skip

    def _sentences(
        self, chance: random.Random, common: Iterator[str], topic: list[str], hospital: str, person: str
    ) -> Iterator[str]:
        length, wanted = 0, chance.gauss(LENGTH, LENGTH / 4)
        yield f"近日，{hospital}{person}"
        while length < wanted:
            words = [next(common) for _ in range(chance.randint(*SENTENCE_WORDS))]
            words[0] = chance.choice(topic)
            words.insert(len(words) // 2, "，")
            sentence = "".join(words) + "。"
            if chance.random() < 0.3:
                sentence = chance.choice(self.stock) + "，" + sentence
            yield sentence + ("\n" if chance.random() < 0.2 else "")
            length += len(sentence)

    def questions(self, count: int) -> list[Question]:
        """Queries of every kind against the first `count` articles."""
        chance = random.Random(5)
        made: list[Question] = []

        def ask(kind: str, *needles: str) -> None:
            made.append(Question(kind, " ".join(f"「{needle}」" for needle in needles), needles))

        def piece(low: int, high: int) -> str:
            text = self.article(chance.randrange(count)).text
            start = chance.randrange(len(text) - high)
            return " ".join(text[start : start + chance.randint(low, high)].split()) or "近日"

        def word(rank: int, size: int) -> str:
            return next(one for one in self.words[chance.randrange(rank) :] if len(one) == size)

        for n in range(15):
            ask("one character", self.characters[n * 40])
        for n in range(50):
            ask("two characters", word((40, 400, 4_000, 39_000)[n % 4], 2))
        for n in range(40):
            ask("three or four", word((400, 4_000, 39_000)[n % 3], 3 + n % 2))
        for _ in range(45):
            ask("piece of a text", piece(3, 12))
        for _ in range(24):
            ask("person", chance.choice(self.persons))
        for n in range(20):
            ask("hospital", self.hospitals[n * n % 300])
        for n in range(36):
            ask("several words", *(word((100, 2_000, 8_000)[(n + i) % 3], 2) for i in range(2 + n % 2)))
        for n in range(25):
            ask("Latin or digits", self.words[150 + 400 * n])
        for _ in range(20):
            ask("traditional", piece(2, 5).translate(self.traditional))
        for n in range(15):
            ask("absent", "".join(chance.choices(self.characters[2_000:], k=2 + n % 3)))
        for needles in (
            ("医院",),
            ("人民医院",),
            ("近日", "医院"),
            ("日，",),
            ("。",),
            ("县",),
            ("人民医院", "县", "近日"),
        ):
            ask("very common", *needles)
        for n in range(13):
            ask("very common", *self.words[n : n + 1 + n % 3])
        return made


def written(path: Path, world: World, count: int) -> Archive:
    """An archive with so many articles, not yet indexed and not related to one another."""
    archive = Archive(path)
    for start in range(0, count, BATCH):
        with archive.db.atomic():
            batch = _Unindexed(archive.db, {})
            for number in range(start, min(start + BATCH, count)):
                batch.add(world.article(number))
    return archive


class _Unindexed(Batch):
    """A batch that leaves out the index."""

    def _index(self, *_: Any, **__: Any) -> None:
        pass


def index_all(archive: Archive) -> float:
    """Make the index and say how many articles a CPU-second that was."""
    started = time.process_time()
    count = archive.reindex()
    return count / (time.process_time() - started)


def sizes(archive: Archive) -> dict[str, int]:
    """Bytes of the tables of the index."""
    sums = "select (select sum(length(block)) from {0}_data) + (select sum(length(sz) + 8) from {0}_docsize)"
    return {table: archive.db.execute(sums.format(table)).fetchone()[0] for table in TABLES}


def quantiles(times: Sequence[float]) -> str:
    """p50 / p95 / worst of seconds, in milliseconds."""
    ordered = sorted(times)
    at = [ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)], ordered[-1]]
    return " / ".join(f"{seconds * 1000:.1f}" for seconds in at)


def timed(action: Callable[[], Any]) -> float:
    """CPU seconds of this thread, the better of two runs: what another process does to the caches is not ours."""
    best = float("inf")
    for _ in range(2):
        started = time.thread_time()
        action()
        best = min(best, time.thread_time() - started)
    return best


def first_page(archive: Archive, query: str, **filters: Any) -> None:
    """What the search page asks for."""
    archive.first_page(query, limit=PAGE, **filters)


FILTERS: tuple[dict[str, Any], ...] = (
    {"query": " year:2021"},
    {"query": " hospital:人民医院"},
    {"query": " date:2015..2019-06"},
    {"without_flags": ("annotated",)},
    {"flags": ("short",)},
    {"site": "site3"},
)


def latency(archive: Archive, questions: Sequence[Question]) -> Iterator[str]:
    """Lines of a table: the first page without filters, with them, by kind, and the exact totals."""
    first_page(archive, "近日")  # what a process loads once
    plain = {question: timed(lambda q=question: first_page(archive, q.text)) for question in questions}  # type: ignore[misc]
    yield f"| first page | {quantiles(list(plain.values()))} |"
    filtered = []
    for number, question in enumerate(questions):
        chosen = dict(FILTERS[number % len(FILTERS)])
        text = question.text + chosen.pop("query", "")
        filtered.append(timed(lambda t=text, f=chosen: first_page(archive, t, **f)))  # type: ignore[misc]
    yield f"| first page, with a filter | {quantiles(filtered)} |"
    exact = [timed(lambda q=question: archive.search(q.text, limit=PAGE)) for question in questions]  # type: ignore[misc]
    yield f"| exact total, no facets | {quantiles(exact)} |"
    for kind in dict.fromkeys(question.kind for question in questions):
        times = [seconds for question, seconds in plain.items() if question.kind == kind]
        worst = max((question for question in questions if question.kind == kind), key=lambda one: plain[one])
        yield f"| … {kind} | {quantiles(times)} ({worst.text}) |"


def truth(texts: Sequence[str], questions: Sequence[Question]) -> list[set[int]]:
    """The numbers of the articles that hold all needles, by looking into every text."""
    asked = {needle: key(needle) for question in questions for needle in question.needles}
    held = {needle: {n for n, text in enumerate(texts) if keyed in text} for needle, keyed in asked.items()}
    return [set.intersection(*(held[needle] for needle in question.needles)) for question in questions]


def right(found: Iterable[set[int]], wanted: Sequence[set[int]]) -> str:
    """How many answers are exactly the true set, and the recall and precision over all."""
    answers = list(found)
    exact = sum(one == true for one, true in zip(answers, wanted, strict=True))
    both = sum(len(one & true) for one, true in zip(answers, wanted, strict=True))
    recall, precision = both / max(1, sum(map(len, wanted))), both / max(1, sum(map(len, answers)))
    return f"{exact} of {len(wanted)} | {recall:.4f} | {precision:.4f}"


def answers(archive: Archive, questions: Sequence[Question]) -> Iterator[set[int]]:
    """The articles that the archive finds, by their number in the world."""
    from archive.query import parse
    from archive.search import found

    numbers = dict(archive.db.execute("select docid, id - 1 from articles").fetchall())
    for question in questions:
        yield {numbers[docid] for docid in found(archive.db, parse(question.text), Filters())}


def known_items(world: World, count: int) -> Iterator[tuple[str, int, str]]:
    """Searches for an article that somebody remembers: kind, its number, and what is typed."""
    chance = random.Random(11)
    for kind in ("piece of the title", "piece of a sentence", "noisy sentence", "keywords", "hospital, topic, year"):
        for _ in range(ITEMS_A_KIND):
            number = chance.randrange(count)
            article = world.article(number)
            sentence = max(article.text.replace("，", "。").split("。"), key=len).replace("\n", " ")
            words = article.title.removeprefix(article.hospital)
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


def ranks(archive: Archive, world: World, count: int) -> Iterator[str]:
    """MRR@10 for all and by kind, and what it costs."""
    scores: dict[str, list[float]] = {}
    times = []
    for kind, number, typed in known_items(world, count):
        started = time.thread_time()
        results = archive.search(typed, limit=10, expand=True)
        times.append(time.thread_time() - started)
        places = [hit.id - 1 for hit in (results.hits or results.partial)]
        scores.setdefault(kind, []).append(1 / (places.index(number) + 1) if number in places else 0.0)
    every = statistics.fmean(score for kind in scores.values() for score in kind)
    yield f"| all | {every:.3f} | {quantiles(times)} |"
    for kind, values in scores.items():
        yield f"| {kind} | {statistics.fmean(values):.3f} | |"


def small_batches(archive: Archive, world: World, count: int) -> str:
    """Adding a hundred new articles, rows and index, relations left out."""
    times = []
    for batch_number in range(SMALL_BATCHES):
        start = count + batch_number * SMALL_BATCH
        articles = [world.article(number) for number in range(start, start + SMALL_BATCH)]
        started = time.thread_time()
        with archive.db.atomic():
            batch = Batch(archive.db, {})
            for article in articles:
                batch.add(article)
            batch.changed.clear()
        times.append(time.thread_time() - started)
    return quantiles(times)


# the peers


@functools.cache
def _cut() -> Callable[[str], list[str]]:
    import rjieba

    return rjieba.cut


def _words_of(text: str) -> str:
    return " ".join(word for word in _cut()(text) if word.strip())


class Peer:
    """An FTS5 table in a file of its own, made from folded texts."""

    def __init__(self, folder: Path, name: str, tokenizer: str, prepare: Callable[[str], str]) -> None:
        from sqlite_utils import Database

        self.name, self.prepare = name, prepare
        self.path = folder / f"{name}.db"
        self.db = Database(str(self.path))
        self.db.execute(f"create virtual table t using fts5(title, body, content='', tokenize='{tokenizer}')")

    def fill(self, titles: Sequence[str], texts: Sequence[str]) -> float:
        """Index everything and say how many articles a CPU-second."""
        started = time.process_time()
        with self.db.atomic():
            for number, (title, text) in enumerate(zip(titles, texts, strict=True), 1):
                row = (number, self.prepare(title), self.prepare(text))
                self.db.execute("insert into t(rowid, title, body) values (?, ?, ?)", row)
        return len(texts) / (time.process_time() - started)

    def expression(self, question: Question) -> str:
        """The question as this table can be asked."""
        return " AND ".join('"' + self.prepare(key(needle)).replace('"', '""') + '"' for needle in question.needles)

    def find(self, question: Question) -> set[int]:
        """Everything that it finds, by number from 0."""
        rows = self.db.execute("select rowid - 1 from t where t match ?", (self.expression(question),))
        return {number for (number,) in rows}

    def page(self, question: Question, texts: Sequence[str]) -> None:
        """The total, the best twenty and their snippets."""
        asked = (self.expression(question),)
        self.db.execute("select count(*) from t where t match ?", asked).fetchone()
        best = self.db.execute("select rowid - 1 from t where t match ? order by bm25(t, 5, 1) limit 20", asked)
        for (number,) in best.fetchall():
            snippet(texts[number], [key(needle) for needle in question.needles])


def compare(names: Sequence[str], folder: Path, archive: Archive, asked: Sequence[Question], wanted: list[set[int]],
            texts: tuple[list[str], list[str]]) -> Iterator[str]:  # fmt: skip
    """Lines of the table of peers."""
    titles, bodies = texts
    bytes_of_text = sum(len(text.encode()) for pair in texts for text in pair)
    made: dict[str, tuple[str, Callable[[str], str]]] = {"trigram": ("trigram", str), "words": ("unicode61", _words_of)}
    for name in names:
        if name == "like":
            yield _like(archive, asked, wanted)
            continue
        peer = Peer(folder, name, *made[name])
        speed = peer.fill(titles, bodies)
        size = peer.path.stat().st_size / bytes_of_text
        answered = right((peer.find(question) for question in asked), wanted)
        times = [timed(functools.partial(peer.page, question, bodies)) for question in asked]
        yield f"| FTS5 {name} | {answered} | {quantiles(times)} | {speed:,.0f} | {size:.2f} |"


def _like(archive: Archive, asked: Sequence[Question], wanted: list[set[int]]) -> str:
    chosen = range(0, len(asked), max(1, len(asked) // LIKE_QUERIES))
    found, times = [], []
    for place in chosen:
        needles = asked[place].needles
        sql = "select id - 1 from articles where " + " and ".join("(title like ? or text like ?)" for _ in needles)
        values = [f"%{needle}%" for needle in needles for _ in (0, 1)]
        started = time.thread_time()
        found.append({number for (number,) in archive.db.execute(sql, values)})
        times.append(time.thread_time() - started)
    return f"| LIKE ({len(found)} queries) | {right(found, [wanted[n] for n in chosen])} | {quantiles(times)} | – | 0 |"


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument(
        "--peers", nargs="*", choices=("trigram", "words", "like"), default=("trigram", "words", "like")
    )
    parser.add_argument("--keep", type=Path, help="Make the archive in this folder, or use the one that is there.")
    parser.add_argument("--quick", action="store_true", help="Sizes and times only: nothing compared, no ranks.")
    options = parser.parse_args()
    world, count = World(), options.articles
    with tempfile.TemporaryDirectory(prefix="yixun-search-") as scratch:
        folder = options.keep or Path(scratch)
        path = folder / "archive.db"
        fresh = not path.exists()
        archive = written(path, world, count) if fresh else Archive(path)
        with archive:
            indexed = archive.db.execute("select count(*) from articles_fts_docsize").fetchone()[0]
            speed = 0.0 if indexed >= count else index_all(archive)
            if options.quick:
                _times(archive, world, count)
                print(f"\n{speed:,.0f} articles indexed a CPU-second")
            else:
                _report(archive, world, count, speed, options.peers, Path(scratch))


def _times(archive: Archive, world: World, count: int) -> list[Question]:
    """Print how large the index is and how long pages take, and give the queries."""
    asked = world.questions(count)
    by_table = sizes(archive)
    text = archive.db.execute("select sum(octet_length(title) + octet_length(text)) from articles").fetchone()[0]
    print(f"{count} articles, {text / count / 3:.0f} characters each, {len(asked)} queries\n")
    print("| index / text | " + " | ".join(TABLES) + " |\n|---|---|---|---|")
    parts = " | ".join(f"{size / text:.2f}" for size in by_table.values())
    print(f"| {sum(by_table.values()) / text:.2f} | {parts} |\n")
    print("| | CPU ms p50 / p95 / worst |\n|---|---|")
    for line in latency(archive, asked):
        print(line, flush=True)
    return asked


def _report(archive: Archive, world: World, count: int, speed: float, peers: Sequence[str], scratch: Path) -> None:
    rows = archive.db.execute("select title, text from articles order by id").fetchall()
    bytes_of_text = sum(len(title.encode()) + len(text.encode()) for title, text in rows)
    titles, bodies = [key(title) for title, _ in rows], [key(text) for _, text in rows]
    del rows
    asked = _times(archive, world, count)
    by_table = sizes(archive)
    wanted = truth([f"{title}\n\n\n{text}" for title, text in zip(titles, bodies, strict=True)], asked)
    print("\n| known items | MRR@10 | CPU ms |\n|---|---|---|")
    for line in ranks(archive, world, count):
        print(line, flush=True)
    print("\n| | right answers | recall | precision | CPU ms | articles indexed a CPU-second | index / text |")
    print("|---|---|---|---|---|---|---|")
    times = [timed(lambda q=question: first_page(archive, q.text)) for question in asked]  # type: ignore[misc]
    size = sum(by_table.values()) / bytes_of_text
    answered = right(answers(archive, asked), wanted)
    print(f"| Yixun | {answered} | {quantiles(times)} | {speed:,.0f} | {size:.2f} |", flush=True)
    for line in compare(peers, scratch, archive, asked, wanted, (titles, bodies)):
        print(line, flush=True)
    print(f"\n{SMALL_BATCH} new articles: CPU ms {small_batches(archive, world, count)}")


if __name__ == "__main__":
    main()
