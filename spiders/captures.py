"""Keep what was fetched: in go responses, out come `.warc.gz` files with a CDXJ index beside each.

The order is what makes it safe: a record is built whole in memory, appended by one write, its length checked, synced;
then its index line, synced; only then is the page captured. A file is called `.open` until it is closed. What a dead
process left is mended by `recover`.

    data/captures/mengyin/mengyin-20261121020000-3fa1c.warc.gz
    data/captures/mengyin/mengyin-20261121020000-3fa1c.cdxj
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import errno
import fcntl
import functools
import hashlib
import http
import io
import json
import os
import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal

from pipeline.errors import WarcError
from pipeline.records import Capture
from pipeline.warc import LISTED_DATE, LISTED_ON, VERDICT, read_capture, read_captures, scan

MAXIMUM_FILE = 1024**3  # bytes, after which the next file is begun (the WARC guidelines advise 1 GB)
LONGEST_VALIDATOR = 512  # characters of an ETag that is kept; longer ones are not asked with
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
RECONSTRUCTION = (
    "HTTP header blocks are reconstructed from what the HTTP client hands on: the reason phrase, the case and order of "
    "names and Transfer-Encoding are not the wire's. Bodies are byte for byte as received, content encoding included, "
    "after chunking was undone."
)
# Answers that say nothing about the page: it is asked for again by the next crawl.
PASSING = frozenset({401, 403, 407, 408, 412, 418, 425, 429, 451, 521})
HOPS = 5  # redirects followed when asking whether a page is had
# Fields of a record's header that its index line repeats, and under which key.
EXTRA = {"WARC-Truncated": "truncated", LISTED_ON: "listed-on", LISTED_DATE: "listed-date", VERDICT: "verdict"}
LONGEST_FIELD = 300  # characters of a date or verdict that is kept
Headers = Iterable[tuple[str | bytes, str | bytes]]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class CaptureRef:
    """Where a capture was put."""

    url: str
    captured_at: datetime.datetime
    kind: Literal["response", "revisit", "resource"]
    digest: str
    filename: str
    offset: int
    length: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """How the crawler came to a page: the list page, and the date that it printed beside the link."""

    url: str
    date: str = ""  # as printed


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class KnownPage:
    """What is known of a URL: its last capture, and where its payload is."""

    captured_at: datetime.datetime
    first_at: datetime.datetime  # the first capture that told something about the page
    status: int
    digest: str
    etag: str = ""
    last_modified: str = ""
    location: str = ""  # where it redirected to
    truncated: str = ""  # why the body ends early
    listing: Listing | None = None  # of an article that was found on a list
    filename: str = ""  # of the record that holds the payload
    offset: int = 0
    payload_at: datetime.datetime | None = None  # when that record was captured


class Known:
    """What the captures of one site hold, by URL. `load_known` reads it, a writer keeps it up to date."""

    def __init__(self) -> None:
        self._pages: dict[str, KnownPage] = {}
        self._payloads: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self._pages)

    def page(self, url: str) -> KnownPage | None:
        """The last capture of a URL that told something about the page."""
        return self._pages.get(url)

    def items(self) -> Iterator[tuple[str, KnownPage]]:
        """Every URL with what is known of it."""
        yield from self._pages.items()

    def holds(self, url: str, digest: str) -> bool:
        """Whether some capture of this URL has the payload of this digest."""
        return (url, digest) in self._payloads

    def had(self, url: str) -> bool:
        """Whether a page is kept and need not be fetched again. A redirect is had when its target is."""
        for _ in range(HOPS + 1):
            page = self._pages.get(url)
            if page is None:
                return False
            if not page.location:
                return True
            url = page.location
        return True  # a loop of redirects: asking again tells nothing new

    def note(self, fields: Mapping[str, str], captured_at: datetime.datetime) -> None:
        """Take in one CDXJ line's fields."""
        url, status = fields.get("url", ""), int(fields.get("status") or 0)
        self._payloads.add((url, fields.get("digest", "")))
        before = self._pages.get(url)
        if not url or status >= 500 or status in PASSING or fields.get("verdict"):
            return
        if before is not None and (captured_at, fields.get("filename", "")) < (before.captured_at, before.filename):
            return
        revisit = fields.get("mime") == "warc/revisit"
        if revisit and before is None:
            return  # its payload is in no file that is here
        same = revisit and before is not None
        listing = Listing(url=fields.get("listed-on", ""), date=fields.get("listed-date", ""))
        self._pages[url] = KnownPage(
            captured_at=captured_at,
            first_at=before.first_at if before else captured_at,
            status=before.status if same and before else status,
            digest=before.digest if same and before else fields.get("digest", ""),
            etag=fields.get("etag", "") or (before.etag if same and before else ""),
            last_modified=fields.get("last-modified", "") or (before.last_modified if same and before else ""),
            location=fields.get("location", ""),
            truncated=fields.get("truncated", ""),
            listing=listing if listing.url else (before.listing if before else None),
            filename=before.filename if same and before else fields.get("filename", ""),
            offset=before.offset if same and before else int(fields.get("offset") or 0),
            payload_at=before.payload_at if same and before else captured_at,
        )

    def payload(self, url: str, folder: Path) -> Capture | None:
        """The capture that holds a URL's payload, read from its WARC; None when it cannot be read."""
        page = self._pages.get(url)
        if page is None or not page.filename:
            return None
        for path in (folder / page.filename, folder / f"{page.filename}.open"):
            if path.exists():
                try:
                    return read_capture(path, page.offset)
                except WarcError:
                    return None
        return None


