"""Records as rows and rows as records: in comes an `Article` or a row of the archive, out goes the other.

`article_row` and `record_of` are inverse to each other; `identity` says which URLs are the same page.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from pipeline.records import Article, Evidence, Flag, Link, Repair, Spot

COLUMNS = (
    "site", "hospital", "url", "title", "published_at", "published_raw", "source", "author", "editor", "reviewer",
    "section", "text", "digest", "script", "cleaner",
)  # fmt: skip
DETAILS = ("contributor", "captions", "attachments", "images", "part", "pages", "flags", "repairs", "cut")

DEFAULT_PORTS = {"http": "80", "https": "443"}
# Parameters that name the visitor, never the page: those of servlet containers, PHP and ASP. `sid` is none of them:
# many sites number their sections with it.
_SESSION = re.compile(r"(?i)^(jsessionid|phpsessid|aspsessionid\w*|asp\.net_sessionid|sessionid)=")
_SESSION_IN_PATH = re.compile(r"(?i);(jsessionid|phpsessid)=[^/?;]*")
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_SURROGATES = re.compile("[\ud800-\udfff]")  # halves of a pair: no UTF-8, SQLite refuses them


def identity(url: str) -> str:
    """The URL by which a page is known: scheme and host in lower case, no default port, fragment or session id.

    Parameters of the page itself stay, and in their order: `?id=3&page=2` names another text than `?id=3`.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:  # a bracket or port that is none: keep it as it is
        return url.strip()
    if not parts.netloc:
        return url.strip()  # file:<site>/<page>.html, whose name may hold a #
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    if port is not None and str(port) != DEFAULT_PORTS.get(parts.scheme.lower()):
        host = f"{host}:{port}"
    path = _SESSION_IN_PATH.sub("", parts.path) or "/"
    query = "&".join(part for part in parts.query.split("&") if not _SESSION.match(part))
    return urlunsplit((parts.scheme.lower(), host, _escaped(path), _escaped(query), ""))


def _escaped(part: str) -> str:
    """The part with its escapes in one form: %e4 and the character itself are the same page as %E4."""
    upper = _ESCAPE.sub(lambda match: match[0].upper(), part)
    return quote(storable(upper), safe="%/:;=?@&+$,!~*'()[]|")


def timestamp(moment: datetime.datetime | None) -> str:
    """ISO 8601 in UTC with a Z, to the second; empty for no time. A time without a zone is taken as UTC."""
    if moment is None:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return aware.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def storable(text: str) -> str:
    """The text without halves of surrogate pairs, which no file can hold."""
    return _SURROGATES.sub("\ufffd", text)


def article_row(article: Article) -> dict[str, Any]:
    """The columns of `articles` that the record itself fills."""
    row = {name: getattr(article, name) for name in COLUMNS}
    row = {name: storable(value) if isinstance(value, str) else value for name, value in row.items()}
    details = {name: _plain(getattr(article, name)) for name in DETAILS}
    return row | {
        "captured_at": timestamp(article.captured_at),
        "details": storable(json.dumps(details, ensure_ascii=False)),
    }


def _plain(value: Any) -> Any:
    """A value of a record as JSON can hold it, without what is empty."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def record_of(row: Mapping[str, Any]) -> Article:
    """The record that `article_row` made this row from (the time to the second)."""
    details = json.loads(row["details"])
    captured_at = row["captured_at"]
    return Article(
        **{name: row[name] for name in COLUMNS},
        contributor=details["contributor"],
        captions=tuple(details["captions"]),
        attachments=tuple(Link(**link) for link in details["attachments"]),
        images=tuple(Link(**link) for link in details["images"]),
        part=details.get("part", 0),
        pages=tuple(details.get("pages", ())),
        flags=tuple(Flag(name=flag["name"], evidence=_evidence(flag["evidence"])) for flag in details["flags"]),
        repairs={field: repair_of(repair) for field, repair in details["repairs"].items()},
        cut=_evidence(details["cut"]),
        captured_at=datetime.datetime.fromisoformat(captured_at) if captured_at else None,
    )


def _evidence(pieces: list[dict[str, Any]]) -> tuple[Evidence, ...]:
    return tuple(Evidence(**piece) for piece in pieces)


def repair_of(stored: Mapping[str, Any]) -> Repair:
    """A repair as the details of an article hold it."""
    return Repair(
        original=stored["original"],
        text=stored["text"],
        removed=tuple((start, end) for start, end in stored["removed"]),
        spots=tuple(Spot(**spot) for spot in stored["spots"]),
    )


def exported(
    row: Mapping[str, Any], *, cluster: int | None, representative: int, relations: list[Any]
) -> dict[str, Any]:
    """An article as every export shows it; `row` is one of `articles` with `warc` and `offset` of its capture."""
    details = json.loads(row["details"])
    return {
        **{name: row[name] for name in EXPORTED_COLUMNS},
        "captions": details["captions"],
        "attachments": details["attachments"],
        "flags": [flag["name"] for flag in details["flags"]],
        "repairs": {field: _repair_summary(repair) for field, repair in details["repairs"].items()},
        "cluster": cluster,
        "representative": representative,
        "captured_at": row["captured_at"] or None,
        "digest": row["digest"],
        "warc": row["warc"],
        "offset": row["offset"],
        "relations": relations,
    }


EXPORTED_COLUMNS = (
    "id", "site", "hospital", "url", "title", "published_at", "published_raw", "source", "author", "editor",
    "reviewer", "section", "text",
)  # fmt: skip


def _repair_summary(repair: Mapping[str, Any]) -> dict[str, Any]:
    return {"annotations": len(repair["removed"]), "spots": repair["spots"]}
