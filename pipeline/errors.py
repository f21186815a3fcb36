"""Every error that Yixun raises on purpose.

An expected outcome is a value (`Rejection`); an error is for what a person has to put right, so its text names the
thing and the cure. The front doors print it as one line and end with exit code 2.

    YixunError
    ├── SiteError       a site's TOML is missing, broken or lacks a key
    ├── WarcError       a WARC file or record cannot be read
    ├── IngestError     what was handed to `ingest` is none of the kinds it takes
    ├── ArchiveError    the archive cannot be opened, read or written
    ├── QueryError      a search query is malformed; `.position` points at the place
    └── ServiceError    a service cannot be started or stopped (a port in use, no room on the disk)
"""

from __future__ import annotations


class YixunError(Exception):
    """The root: catch this to catch all of them."""


class SiteError(YixunError):
    """A site's TOML is missing, broken or lacks a key."""


class WarcError(YixunError):
    """A WARC file or record cannot be read."""


class IngestError(YixunError):
    """What was handed to `ingest` is none of the kinds it takes."""


class ArchiveError(YixunError):
    """The archive cannot be opened, read or written."""


class QueryError(YixunError):
    """A search query is malformed.

    `position` is the offset in the query, in characters, at which reading failed.
    """

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class ServiceError(YixunError):
    """A service cannot be started or stopped."""
