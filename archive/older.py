"""What finds an article besides its title and text: in comes its row, out go earlier texts and readable guesses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from archive.rows import repair_of
from pipeline.repair import searchable


def other_texts(db: Database, number: int, row: Mapping[str, Any]) -> list[str]:
    """Earlier versions of an article, and its paragraphs that a guess made readable."""
    query = "select record from revisions where article = :article order by captured_at desc, id desc"
    earlier = db.execute(query, {"article": number}).fetchall()
    texts = list(guessed(row))
    for (record,) in earlier:
        older = json.loads(record)
        texts += [older["title"], older["text"]]
    return texts


def guessed(row: Mapping[str, Any]) -> list[str]:
    """The paragraphs of title and text that hold a guess, with the guesses in place (see `pipeline.repair`)."""
    if '"guess"' not in row["details"]:
        return []
    repairs = json.loads(row["details"])["repairs"]
    paragraphs = []
    for field in ("title", "text"):
        if any(spot["status"] == "guess" for spot in repairs.get(field, {}).get("spots", ())):
            repair = repair_of(repairs[field])
            pairs = zip(repair.text.split("\n"), searchable(repair).split("\n"), strict=False)
            # what was cut from the text after its repair is not to be found by its guesses either
            paragraphs += [readable for shown, readable in pairs if shown != readable and shown.strip() in row[field]]
    return paragraphs
