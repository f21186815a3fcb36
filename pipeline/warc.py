"""Read WARC files: in goes the path of a `.warc` or `.warc.gz` file, out come its captures.

`read_captures` hands out responses, revisits and resources with their content and transfer encodings undone;
`scan` judges a file strictly. What the crawler knew of a page stands in three fields of our own in its record's header
(`LISTED_ON`, `LISTED_DATE`, `VERDICT`): WARC/1.1 has readers pass over fields that they do not know. FastWARC reads the
records; it passes over a file whose last record is cut, so what it says is checked: the length of every record, and the
last gzip member to its very end (CRC and size).
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from pipeline.errors import WarcError
from pipeline.records import Capture

MAXIMUM_BODY = 16 * 1024 * 1024  # bytes of one page after its encodings are undone; the rest is cut and marked
MAXIMUM_HEADER = 1024 * 1024  # bytes of a record's or an HTTP message's header block; the crawler takes half of it
CHUNK = 64 * 1024  # bytes read at a time
GZIP = b"\x1f\x8b"
MEMBER = b"\x1f\x8b\x08"  # how a gzip member begins
CUT = "the last record is cut"
GZIP_BITS = 31  # zlib's word for a gzip member
STEP = 512  # bytes of a damaged body that are inflated at a time
KINDS = {"response": "response", "revisit": "revisit", "resource": "resource"}
LISTED_ON = "Yixun-Listed-On"  # the list page that led the crawler to this page
LISTED_DATE = "Yixun-Listed-Date"  # the date beside the link, as printed there
VERDICT = "Yixun-Verdict"  # why this is not the site's own page: blocked, changed hands; with the evidence
Pairs = tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """What a strict reading of a WARC file found.

    `good_bytes` is where the last whole record ends; everything after it is torn. `problem` is empty for a sound file.
    """

    records: int
    good_bytes: int
    problem: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Decoded:
    """A body free of its encodings; `truncated` is length or disconnect when it is not all of it."""

    body: bytes
    truncated: str = ""


def read_captures(path: Path, *, root: Path | None = None, start: int = 0) -> Iterator[Capture]:
    """Read the captures of one WARC file, in its order.

    `root` is the captures folder: `Capture.warc` is the path below it, and the first folder below it the site. Without
    it, or for a file elsewhere, `warc` is the path as given and the site is the host. `start` is the offset of the
    record to begin with. Records that are no capture (warcinfo, request, metadata …) are passed over.

    Raises `WarcError`, naming file and offset, for what is no WARC, is cut or damaged, when everything that is sound
    has been handed out: of a compressed file also what stands behind the damage.
    """
    name, site = _place(path, root)
    damages: list[Scan] = []
    with _open(path) as stream:
        compressed = _begins_with_warc(path, stream)
        at = start
        while at >= 0:
            before = len(damages)
            for capture in _sound(path, stream, at, compressed, damages):
                yield dataclasses.replace(capture, site=site or _site_of(capture.url), warc=name)
            at = _next_member(stream, damages[-1].good_bytes + 1) if compressed and len(damages) > before else -1
    if damages:
        raise WarcError(_in_words(path, damages))


def _sound(path: Path, stream: BinaryIO, start: int, compressed: bool, damages: list[Scan]) -> Iterator[Capture]:
    """The captures from `start` to the end of the file or to the next damage, which is added to `damages`."""
    pending: Capture | None = None
    last = start
    try:
        for record, last in _records(path, stream, start, compressed):
            if pending is not None:
                yield dataclasses.replace(pending, length=last - pending.offset)
            pending = None  # also when the next line raises
            pending = _capture(record, path, last)
    except OSError as error:
        found = _scan_members(stream, start) if compressed else _scan_plain(path, stream)
        if not found.problem:
            found = dataclasses.replace(found, good_bytes=last, problem=f"offset {last}: {error}")
    else:  # FastWARC does not see that the last member is cut
        found = _scan_members(stream, last) if compressed else Scan(records=0, good_bytes=stream.seek(0, 2))
    if pending is not None and pending.offset < found.good_bytes:  # it is whole: a damage begins behind it
        yield dataclasses.replace(pending, length=found.good_bytes - pending.offset)
    if found.problem:
        damages.append(found)


def _next_member(stream: BinaryIO, start: int) -> int:
    """The offset of the next gzip member with a WARC record, from `start` on; -1 when there is none."""
    while True:
        stream.seek(start)
        piece = stream.read(CHUNK)
        at = piece.find(MEMBER)
        if at < 0 and len(piece) < CHUNK:
            return -1
        start += at if at >= 0 else len(piece) - len(MEMBER) + 1
        if at >= 0:
            stream.seek(start)
            with contextlib.suppress(zlib.error):
                if zlib.decompressobj(GZIP_BITS).decompress(stream.read(CHUNK), 16).startswith(b"WARC/"):
                    return start
            start += 1


def _in_words(path: Path, damages: Sequence[Scan]) -> str:
    said = "; ".join(damage.problem for damage in damages[:3])
    more = f" and {len(damages) - 3} more" if len(damages) > 3 else ""
    cure = "restore the file from a copy"
    if len(damages) == 1 and damages[0].problem.endswith(CUT) and path.name.endswith(".warc.gz"):
        cure += f"; without one, name it {path.name}.open and crawl its site, which cuts the tail off"
    return f"{path}: {said}{more}; everything else in it was read; {cure}"


def read_capture(path: Path, offset: int, *, root: Path | None = None) -> Capture:
    """Read the one capture whose record starts at `offset` (bytes).

    Raises `WarcError` when there is none.
    """
    name, site = _place(path, root)
    with _open(path) as stream:
        compressed = _begins_with_warc(path, stream)
        try:
            record, at = next(_records(path, stream, offset, compressed), (None, offset))
            capture = _capture(record, path, at) if record is not None else None
        except OSError as error:
            raise WarcError(f"{path}: offset {offset}: no record starts there ({error})") from error
    if capture is None:
        raise WarcError(f"{path}: offset {offset}: no capture starts there")
    return dataclasses.replace(capture, site=site or _site_of(capture.url), warc=name)


def record_id(path: Path, offset: int) -> str:
    """The WARC-Record-ID of the record that starts at `offset` (bytes); an empty string when none does."""
    try:
        with _open(path) as stream:
            record, _ = next(_records(path, stream, offset, _begins_with_warc(path, stream)), (None, offset))
            return str(record.headers.get("WARC-Record-ID") or "") if record is not None else ""
    except (OSError, WarcError):
        return ""


def scan(path: Path) -> Scan:
    """Judge a WARC file strictly: every gzip member is inflated to its end and its CRC and size are checked, every
    record must be as long as its header says.

    Raises `WarcError` only when the file cannot be opened; damage is told in `Scan.problem`.
    """
    with _open(path) as stream:
        if stream.read(2) == GZIP:
            return _scan_members(stream, 0)
        return _scan_plain(path, stream)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise WarcError(f"{path}: {error.strerror or error}; name a WARC file that can be read") from error


def _begins_with_warc(path: Path, stream: BinaryIO) -> bool:
    """Whether the file is compressed. Raises `WarcError` when it does not begin like a WARC at all."""
    head = stream.read(CHUNK)
    compressed = head[:2] == GZIP
    if compressed:
        try:
            head = zlib.decompressobj(31).decompress(head, 16)
        except zlib.error as error:
            raise WarcError(f"{path}: offset 0: damaged gzip data ({error}); restore the file") from error
    if not head.startswith(b"WARC/"):
        raise WarcError(f"{path}: not a WARC file; give a .warc or .warc.gz (saved pages are taken as a folder)")
    return compressed


def _records(path: Path, stream: BinaryIO, start: int, compressed: bool) -> Iterator[tuple[Any, int]]:
    from fastwarc.warc import ArchiveIterator

    stream.seek(start)
    places = path.open("rb") if compressed else None
    try:
        for record in ArchiveIterator(stream, parse_http=False):
            offset = record.stream_pos  # of the file, also when reading began further on
            if places is not None:
                places.seek(offset)
                if places.read(2) != GZIP:
                    raise WarcError(
                        f"{path}: offset {offset}: records are not compressed one by one; "
                        f"run `warcio recompress` on the file first"
                    )
            yield record, offset
    finally:
        if places is not None:
            places.close()


def _scan_members(stream: BinaryIO, start: int) -> Scan:
    """Walk the gzip members from `start` to the end of the file. Nothing is kept but each record's header."""
    records, good, buffer = 0, start, b""
    stream.seek(start)
    while True:
        buffer = buffer or stream.read(CHUNK)
        if not buffer:
            return Scan(records=records, good_bytes=good)
        inflater = zlib.decompressobj(31)
        head, size, read = b"", 0, 0
        try:
            while not inflater.eof:
                if not buffer:
                    return Scan(records=records, good_bytes=good, problem=f"offset {good}: {CUT}")
                read += len(buffer)
                data = inflater.decompress(buffer, CHUNK)
                buffer = inflater.unconsumed_tail or inflater.unused_data
                read -= len(buffer)
                size += len(data)
                if b"\r\n\r\n" not in head and len(head) < MAXIMUM_HEADER:
                    head += data
                if not buffer and not inflater.eof:
                    buffer = stream.read(CHUNK)
        except zlib.error as error:
            return Scan(records=records, good_bytes=good, problem=f"offset {good}: damaged gzip data ({error})")
        problem = _wrong_record(head, size)
        if problem:
            return Scan(records=records, good_bytes=good, problem=f"offset {good}: {problem}")
        records += 1
        good += read


