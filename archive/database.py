"""The archive: one SQLite file in WAL mode with synchronous=FULL, one writer, any number of readers.

In come captures with what the cleaner made of them, out go articles, rejections and search results. Everything in it
can be made again from the WARC files. A process that writes holds the lock file beside the database for as long as the
archive is open; a reader opens it with mode=ro and is never in the way.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import portalocker
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3

from archive import regions, relations, segments
from archive.add import Batch, Record, reindex_batch, versions
from archive.clusters import Merge
from archive.facets import Facets, count, facets
from archive.like import like
from archive.migrations import APPLICATION_ID, MIGRATIONS
from archive.query import And, parse
from archive.rows import EXPORTED_COLUMNS, exported, identity
from archive.search import Filters, Results, Sort, found_ids, newcomers, search
from archive.suggest import completions, frequent, suggestions
from pipeline.errors import ArchiveError
from pipeline.records import Article, Cluster, Hit, Rejection, Relation, Site

BUSY = 30.0  # seconds that a statement waits for another connection
OLDEST_SQLITE = (3, 43, 0)  # an early step of the schema makes FTS5 tables of a kind that older ones do not know
PAGE = 500  # articles read at once while exporting
HOSPITALS_NAMED = 500  # that a search form proposes
FIRST_PAGE_MOST = 10_000  # articles that a first page counts to the end


# What SQLite says, what it means for the reader of the message, and what helps.
_PROBLEMS = (
    ("full", "no room is left on the disk; free some and run the same again, nothing was half written"),
    ("readonly", "it cannot be written; check who owns it and whether the disk is mounted read-only"),
    ("unable to open", "it cannot be opened; check that the folder exists and who owns it"),
    ("not a database", "it is no SQLite database; move it away, or put back one of the backups"),
    ("malformed", "it is damaged; put back the newest of the backups and run `./yixun ingest` for what came since"),
    ("locked", "another program is writing to it; end that program and run the same again"),
    ("disk i/o", "the disk reports an error; look at the system's log before anything else"),
    ("contentless_delete", "this SQLite is too old; start Python from the .venv that `./yixun` makes"),
)


class Archive:
    """The archive in the file `path`, made when it is not there (unless `readonly`).

    `sites` gives the hospitals' other names and says which hosts are their own. Raises `ArchiveError` for a file that
    cannot be opened, is no archive, was made by a newer Yixun, or is being written by another process.
    """

    def __init__(self, path: str | Path, *, readonly: bool = False, sites: Mapping[str, Site] | None = None) -> None:
        self.path = Path(path)
        self.readonly = readonly
        self.sites: Mapping[str, Site] = sites or {}
        self._lock: IO[str] | None = None
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            needed = ".".join(map(str, OLDEST_SQLITE))
            raise ArchiveError(f"SQLite {sqlite3.sqlite_version} is too old, {needed} is needed: install pysqlite3")
        with contextlib.ExitStack() as undo:
            undo.callback(self._unlock)
            with translated(self.path):
                self.db = self._open_readonly() if readonly else self._open_for_writing()
                undo.callback(self.db.close)
                self._prepare()
                if not readonly:
                    regions.keep(self.db, self.sites.values())
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and let the next writer in."""
        self.db.close()
        self._unlock()

    def add(self, records: Iterable[Record] | Article | Rejection) -> Counter[str]:
        """Write records in one transaction, relate them, and count them by outcome.

        The outcomes: new, revision, unchanged, part (a further page of an article), rejection, revisit, and known for
        a record that the archive holds, which changes nothing. A capture's result is an `Article` or a `Rejection`; a
        revisit has none.
        """
        if isinstance(records, Article | Rejection):
            records = [records]
        with self.transaction() as batch:
            for record in records:
                batch.add(record)
        return batch.counts

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """One state of the archive for all that is read, whatever is written meanwhile; it is quicker, too."""
        with translated(self.path):
            if self.db.conn.in_transaction:
                yield
                return
            self.db.conn.execute("begin")
            try:
                yield
            finally:
                self.db.conn.rollback()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Batch]:
        """A batch that is written as a whole or not at all."""
        if self.readonly:
            raise ArchiveError(f"{self.path} was opened for reading only")
        batch = Batch(self.db, self.sites)
        with translated(self.path), self.db.atomic():
            yield batch
            batch.finish()

    def article(self, number: int, *, details: bool = False) -> dict[str, Any] | None:
        """An article with the fields of an export, or `None`.

        With `details` also its contributor, images, pages, script, cleaner, every flag's `evidence`, what was `cut`,
        each repair's `original` and `removed`, all `revisions` (the current text first) and its `captures`; each of its
        attachments has the `capture` that holds it, or None.
        """
        with translated(self.path):
            found = next(self._exported("a.id = :id", {"id": number}), None)
            if found is None or not details:
                return found
            return found | self._details(number)

    def articles(
        self,
        query: str | None = None,
        *,
        site: str | None = None,
        hospital: str | None = None,
        region: str | None = None,
        flags: Sequence[str] = (),
        without_flags: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Every article that the query and the filters let through, in the order of the ids, as an export has it.

        Copies are articles, too. Raises `QueryError`.
        """
        filters = Filters(
            flags=flags,
            without_flags=without_flags,
            site=site,
            hospital=hospital,
            region=region,
            since=since,
            until=until,
        ).node()
        filters += [parse(query)] if query else []
        with translated(self.path):
            if not filters:
                yield from self._exported("1", {})
                return
            with self._reading():
                ids = found_ids(self.db, And(tuple(filters)))
            for start in range(0, len(ids), PAGE):
                chosen = {"ids": json.dumps(ids[start : start + PAGE])}
                yield from self._exported("a.id in (select value from json_each(:ids))", chosen)

    def _exported(self, where: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Articles in pages by id: no statement stays open while the reader of an export takes its time."""
        last = 0
        sql = f"""
            select a.*, c.warc, c.offset from articles a join captures c on c.id = a.capture
            where a.id > :last and ({where}) order by a.id limit :page
            """  # noqa: S608  `where` is ours, its values are bound
        while True:
            rows = list(self.db.query(sql, {**parameters, "last": last, "page": PAGE}))
            for row in rows:
                yield self._export_of(row)
            if len(rows) < PAGE:
                return
            last = rows[-1]["id"]

    def _export_of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        cluster = relations.cluster_of(self.db, row["id"])
        return exported(
            row,
            cluster=cluster.id if cluster else None,
            representative=cluster.representative if cluster else row["id"],
            relations=[_relation(one) for one in relations.relations_of(self.db, row["id"])],
        )

    def _details(self, number: int) -> dict[str, Any]:
        row = next(self.db.query("select * from articles where id = :id", {"id": number}))
        details = json.loads(row["details"])
        return {
            "contributor": details["contributor"],
            "attachments": [{**link, "capture": self._capture_at(link["url"])} for link in details["attachments"]],
            "images": details["images"],
            "pages": details.get("pages", []),
            "script": row["script"],
            "cleaner": row["cleaner"],
            "evidence": details["flags"],
            "cut": details["cut"],
            "repairs": {
                field: {"annotations": len(repair["removed"]), **repair} for field, repair in details["repairs"].items()
            },
            "revisions": self.revisions(number),
            "captures": list(
                self.db.query(
                    """
                    select url, captured_at, status, mime, digest, warc, offset, length, outcome from captures
                    where article = :article order by captured_at, id
                    """,
                    {"article": number},
                )
            ),
        }

    def _capture_at(self, url: str) -> dict[str, Any] | None:
        """The newest capture of an address that gave its content, or None when it has none."""
        sql = """
            select captured_at, mime, length, digest, warc, offset from captures
            where url in (:url, :identity) and status in (0, 200) and outcome <> 'revisit' order by id desc limit 1
            """
        return next(self.db.query(sql, {"url": url, "identity": identity(url)}), None)

    def revisions(self, number: int) -> list[dict[str, Any]]:
        """Every text that an article had, the current one first: captured_at, digest, title, text, published_at …"""
        with translated(self.path):
            return [_version(article) for article in versions(self.db, number)]

    def rejections(self, *, site: str | None = None, reason: str | None = None) -> Iterator[dict[str, Any]]:
        """The captures that are no articles, oldest first: site url reason detail captured_at digest warc offset."""
        with translated(self.path):
            yield from self.db.query(
                """
                select site, url, reason, digest, warc, offset, detail, captured_at from rejections
                where (:site is null or site = :site) and (:reason is null or reason = :reason) order by id
                """,
                {"site": site, "reason": reason},
            )

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        expand: bool = False,
        flags: Sequence[str] = (),
        without_flags: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
        site: str | None = None,
        region: str | None = None,
        sort: Sort = "relevance",
        cursor: str | None = None,
    ) -> Results:
        """Look for a query (`archive.query`); clusters count once, with `expand` every article.

        `since` and `until` are dates like 2022, 2022-06 or 2022-06-30, both included. Raises `QueryError`.
        """
        filters = Filters(flags=flags, without_flags=without_flags, site=site, region=region, since=since, until=until)
        with self._reading():
            return search(self.db, query, limit=limit, expand=expand, filters=filters, sort=sort, cursor=cursor)

    def first_page(
        self, query: str, *, limit: int = 20, expand: bool = False, sort: Sort = "relevance",
        cursor: str | None = None, most: int = FIRST_PAGE_MOST, **filters: Any,
    ) -> tuple[Results, Facets]:  # fmt: skip
        """A page of hits and the facets of what was found, as quickly as may be.

        A query that finds more than `most` articles says so (`at_least`), and its facets are those of the newest. The
        filters are those of `search`. Raises `QueryError`.
        """
        narrowing = Filters(**filters)
        with self._reading():
            results = search(
                self.db, query, limit=limit, expand=expand, filters=narrowing, sort=sort, cursor=cursor, most=most
            )
            return results, count(self.db, results.found)

    def like(self, number: int, *, limit: int = 10) -> list[Hit]:
        """The articles most like one, copies left out; see `archive.like`."""
        with self._reading():
            return like(self.db, number, limit)

    def hospitals(self) -> list[str]:
        """The names of the hospitals, in order; `HOSPITALS_NAMED` of them at most."""
        sql = "select distinct value from names where field = 'hospital' order by value limit :most"
        with translated(self.path):
            return [name for (name,) in self.db.execute(sql, {"most": HOSPITALS_NAMED})]

    def suggestions(self, query: str) -> list[str]:
        """What to look for instead of a query that finds nothing; see `archive.suggest`."""
        with self._reading():
            return suggestions(self.db, query)

    def completions(self, typed: str) -> list[str]:
        """How a query that is being typed may go on; see `archive.suggest`."""
        with self._reading():
            return completions(self.db, typed)

    def frequent_terms(self) -> list[str]:
        """The terms that the newest titles share most."""
        with self._reading():
            return frequent(self.db)

    def newcomers(self, query: str, after: int, until: int, *, limit: int, latest: bool = False) -> list[Hit]:
        """What a query finds among the articles with a number above `after` and up to `until`, in their order.

        With `latest` the highest number first. Raises `QueryError`.
        """
        with self._reading():
            return newcomers(self.db, query, after, until, limit=limit, latest=latest)

    def newest_number(self) -> int:
        """The number of the article that came last; 0 when there is none."""
        with translated(self.path):
            return int(self.db.execute("select coalesce(max(id), 0) from articles").fetchone()[0])

    def cluster(self, number: int) -> Cluster | None:
        """The cluster that an article belongs to, or `None`."""
        with translated(self.path):
            return relations.cluster_of(self.db, number)

    def split(self, number: int, *, merge: int | None = None) -> Cluster | int:
        """Undo what brought an article into its cluster, or a merge by its number; for good.

        What came off is returned: a cluster, or the article that now stands alone.
        """
        with self.transaction():
            return relations.split(self.db, number) if merge is None else relations.undo(self.db, merge)

    def merges(self, cluster: int) -> list[Merge]:
        """What went into a cluster, and what was split off, the latest first."""
        with translated(self.path):
            return relations.merges(self.db, cluster)

    def facets(self, query: str, **filters: Any) -> Facets:
        """How the articles that a query finds spread over years, hospitals, regions, sites and so on.

        The filters are those of `search`. The most frequent first; every article counts, copies too.
        """
        with self._reading():
            return facets(self.db, query, Filters(**filters))

    def reindex(self, progress: Callable[[str], None] | None = None) -> int:
        """Index every article again, by today's rules, and say how many there were.

        In batches, each a transaction: a run that was ended goes on where it was, and searching goes on meanwhile.
        """
        count = 0
        total = self.counts()["articles"]
        with self.transaction() as batch:
            segments.drop_strays(batch.db)
        while True:
            with self.transaction() as batch:
                done = reindex_batch(batch.db)
            count += done
            if not done:
                return count
            if progress:
                progress(f"{count} of {total} articles")

    def relate_again(self, progress: Callable[[str], None] | None = None) -> int:
        """Relate every article again, by today's rules, and say how many there were. What a person split stays.

        In batches, each a transaction: a run that was ended goes on where it was. Until it is done, articles that it
        has not reached stand alone.
        """
        count = 0
        total = self.counts()["articles"]
        while True:
            with self.transaction() as batch:
                done = batch.relate_next()
            count += done
            if not done:
                return count
            if progress:
                progress(f"{count} of {total} articles")

    def counts(self) -> dict[str, int]:
        """How many captures, by outcome, and how many articles, revisions, rejections, clusters and WARC files."""
        with translated(self.path):
            outcomes = dict(self.db.execute("select outcome, count(*) from captures group by outcome").fetchall())
            tables = {
                name: self.db.execute(f"select count(*) from {name}").fetchone()[0]  # noqa: S608
                for name in ("captures", "articles", "revisions", "rejections", "warcs", "clusters")
            }
        kinds = {name: outcomes.get(name, 0) for name in ("new", "revision", "unchanged", "part", "rejection")}
        return tables | kinds | {"revisits": outcomes.get("revisit", 0)}

    def counts_by_site(self) -> dict[str, dict[str, Any]]:
        """For every site: captures, articles, rejections, revisits, and `newest`, the latest date of publication."""
        captures = """
            select site, count(*) captures, sum(outcome = 'rejection') rejections, sum(outcome = 'revisit') revisits
            from captures group by site
            """
        articles = "select site, count(*) articles, max(published_at) newest from articles group by site"
        with translated(self.path):
            counts = {row.pop("site"): {**row, "articles": 0, "newest": None} for row in self.db.query(captures)}
            for row in self.db.query(articles):
                counts.setdefault(row.pop("site"), {}).update(row)
        return counts

    def backup(self, target: Path) -> None:
        """Copy the archive as it is at this moment, while it may be in use, by SQLite's backup API."""
        partial = target.with_name(target.name + ".part")
        with translated(target):
            copy = sqlite3.connect(str(partial))
            try:
                self.db.conn.backup(copy)
                copy.execute("pragma journal_mode = delete")  # one file, whole in itself
                verdict = copy.execute("pragma quick_check").fetchone()[0]
            finally:
                copy.close()
        if verdict != "ok":
            raise ArchiveError(f"{target}: the copy is not sound ({verdict}); run `./yixun check`")
        partial.replace(target)

    # opening

    def _open_for_writing(self) -> Database:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"{self.path.parent}: {error.strerror}; name another folder with --data") from error
        self._lock = _locked(self.path)
        connection = sqlite3.connect(str(self.path), timeout=BUSY)
        db = Database(connection)
        db.execute("pragma synchronous = full")
        db.execute("pragma foreign_keys = on")
        return db

    def _open_readonly(self) -> Database:
        if not self.path.is_file():
            raise ArchiveError(f"{self.path}: there is no archive yet; `./yixun ingest` or `./yixun demo` makes one")
        uri = f"file:{quote(str(self.path.absolute()))}?mode=ro"
        wal = self.path.with_name(self.path.name + "-wal")
        if not wal.exists() and not os.access(self.path.parent, os.W_OK):
            uri += "&immutable=1"  # a read-only disk: nobody writes, and SQLite has no place for its shared memory
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY, check_same_thread=False)
        return Database(connection)

    def _prepare(self) -> None:
        """Check whose file it is and bring its schema up to date."""
        own = self.db.execute("pragma application_id").fetchone()[0]
        tables = self.db.execute("select count(*) from sqlite_master").fetchone()[0]
        if own != APPLICATION_ID and tables:
            raise ArchiveError(f"{self.path} is a database, but not of Yixun; name another folder with --data")
        applied = [step.name for step in MIGRATIONS.applied(self.db)]
        ours = {step.name for step in MIGRATIONS.pending(self.db)} | set(applied)
        unknown = [name for name in applied if name not in _step_names()]
        if unknown:
            raise ArchiveError(f"{self.path} was made by a newer Yixun (it has the step {unknown[-1]}); upgrade Yixun")
        if len(applied) < len(ours):
            if self.readonly:
                raise ArchiveError(f"{self.path} is of an older Yixun; `./yixun ingest` brings it up to date")
            self.db.enable_wal()
            MIGRATIONS.apply(self.db)

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()  # gives the lock back; the file stays, removing it would let two writers in
            self._lock = None


