"""Other ways to search the same texts: in come keyed titles and texts, out come answers, pages and sizes.

tantivy is no part of the lock: `uv pip install --target /tmp/peers-search tantivy`, then PYTHONPATH=/tmp/peers-search.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlite_utils import Database

from archive import Archive
from archive.index import key
from archive.snippets import snippet
from benchmarks.questions import Question

PAGE = 20
LIKE_EVERY = 10  # a scan reads everything; more queries tell nothing new
Texts = Sequence[tuple[str, str]]


class Peer(Protocol):
    """A way to search: filled once, then asked."""

    name: str
    every: int  # only every so manieth query is asked

    def fill(self, texts: Texts) -> float:
        """Index everything and say how many articles a CPU-second."""

    def find(self, question: Question) -> set[int]:
        """Everything that it finds, by place."""

    def page(self, question: Question) -> None:
        """The total, the best twenty and their snippets."""

    def size(self) -> int:
        """Bytes of its index."""


class Fts5:
    """An FTS5 table in a file of its own."""

    every = 1

    def __init__(self, folder: Path, name: str, tokenizer: str) -> None:
        self.name = f"FTS5 {name}"
        self.path = folder / f"{name}.db"
        self.db = Database(str(self.path))
        self.db.execute(f"create virtual table t using fts5(title, body, content='', tokenize='{tokenizer}')")

    def prepare(self, text: str) -> str:
        """The text as it is indexed and asked."""
        return text

    def fill(self, texts: Texts) -> float:
        """Index everything."""
        self.texts = texts
        started = time.process_time()
        with self.db.atomic():
            for number, (title, text) in enumerate(texts):
                row = (number, self.prepare(title), self.prepare(text))
                self.db.execute("insert into t(rowid, title, body) values (?, ?, ?)", row)
        return len(texts) / (time.process_time() - started)

    def find(self, question: Question) -> set[int]:
        """Everything that it finds."""
        rows = self.db.execute("select rowid from t where t match ?", (self._expression(question),))
        return {number for (number,) in rows}

    def _expression(self, question: Question) -> str:
        return " AND ".join('"' + self.prepare(key(needle)).replace('"', '""') + '"' for needle in question.needles)

    def page(self, question: Question) -> None:
        """The total, the best twenty and their snippets."""
        asked = (self._expression(question),)
        self.db.execute("select count(*) from t where t match ?", asked).fetchone()
        best = self.db.execute(f"select rowid from t where t match ? order by bm25(t, 5, 1) limit {PAGE}", asked)
        for (number,) in best.fetchall():
            snippet(self.texts[number][1], [key(needle) for needle in question.needles])

    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size


class Words(Fts5):
    """FTS5 on the words that jieba finds (rjieba, its port to Rust)."""

    def prepare(self, text: str) -> str:
        """The words of the text."""
        import rjieba

        return " ".join(word for word in rjieba.cut(text) if word.strip())


class Bigrams:
    """tantivy on overlapping pairs of characters, asked for phrases."""

    every = 1

    def __init__(self, folder: Path) -> None:
        try:
            import tantivy
        except ImportError as error:
            raise SystemExit(f"{error}: {__doc__}") from error
        self.name, self.tantivy = "tantivy bigrams", tantivy
        self.path = folder / "tantivy"
        self.path.mkdir()
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("number", stored=True)
        for field in ("title", "body"):
            builder.add_text_field(field, tokenizer_name="whitespace", index_option="position")
        self.index = tantivy.Index(builder.build(), path=str(self.path))

    def fill(self, texts: Texts) -> float:
        """Index everything, with one thread."""
        self.texts = texts
        started = time.process_time()
        writer = self.index.writer(heap_size=500_000_000, num_threads=1)
        for number, (title, text) in enumerate(texts):
            row = {"number": number, "title": _pairs(title), "body": _pairs(text)}
            writer.add_document(self.tantivy.Document(**row))
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()
        self.searcher = self.index.searcher()
        return len(texts) / (time.process_time() - started)

    def _query(self, question: Question) -> Any:
        must = []
        for needle in question.needles:
            pairs = _pairs(key(needle)).split(" ")[: max(1, len(key(needle)) - 1)]
            either = []
            for field in ("title", "body"):
                if len(pairs) > 1:
                    one = self.tantivy.Query.phrase_query(self.index.schema, field, pairs)
                elif len(key(needle)) == 1:
                    one = self.tantivy.Query.regex_query(self.index.schema, field, _escaped(pairs[0]) + ".*")
                else:
                    one = self.tantivy.Query.term_query(self.index.schema, field, pairs[0])
                either.append((self.tantivy.Occur.Should, one))
            must.append((self.tantivy.Occur.Must, self.tantivy.Query.boolean_query(either)))
        return self.tantivy.Query.boolean_query(must)

    def find(self, question: Question) -> set[int]:
        """Everything that it finds."""
        found = self.searcher.search(self._query(question), limit=max(1, len(self.texts)))
        return {self.searcher.doc(address)["number"][0] for _, address in found.hits}

    def page(self, question: Question) -> None:
        """The total, the best twenty and their snippets."""
        found = self.searcher.search(self._query(question), limit=PAGE, count=True)
        for _, address in found.hits:
            text = self.texts[self.searcher.doc(address)["number"][0]][1]
            snippet(text, [key(needle) for needle in question.needles])

    def size(self) -> int:
        """Bytes of its folder."""
        size = sum(file.stat().st_size for file in self.path.iterdir())
        shutil.rmtree(self.path, ignore_errors=True)
        return size


class Like:
    """LIKE on the archive's own table; in one script only, and not folded."""

    name, every = "LIKE", LIKE_EVERY

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def fill(self, texts: Texts) -> float:
        """There is nothing to do."""
        self.last = len(texts)
        return float("inf")

    def find(self, question: Question) -> set[int]:
        """Everything that it finds."""
        sql = "select id - 1 from articles where id <= ? and " + " and ".join(
            "(title like ? or text like ?)" for _ in question.needles
        )
        values = [f"%{needle}%" for needle in question.needles for _ in (0, 1)]
        return {number for (number,) in self.archive.db.execute(sql, [self.last, *values])}

    page = find  # type: ignore[assignment]

    def size(self) -> int:
        """Nothing."""
        return 0


def _pairs(text: str) -> str:
    """Every two neighbouring characters; a blank is written so that it does not part them. The last stands alone."""
    safe = "".join("␣" if character.isspace() else character for character in text)
    return " ".join([first + second for first, second in itertools.pairwise(safe)] + [safe[-1:]])


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in r"\.+*?()|[]{}^$#&-~/" else character for character in text)


PEERS = {
    "trigram": lambda folder, _: Fts5(folder, "trigram", "trigram"),
    "words": lambda folder, _: Words(folder, "words", "unicode61"),
    "tantivy": lambda folder, _: Bigrams(folder),
    "like": lambda _, archive: Like(archive),
}