def _wrong_record(head: bytes, size: int) -> str:
    """Why an inflated member is no whole WARC record, or an empty string."""
    fields, blank, _ = head.partition(b"\r\n\r\n")
    if not fields.startswith(b"WARC/") or not blank:
        return "no WARC record"
    for line in fields.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            missing = len(fields) + 4 + int(value) - size
            return f"the record is {missing} bytes short" if missing > 0 else ""
    return "the record says no Content-Length"


def _scan_plain(path: Path, stream: BinaryIO) -> Scan:
    records, good = 0, 0
    size = stream.seek(0, 2)
    try:
        for record, offset in _records(path, stream, 0, compressed=False):
            good = offset
            length = 0
            while piece := record.reader.read(CHUNK):
                length += len(piece)
            if length < record.content_length:
                return Scan(records=records, good_bytes=good, problem=f"offset {good}: {CUT}")
            records += 1
    except OSError as error:
        return Scan(records=records, good_bytes=good, problem=f"offset {good}: {error}")
    return Scan(records=records, good_bytes=size)


def _place(path: Path, root: Path | None) -> tuple[str, str]:
    """The `warc` of a file's captures, and their site when the folder names it."""
    if root is not None:
        try:
            below = path.resolve().relative_to(root.resolve())
        except ValueError:
            return str(path), ""
        return below.as_posix(), below.parts[0] if len(below.parts) > 1 else ""
    return str(path), ""


