"""The demo's sites as data: reads `articles/`, and says what must come out of every page.

In: `articles/<site>/site.toml` and `articles/<site>/*.md` (TOML between two lines of `+++`, then the body). Out:
`DemoSite` and `Page` records for the renderer, and `expected()` for tests and for the demo's summary.

A body is paragraphs with blank lines between them; a paragraph may also be `## a heading`, `![caption](image)`,
`[name](attachment)`, `^a credit line`, or lines of `| a table |`. What is wrong with a page is named in its data
(`defects`) and done by the functions of `demo.damage`.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from demo import damage

ARTICLES = Path(__file__).parent / "articles"
PREVIEW_CHARACTERS = 60  # of the paragraph in which a preview breaks off


@dataclasses.dataclass(frozen=True, kw_only=True)
class Block:
    """One piece of a body: a paragraph, a heading, a picture, a table, an attachment, or who wrote it."""

    kind: Literal["text", "heading", "image", "table", "file", "credit"] = "text"
    text: str = ""  # a picture's caption, an attachment's name
    url: str = ""  # path on the site
    rows: tuple[tuple[str, ...], ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """A column of a site with its list pages; `per_page` entries stand on each."""

    key: str
    title: str
    pages: tuple[str, ...]
    parent: str = ""  # the column above it in the breadcrumb
    per_page: int = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """A page that is no list: an article, an about page, or one that only pretends to be there."""

    site: str
    path: str
    title: str  # as a reader would say it
    body: tuple[Block, ...]  # before any damage
    template: str = "article"
    skin: str = ""  # the site whose template this page wears, when it is not its own
    printed_title: str = ""
    section: str = ""  # key of a section, or the name of a column without a list
    section_title: str = ""  # what the breadcrumb says instead
    meta: tuple[str, ...] = ()  # the metadata lines as printed; {views} is the counter
    date: str = ""  # as printed
    linked: Literal["list", "menu", "sitemap"] = "list"
    defects: tuple[str, ...] = ()
    seed: int = 0
    keep: int = 0  # paragraphs that a preview shows
    breaks: tuple[int, ...] = ()  # the pieces of the body with which a further page begins
    hospital_printed: str = ""  # the name that a hijacker replaces
    brand: str = ""  # by this
    same_body: str = ""  # key of the page whose body follows this page's own words
    # what must come out
    kind: Literal["article", "rejection"] = "article"
    reason: str = ""
    published_at: str | None = None
    source: str = ""
    author: str = ""
    contributor: str = ""
    editor: str = ""
    reviewer: str = ""
    flags: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    copy_of: str = ""
    relation: str = ""
    related_to: str = ""

    @property
    def key(self) -> str:
        """`site/number`, the name that other pages' data use for this one."""
        number = re.findall(r"\d+", self.path)
        return f"{self.site}/{number[-1] if number else 'about'}"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The body as the page prints it, with the damage that is done to its paragraphs."""
        return functools.reduce(lambda blocks, name: BODY_DEFECTS[name](self, blocks), self._body_defects, self.body)

    @property
    def parts(self) -> tuple[tuple[str, tuple[Block, ...]], ...]:
        """Path and blocks of each page that the article is spread over; most are on one."""
        starts, ends = (0, *self.breaks), (*self.breaks, len(self.blocks))
        stem, ending = self.path.rsplit(".", 1) if self.breaks else (self.path, "")
        paths = (self.path, *(f"{stem}_{number}.{ending}" for number in range(2, len(starts) + 1)))
        return tuple((path, self.blocks[start:end]) for path, start, end in zip(paths, starts, ends, strict=True))

    @property
    def list_title(self) -> str:
        """The title as lists and neighbours print it."""
        return self.injected(self.title) if "inject" in self.defects else self.title

    def injected(self, text: str) -> str:
        """A text with the pinyin injection done to it; the same words come out the same wherever they stand."""
        return damage.inject(text, seed=self.seed + zlib.crc32(text.encode()))

    @property
    def _body_defects(self) -> list[str]:
        return [name for name in self.defects if name in BODY_DEFECTS]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DemoSite:
    """One site: what its TOML for the spider says, and what its server and templates need."""

    name: str
    hospital: str
    aliases: tuple[str, ...] = ()
    region: str = ""
    level: str = ""
    dead: bool = False  # described, but served by nobody
    minimum_articles: int = 0
    rules: str = ""  # further lines of the TOML for the spider
    encoding: str = "utf-8"
    content_type: str = "text/html"
    charset_label: str = "utf-8"
    gzip: bool = False
    validators: tuple[str, ...] = ()  # etag, last-modified
    sitemap: bool = False
    robots: str = ""  # {base} is the site's address; empty: there is no robots.txt
    counter: int = 0  # where the visitor counter starts; 0: the site has none
    views: str = ""  # HTML that prints how often an article was read; {id} is the article's number
    address: str = ""
    phone: str = ""
    icp: str = ""
    since: int = 2010
    menu: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    pages: tuple[Page, ...] = ()

    def listed(self, section: Section) -> list[Page]:
        """The section's pages as its lists name them, newest first; what has no date stands last."""
        pages = [page for page in self.pages if page.section == section.key and page.linked == "list"]
        return sorted(pages, key=lambda page: page.published_at or page.date or "", reverse=True)

    def section_of(self, page: Page) -> Section | None:
        """The section that a page belongs to, or None for an about page."""
        return next((section for section in self.sections if section.key == page.section), None)

    def section_title(self, page: Page) -> str:
        """The last column of a page's breadcrumb."""
        section = self.section_of(page)
        return page.section_title or (section.title if section else page.section)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Expected:
    """What must come out of one page of the demo.

    `flags` must be set, `maybe` may be. `text` holds paragraphs that the cleaned text must contain, each once, in this
    order; where a page is flagged `damaged`, bytes are lost, and these are the words that once stood there. `section`
    is the last column of the breadcrumb. For a rejection only `reason` and the address count.
    """

    site: str
    path: str  # with the query
    kind: Literal["article", "rejection"]
    paths: tuple[str, ...] = ()  # of all its pages, when the article is spread over several
    reason: str = ""
    title: str = ""
    published_at: str | None = None
    published_raw: str = ""  # as printed
    source: str = ""
    author: str = ""
    contributor: str = ""
    editor: str = ""
    reviewer: str = ""
    section: str = ""
    text: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()  # of its tables
    tolerated: tuple[str, ...] = ()  # may stand in the text or not: credits, attachments' names, where a preview ends
    captions: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()  # their names
    images: int = 0  # pictures of the body, icons not counted
    flags: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    copy_of: str = ""  # path of the genuine page, with its site: "baichuan/info/1018/1312.htm"
    relation: str = ""  # excerpt or sibling, of the page `related_to`
    related_to: str = ""
    linked: str = "list"  # list; menu: a crawl for news may pass it by; sitemap: linked from nowhere else


