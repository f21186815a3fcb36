"""`demo`: the whole line on five small hospital sites that this machine serves to itself."""

from __future__ import annotations

import contextlib
import os
import shlex
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from archive import Archive
from cli import airflow
from cli.archivists import print_hit
from cli.main import Command, data_folder
from cli.output import console, notes
from demo import server
from pipeline.errors import ArchiveError, ServiceError
from pipeline.records import DataFolder
from spiders.crawl import load_last

QUERY = "卫健委"  # simplified; the page that is shown is traditional
FAILURES = 1  # exit code
LOOK = 0.4  # seconds between two looks at how far it is


@click.command(cls=Command, example="./yixun demo\n./yixun demo --data /tmp/yixun-demo")
def demo() -> int:
    """Crawl, archive and search five demo sites, all on this machine.

    The two Airflow DAGs run for real, on sites that are served on loopback ports: with every defect that hospital pages
    have, a hijacked mirror, and one host that is dead. Everything is kept in data/demo, unless --data names another
    folder. Run again it changes nothing and says so.
    """
    chosen = click.get_current_context().find_root().meta.get("data") or os.environ.get("YIXUN_DATA")
    data = data_folder() if chosen else DataFolder(data_folder().root / "demo")
    ports = server.choose_ports(data.root)
    sites = data.root / "sites"
    server.write_sites(sites, ports)
    env = airflow.environment(data, sites=sites)
    log = data.root / "demo.log"
    before = _counts(data)
    with server.serve(ports), log.open("w", encoding="utf-8") as output:
        live = len(ports) - len(dead_sites())
        console.print(f"serving {live} hospital sites on 127.0.0.1, and one that is dead")
        with notes.status("preparing Airflow's database …"):
            airflow.prepare(data, env)
        with _watching("DAG crawl_sites", lambda: f"{_captured(data)} pages captured"):
            crawled = _run("crawl_sites", env, output, {"force": True})
        failed = _failed(data)
        expected = ", as it has to" if failed.keys() == set(dead_sites()) else ""
        told = "; ".join(f"{name}: {problem}" for name, problem in failed.items())
        console.print(f"DAG crawl_sites       {crawled}{expected}:  {told}", soft_wrap=True)
        with _watching(
            "DAG archive_captures", lambda: f"{_counts(data)['captures']} of {_captured(data)} captures archived"
        ):
            archived = _run("archive_captures", env, output)
        console.print(f"DAG archive_captures  {archived}")
    after = _counts(data)
    if archived != "success" or not after["articles"]:
        raise ServiceError(f"the demo did not come to its end; what Airflow said is in {log}")
    _report(data, before, after)
    return 0 if failed.keys() <= set(dead_sites()) else FAILURES


def dead_sites() -> list[str]:
    """The sites that nobody serves."""
    from demo.sites import sites

    return [name for name, site in sites().items() if site.dead]


def _run(dag: str, env: dict[str, str], output: Any, parameters: dict[str, Any] | None = None) -> str:
    state = "success"
    for line in airflow.test_dag(dag, env, parameters):
        output.write(line + "\n")
        if line.startswith("DagRun failed"):
            state = "failed"
    return state


@contextlib.contextmanager
def _watching(what: str, look: Any) -> Iterator[None]:
    """Show how far it is while the block works."""
    done = threading.Event()
    with notes.status(f"{what} …") as status:

        def watch() -> None:
            while not done.wait(LOOK):
                status.update(f"{what}: {look()} …")

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def _captured(data: DataFolder) -> int:
    """How many records the CDXJ files list, those of the running crawl as well."""
    return sum(path.read_bytes().count(b"\n") for path in data.captures.glob("*/*.cdxj*"))


def _counts(data: DataFolder) -> Counter[str]:
    if not data.archive.exists():
        return Counter()
    try:
        with Archive(data.archive, readonly=True) as archive:
            return Counter(archive.counts())
    except ArchiveError:  # it is just being made
        return Counter()


def _failed(data: DataFolder) -> dict[str, str]:
    """The sites whose last crawl failed, each with its problem."""
    folders = sorted(path.parent for path in data.captures.glob("*/last.json"))
    return {folder.name: problem for folder in folders if (problem := _problem(folder))}


def _problem(folder: Path) -> str:
    stats = load_last(folder)
    return "" if stats is None or stats.ok else stats.problem


def _report(data: DataFolder, before: Counter[str], after: Counter[str]) -> None:
    with Archive(data.archive, readonly=True) as archive:
        articles = list(archive.articles())
        rejections = Counter(one["reason"] for one in archive.rejections())
        found = archive.search(QUERY, flags=("annotated",), expand=True, limit=1)
    console.print()
    console.print(_table(data, articles))
    relations = Counter(relation["kind"] for one in articles for relation in one["relations"])
    flags = Counter(flag for one in articles for flag in one["flags"])
    for name, counts in (("rejected", rejections), ("related", relations), ("flagged", flags)):
        console.print(f"{name:<9} " + "  ".join(f"{count} {key}" for key, count in counts.most_common()))
    new = {key: after[key] - before[key] for key in ("articles", "revisions")}
    if before["articles"] and not any(new.values()):
        asked = after["captures"] - before["captures"]
        console.print(f"\nNothing has changed: {asked} pages were asked for again, no article is new or different.")
    for hit in found.hits:
        console.print(f"\n[bold]search {QUERY}[/bold] finds, among others, a page in traditional characters:")
        print_hit(hit)
        console.print("\nTry next:")
        folder = _shortest(data.root)
        for command in (f"search {QUERY}", f"show {hit.id} --repairs", "rejections", "serve"):
            console.print(f"  ./yixun {command} --data {folder}", soft_wrap=True)


def _shortest(folder: Path) -> str:
    return shlex.quote(min(str(folder), os.path.relpath(folder), key=len))


def _table(data: DataFolder, articles: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("site", "hospital", "captured", "articles", "crawl"):
        table.add_column(title, justify="right" if title in ("captured", "articles") else "left")
    by_site = Counter(one["site"] for one in articles)
    hospitals = {one["site"]: one["hospital"] for one in articles}
    for folder in sorted(path.parent for path in data.captures.glob("*/last.json")):
        captured = sum(path.read_bytes().count(b"\n") for path in folder.glob("*.cdxj"))
        name = folder.name
        problem = _problem(folder)
        table.add_row(
            name,
            hospitals.get(name, ""),
            str(captured),
            str(by_site[name]),
            Text(problem or "ok", "red" if problem else ""),
        )
    return table
