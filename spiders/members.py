"""The bytes of captures: in go responses, requests and what is said of them, out come gzip members and index lines.

One record is one gzip member, so that it can be read alone and one that is damaged is lost alone.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import http
import json
import uuid
import zlib
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urljoin, urlsplit

from pipeline.records import Capture
from pipeline.warc import GZIP_BITS, LISTED_DATE, LISTED_ON, VERDICT
from spiders.known import Listing

LONGEST_VALIDATOR = 512  # characters of an ETag that is kept; longer ones are not asked with
LONGEST_FIELD = 300  # characters of a date or verdict that is kept
RECONSTRUCTION = (
    "HTTP header blocks are reconstructed from what the HTTP client is given and hands on: the reason phrase, the case "
    "and order of names, Transfer-Encoding and what the client adds are not the wire's. Bodies are byte for byte as "
    "received, content encoding included, after chunking was undone."
)
# Fields of a record's header that its index line repeats, and under which key.
EXTRA = {"WARC-Truncated": "truncated", LISTED_ON: "listed-on", LISTED_DATE: "listed-date", VERDICT: "verdict"}
Headers = Iterable[tuple[str | bytes, str | bytes]]


def new_identifier() -> str:
    """A WARC-Record-ID."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def member_of(
    kind: str,
    url: str,
    captured_at: datetime.datetime,
    block: Sequence[bytes],
    fields: Mapping[str, str],
    identifier: str,
) -> bytes:
    """One record as one gzip member."""
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": identifier,
        "WARC-Target-URI": url,
        "WARC-Date": warc_date(captured_at),
        "WARC-Block-Digest": digest_of(*block),
    }
    return _record(headers | dict(fields), block)


def request_of(
    url: str, captured_at: datetime.datetime, asked: Headers, fields: Mapping[str, str], response: str
) -> bytes:
    """The record of the request that a response answers."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    pairs = [(b"Host", line_of(parts.netloc)), *((line_of(name), line_of(value)) for name, value in asked)]
    block = message(b"GET %s HTTP/1.1" % line_of(target), pairs)
    more = {"WARC-Concurrent-To": response, "Content-Type": "application/http; msgtype=request"}
    if "WARC-IP-Address" in fields:
        more["WARC-IP-Address"] = fields["WARC-IP-Address"]
    return member_of("request", url, captured_at, [block], more, new_identifier())


def message(first: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The header block of an HTTP message."""
    return first + b"\r\n" + b"".join(b"%s: %s\r\n" % pair for pair in pairs) + b"\r\n"


def info_of(name: str, started_at: datetime.datetime, software: str, robots: str, site: str) -> bytes:
    """The `warcinfo` record of a file."""
    lines = {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots": robots,
        "isPartOf": site,
        "description": RECONSTRUCTION,
    }
    block = "".join(f"{key}: {value}\r\n" for key, value in lines.items()).encode()
    headers = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": new_identifier(),
        "WARC-Filename": name,
        "WARC-Date": warc_date(started_at),
        "WARC-Block-Digest": digest_of(block),
        "Content-Type": "application/warc-fields",
    }
    return _record(headers, [block])


def _record(headers: Mapping[str, str], block: Sequence[bytes]) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(["WARC/1.1", *lines, f"Content-Length: {sum(map(len, block))}", "", ""])
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP_BITS)
    pieces = (head.encode("utf-8", "replace"), *block, b"\r\n\r\n")
    return b"".join([*(packer.compress(piece) for piece in pieces), packer.flush()])


def digest_of(*data: bytes) -> str:
    """The labelled SHA-256 of what the pieces make together."""
    digest = hashlib.sha256()
    for piece in data:
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


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
    url = uri(url)
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
    return f"{urlkey(url)} {stamp(captured_at)} {json.dumps(fields, ensure_ascii=False)}\n".encode("utf-8", "replace")


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


def own_fields(listing: Listing | None, verdict: str) -> dict[str, str]:
    """The fields of our own for a record's header, each on one line."""
    fields = {VERDICT: verdict}
    if listing is not None:
        fields |= {LISTED_ON: uri(listing.url), LISTED_DATE: listing.date}
    lines = {name: uri(" ".join(value.split())) for name, value in fields.items()}
    return {name: value if name == LISTED_ON else value[:LONGEST_FIELD] for name, value in lines.items() if value}


def extra_of(capture: Capture) -> dict[str, str]:
    """The keys of `EXTRA` of a capture that was read from its WARC."""
    found = {
        "truncated": capture.truncated,
        "listed-on": capture.listed_on,
        "listed-date": capture.listed_date,
        "verdict": capture.verdict,
    }
    return {key: value for key, value in found.items() if value}


def warc_date(moment: datetime.datetime) -> str:
    """A time as WARC-Date has it."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp(moment: datetime.datetime) -> str:
    """A time as CDXJ and file names have it."""
    return moment.astimezone(datetime.UTC).strftime("%Y%m%d%H%M%S")


def uri(url: str) -> str:
    """A URL that cannot break out of its header line."""
    return "".join(f"%{ord(char):02X}" if char < " " or char == "\x7f" else char for char in url.strip())


def line_of(value: str | bytes) -> bytes:
    """A header's name or value as bytes that cannot break out of its line."""
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


def phrase(status: int) -> str:
    """The reason phrase of a status."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _join(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return ""
