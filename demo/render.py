"""Renders the demo's sites: from the data under `articles/` and the templates to the bytes that a server sends.

In: a `DemoSite`. Out: `Resource` records by path. The bytes are the same on each run; only the visitor counter, a
placeholder here, is filled in by the server. Links are relative, so that no port stands in a page.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup, escape

from demo import assets, damage
from demo.sites import DemoSite, Page, Section, sites

TEMPLATES = Path(__file__).parent / "templates"
COUNTER = "@counter@"  # stands where the server puts the number of visitors
LATEST = 5  # entries in a sidebar or on a home page
BUILT = datetime.datetime(2024, 7, 2, 8, 0, tzinfo=datetime.UTC)  # when lists and what has no date last changed
CHINA = datetime.timezone(datetime.timedelta(hours=8))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resource:
    """What stands at one path of a site."""

    body: bytes
    content_type: str
    changed_at: datetime.datetime = BUILT

    @property
    def etag(self) -> str:
        """A strong validator of the bytes."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'

    @property
    def last_modified(self) -> str:
        """`changed_at` as HTTP writes it."""
        return format_datetime(self.changed_at.astimezone(datetime.UTC), usegmt=True)

    @property
    def counts(self) -> bool:
        """Whether a visitor counter stands in it."""
        return COUNTER.encode() in self.body


@dataclasses.dataclass(frozen=True, kw_only=True)
class Item:
    """An entry of a list."""

    title: str
    href: str
    date: str  # YYYY-MM-DD, or empty


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )


def relative(base: str, target: str) -> str:
    """The link from one path of a site to another, as an editor would type it."""
    there = urlsplit(target)
    link = posixpath.relpath(there.path, posixpath.dirname(urlsplit(base).path))
    if there.path.endswith("/"):
        link += "/"
    return f"{link}?{there.query}" if there.query else link


def resources(site: DemoSite) -> dict[str, Resource]:
    """Everything that a site serves, but for robots.txt and the sitemap, by path with query."""
    return dict(_resources(site))


def _resources(site: DemoSite) -> Iterator[tuple[str, Resource]]:
    yield "/", _html(site, _home(site), site.content_type)
    for section in site.sections:
        for number, path in enumerate(section.pages):
            yield path, _html(site, _list(site, section, number), site.content_type)
    for page in site.pages:
        for number, (path, _) in enumerate(page.parts, 1):
            html = _html(site, _page(site, page, number), site.content_type)
            yield path, dataclasses.replace(html, changed_at=_changed_at(page))
        yield from _files(page)
    for look in sorted({site.name, *(page.skin for page in site.pages if page.skin)}):
        yield f"/{look}.css", Resource(body=(TEMPLATES / look / "style.css").read_bytes(), content_type="text/css")
    yield "/images/banner.png", _picture(f"/images/banner.png of {site.name}", width=980, height=120)
    yield "/images/addon.png", _picture("/images/addon.png", width=16, height=16)


def _html(site: DemoSite, text: str, content_type: str) -> Resource:
    return Resource(body=text.encode(site.encoding, "xmlcharrefreplace"), content_type=content_type)


def _changed_at(page: Page) -> datetime.datetime:
    if not page.published_at:
        return BUILT
    time = datetime.datetime.fromisoformat(page.published_at)
    return time if time.tzinfo else time.replace(tzinfo=CHINA)


def _files(page: Page) -> Iterator[tuple[str, Resource]]:
    """The pictures and attachments that a page points at."""
    for block in page.blocks:
        if block.kind == "image":
            yield block.url, _picture(block.url)
        elif block.kind == "file" and block.url.endswith(".pdf"):
            yield block.url, Resource(body=assets.pdf([page.title, block.text]), content_type="application/pdf")
        elif block.kind == "file":
            yield block.url, Resource(body=assets.document([page.title, block.text]), content_type="application/msword")


def _picture(path: str, **size: int) -> Resource:
    return Resource(body=assets.picture(path, **size), content_type="image/png")


def _home(site: DemoSite) -> str:
    columns = [(section, _items("/", site.listed(section))[:LATEST]) for section in site.sections]
    shown = [(section, items) for section, items in columns if section.pages]
    return _render(site, site.name, "home", "/", title=site.hospital, columns=shown)