def load_known(folder: Path) -> Known:
    """Read a site's CDXJ files, the open ones of a running crawl as well. A folder that is not there knows nothing."""
    known = Known()
    for path in sorted([*folder.glob("*.cdxj"), *folder.glob("*.cdxj.open")], key=lambda path: path.name):
        lines = []
        with path.open("rb") as stream:
            for line in stream:
                with contextlib.suppress(ValueError, IndexError):  # a torn last line
                    lines.append(_read_line(line))
        for captured_at, fields in sorted(lines, key=lambda item: (item[0], int(item[1].get("offset") or 0))):
            known.note(fields, captured_at)
    return known


def _read_line(line: bytes) -> tuple[datetime.datetime, dict[str, str]]:
    text = line.decode("utf-8", "replace")
    at = text.index(" {")
    stamp = text[:at].rsplit(" ", 1)[1]
    captured_at = datetime.datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=datetime.UTC)
    return captured_at, json.loads(text[at:])


class CaptureWriter:
    """Writes the captures of one crawl of one site: a context manager.

    `folder` is the site's folder below `captures/` and is made when the first page comes. With `known`, a payload that
    the same URL had before becomes a `revisit`. Every write raises `WarcError` when the disk does not take it; the
    files are then as they were before.
    """

    def __init__(
        self,
        folder: Path,
        site: str,
        *,
        started_at: datetime.datetime,
        software: str,
        known: Known | None = None,
        robots: str = "obey",
    ) -> None:
        self.folder, self.site, self.known = folder, site, known
        self.software, self.robots = software, robots
        self.filenames: list[str] = []  # of the files begun, without `.open`
        self._started_at = started_at
        self._warc = self._cdxj = -1  # file descriptors
        self._size = self._cdxj_size = 0
        self._name = ""
        self._broken = False

    def __enter__(self) -> CaptureWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write_response(
        self,
        url: str,
        captured_at: datetime.datetime,
        status: int,
        reason: str,
        headers: Headers,
        body: bytes,
        truncated: str = "",
        *,
        listing: Listing | None = None,
        verdict: str = "",
    ) -> CaptureRef:
        """Keep one HTTP response. `body` is as received: free of chunking, still in its content encoding.

        `truncated` is why the body ends early: length, time or disconnect. An empty `reason` is filled in. `listing`
        is how the page was found and `verdict` why it is not the site's own; both go into the record's header.
        """
        url = _uri(url)
        pairs = [(_line(name), _line(value)) for name, value in headers]
        pairs = [(name, value) for name, value in pairs if name and name.lower() != b"transfer-encoding"]
        head = b"HTTP/1.1 %d %s\r\n" % (status, _line(reason or _phrase(status)))
        head += b"".join(b"%s: %s\r\n" % pair for pair in pairs) + b"\r\n"
        digest = _digest(body)
        before = self.known.page(url) if self.known else None
        fields = {"Content-Type": "application/http; msgtype=response"}
        if truncated:
            fields["WARC-Truncated"] = truncated
        fields |= _own_fields(listing, verdict)
        profile = self._profile(before, status, digest, body)
        if profile and before is not None:
            fields["WARC-Profile"] = profile
            fields["WARC-Refers-To-Target-URI"] = url
            fields["WARC-Refers-To-Date"] = _date(before.payload_at or before.captured_at)
            return self._keep("revisit", url, captured_at, before.digest, head, fields, status, pairs)
        return self._keep("response", url, captured_at, digest, head + body, fields, status, pairs)

    def write_resource(self, url: str, captured_at: datetime.datetime, mime: str, body: bytes) -> CaptureRef:
        """Keep a document of which no HTTP answer is known: a saved page, an article that was handed in."""
        url = _uri(url)
        fields = {"Content-Type": mime or "application/octet-stream"}
        pairs = [(b"content-type", _line(mime))]
        return self._keep("resource", url, captured_at, _digest(body), body, fields, 0, pairs)

    @staticmethod
    def _profile(before: KnownPage | None, status: int, digest: str, body: bytes) -> str:
        if before is None or not before.filename:
            return ""
        if status == http.HTTPStatus.NOT_MODIFIED:
            return NOT_MODIFIED
        return SAME_PAYLOAD if body and before.digest == digest and before.status == status else ""

    def _keep(
        self,
        kind: Literal["response", "revisit", "resource"],
        url: str,
        captured_at: datetime.datetime,
        digest: str,
        block: bytes,
        fields: Mapping[str, str],
        status: int,
        pairs: list[tuple[bytes, bytes]],
    ) -> CaptureRef:
        if self._size > MAXIMUM_FILE:
            self.close()
            self._started_at = captured_at
        if self._warc < 0:
            self._open()
        if self._broken:
            raise WarcError(f"{self._path}: a write failed before and could not be undone; run the crawl again")
        member = _member(kind, url, captured_at, digest, block, fields)
        extra = {key: fields[name] for name, key in EXTRA.items() if fields.get(name)}
        offset = self._append(self._warc, member, self._size)
        line = cdxj_line(
            url=url,
            captured_at=captured_at,
            kind=kind,
            status=status,
            digest=digest,
            length=len(member),
            offset=offset,
            filename=self._name,
            headers=pairs,
            extra=extra,
        )
        try:
            self._append(self._cdxj, line, self._cdxj_size)
        except WarcError:
            self._undo(self._warc, offset)  # a record without its line would be fetched again and stand twice
            raise
        self._size, self._cdxj_size = offset + len(member), self._cdxj_size + len(line)
        if self.known is not None:
            self.known.note(_read_line(line)[1], captured_at.replace(microsecond=0))
        return CaptureRef(
            url=url,
            captured_at=captured_at,
            kind=kind,
            digest=digest,
            filename=self._name,
            offset=offset,
            length=len(member),
        )

    @property
    def _path(self) -> Path:
        return self.folder / f"{self._name}.open"

    def _open(self) -> None:
        stamp = _stamp(self._started_at)
        stem = f"{self.site}-{stamp}-{secrets.token_hex(3)[:5]}"
        self._name = f"{stem}.warc.gz"
        index = self.folder / f"{stem}.cdxj.open"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder):  # so that `recover` never sees a file before its lock
                self._warc = os.open(self._path, flags, 0o644)
                fcntl.flock(self._warc, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._cdxj = os.open(index, flags, 0o644)
            _sync_folder(self.folder)
        except OSError as error:
            self._discard()
            raise _refused(self.folder, error) from error
        self._size = self._cdxj_size = 0
        try:
            info = _info(self._name, self._started_at, self.software, self.robots, self.site)
            self._append(self._warc, info, 0)
            self._size = len(info)
        except WarcError:
            self._discard()
            raise
        self.filenames.append(self._name)

    def _discard(self) -> None:
        """Leave no file behind that holds nothing."""
        for descriptor in (self._warc, self._cdxj):
            if descriptor >= 0:
                os.close(descriptor)
        self._warc = self._cdxj = -1
        for name in (f"{self._name}.open", f"{self._name.removesuffix('.warc.gz')}.cdxj.open"):
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()

    def _append(self, descriptor: int, data: bytes, start: int) -> int:
        """One write at the end, all or nothing, and on the disk when it returns the offset."""
        try:
            if os.write(descriptor, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        except OSError as error:
            self._undo(descriptor, start)
            raise _refused(self.folder, error) from error
        return start

    def _undo(self, descriptor: int, size: int) -> None:
        try:
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)
        except OSError:
            self._broken = True  # `recover` cuts the torn tail

    def close(self) -> None:
        """Close the files and give them their names. Files with a torn tail stay `.open` for `recover`."""
        if self._warc < 0:
            return
        index = self.folder / f"{self._name.removesuffix('.warc.gz')}.cdxj"
        try:
            if self._cdxj_size == 0 and not self._broken:
                self._discard()  # nothing was captured
                self.filenames.remove(self._name)
                return
            if not self._broken:
                _seal(self._path, index)
        except OSError as error:
            raise _refused(self.folder, error) from error
        finally:
            for descriptor in (self._warc, self._cdxj):
                if descriptor >= 0:
                    os.close(descriptor)
            self._warc = self._cdxj = -1


def cdxj_line(
    *,
    url: str,
    captured_at: datetime.datetime,
    kind: str,
    status: int,
    digest: str,
    length: int,
    offset: int,
    filename: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """One line of the index, as UTF-8 with its line feed: urlkey (SURT), timestamp and a JSON object of strings.

    Beside the usual fields it holds what the next crawl asks with: `etag` and `last-modified`, `location` of a
    redirect, and `extra`, the fields of `EXTRA` that the record's header has. All of it is made again from the WARC.
    """
    first: dict[bytes, bytes] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)
    url = _uri(url)
    mime = "warc/revisit" if kind == "revisit" else _plain(first.get(b"content-type", b"")).partition(";")[0].strip()
    fields = {
        "url": url,
        "mime": mime.lower() or "unk",
        "status": str(status) if status else "-",
        "digest": digest,
        "length": str(length),
        "offset": str(offset),
        "filename": filename,
    }
    if status == 0:
        del fields["status"]  # a saved page has none
    for key in ("etag", "last-modified"):
        validator = _plain(first.get(key.encode(), b""))
        if validator and len(validator) <= LONGEST_VALIDATOR:
            fields[key] = validator
    if 300 <= status < 400 and status != http.HTTPStatus.NOT_MODIFIED and first.get(b"location"):
        fields["location"] = _join(url, _plain(first[b"location"]))
    fields |= extra or {}
    return f"{urlkey(url)} {_stamp(captured_at)} {json.dumps(fields, ensure_ascii=False)}\n".encode("utf-8", "replace")


def urlkey(url: str) -> str:
    """The SURT of a URL, the key of CDXJ: `cn,mengyin)/2022/0822/12.html`."""
    try:
        key = _surt()(url)
    except Exception:  # the canonicaliser knows http; a URL that it cannot read is its own key
        key = url.lower()
    return "".join(key.split()) or "-"


@functools.cache
def _surt():  # type: ignore[no-untyped-def]
    from surt import surt  # takes 0.2 s, most of it the list of public suffixes

    return surt


def recover(folder: Path) -> list[str]:
    """Mend what a dead process left in a site's folder, and say in words what was done.

    An `.open` file that no living process holds is scanned strictly, its torn tail is cut and kept beside it as
    `.torn`, the index is made again from the WARC, and both get their names. Running it twice changes nothing.
    """
    mended: list[str] = []
    if not folder.is_dir():
        return mended
    try:
        with _locked(folder):
            for path in sorted(folder.glob("*.warc.gz.open")):
                mended += _mend(path)
            for path in sorted(folder.glob("*.cdxj.open")):
                if not (folder / f"{path.name.removesuffix('.cdxj.open')}.warc.gz.open").exists():
                    path.unlink()  # its WARC is closed and has its index, or never held a page
    except OSError as error:
        raise _refused(folder, error) from error
    return mended


def _mend(path: Path) -> list[str]:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return []  # a crawl is writing it
        size = path.stat().st_size
        found = scan(path) if size else None
        name = path.name.removesuffix(".open")
        index = path.with_name(f"{name.removesuffix('.warc.gz')}.cdxj")
        said = []
        good = found.good_bytes if found else 0
        if good < size:
            _set_aside(path, good)
            os.ftruncate(descriptor, good)
            os.fsync(descriptor)
            said.append(f"{name}: cut {size - good} torn bytes from its end, kept as {name}.torn")
        if found is None or found.records <= 1:  # the warcinfo alone
            path.unlink()
            index.with_name(f"{index.name}.open").unlink(missing_ok=True)
            _sync_folder(path.parent)
            return [*said, f"{name}: removed, it held no page"]
        _index_again(path, index.with_name(f"{index.name}.open"), name)
        _seal(path, index)
        return [*said, f"{name}: closed after a crawl that was killed, {found.records - 1} captures kept"]
    finally:
        os.close(descriptor)


def _set_aside(path: Path, good: int) -> None:
    torn = path.with_name(f"{path.name.removesuffix('.open')}.torn")
    with path.open("rb") as source, torn.open("wb") as target:
        source.seek(good)
        while piece := source.read(1 << 20):
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())


