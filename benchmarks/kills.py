"""Kill a crawl again and again, then let it end: are its captures those of a crawl that was never killed?

    python -m benchmarks.kills                 # 60 kills, about two minutes
    python -m benchmarks.kills --kills 200

A site of forty articles on loopback is crawled by `run_crawl` into one data folder. Each crawl is killed by SIGKILL: by
itself, at the n-th call on a file of captures (before it, in the middle of a write, after it), for calls from opening
over writing and syncing to renaming; or from outside, after so many requests. The crawl that follows mends what is left
and goes on. At the end every page must stand there once, with the digest that the crawl without a kill has, and the
files must be valid to FastWARC and gzip. The table is written to `benchmarks/results/kills.md`.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import datetime
import os
import platform
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.hostile.case import LIST, Case, article, http, listing
from benchmarks.hostile.run import crawler_of, judge_files
from benchmarks.hostile.web import Web
from pipeline.warc import read_captures
from spiders.crawl import SiteStats, run_crawl

RESULTS = Path(__file__).parent / "results" / "kills.md"
PATHS = tuple(f"/info/1018/{number}.html" for number in range(100, 140))
PAGES = len(PATHS) + 2  # with the list and robots.txt
SITE = Case(
    name="alpha",
    does="has forty articles",
    pages={LIST: listing(paths=PATHS)} | {path: http(article(f"我院第{path[11:14]}批医疗队出发。")) for path in PATHS},
)
# Runs in the crawler's process, as its sitecustomize: it kills itself at the n-th call on a file of captures.
INJECTED = """
import os, signal, sys
call, number, moment = (os.environ.get("KILL_AT") or "none:0:").split(":")
if "scrapy" in sys.orig_argv and call != "none":
    real, count = getattr(os, call), 0

    def ours(place):
        name = os.readlink(f"/proc/self/fd/{place}") if isinstance(place, int) else str(place)
        return name.endswith((".open", ".cdxj.tmp"))

    def die(*args, **kwargs):
        global count
        mine = ours(args[0])
        count += mine
        if not mine or count != int(number):
            return real(*args, **kwargs)
        if moment == "half":
            real(args[0], args[1][: len(args[1]) // 2])
        elif moment == "after":
            real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(os, call, die)
"""
Held = collections.Counter[tuple[str, str]]


def held(folder: Path) -> Held:
    """How often each page stands below a captures folder in full, by URL and digest."""
    found = (c for path in sorted(folder.rglob("*.warc.gz")) for c in read_captures(path))
    return collections.Counter((c.url, c.digest) for c in found if c.kind == "response")


def crawl_site(folder: Path, data: str = "data") -> SiteStats:
    """Crawl the site whose TOML is below `folder`."""
    return run_crawl(["alpha"], data=folder / data, sites_folder=folder / "sites")["alpha"]


@contextlib.contextmanager
def killing(folder: Path, kill: str) -> Iterator[None]:
    """Have crawlers kill themselves at a call: `write:7:half`."""
    injected = folder / "injected"
    injected.mkdir(exist_ok=True)
    (injected / "sitecustomize.py").write_text(INJECTED)
    before = {name: os.environ.get(name) for name in ("PYTHONPATH", "KILL_AT")}
    os.environ |= {"PYTHONPATH": str(injected), "KILL_AT": kill}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def killed_from_outside(folder: Path, web: Web, requests: int) -> SiteStats:
    """Crawl, and kill the crawler once it has made so many requests."""
    web.asked["alpha"].clear()
    ended = threading.Event()

    def kill() -> None:
        while len(web.asked["alpha"]) < requests and not ended.wait(0.002):
            pass
        process = crawler_of(folder / "data")
        if process is not None and not ended.is_set():
            with contextlib.suppress(OSError):
                os.kill(int(process.name), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    stats = crawl_site(folder)
    ended.set()
    killer.join()
    return stats


def choose(count: int, chance: random.Random) -> list[str]:
    """So many kills: "requests:5", or a call, its number and the moment."""
    kinds = [("requests", 4, ("",)), ("write", 9, ("before", "half", "after")), ("fsync", 9, ("before", "after")),
             ("rename", 2, ("before", "after")), ("open", 2, ("before", "after"))]  # fmt: skip
    kills = []
    for number in range(count):
        call, most, moments = kinds[number % len(kinds)]
        kills.append(f"{call}:{chance.randint(1, most)}:{chance.choice(moments)}")
    return kills


def chain(kills: Sequence[str], folder: Path, web: Web) -> list[tuple[str, str]]:
    """Crawl once for every kill, into the same data folder; each kill with how its crawl ended."""
    ends = []
    for kill in kills:
        if kill.startswith("requests"):
            stats = killed_from_outside(folder, web, int(kill.split(":")[1]))
        else:
            with killing(folder, kill):
                stats = crawl_site(folder)
        ends.append((kill, stats.finish_reason))
        if len(held(folder / "data")) == PAGES:
            break  # it is complete: what follows would only look at the list again
    return ends


def main() -> int:
    """Read the command line; 1 when a capture is missing, stands twice or is damaged."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    ends: list[tuple[str, str]] = []
    chains, wrong = 0, []
    started = time.monotonic()
    while sum(end == "killed" for _, end in ends) < arguments.kills:
        with tempfile.TemporaryDirectory(prefix="yixun-kills-") as scratch, Web([SITE], Path(scratch)) as web:
            folder = Path(scratch)
            web.write_sites(folder / "sites")
            crawl_site(folder, "never")
            ends += chain(choose(15, chance), folder, web)
            last = crawl_site(folder)
            chains += 1
            whole, found = held(folder / "never"), held(folder / "data")
            wrong += [] if last.ok else [last.problem]
            wrong += [f"missing: {url}" for url, _ in whole - found] + [f"too often: {url}" for url, _ in found - whole]
            wrong += judge_files(folder / "data" / "captures")
    kills = collections.Counter(kill.split(":")[0] for kill, end in ends if end == "killed")
    wall = time.monotonic() - started
    text = (
        f"# Kills\n\n    python -m benchmarks.kills --kills {arguments.kills}      # {datetime.date.today()}\n\n"
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {wall:.0f} s. "
        f"{kills.total()} kills of the crawler in {chains} data folders ("
        + ", ".join(f"{count} at {name}" for name, count in kills.most_common())
        + f"), each folder then crawled to its end: {PAGES} pages each; "
        f"missing, twice or damaged: {len(wrong)}. Every file is valid to FastWARC, gzip and the strict scan.\n"
    )
    print(text + "\n".join(wrong))
    if not wrong:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text, "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
