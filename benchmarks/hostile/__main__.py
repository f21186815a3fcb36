"""The hostile web on loopback: every way in which a server, its pages or its names hurt a crawler, one site a case.

    python -m benchmarks.hostile                # all cases, two minutes
    python -m benchmarks.hostile --only robots  # the cases whose name begins so, told as they end

One asyncio server has a port for each case; the sites are crawled by one `run_crawl`, as `./yixun crawl` does it (those
that take seconds or many megabytes in one each, so that their memory is known). What became of each is compared with
what its case expects: how the page was kept, how the site's crawl ended, how many requests it took; the canary must not
have been connected to. Then every WARC is judged by FastWARC and `gzip -t`, and all captures are archived. The table is
written to `benchmarks/results/hostile.md`.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.hostile.run import CASES, TIMEOUT, Run, crawl, judge_files
from pipeline.warc import read_captures

RESULTS = Path(__file__).parent.parent / "results" / "hostile.md"
MEGABYTES = 300  # that the crawler may take


def archive_all(folder: Path) -> dict[str, int]:
    """Archive every capture as `./yixun ingest` does, and check that each became something."""
    from archive import Archive
    from archive.ingest import ingest_warcs
    from spiders.sites import load_sites

    sites = load_sites(folder / "sites")
    captures = folder / "data" / "captures"
    files = sorted(captures.glob("*/*.warc.gz"))
    with Archive(folder / "data" / "archive.db", sites=sites) as archive:
        counts = ingest_warcs(files, archive, sites, captures=captures, processes=2)
    expected = sum(1 for path in files for _ in read_captures(path))
    if sum(counts.values()) != expected:
        raise SystemExit(f"{expected} captures became {dict(counts)}")
    return {kind: count for kind, count in counts.items() if count}


def table(runs: Sequence[Run], timeout: float, counts: Mapping[str, int]) -> str:
    """The results as Markdown."""
    now = datetime.datetime.now(datetime.UTC)
    outcomes = [outcome for run in runs for outcome in run.outcomes]
    bad = sum(bool(outcome.faults) for outcome in outcomes)
    together, alone = runs[0], runs[1:]
    archived = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    lines = [
        "# The hostile web",
        "",
        f"    python -m benchmarks.hostile      # {now:%Y-%m-%d}",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. "
        f"{len(outcomes) - bad} of {len(outcomes)} cases ended as expected, the longest after "
        f"{max(outcome.seconds for outcome in outcomes):.0f} s (a page had {timeout:g} s; usually it has 30).",
        "",
        f"{len(together.outcomes)} in one crawl: {together.wall:.0f} s, {together.peak:.0f} MB at the peak; "
        f"{len(alone)} heavy ones in a crawl each: {max((run.peak for run in alone), default=0.0):.0f} MB at most. "
        f"The canary was not connected to. Every WARC is valid to FastWARC and gzip. Archived: {archived}.",
        "",
        "| case | what the server does | the page | the site | requests | s |",
        "|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        mark = " **not as expected**" if one.faults else ""
        does = one.case.does.replace("|", "\\|")
        site, name = one.site, one.case.name
        lines.append(f"| {name} | {does} | {one.page}{mark} | {site} | {one.requests} | {one.seconds:.1f} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Read the command line; 1 when a case did not end as expected."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the cases whose name begins so; no table is written")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds for a page")
    parser.add_argument("--keep", type=Path, help="leave sites and captures in this folder")
    arguments = parser.parse_args()
    chosen = [case for case in CASES if case.name.startswith(arguments.only)]
    groups = [[case for case in chosen if not case.heavy], *([case] for case in chosen if case.heavy)]
    tell = bool(arguments.only)
    with tempfile.TemporaryDirectory(prefix="yixun-hostile-") as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        runs = [crawl(cases, folder, timeout=arguments.timeout, tell=tell) for cases in groups if cases]
        wrong = judge_files(folder / "data" / "captures")
        counts = {} if tell else archive_all(folder)
    outcomes = [outcome for run in runs for outcome in run.outcomes]
    for outcome in outcomes:
        if outcome.faults or tell:
            took = f"{outcome.requests} requests, {outcome.seconds:.1f} s"
            print(f"{outcome.case.name}: {outcome.page} | {outcome.site} | {took}")
        for fault in outcome.faults:
            print(f"    {fault}")
    bad, peak = sum(bool(outcome.faults) for outcome in outcomes), max(run.peak for run in runs)
    wall = sum(run.wall for run in runs)
    print(f"{len(outcomes) - bad} of {len(outcomes)} as expected, {wall:.1f} s, {peak:.0f} MB, archived {counts}")
    print("\n".join(wrong) or "FastWARC, gzip -t and the strict scan find nothing wrong")
    if not tell:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(table(runs, arguments.timeout, counts), "utf-8")
    return 1 if bad or wrong or peak > MEGABYTES else 0


if __name__ == "__main__":
    sys.exit(main())
