"""The files of captures: locking, naming and mending them. In goes a site's folder, out comes what was mended.

A file is called `.open` until it is closed, and is locked by the process that writes it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import WarcError
from pipeline.warc import read_captures, scan
from spiders.members import cdxj_line, extra_of, line_of


def recover(folder: Path) -> list[str]:
    """Mend what a dead process left in a site's folder, and say in words what was done.

    An `.open` file that no living process holds is scanned strictly, its torn tail is cut and kept beside it as
    `.torn`, the index is made again from the WARC, and both get their names. Running it twice changes nothing.
    """
    mended: list[str] = []
    if not folder.is_dir():
        return mended
    try:
        with locked(folder):
            for path in sorted(folder.glob("*.warc.gz.open")):
                mended += _mend(path)
            for path in sorted(folder.glob("*.cdxj.open")):
                if not (folder / f"{path.name.removesuffix('.cdxj.open')}.warc.gz.open").exists():
                    path.unlink()  # its WARC is closed and has its index, or never held a page
    except OSError as error:
        raise refused(folder, error) from error
    return mended


def _mend(path: Path) -> list[str]:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return []  # a crawl is writing it
        size = path.stat().st_size
        found = scan(path) if size else None
        name = path.name.removesuffix(".open")
        index = path.with_name(f"{name.removesuffix('.warc.gz')}.cdxj")
        said = []
        good = found.good_bytes if found else 0
        if good < size:
            _set_aside(path, good)
            os.ftruncate(descriptor, good)
            os.fsync(descriptor)
            said.append(f"{name}: cut {size - good} torn bytes from its end, kept as {name}.torn")
        if found is None or found.records <= 1:  # the warcinfo alone
            path.unlink()
            index.with_name(f"{index.name}.open").unlink(missing_ok=True)
            sync_folder(path.parent)
            return [*said, f"{name}: removed, it held no page"]
        captures = _index_again(path, index.with_name(f"{index.name}.open"), name)
        seal(path, index)
        return [*said, f"{name}: closed after a crawl that was killed, {captures} captures kept"]
    finally:
        os.close(descriptor)


def _set_aside(path: Path, good: int) -> None:
    torn = path.with_name(f"{path.name.removesuffix('.open')}.torn")
    with path.open("rb") as source, torn.open("wb") as target:
        source.seek(good)
        while piece := source.read(1 << 20):
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())


def _index_again(path: Path, index: Path, name: str) -> int:
    """Make the index of a WARC from it; the number of its captures."""
    count = 0
    with index.open("wb") as stream:
        for capture in read_captures(path):
            count += 1
            pairs = [(line_of(key), line_of(value)) for key, value in capture.headers]
            stream.write(
                cdxj_line(
                    url=capture.url,
                    captured_at=capture.captured_at,
                    kind=capture.kind,
                    status=capture.status,
                    digest=capture.digest,
                    length=capture.length,
                    offset=capture.offset,
                    filename=name,
                    headers=pairs or [(b"content-type", line_of(capture.mime))],
                    extra=extra_of(capture),
                )
            )
        stream.flush()
        os.fsync(stream.fileno())
    return count


def seal(path: Path, index: Path) -> None:
    """Sort the index, give both files their names: the index first, so that a closed WARC always has one."""
    opened = index.with_name(f"{index.name}.open")
    lines = sorted(opened.read_bytes().splitlines(keepends=True))
    temporary = index.with_name(f"{index.name}.tmp")
    with temporary.open("wb") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(index)
    path.rename(path.with_name(path.name.removesuffix(".open")))
    opened.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextlib.contextmanager
def crawl_lock(folder: Path) -> Iterator[bool]:
    """Hold a site's folder for one crawl. Yields False when another process crawls it already."""
    descriptor = -1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise refused(folder, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except OSError:
            held = False
        yield held
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder while a file in it is begun or mended."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refused(folder: Path, error: OSError) -> WarcError:
    """What the disk did not take, with the cure."""
    cure = "free some room" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "make it writable"
    return WarcError(f"{folder}: {error.strerror or error}; {cure} and run this again: nothing kept so far is lost")
