"""Feeds and sitemaps: in goes their XML, out come the articles or further lists that they name.

Entities are not resolved, nothing is fetched, and what is no XML is said so. `sitemaps_of` reads a robots.txt.
"""

from __future__ import annotations

import email.utils
import itertools
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pipeline.records import Site
from spiders.links import MAXIMUM_URL, Listed, PageLinks, clean_url, looks_like_article, on_site

MAXIMUM_XML = 16 * 1024 * 1024  # bytes, unpacked
MAXIMUM_SITEMAP_LINKS = 50_000  # the protocol's own limit
MAXIMUM_TAGS = 800_000  # so many pages have 500,000 tags; each takes 130 bytes of memory
FEED_DATES = ("pubdate", "published", "date", "issued")  # RSS 2.0, Atom, Dublin Core
DATE = re.compile(r"(?a:(?<!\d)((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d))")


def read_xml(body: bytes, url: str, site: Site) -> PageLinks:
    """A sitemap, a sitemap index, RSS or Atom. Entities are not resolved, nothing is fetched."""
    import lxml.etree

    if len(body) > MAXIMUM_XML:
        return PageLinks(problem=f"not read for links: larger than {MAXIMUM_XML // 1024**2} MiB")
    if body.count(b"<") > MAXIMUM_TAGS:
        return PageLinks(problem=f"not read for links: more than {MAXIMUM_TAGS} tags")
    parser = lxml.etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml.etree.fromstring(body, parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        root = None
    if root is None:
        return PageLinks(problem="not read for links: no XML")
    kind = _tag(root)
    if kind == "sitemapindex":
        found = (clean_url(entry.get("loc", ""), url) for entry in _entries(root, "sitemap"))
        return PageLinks(lists=tuple(dict.fromkeys(link for link in found if link and on_site(link, site)))[:500])
    rule = re.compile(site.article_urls) if site.article_urls else None
    accepted: Callable[[str], object] = rule.search if rule else looks_like_article
    if kind == "urlset":
        return PageLinks(articles=tuple(_listed(_entries(root, "url"), "loc", "lastmod", url, site, accepted)))
    if kind in ("rss", "rdf", "feed"):
        entries = _entries(root, "entry" if kind == "feed" else "item")
        accepted = rule.search if rule else bool  # everything in a feed is an article
        return PageLinks(articles=tuple(_listed(entries, "link", "", url, site, accepted)))
    return PageLinks(problem=f"not read for links: <{kind[:40]}> is no sitemap or feed")


def _tag(element: Any) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _entries(root: Any, name: str) -> Iterator[dict[str, str]]:
    """The children's text of every element of that name, by their names; a link's `href` where it has no text."""
    matching = (element for element in root.iter() if _tag(element) == name)
    for element in itertools.islice(matching, MAXIMUM_SITEMAP_LINKS):
        fields: dict[str, str] = {}
        for child in itertools.islice(element, 40):
            value = (child.text or "").strip() or (child.get("href") or "")
            if _tag(child) and value:
                fields.setdefault(_tag(child), value[: 4 * MAXIMUM_URL])
        yield fields


def _listed(
    entries: Iterable[dict[str, str]],
    link: str,
    date: str,
    base: str,
    site: Site,
    accepted: Callable[[str], object],
) -> Iterator[Listed]:
    seen: set[str] = set()
    for fields in entries:
        url = clean_url(fields.get(link, ""), base)
        if url and url not in seen and on_site(url, site) and accepted(url):
            seen.add(url)
            published = "" if date else next((fields[name] for name in FEED_DATES if fields.get(name)), "")
            day = DATE.search(_in_china(published) if published else fields.get(date, ""))
            stamp = f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}" if day else ""
            printed = _in_china(published) if stamp else ""
            yield Listed(url=url, title=fields.get("title", "")[:200], date=stamp, printed=printed)


def _in_china(published: str) -> str:
    """A feed's date as it is when it is ISO 8601, else RFC 822's in the page's own time: 2022-08-22 10:14:00+08:00."""
    try:
        moment = email.utils.parsedate_to_datetime(published)
    except (TypeError, ValueError):
        return published
    return moment.isoformat(sep=" ") if moment.tzinfo else f"{moment:%Y-%m-%d %H:%M:%S}"


def sitemaps_of(robots: str, site: Site, base: str) -> list[str]:
    """The sitemaps that a robots.txt names, those on the site's own hosts."""
    found = []
    for line in itertools.islice(robots.splitlines(), 10_000):
        name, _, value = line.partition(":")
        if name.strip().lower() == "sitemap":
            url = clean_url(value.partition("#")[0], base)
            if url and on_site(url, site):
                found.append(url)
    return list(dict.fromkeys(found))[:50]


def gunzip(body: bytes) -> bytes:
    """A sitemap.xml.gz unpacked, as far as the limit goes; empty when it is no gzip."""
    try:
        return zlib.decompressobj(31).decompress(body, MAXIMUM_XML)
    except zlib.error:
        return b""
