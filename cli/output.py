"""What a command prints: tables for people, `--nl`, `--csv` and `--json` for programs, and progress on the terminal."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 200  # cells
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
WIDEST_KEPT = 22  # cells of a column that is never broken into lines; wider ones share what is left
F = TypeVar("F", bound=Callable[..., Any])

# a file or pipe has no width: lines there are as long as a wide terminal's
console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
notes = Console(stderr=True, highlight=False)  # progress and notices: never in the way of a pipe


def formats(function: F) -> F:
    """Add `--nl`, `--csv` and `--json`; the command gets one argument `form`."""
    for flag, text in (
        ("--json", "One JSON document."),
        ("--csv", "CSV; cells that a spreadsheet would run as a formula get a leading '."),
        ("--nl", "JSON Lines: one object a line."),
    ):
        function = click.option(flag, "form", flag_value=flag[2:], help=text)(function)
    return function


def show(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: str | None, *, empty: str) -> int:
    """Print rows in the form that was asked for and count them.

    The table shows `columns`; the forms for programs show every key. `empty` is said when a table has no rows.
    """
    if form == "nl":
        count = 0
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
            count += 1
        return count
    rows = list(rows)
    if form == "json":
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    elif form == "csv":
        _write_csv(rows)
    elif rows:
        _print_table(rows, columns)
    else:
        console.print(empty)
    return len(rows)


def _write_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    from archive.export import safe_cell

    if rows:
        writer = csv.DictWriter(sys.stdout, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({key: safe_cell(value) for key, value in row.items()})


def _print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        numeric = any(isinstance(row.get(column), int) for row in rows)
        short = max(cell_len(cell(row.get(column))) for row in rows) <= WIDEST_KEPT
        table.add_column(
            column.replace("_", " "), justify="right" if numeric else "left", overflow="fold", no_wrap=short
        )
    for row in rows:
        table.add_row(*(Text(cell(row.get(column))) for column in columns))
    console.print(table)


def cell(value: Any) -> str:
    """A value as a table shows it: a time to the minute, a list with blanks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and TIME.fullmatch(value):
        return f"{value[:10]} {value[11:16]}"
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value)
    return str(value)
