"""A crawl that is killed at any moment and run again ends with exactly the captures of one that never was."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import kills
from benchmarks.hostile.case import GOOD, Visit
from benchmarks.hostile.run import judge_files
from benchmarks.hostile.web import Web
from benchmarks.kills import Held, crawl_site, held
from pipeline.warc import scan
from spiders.captures import CaptureWriter, load_known, recover
from spiders.crawl import SiteStats, load_last

ROOT = Path(__file__).parent.parent
NOW = datetime.datetime(2026, 11, 21, 2, 0, 7, tzinfo=datetime.UTC)
URLS = [f"http://demo.test/{number}" for number in range(3)]


def write_what_lacks(folder: Path, report: int = -1) -> None:
    """A crawl without a network: three pages, those that are not had."""
    known = load_known(folder)
    with CaptureWriter(folder, "demo", started_at=NOW, software="test", known=known) as writer:
        for url in URLS:
            if not known.had(url):
                writer.write_response(url, NOW, 200, "OK", (("Content-Type", "text/html"),), url.encode() * 200)
                if report >= 0:
                    os.write(report, f"{url}\n".encode())


def killed_at(folder: Path, call: str, number: int, moment: str) -> tuple[bool, list[str]]:
    """Write the pages in a process that kills itself at a call; whether it did, and what it had reported."""
    reading, report = os.pipe()
    child = os.fork()
    if child == 0:
        count, real = 0, getattr(os, call)

        def die(*args: object) -> object:
            nonlocal count
            count += args[0] != report
            if count != number or args[0] == report:
                return real(*args)
            if moment == "half":
                data = args[1]
                real(args[0], data[: len(data) // 2])  # type: ignore[index,arg-type]
            elif moment == "after":
                real(*args)
            os.kill(os.getpid(), signal.SIGKILL)
            return None

        setattr(os, call, die)
        with contextlib.suppress(BaseException):
            write_what_lacks(folder, report)
        os._exit(0)
    os.close(report)
    with os.fdopen(reading) as stream:
        reported = stream.read().split()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, reported


@pytest.mark.parametrize(
    ("call", "moments"),
    [("write", ("before", "half", "after")), ("fsync", ("before", "after")), ("rename", ("before", "after")),
     ("open", ("before", "after")), ("unlink", ("before", "after"))],
)  # fmt: skip
def test_a_writer_killed_at_any_call_loses_and_doubles_nothing(
    tmp_path: Path, call: str, moments: tuple[str, ...]
) -> None:
    """Between a record and its line in the index, within either, during the renaming: wherever there is a call."""
    write_what_lacks(tmp_path / "never")
    whole = held(tmp_path / "never")
    count = 0
    for moment in moments:
        for number in range(1, 60):
            folder = tmp_path / f"{moment}{number}"
            dead, reported = killed_at(folder, call, number, moment)
            if not dead:
                break
            count += 1
            recover(folder)
            assert {url for url, _ in held(folder)} >= set(reported), (moment, number)
            write_what_lacks(folder)

            assert held(folder) == whole, (moment, number)
            assert all(scan(path).problem == "" for path in folder.glob("*.warc.gz"))
            assert not list(folder.glob("*.open")) and not list(folder.glob("*.tmp"))
            known = load_known(folder)
            assert all(known.had(url) for url in URLS), (moment, number)
        else:
            pytest.fail("never got through")
    assert count >= len(moments)


# A kill of the crawler each: after so many calls on the files of captures, and at which moment of the call.
KILLS = ("open:1:after", "write:4:half", "requests:6:", "fsync:6:before", "write:5:after", "rename:1:after")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A site of forty articles."""
    with Web([kills.SITE], tmp_path_factory.mktemp("web")) as serving:
        yield serving


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, web: Web) -> Held:
    """What a crawl holds that was never killed."""
    folder = tmp_path_factory.mktemp("never")
    web.write_sites(folder / "sites")
    assert crawl_site(folder).ok
    return held(folder)


