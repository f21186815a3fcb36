"""The whole line on real pages: what comes out, seconds a stage, peak memory.

    python -m benchmarks.line ../shared/eval/pages.jsonl.gz

The labelled pages are served on loopback by site, crawled by the spider and archived; then, in another data folder, the
same pages are ingested as saved ones. Each stage is a process of its own, as an operator would start it.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.unpack import serving, unpack

ROOT = Path(__file__).parent.parent
LOOK = 0.1  # seconds between two looks at the processes; what a process does after the last one is not counted


def stage(name: str, *arguments: str, env: dict[str, str]) -> str:
    """Run one command of Yixun; print its wall seconds, and the CPU seconds and peak memory of all its processes."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output, tempfile.TemporaryFile("w+") as messages:
        command = [sys.executable, "-m", "cli", *arguments]
        with psutil.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=messages) as process:
            cpu, memory = watch(process)
        wall = time.perf_counter() - started
        print(f"| {name} | {wall:.1f} | {cpu:.1f} | {memory / 1024**2:.0f} | {process.returncode} |", flush=True)
        output.seek(0)
        messages.seek(0)
        if process.returncode not in (0, 1):
            sys.exit(messages.read())
        return output.read()


def watch(process: psutil.Popen) -> tuple[float, float]:
    """Wait for a process: the CPU seconds and the highest memory (PSS, bytes) of it and all that it started."""
    seconds: dict[int, float] = {}
    peak = 0.0
    while process.poll() is None:
        memory = 0.0
        with contextlib.suppress(psutil.Error):
            for one in [process, *process.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    times = one.cpu_times()
                    seconds[one.pid] = times.user + times.system
                    memory += one.memory_full_info().pss
        peak = max(peak, memory)
        time.sleep(LOOK)
    return sum(seconds.values()), peak


def outcome(env: dict[str, str]) -> None:
    """Print what the archive holds: articles, rejections by reason, relations, flags."""
    lines = stage("export", "export", "--nl", env=env).splitlines()
    articles = [json.loads(line) for line in lines]
    rejected = [json.loads(line) for line in stage("rejections", "rejections", "--nl", env=env).splitlines()]
    counts: dict[str, collections.Counter[str]] = {
        "rejected": collections.Counter(one["reason"] for one in rejected),
        "related": collections.Counter(relation["kind"] for one in articles for relation in one["relations"]),
        "flagged": collections.Counter(flag for one in articles for flag in one["flags"]),
    }
    print(f"\n{len(articles)} articles")
    for name, counter in counts.items():
        print(f"{name}: " + ", ".join(f"{count} {key}" for key, count in counter.most_common()))
    print()


def main() -> None:
    """Run both ways in."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="?", default=ROOT / "../shared/eval/pages.jsonl.gz")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yixun-line-") as scratch:
        folder = Path(scratch)
        sites: dict[str, list[str]] = unpack(options.pages, folder / "pages")
        print(f"{sum(map(len, sites.values()))} pages of {len(sites)} sites\n")
        base: dict[str, Any] = {**os.environ, "YIXUN_SITES": str(folder / "sites")}
        print("| stage | wall s | CPU s | peak MB | exit code |\n|---|---|---|---|---|")
        with serving(folder / "pages", sites, folder / "sites"):
            env = {**base, "YIXUN_DATA": str(folder / "crawled")}
            crawled = json.loads(stage("crawl", "crawl", "--due", "--json", env=env))
            again = json.loads(stage("crawl again", "crawl", *sites, "--json", env=env))
            stage("archive", "ingest", "--json", env=env)
        print(f"\ncrawled: {sum(one['captured'] for one in crawled)} captured in {len(crawled)} sites; again:", end=" ")
        print(f"{sum(one['captured'] for one in again)} captured, {sum(one['revisits'] for one in again)} revisits\n")
        outcome(env)
        for site in sites:  # a list page that was made for the spider is no saved page
            (folder / "pages" / site / "index.html").unlink()
        env = {**base, "YIXUN_DATA": str(folder / "saved"), "YIXUN_SITES": str(folder / "pages")}
        stage("ingest saved pages", "ingest", str(folder / "pages"), "--json", env=env)
        outcome(env)


if __name__ == "__main__":
    main()
