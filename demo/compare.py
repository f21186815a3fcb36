"""Holds what came out of the demo's pages against what must come out.

In: `Expected` records and what cleaning made of the same pages. Out: the differences, a line each, none when all is
well.

    python -m demo.compare

cleans every page of the demo without a server or a crawl, and prints the differences by page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from demo import render
from demo.sites import DemoSite, Expected, expected, sites
from pipeline.fold import fold
from pipeline.parts import join
from pipeline.records import Article, Rejection, Site

FIELDS = (
    "title", "published_at", "published_raw", "source", "author", "contributor", "editor", "reviewer", "section",
    "captions",
)  # fmt: skip
SAME = 0.85  # share of a damaged paragraph's four-character pieces that must be readable again
COUNTED = "183207"  # what the visitor counter says where nobody counts


def differences(record: Expected, got: Article | Rejection) -> list[str]:
    """How a cleaned page differs from what must come out of it, one line a difference."""
    if isinstance(got, Rejection):
        said = [] if record.kind == "rejection" else [f"rejected as {got.reason}, is an article"]
        return said or [f"rejected as {got.reason}, is {record.reason}"] * (got.reason != record.reason)
    if record.kind == "rejection":
        return [f"an article, is to be rejected as {record.reason}"]
    return [*_fields(record, got), *_flags(record, got), *_text(record, got)]


def _fields(record: Expected, got: Article) -> Iterator[str]:
    for field in FIELDS:
        is_there, wanted = getattr(got, field), getattr(record, field)
        if is_there != wanted:
            yield f"{field}: {is_there!r}, should be {wanted!r}"
    if (named := tuple(link.title for link in got.attachments)) != record.attachments:
        yield f"attachments: {named!r}, should be {record.attachments!r}"
    if len(got.images) != record.images:
        yield f"images: {len(got.images)}, should be {record.images}"


def _flags(record: Expected, got: Article) -> Iterator[str]:
    flags: set[str] = {flag.name for flag in got.flags}
    for name in sorted(set(record.flags) - flags):
        yield f"flag {name} is missing"
    for name in sorted(flags - {*record.flags, *record.maybe}):
        yield f"flag {name} is too much"


def _text(record: Expected, got: Article) -> Iterator[str]:
    lines = [_bare(line) for line in got.text.split("\n")]
    whole, place = "".join(lines), 0
    for paragraph in record.text:
        found = whole.find(_bare(paragraph), place)
        if found >= 0:
            place = found + len(_bare(paragraph))
            if _bare(paragraph) not in lines:
                yield f"not a line of its own: {paragraph}"
        elif "damaged" not in record.flags or _share(_bare(paragraph), whole) < SAME:
            yield f"lost or out of order: {paragraph}"
    for cell in record.cells:
        if _bare(cell) not in whole:
            yield f"lost from a table: {cell}"
    wanted = _bare("".join((*record.text, *record.cells, *record.tolerated)))
    for line in lines:
        if _share(line, wanted) < 1 - SAME or whole.count(line) > max(1, wanted.count(line)):
            yield f"too much: {line}"


def _bare(text: str) -> str:
    """The text folded, without the blanks and strokes that stand between cells."""
    return re.sub(r"[\s|]+", "", fold(text))


def _share(part: str, whole: str) -> float:
    """The share of a text's four-character pieces that stand in another, 0…1."""
    pieces = [part[start : start + 4] for start in range(max(1, len(part) - 3))]
    return sum(piece in whole for piece in pieces) / len(pieces)


def key_of(url: str, ports: dict[int, str]) -> tuple[str, str]:
    """The site and the path with query of a URL of the demo; `ports` gives the site's name by port."""
    parts = urlsplit(url)
    return ports.get(parts.port or 80, ""), f"{parts.path}?{parts.query}" if parts.query else parts.path


def clean_all() -> Iterator[tuple[Expected, Article | Rejection]]:
    """Clean every page of the demo as it is rendered."""
    from pipeline.clean import clean_page  # loads the cleaner only where it is used

    built = {name: render.resources(site) for name, site in sites().items() if not site.dead}
    for record in expected():
        site, resources = sites()[record.site], built[record.site]
        cleaned = []
        for path in record.paths or (record.path,):
            body = resources[path].body.replace(render.COUNTER.encode(), COUNTED.encode())
            headers = {"Content-Type": resources[path].content_type}
            cleaned.append(clean_page(body, f"http://{record.site}.example{path}", site=_site(site), headers=headers))
        pages = [one for one in cleaned if isinstance(one, Article) and one.part]
        yield record, join(pages) if len(pages) > 1 else cleaned[0]


def _site(site: DemoSite) -> Site:
    return Site(
        name=site.name,
        hospital=site.hospital,
        aliases=site.aliases,
        region=site.region,
        level=site.level,
        start_urls=(f"http://{site.name}.example/",),
    )


def main() -> None:
    """Print the differences by page, then how many pages came out right."""
    right, pages = 0, 0
    for record, got in clean_all():
        found = differences(record, got)
        pages += 1
        right += not found
        if found:
            print(f"{record.site}{record.path}", *found, sep="\n    ")
    print(f"{right} of {pages} pages came out as they must")


if __name__ == "__main__":
    main()
