"""Check the archive: in come a database and the captures folder, out go findings, none when all is well.

Each finding says what is wrong, where, and what helps. What is checked:

- the database is sound, and every reference in it leads somewhere
- captures = new + revision + unchanged + part + rejection + revisit, and the other tables hold as many rows
- every article is in the search index once, and nothing else is
- relations and clusters fit together (`archive.relations.verify`)
- every WARC file is there and whole to its last byte, and holds each record where the archive says, with its digest
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from archive import index, relations, segments
from archive.database import Archive, translated
from pipeline.errors import WarcError
from pipeline.records import Capture
from pipeline.warc import read_captures, scan

Finding = dict[str, str]  # finding, where, cure
SHOWN = 20  # findings of one kind in one file

INGEST = "run `./yixun ingest`"
REBUILD = "put back a backup, or move the archive away and run `./yixun ingest` on the captures folder"
REINDEX = "run `./yixun index --rebuild`"
RESTORE = "put the file back from a copy"


def check_archive(
    archive: Archive, captures: Path, *, progress: Callable[[str], None] | None = None
) -> Iterator[Finding]:
    """Everything that is wrong, as it is found. `progress` gets a line for each part and file."""
    report = progress or _silent
    report("database")
    with translated(archive.path):
        yield from check_database(archive)
        report("counts")
        yield from check_counts(archive)
        report("search index")
        yield from check_index(archive)
        report("relations")
        for sentence in relations.verify(archive.db):
            yield _finding(sentence, "relations", REBUILD)
        files = archive.db.execute("select warc, count(*) from captures where warc <> '' group by warc").fetchall()
    for name, _ in files:
        report(name)
        yield from check_file(archive, captures, name)


def _silent(_: str) -> None:
    """Nobody wants to know."""


def _finding(finding: str, where: str, cure: str) -> Finding:
    return {"finding": finding, "where": where, "cure": cure}


def check_database(archive: Archive) -> Iterator[Finding]:
    """SQLite's own check of the pages of the file, and of the references between the tables."""
    for (line,) in archive.db.execute("pragma quick_check").fetchall():
        if line != "ok":
            yield _finding(f"the database is damaged: {line}", archive.path.name, REBUILD)
    for table, row, parent, _ in archive.db.execute("pragma foreign_key_check").fetchall():
        yield _finding(f"row {row} refers to a row of {parent} that is not there", table, REBUILD)


def check_counts(archive: Archive) -> Iterator[Finding]:
    """Nothing vanishes: every capture became something, and what it became is there."""
    counts = archive.counts()
    new, revision = counts["new"], counts["revision"]
    became = new + revision + counts["unchanged"] + counts["part"] + counts["rejection"] + counts["revisits"]
    for name, found, wanted in (
        ("captures", counts["captures"], became),
        ("articles", counts["articles"], new),
        ("revisions", counts["articles"] + counts["revisions"], new + revision),
        ("rejections", counts["rejections"], counts["rejection"]),
    ):
        if found != wanted:
            yield _finding(f"there are {found}, by the captures it should be {wanted}", name, REBUILD)
    for file, records, held in archive.db.execute(
        """
        select w.file, w.records, count(c.id) from warcs w left join captures c on c.warc = w.file and c.warc <> ''
        group by w.file having w.records <> count(c.id)
        """
    ).fetchall():
        yield _finding(f"{held} of its {records} captures are archived", file, REBUILD)


def check_index(archive: Archive) -> Iterator[Finding]:
    """Every article stands in the search index once, by today's rules, and nothing else does."""
    if index.setting(archive.db, "index_version") != index.version():
        yield _finding("the search index was made by other rules of folding", "index", REINDEX)
    lost, stray = segments.lost_and_stray(archive.db)
    if lost or stray:
        said = f"{len(lost)} articles are not in the index, {len(stray)} entries are of none"
        yield _finding(said, "index_segments", REINDEX)


def check_file(archive: Archive, captures: Path, name: str) -> Iterator[Finding]:
    """One WARC file against what the archive says of it."""
    path = captures / name
    if not path.is_file():
        yield _finding("the WARC file is not there", name, RESTORE)
        return
    problem = scan(path).problem
    if problem:
        yield _finding(f"the WARC file is damaged: {problem}", name, RESTORE)
    known = dict(
        archive.db.execute(
            "select offset, digest from captures where warc = :warc and warc <> ''", {"warc": name}
        ).fetchall()
    )
    shown = 0
    for finding in _compared(path, captures, name, known):
        shown += 1
        if shown <= SHOWN:
            yield finding
    if shown > SHOWN:
        yield _finding(f"{shown - SHOWN} more of the kind", name, RESTORE)


def _compared(path: Path, captures: Path, name: str, known: dict[int, str]) -> Iterator[Finding]:
    """What the file and the archive say differently; `known` are the archive's digests by offset."""
    left = dict(known)
    try:
        for capture in read_captures(path, root=captures):
            where = f"{name}: offset {capture.offset}"
            digest = left.pop(capture.offset, None)
            if digest is None:
                yield _finding("a capture is not archived", where, INGEST)
            elif digest != capture.digest:
                yield _finding(f"the record has the digest {capture.digest}, the archive {digest}", where, RESTORE)
            elif not payload_fits(capture):
                yield _finding("the payload is not that of its digest", where, RESTORE)
    except WarcError as error:
        yield _finding(str(error), name, RESTORE)
    for offset in left:
        yield _finding("the archive has a capture here that the file has not", f"{name}: offset {offset}", RESTORE)


def payload_fits(capture: Capture) -> bool:
    """Whether the payload hashes to its digest, where that can be told: it must be as stored, whole and unencoded.

    A compressed payload is vouched for by the checksum of its gzip member, which the strict scan has read.
    """
    encoded = capture.header("content-encoding") or capture.header("transfer-encoding")
    if capture.kind == "revisit" or encoded or capture.truncated or not capture.digest.startswith("sha256:"):
        return True
    return capture.digest == "sha256:" + hashlib.sha256(capture.body).hexdigest()
