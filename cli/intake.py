"""What is handed to `ingest` from elsewhere: in come WARC files, saved pages and exported articles, out come WARC files
below the captures folder, ready to be archived.

A WARC file is copied as it is; pages and articles are written as WARC records. So the captures folder holds the whole
truth, and the archive can be made again from it. What was handed in before is not written again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import filecmp
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import annotated_types
from typing_extensions import TypedDict  # pydantic asks for this one below Python 3.12

from archive.ingest import ARTICLE_MIME, read_lines
from pipeline.errors import IngestError, WarcError
from pipeline.records import DataFolder, Site, site_of
from pipeline.warc import read_captures, scan
from spiders.captures import CaptureWriter, load_known, recover

SOFTWARE = "Yixun/0.1 ingest"
WARC_ENDINGS = (".warc", ".warc.gz")
PAGE_ENDINGS = (".html", ".htm", ".shtml", ".xhtml")
DESCRIPTION = "it may hold url, captured_at (ISO 8601), status (100 to 599) and headers (an object or pairs)"
Progress = Callable[[str], None]


class Description(TypedDict, total=False):
    """What may stand in the JSON beside a saved page; further keys are left alone."""

    url: str | None
    captured_at: datetime.datetime | None
    status: Annotated[int, annotated_types.Interval(ge=100, le=599)]
    headers: dict[str, str] | list[tuple[str, str]] | None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """A document that was handed in, with what is known of it."""

    site: str
    url: str
    captured_at: datetime.datetime
    path: Path | None = None  # of a page
    body: bytes = b""  # of an article
    mime: str = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] | None = None  # None: no HTTP answer is known


def collect(
    paths: Iterable[Path],
    data: DataFolder,
    sites: Mapping[str, Site],
    *,
    progress: Progress = lambda _: None,
    notice: Progress = lambda _: None,
) -> list[Path]:
    """Put what PATHS hold into the captures folder and name the WARC files to archive.

    Without paths: every WARC file that is there, after mending what a dead crawl has left, which `notice` is told.
    Raises `IngestError` for what is none of the kinds, before anything is written.
    """
    paths = list(paths)
    if not paths:
        return _waiting(data, notice)
    warcs, saved = _sort(paths, sites)
    for path in warcs:
        progress(f"checking {path.name}")
        _check_warc(path)
    found = [_keep_warc(path, data.captures) for path in warcs]
    return found + list(_keep_saved(saved, data.captures, progress))


def _check_warc(path: Path) -> None:
    """Refuse a file of which not even the first capture can be read: it would wait in the captures folder for ever."""
    seen = scan(path)
    if not seen.records:
        raise IngestError(f"{path}: not a WARC file: {seen.problem or 'it holds no record'}")
    try:
        next(read_captures(path), None)
    except WarcError as error:
        raise IngestError(str(error)) from error


def _waiting(data: DataFolder, notice: Progress) -> list[Path]:
    for folder in sorted(path for path in data.captures.glob("*") if path.is_dir()):
        for line in recover(folder):
            notice(f"{folder.name}: {line}")
    return sorted(path for ending in WARC_ENDINGS for path in data.captures.rglob(f"*{ending}"))


def _sort(paths: list[Path], sites: Mapping[str, Site]) -> tuple[list[Path], list[Saved]]:
    warcs: list[Path] = []
    saved: list[Saved] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(item for item in path.rglob("*") if item.is_file())
            warcs += [item for item in inside if item.name.endswith(WARC_ENDINGS)]
            pages = [item for item in inside if item.suffix.lower() in PAGE_ENDINGS]
            saved += [_page(item, path, sites) for item in pages]
            if not pages and not any(item.name.endswith(WARC_ENDINGS) for item in inside):
                raise IngestError(f"{path}: neither <site>/<page>.html nor WARC files in this folder")
        elif path.name.endswith(WARC_ENDINGS):
            warcs.append(path)
        elif path.suffix == ".jsonl":
            saved += _articles(path, sites)
        elif path.suffix.lower() in PAGE_ENDINGS:
            saved.append(_page(path, path.parent.parent, sites))
        else:
            raise IngestError(
                f"{path}: not a WARC file (.warc, .warc.gz), a saved page (.html), articles (.jsonl) or a folder"
            )
    return warcs, saved


def _page(path: Path, root: Path, sites: Mapping[str, Site]) -> Saved:
    below = path.relative_to(root)
    if len(below.parts) == 1:  # the folder itself is a site's
        below = Path(root.resolve().name) / below
    known = _description(path.with_suffix(".json"))
    url = known.get("url") or f"file:{below.as_posix()}"
    named = sites.get(below.parts[0]) or (site_of(url, sites) if known.get("url") else None)
    return Saved(
        site=named.name if named else below.parts[0],
        url=url,
        captured_at=known.get("captured_at") or _modified(path),
        path=path,
        mime="text/html",
        status=known.get("status", 200),
        headers=known.get("headers"),
    )


def _description(path: Path) -> dict[str, Any]:
    """What a page's JSON says: url, captured_at, status, headers, each checked."""
    if not path.exists():
        return {}
    import pydantic  # takes 60 ms: only when there is one

    try:
        known = pydantic.TypeAdapter(Description).validate_json(path.read_bytes())
        url, moment, headers = known.get("url"), known.get("captured_at"), known.get("headers")
        if url:
            _check_url(url)
        return {
            **known,
            "captured_at": _utc(moment) if moment else None,
            "headers": tuple(_pairs(headers)) if headers else None,
        }
    except pydantic.ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise IngestError(f"{path}: {place}: {fault['msg']}; {DESCRIPTION}") from error
    except (ValueError, OverflowError) as error:
        raise IngestError(f"{path}: {error}; {DESCRIPTION}") from error


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "file") or (parts.scheme != "file" and not parts.hostname):
        raise ValueError(f"url: {url!r} is no address of a page")
    parts.port  # noqa: B018  raises ValueError for what is none


