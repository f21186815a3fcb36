"""Leaving the archive: in come articles as dictionaries, out go lines of JSON or a CSV that a spreadsheet can open.

for line in json_lines(archive.articles()): …
write_csv(archive.articles(site="mengyin"), sys.stdout)
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

FIELDS = (
    "id", "site", "hospital", "url", "title", "published_at", "published_raw", "source", "author", "editor",
    "reviewer", "section", "text", "captions", "attachments", "flags", "repairs", "cluster", "representative",
    "captured_at", "digest", "warc", "offset", "relations",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run by a spreadsheet


def json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One JSON object a line, Chinese as it is. A line end inside a value is escaped, so lines stay lines."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"


def write_csv(rows: Iterable[Mapping[str, Any]], stream: TextIO, columns: Sequence[str] = FIELDS) -> int:
    """Write rows under a line of names and say how many there were.

    A list of strings is joined by "; ", any other list or object is JSON. See `safe_cell` for what is changed.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([safe_cell(row.get(name)) for name in columns])
        count += 1
    return count


def cell(value: Any) -> str | int | float:
    """A value as one cell holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Sequence) and all(isinstance(part, str) for part in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False)


def safe_cell(value: Any) -> str | int | float:
    """A value as one cell holds it, with ' before a text that a spreadsheet would run as a formula (OWASP: CSV
    injection). This changes the data: JSON Lines has it as it is.
    """
    value = cell(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
