"""The archivists' verbs: ingest, search, watch, show, diff, cluster, rejections, export, check, backup."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import click
from rich.text import Text

from archive import Archive
from archive.query import pointed
from archive.search import Results
from cli.intake import collect
from cli.main import Command, Group, data_folder
from cli.output import cell, console, formats, notes
from cli.output import show as show_rows
from pipeline.errors import ArchiveError, QueryError
from pipeline.records import FlagName, Hit
from spiders.sites import load_sites, sites_folder

FINDINGS = 1  # exit code
EXCLUSION = re.compile(r"^-(?=[^\x00-\x7f]|\")")  # the sign before a word that must not stand there
PERMALINKS = "http://127.0.0.1:8001"  # where `serve` serves unless told otherwise


flag_name = click.Choice(get_args(FlagName))
with_flags = click.option(
    "--flag", "flags", multiple=True, type=flag_name, help="Only articles with this flag; may stand several times."
)
without_flags = click.option(
    "--no-flag", "without_flags", multiple=True, type=flag_name, help="Only articles without this flag."
)


def open_archive(*, readonly: bool = True) -> Archive:
    """The archive of this call; one that is not there is an error with a cure."""
    data = data_folder()
    if not data.archive.exists():
        raise ArchiveError(f"no archive at {data.archive}; `./yixun demo` or `./yixun ingest` makes one")
    sites = {} if readonly else load_sites(sites_folder(os.environ))  # a TOML that is wrong keeps nobody from reading
    return Archive(data.archive, readonly=readonly, sites=sites)


@click.command(
    cls=Command, example="./yixun ingest saved-pages/\n./yixun ingest crawl.warc.gz\n./yixun ingest articles.jsonl"
)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--processes", default=os.cpu_count() or 2, show_default=True, help="Worker processes for cleaning.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end.")
def ingest(paths: tuple[Path, ...], processes: int, as_json: bool) -> int:
    """Archive captures: clean each page, relate it to the others, add it.

    PATHS are WARC files, folders of saved pages (<site>/<page>.html, beside it optionally <page>.json with url,
    captured_at, headers) or .jsonl files of articles with the fields of an export. Without PATHS: what the crawls have
    left. What was ingested before changes nothing.
    """
    from archive.ingest import ingest_warcs

    data = data_folder()
    problems: list[str] = []
    sites = load_sites(sites_folder(os.environ), problems)
    with notes.status("reading …") as status:
        warcs = collect(
            paths, data, sites, progress=lambda line: status.update(f"{line} …"), notice=lambda line: notes.print(line)
        )
    with Archive(data.archive, sites=sites) as archive, notes.status("archiving …") as status:
        counts = ingest_warcs(
            warcs,
            archive,
            sites,
            captures=data.captures,
            processes=processes,
            progress=lambda line: status.update(f"archiving {line} …"),
            problems=problems,
        )
    report = {key: count for key, count in counts.items() if count}
    if as_json:
        print(json.dumps({"counts": report, "problems": problems}, ensure_ascii=False))
    else:
        console.print("  ".join(f"{count} {key}" for key, count in report.items()) or "nothing new")
        for problem in problems:
            notes.print(f"problem: {problem}", markup=False, soft_wrap=True)
    return FINDINGS if problems else 0


def _day(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    for form in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            datetime.datetime.strptime(value, form)
        except ValueError:
            continue
        return value
    raise click.BadParameter(f"{value!r} is no date; write 2022, 2022-06 or 2022-06-30", param=option)


class SearchCommand(Command):
    """Takes `-招聘` for the word that it is: no option begins with a Chinese character or a quote."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; the query language takes the full-width sign as well, and click does not."""
        return super().parse_args(context, [EXCLUSION.sub("－", argument) for argument in args])


