"""Leaving the archive: in come articles as dictionaries, out go lines of JSON, a CSV that a spreadsheet can open,
or citations in BibTeX or Markdown.

for line in json_lines(archive.articles()): …
write_csv(archive.articles(site="mengyin"), sys.stdout)
"""

from __future__ import annotations

import csv
import json
import re
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


# What BibTeX or LaTeX would take for a command. A brace cannot stand alone in a BibTeX value, so it is left out.
_LATEX = {
    "\\": r"\textbackslash ", "{": "", "}": "", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde ", "^": r"\textasciicircum ",
}  # fmt: skip
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")
_NOT_IN_URL = {ord(mark): f"%{ord(mark):02X}" for mark in '{}\\ <>"^`|()'}


def bibtex(row: Mapping[str, Any], permalink: str) -> str:
    """An article as an entry `@online` of biblatex: where it was, when captured, and how to tell it is that text.

    `permalink` is the address of the article in this archive. The note names the address, time and digest of the
    capture.
    """
    date = (row["published_at"] or "")[:10]
    fields = {
        "title": "{" + _latex(row["title"]) + "}",
        "author": _people(row["author"]),
        "organization": "{" + _latex(row["hospital"]) + "}" if row["hospital"] else "",
        "date": date,
        "url": row["url"].translate(_NOT_IN_URL),
        "urldate": (row["captured_at"] or "")[:10],
        "langid": "chinese",
        "note": f"{_latex(permalink)}, captured {row['captured_at'] or 'at an unknown time'}, {_latex(row['digest'])}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return f"@online{{yixun{row['id']},\n" + "\n".join(lines) + "\n}\n"


def _people(names: str) -> str:
    """Names as BibTeX parts them; each in braces, a Chinese name has no first name before the last."""
    people = [name for name in re.split(r"[\s,，、;；/]+", names) if name]
    return " and ".join("{" + _latex(name) + "}" for name in people)


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def markdown(row: Mapping[str, Any], permalink: str) -> str:
    """An article as one item of a list in Markdown: title and source, then permalink, capture time and digest."""
    named = [row["author"], row["source"] or row["hospital"], (row["published_at"] or "undated")[:10]]
    about = "，".join(_plain(part) for part in named if part)
    captured = row["captured_at"] or "at an unknown time"
    title = _plain(row["title"] or "(no title)")
    if row["url"].startswith(("https://", "http://")):
        title = f"[{title}]({row['url'].translate(_NOT_IN_URL)})"
    return f"- {title}，{about}。[archived]({permalink})，captured {captured}，`{row['digest']}`\n"


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
