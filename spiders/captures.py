"""Keep what was fetched: in go responses, out come `.warc.gz` files with a CDXJ index beside each.

The order is what makes it safe: a record is built whole in memory, appended by one write, its length checked, synced;
then its index line, synced; only then is the page captured. A file is called `.open` until it is closed. What a dead
process left is mended by `spiders.files.recover`.

    data/captures/mengyin/mengyin-20261121020000-3fa1c.warc.gz
    data/captures/mengyin/mengyin-20261121020000-3fa1c.cdxj
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import errno
import fcntl
import http
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal

from pipeline.errors import WarcError
from pipeline.warc import record_id
from spiders.files import crawl_lock, locked, recover, refused, seal, sync_folder
from spiders.known import ACCESSORY, PASSING, Known, KnownPage, Listing, load_known, read_line
from spiders.members import (
    EXTRA,
    Headers,
    cdxj_line,
    digest_of,
    info_of,
    line_of,
    member_of,
    message,
    new_identifier,
    own_fields,
    phrase,
    request_of,
    stamp,
    uri,
    urlkey,
    warc_date,
)

__all__ = [
    "ACCESSORY", "PASSING", "CaptureRef", "CaptureWriter", "Headers", "Known", "KnownPage", "Listing", "cdxj_line",
    "crawl_lock", "load_known", "recover", "urlkey",
]  # fmt: skip
MAXIMUM_FILE = 1024**3  # bytes, after which the next file is begun (the WARC guidelines advise 1 GB)
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"


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
        robots: str = "classic",
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
        ip: str = "",
        asked: Headers | None = None,
    ) -> CaptureRef:
        """Keep one HTTP response. `body` is as received: free of chunking, still in its content encoding.

        `truncated` is why the body ends early: length, time or disconnect. An empty `reason` is filled in. `listing`
        is how the page was found and `verdict` why it is not the site's own; both go into the record's header. `ip` is
        the address that was connected to, and `asked` are the headers that the page was asked for with: they become a
        `request` record behind the response.
        """
        url = uri(url)
        pairs = [(line_of(name), line_of(value)) for name, value in headers]
        pairs = [(name, value) for name, value in pairs if name and name.lower() != b"transfer-encoding"]
        head = message(b"HTTP/1.1 %d %s" % (status, line_of(reason or phrase(status))), pairs)
        digest = digest_of(body)
        before = self.known.page(url) if self.known else None
        fields = {"Content-Type": "application/http; msgtype=response"}
        fields |= {"WARC-IP-Address": ip} if ip else {}
        fields |= own_fields(listing, verdict)
        profile = self._profile(before, status, digest, body)
        if profile and before is not None:
            fields |= self._referring(url, before, profile)
            return self._keep("revisit", url, captured_at, before.digest, [head], fields, status, pairs, asked)
        fields |= {"WARC-Truncated": truncated} if truncated else {}
        return self._keep("response", url, captured_at, digest, [head, body], fields, status, pairs, asked)

    def write_resource(
        self, url: str, captured_at: datetime.datetime, mime: str, body: bytes, *, listing: Listing | None = None
    ) -> CaptureRef:
        """Keep a document of which no HTTP answer is known: a saved page, an article, what a browser made of a page."""
        url = uri(url)
        fields = {"Content-Type": mime or "application/octet-stream"} | own_fields(listing, "")
        pairs = [(b"content-type", line_of(mime))]
        return self._keep("resource", url, captured_at, digest_of(body), [body], fields, 0, pairs)

    def _referring(self, url: str, before: KnownPage, profile: str) -> dict[str, str]:
        """The fields by which a revisit names the record that has its payload, as WARC 1.1 6.7.2 recommends."""
        fields = {
            "WARC-Profile": profile,
            "WARC-Refers-To-Target-URI": url,
            "WARC-Refers-To-Date": warc_date(before.payload_at or before.captured_at),
        }
        for path in (self.folder / before.filename, self.folder / f"{before.filename}.open"):
            if path.exists() and (referred := record_id(path, before.offset)):
                fields["WARC-Refers-To"] = referred
        if profile == SAME_PAYLOAD:
            fields["WARC-Truncated"] = "length"  # 6.7.2: the body is left out
        return fields

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
        block: Sequence[bytes],
        fields: Mapping[str, str],
        status: int,
        pairs: list[tuple[bytes, bytes]],
        asked: Headers | None = None,
    ) -> CaptureRef:
        if self._size > MAXIMUM_FILE:
            self.close()
            self._started_at = captured_at
        if self._warc < 0:
            self._open()
        if self._broken:
            raise WarcError(f"{self._path}: a write failed before and could not be undone; run the crawl again")
        identifier = new_identifier()
        member = member_of(kind, url, captured_at, block, {"WARC-Payload-Digest": digest, **fields}, identifier)
        request = b"" if asked is None else request_of(url, captured_at, asked, fields, identifier)
        extra = {key: fields[name] for name, key in EXTRA.items() if fields.get(name)}
        if kind == "revisit":
            extra.pop("truncated", None)  # what is left out here is no loss
        offset = self._append(self._warc, member + request, self._size)
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
        self._size, self._cdxj_size = offset + len(member) + len(request), self._cdxj_size + len(line)
        if self.known is not None:
            self.known.note(read_line(line)[1], captured_at.replace(microsecond=0))
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
        stem = f"{self.site}-{stamp(self._started_at)}-{secrets.token_hex(3)[:5]}"
        self._name = f"{stem}.warc.gz"
        index = self.folder / f"{stem}.cdxj.open"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder):  # so that `recover` never sees a file before its lock
                self._warc = os.open(self._path, flags, 0o644)
                fcntl.flock(self._warc, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._cdxj = os.open(index, flags, 0o644)
            sync_folder(self.folder)
        except OSError as error:
            self._discard()
            raise refused(self.folder, error) from error
        self._size = self._cdxj_size = 0
        try:
            info = info_of(self._name, self._started_at, self.software, self.robots, self.site)
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
            raise refused(self.folder, error) from error
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
                seal(self._path, index)
        except OSError as error:
            raise refused(self.folder, error) from error
        finally:
            for descriptor in (self._warc, self._cdxj):
                if descriptor >= 0:
                    os.close(descriptor)
            self._warc = self._cdxj = -1
