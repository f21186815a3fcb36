"""Look at a site before it is added, or to see whether it is still as it was: in goes a URL, out comes a `Survey`.

A look asks for the start page, the first pages of the news sections and some articles, at most two dozen pages, reads
them as a crawl and the archive would, and keeps nothing. `Survey.toml` is the TOML of a site that is not there yet.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import ipaddress
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.records import Article, Capture, Rejection, Site
from spiders.browser import MISSING, chromium
from spiders.crawl import SURVEY_ARTICLES, SiteStats, check_url, run_sites, utc_now
from spiders.sites import parse_site

SURVEY_PAGES = 24  # requests
PARTS_OF_PAGES = 10  # times as many where pages are made by scripts, which ask for things themselves
FEWEST = 3  # articles of a list
FEW_WORDS = 200  # characters below which a page with scripts is probably made by them
LOOKED_AT = 200_000  # bytes
TAG = re.compile(rb"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """An article that a survey read."""

    url: str
    title: str
    published_at: str | None
    source: str
    words: str  # its first ones


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class FoundList:
    """A list of articles: a news section, a feed, the home page."""

    name: str
    url: str
    articles: int
    next_page: str = ""  # empty: there is none, or `unfollowed` says why it cannot be followed
    unfollowed: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What a look at a site found: enough to write its TOML and to see whether a crawl would work."""

    url: str
    name: str
    hospital: str
    lists: tuple[FoundList, ...]
    articles_seen: int
    samples: tuple[Sample, ...]
    unsure: tuple[str, ...]
    stats: SiteStats
    charset: str = ""  # of the start page, as found out
    sitemaps: tuple[str, ...] = ()
    problem: str = ""  # why nothing can be said of the site
    toml: str = ""  # the proposed TOML, checked; empty when nothing could be fetched


def survey(
    url: str,
    *,
    site: Site | None = None,
    hospital: str = "",
    now: Callable[[], datetime.datetime] = utc_now,
    on_line: Callable[[str], None] = lambda _: None,
) -> Survey:
    """Look at a site: its start page, the first page of its news sections and some articles, and keep nothing.

    `url` is its home or news page; a URL on a private address is allowed exactly that host and port, since the operator
    gave it. With `site`, the existing TOML is what is tried. `hospital` is its name where the operator knows better.
    Raises `SiteError` for what is no URL.
    """
    from spiders.naming import propose_site, site_name

    url = check_url(url)
    name = site.name if site else site_name(url)
    delay = 0.0 if is_loopback(url) else 1.0
    probe = site or parse_site(propose_site(url, hospital or "?", [url], delay=delay), f"{name}.toml")
    seen = _look(probe, now, on_line)
    if site is None and not seen.articles:
        further = _second_try(probe, seen)
        if further is not None:
            probe = further
            seen = _look(probe, now, on_line)
    return _surveyed(url, site, probe, seen, hospital, delay)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    stats: SiteStats
    pages: tuple[Capture, ...]
    lists: Mapping[str, Any]  # PageLinks by URL, in the order of the crawl
    articles: Mapping[str, Any]  # Listed by URL
    robots: str

    @property
    def start(self) -> Capture | None:
        """The first page that is there."""
        return self.pages[0] if self.pages else None


