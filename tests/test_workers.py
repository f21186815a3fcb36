"""A page that goes on for ever, eats memory or kills its worker is a rejection; the others are cleaned in order."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_samples import DAY

from pipeline.records import Article, Capture, Rejection, Site
from pipeline.workers import FAILED, TOO_COSTLY, clean_all

SITES = {"qinghe": Site(name="qinghe", hospital="清河县人民医院", start_urls=("https://www.qinghe.example/",))}


def captures(bodies: list[bytes]) -> Iterator[Capture]:
    for offset, body in enumerate(bodies):
        yield Capture(
            site="qinghe", url=f"https://a.example/{offset}", captured_at=DAY, status=200, body=body, offset=offset
        )


def act(capture: Capture, site: Site) -> Article | Rejection:
    """Do what the page says, then report who did it."""
    match capture.body.decode():
        case "sleep":
            time.sleep(60)
        case "eat":
            return Rejection(site="", url="", reason=str(len(bytearray(2_000_000_000))))
        case "die":
            os._exit(7)
        case "raise":
            raise LookupError("no such charset")
    return Article(site=site.name, url=capture.url, title=site.hospital, text=str(os.getpid()))


def test_every_capture_comes_back_in_its_order_whatever_happens_to_it() -> None:
    bodies = [b"", b"sleep", b"", b"die", b"raise", b"", b"eat", b""]

    results = list(clean_all(captures(bodies), SITES, processes=2, seconds=1.0, cleaner=act))

    assert [capture.offset for capture, _ in results] == list(range(8))
    reasons = [result.reason if isinstance(result, Rejection) else "" for _, result in results]
    assert reasons == ["", TOO_COSTLY, "", TOO_COSTLY, FAILED, "", TOO_COSTLY, ""]
    details = {body: result.detail for body, (_, result) in zip(bodies, results, strict=True) if body}  # type: ignore[union-attr]
    assert "no such charset" in details[b"raise"]
    assert "7" in details[b"die"]
    assert "memory" in details[b"eat"]


def test_a_rejection_says_where_its_capture_is() -> None:
    [(capture, result)] = clean_all(captures([b"raise"]), SITES, processes=1, cleaner=act)

    assert isinstance(result, Rejection)
    assert (result.site, result.url, result.captured_at) == ("qinghe", capture.url, DAY)


def test_the_work_is_done_elsewhere_by_workers_that_know_the_site() -> None:
    results = [result for _, result in clean_all(captures([b""] * 6), SITES, processes=2, cleaner=act)]

    assert {result.title for result in results if isinstance(result, Article)} == {"清河县人民医院"}
    assert str(os.getpid()) not in {result.text for result in results if isinstance(result, Article)}


def test_a_site_without_a_file_is_known_by_its_name() -> None:
    [(_, result)] = clean_all(captures([b""]), {}, processes=1, cleaner=act)

    assert isinstance(result, Article)
    assert (result.site, result.title) == ("qinghe", "")


def test_nothing_is_read_far_ahead() -> None:
    read = 0

    def counted() -> Iterator[Capture]:
        nonlocal read
        for capture in captures([b""] * 100):
            read += 1
            yield capture

    results = clean_all(counted(), SITES, processes=1, cleaner=act)
    next(results)
    assert read <= 8
    results.close()  # type: ignore[attr-defined]


def test_no_captures_need_no_worker() -> None:
    assert list(clean_all([], SITES, processes=4)) == []


def test_workers_that_cannot_start_are_no_fault_of_the_pages(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        f"""
import sys
sys.path[:0] = {sys.path!r}
from test_workers import SITES, act, captures
from pipeline.workers import clean_all
for _, result in clean_all(captures([b""] * 3), SITES, processes=1, cleaner=act):
    print(result)
"""
    )

    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert done.stdout == ""
    assert "ServiceError: the worker processes cannot start" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_worker_is_left_when_the_caller_stops(tmp_path: Path) -> None:
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
from test_workers import SITES, act, captures
from pipeline.workers import clean_all
results = clean_all(captures([b""] * 50), SITES, processes=2, cleaner=act)
print(next(results)[1].text)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=30)

    assert done.returncode == 0
    worker = int(done.stdout)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists()
