"""The archive of articles: one SQLite file, one writer, any number of readers.

    from archive import Archive

    with Archive("data/archive.db") as archive:
        archive.add(records)
        for hit in archive.search("卫健委").hits:
            print(hit.id, hit.title, hit.snippet)

`Archive` is looked up when it is first asked for: it brings sqlite-utils, which a program that only wants
`archive.search.parse` need not wait for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.database import Archive

__all__ = ["Archive"]


def __getattr__(name: str) -> Any:
    if name == "Archive":
        from archive.database import Archive

        return Archive
    raise AttributeError(f"module 'archive' has no attribute {name!r}")
