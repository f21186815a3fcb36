"""How well duplicates are found, measured on labelled hospital news of our own making, beside named peers.

    python -m benchmarks.dedupe                                        five seeds, 20,000 documents each
    python -m benchmarks.dedupe --documents 600000 --growth            how much the archive's size slows it
    uv pip install --target /tmp/peers-dedupe rensa datasketch simhash
    PYTHONPATH=/tmp/peers-dedupe python -m benchmarks.dedupe --peers rensa,datasketch,simhash

Goes in: documents of `benchmarks.copies` for a seed; nothing was tuned on the ones that are the default. Comes out, as
a table that is also written to `benchmarks/results/`: pair precision, recall and F1 of the clusters; articles *lost* (a
first copy that was called a duplicate), copies *missed* (stored as if new), sibling pairs merged, recall by kind of
copy, documents per CPU-second of the whole step with SQLite (preparing and keying the texts, looking up candidates,
reading and comparing them, relations, clusters, commit), and bytes of index an article.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import itertools
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.copies import Label, Labelled, world
from benchmarks.report import machine, write
from pipeline.records import Article, Flag

DEV = 1  # the seed that rules and parameters were tuned on; 3 was looked at, too
BATCH = 2_000  # articles a transaction
GROWTH_STEP = 50_000  # documents

# judging


def judge(documents: Sequence[Label], clusters: Sequence[int]) -> dict[str, Any]:
    """Compare clusters (a number for each document) with what is true.

    `lost`: the first document of an article was put with those of others before it. `missed`: a later copy was put with
    none of its own. Pairs: all pairs of one cluster against all pairs of one article.
    """
    by_cluster: dict[int, Counter[int]] = defaultdict(Counter)
    together = right = 0
    first: dict[int, int] = {}
    recall: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    lost = missed = later = 0
    wrong_articles: dict[int, set[int]] = defaultdict(set)
    for at, (document, cluster) in enumerate(zip(documents, clusters, strict=True)):
        counts = by_cluster[cluster]
        together += counts.total()
        right += counts[document.truth]
        if document.truth not in first:
            first[document.truth] = at
            lost += counts.total() > 0
        else:
            later += 1
            found = counts[document.truth] > 0
            missed += not found
            recall[document.sort][0] += found
            recall[document.sort][1] += 1
        wrong_articles[cluster].add(document.truth)
        counts[document.truth] += 1
    true_pairs = sum(count * (count - 1) // 2 for count in Counter(one.truth for one in documents).values())
    precision, whole = right / max(together, 1), right / max(true_pairs, 1)
    families: dict[int, set[int]] = defaultdict(set)
    for document in documents:
        if document.family:
            families[document.family].add(document.truth)
    sibling_pairs = sum(len(held) * (len(held) - 1) // 2 for held in families.values())
    family_of = {document.truth: document.family for document in documents}
    merged = {
        pair
        for held in wrong_articles.values()
        if len(held) > 1
        for pair in itertools.combinations(sorted(held), 2)
        if family_of[pair[0]] and family_of[pair[0]] == family_of[pair[1]]
    }
    return {
        "documents": len(documents),
        "articles": len(first),
        "later copies": later,
        "lost": lost,
        "lost %": 100 * lost / len(first),
        "missed %": 100 * missed / max(later, 1),
        "precision": precision,
        "recall": whole,
        "F1": 2 * precision * whole / max(precision + whole, 1e-9),
        **{f"recall {sort}": found / total for sort, (found, total) in sorted(recall.items())},
        "sibling pairs": sibling_pairs,
        "merged siblings": len(merged),
        "merged siblings %": 100 * len(merged) / max(sibling_pairs, 1),
    }


# ours


@dataclasses.dataclass
class Ours:
    """The whole step: articles and relations in one SQLite file, batch by batch, as the archive does it."""

    path: Path
    batch: int = BATCH
    seconds: float = 0.0
    slices: list[tuple[int, float]] = dataclasses.field(default_factory=list)  # documents and seconds
    labels: list[Label] = dataclasses.field(default_factory=list)

    def run(self, documents: Iterable[Labelled]) -> list[int]:
        """The cluster of every document; `seconds` of CPU, without writing the articles themselves."""
        from sqlite_utils import Database

        from archive import relations
        from pipeline.documents import keys_version

        keys_version()  # builds the table of characters, once a process: no part of the step
        self.path.unlink(missing_ok=True)
        self.db = db = Database(self.path)
        db.conn.isolation_level = None
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        columns = "site text, title text, text text, published_at text, flags text"
        db.execute(f"create table pages (id integer primary key, url text unique, {columns})")
        db.execute(f"create table texts (id integer, url text, {columns})")
        db.execute("create index texts_id on texts(id)")
        relations.create_tables(db)
        ids: list[int] = []
        iterator = iter(documents)
        while batch := list(itertools.islice(iterator, self.batch)):
            self._batch(batch, ids)
        clusters = dict(self.db.execute("select article, cluster from cluster_members").fetchall())
        return [clusters.get(id, id) for id in ids]

    def _batch(self, batch: list[Labelled], ids: list[int]) -> None:
        from archive import relations

        db = self.db
        db.execute("begin immediate")
        new: dict[int, relations.New] = {}
        changed: set[int] = set()
        for one in batch:
            row = db.execute("select id from pages where url = ?", [one.article.url]).fetchone()
            fields = _fields(one.article)
            if row is None:
                id = db.execute(f"insert into pages values (null, {MARKS})", fields).lastrowid
            else:
                id = row[0]
                changed.add(id)
                db.execute("insert into texts select * from pages where id = ?", [id])
                db.execute(f"replace into pages values ({id}, {MARKS})", fields)
            ids.append(id)
            self.labels.append(one.label)
            new[id] = relations.New(id, one.article, one.official, changed=id in changed)
        started = time.process_time()
        relations.relate_many(db, list(new.values()), documents_of=self._documents_of)
        db.execute("commit")
        seconds = time.process_time() - started
        self.slices.append((len(batch), seconds))
        self.seconds += seconds

    def _documents_of(self, ids: Sequence[int]) -> dict[int, list[Any]]:
        from pipeline.documents import prepare_all

        wanted, found = {"ids": json.dumps(ids)}, {id: [] for id in ids}
        chosen = "where id in (select value from json_each(:ids))"
        rows = self.db.execute(f"select * from pages {chosen}", wanted).fetchall()
        rows += self.db.execute(f"select * from texts {chosen} order by rowid desc", wanted).fetchall()
        for row, document in zip(rows, prepare_all(_article(*row[1:]) for row in rows), strict=True):
            found[row[0]].append(document)
        return found

    def bytes_an_article(self, count: int) -> float:
        """Of keys and traits; clusters and relations are what was found, not index."""
        self.db.execute("begin")
        before = self.db.execute("pragma freelist_count").fetchone()[0]
        for table in ("text_keys", "text_keys_cold", "text_traits"):
            self.db.execute(f"drop table {table}")
        pages = self.db.execute("pragma freelist_count").fetchone()[0] - before
        self.db.execute("rollback")
        return pages * self.db.execute("pragma page_size").fetchone()[0] / count


MARKS = "?, ?, ?, ?, ?, ?"


def _fields(article: Article) -> tuple[str | None, ...]:
    flags = " ".join(flag.name for flag in article.flags)
    return article.url, article.site, article.title, article.text, article.published_at, flags


def _article(url: str, site: str, title: str, text: str, published_at: str | None, names: str) -> Article:
    flags = tuple(Flag(name=name, evidence=()) for name in names.split())  # type: ignore[arg-type]
    return Article(site=site, url=url, title=title, text=text, published_at=published_at, flags=flags)


def errors(documents: list[Labelled], clusters: list[int], limit: int) -> Iterator[str]:
    """What went wrong, for looking at: which documents were put together, or apart."""
    from pipeline.dedupe import compare
    from pipeline.documents import prepare

    first: dict[int, int] = {}
    held: dict[int, list[int]] = defaultdict(list)
    for at, (document, cluster) in enumerate(zip(documents, clusters, strict=True)):
        others = [other for other in held[cluster] if documents[other].truth != document.truth]
        if others:
            other = documents[others[0]]
            verdict = compare(prepare(document.article), prepare(other.article))
            pair = f"{at} {document.sort}/{document.family} with {others[0]} {other.sort}/{other.family}"
            yield f"MERGED {pair}: {verdict}"
            limit -= 1
        origin = first.setdefault(document.truth, at)
        if origin != at and not any(documents[o].truth == document.truth for o in held[cluster]):
            other = documents[origin]
            verdict = compare(prepare(document.article), prepare(other.article))
            yield f"MISSED {at} {document.sort}/{document.family} of {origin} {other.sort}: {verdict}"
            limit -= 1
        held[cluster].append(at)
        if limit <= 0:
            return


def speeds(slices: Sequence[tuple[int, float]], size: int) -> list[float]:
    """Documents per CPU-second of every stretch of so many documents."""
    found, documents, seconds = [], 0, 0.0
    for count, took in slices:
        documents, seconds = documents + count, seconds + took
        if documents >= size:
            found.append(documents / seconds)
            documents, seconds = 0, 0.0
    return found


ROWS = (
    ("distinct articles lost, %", "lost %", ".4f"),
    ("later copies stored again, %", "missed %", ".2f"),
    ("pair precision", "precision", ".4f"),
    ("pair recall", "recall", ".3f"),
    ("F1", "F1", ".3f"),
    ("recall syndicated", "recall syndicated", ".3f"),
    ("recall traditional and damaged", "recall traditional", ".3f"),
    ("recall brand swapped", "recall branded", ".3f"),
    ("recall preview", "recall preview", ".3f"),
    ("recall update at a new address", "recall update", ".3f"),
    ("sibling pairs merged, %", "merged siblings %", ".4f"),
    ("documents per CPU-second", "speed", ",.0f"),
    ("bytes of index an article", "bytes", ".0f"),
)


def table(columns: dict[str, dict[str, Any]]) -> str:
    """What was found, a column each, as Markdown."""
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for title, key, form in ROWS:
        cells = [format(found[key], form) if key in found else "" for found in columns.values()]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def measure(chunks: Iterable[list[Labelled]], database: Path) -> tuple[Ours, dict[str, Any], list[int]]:
    """Our own figures."""
    ours = Ours(database)
    clusters = ours.run(itertools.chain.from_iterable(chunks))
    found = judge(ours.labels, clusters)
    found["speed"] = len(clusters) / ours.seconds
    found["bytes"] = ours.bytes_an_article(len(clusters))
    return ours, found, clusters


def compared(documents: list[Labelled], names: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The figures of the peers, on the text as printed and on our normalised one."""
    from benchmarks.dedupe_peers import PEERS
    from pipeline.documents import prepare_all

    labels = [one.label for one in documents]
    for name in names:
        for form in ("raw", "normalised"):
            articles = [one.article for one in documents]
            texts = [a.text for a in articles] if form == "raw" else [d.body for d in prepare_all(articles)]
            started = time.process_time()
            clusters = PEERS[name](texts)
            seconds = time.process_time() - started
            yield f"{name}, {form} text", judge(labels, clusters) | {"speed": len(texts) / seconds}


