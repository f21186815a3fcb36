"""The pages of articles that are spread over several: in comes one of them, out goes the article joined anew.

Each page's text stands in the table `parts`, every one that it had. The article in `articles` is the join
(`pipeline.parts.join`) of the newest text of each page, whatever the order in which the pages come.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from archive.rows import article_row, record_of
from pipeline.parts import join
from pipeline.records import Article


def create_tables(db: Database) -> None:
    """The table of the pages, empty."""
    db.execute(
        """
        create table parts (
          article integer not null references articles(id) on delete cascade,
          number integer not null,           -- of the page, from 1
          digest text not null,              -- sha256:… of the page's cleaned content
          captured_at text not null,         -- the last time that the page had this text
          capture integer not null references captures(id),
          record text not null,              -- JSON of pipeline.records.Article
          primary key (article, number, digest)
        ) strict, without rowid
        """
    )


def keep(db: Database, article: int, part: Article, capture: int) -> None:
    """Note that a page had this text at the time of its capture; a text that is had only gets the later time."""
    row = article_row(part)
    db.execute(
        """
        insert into parts (article, number, digest, captured_at, capture, record)
        values (:article, :number, :digest, :captured_at, :capture, :record)
        on conflict do update set captured_at = excluded.captured_at, capture = excluded.capture
          where excluded.captured_at > captured_at
        """,
        {
            "article": article,
            "number": part.part,
            "digest": part.digest,
            "captured_at": row["captured_at"],
            "capture": capture,
            "record": json.dumps(row, ensure_ascii=False),
        },
    )


def held(db: Database, article: int) -> dict[int, Mapping[str, Any]]:
    """The newest text of every page that is had, by its number: rows with `digest`, `capture` and `record`."""
    rows = db.query(
        "select number, digest, capture, record from parts where article = :article "
        "order by number, captured_at, capture",
        {"article": article},
    )
    return {row["number"]: row for row in rows}


def begin(db: Database, row: Mapping[str, Any], pages: tuple[str, ...]) -> None:
    """Take the article as it was archived, on one page, as the first of its pages."""
    first = dataclasses.replace(record_of(row), part=1, pages=pages)
    keep(db, row["id"], first, row["capture"])


def forget(db: Database, article: int) -> None:
    """The article stands on one page again; what it was joined from is in its revisions."""
    db.execute("delete from parts where article = :article", {"article": article})


def joined(parts: Mapping[int, Mapping[str, Any]]) -> Article:
    """The article from the pages that `held` gives."""
    return join([record_of(json.loads(parts[number]["record"])) for number in sorted(parts)])