def _pairs(headers: Any) -> Iterable[tuple[str, str]]:
    return headers.items() if isinstance(headers, dict) else headers


def _utc(moment: datetime.datetime) -> datetime.datetime:
    return moment.astimezone(datetime.UTC) if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _modified(path: Path) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(path.stat().st_mtime), datetime.UTC)


def _articles(path: Path, sites: Mapping[str, Site]) -> Iterator[Saved]:
    for fields in read_lines(path):
        named = site_of(fields["url"], sites)
        site = fields.get("site") or (named.name if named else path.stem)
        moment = _modified(path)
        with contextlib.suppress(ValueError, TypeError):  # the article's own word, when it is a time
            moment = (
                _utc(datetime.datetime.fromisoformat(fields["captured_at"])) if fields.get("captured_at") else moment
            )
        body = json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()
        yield Saved(site=_folder_name(site), url=fields["url"], captured_at=moment, body=body, mime=ARTICLE_MIME)


def _folder_name(site: str) -> str:
    """A site's name as one part of a path, whatever a foreign export calls it."""
    safe = (character if character.isprintable() and character not in "/\\" else "-" for character in site)
    return "".join(safe).lstrip(".") or "-"


def _keep_warc(path: Path, captures: Path) -> Path:
    """Copy a WARC file below the captures folder, unless it is there. Another file of that name gets its digest."""
    if captures.resolve() in path.resolve().parents:
        return path
    target = captures / path.name
    if target.exists() and not filecmp.cmp(path, target, shallow=False):
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        target = captures / f"{digest[:12]}-{path.name}"
    if not target.exists():
        captures.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        try:
            shutil.copyfile(path, part)
            with part.open("rb") as stream:
                os.fsync(stream.fileno())
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)
    return target


def _keep_saved(saved: list[Saved], captures: Path, progress: Progress) -> Iterator[Path]:
    by_site: dict[str, list[Saved]] = {}
    for one in saved:
        by_site.setdefault(one.site, []).append(one)
    for site, documents in by_site.items():
        progress(f"keeping {len(documents)} of {site}")
        folder = captures / site
        known = load_known(folder)
        with CaptureWriter(
            folder, site, started_at=datetime.datetime.now(datetime.UTC), software=SOFTWARE, known=known
        ) as writer:
            for document in documents:
                _write(document, writer)
        yield from sorted(folder.glob("*.warc.gz"))


def _write(document: Saved, writer: CaptureWriter) -> None:
    body = document.path.read_bytes() if document.path else document.body
    if writer.known and writer.known.holds(document.url, f"sha256:{hashlib.sha256(body).hexdigest()}"):
        return
    if document.headers is None:
        writer.write_resource(document.url, document.captured_at, document.mime, body)
    else:
        headers = [pair for pair in document.headers if pair[0].lower() not in ("content-encoding", "content-length")]
        writer.write_response(document.url, document.captured_at, document.status, "", headers, body)