def _look(site: Site, now: Callable[[], datetime.datetime], on_line: Callable[[str], None]) -> _Look:
    from spiders.discovery import read_list

    pages = SURVEY_PAGES * (PARTS_OF_PAGES if site.javascript else 1)
    probe = dataclasses.replace(site, maximum_pages=pages, minimum_articles=0, hours="", attachments=False)
    with tempfile.TemporaryDirectory(prefix="yixun-survey-") as scratch:
        folder, data = Path(scratch) / "sites", Path(scratch) / "data"
        folder.mkdir()
        (folder / f"{site.name}.toml").write_text(_as_toml(probe), "utf-8")
        stats = run_sites(
            {site.name: probe},
            data=data,
            sites_folder=folder,
            now=now,
            on_line=on_line,
            arguments=["survey=1", "any_hour=1"],
            settings={},
        )[site.name]
        captures = _captures(data / "captures" / site.name, data / "captures")
    lists: dict[str, Any] = {}
    articles: dict[str, Any] = {}
    found = _pages(captures)
    for page in found:
        if page.url not in articles:  # captured in the order of the crawl: a list comes before its articles
            lists[page.url] = read_list(
                page.body, page.url, site, content_type=page.header("content-type") or page.mime
            )
            articles |= {link.url: link for link in lists[page.url].articles}
    robots = next((c.body for c in captures if c.url.endswith("/robots.txt") and c.status == 200), b"")
    return _Look(
        stats=stats, pages=tuple(found), lists=lists, articles=articles, robots=robots.decode("utf-8", "replace")
    )


def _pages(captures: Sequence[Capture]) -> list[Capture]:
    """The pages as a reader sees them: where a browser made a document of one, that one."""
    documents = {capture.url: capture for capture in captures if capture.kind == "resource"}
    pages = [
        capture
        for capture in captures
        if capture.status == 200 and capture.body and not capture.verdict and not capture.url.endswith("/robots.txt")
    ]
    return [documents.get(page.url, page) for page in pages]


def _second_try(site: Site, seen: _Look) -> Site | None:
    """The site as it may be seen better: with a host that its articles lie on, or with its scripts run."""
    hosts = sorted({host for page in seen.lists.values() for host in page.elsewhere if _may_name(host, site)})
    if hosts:
        return dataclasses.replace(site, hosts=tuple(hosts))
    if seen.start is not None and _is_scripted(seen.start.body) and chromium():
        return dataclasses.replace(site, javascript=True)
    return None


def _may_name(host: str, site: Site) -> bool:
    """A port would allow the host a private address: of that the operator decides, or has by giving such a URL."""
    return ":" not in host or is_loopback(site.start_urls[0])


def _is_scripted(body: bytes) -> bool:
    """Whether a page shows next to no words although it has scripts; a byte counts as a third of a character."""
    words = sum(map(len, TAG.sub(b" ", body[:LOOKED_AT]).split()))
    return b"<script" in body[:LOOKED_AT].lower() and words < 3 * FEW_WORDS