def _site_of(url: str) -> str:
    if url.startswith("file:"):
        return url.removeprefix("file:").lstrip("/").partition("/")[0]
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # a broken IPv6 literal
        return ""


def _capture(record: Any, path: Path, offset: int) -> Capture | None:
    """A record as a capture; None for one that is none."""
    kind = KINDS.get(str(record.record_type))
    headers = record.headers
    url = (headers.get("WARC-Target-URI") or "").strip()
    if url.startswith("<") and url.endswith(">"):  # as WARC/1.0 wrote it; a URL may end in > by itself
        url = url[1:-1]
    if kind is None or not url:
        return None
    content_type = headers.get("Content-Type") or ""
    if kind == "response" and not content_type.replace(" ", "").lower().startswith("application/http"):
        return None  # a DNS look-up, as Heritrix keeps them
    block = record.reader.read(MAXIMUM_BODY + MAXIMUM_HEADER + 1)
    if len(block) < record.content_length <= MAXIMUM_BODY + MAXIMUM_HEADER:
        raise OSError("the record is cut")  # as FastWARC raises what it sees
    status, pairs, body = (0, (), block) if kind == "resource" else _http(block)
    decoded = Decoded(b"") if kind == "revisit" else decode_body(body, pairs)
    mime = content_type if kind == "resource" else _first(pairs, "content-type")
    return Capture(
        site="",
        url=url,
        captured_at=_moment(record.record_date, path, offset),
        status=status,
        headers=pairs,
        body=decoded.body,
        digest=headers.get("WARC-Payload-Digest") or "",
        kind=kind,  # type: ignore[arg-type]
        mime=mime.partition(";")[0].strip().lower(),
        truncated="" if kind == "revisit" else headers.get("WARC-Truncated") or decoded.truncated,
        listed_on=headers.get(LISTED_ON) or "",
        listed_date=headers.get(LISTED_DATE) or "",
        verdict=headers.get(VERDICT) or "",
        offset=offset,
    )


def _moment(date: datetime.datetime | None, path: Path, offset: int) -> datetime.datetime:
    if date is None:
        raise WarcError(f"{path}: offset {offset}: the record has no readable WARC-Date")
    return date.astimezone(datetime.UTC)