def main() -> None:
    """Measure; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--seeds", default="51,52,53,54,55", help="numbers, or dev; a column each")
    parser.add_argument("--peers", default="", help="rensa,datasketch,simhash: on the first seed")
    parser.add_argument("--growth", action="store_true", help="in chunks of 10,000: how much the size slows it")
    parser.add_argument("--name", default="", help="of the file of results; dedupe, dedupe-growth …")
    parser.add_argument("--database", type=Path, default=Path("/tmp/yixun-benchmark-dedupe.db"))
    parser.add_argument("--errors", type=int, default=0, help="show so many of what went wrong; writes no results")
    options = parser.parse_args()
    seeds = [DEV if seed == "dev" else int(seed) for seed in options.seeds.split(",")]
    if options.growth or options.peers:
        seeds = seeds[:1]
    columns: dict[str, dict[str, Any]] = {}
    lines: list[str] = []
    for seed in seeds:
        chunks = world(seed, options.documents, 10_000 if options.growth else 0)
        documents = [] if options.growth else next(chunks)
        gc.collect()
        gc.freeze()
        ours, found, clusters = measure(chunks if options.growth else [documents], options.database)
        columns[f"seed {seed}" if len(seeds) > 1 else "yixun"] = found
        for line in errors(documents, clusters, options.errors) if options.errors else ():
            print(line)
    if options.growth:
        step = min(GROWTH_STEP, max(BATCH, options.documents // 4))
        rates = speeds(ours.slices, step)
        lines.append(f"\nDocuments per CPU-second, {step:,} after {step:,}: ")
        lines.append(", ".join(f"{rate:,.0f}" for rate in rates))
        lines.append(f"\nThe last against the first: {100 * (rates[-1] / rates[0] - 1):+.0f} %")
    for name, found in compared(documents, options.peers.split(",")) if options.peers else ():
        columns[name] = found
    if options.errors:
        return
    shown = " ".join(sys.argv[1:])
    what = (
        f"{columns[next(iter(columns))]['articles']:,} articles, {options.documents:,} documents; seed {options.seeds}"
    )
    head = f"# Duplicates\n\n    python -m benchmarks.dedupe {shown}\n\n{machine()}\n{what}.\n\n"
    name = options.name or ("dedupe-growth" if options.growth else "dedupe-peers" if options.peers else "dedupe")
    write(name, head + table(columns) + "\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
