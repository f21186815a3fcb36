"""How one article looks on a terminal: the page itself, its repairs marked, the difference between two versions."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from archive.clusters import Merge
from archive.kinship import kinship, with_member
from archive.rows import repair_of
from cli.output import console, notes
from pipeline.records import Cluster, Repair

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
DIFFERENCES = 3  # of a member of a cluster, in the table
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
        ("attachments", [_attachment(link) for link in record["attachments"]]),
        ("images", [f"{link['title']}  {link['url']}" for link in record["images"]]),
        ("pages", [f"{number}  {url}" for number, url in enumerate(record["pages"], 1)]),
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


# the rules by which a cleaned page's lines were left out -> what they say
RULES = {
    "cut:metadata": "read as metadata",
    "cut:controls": "a control of the page: print, share, previous, a visitor counter",
    "cut:links": "nothing but links",
    "cut:beside the article": "in a part of the page that stands beside the article",
    "cut:after the article": "below the line that ends the article",
    "cut:footer": "the page's footer",
    "cut:disclaimer": "a disclaimer of the site",
    "cut:hidden": "not shown to readers",
    "cut:title": "the title once more",
    "cut:summary": "the beginning of the text, as a summary over it",
    "date:list": "the day that the list page printed beside the link",
    "repeat:block": "paragraphs that stand twice",
    "repeat:paragraph": "a paragraph that stands twice",
    "repeat:glued": "a passage that stands twice",
    "repeat:near": "kept, but nearly a repetition of an earlier paragraph",
}


def print_reading(record: Mapping[str, Any]) -> None:
    """How an article was read from its page: container, lines of metadata, and what was left out by which rule."""
    pieces = record["cut"]
    container = next((piece["text"] for piece in pieces if piece["rule"] == "container"), "unknown")
    console.print(Text(f"{record['title']}\n", "bold") + Text(f"container: {container} (cleaner {record['cleaner']})"))
    fields = ("published_raw", "source", "author", "contributor", "editor", "reviewer", "section")
    for name in fields:
        if record[name]:
            console.print(Text(f"{name.replace('_', ' ')}: {record[name]}"))
    rules = dict.fromkeys(piece["rule"] for piece in pieces if piece["rule"] != "container")
    for rule in sorted(rules, key=lambda rule: rule != "cut:metadata"):
        console.print(Text(f"\n{RULES.get(rule, rule)}", "bold"))
        for piece in pieces:
            if piece["rule"] == rule:
                console.print(Text(f"  {_short(piece['text'])}"), soft_wrap=True)


def _attachment(link: Mapping[str, Any]) -> str:
    kept = link["capture"]
    where = f"captured {kept['captured_at']}  {kept['warc']}:{kept['offset']}" if kept else "not captured"
    return f"{link['title']}  {link['url']}  ({where})"


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
    found = kinship(relation)
    return "  ".join((f"{found.what} {relation['id']}", f"({found.shared})", "; ".join(found.differs)))


def membership(record: Mapping[str, Any], members: Sequence[int]) -> dict[str, str]:
    """What an article is in its cluster (`role`), how much of it the cluster has (`shared`) and what `differs`."""
    if record["id"] == record["representative"]:
        return {"role": "representative", "shared": "", "differs": ""}
    relation = with_member(record, members)
    if relation is None:  # it was related to one that has left
        return {"role": "copy", "shared": "", "differs": ""}
    found = kinship(relation)
    return {
        "role": f"{found.what} {relation['id']}",
        "shared": found.shared,
        "differs": "; ".join(found.differs[:DIFFERENCES]),
    }


def print_split(off: Cluster | int) -> None:
    """What came off when a cluster was split."""
    if isinstance(off, int):
        notes.print(f"article {off} now stands alone")
    else:
        notes.print(f"articles {', '.join(map(str, off.members))} are now a cluster of their own")


def print_merges(merges: Sequence[Merge]) -> None:
    """What was put together and split, the latest first."""
    for merge in merges:
        came = ", ".join(map(str, merge.members))
        if merge.undone:
            console.print(
                f"split: {came} was taken out" if len(merge.members) == 1 else f"split: {came} were taken out"
            )
        else:
            console.print(
                f"merge {merge.event}: {came} came in, for {merge.bridge} is related to both (--undo {merge.event})"
            )


def print_comparison(here: Mapping[str, Any], there: Mapping[str, Any]) -> None:
    """How two articles relate, and what differs between their texts."""
    relation = next((one for one in here["relations"] if one["id"] == there["id"]), None)
    console.print(Text(_relation_line(relation) if relation else "not related", "bold"), soft_wrap=True)
    _print_lines(there, here, str(there["id"]), str(here["id"]))


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
        _print_lines(older, newer, str(older["captured_at"]), str(newer["captured_at"]))


def _print_lines(older: Mapping[str, Any], newer: Mapping[str, Any], before: str, after: str) -> None:
    lines = difflib.unified_diff(
        [older["title"], *older["text"].splitlines()],
        [newer["title"], *newer["text"].splitlines()],
        fromfile=before,
        tofile=after,
        lineterm="",
        n=0,
    )
    for line in lines:
        style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1])
        console.print(Text(line, style or ""), soft_wrap=True)