def _http(block: bytes) -> tuple[int, Pairs, bytes]:
    """Status, headers and body (still encoded) of an HTTP message. A server's bare line feeds are taken as they are."""
    ends = [(at, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := block.find(mark, 0, MAXIMUM_HEADER)) >= 0]
    at, width = min(ends, default=(len(block), 0))
    lines = block[:at].replace(b"\r\n", b"\n").split(b"\n")
    words = lines[0].split(None, 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    pairs: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            pairs.append((_text(name.strip()), _text(value.strip())))
        elif line[:1] in (b" ", b"\t") and pairs:  # a folded header line
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {_text(line.strip())}")
    return status, tuple(pairs), block[at + width :]


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")  # every byte comes back as it was


def _first(pairs: Pairs, name: str) -> str:
    return next((value for key, value in pairs if key.lower() == name), "")


def decode_body(body: bytes, pairs: Pairs) -> Decoded:
    """Take transfer and content encoding off a body, up to `MAXIMUM_BODY`, by what its headers say.

    An encoding that the bytes do not have is a liar's or was undone when the file was written: then the bytes stay.
    """
    if "chunked" in _first(pairs, "transfer-encoding").lower():
        body = _dechunk(body)
    truncated = ""
    for label in reversed(_first(pairs, "content-encoding").lower().split(",")[:4]):
        start = DECODERS.get(label.strip())
        if start is None or not body:
            continue
        decoded = start(body) or (_gunzip(body) if body[:2] == GZIP else None)  # some say br and send gzip
        if decoded is None:
            break
        body, truncated = decoded.body, truncated or decoded.truncated
    if len(body) > MAXIMUM_BODY:
        return Decoded(body[:MAXIMUM_BODY], "length")
    return Decoded(body, truncated)


def _dechunk(body: bytes) -> bytes:
    """The payload of a chunked body; the bytes as they are when they are not chunked (already undone by the writer)."""
    pieces: list[bytes] = []
    at = 0
    while at < len(body):
        end = body.find(b"\r\n", at, at + 1024)
        try:
            size = int(body[at:end].partition(b";")[0], 16) if end >= 0 else -1
        except ValueError:
            size = -1
        if size < 0:
            return b"".join(pieces) if pieces else body
        if size == 0:
            break
        pieces.append(body[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    return b"".join(pieces)


def _gunzip(body: bytes) -> Decoded | None:
    return _inflate(body, GZIP_BITS) if body[:2] == GZIP else None


def _deflate(body: bytes) -> Decoded | None:
    found = _inflate(body, 15)
    if found is None:  # some servers send raw deflate under this name; it has no checksum, so it must end well
        raw = _inflate(body, -15)
        found = raw if raw is not None and raw.truncated != "disconnect" else None
    return found


def _inflate(body: bytes, bits: int) -> Decoded | None:
    """Inflate every member that stands in a body (RFC 1952 allows several); garbage behind the last is left out."""
    data = b""
    while True:
        inflater = zlib.decompressobj(bits)
        try:
            data += inflater.decompress(body, MAXIMUM_BODY + 1 - len(data))
        except zlib.error:
            part = _partial(body, bits)
            return Decoded((data + part)[:MAXIMUM_BODY], "disconnect") if data or part else None
        if len(data) > MAXIMUM_BODY:
            return Decoded(data[:MAXIMUM_BODY], "length")
        body = inflater.unused_data
        if not inflater.eof or bits != GZIP_BITS or body[:2] != GZIP:
            return Decoded(data, "" if inflater.eof else "disconnect")


def _partial(body: bytes, bits: int) -> bytes:
    """What can be inflated before the damage, to the byte."""
    inflater = zlib.decompressobj(bits)
    pieces: list[bytes] = []
    left = MAXIMUM_BODY
    for at in range(0, len(body), STEP):
        before = inflater.copy()
        step = body[at : at + STEP]
        try:
            pieces.append(inflater.decompress(step, left))
        except zlib.error:
            with contextlib.suppress(zlib.error):  # the damage is here: what precedes it comes byte by byte
                for byte in range(len(step)):
                    pieces.append(before.decompress(step[byte : byte + 1], left))
            break
        left -= len(pieces[-1])
        if left <= 0:
            break
    return b"".join(pieces)


def _unbrotli(body: bytes) -> Decoded | None:
    import brotli  # comes with the crawler

    reader = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    try:
        data = reader.process(body, output_buffer_limit=CHUNK)
        while True:
            pieces.append(data)
            size += len(data)
            if size > MAXIMUM_BODY:
                return Decoded(b"".join(pieces)[:MAXIMUM_BODY], "length")
            if reader.is_finished() or not data:  # it hands out less than the limit now and then
                break
            data = reader.process(b"", output_buffer_limit=CHUNK)
    except brotli.error:
        return None
    return Decoded(b"".join(pieces), "" if reader.is_finished() else "disconnect")


def _unzstd(body: bytes) -> Decoded | None:
    from backports import zstd  # comes with the crawler

    reader = zstd.ZstdDecompressor()
    try:
        data = reader.decompress(body, MAXIMUM_BODY + 1)
    except zstd.ZstdError:
        return None
    if len(data) > MAXIMUM_BODY:
        return Decoded(data[:MAXIMUM_BODY], "length")
    return Decoded(data, "" if reader.eof else "disconnect")


DECODERS: dict[str, Callable[[bytes], Decoded | None]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
