"""The records that the stages hand on: Site → Capture → Article | Rejection → Relation, Cluster → Hit.

Frozen and keyworded; a changed one is `dataclasses.replace(record, author="宣传处")`. Nothing here does I/O.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

FlagName = Literal["annotated", "damaged", "repeated", "hijacked", "spam", "truncated", "undated", "short", "blocked"]
RelationKind = Literal["copy", "excerpt", "revision", "sibling"]
SpotStatus = Literal["fixed", "guess", "lost"]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How a site's pages were built until a day, for captures from before a redesign."""

    until: datetime.date
    article_urls: str | None = None
    body: str | None = None  # CSS selector of the article's container
    noise: tuple[str, ...] = ()
    date_pattern: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site:
    """One hospital site, as its TOML in `spiders/sites/` describes it.

    `name`, `hospital` and `start_urls` are required, the rest has defaults.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": False}

    name: str  # the TOML's file name, [a-z0-9-]+; also the folder of its captures
    hospital: str  # the full name that the hospital itself uses
    start_urls: tuple[str, ...]
    aliases: tuple[str, ...] = ()  # other names of the same hospital
    region: str = ""  # 山东省临沂市
    level: str = ""  # 三级甲等
    hosts: tuple[str, ...] = ()  # host or host:port; those of start_urls are always among them
    article_urls: str | None = None  # regular expression, searched in the URL; None: decided from the page
    next_pages: str | None = None  # the same for list pages
    date_pattern: str | None = None  # regular expression with groups year, month, day for dates of this site's own form
    body: str | None = None  # CSS selector of the article's container
    noise: tuple[str, ...] = ()  # CSS selectors of what is never part of an article
    charset: str | None = None  # what the pages are, when they say something else
    delay: float = 1.0  # seconds between two requests
    schedule: str = "daily"  # hourly, daily, weekly, a number with h or d ("6h"), or adaptive: by the site's rhythm
    hours: str = ""  # of the day in China in which it may be crawled: "22-6"; empty: at any time
    insecure_tls: bool = False  # whether its certificate is not verified; without it a wrong one is the site's problem
    javascript: bool = False  # its pages are made by scripts: they are read as a browser has them
    attachments: bool = False  # the files that an article offers are captured as well
    minimum_articles: int = 0  # a crawl that sees fewer has failed
    maximum_pages: int = 2000  # requests of one crawl
    layout: tuple[Layout, ...] = ()

    @property
    def all_hosts(self) -> frozenset[str]:
        """Lower-case `host` and `host:port` of everything this site may be fetched from."""
        return frozenset(
            {host.lower() for host in self.hosts} | {urlsplit(url).netloc.lower() for url in self.start_urls}
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the hospital, the full one first."""
        return (self.hospital, *self.aliases)


