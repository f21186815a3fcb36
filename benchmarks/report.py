"""Where a benchmark's table goes: printed, and written to `benchmarks/results/<name>.md` with its date and machine."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """One line that says when and on what a figure was measured."""
    day = datetime.datetime.now(datetime.UTC).date()
    load = os.getloadavg()[0]
    return f"{day}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}."


def write(name: str, text: str) -> None:
    """Print a result and keep it."""
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text.rstrip() + "\n", "utf-8")
