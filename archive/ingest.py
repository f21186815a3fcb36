"""WARC files into the archive: in come paths, out goes the count of what became of their captures.

Each capture is cleaned in a worker process and added in batches, one transaction a batch, keyed by WARC file and
offset. So a run that was killed anywhere goes on where it was, and a run that is repeated changes nothing; a file that
was read to its end is passed over without being opened.

Articles that come as such (from another archive's export) stand in the WARC files as resources of the type
`ARTICLE_MIME`; they pass repair and flags like any page.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from archive.database import Archive
from archive.rows import storable, timestamp
from pipeline.errors import IngestError, WarcError
from pipeline.records import Article, Capture, Link, Rejection, Site, site_of
from pipeline.workers import clean_all, rejected

ARTICLE_MIME = "application/vnd.yixun.article+json"
CHINA = datetime.timezone(datetime.timedelta(hours=8))
BATCH = 200  # captures in one transaction
REQUIRED = ("url", "text")
REPAIRED = ("title", "text", "source", "author", "editor", "reviewer", "section")
_PLAIN = ("url", "published_raw", "contributor", "hospital")

Progress = Callable[[str], None]
Record = tuple[Capture, Article | Rejection]


def ingest_warcs(
    paths: Iterable[Path],
    archive: Archive,
    sites: Mapping[str, Site],
    *,
    captures: Path,
    processes: int = 1,
    progress: Progress | None = None,
    problems: list[str] | None = None,
) -> Counter[str]:
    """Archive what the WARC files hold and count it by outcome.

    The outcomes: new, revision, unchanged, part, rejection, revisit, known.

    `captures` is the folder below which the files are known by their path. `progress` gets a line for each. A file
    that is no WARC or is damaged is archived as far as it can be read; the others follow. What was wrong is added to
    `problems`; without such a list the first of it is raised as a `WarcError` at the end.
    """
    readers: list[_Reader] = []
    records = _outcomes(_captures(paths, archive, captures, readers, sites), sites, processes)
    counts: Counter[str] = Counter()
    for batch in _batches(_told(records, progress)):
        counts += _add(archive, batch, readers)
    counts += _add(archive, [], readers)
    counts["known"] += sum(reader.known for reader in readers)
    _report([reader.problem for reader in readers if reader.problem], problems)
    return counts


def _told(records: Iterable[Record], progress: Progress | None) -> Iterator[Record]:
    for number, record in enumerate(records, 1):
        if progress:
            progress(f"{record[0].warc}: {number} captures")
        yield record


def _report(found: list[WarcError], problems: list[str] | None) -> None:
    if problems is not None:
        problems += [str(error) for error in found]
    elif found:
        raise found[0]


@dataclasses.dataclass(slots=True)
class _Reader:
    """What is known of a file while it is read. A damage ends it; what was read before is archived all the same."""

    path: Path
    name: str  # below the captures folder
    size: int = 0  # bytes
    read: int = 0  # captures, of which …
    known: int = 0  # … so many were archived before
    waiting: int = 0  # … and so many are not yet
    ended: bool = False
    problem: WarcError | None = None

    @property
    def finished(self) -> bool:
        """Whether all that the file holds is archived."""
        return self.ended and not self.waiting and self.problem is None

    def captures(self, root: Path, offsets: Container[int], sites: Mapping[str, Site]) -> Iterator[Capture]:
        """The captures that the archive lacks; it has those at `offsets`.

        A capture that came from elsewhere is called by its host: it gets the name of the site that the host is of.
        """
        from pipeline.warc import read_captures

        try:
            self.size = self.path.stat().st_size
            for capture in read_captures(self.path, root=root):
                self.read += 1
                if capture.offset in offsets:
                    self.known += 1
                else:
                    self.waiting += 1
                    named = None if capture.site in sites else site_of(capture.url, sites)
                    yield dataclasses.replace(capture, site=named.name) if named else capture
        except OSError as error:
            self.problem = WarcError(f"{self.path}: {error.strerror}; name a file that can be read")
        except WarcError as error:
            self.problem = error
        self.ended = True


def _captures(
    paths: Iterable[Path], archive: Archive, root: Path, readers: list[_Reader], sites: Mapping[str, Site]
) -> Iterator[Capture]:
    """The captures of all files that the archive lacks. A file that was read to its end is not opened."""
    for path in dict.fromkeys(paths):
        reader = _Reader(path, place_of(path, root))
        readers.append(reader)
        finished = _finished(archive, reader.name)
        if finished is not None and path.is_file() and path.stat().st_size == finished[0]:
            reader.known = finished[1]
        else:
            yield from reader.captures(root, _offsets(archive, reader.name), sites)


def _add(archive: Archive, records: list[Record], readers: list[_Reader]) -> Counter[str]:
    """Write a batch, and with it that the files it completes are done."""
    by_name = {reader.name: reader for reader in readers if reader.waiting}
    with archive.transaction() as batch:
        for capture, result in records:
            batch.add((capture, result))
            by_name[capture.warc].waiting -= 1
        for reader in readers:
            if reader.finished:
                _note(batch.db, reader)
    for reader in readers:
        reader.ended = reader.ended and not reader.finished  # noted once
    return batch.counts


def place_of(path: Path, captures: Path) -> str:
    """The path of a WARC file below the captures folder, as `Capture.warc` has it; as given when it is elsewhere."""
    try:
        return path.resolve().relative_to(captures.resolve()).as_posix()
    except ValueError:
        return str(path)


def _finished(archive: Archive, name: str) -> tuple[int, int] | None:
    row = archive.db.execute("select size, records from warcs where file = :file", {"file": name}).fetchone()
    return (row[0], row[1]) if row else None


def _offsets(archive: Archive, name: str) -> set[int]:
    rows = archive.db.execute("select offset from captures where warc = :warc and warc <> ''", {"warc": name})
    return {offset for (offset,) in rows}


def _note(db: Database, reader: _Reader) -> None:
    db.execute(
        "insert or replace into warcs (file, size, records, finished_at) values (:file, :size, :records, :now)",
        {
            "file": reader.name,
            "size": reader.size,
            "records": reader.read,
            "now": timestamp(datetime.datetime.now(datetime.UTC)),
        },
    )


def _outcomes(captures: Iterable[Capture], sites: Mapping[str, Site], processes: int) -> Iterator[Record]:
    """Each capture with what the cleaner made of it; their bodies are let go."""
    for capture, result in clean_all(captures, sites, processes=processes, cleaner=clean_record):
        yield dataclasses.replace(capture, body=b"", headers=()), result


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def clean_record(capture: Capture, site: Site) -> Article | Rejection:
    """What a worker does with one capture: a page is cleaned, an article that came as such repaired and judged.

    A revisit has nothing to clean; its rejection is not looked at.
    """
    if capture.kind == "revisit":
        return rejected(capture, "revisit", "")
    if capture.mime.partition(";")[0].strip().lower() != ARTICLE_MIME:
        from pipeline.clean import clean

        return clean(capture, site)
    article = article_from_export(json.loads(capture.body), site)
    return dataclasses.replace(
        article,
        site=capture.site,
        captured_at=article.captured_at or capture.captured_at,
        capture_digest=capture.digest,
        warc=capture.warc,
        offset=capture.offset,
    )


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The articles of a `.jsonl` file, one JSON object a line, each with the fields of an export.

    Raises `IngestError`, naming file and line, for a line that is no article; read it through once before writing
    anything.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _checked(line, f"{path}: line {number}")
    except OSError as error:
        raise IngestError(f"{path}: {error.strerror}; name a file that can be read") from error


def _checked(line: bytes, place: str) -> dict[str, Any]:
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise IngestError(f"{place}: not JSON ({error}); a line is one article, as `export --nl` writes it") from error
    if not isinstance(fields, dict):
        raise IngestError(f"{place}: not an object; each line is one article, as `export --nl` writes it")
    for name in REQUIRED:
        if not isinstance(fields.get(name), str):
            raise IngestError(f"{place}: {name} is missing; an article needs url and text")
    if not fields["url"].strip() or not (fields["text"].strip() or str(fields.get("title") or "").strip()):
        raise IngestError(f"{place}: url, or both title and text, are empty; an article needs them")
    return fields


def article_from_export(fields: Mapping[str, Any], site: Site | None) -> Article:
    """An article from the fields of an export, repaired and judged anew.

    Fields that are derived (flags, repairs, cluster, digest …) are made again. Raises `IngestError` when url or text is
    missing.
    """
    from pipeline.clean import CLEANER
    from pipeline.fold import script_of
    from pipeline.quality import judge
    from pipeline.repair import assess, repair
    from pipeline.repeat import drop_repeats

    for name in REQUIRED:
        if not isinstance(fields.get(name), str):
            raise IngestError(f"{fields.get('url', 'an article')}: {name} is missing; needed: url and text")
    lines, repeats = drop_repeats(_text(fields, "text").split("\n"))
    printed = {name: _text(fields, name) for name in REPAIRED} | {"text": "\n".join(lines)}
    damage = assess("\n".join(printed.values()))
    repaired = {name: repair(text, damage=damage) for name, text in printed.items()}
    texts: dict[str, Any] = {name: _text(fields, name) for name in _PLAIN} | {
        name: one.text for name, one in repaired.items()
    }
    if site and not texts["hospital"]:
        texts["hospital"] = site.hospital
    article = Article(
        **texts,
        site=_text(fields, "site") or (site.name if site else ""),
        published_at=_published_at(fields.get("published_at")),
        captions=tuple(str(caption) for caption in _list(fields.get("captions"))),
        attachments=tuple(_link(link) for link in _list(fields.get("attachments"))),
        script=script_of(repaired["text"].text),
        repairs={name: one for name, one in repaired.items() if one.removed or one.spots},
        cut=tuple(dataclasses.replace(one, rule=f"repeat:{one.rule}") for one in repeats),
        cleaner=CLEANER,
        captured_at=_moment(fields.get("captured_at")),
    )
    judged = judge(article, site)
    return dataclasses.replace(judged, digest=judged.content_digest())


def _text(fields: Mapping[str, Any], name: str) -> str:
    """A field as a text that can be stored; JSON may hold halves of surrogate pairs."""
    value = fields.get(name)
    return "" if value is None else storable(str(value))


def _published_at(value: Any) -> str | None:
    """ISO 8601 as the archive has it: a bare date, or a time of day with its offset (+08:00 when none is given)."""
    if not isinstance(value, str):
        return None
    try:
        if len(value) == len("2022-08-22"):
            return datetime.date.fromisoformat(value).isoformat()
        moment = datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).isoformat()


def _moment(value: Any) -> datetime.datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _link(value: Any) -> Link:
    if isinstance(value, dict):
        return Link(url=str(value.get("url") or ""), title=str(value.get("title") or ""))
    return Link(url=str(value))
