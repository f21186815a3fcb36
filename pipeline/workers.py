"""Clean captures in worker processes: in come captures, out come the same with the article or rejection each gave.

A page of half a megabyte of attributes costs the extractor 40 s, and a deeply nested one its memory: whoever cleans a
page that somebody else wrote does it where it can be ended. A page over its limits, or one whose worker died, is a
`Rejection`; the order is kept, and only a few captures a worker are held at once.
"""

from __future__ import annotations

import itertools
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ServiceError
from pipeline.records import Article, Capture, Rejection, Site

if TYPE_CHECKING:
    from pebble import ProcessPool

PENDING = 4  # captures that wait, a worker
TOO_COSTLY = "too costly"
FAILED = "cleaner failed"

Cleaner = Callable[[Capture, Site], Article | Rejection]


def clean_all(
    captures: Iterable[Capture],
    sites: Mapping[str, Site],
    *,
    processes: int,
    seconds: float = 10,
    megabytes: int = 300,
    cleaner: Cleaner | None = None,
) -> Iterator[tuple[Capture, Article | Rejection]]:
    """Clean captures in `processes` workers, each with `seconds` and `megabytes` for one page, in their order.

    `cleaner` is a function at the top level of a module, by default `pipeline.clean.clean`. What it raises becomes a
    Rejection with the reason "cleaner failed": one page never stops the others. Raises `ServiceError` when the workers
    themselves cannot start.
    """
    stream = iter(captures)
    first = next(stream, None)
    if first is None:  # nothing to do: no worker is started
        return
    pool = _pool(processes, megabytes)
    work = cleaner or _clean
    waiting: deque[tuple[Capture, Future[Article | Rejection]]] = deque()
    try:
        for capture in itertools.chain([first], stream):
            waiting.append((capture, _schedule(pool, work, capture, _site(capture, sites), seconds)))
            if len(waiting) >= PENDING * max(processes, 1):
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())
        pool.close()  # a worker that is just starting is let in and sent home; stopping it would be loud
    except BrokenProcessPool as error:
        pool.stop()
        raise ServiceError(
            "the worker processes cannot start; a program that calls this does so below `if __name__ == '__main__':`"
        ) from error
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.join()


def _pool(processes: int, megabytes: int) -> ProcessPool:
    from pebble import ProcessPool

    context = multiprocessing.get_context("forkserver")  # no worker inherits an open file or lock of this process
    context.set_forkserver_preload(["pipeline.clean"])  # a new worker starts with the heavy imports done
    return ProcessPool(max_workers=max(processes, 1), context=context, initializer=_limit_memory, initargs=(megabytes,))


def _schedule(
    pool: ProcessPool, work: Cleaner, capture: Capture, site: Site, seconds: float
) -> Future[Article | Rejection]:
    try:
        return pool.schedule(work, args=(capture, site), timeout=seconds)
    except RuntimeError as error:  # the pool has given up by now
        raise BrokenProcessPool(str(error)) from error


def _clean(capture: Capture, site: Site) -> Article | Rejection:
    from pipeline.clean import clean

    return clean(capture, site)


def _site(capture: Capture, sites: Mapping[str, Site]) -> Site:
    """The capture's site; one without a TOML is known by its name alone."""
    return sites.get(capture.site) or Site(name=capture.site, hospital="", start_urls=())


def _result(capture: Capture, future: Future[Article | Rejection]) -> tuple[Capture, Article | Rejection]:
    from pebble import ProcessExpired

    try:
        return capture, future.result()
    except TimeoutError:
        return capture, rejected(capture, TOO_COSTLY, "cleaning took longer than the time a page has")
    except MemoryError:
        return capture, rejected(capture, TOO_COSTLY, "cleaning took more memory than a page has")
    except ProcessExpired as error:
        return capture, rejected(capture, TOO_COSTLY, f"the worker died with exit code {error.exitcode}")
    except BrokenProcessPool:  # no page's fault
        raise
    except Exception as error:  # a fault of the cleaner: the page waits for a better one
        return capture, rejected(capture, FAILED, f"{type(error).__name__}: {error}"[:500])


def rejected(capture: Capture, reason: str, detail: str) -> Rejection:
    """The rejection of a capture."""
    return Rejection(
        site=capture.site,
        url=capture.url,
        reason=reason,
        detail=detail,
        captured_at=capture.captured_at,
        digest=capture.digest,
        warc=capture.warc,
        offset=capture.offset,
    )


def _limit_memory(megabytes: int) -> None:
    """Let this process take so much memory more than it has now. Where the system knows no such limit: none."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    except (ImportError, OSError, ValueError):
        return
