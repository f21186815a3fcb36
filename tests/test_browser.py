"""Sites whose words come by script, crawled with Debian's Chromium from a loopback server to the archive."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from test_crawl import Server, add_site

from archive import Archive
from archive.ingest import ingest_warcs
from pipeline.warc import read_captures, scan
from spiders import browser
from spiders.browser import Answer, Browser, BrowserError, Part, chromium
from spiders.captures import load_known
from spiders.crawl import run_crawl
from spiders.sites import load_sites

pytestmark = pytest.mark.skipif(not chromium(), reason="needs a browser: apt install chromium")

TITLES = ("我院召开第三季度医疗质量会议", "市卫健委领导来我院调研指导", "我院开展送医下乡义诊活动")
TEXT = "近日，我院组织专家前往石桥镇开展活动，为群众测量血压、讲解用药常识，受到群众欢迎。" * 3
SHELL = (
    "<!DOCTYPE html><html><head><title>示范县人民医院</title></head><body><div id='app'></div>{scripts}</body></html>"
)
LIST = """fetch('/api/list').then(r => r.json()).then(rows => { app.innerHTML = '<ul>' + rows.map(row =>
  `<li><a href="/news/${row.id}.html">${row.title}</a><span>${row.day}</span></li>`).join('') + '</ul>'; });"""
ARTICLE = """const id = location.pathname.match(/\\d+/)[0];
fetch('/api/news?id=' + id).then(r => r.json()).then(news => {
  const head = `<h1>${news.title}</h1><p>发布时间：${news.day} 来源：宣传科</p>`;
  app.innerHTML = head + `<div class="content">${news.text}</div>`;
  fetch('/secret/x.json'); fetch('http://127.0.0.1:%d/inside'); new Image().src = '/a.png';
  new WebSocket('ws://127.0.0.1:%d/socket');
  setTimeout(() => { location.href = 'http://127.0.0.1:%d/away'; }, 50); });"""


def script(path: str) -> str:
    return f"<script>var app = document.getElementById('app');</script><script src='{path}'></script>"


def serve_scripted(server: Server, canary: Server) -> None:
    """A site of a list and three articles, all of whose words come by script."""
    server.pages["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /secret/\n")
    html = {"Content-Type": "text/html; charset=utf-8"}
    rows = [{"id": 300 + n, "title": title, "day": f"2022-08-1{n}"} for n, title in enumerate(TITLES)]
    server.pages["/news/"] = (200, html | {"ETag": '"shell"'}, SHELL.format(scripts=script("/list.js")).encode())
    server.pages["/list.js"] = (200, {"Content-Type": "text/javascript"}, LIST.encode())
    article = ARTICLE % (canary.port, canary.port, canary.port)
    server.pages["/article.js"] = (200, {"Content-Type": "text/javascript"}, article.encode())
    server.pages["/api/list"] = (200, {"Content-Type": "application/json"}, json.dumps(rows).encode())
    for row in rows:
        server.pages[f"/news/{row['id']}.html"] = (200, html, SHELL.format(scripts=script("/article.js")).encode())
        news = json.dumps(row | {"text": f"<p>{TEXT}</p>"}).encode()
        server.pages[f"/api/news?id={row['id']}"] = (200, {"Content-Type": "application/json"}, news)


def test_a_site_of_scripts_is_crawled_into_the_archive(tmp_path: Path) -> None:
    server, canary = Server(), Server()
    serve_scripted(server, canary)
    add_site(tmp_path / "sites", "scripted", f"{server.url}/news/", javascript=True)

    first = run_crawl(["scripted"], data=tmp_path / "data", sites_folder=tmp_path / "sites")["scripted"]

    assert (first.ok, first.problem, first.documents, first.articles_new) == (True, "", 4, 3)
    asked = server.paths()
    assert asked.count("/article.js") == 1
    assert "/secret/x.json" not in asked  # robots.txt holds for scripts
    assert "/a.png" not in asked
    assert canary.asked == []  # a private address, a socket, a further page
    warc = next((tmp_path / "data" / "captures" / "scripted").glob("*.warc.gz"))
    assert scan(warc).problem == ""
    documents = [capture for capture in read_captures(warc) if capture.kind == "resource"]
    assert TITLES[0] in documents[0].body.decode()
    assert [one.listed_date for one in documents[1:]] == ["2022-08-10", "2022-08-11", "2022-08-12"]

    with Archive(tmp_path / "archive.db") as archive:
        sites = load_sites(tmp_path / "sites")
        ingest_warcs([warc], archive, sites, captures=tmp_path / "data" / "captures", processes=1)
        found = {one["title"]: one for one in archive.articles()}
    assert set(found) == set(TITLES)
    assert found[TITLES[1]]["published_at"] == "2022-08-11"
    assert TEXT in found[TITLES[1]]["text"]

    again = run_crawl(["scripted"], data=tmp_path / "data", sites_folder=tmp_path / "sites")["scripted"]

    assert (again.ok, again.documents, again.articles_new) == (True, 0, 0)
    assert server.paths().count("/article.js") == 1  # a script is asked for once a day
    assert load_known(warc.parent).page(f"{server.url}/news/").etag == '"shell"'  # type: ignore[union-attr]
    for one in (server, canary):
        one.server.shutdown()


def test_a_page_that_does_not_end_is_given_up_and_the_next_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "SECONDS", 3.0)

    async def nothing(part: Part) -> Answer | None:
        return None

    async def both() -> str:
        made = Browser("Yixun/0.1")
        try:
            with pytest.raises(BrowserError, match="within 3 s"):
                await made.render("http://a.test/", "<script>while (true);</script>", nothing)
            monkeypatch.setattr(browser, "SECONDS", 60.0)
            return await made.render("http://a.test/", "<p>好<script>alert(1); document.title = '二'</script>", nothing)
        finally:
            await made.close()

    assert "<title>二</title>" in asyncio.run(both())


def test_without_a_browser_the_crawl_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_site(tmp_path / "sites", "scripted", "http://127.0.0.1:9/", javascript=True)
    monkeypatch.setenv("PATH", str(tmp_path))

    found = run_crawl(["scripted"], data=tmp_path / "data", sites_folder=tmp_path / "sites")["scripted"]

    assert (found.ok, found.finish_reason) == (False, "no browser")
    assert "apt install chromium" in found.problem
