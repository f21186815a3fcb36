"""Small WARC files for the tests that read some: pages of a hospital that does not exist."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from archive_samples import DAY

from archive.ingest import ARTICLE_MIME
from pipeline.records import Site
from spiders.captures import CaptureWriter, load_known

SITE = Site(name="qinghe", hospital="清河县人民医院", start_urls=("https://www.qinghe.example/",))
SITES = {"qinghe": SITE}
HOST = "https://www.qinghe.example"
SENTENCES = (
    "清河县人民医院门诊部自本周起延长夜间服务时间，方便上班的居民前来就诊。",
    "医院为此安排了十二名医师轮流值守，并增开了两个收费窗口。",
    "院长在启动会上说，延长门诊是为群众办的一件实事，要长期坚持下去。",
    "首日晚间共接诊患者六十三人次，候诊时间平均缩短了一刻钟。",
)


def page(title: str, *paragraphs: str) -> bytes:
    """A page of an article, as a plain template would set it."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs or SENTENCES)
    return (
        f"<!doctype html><html><head><meta charset='utf-8'><title>{title}</title></head><body>"
        f"<div class='nav'><a href='/'>首页</a></div><h1>{title}</h1>"
        f"<div class='info'>发布时间：2022-08-22 10:14 来源：宣传科</div>"
        f"<div class='content'>{body}</div></body></html>"
    ).encode()


def write_pages(captures: Path, pages: Mapping[str, bytes], *, day: int = 0, status: int = 200) -> Path:
    """A WARC file with these pages, by their path on the site."""
    moment = DAY + datetime.timedelta(days=day)
    folder = captures / "qinghe"
    known = load_known(folder) if folder.exists() else None
    with CaptureWriter(folder, "qinghe", started_at=moment, software="test", known=known) as writer:
        for path, body in pages.items():
            writer.write_response(HOST + path, moment, status, "", [("Content-Type", "text/html")], body)
    return folder / writer.filenames[-1]


def write_articles(captures: Path, articles: Iterable[dict[str, Any]]) -> Path:
    """A WARC file with articles that come as such."""
    folder = captures / "qinghe"
    with CaptureWriter(folder, "qinghe", started_at=DAY, software="test") as writer:
        for fields in articles:
            body = json.dumps(fields, ensure_ascii=False).encode()
            writer.write_resource(fields["url"], DAY, ARTICLE_MIME, body)
    return folder / writer.filenames[-1]
