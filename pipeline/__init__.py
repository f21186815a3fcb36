"""Pure functions on records: decode, clean, repair, fold, relate.

    from pipeline import clean_page, repair, fold

`fold` and `repair` are modules and functions of the same name: here they are the functions, so take anything else
from its module (`from pipeline.repair import assess`).
"""

from __future__ import annotations

from typing import Any

from pipeline.fold import fold
from pipeline.repair import repair

__all__ = ["clean_page", "fold", "repair"]


def __getattr__(name: str) -> Any:
    if name == "clean_page":  # looked up when first asked for: it brings trafilatura, half a second
        from pipeline.clean import clean_page

        return clean_page
    raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
