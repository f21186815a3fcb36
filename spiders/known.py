"""What a site's captures hold: in go its CDXJ files, out comes what is known of every URL.

By it a crawl is resumed: what is had is not asked for again, and a list page is asked for with its validators.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import http
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import WarcError
from pipeline.records import Capture
from pipeline.warc import read_capture

# Answers that say nothing about the page: it is asked for again by the next crawl.
PASSING = frozenset({401, 403, 407, 408, 412, 418, 425, 429, 451, 521})
ACCESSORY = "not html: "  # begins the verdict on what is the site's own and no page: an attachment, what a script wants
HOPS = 5  # redirects followed when asking whether a page is had


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
        self._documents: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def page(self, url: str) -> KnownPage | None:
        """The last capture of a URL that told something about the page."""
        return self._pages.get(url)

    def items(self) -> Iterator[tuple[str, KnownPage]]:
        """Every URL with what is known of it."""
        yield from self._pages.items()

    def document(self, url: str) -> str:
        """The digest of the last document that a browser made of a page, or an empty string."""
        return self._documents.get(url, "")

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
        other = fields.get("verdict", "")
        other = "" if other.startswith(ACCESSORY) else other
        if not url or not (status == 0 or 200 <= status < 500) or status in PASSING or other:
            return
        if before is not None and (captured_at, fields.get("filename", "")) < (before.captured_at, before.filename):
            return
        if status == 0 and before is not None and before.status:  # a browser's document, a saved page: not the server's
            self._documents[url] = fields.get("digest", "")
            return
        revisit = fields.get("mime") == "warc/revisit"
        if (revisit or status == http.HTTPStatus.NOT_MODIFIED) and before is None:
            return  # its payload is in no file that is here, or never came: a server said 304 unasked
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
            truncated=before.truncated if same and before else fields.get("truncated", ""),
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
                    lines.append(read_line(line))
        for captured_at, fields in sorted(lines, key=lambda item: (item[0], int(item[1].get("offset") or 0))):
            known.note(fields, captured_at)
    return known


def read_line(line: bytes) -> tuple[datetime.datetime, dict[str, str]]:
    """The moment and the fields of one CDXJ line. Raises ValueError or IndexError for a torn one."""
    text = line.decode("utf-8", "replace")
    at = text.index(" {")
    stamp = text[:at].rsplit(" ", 1)[1]
    captured_at = datetime.datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=datetime.UTC)
    return captured_at, json.loads(text[at:])
