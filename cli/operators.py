"""The operators' verbs: sites, site add, site test, crawl, status."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from typing import Any

import click
from rich.text import Text

from archive import Archive
from cli.main import Command, Group, data_folder
from cli.output import console, formats, notes
from cli.output import show as show_rows
from pipeline.errors import SiteError
from pipeline.records import DataFolder
from spiders import compare
from spiders.crawl import load_last, run_crawl
from spiders.schedule import due_sites
from spiders.sites import load_site, load_sites, sites_folder
from spiders.survey import Survey, survey

FAILURES = 1  # exit code
BEGINNING = 30  # characters of a sample that a table shows


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@click.command(cls=Command, example="./yixun sites")
@formats
def sites(form: str | None) -> None:
    """List the sites with their last crawl."""
    folder, data = sites_folder(os.environ), data_folder()
    rows = []
    due = due_sites(folder, data, now=_now()) if folder.is_dir() else []
    for name, site in load_sites(folder).items():
        last = load_last(data.captures / name)
        rows.append(
            {
                "name": name,
                "hospital": site.hospital,
                "region": site.region,
                "schedule": site.schedule,
                "last_crawl": last.finished_at if last else None,
                "due": name in due,
                "state": "never crawled" if last is None else last.problem or "ok",
                "start_urls": list(site.start_urls),
            }
        )
    empty = f"no sites in {folder}; add one with `./yixun site add URL`"
    show_rows(rows, ("name", "hospital", "schedule", "last_crawl", "due", "state"), form, empty=empty)


@click.group(cls=Group)
def site() -> None:
    """Add a site, or test one."""


@site.command(
    example="./yixun site add https://www.example-hospital.cn/\n"
    "./yixun site add https://www.example-hospital.cn/ --hospital 某某县人民医院"
)
@click.argument("url")
@click.option("--hospital", default="", help="Its name, where the site does not say it or says it wrong.")
@click.option("--dry-run", is_flag=True, help="Print the TOML, write nothing.")
def add(url: str, hospital: str, dry_run: bool) -> int:
    """Look at the hospital site at URL, find its name and its news, write its TOML, and show what a crawl takes."""
    folder = sites_folder(os.environ)
    with notes.status(f"looking at {url} …"):
        found = survey(url, hospital=hospital)
    if not found.toml:
        why = found.problem or "no page was found there"
        raise SiteError(f"{url}: {why}; nothing was written (a TOML by hand: see docs/operators.md)")
    if not found.hospital:
        _print_survey(found)
        raise SiteError(f"{url}: no hospital is named in its title or footer; if it is one, add --hospital NAME")
    path = folder / f"{found.name}.toml"
    if path.exists() and not dry_run:
        raise SiteError(f"{path} is there already; `./yixun site test {found.name}` looks at it")
    console.print(Text(found.toml))
    _print_survey(found)
    if dry_run:
        return 0 if found.samples else FAILURES
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(found.toml, encoding="utf-8")
    console.print(f"\nwritten to {path}; `./yixun crawl {found.name}` crawls it", soft_wrap=True)
    return 0 if found.samples else FAILURES


@site.command(example="./yixun site test mengyin")
@click.argument("name")
def test(name: str) -> int:
    """Look at a site as a crawl would, without keeping pages: sample articles, what is unsure, what has changed."""
    known = load_site(sites_folder(os.environ) / f"{name}.toml")
    with notes.status(f"looking at {known.start_urls[0]} …"):
        found = survey(known.start_urls[0], site=known)
    _print_survey(found)
    folder = data_folder().captures / name
    last, before = load_last(folder), compare.load_test(folder)
    now = compare.findings(found, _now())
    said = compare.changes(before, now, last)
    console.print(f"\n{compare.in_words(said, before)}", soft_wrap=True)
    for line in said:
        console.print(Text(f"changed: {line}", "yellow"), soft_wrap=True)
    if last:
        console.print(
            f"last crawl: {last.captured} captured, {last.articles_seen} articles seen, {last.problem or 'ok'}"
        )
    if found.samples:  # a site that is down is no measure for the next test
        compare.save_test(folder, now)
    return 0 if found.samples else FAILURES


def _print_survey(found: Survey) -> None:
    """What was found: the lists with their further pages, the charset, the sitemaps, sample articles, doubts."""
    lists = [
        {"list": one.name, "articles": one.articles, "url": one.url, "next": one.next_page or one.unfollowed or "–"}
        for one in found.lists
    ]
    show_rows(lists, ("list", "articles", "url", "next"), None, empty="no list of articles was found")
    if found.charset:
        sitemaps = f"; sitemaps: {', '.join(found.sitemaps)}" if found.sitemaps else ""
        console.print(Text(f"charset: {found.charset}{sitemaps}"), soft_wrap=True)
    rows = [
        {
            "title": one.title,
            "published": one.published_at or "",
            "source": one.source,
            "begins": "".join(one.words.split())[:BEGINNING],
        }
        for one in found.samples
    ]
    show_rows(rows, ("published", "title", "source", "begins"), None, empty="no article was found")
    for line in found.unsure:
        console.print(Text(f"unsure: {line}", "yellow"))


@click.command(
    cls=Command,
    example="./yixun crawl mengyin\n./yixun crawl --due\n./yixun crawl mengyin --since 2018-01-01 --all-pages",
)
@click.argument("names", nargs=-1)
@click.option("--due", is_flag=True, help="Every site that is due.")
@click.option("--all-pages", is_flag=True, help="Read the lists to their end, although nothing on them is new.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="With --all-pages, which it implies: back to this day, by the dates on the lists.",
)
@click.option("--any-hour", is_flag=True, help="Also outside the hours that a site's TOML allows.")
@formats
def crawl(
    names: tuple[str, ...],
    due: bool,
    all_pages: bool,
    since: datetime.datetime | None,
    any_hour: bool,
    form: str | None,
) -> int:
    """Crawl the sites NAMES now. What is captured is archived by `./yixun ingest`."""
    folder, data = sites_folder(os.environ), data_folder()
    if bool(names) == due:
        raise click.UsageError("name the sites, or say --due", click.get_current_context())
    for name in names:
        load_site(folder / f"{name}.toml")
    problems: list[str] = []
    chosen = due_sites(folder, data, now=_now(), problems=problems) if due else list(names)
    for problem in problems:
        notes.print(f"problem: {problem}", markup=False, soft_wrap=True)
    if not chosen:
        console.print("no site is due")
        return 0
    with notes.status(f"crawling {', '.join(chosen)} …") as status:
        stats = run_crawl(
            chosen,
            data=data.root,
            sites_folder=folder,
            all_pages=all_pages or since is not None,
            since=since.date() if since else None,
            any_hour=any_hour,
            on_line=lambda line: status.update(Text(line[-100:])),
        )
    rows = [
        {
            "site": name,
            "captured": one.captured,
            "revisits": one.revisits,
            "articles_seen": one.articles_seen,
            "requests": one.requests,
            "state": one.problem or ("outside its hours" if one.finish_reason == "outside hours" else "ok"),
        }
        for name, one in stats.items()
    ]
    show_rows(rows, ("site", "captured", "revisits", "articles_seen", "requests", "state"), form, empty="")
    return 0 if all(one.ok for one in stats.values()) and not problems else FAILURES


@click.command(cls=Command, example="./yixun status")
@formats
def status(form: str | None) -> int:
    """What was crawled and archived, site by site, and what failed. Exit code 1 when a site's last crawl failed."""
    data = data_folder()
    counts: dict[str, dict[str, int]] = {}
    if data.archive.exists():
        with Archive(data.archive, readonly=True) as archive:
            counts = archive.counts_by_site()
    rows = list(_status_rows(data, counts))
    columns = ("site", "last_crawl", "captures", "articles", "rejections", "state")
    show_rows(
        rows, columns, form, empty=f"nothing was crawled or archived yet in {data.root}; `./yixun demo` shows how"
    )
    return FAILURES if any(row["state"] not in ("ok", "never crawled") for row in rows) else 0


def _status_rows(data: DataFolder, counts: dict[str, dict[str, int]]) -> Iterator[dict[str, Any]]:
    folders = {path.name for path in data.captures.glob("*") if path.is_dir()}
    for name in sorted(folders | counts.keys()):
        last = load_last(data.captures / name)
        state = "never crawled" if last is None else last.problem or "ok"
        yield {
            "site": name,
            "last_crawl": last.finished_at if last else None,
            **counts.get(name, {}),
            "state": state,
        }
