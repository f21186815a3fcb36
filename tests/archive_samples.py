"""Records for the tests of the archive, in a few words each."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

from pipeline.records import Article, Capture, Evidence, Flag

DAY = datetime.datetime(2024, 3, 1, 8, 0, tzinfo=datetime.UTC)


def article(number: int = 1, title: str = "标题", text: str = "正文", *, day: int = 0, **fields: Any) -> Article:
    """An article of page `number`, captured `day` days after the first of March 2024."""
    content = f"{title}\n{text}\n{fields.get('published_at')}".encode(errors="replace")
    given = {
        "site": "qinghe",
        "url": f"https://www.qinghe.example/news/{number}.html",
        "hospital": "清河县人民医院",
        "digest": "sha256:" + hashlib.sha256(content).hexdigest(),
        "captured_at": DAY + datetime.timedelta(days=day),
        "capture_digest": f"sha256:{number}-{day}",
    }
    return Article(title=title, text=text, **{**given, **fields})


def capture_of(record: Article, *, warc: str = "qinghe/a.warc.gz", offset: int = 0, **fields: Any) -> Capture:
    """The capture that an article was read from."""
    given = {"site": record.site, "url": record.url, "captured_at": record.captured_at, "digest": record.capture_digest}
    return Capture(status=200, warc=warc, offset=offset, **{**given, **fields})


def flag(name: str) -> Flag:
    """A flag with a piece of evidence."""
    return Flag(name=name, evidence=(Evidence(rule="test", where="text", text="…"),))  # type: ignore[arg-type]