def _step_names() -> set[str]:
    return {step.name for step in MIGRATIONS.pending(Database(memory=True))}


def _locked(path: Path) -> IO[str]:
    """The writer's lock file, locked, with who holds it written into it."""
    file = path.with_name(path.name + ".lock")
    try:
        lock = file.open("a+", encoding="utf-8")
    except OSError as error:
        raise ArchiveError(
            f"{file} cannot be written ({error.strerror}); check who owns the folder and whether the disk is read-only"
        ) from error
    try:
        portalocker.lock(lock, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.LockException as error:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        lock.close()
        raise ArchiveError(f"{path} is being written by {holder}; wait until it has finished, or end it") from error
    try:
        lock.truncate(0)
        lock.write(f"process {os.getpid()} ({' '.join(Path(part).name for part in sys.argv[:2])})")
        lock.flush()
    except OSError:
        pass  # a full disk: the lock holds all the same, only the holder's name is missing
    return lock


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into `ArchiveError`s that name the file and the cure."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        cure = next((cure for sign, cure in _PROBLEMS if sign in said.lower()), "")
        raise ArchiveError(f"{path}: {cure or said}" + (f" ({said})" if cure else "")) from error


def _relation(relation: Relation) -> dict[str, Any]:
    return {"kind": relation.kind, "id": relation.id, "evidence": dict(relation.evidence)}


_VERSION = ("digest", *[name for name in EXPORTED_COLUMNS if name != "id"])


def _version(article: Article) -> dict[str, Any]:
    version = {name: getattr(article, name) for name in _VERSION}
    captured_at = article.captured_at.isoformat().replace("+00:00", "Z") if article.captured_at else None
    return {"captured_at": captured_at, **version}