def netloc_of(url: str) -> str:
    """Host and port of a URL in lower case; empty for one that has none or is broken."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # a bracket that is no IPv6 address
        return ""


def site_of(url: str, sites: Mapping[str, Site] | Iterable[Site]) -> Site | None:
    """The site that a URL belongs to, by its host (and port, where the site names one)."""
    try:
        parts = urlsplit(url)
        netloc, host = parts.netloc.lower(), (parts.hostname or "").lower()
    except ValueError:
        return None
    if not netloc:
        return None
    bare = None
    for site in sites.values() if isinstance(sites, Mapping) else sites:
        hosts = site.all_hosts
        if netloc in hosts:
            return site
        if bare is None and host in hosts:
            bare = site
    return bare


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """One record of a WARC file: a page as it was fetched.

    `body` is free of transfer and content encoding, otherwise byte for byte as received. A `revisit` has an empty body:
    its payload is the one that an earlier capture of the same `digest` holds.
    """

    site: str
    url: str
    captured_at: datetime.datetime  # UTC
    status: int  # 0 for a saved page, of which no HTTP status is known
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    digest: str = ""  # sha256:… of the payload as stored (WARC-Payload-Digest)
    kind: Literal["response", "revisit", "resource"] = "response"
    mime: str = ""
    truncated: str = ""  # WARC-Truncated: length, time, disconnect
    listed_on: str = ""  # the list page that led the crawler here
    listed_date: str = ""  # the date that it printed beside the link, as printed
    verdict: str = ""  # why this is not the site's own page: "blocked: …", "changed hands: …"
    warc: str = ""  # path below the captures folder
    offset: int = 0
    length: int = 0  # bytes of the compressed record

    def header(self, name: str) -> str:
        """The first value of a header, whatever its case, or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Why something was flagged, cut or repaired: which rule, in which field, the text that it was found in."""

    rule: str
    where: str  # title, text, source, url, page …
    text: str
    start: int | None = None  # offset in that field, in characters


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Flag:
    """A quality flag with its evidence (at least one piece)."""

    name: FlagName
    evidence: tuple[Evidence, ...]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A place where bytes had slipped. `start` and `end` count characters of the text before repair."""

    start: int
    end: int
    before: str
    after: str
    status: SpotStatus  # fixed: applied; guess: applied in the search text only; lost: nothing to put there


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """What `repair` made of a text.

    `text` has the annotations removed and the `fixed` spots applied; `original` is what was printed, so that
    everything can be undone and shown.
    """

    original: str
    text: str
    removed: tuple[tuple[int, int], ...] = ()  # the annotations' places in `original`
    spots: tuple[Spot, ...] = ()

    @property
    def annotations(self) -> int:
        """How many annotations were removed."""
        return len(self.removed)

    def pieces(self) -> Iterator[tuple[str, str, str]]:
        """The original in pieces, for showing what was done: (kind, before, after).

        The kind is empty for what was left alone, "annotation", or the status of a spot.
        """
        marks = [(start, end, "annotation", "") for start, end in self.removed]
        marks += [(spot.start, spot.end, spot.status, spot.after) for spot in self.spots]
        at = 0
        for start, end, kind, after in sorted(marks):
            if start >= at:  # an annotation inside a spot is shown by the spot
                yield "", self.original[at:start], self.original[at:start]
                yield kind, self.original[start:end], after
                at = end
        yield "", self.original[at:], self.original[at:]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A link out of an article: an attachment or an image."""

    url: str
    title: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """What a page says, cleaned. A field that the page does not give is empty (`None` for a time)."""

    site: str
    url: str
    title: str
    text: str  # paragraphs, one a line
    hospital: str = ""
    published_at: str | None = None  # ISO 8601: with +08:00 when the page gives a time of day, else the bare date
    published_raw: str = ""  # as printed
    source: str = ""
    author: str = ""
    contributor: str = ""
    editor: str = ""
    reviewer: str = ""
    section: str = ""
    captions: tuple[str, ...] = ()
    attachments: tuple[Link, ...] = ()
    images: tuple[Link, ...] = ()
    part: int = 0  # which page of its article this is, from 1; 0: the whole article, as far as it is had
    pages: tuple[str, ...] = ()  # the addresses of all pages of an article that is spread over several
    script: Literal["hans", "hant", ""] = ""  # simplified or traditional; empty when the text does not tell
    flags: tuple[Flag, ...] = ()
    repairs: Mapping[str, Repair] = dataclasses.field(default_factory=dict)  # by field: title, text, source …
    cut: tuple[Evidence, ...] = ()  # what stood beside or in the body and was left out, with the rule
    digest: str = ""  # sha256:… of the cleaned content; the same for the same words, whatever the visitor counter says
    cleaner: str = ""  # version of the rules that made this record
    captured_at: datetime.datetime | None = None
    capture_digest: str = ""
    warc: str = ""
    offset: int = 0

    def flagged(self, name: FlagName) -> bool:
        """Whether this flag is set."""
        return any(flag.name == name for flag in self.flags)

    def content_digest(self) -> str:
        """A hash of what a reader would call the content, for `digest`: the visitor counter is no part of it."""
        content: list[Any] = [
            self.title, self.text, self.published_at, self.source, self.author, self.contributor,
            self.editor, self.reviewer, list(self.captions), [link.url for link in self.attachments],
        ]  # fmt: skip
        written = json.dumps(content, ensure_ascii=False).encode(errors="replace")  # halves of surrogate pairs
        return "sha256:" + hashlib.sha256(written).hexdigest()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """Why a capture is no article."""

    site: str
    url: str
    reason: str  # one of pipeline.clean.REASONS
    detail: str = ""  # the evidence: what on the page led to this
    captured_at: datetime.datetime | None = None
    digest: str = ""  # of the capture's payload
    warc: str = ""
    offset: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """How an article relates to an earlier one."""

    kind: RelationKind
    id: int  # the other article
    evidence: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """Copies of one article, with the one that stands for them."""

    id: int
    representative: int
    members: tuple[int, ...]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One search result."""

    id: int
    title: str
    snippet: str  # of the printed text, the found words between « and »
    url: str
    hospital: str
    published_at: str | None
    score: float
    copies: int = 0  # further members of the cluster
    flags: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class DataFolder:
    """Where everything that a run makes is kept; nothing is read from or written to anywhere else."""

    root: pathlib.Path

    @property
    def captures(self) -> pathlib.Path:
        """One folder a site with its WARC and CDXJ files."""
        return self.root / "captures"

    @property
    def archive(self) -> pathlib.Path:
        """The SQLite archive."""
        return self.root / "archive.db"

    @property
    def airflow(self) -> pathlib.Path:
        """AIRFLOW_HOME."""
        return self.root / "airflow"

    @property
    def backups(self) -> pathlib.Path:
        """Copies of the archive."""
        return self.root / "backups"
