"""Search beside its peers, on made-up news: right answers, CPU milliseconds, size, and the rank of known articles.

    python -m benchmarks.search --articles 100000
    python -m benchmarks.search --articles 1000000 --peers --keep /tmp/search-1m     # about an hour and 15 GB of disk
    python -m benchmarks.search --keep /tmp/search-1m --only latency readers         # again, on what was kept

In: nothing (`benchmarks.news` makes the articles, `benchmarks.questions` the queries). Out: tables in Markdown, printed
and written to `benchmarks/results/search-ARTICLES[-PARTS].md`. Times are CPU milliseconds of the asking thread, the
better of two runs. One page is what the web asks for: 20 results with snippets, the total (up to "10,000+") and the
facets. The peers are timed with the total, the best twenty and their snippets, without facets.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import json
import multiprocessing
import os
import platform
import random
import re
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from archive import Archive, segments
from archive.add import _INSERT_ARTICLE
from archive.find import joined
from archive.index import docid_for, key
from archive.query import parse
from archive.rows import article_row
from archive.search import found
from benchmarks.news import BLOCK, World
from benchmarks.peers import PEERS
from benchmarks.questions import Question, known_items, questions
from pipeline.records import Article

RESULTS = Path(__file__).parent / "results"
PAGE = 20
SAMPLE = 100_000  # articles that are looked through for the true answers; of more, every so manieth
SMALL_ARCHIVE = 1_000  # articles for the random substrings
SMALL_BATCH, SMALL_BATCHES = 100, 60
READERS, READ_SECONDS = 8, 20
FILTERS: tuple[dict[str, Any], ...] = (
    {"query": " year:2021"},
    {"query": " hospital:人民医院"},
    {"query": " date:2015..2019-06"},
    {"without_flags": ("annotated",)},
    {"flags": ("short",)},
    {"site": "site3"},
)
PARTS = ("latency", "answers", "substrings", "items", "peers", "readers", "batches")


def write(archive: Archive, articles: Sequence[Article]) -> None:
    """Put articles into the archive, not yet indexed and not related to one another."""
    db = archive.db
    names: set[tuple[str, str, str]] = set()
    with db.atomic():
        for article in articles:
            docid = docid_for(db, article.published_at)
            capture = db.execute(
                "insert into captures (site, url, captured_at, status, mime, digest, warc, offset, length, outcome, "
                "article, text_digest) values (?, ?, '2026-01-01T00:00:00Z', 200, 'text/html', ?, '', 0, 0, 'new', "
                "null, ?)",
                (article.site, article.url, article.capture_digest, article.digest),
            ).lastrowid
            row = article_row(article) | {"docid": docid, "key": article.url, "capture": capture}
            number = db.execute(_INSERT_ARTICLE, row).lastrowid
            db.execute("update captures set article = ? where id = ?", (number, capture))
            for flag in article.flags:
                db.execute("insert into flags (article, flag) values (?, ?)", (number, flag.name))
            for field in ("hospital", "source", "author", "section"):
                value = getattr(article, field)
                names.add((field, value, key(value)))
        db.conn.executemany("insert or ignore into names (field, value, folded) values (?, ?, ?)", sorted(names))


def made(path: Path, world: World, count: int) -> dict[str, float]:
    """Make an archive of so many articles and its index: bytes of text and index, articles indexed a CPU-second."""
    with Archive(path) as archive:
        archive.db.execute("pragma synchronous = off")
        archive.db.execute("pragma wal_autocheckpoint = 20000")
        bytes_of_text = 0
        for block in range(-(-count // BLOCK)):
            articles = [world.article(n) for n in range(block * BLOCK, min(count, (block + 1) * BLOCK))]
            bytes_of_text += sum(len(one.title.encode()) + len(one.text.encode()) for one in articles)
            write(archive, articles)
        before = pages(archive)
        archive.db.execute("pragma synchronous = full")
        started, clock = time.process_time(), time.monotonic()
        archive.reindex()
        seconds, wall = time.process_time() - started, time.monotonic() - clock
        size = pages(archive) - before
        archive.db.execute("pragma wal_checkpoint(truncate)")
        return {
            "articles": count, "text": bytes_of_text, "index": size, "speed": count / seconds, "wall": wall,
        }  # fmt: skip


def pages(archive: Archive) -> int:
    """Bytes of the pages that are in use."""
    used, free, size = (
        archive.db.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((used - free) * size)


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


def latency(archive: Archive, asked: Sequence[Question]) -> Iterator[str]:
    """Lines of a table: the first page without filters, with them, exact totals and facets, and by kind."""
    page = functools.partial(archive.first_page, limit=PAGE)
    page("近日")  # what a process loads once
    plain = {question: timed(lambda q=question: page(q.text)) for question in asked}  # type: ignore[misc]
    yield "| | CPU ms p50 / p95 / worst |\n|---|---|"
    yield f"| first page | {quantiles(list(plain.values()))} |"
    filtered = {}
    for number, question in enumerate(asked):
        chosen = dict(FILTERS[number % len(FILTERS)])
        text = question.text + chosen.pop("query", "")
        filtered[text] = timed(lambda t=text, f=chosen: page(t, **f))  # type: ignore[misc]
    yield f"| first page, with a filter | {quantiles(list(filtered.values()))} |"
    exact = {q.text: timed(lambda q=q: page(q.text, most=1 << 40)) for q in asked}  # type: ignore[misc]
    yield f"| exact total and facets | {quantiles(list(exact.values()))} |"
    for kind in dict.fromkeys(question.kind for question in asked):
        times = [seconds for question, seconds in plain.items() if question.kind == kind]
        worst = max((question for question in asked if question.kind == kind), key=lambda one: plain[one])
        yield f"| … {kind} | {quantiles(times)} ({worst.text}) |"
    for name, times_of in (("filtered", filtered), ("exact", exact)):
        worst_of = sorted(times_of, key=lambda text: -times_of[text])[:3]
        yield f"| … slowest {name} | {', '.join(f'{text} {times_of[text] * 1000:.0f}' for text in worst_of)} |"


def sampled(count: int) -> list[int]:
    """The numbers of the articles by which answers are judged: all, or every so manieth block."""
    blocks = -(-count // BLOCK)
    every = max(1, count // SAMPLE)
    return [n for block in range(0, blocks, every) for n in range(block * BLOCK, min(count, (block + 1) * BLOCK))]


def truth(texts: dict[int, str], asked: Sequence[Question]) -> list[set[int]]:
    """The numbers of the articles that hold all needles, by looking into every text."""
    needles = {needle: key(needle) for question in asked for needle in question.needles}
    held = {needle: {n for n, text in texts.items() if keyed in text} for needle, keyed in needles.items()}
    return [set.intersection(*(held[needle] for needle in question.needles)) for question in asked]


def right(answers: Sequence[set[int]], wanted: Sequence[set[int]]) -> str:
    """How many answers are exactly the true set, and the recall and precision over all."""
    exact = sum(one == true for one, true in zip(answers, wanted, strict=True))
    both = sum(len(one & true) for one, true in zip(answers, wanted, strict=True))
    recall, precision = both / max(1, sum(map(len, wanted))), both / max(1, sum(map(len, answers)))
    return f"{exact} of {len(wanted)} | {recall:.4f} | {precision:.4f}"


def answer(archive: Archive, query: str) -> set[int]:
    """The articles that the archive finds, by their number in the world."""
    ids = joined(found(archive.db, parse(query)), lambda stack: stack.columns.ids)
    return set((ids - 1).tolist())


def substrings(world: World, count: int, path: Path) -> str:
    """Random pieces of texts, some scrambled, against what `str.find` finds in all of them; a third were changed."""
    chance = random.Random(3)
    with Archive(path) as archive:
        for block in range(0, SMALL_ARCHIVE, 250):
            archive.add(world.article(n) for n in range(block, block + 250))
        changed = [world.article(n) for n in range(0, SMALL_ARCHIVE, 3)]
        archive.add(_changed(article, world) for article in changed)
        parts = []
        for number in range(1, SMALL_ARCHIVE + 1):
            parts.append("\0".join(key(f"{v['title']}\1{v['text']}") for v in archive.revisions(number)))
        starts, joined_text = [], ""
        for part in parts:
            starts.append(len(joined_text))
            joined_text += part + "\0\0"
        wrong = 0
        for _ in range(count):
            start = chance.randrange(len(joined_text) - 12)
            piece = joined_text[start : start + chance.choice((1, 2, 2, 2, 3, 3, 4, 5, 6, 8, 12))]
            if chance.random() < 0.2:
                piece = "".join(chance.sample(piece, len(piece)))
            piece = re.split("[\0\1]", piece)[0].strip()
            if piece:
                wrong += _holding(joined_text, starts, piece) != answer(archive, f"「{piece}」")
    return f"{count:,} random pieces of {SMALL_ARCHIVE:,} articles in several versions: {wrong} wrong answers"


def _changed(article: Article, world: World) -> Article:
    import dataclasses

    later = datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC)
    text = article.text[: len(article.text) // 2] + world.stock[len(article.text) % 3000]
    return dataclasses.replace(article, text=text, digest=article.digest + "b", captured_at=later,
                               capture_digest=article.capture_digest + "b")  # fmt: skip


def _holding(text: str, starts: Sequence[int], piece: str) -> set[int]:
    import bisect

    held = set()
    at = text.find(piece)
    while at >= 0:
        number = bisect.bisect_right(starts, at) - 1
        held.add(number)
        following = starts[number + 1] if number + 1 < len(starts) else len(text)
        at = text.find(piece, following)
    return held


def items(archive: Archive, world: World, count: int) -> Iterator[str]:
    """The mean reciprocal rank among the first ten (MRR@10) for all known items and by kind, and what it costs."""
    scores: dict[str, list[float]] = {}
    times = []
    for kind, number, typed in known_items(world, count):
        started = time.thread_time()
        results = archive.search(typed, limit=10, expand=True)
        times.append(time.thread_time() - started)
        places = [hit.id - 1 for hit in (results.hits or results.partial)]
        scores.setdefault(kind, []).append(1 / (places.index(number) + 1) if number in places else 0.0)
    every = statistics.fmean(score for kind in scores.values() for score in kind)
    yield "| known items | MRR@10 | CPU ms p50 / p95 / worst |\n|---|---|---|"
    yield f"| all | {every:.3f} | {quantiles(times)} |"
    for kind, values in scores.items():
        yield f"| {kind} | {statistics.fmean(values):.3f} | |"


def _read(path: Path, seed: int, seconds: float, asked: list[str], results: Any) -> None:
    chance = random.Random(seed)
    times = []
    with Archive(path, readonly=True) as archive:
        archive.first_page("近日", limit=PAGE)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            started = time.monotonic()
            archive.first_page(chance.choice(asked), limit=PAGE)
            times.append(time.monotonic() - started)
    results.put(times)


def readers(path: Path, asked: Sequence[Question], number: int, seconds: float) -> Callable[[], list[float]]:
    """Start processes that search without a pause; the answer waits for them and gives the wall seconds of each page.

    Waiting makes nothing wait longer than until all have put their times.
    """
    results: Any = multiprocessing.get_context("spawn").Queue()
    texts = [question.text for question in asked]
    started = [
        multiprocessing.get_context("spawn").Process(target=_read, args=(path, seed, seconds, texts, results))
        for seed in range(number)
    ]
    for process in started:
        process.start()

    def finish() -> list[float]:
        times = [seconds for _ in started for seconds in results.get()]
        for process in started:
            process.join()
        return times

    return finish


def concurrent(path: Path, asked: Sequence[Question]) -> str:
    """A line: first pages a second of several processes at once."""
    times = readers(path, asked, READERS, READ_SECONDS)()
    cores = len(os.sched_getaffinity(0))
    rate = len(times) / READ_SECONDS
    return f"{READERS} readers on {cores} cores: {rate:.0f} first pages a second, wall ms {quantiles(times)}"


def batches(path: Path, world: World, asked: Sequence[Question]) -> Iterator[str]:
    """Small transactions of new articles with a reader beside; what the reader waits, alone and beside them."""
    alone = readers(path, asked, 1, 8)()
    finish = readers(path, asked, 1, 30)
    time.sleep(3)
    times, cpu = [], []
    with Archive(path) as archive:
        unused = (archive.newest_number() // BLOCK + 2) * BLOCK
        for number in range(SMALL_BATCHES):
            start = unused + number * SMALL_BATCH
            new = [world.article(n) for n in range(start, start + SMALL_BATCH)]
            clock, used = time.monotonic(), time.process_time()
            with archive.db.atomic():
                docids = _unrelated(archive, new)
                clock, used = time.monotonic(), time.process_time()
                segments.update(archive.db, docids)
            times.append(time.monotonic() - clock)
            cpu.append(time.process_time() - used)
    beside = finish()
    yield f"{SMALL_BATCH} new articles, index part with its commit, {SMALL_BATCHES} times: wall ms {quantiles(times)}, "
    yield f"CPU ms {quantiles(cpu)}; the reader's pages, wall ms alone {quantiles(alone)}, beside {quantiles(beside)}"


def _unrelated(archive: Archive, articles: Sequence[Article]) -> list[int]:
    last = archive.newest_number()
    write(archive, articles)
    return [docid for (docid,) in archive.db.execute("select docid from articles where id > ?", (last,))]


def machine() -> str:
    """What a figure depends on."""
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.partition(":")[2].strip() for line in about.splitlines() if line.startswith("model name")), "")
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def main() -> None:
    """Run everything, print it and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--peers", nargs="*", choices=tuple(PEERS), default=tuple(PEERS))
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="Only these parts.")
    parser.add_argument("--keep", type=Path, help="Make the archive in this folder, or use the one that is there.")
    parser.add_argument("--substrings", type=int, default=100_000)
    options = parser.parse_args()
    world = World()
    with tempfile.TemporaryDirectory(prefix="yixun-search-") as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        report = folder / "made.json"
        if not report.exists():
            report.write_text(json.dumps(made(folder / "archive.db", world, options.articles)), encoding="utf-8")
        about = json.loads(report.read_text(encoding="utf-8"))
        parts = "" if tuple(options.only) == PARTS else "".join(f"-{part}" for part in options.only)
        name = f"search-{about['articles'] // 1000}k{parts}"
        RESULTS.mkdir(exist_ok=True)
        with (RESULTS / f"{name}.md").open("w", encoding="utf-8") as file:
            for line in lines(options, about, world, folder / "archive.db", Path(scratch)):
                print(line, flush=True)
                file.write(line + "\n")
                file.flush()