def _index_again(path: Path, index: Path, name: str) -> None:
    with index.open("wb") as stream:
        for capture in read_captures(path):
            pairs = [(_line(key), _line(value)) for key, value in capture.headers]
            stream.write(
                cdxj_line(
                    url=capture.url,
                    captured_at=capture.captured_at,
                    kind=capture.kind,
                    status=capture.status,
                    digest=capture.digest,
                    length=capture.length,
                    offset=capture.offset,
                    filename=name,
                    headers=pairs or [(b"content-type", _line(capture.mime))],
                    extra=_extra_of(capture),
                )
            )
        stream.flush()
        os.fsync(stream.fileno())


def _seal(path: Path, index: Path) -> None:
    """Sort the index, give both files their names: the index first, so that a closed WARC always has one."""
    opened = index.with_name(f"{index.name}.open")
    lines = sorted(opened.read_bytes().splitlines(keepends=True))
    temporary = index.with_name(f"{index.name}.tmp")
    with temporary.open("wb") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(index)
    path.rename(path.with_name(path.name.removesuffix(".open")))
    opened.unlink(missing_ok=True)
    _sync_folder(path.parent)


@contextlib.contextmanager
def crawl_lock(folder: Path) -> Iterator[bool]:
    """Hold a site's folder for one crawl. Yields False when another process crawls it already."""
    descriptor = -1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except OSError:
            held = False
        yield held
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(folder: Path, error: OSError) -> WarcError:
    cure = "free some room" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "make it writable"
    return WarcError(f"{folder}: {error.strerror or error}; {cure} and run this again: nothing kept so far is lost")


