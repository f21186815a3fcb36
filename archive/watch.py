"""Saved searches: in come a name and a query, out goes what is new since one looked last.

They are no part of the archive, which the captures can make again: they are kept beside it, in `watches.json`. A watch
remembers the highest number of an article that it has told of, so an article that was found later is told of once,
whatever its date. Numbers grow as articles come; a new version of an article that was told of is not told of again.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import re
import tempfile
from pathlib import Path

from archive.database import Archive
from archive.query import parse
from archive.search import Hit
from pipeline.errors import ArchiveError

FILE = "watches.json"
NAME = re.compile(r"[\w-]{1,60}")  # a part of an address
TOLD_AT_ONCE = 200  # new articles of one run; the next run goes on
FEED_LENGTH = 50  # entries


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """A saved search. `told` is the highest number of an article that was listed."""

    name: str
    query: str
    told: int = 0
    ran_at: str = ""  # ISO 8601, UTC; empty before the first run


def load_watches(folder: Path) -> dict[str, Watch]:
    """The saved searches of a data folder by name, in the order in which they were added."""
    path = folder / FILE
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {row["name"]: Watch(**row) for row in rows}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError) as error:
        raise ArchiveError(f"{path} is no list of saved searches ({error}); mend it or move it away") from error


def add_watch(folder: Path, name: str, query: str, archive: Archive) -> Watch:
    """Save a search. What is in the archive today is not new. Raises `QueryError` for a query that makes no sense."""
    watches = load_watches(folder)
    if not NAME.fullmatch(name):
        raise ArchiveError(f"{name!r} is no name for a watch; take letters, digits, - and _ (Chinese too)")
    if name in watches:
        raise ArchiveError(f"there is a watch {name} already ({watches[name].query}); remove it first")
    parse(query)
    watch = Watch(name=name, query=query, told=archive.newest_number())
    _write(folder, {**watches, name: watch})
    return watch


def remove_watch(folder: Path, name: str) -> Watch:
    """Forget a saved search."""
    watches = load_watches(folder)
    if name not in watches:
        raise ArchiveError(f"there is no watch {name}; `./yixun watch list` has the names")
    removed = watches.pop(name)
    _write(folder, watches)
    return removed


def run_watches(
    folder: Path, archive: Archive, now: datetime.datetime, *, names: tuple[str, ...] = ()
) -> list[tuple[Watch, list[Hit]]]:
    """What each search (or those of the names) finds that is new, the oldest first; from then on it is told."""
    watches = load_watches(folder)
    unknown = [name for name in names if name not in watches]
    if unknown:
        raise ArchiveError(f"there is no watch {unknown[0]}; `./yixun watch list` has the names")
    news = []
    for name in names or tuple(watches):
        newest = archive.newest_number()  # what comes in meanwhile is for the next run
        hits = archive.newcomers(watches[name].query, watches[name].told, newest, limit=TOLD_AT_ONCE)
        told = hits[-1].id if len(hits) == TOLD_AT_ONCE else newest
        ran_at = now.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        watches[name] = dataclasses.replace(watches[name], told=max(told, watches[name].told), ran_at=ran_at)
        news.append((watches[name], hits))
    _write(folder, watches)
    return news


def feed_hits(archive: Archive, watch: Watch) -> list[Hit]:
    """What a search finds, the latest that came into the archive first."""
    return archive.newcomers(watch.query, 0, archive.newest_number(), limit=FEED_LENGTH, latest=True)


def _write(folder: Path, watches: dict[str, Watch]) -> None:
    """Replace the file as a whole: whoever reads meanwhile sees the old one or the new."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps([dataclasses.asdict(watch) for watch in watches.values()], ensure_ascii=False, indent=1)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8", suffix=".part") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(folder / FILE)