def _list(site: DemoSite, section: Section, number: int) -> str:
    path, first = section.pages[number], number * section.per_page
    entries = site.listed(section)[first : first + section.per_page]
    pages = [(str(place), relative(path, other)) for place, other in enumerate(section.pages, 1)]
    return _render(
        site, site.name, "list", path, title=section.title, section=section, items=_items(path, entries),
        pages=pages, number=number, total=len(site.listed(section)),
    )  # fmt: skip


def _page(site: DemoSite, page: Page, part: int) -> str:
    """Render a page, one of those that its article is spread over, then do to the whole of it what its data name."""
    path, blocks = page.parts[part - 1]
    skin = dataclasses.replace(sites()[page.skin], menu=site.menu, sections=site.sections) if page.skin else site
    section = site.section_of(page)
    before, after = _neighbours(site, page, section)
    html = _render(
        skin, page.skin or site.name, page.template, path, title=page.title, section=section, page=page,
        blocks=[(block, relative(path, block.url) if block.url else "") for block in blocks],
        part=part, parts=[relative(path, other) for other, _ in page.parts],
        column=site.section_title(page), meta=[_meta(skin, page, line) for line in page.meta],
        before=before, after=after, number=page.key.partition("/")[2],
    )  # fmt: skip
    return functools.reduce(lambda text, name: PAGE_DEFECTS[name](page, text), _page_defects(page), html)


def _page_defects(page: Page) -> list[str]:
    return [name for name in page.defects if name in PAGE_DEFECTS]


def _inject(page: Page, html: str) -> str:
    """Damage every text between tags, but no script and no style."""
    parts = re.split(r"(<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>)", html, flags=re.DOTALL)
    return "".join(page.injected(part) if place % 2 == 0 else part for place, part in enumerate(parts))


def _hijack(page: Page, html: str) -> str:
    return damage.swap_brand(html, page.hospital_printed, page.brand)


PAGE_DEFECTS: dict[str, Callable[[Page, str], str]] = {"inject": _inject, "hijack": _hijack}


def _meta(site: DemoSite, page: Page, line: str) -> Markup:
    number = page.key.partition("/")[2]
    return escape(line).replace("{views}", Markup(site.views.replace("{id}", number)))


def _items(base: str, pages: list[Page]) -> list[Item]:
    return [
        Item(
            title=page.list_title,
            href=relative(base, page.path),
            date=(page.published_at or page.date or "")[: len("2024-03-05")],
        )
        for page in pages
    ]


def _neighbours(site: DemoSite, page: Page, section: Section | None) -> tuple[Item | None, Item | None]:
    """The entries before and after a page in its list."""
    listed = site.listed(section) if section else []
    if page not in listed:
        return None, None
    place = listed.index(page)
    before = _items(page.path, listed[:place])
    after = _items(page.path, listed[place + 1 :])
    return before[-1] if before else None, after[0] if after else None


def _render(site: DemoSite, folder: str, template: str, path: str, **values: Any) -> str:
    """Fill a template of a site; `link` makes a path of the site relative to the page."""
    newest = [page for section in site.sections for page in site.listed(section) if page.path != path]
    return (
        _templates()
        .get_template(f"{folder}/{template}.html")
        .render(
            site=site,
            path=path,
            counter=COUNTER,
            link=functools.partial(relative, path),
            menu=[(name, relative(path, target)) for name, target in site.menu],
            latest=_items(path, newest[:LATEST]),
            **values,
        )
    )


def robots(site: DemoSite, base: str) -> bytes:
    """The site's robots.txt; empty when it has none. `base` is the address as the visitor knows it."""
    return site.robots.lstrip("\n").replace("{base}", base).encode()


def sitemap(site: DemoSite, base: str) -> bytes:
    """The site's sitemap with absolute addresses, as the protocol demands."""
    paths = ["/", *(path for section in site.sections for path in section.pages), *(page.path for page in site.pages)]
    dates = {page.path: page.published_at[:10] for page in site.pages if page.published_at}
    entries = "".join(
        f"  <url><loc>{escape(base + path)}</loc>"
        + (f"<lastmod>{dates[path]}</lastmod>" if path in dates else "")
        + "</url>\n"
        for path in paths
    )
    start = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return f"{start}{entries}</urlset>\n".encode()