def _tail_twice(_page: Page, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    text = damage.body_twice(_joined(blocks), first=max(0, len(blocks) - 3))
    return _split(text)


def _preview(page: Page, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    cut = blocks[page.keep].text[:PREVIEW_CHARACTERS]
    return (*blocks[: page.keep], Block(text=f"{cut}……"))


def _farm(_page: Page, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    return _split(damage.farm_tail(_joined(blocks)))


# Damage that is done to a body's paragraphs; `inject` and `hijack` are done to the whole page by the renderer.
BODY_DEFECTS: Mapping[str, Callable[[Page, tuple[Block, ...]], tuple[Block, ...]]] = {
    "tail_twice": _tail_twice,
    "preview": _preview,
    "farm": _farm,
}


def _joined(blocks: tuple[Block, ...]) -> str:
    return "\n".join(block.text for block in blocks)


def _split(text: str) -> tuple[Block, ...]:
    return tuple(Block(text=line) for line in text.split("\n"))


def read_body(source: str) -> tuple[Block, ...]:
    """Turn a body's source into blocks."""
    return tuple(_block(part.strip()) for part in re.split(r"\n\s*\n", source.strip()) if part.strip())


def _block(part: str) -> Block:
    if part.startswith("|"):
        rows = (line.strip().strip("|").split("|") for line in part.splitlines())
        return Block(kind="table", rows=tuple(tuple(cell.strip() for cell in row) for row in rows))
    if match := re.fullmatch(r"!\[(.*)\]\((\S+)\)", part):
        return Block(kind="image", text=match[1], url=match[2])
    if match := re.fullmatch(r"\[(.*)\]\((\S+)\)", part):
        return Block(kind="file", text=match[1], url=match[2])
    if part.startswith("## "):
        return Block(kind="heading", text=part[3:])
    if part.startswith("^"):
        return Block(kind="credit", text=part[1:])
    return Block(text=part.replace("\n", ""))


@functools.cache
def sites() -> dict[str, DemoSite]:
    """Every site of the demo by its name, the dead one last."""
    found = [_read_site(file) for file in sorted(ARTICLES.glob("*/site.toml"))]
    bodies = {page.key: page.body for site in found for page in site.pages}
    whole = (dataclasses.replace(site, pages=tuple(_with_body(page, bodies) for page in site.pages)) for site in found)
    return {site.name: site for site in sorted(whole, key=lambda site: site.dead)}


def _with_body(page: Page, bodies: Mapping[str, tuple[Block, ...]]) -> Page:
    """Let the body of the page that this one repeats follow its own words."""
    return dataclasses.replace(page, body=(*page.body, *bodies[page.same_body])) if page.same_body else page


def _read_site(file: Path) -> DemoSite:
    data = tomllib.loads(file.read_text("utf-8"))
    sections = tuple(Section(**_tuples(section)) for section in data.pop("section", []))
    pages = tuple(_read_page(page, data["name"]) for page in sorted(file.parent.glob("*.md")))
    return DemoSite(**_tuples(data), sections=sections, pages=pages)


def _read_page(file: Path, site: str) -> Page:
    _, front, body = file.read_text("utf-8").split("+++\n", 2)
    return Page(site=site, body=read_body(body), **_tuples(tomllib.loads(front)))


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _tuple(value) for key, value in data.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if isinstance(value, list) else value


def expected() -> list[Expected]:
    """What must come out of every page that can be reached on the demo's sites."""
    return [record for site in sites().values() if not site.dead for record in _expected(site)]


def _expected(site: DemoSite) -> Iterator[Expected]:
    for path in ("/", *(path for section in site.sections for path in section.pages)):
        yield Expected(site=site.name, path=path, kind="rejection", reason="list page")
    for page in site.pages:
        yield (
            _expected_article(site, page)
            if page.kind == "article"
            else Expected(site=site.name, path=page.path, kind="rejection", reason=page.reason)
        )


def _expected_article(site: DemoSite, page: Page) -> Expected:
    shown = _shown(page)
    body = page.body if "preview" not in page.defects else page.body[: page.keep]
    return Expected(
        site=site.name,
        path=page.path,
        kind="article",
        paths=tuple(path for path, _ in page.parts) if page.breaks else (),
        title=shown(page.title),
        published_at=page.published_at,
        published_raw=page.date,
        source=shown(page.source),
        author=shown(page.author),
        contributor=shown(page.contributor),
        editor=shown(page.editor),
        reviewer=shown(page.reviewer),
        section=shown(site.section_title(page)),
        text=tuple(shown(block.text) for block in body if block.kind in ("text", "heading")),
        cells=tuple(cell for block in body for row in block.rows for cell in row),
        tolerated=_tolerated(page),
        captions=tuple(shown(block.text) for block in body if block.kind == "image" and block.text),
        attachments=tuple(block.text for block in body if block.kind == "file"),
        images=sum(block.kind == "image" for block in body),
        flags=page.flags,
        maybe=page.maybe,
        copy_of=_address(page.copy_of),
        relation=page.relation,
        related_to=_address(page.related_to),
        linked=page.linked,
    )


def _tolerated(page: Page) -> tuple[str, ...]:
    broken_off = page.blocks[-1:] if "preview" in page.defects else ()
    beside = (block for block in page.blocks if block.kind in ("credit", "file"))
    return tuple(block.text for block in (*broken_off, *beside))


def _shown(page: Page) -> Callable[[str], str]:
    """How a reader sees the page's words once everything that can be undone is undone."""
    if "inject" in page.defects:
        return damage.traditional
    if "hijack" in page.defects:
        return lambda text: damage.swap_brand(text, page.hospital_printed, page.brand)
    return lambda text: text


def _address(key: str) -> str:
    """`site/number` as `site` and path."""
    if not key:
        return ""
    site = sites()[key.partition("/")[0]]
    return site.name + next(page.path for page in site.pages if page.key == key)
