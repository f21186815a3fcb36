"""Finding articles on list pages: precision and recall of article links, further pages, and the days beside links.

    python -m benchmarks.discovery              # our templates and the demo's sites, page by page

The sites are those of `benchmarks.listings`: each list page is read as the spider reads it, with a TOML that holds
nothing but the hospital's name and its start URL. A link is right when it leads to an article that stands on the page;
links in a column of hot articles may be taken or left. The table is also written to `benchmarks/results/discovery.md`.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Iterator

from benchmarks import listings, listings_held, report
from benchmarks.listings import Listing, Stands
from demo import render
from demo.sites import sites
from pipeline.records import Site
from spiders.discovery import read_list

BASE, OTHER = "http://www.hospital.example", "http://dj.hospital.example"


@dataclasses.dataclass(slots=True)
class Counts:
    """What was found on list pages beside what stands there."""

    pages: int = 0
    articles: int = 0
    found: int = 0
    wrong: list[str] = dataclasses.field(default_factory=list)
    missed: list[str] = dataclasses.field(default_factory=list)
    next_pages: int = 0
    next_found: int = 0
    next_wrong: list[str] = dataclasses.field(default_factory=list)
    days: int = 0
    days_right: int = 0
    days_wrong: list[str] = dataclasses.field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Count another's as well."""
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def judge(listing: Listing) -> Counts:
    """Read every list page of a site and compare."""
    counts = Counts()
    site = Site(name="site", hospital=listing.hospital, start_urls=(listing.news,))
    mime, body = listing.pages[listing.news]
    site = dataclasses.replace(site, hosts=read_list(body, listing.news, site, content_type=mime).elsewhere)
    for url, stands in listing.lists.items():
        mime, body = listing.pages[url]
        read = read_list(body, url, site, content_type=mime)
        found = {one.url for one in read.articles}
        counts.pages += 1
        counts.articles += len(stands.articles)
        counts.found += len(found & stands.articles)
        counts.wrong += sorted(found - stands.articles - stands.allowed)
        counts.missed += sorted(stands.articles - found)
        counts.next_pages += bool(stands.next_page)
        counts.next_found += bool(stands.next_page) and stands.next_page in read.next_pages
        counts.next_wrong += sorted(set(read.next_pages) - stands.pages)
        dates = {one.url: one.date for one in read.articles}
        counts.days += len(stands.days)
        counts.days_right += sum(dates.get(one) == day for one, day in stands.days.items())
        counts.days_wrong += [
            f"{one} {dates[one]}" for one, day in stands.days.items() if one in dates and dates[one] not in ("", day)
        ]
    return counts


def line(name: str, counts: Counts) -> str:
    """A row of the table."""
    taken = counts.found + len(counts.wrong)
    return (
        f"| {name} | {counts.pages} | {counts.articles} | {share(counts.found, taken)} | "
        f"{share(counts.found, counts.articles)} | {counts.next_found} of {counts.next_pages} | "
        f"{len(counts.next_wrong)} | {counts.days_right} of {counts.days} | {len(counts.days_wrong)} |"
    )


def share(part: int, whole: int) -> str:
    """A quotient, for people."""
    return f"{part / whole:.3f}" if whole else "–"


def table(listings: Iterable[Listing], verbose: bool) -> list[str]:
    """The table, a row a site and one for all."""
    rows = [
        "| template | lists | articles | precision | recall | next page | wrong pages | days | wrong days |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    total = Counts()
    for listing in listings:
        counts = judge(listing)
        total.add(counts)
        rows.append(line(listing.name, counts))
        if verbose:
            for what in ("wrong", "missed", "next_wrong", "days_wrong"):
                for one in getattr(counts, what)[:5]:
                    print(f"{listing.name}: {what}: {one}")
    return [*rows, line("all", total)]


def demo_listings() -> Iterator[Listing]:
    """The demo's sites, with what stands on their list pages and home pages."""
    for site in sites().values():
        if site.dead:
            continue
        served = render.resources(site)
        listing = Listing(name=site.name, about="a site of the demo", hospital=site.hospital, home=f"{BASE}/", news="")
        listing.pages = {BASE + path: (one.content_type, one.body) for path, one in served.items()}
        latest: list[str] = []
        beside = frozenset(BASE + page.path for page in site.pages if page.linked == "list")  # columns of the newest
        for section in site.sections:
            listed = [BASE + page.path for page in site.listed(section)]
            latest += listed[: render.LATEST] if section.pages else []
            urls = [BASE + path for path in section.pages]
            for number, url in enumerate(urls):
                part = listed[number * section.per_page : (number + 1) * section.per_page]
                following = urls[number + 1] if number + 1 < len(urls) else ""
                listing.lists[url] = Stands(
                    articles=frozenset(part), next_page=following, pages=frozenset(urls), allowed=beside
                )
        listing.lists[listing.home] = Stands(articles=frozenset(latest))
        listing.news = next(iter(listing.lists))
        yield listing


def main() -> None:
    """Read the command line, print the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verbose", action="store_true", help="say what was wrong and what was missed")
    arguments = parser.parse_args()
    parts = [f"# Finding articles\n\n    python -m benchmarks.discovery\n\n{report.machine()}"]
    for heading, made in (
        ("Templates with which the rules were mended", listings.TEMPLATES),
        ("Templates written afterwards; what they showed was mended as well", listings_held.TEMPLATES),
        ("The demo's sites", demo_listings),
    ):
        found = made() if callable(made) else (make(BASE, OTHER) for make in made)
        parts.append(f"## {heading}\n\n" + "\n".join(table(found, arguments.verbose)))
    report.write("discovery", "\n\n".join(parts))


if __name__ == "__main__":
    main()