def is_loopback(url: str) -> bool:
    """Whether a URL is of this machine."""
    host = urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _as_toml(site: Site) -> str:
    """A site as TOML with the keys that a crawl uses."""
    lines = []
    for field in dataclasses.fields(Site):
        value = getattr(site, field.name)
        if field.name in ("name", "layout") or value is None or value == field.default:
            continue
        if isinstance(value, bool):
            lines.append(f"{field.name} = {str(value).lower()}")
        else:
            lines.append(f"{field.name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _captures(folder: Path, root: Path) -> list[Capture]:
    from pipeline.warc import read_captures

    return [capture for path in sorted(folder.glob("*.warc.gz")) for capture in read_captures(path, root=root)]


def _surveyed(url: str, site: Site | None, probe: Site, seen: _Look, hospital: str, delay: float) -> Survey:
    from pipeline.clean import clean
    from pipeline.decode import decode
    from spiders.feeds import sitemaps_of
    from spiders.naming import hospital_name, propose_site

    cleaned = [clean(page, probe) for page in seen.pages if page.url in seen.articles]
    articles = [record for record in cleaned if isinstance(record, Article)]
    if not hospital:
        bodies = (page.body for page in seen.pages if page.url in seen.lists)
        hospital = site.hospital if site else hospital_name(bodies, probe.charset)
    lists = _lists(seen)
    start = seen.start
    problem = seen.stats.problem if start is None else _no_page(start)
    toml = ""
    if site is None and seen.lists and not problem:
        starts = [one.url for one in lists] or list(probe.start_urls)
        toml = propose_site(
            url, hospital or probe.name, starts, hosts=probe.hosts, javascript=probe.javascript, delay=delay
        )
        parse_site(toml, f"{probe.name}.toml")  # raises what would be wrong with it
    return Survey(
        url=url,
        name=probe.name,
        hospital=hospital,
        lists=tuple(lists),
        articles_seen=len(seen.articles),
        samples=tuple(_sample(article) for article in articles[:SURVEY_ARTICLES]),
        unsure=tuple(_doubts(seen, probe, hospital, articles, cleaned)),
        stats=seen.stats,
        charset=decode(start.body, start.header("content-type") or start.mime, probe.charset).encoding if start else "",
        sitemaps=tuple(sitemaps_of(seen.robots, probe, url)),
        problem=problem,
        toml=toml,
    )


def _no_page(start: Capture) -> str:
    """Why the start page is none, or an empty string. A feed is one."""
    from pipeline.kinds import wrong_bytes

    wrong = wrong_bytes(start.body, start.header("content-type") or start.mime)
    if wrong is None or wrong[1].startswith("XML"):
        return ""
    return f"no HTML page but {wrong[1]}" if wrong[0] == "not html" else f"an empty page ({wrong[1]})"


def _lists(seen: _Look) -> list[FoundList]:
    """The pages that list articles; the home page only when there is no other."""
    names = {link.url: link.title for page in seen.lists.values() for link in page.sections}
    found = []
    for url, page in seen.lists.items():
        parts = urlsplit(url)
        home = parts.path in ("", "/") and not parts.query and len(seen.lists) > 1
        if len(page.articles) >= FEWEST and not home:
            found.append(_list(names.get(url, ""), url, page))
    rest = [_list("", url, page) for url, page in seen.lists.items() if page.articles]
    return found or rest[:1]


def _list(name: str, url: str, page: Any) -> FoundList:
    title = re.split(r"[-_—|–]", page.title)[0].strip()
    return FoundList(
        name=name or title or "feed",
        url=url,
        articles=len(page.articles),
        next_page=page.next_pages[0] if page.next_pages else "",
        unfollowed=page.unfollowed,
    )


def _doubts(
    seen: _Look, site: Site, hospital: str, articles: Sequence[Article], cleaned: Sequence[Article | Rejection]
) -> list[str]:
    doubts = []
    if not seen.stats.ok:
        doubts.append(seen.stats.problem)
    if not hospital:
        doubts.append("no hospital's name was found in titles and footers: write it into the TOML")
    if seen.lists and not seen.articles:
        doubts.append("no article links were found: give article_urls, or the URL of a list page")
        if not site.javascript and seen.start is not None and _is_scripted(seen.start.body):
            doubts.append(f"the page shows next to no words without its scripts: {MISSING}")
    if len(articles) < len(cleaned):
        reasons = sorted({record.reason for record in cleaned if isinstance(record, Rejection)})
        doubts.append(
            f"{len(cleaned) - len(articles)} of {len(cleaned)} pages taken for articles could not be read as such"
            f" ({', '.join(reasons)})"
        )
    undated = sum(article.published_at is None for article in articles)
    if undated:
        doubts.append(f"{undated} of {len(articles)} articles show no date")
    hosts = sorted({host for page in seen.lists.values() for host in page.elsewhere})
    if hosts:
        doubts.append(f"articles lie on {', '.join(hosts)} as well: name it in hosts if it is the hospital's")
    doubts += [f"{url}: {page.unfollowed}" for url, page in seen.lists.items() if page.unfollowed]
    return doubts + [f"{url}: {page.problem}" for url, page in seen.lists.items() if page.problem]


def _sample(article: Article) -> Sample:
    words = " ".join(article.text.split())[:60]
    return Sample(
        url=article.url,
        title=article.title,
        published_at=article.published_at,
        source=article.source,
        words=words,
    )
