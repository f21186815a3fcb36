"""Writing: in comes a batch of records, out goes what became of each; one transaction of the caller's around it.

A capture is known by its place (WARC file and offset), a record that came without one by its URL and digest: what is
known changes nothing. A page is known by its normalised URL (`archive.rows.identity`) and shows the text of its newest
capture; every other text that it had is kept in `revisions`, whatever the order in which captures come in.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlite_utils import Database

from archive import index, parts, relations, segments
from archive.rows import article_row, identity, record_of, storable, timestamp
from pipeline.documents import Document, prepare_all
from pipeline.parts import join
from pipeline.records import Article, Capture, Rejection, Site

Outcome = Literal["new", "revision", "unchanged", "part", "rejection", "revisit", "known"]
Result = Article | Rejection | None  # None: a revisit, there was nothing to clean
Record = Article | Rejection | tuple[Capture, Result]
OLDER_TEXTS = 8  # of one article, the newest, by which a copy still finds it

_ARTICLE_COLUMNS = (
    "docid", "key", "site", "hospital", "url", "title", "published_at", "published_raw", "source", "author", "editor",
    "reviewer", "section", "text", "captured_at", "digest", "capture", "script", "cleaner", "details",
)  # fmt: skip
_INSERT_ARTICLE = (
    f"insert into articles ({', '.join(_ARTICLE_COLUMNS)}) "  # noqa: S608  the names above
    f"values ({', '.join(':' + name for name in _ARTICLE_COLUMNS)})"
)
_ASSIGNED = ", ".join(f"{name} = :{name}" for name in _ARTICLE_COLUMNS)
_UPDATE_ARTICLE = f"update articles set {_ASSIGNED} where id = :id"  # noqa: S608
_NAMED = ("hospital", "source", "author", "editor", "section")


@dataclasses.dataclass(slots=True)
class Batch:
    """One transaction's worth of records, written one after the other and related at the end."""

    db: Database
    sites: Mapping[str, Site]
    counts: Counter[str] = dataclasses.field(default_factory=Counter)
    changed: dict[int, Article] = dataclasses.field(default_factory=dict)  # whose current text is to be related
    revised: set[int] = dataclasses.field(default_factory=set)  # of these, who have had another text
    indexed: set[int] = dataclasses.field(default_factory=set)  # docids that are to be indexed
    gone: set[int] = dataclasses.field(default_factory=set)  # docids that the index has of old

    def add(self, record: Record) -> Outcome:
        """Write one record and say what became of it."""
        capture, result = record if isinstance(record, tuple) else (_capture_of(record), record)
        if isinstance(result, Article):
            result = _completed(result, capture)
        outcome = self._write(capture, result)
        self.counts[outcome] += 1
        return outcome

    def finish(self) -> None:
        """Relate what is new or changed to the rest of the archive."""
        new = [
            relations.New(id, article, official=self._official(article), changed=id in self.revised)
            for id, article in self.changed.items()
        ]
        if new:
            relations.relate_many(self.db, new, documents_of=self._documents)
        if self.indexed or self.gone:
            segments.update(self.db, self.indexed, self.gone)
        for noted in (self.changed, self.revised, self.indexed, self.gone):
            noted.clear()

    def relate_next(self, size: int = 500) -> int:
        """Relate the next articles of a rebuild (`archive.relations`), and say how many there were; 0: it is done."""
        reached = relations.begin_rebuild(self.db)
        sql = "select * from articles where id > :reached order by id limit :size"
        rows = list(self.db.query(sql, {"reached": reached, "size": size}))
        articles = [(row["id"], record_of(row)) for row in rows]
        new = [relations.New(id, article, official=self._official(article)) for id, article in articles]
        relations.rebuild_batch(self.db, new, documents_of=self._documents)
        return len(new)

    def _write(self, capture: Capture, result: Result) -> Outcome:
        if self._known(capture, result):
            return "known"
        if result is None or capture.kind == "revisit":
            self._write_capture(capture, "revisit", article=self._article_of(capture))
            return "revisit"
        if isinstance(result, Rejection):
            number = self._write_capture(capture, "rejection")
            self._write_rejection(result, capture, number)
            return "rejection"
        return self._write_article(capture, result)

    def _known(self, capture: Capture, result: Result) -> bool:
        if capture.warc:
            found = self.db.execute(
                "select 1 from captures where warc = :warc and offset = :offset and warc <> ''",
                {"warc": capture.warc, "offset": capture.offset},
            )
            return found.fetchone() is not None
        text_digest = result.digest if isinstance(result, Article) else ""
        found = self.db.execute(
            "select 1 from captures where url = :url and digest = :digest and text_digest = :text_digest and warc = ''",
            {"url": storable(capture.url), "digest": capture.digest, "text_digest": text_digest},
        )
        return found.fetchone() is not None

    def _article_of(self, revisit: Capture) -> int | None:
        """The article that an earlier capture of the same payload gave, that of the same page first."""
        row = self.db.execute(
            """
            select article from captures where digest = :digest and digest <> '' and article is not null
            order by url <> :url, id desc limit 1
            """,
            {"digest": revisit.digest, "url": storable(revisit.url)},
        ).fetchone()
        return row[0] if row else None

    def _write_capture(
        self, capture: Capture, outcome: Outcome, *, article: int | None = None, text_digest: str = ""
    ) -> int:
        row = {
            "site": capture.site,
            "url": storable(capture.url),
            "captured_at": timestamp(capture.captured_at),
            "status": capture.status,
            "mime": storable(capture.mime),
            "digest": capture.digest,
            "warc": capture.warc,
            "offset": capture.offset,
            "length": capture.length,
            "outcome": outcome,
            "article": article,
            "text_digest": text_digest,
        }
        cursor = self.db.execute(
            """
            insert into captures (site, url, captured_at, status, mime, digest, warc, offset, length, outcome, article,
              text_digest)
            values (:site, :url, :captured_at, :status, :mime, :digest, :warc, :offset, :length, :outcome, :article,
              :text_digest)
            """,
            row,
        )
        return int(cursor.lastrowid or 0)

    def _write_rejection(self, rejection: Rejection, capture: Capture, number: int) -> None:
        self.db.execute(
            """
            insert into rejections (capture, site, url, reason, detail, captured_at, digest, warc, offset)
            values (:capture, :site, :url, :reason, :detail, :captured_at, :digest, :warc, :offset)
            """,
            {
                "capture": number,
                "site": rejection.site or capture.site,
                "url": storable(rejection.url or capture.url),
                "reason": rejection.reason,
                "detail": storable(rejection.detail),
                "captured_at": timestamp(capture.captured_at),
                "digest": capture.digest,
                "warc": capture.warc,
                "offset": capture.offset,
            },
        )

    def _write_article(self, capture: Capture, article: Article) -> Outcome:
        page = identity(article.pages[0] if article.part else article.url)
        held = next(self.db.query("select * from articles where key = :key", {"key": page}), None)
        if held is None:
            return self._write_new(capture, article, page)
        if article.part:
            return self._write_part(capture, article, held)
        number = held["id"]
        parts.forget(self.db, number)
        if self._has_text(held, article.digest):
            capture_id = self._write_capture(capture, "unchanged", article=number, text_digest=article.digest)
            if article.digest != held["digest"] and timestamp(article.captured_at) > held["captured_at"]:
                self._replace(held, article, capture_id)  # the page went back to a text that it had before
            return "unchanged"
        capture_id = self._write_capture(capture, "revision", article=number, text_digest=article.digest)
        if timestamp(article.captured_at) >= held["captured_at"]:
            self._replace(held, article, capture_id)
        else:
            self._keep(number, article, capture_id)
            self._index_again(held["docid"])
            self.changed.setdefault(number, record_of(held))  # its older text is now found as a copy, too
        return "revision"

    def _write_new(self, capture: Capture, article: Article, page: str) -> Outcome:
        capture_id = self._write_capture(capture, "new", text_digest=article.digest)
        part, article = article, join([article]) if article.part else article
        docid = index.docid_for(self.db, article.published_at)
        row = article_row(article) | {"docid": docid, "key": page, "capture": capture_id}
        number = int(self.db.execute(_INSERT_ARTICLE, row).lastrowid or 0)
        self.db.execute("update captures set article = :article where id = :id", {"article": number, "id": capture_id})
        if part.part:
            parts.keep(self.db, number, part, capture_id)
        self._write_flags_and_names(number, article)
        self.indexed.add(docid)
        self.changed[number] = article
        return "new"

    def _write_part(self, capture: Capture, part: Article, held: dict[str, Any]) -> Outcome:
        """Write a page of an article that is spread over several: it continues the article, or changes it."""
        number = held["id"]
        if not parts.held(self.db, number):
            parts.begin(self.db, held, part.pages)
        before = parts.held(self.db, number)
        capture_id = self._write_capture(capture, "part", article=number, text_digest=part.digest)
        parts.keep(self.db, number, part, capture_id)
        now = parts.held(self.db, number)
        article = parts.joined(now)
        if part.part not in before:
            self._replace(held, article, now[min(now)]["capture"], keep=False)
            return "part"
        shown = now[part.part]["capture"] == capture_id
        if not shown:  # an older text of the page
            row = {"capture": capture_id, "digest": part.digest, "record": json.dumps(article_row(part))}
            article = parts.joined({**now, part.part: row})
        changed = not self._has_text(held, article.digest)
        self.db.execute(
            "update captures set outcome = :outcome where id = :id",
            {"outcome": "revision" if changed else "unchanged", "id": capture_id},
        )
        if shown and article.digest != held["digest"]:
            self._replace(held, article, now[min(now)]["capture"])
        elif changed:
            self._keep(number, article, capture_id)
            self._index_again(held["docid"])
            self.changed.setdefault(number, record_of(held))
        return "revision" if changed else "unchanged"

    def _has_text(self, held: Mapping[str, Any], digest: str) -> bool:
        if held["digest"] == digest:
            return True
        found = self.db.execute(
            "select 1 from revisions where article = :article and digest = :digest",
            {"article": held["id"], "digest": digest},
        )
        return found.fetchone() is not None

    def _replace(self, held: dict[str, Any], article: Article, capture_id: int, *, keep: bool = True) -> None:
        """Make this the current text of an article; the one that it had goes to its revisions, if it is to be kept."""
        number = held["id"]
        if keep:
            self._keep(number, record_of(held), held["capture"])
        self.db.execute(
            "delete from revisions where article = :article and digest = :digest",
            {"article": number, "digest": article.digest},
        )
        self.gone.add(held["docid"])
        row = article_row(article) | {"key": held["key"], "capture": capture_id, "id": number, "docid": held["docid"]}
        if article.published_at != held["published_at"]:
            row["docid"] = index.docid_for(self.db, article.published_at)
        self.db.execute(_UPDATE_ARTICLE, row)
        self._write_flags_and_names(number, article)
        self.indexed.add(row["docid"])
        self.changed[number] = article

    def _keep(self, number: int, article: Article, capture_id: int) -> None:
        self.revised.add(number)
        row = article_row(article)
        self.db.execute(
            """
            insert into revisions (article, captured_at, digest, capture, record)
            values (:article, :captured_at, :digest, :capture, :record)
            """,
            {
                "article": number,
                "captured_at": row["captured_at"],
                "digest": row["digest"],
                "capture": capture_id,
                "record": json.dumps(row, ensure_ascii=False),
            },
        )

    def _write_flags_and_names(self, number: int, article: Article) -> None:
        self.db.execute("delete from flags where article = :article", {"article": number})
        for name in {flag.name for flag in article.flags}:
            self.db.execute(
                "insert into flags (article, flag) values (:article, :flag)", {"article": number, "flag": name}
            )
        for field in _NAMED:
            if value := storable(getattr(article, field)):
                for form in {value, *(self._aliases(article) if field == "hospital" else ())}:
                    self.db.execute(
                        "insert or ignore into names (field, value, folded) values (:field, :value, :folded)",
                        {"field": field, "value": value, "folded": index.key(form)},
                    )

    def _aliases(self, article: Article) -> tuple[str, ...]:
        site = self.sites.get(article.site)
        return site.aliases if site and site.hospital == article.hospital else ()

    def _index_again(self, docid: int) -> None:
        self.gone.add(docid)
        self.indexed.add(docid)

    def _official(self, article: Article) -> bool:
        """Whether the page stands on a host that its hospital's own TOML names."""
        site = self.sites.get(article.site)
        if site is None or not site.hospital:
            return False
        host = identity(article.url).partition("://")[2].partition("/")[0]
        return not host or host in site.all_hosts or host.partition(":")[0] in site.all_hosts

    def _documents(self, numbers: Sequence[int]) -> dict[int, list[Document]]:
        """Every text of these articles as it is compared, prepared together."""
        texts = [(number, text) for number in numbers for text in versions(self.db, number)[: OLDER_TEXTS + 1]]
        found: dict[int, list[Document]] = {number: [] for number in numbers}
        for (number, _), document in zip(texts, prepare_all(text for _, text in texts), strict=True):
            found[number].append(document)
        return found