def _member(
    kind: str, url: str, captured_at: datetime.datetime, digest: str, block: bytes, fields: Mapping[str, str]
) -> bytes:
    """One record as one gzip member."""
    headers = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", f"<urn:uuid:{uuid.uuid4()}>"),
        ("WARC-Target-URI", url),
        ("WARC-Date", _date(captured_at)),
        ("WARC-Payload-Digest", digest),
        ("WARC-Block-Digest", _digest(block)),
        *fields.items(),
    ]
    return _record(headers, block)


def _info(name: str, started_at: datetime.datetime, software: str, robots: str, site: str) -> bytes:
    lines = {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots": robots,
        "isPartOf": site,
        "description": RECONSTRUCTION,
    }
    block = "".join(f"{key}: {value}\r\n" for key, value in lines.items()).encode()
    headers = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", f"<urn:uuid:{uuid.uuid4()}>"),
        ("WARC-Filename", name),
        ("WARC-Date", _date(started_at)),
        ("WARC-Block-Digest", _digest(block)),
        ("Content-Type", "application/warc-fields"),
    ]
    return _record(headers, block)


def _record(headers: list[tuple[str, str]], block: bytes) -> bytes:
    from warcio.recordloader import ArcWarcRecord
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    fields = StatusAndHeaders("", list(headers), protocol="WARC/1.1")
    # told to be a response whatever it is: of a revisit warcio leaves the block out when it did not build it
    content_type = dict(headers)["Content-Type"]
    record = ArcWarcRecord("warc", "response", fields, io.BytesIO(block), None, content_type, len(block))
    out = io.BytesIO()
    WARCWriter(out, gzip=True, warc_version="WARC/1.1").write_record(record)
    return out.getvalue()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _own_fields(listing: Listing | None, verdict: str) -> dict[str, str]:
    """The fields of our own for a record's header, each on one line."""
    fields = {VERDICT: verdict}
    if listing is not None:
        fields |= {LISTED_ON: _uri(listing.url), LISTED_DATE: listing.date}
    lines = {name: _uri(" ".join(value.split())) for name, value in fields.items()}
    return {name: value if name == LISTED_ON else value[:LONGEST_FIELD] for name, value in lines.items() if value}


def _extra_of(capture: Capture) -> dict[str, str]:
    found = {
        "truncated": capture.truncated,
        "listed-on": capture.listed_on,
        "listed-date": capture.listed_date,
        "verdict": capture.verdict,
    }
    return {key: value for key, value in found.items() if value}


def _date(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _stamp(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y%m%d%H%M%S")


def _uri(url: str) -> str:
    """A URL that cannot break out of its header line."""
    return "".join(f"%{ord(char):02X}" if char < " " or char == "\x7f" else char for char in url.strip())


def _line(value: str | bytes) -> bytes:
    data = value if isinstance(value, bytes) else _bytes(value)
    return b" ".join(data.replace(b"\0", b"").splitlines()).strip() if data else b""


def _bytes(value: str) -> bytes:
    """Header text as the bytes that it was: the reader decodes UTF-8, else Latin-1."""
    try:
        data = value.encode("latin-1")
        data.decode("utf-8")
        return value.encode("utf-8") if not value.isascii() else data
    except UnicodeDecodeError:
        return data
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def _plain(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip()


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _join(url: str, location: str) -> str:
    from urllib.parse import urljoin

    try:
        return urljoin(url, location)
    except ValueError:
        return ""
