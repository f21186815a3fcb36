"""Compare two looks at a site: in go what was found last time and now, out come the differences in words.

A look (`spiders.survey`) keeps no pages. What it found is put in a few lines beside the site's captures, so that
the next one can say what has changed: `captures/<site>/test.json`.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spiders.crawl import SiteStats
from spiders.survey import Survey

LAST_TEST = "test.json"
FIELDS = ("title", "published_at", "source")  # of a sample, which are compared for the same page
FEWER = 0.7  # of last time's share of articles with a date or source; below it something has broken
NAMED = 3  # changes of one kind that are told one by one


def findings(found: Survey, tested_at: datetime.datetime) -> dict[str, Any]:
    """What a look found, for JSON: counts, the sections' URLs and the fields of every sample by its URL."""
    return {
        "tested_at": tested_at.isoformat(timespec="seconds"),
        "hospital": found.hospital,
        "articles_seen": found.articles_seen,
        "sections": [one.url for one in found.lists],
        "samples": {one.url: {field: getattr(one, field) for field in FIELDS} for one in found.samples},
        "unsure": list(found.unsure),
    }


def load_test(folder: Path) -> dict[str, Any] | None:
    """What the last look found, from a site's captures folder; None when there was none."""
    try:
        found = json.loads((folder / LAST_TEST).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("samples"), dict) else None


def save_test(folder: Path, found: dict[str, Any]) -> None:
    """Keep what a look found, whole or not at all. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{LAST_TEST}.tmp"
    temporary.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    temporary.replace(folder / LAST_TEST)


def changes(before: dict[str, Any] | None, now: dict[str, Any], last: SiteStats | None = None) -> list[str]:
    """What is different from last time, one line each; nothing when all is as it was.

    Without an earlier look the last crawl is what the number of articles is compared with.
    """
    if before is None:
        if last is not None and last.articles_seen and not now["articles_seen"]:
            return [f"no article is seen any more; the last crawl saw {last.articles_seen}"]
        return []
    said = []
    seen, had = now["articles_seen"], before.get("articles_seen", 0)
    if seen < FEWER * had or (had and not seen):
        said.append(f"{seen} articles seen, {had} last time")
    said += [f"{url} lists no articles any more" for url in before.get("sections", ()) if url not in now["sections"]]
    for field in ("published_at", "source"):
        share, then = _share(now["samples"], field), _share(before["samples"], field)
        if share < FEWER * then:
            said.append(f"{share:.0%} of the articles have a {field}, {then:.0%} last time")
    differing = list(_differing(before["samples"], now["samples"]))
    said += differing[:NAMED]
    if len(differing) > NAMED:
        said.append(f"and {len(differing) - NAMED} more fields read otherwise")
    return said + [f"new doubt: {line}" for line in now["unsure"] if line not in before.get("unsure", ())]


def _share(samples: dict[str, dict[str, Any]], field: str) -> float:
    return sum(bool(one.get(field)) for one in samples.values()) / len(samples) if samples else 0.0


def _differing(before: dict[str, Any], now: dict[str, Any]) -> Iterable[str]:
    for url, fields in now.items():
        for field in FIELDS if url in before else ():
            if fields[field] != before[url].get(field):
                yield f"{url}: {field} was {before[url].get(field) or '(none)'}, is {fields[field] or '(none)'}"


def in_words(said: Sequence[str], before: dict[str, Any] | None) -> str:
    """The line above the differences."""
    if before is None:
        return "first test of this site: the next one is compared with it"
    day = str(before.get("tested_at", ""))[:16].replace("T", " ")
    return f"compared with {day} UTC: {f'{len(said)} differences' if said else 'as it was'}"