def _capture_of(record: Article | Rejection) -> Capture:
    """What a record that came alone says of its capture."""
    digest = record.capture_digest if isinstance(record, Article) else record.digest
    return Capture(
        site=record.site,
        url=record.url,
        captured_at=record.captured_at,  # type: ignore[arg-type]  # None is written as an empty time
        status=0,
        digest=digest,
        warc=record.warc,
        offset=record.offset,
    )


def _completed(article: Article, capture: Capture) -> Article:
    """The article with a text that can be stored, and with the time of its capture and a digest should it lack them."""
    changes: dict[str, Any] = {}
    if article.captured_at is None:
        changes["captured_at"] = capture.captured_at
    for name in ("title", "text"):
        if (stored := storable(getattr(article, name))) != getattr(article, name):
            changes[name] = stored
    if not article.digest:
        changes["digest"] = article.content_digest()
    return dataclasses.replace(article, **changes) if changes else article


def versions(db: Database, number: int) -> list[Article]:
    """Every text that an article had, the current one first, then the newest."""
    rows = list(db.query("select * from articles where id = :id", {"id": number}))
    older = db.query(
        "select record from revisions where article = :article order by captured_at desc, id desc", {"article": number}
    )
    return [record_of(row) for row in rows] + [record_of(json.loads(row["record"])) for row in older]


def reindex_batch(db: Database, most: int = 50_000) -> int:
    """Index the next articles again by today's rules and say how many there were; 0 when all are.

    How far it is stands in the settings: as rules and number, so that a change of the rules begins anew.
    """
    rules = index.version()
    begun, _, last = (index.setting(db, "index_rebuilt_to") or "").partition(" ")
    count, reached = segments.rebuild_next(db, int(last) if begun == rules else -1, most)
    index.write_setting(db, "index_rebuilt_to", f"{rules} {reached}" if count else "")
    if not count:
        for field, value, folded in db.execute("select field, value, folded from names").fetchall():
            db.execute(
                """
                update or replace names set folded = :again
                where field = :field and value = :value and folded = :folded
                """,
                {"field": field, "value": value, "folded": folded, "again": index.key(folded)},
            )
        index.write_setting(db, "index_version", rules)
    return count