def test_a_crawl_killed_at_chosen_moments_ends_as_one_that_never_was(tmp_path: Path, web: Web, whole: Held) -> None:
    """`python -m benchmarks.kills` does this with sixty kills and more."""
    web.write_sites(tmp_path / "sites")

    ends = kills.chain(KILLS, tmp_path, web)
    last = crawl_site(tmp_path)

    assert [end for _, end in ends].count("killed") >= len(KILLS) - 1, ends
    assert last.ok, last
    assert len(whole) == kills.PAGES
    assert held(tmp_path / "data") == whole
    assert judge_files(tmp_path / "data/captures") == []


def test_a_full_disk_ends_the_crawl_in_words_and_running_it_again_completes_it(
    tmp_path: Path, web: Web, whole: Held
) -> None:
    """The limit on a file's size fails a write in its middle, as a full disk does."""
    web.write_sites(tmp_path / "sites")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, before[1]))
    try:
        full = crawl_site(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    after = crawl_site(tmp_path)

    assert (full.ok, full.finish_reason) == (False, "captures_failed")
    assert str(tmp_path / "data/captures/alpha") in full.problem and "free some room" in full.problem
    assert 0 < full.captured < kills.PAGES
    assert after.ok
    assert held(tmp_path / "data") == whole
    assert judge_files(tmp_path / "data/captures") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, web: Web) -> None:
    web.write_sites(tmp_path / "sites")
    folder = tmp_path / "data/captures/alpha"
    folder.mkdir(parents=True)
    folder.chmod(0o555)

    stats = crawl_site(tmp_path)

    folder.chmod(0o755)
    assert stats.finish_reason == "captures_failed" and "make it writable" in stats.problem


def test_two_crawls_of_one_site_at_once_are_one(tmp_path: Path) -> None:
    released = threading.Event()

    async def held_back(visit: Visit) -> None:
        while not released.is_set():
            await asyncio.sleep(0.01)
        await visit.send(GOOD)

    case = dataclasses.replace(kills.SITE, pages={**kills.SITE.pages, kills.PATHS[5]: held_back})
    first: list[SiteStats] = []
    with Web([case], tmp_path) as web:
        web.write_sites(tmp_path / "sites")
        running = threading.Thread(target=lambda: first.append(crawl_site(tmp_path)))
        running.start()
        while kills.PATHS[5] not in web.asked["alpha"] and running.is_alive():
            time.sleep(0.01)

        second = crawl_site(tmp_path)

        released.set()
        running.join()
    assert (second.ok, second.finish_reason) == (False, "already running")
    assert first[0].ok and first[0].captured == kills.PAGES
    assert load_last(tmp_path / "data/captures/alpha") == first[0], "the second leaves no trace"
    assert set(held(tmp_path / "data").values()) == {1}


PROGRAM = """
import sys
from pathlib import Path
from spiders.crawl import run_crawl
run_crawl(["alpha"], data=Path(sys.argv[1]), sites_folder=Path(sys.argv[2]), on_line=print)
"""


def test_a_crawl_that_is_interrupted_closes_its_files(tmp_path: Path, web: Web, whole: Held) -> None:
    """Ctrl-C; for SIGTERM and SIGKILL of the parent see the tests of crawling."""
    web.write_sites(tmp_path / "sites")
    web.asked["alpha"].clear()
    command = [sys.executable, "-c", PROGRAM, tmp_path / "data", tmp_path / "sites"]
    parent = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    while len(web.asked["alpha"]) < 8:
        time.sleep(0.005)
    parent.send_signal(signal.SIGINT)
    parent.wait(timeout=30)

    left = load_last(tmp_path / "data/captures/alpha")
    assert left is not None and not left.ok
    assert judge_files(tmp_path / "data/captures") == []
    assert crawl_site(tmp_path).ok
    assert held(tmp_path / "data") == whole