@click.command(
    cls=SearchCommand, example="./yixun search 卫健委 --limit 3\n./yixun search 义诊 -招聘\n./yixun search --like 1"
)
@click.argument("words", nargs=-1)
@click.option("--like", type=int, metavar="ID", help="The articles most like this one, instead of WORDS.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many results.")
@click.option("--expand", is_flag=True, help="Every article, the copies as well.")
@with_flags
@without_flags
@click.option("--site", help="Only articles of this site.")
@click.option("--region", help="Only hospitals of this region, or of regions whose name holds this: 山东.")
@click.option("--since", callback=_day, help="Published on this day or later: 2022, 2022-06 or 2022-06-30.")
@click.option("--until", callback=_day, help="Published on this day or earlier.")
@click.option("--sort", type=click.Choice(["relevance", "date"]), default="relevance", show_default=True)
@click.option("--after", "cursor", help="Go on after this place: `next` of the page before.")
@click.option(
    "--complete", is_flag=True, help="How WORDS may go on (names, pinyin, frequent terms), instead of results."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document: total, hits, next.")
def search(
    words: tuple[str, ...], like: int | None, cursor: str | None, complete: bool, as_json: bool, **filters: Any
) -> None:
    """Search titles and texts, in simplified or traditional characters.

    WORDS are all looked for; "a phrase", -without, a OR b, title:, hospital:, region:, source:, author:, section:,
    flag:, site:, year:2022, date:2020..2022-06 (标题: 医院: 地区: 来源: 作者: 栏目: 日期:) narrow it.
    """
    if bool(words) == (like is not None):
        raise click.UsageError("name WORDS to search for, or an article with --like ID")
    query = " ".join(words)
    if complete:
        _print_completions(query, as_json)
        return
    with open_archive() as archive:
        if like is not None:
            _article(archive, like)
            hits = archive.like(like, limit=filters["limit"])
            found, instead = Results(query=f"--like {like}", total=len(hits), hits=hits, next=None), []
        else:
            with _pointing_at(query):
                found = archive.search(query, cursor=cursor, **filters)
            instead = [] if found.hits else archive.suggestions(query)
    if as_json:
        print(json.dumps({**found.as_dict(), "suggestions": instead}, ensure_ascii=False, indent=2))
    else:
        _print_hits(found.query, found, instead)


def _print_completions(query: str, as_json: bool) -> None:
    with open_archive() as archive:
        found = archive.completions(query)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for one in found:
            console.print(Text(one))


@contextlib.contextmanager
def _pointing_at(query: str) -> Iterator[None]:
    """Show in the message about a wrong query where it is wrong."""
    try:
        yield
    except QueryError as error:
        lines = pointed(query, error.position).splitlines()
        raise QueryError("\n  ".join([str(error), *lines])) from error


def _print_hits(query: str, found: Results, instead: Sequence[str] = ()) -> None:
    if found.hits:
        first = f", the first {len(found.hits)}" if found.total > len(found.hits) else ""
        console.print(Text(f"{found.total} found{first}"))
    else:
        nearest = "; the nearest have some of the words:" if found.partial else ""
        if instead:
            console.print(Text(f"did you mean {' · '.join(instead)}?"))
        console.print(Text(f"nothing found for {query}{nearest}"))
    for hit in found.hits or found.partial:
        print_hit(hit)
    if found.next:
        console.print(Text(f"\nmore: --after {found.next}", "dim"))


def print_hit(hit: Hit) -> None:
    """One search result: its number and title, where and when, and the snippet."""
    copies = f"  +{hit.copies} {'copy' if hit.copies == 1 else 'copies'}" if hit.copies else ""
    flags = f"  [{' '.join(hit.flags)}]" if hit.flags else ""
    title = Text(f"\n{hit.id}  ", "dim") + Text(hit.title or "(no title)", "bold") + Text(copies + flags, "yellow")
    console.print(title, soft_wrap=True)
    place = (cell(hit.published_at) or "undated", hit.hospital, hit.url)
    console.print(Text(f"   {'  '.join(filter(None, place))}", "dim"), soft_wrap=True)
    console.print(Text("   ") + marked(" ".join(hit.snippet.split())), soft_wrap=True)


def marked(snippet: str) -> Text:
    """A snippet with what stands between « and » in bold; the marks stay where there are no colours."""
    if not console.is_terminal:
        return Text(snippet)
    text = Text()
    for part in snippet.split("«"):
        found, mark, rest = part.partition("»")
        text.append(found, "bold green" if mark else None)
        text.append(rest)
    return text


article_id = click.argument("article", type=click.IntRange(1, 2**63 - 1), metavar="ID")


def _article(archive: Archive, number: int) -> dict[str, Any]:
    article = archive.article(number, details=True)
    if article is None:
        raise ArchiveError(f"no article {number}; `./yixun search WORDS` prints the numbers")
    return article


@click.command(cls=Command, example="./yixun show 1\n./yixun show 1 --why\n./yixun show 1 --repairs")
@article_id
@click.option("--json", "as_json", is_flag=True, help="Everything, with the evidence of each flag and repair.")
@click.option("--repairs", is_flag=True, help="What was repaired: before and after, marked.")
@click.option("--why", is_flag=True, help="How the page was read, and what was left out.")
def show(article: int, as_json: bool, repairs: bool, why: bool) -> None:
    """Show an article: its text, where it came from, and the evidence of its flags, repairs and relations."""
    from cli import article as page

    with open_archive() as archive:
        record = _article(archive, article)
    if as_json:
        print(json.dumps(record, ensure_ascii=False, indent=2))
    elif repairs:
        page.print_repairs(record)
    elif why:
        page.print_reading(record)
    else:
        page.print_article(record)


@click.command(cls=Command, example="./yixun diff 1\n./yixun diff 1 2")
@article_id
@click.argument("other", type=click.IntRange(1, 2**63 - 1), metavar="[OTHER]", required=False)
def diff(article: int, other: int | None) -> None:
    """Compare an article with the version before it, or with another article, paragraph by paragraph."""
    from cli import article as page

    with open_archive() as archive:
        if other is None:
            page.print_diff(_article(archive, article))
        else:
            page.print_comparison(_article(archive, article), _article(archive, other))


@click.command(cls=Command, example="./yixun cluster 1\n./yixun cluster 1 --split")
@article_id
@formats
@click.option("--split", is_flag=True, help="Undo what brought this article into its cluster, for good.")
@click.option("--undo", type=click.IntRange(1), metavar="N", help="Undo the merge of this number, for good.")
def cluster(article: int, form: str | None, split: bool, undo: int | None) -> None:
    """Show the copies of an article, the one that stands for them first, with what holds them together.

    What was split stays apart, also when the copies are found again. An article that came with others, in a merge,
    leaves with them.
    """
    from cli import article as page

    with open_archive(readonly=not (split or undo)) as archive:
        _article(archive, article)
        if split or undo:
            page.print_split(archive.split(article, merge=undo))
        found = archive.cluster(article)
        members = sorted(found.members, key=lambda member: member != found.representative) if found else []
        rows = [row for member in members if (row := archive.article(member)) is not None]
        merges = archive.merges(found.id) if found else []
    for row in rows:
        row.update(page.membership(row, members))
    columns = ("id", "role", "shared", "differs", "title", "published_at", "hospital", "url", "flags")
    show_rows(rows, columns, form, empty=f"article {article} has no copies")
    if form is None:
        page.print_merges(merges)


@click.command(cls=Command, example="./yixun rejections\n./yixun rejections --nl")
@click.option("--site", help="Only this site.")
@click.option("--reason", help="Only this reason.")
@formats
def rejections(site: str | None, reason: str | None, form: str | None) -> None:
    """List the captures that are no articles, each with its reason."""
    with open_archive() as archive:
        rows = archive.rejections(site=site, reason=reason)
        show_rows(rows, ("site", "reason", "detail", "url"), form, empty="no rejections")


@click.command(
    cls=Command,
    example="./yixun export --nl > articles.jsonl\n./yixun export 义诊 year:2022 --bibtex > literature.bib",
)
@click.argument("words", nargs=-1)
@click.option("--site", help="Only this site.")
@with_flags
@without_flags
@formats
@click.option("--bibtex", "form", flag_value="bibtex", help="BibTeX entries with permalink, capture time and digest.")
@click.option("--markdown", "form", flag_value="markdown", help="The same as a list in Markdown.")
@click.option(
    "--permalinks", default=PERMALINKS, show_default=True, metavar="URL", help="Where the search pages are served."
)
def export(words: tuple[str, ...], form: str | None, permalinks: str, **filters: Any) -> None:
    """Write the articles out, every field, with the relations between them.

    WORDS are a query like that of `search`; without them it is every article. Copies are written as well.
    """
    from archive.export import bibtex, markdown

    cite = {"bibtex": bibtex, "markdown": markdown}.get(form or "")
    query = " ".join(words)
    with open_archive() as archive, _pointing_at(query):
        rows = archive.articles(query, **filters)
        if cite:
            for row in rows:
                sys.stdout.write(cite(row, f"{permalinks.rstrip('/')}/article/{row['id']}"))
        else:
            empty = f"nothing found for {query}" if query else "the archive is empty"
            show_rows(rows, ("id", "title", "published_at", "hospital", "flags"), form, empty=empty)


@click.group(cls=Group)
def watch() -> None:
    """Save searches, and list what is new in each."""


@watch.command("add", example="./yixun watch add yizhen '义诊 -招聘'")
@click.argument("name")
@click.argument("words", nargs=-1, required=True)
def watch_add(name: str, words: tuple[str, ...]) -> None:
    """Save the search for WORDS under NAME. What the archive holds today is not new."""
    from archive.watch import add_watch

    query = " ".join(words)
    with open_archive() as archive, _pointing_at(query):
        total = archive.search(query, limit=1, expand=True).total
        add_watch(data_folder().root, name, query, archive)
    console.print(Text(f"watching {query}: {total} found today; `./yixun watch run` lists what comes"))


@watch.command("list", example="./yixun watch list")
@formats
def watch_list(form: str | None) -> None:
    """List the saved searches."""
    from archive.watch import load_watches

    rows = [dataclasses.asdict(one) for one in load_watches(data_folder().root).values()]
    show_rows(rows, ("name", "query", "ran_at"), form, empty="no watches; `./yixun watch add NAME WORDS` adds one")


@watch.command("remove", example="./yixun watch remove yizhen")
@click.argument("name")
def watch_remove(name: str) -> None:
    """Forget the saved search NAME."""
    from archive.watch import remove_watch

    console.print(Text(f"removed {name}: {remove_watch(data_folder().root, name).query}"))


@watch.command("run", example="./yixun watch run\n./yixun watch run yizhen --json")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON document: the new hits of each watch.")
def watch_run(names: tuple[str, ...], as_json: bool) -> None:
    """List what is new in each saved search (or those of NAMES) since it was run last."""
    from archive.watch import run_watches

    with open_archive() as archive:
        news = run_watches(data_folder().root, archive, datetime.datetime.now(datetime.UTC), names=names)
    if as_json:
        rows = [{**dataclasses.asdict(one), "new": [dataclasses.asdict(hit) for hit in hits]} for one, hits in news]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not news:
        console.print("no watches; `./yixun watch add NAME WORDS` adds one")
    for one, hits in news:
        console.print(Text(f"{one.name} ({one.query}): {len(hits)} new"))
        for hit in hits:
            print_hit(hit)


@click.command(cls=Command, example="./yixun check")
@formats
def check(form: str | None) -> int:
    """Check that every capture became an article, a rejection or a revisit, that the WARC files hold what the archive
    says, and that database and search index are whole."""
    from archive.check import check_archive

    with open_archive() as archive, notes.status("checking …") as status:
        findings = list(check_archive(archive, data_folder().captures, progress=_progress(status)))
    show_rows(findings, ("finding", "where", "cure"), form, empty="everything is in order")
    return FINDINGS if findings else 0


def _progress(status: Any) -> Callable[[str], None]:
    return lambda line: status.update(f"checking {line} …")


@click.command(cls=Command, example="./yixun backup")
@click.argument("target", required=False, type=click.Path(path_type=Path))
def backup(target: Path | None) -> None:
    """Copy the archive to TARGET while it is in use (default: a dated file in the data folder)."""
    data = data_folder()
    now = datetime.datetime.now(datetime.UTC)
    target = target or data.backups / f"archive-{now:%Y%m%dT%H%M%SZ}.db"
    if target.exists():
        raise ArchiveError(f"{target} exists; name another file")
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_archive() as archive:
        archive.backup(target)
    print(target)
    sys.stdout.flush()


@click.command(cls=Command, example="./yixun index --rebuild")
@click.option("--rebuild", is_flag=True, required=True, help="Index every article again, by today's rules.")
def index(rebuild: bool) -> None:
    """Make the search index again. Searching goes on meanwhile; a run that was ended is taken up where it was."""
    with open_archive(readonly=not rebuild) as archive, notes.status("indexing …") as status:
        count = archive.reindex(progress=lambda line: status.update(f"indexing {line} …"))
    console.print(f"{count} articles indexed")


@click.command(cls=Command, example="./yixun dedupe --rebuild")
@click.option("--rebuild", is_flag=True, required=True, help="Relate every article again, by today's rules.")
def dedupe(rebuild: bool) -> None:
    """Find the copies again. What a person has split stays split; a run that was ended is taken up where it was."""
    with open_archive(readonly=not rebuild) as archive, notes.status("relating …") as status:
        count = archive.relate_again(progress=lambda line: status.update(f"relating {line} …"))
    console.print(f"{count} articles related")