def lines(options: argparse.Namespace, about: dict[str, Any], world: World, path: Path, scratch: Path) -> Iterator[str]:
    """The report, as it is made."""
    count = int(about["articles"])
    asked = questions(world, count)
    command = shlex.join(["python", "-m", "benchmarks.search", *sys.argv[1:]])
    yield f"{datetime.date.today()}, `{command}`, {count:,} articles, {len(asked)} queries"
    yield f"{machine()}\n"
    size = about["index"] / about["text"]
    yield f"{about['text'] / count:,.0f} bytes of text an article; index / text {size:.3f}; "
    yield f"{about['speed']:,.0f} articles indexed a CPU-second ({about['wall']:.0f} s wall)\n"
    with Archive(path, readonly=True) as archive:
        if "latency" in options.only:
            yield from latency(archive, asked)
        if "items" in options.only:
            yield ""
            yield from items(archive, world, count)
        if "answers" in options.only or "peers" in options.only:
            yield from compared(options, archive, world, asked, scratch, about)
    if "substrings" in options.only:
        yield "\n" + substrings(world, options.substrings, scratch / "small.db")
    if "readers" in options.only:
        yield "\n" + concurrent(path, asked)
    if "batches" in options.only:
        yield ""
        yield from batches(path, world, asked)


def compared(
    options: argparse.Namespace, archive: Archive, world: World, asked: Sequence[Question], scratch: Path,
    about: dict[str, Any],
) -> Iterator[str]:  # fmt: skip
    """Lines of the table of right answers, ours and those of the peers."""
    chosen = sampled(int(about["articles"]))
    texts = {}
    for number in chosen:
        article = world.article(number)
        texts[number] = f"{key(article.title)}\n\n\n{key(article.text)}"
    wanted = truth(texts, asked)
    judged = set(chosen)
    yield "\n| | right answers | recall | precision | CPU ms p50 / p95 / worst | articles a CPU-second | index / text |"
    yield "|---|---|---|---|---|---|---|"
    ours = [answer(archive, question.text) & judged for question in asked]
    times = [timed(lambda q=q: archive.first_page(q.text, limit=PAGE)) for q in asked]  # type: ignore[misc]
    size = about["index"] / about["text"]
    yield f"| Yixun | {right(ours, wanted)} | {quantiles(times)} | {about['speed']:,.0f} | {size:.2f} |"
    if "peers" not in options.only:
        return
    keyed = [text.partition("\n\n\n")[::2] for text in texts.values()]
    for name in options.peers:
        peer = PEERS[name](scratch, archive)
        speed = peer.fill(keyed)
        few = asked[:: peer.every]
        answers = [peer.find(question) for question in few]
        seconds = [timed(lambda q=q: peer.page(q)) for q in few]  # type: ignore[misc]  # noqa: B023  it is called at once
        size = peer.size() / sum(len(title.encode()) + len(text.encode()) for title, text in keyed)
        judged_by = right(answers, wanted[:: peer.every])
        of = f" ({len(few)} queries)" if peer.every > 1 else ""
        about_index = f"{speed:,.0f} | {size:.2f}" if size else "– | –"
        yield f"| {peer.name}{of} | {judged_by} | {quantiles(seconds)} | {about_index} |"


if __name__ == "__main__":
    main()
