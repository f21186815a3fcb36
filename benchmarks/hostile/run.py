"""Crawl the cases and say what became of each: in go cases and a folder, out come outcomes with their faults."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.hostile import answers, endless, pages, robots, wire
from benchmarks.hostile.case import Case
from benchmarks.hostile.web import Web
from pipeline.records import Capture
from pipeline.warc import read_captures, scan
from spiders.crawl import SiteStats, run_crawl

CASES = (*wire.cases(), *answers.cases(), *robots.cases(), *pages.cases(), *endless.cases())
SECONDS = 30.0  # that a case may take
TIMEOUT = 6.0  # seconds for a page, instead of 30: so many cases have to wait for it


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a case."""

    case: Case
    page: str  # how the page was kept
    site: str  # how the crawl of its site ended
    requests: int
    seconds: float  # from the first connection to the end of the site's crawl
    faults: tuple[str, ...] = ()  # what is not as expected


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One crawl of many cases."""

    outcomes: list[Outcome]
    wall: float  # seconds
    peak: float  # megabytes of memory that the crawler's process took


@contextlib.contextmanager
def trusting(path: Path) -> Iterator[None]:
    """Have the crawler trust the certificates of `path` alone."""
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(path)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before


class Memory:
    """Watches the crawler that puts its captures into `data`: a context manager. `peak` is in megabytes."""

    def __init__(self, data: Path) -> None:
        self.peak = 0.0
        self._data = data
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        crawler: Path | None = None
        while not self._ended.wait(0.2):
            with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended
                crawler = crawler or crawler_of(self._data)
                if crawler is not None:
                    line = (crawler / "status").read_text().partition("VmHWM:")[2]
                    self.peak = max(self.peak, int(line.split()[0]) / 1024)


def crawler_of(data: Path) -> Path | None:
    """The process that puts its captures into `data`, as its folder below /proc."""
    mark = f"data={data.resolve()}".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                return path.parent
    return None


def crawl(cases: Sequence[Case], folder: Path, *, timeout: float = TIMEOUT, tell: bool = False) -> Run:
    """Serve the cases, crawl them all in one process, and say what became of each. Captures go to `folder`/data."""
    ended: dict[str, float] = {}
    data, sites = folder / "data", folder / "sites"

    def on_line(line: str) -> None:
        ended[line.partition(":")[0]] = time.monotonic()
        if tell:
            print(line)

    with Web(cases, folder) as web, trusting(folder / "trusted.pem"), Memory(data) as memory:
        web.write_sites(sites)
        started = time.monotonic()
        names = [case.name for case in cases]
        found = run_crawl(names, data=data, sites_folder=sites, on_line=on_line, settings={"DOWNLOAD_TIMEOUT": timeout})
        wall = time.monotonic() - started
        touched = list(web.touched)
    outcomes = []
    for case in cases:
        asked = web.asked[case.name]
        captures = data / "captures" / case.name
        seconds = ended.get(case.name, started + wall) - web.met.get(case.name, started)
        outcomes.append(outcome_of(case, web.url(case), found[case.name], captures, asked, seconds))
    if touched:
        faults = (*outcomes[0].faults, f"the canary was touched: {touched}")
        outcomes[0] = dataclasses.replace(outcomes[0], faults=faults)
    return Run(outcomes=outcomes, wall=wall, peak=memory.peak)


def outcome_of(case: Case, base: str, stats: SiteStats, folder: Path, asked: Sequence[str], seconds: float) -> Outcome:
    """Compare what became of a case with what it expects."""
    captures = [c for path in sorted(folder.glob("*.warc.gz")) for c in read_captures(path)]
    kept = [capture for capture in captures if capture.url == base + case.path]
    page = page_label(kept, stats)
    site = f"ok, {stats.articles_new} articles" if stats.ok else f"failed: {stats.problem.partition(':')[0]}"
    faults = []
    if page != case.page:
        faults.append(f"page: {page!r}, expected {case.page!r}")
    if site != case.site:
        faults.append(f"site: {site!r}, expected {case.site!r} ({stats.problem})")
    if len(asked) > case.most:
        faults.append(f"{len(asked)} requests, expected {case.most} at most")
    if case.holds and not any(case.holds in capture.body for capture in kept):
        faults.append(f"the page that was kept does not hold {case.holds.decode()}")
    if seconds > SECONDS:
        faults.append(f"took {seconds:.0f} s")
    return Outcome(case=case, page=page, site=site, requests=len(asked), seconds=seconds, faults=tuple(faults))


def page_label(captures: Iterable[Capture], stats: SiteStats) -> str:
    """How a page was kept: its status, why it was cut, whether it is taken for the site's own; each try by itself."""
    labels = []
    for capture in captures:
        words = [str(capture.status), capture.truncated, capture.verdict.partition(":")[0]]
        labels.append(" ".join(word for word in words if word))
    return ", ".join(labels) or "not kept: " + ", ".join(sorted(stats.errors) or ["never asked for"])


def judge_files(folder: Path) -> list[str]:
    """What is said against the WARC files below `folder`: by our strict scan, by FastWARC and by `gzip -t`.

    The other judges are given all files in one, which is a WARC file again.
    """
    files = sorted(folder.glob("*/*.warc.gz"))
    wrong = [f"{path.name}: {problem}" for path in files if (problem := scan(path).problem)]
    wrong += [f"{path}: not closed" for path in folder.rglob("*.open")]
    whole = folder / "whole.warc.gz"
    with whole.open("wb") as stream:
        for path in files:
            stream.write(path.read_bytes())
    for command in ([Path(sys.executable).with_name("fastwarc"), "check"], ["gzip", "-t"]):
        judged = subprocess.run([*command, whole], capture_output=True, text=True, check=False)
        if judged.returncode:
            wrong.append(f"{command[0]}: {(judged.stdout + judged.stderr)[-300:]}")
    whole.unlink()
    return wrong
