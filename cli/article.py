"""How one article looks on a terminal: the page itself, its repairs marked, the difference between two versions."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from archive.rows import repair_of
from cli.output import console
from pipeline.records import Repair

FIELDS = (
    "published_at",
    "published_raw",
    "source",
    "author",
    "contributor",
    "editor",
    "reviewer",
    "section",
    "hospital",
)
CONTEXT = 12  # characters shown on either side of a repaired spot
STYLES = {"fixed": "green", "guess": "yellow", "lost": "red", "annotation": "dim"}


def print_article(record: Mapping[str, Any]) -> None:
    """The article with where it came from and what was found out about it."""
    console.print(Text(record["title"] or "(no title)", "bold"))
    for field in FIELDS:
        if record.get(field):
            console.print(Text(f"{field.replace('_', ' '):>13}  {record[field]}"))
    console.print(Text(f"{'url':>13}  {record['url']}"), soft_wrap=True)
    captured = f"{record['captured_at']}  {record['warc']}:{record['offset']}  {record['digest']}"
    console.print(Text(f"{'captured':>13}  {captured}"), soft_wrap=True)
    console.print()
    console.print(Text(record["text"]), soft_wrap=True)
    for title, lines in (
        ("captions", record["captions"]),
        ("attachments", [f"{link['title']}  {link['url']}" for link in record["attachments"]]),
        ("flags", list(_flag_lines(record))),
        ("repairs", list(_repair_counts(record))),
        ("left out", [f"{piece['rule']}: {_short(piece['text'])}" for piece in record["cut"]]),
        ("relations", [_relation_line(relation) for relation in record["relations"]]),
        ("versions", [f"{one['captured_at']}  {one['digest']}" for one in record["revisions"]]),
    ):
        if lines:
            console.print(Text(f"\n{title}", "bold"))
            for line in lines:
                console.print(Text(f"  {line}"), soft_wrap=True)


def _flag_lines(record: Mapping[str, Any]) -> Iterator[str]:
    for flag in record["evidence"]:
        for piece in flag["evidence"]:
            yield f"{flag['name']}: {piece['rule']} in {piece['where']}: {_short(piece['text'])}"


def _repair_counts(record: Mapping[str, Any]) -> Iterator[str]:
    for field, repair in record["repairs"].items():
        by_status = dict.fromkeys(("fixed", "guess", "lost"), 0)
        for spot in repair["spots"]:
            by_status[spot["status"]] += 1
        spots = ", ".join(f"{count} {status}" for status, count in by_status.items() if count)
        yield f"{field}: {repair['annotations']} annotations removed" + (f"; slipped bytes: {spots}" if spots else "")


def _relation_line(relation: Mapping[str, Any]) -> str:
    evidence = "  ".join(f"{key}={_short(str(value))}" for key, value in relation["evidence"].items())
    return f"{relation['kind']} of {relation['id']}  {evidence}"


def _short(text: str, length: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[:length] + "…"


def print_repairs(record: Mapping[str, Any]) -> None:
    """Each repaired field as it was printed, with what was done to it marked.

    Without colours: [-removed-], [-before-]{+after+} with the status of the spot.
    """
    if not record["repairs"]:
        console.print("nothing was repaired")
    for field, repair in record["repairs"].items():
        counts = next(_repair_counts({"repairs": {field: repair}}))
        console.print(Text(counts, "bold"))
        console.print(marked_repair(repair_of(repair)), soft_wrap=True)
        console.print()


def marked_repair(repair: Repair) -> Text:
    """The original text with every annotation and spot marked in place."""
    text = Text()
    for kind, before, after in repair.pieces():
        if not kind:
            text.append(before)
            continue
        text.append(f"[-{before}-]", f"{STYLES[kind]} strike" if console.is_terminal else None)
        if kind != "annotation":
            text.append(f"{{+{after}+}}", STYLES[kind])
            text.append(f"({kind})", "dim")
    return text


def print_diff(record: Mapping[str, Any]) -> None:
    """What changed between the versions of an article, newest first."""
    versions = record["revisions"]
    if len(versions) < 2:
        console.print(f"article {record['id']} has one version, captured {record['captured_at']}")
        return
    for newer, older in itertools.pairwise(versions):
        lines = difflib.unified_diff(
            [older["title"], *older["text"].splitlines()],
            [newer["title"], *newer["text"].splitlines()],
            fromfile=str(older["captured_at"]),
            tofile=str(newer["captured_at"]),
            lineterm="",
            n=0,
        )
        for line in lines:
            style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1])
            console.print(Text(line, style or ""), soft_wrap=True)
