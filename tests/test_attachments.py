"""Files that articles offer: which links lead to one, and that a crawl captures them once."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_crawl import Server, add_site, fill

from archive import Archive
from archive.ingest import ingest_warcs
from pipeline.records import Site
from pipeline.warc import read_captures
from spiders.attachments import attachments_of, is_file
from spiders.crawl import run_crawl
from spiders.sites import load_sites

SITE = Site(name="demo", hospital="示范县人民医院", start_urls=("http://demo.test/",))
PDF = b"%PDF-1.4\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"


@pytest.mark.parametrize(
    ("link", "words", "file"),
    [
        ("/u/2022/a.pdf", "附件1", True),
        ("/u/a.DOCX", "", True),
        ("/system/_content/download.jsp?urltype=news.DownloadAttachUrl&owner=1&wbfileid=12", "附件", True),
        ("/e/DownSys/GetDown.php?id=3", "下载", True),
        ("/file?id=3", "招标文件.doc", True),
        ("/download/", "下载中心", False),
        ("/download/index.html", "下载中心", False),
        ("/info/1011/12.htm", "关于下载APP的通知", False),
        ("/pdfreader.htm", "", False),
    ],
)
def test_a_file_is_told_by_its_address_and_its_words(link: str, words: str, file: bool) -> None:
    assert is_file(f"http://demo.test{link}", words) is file


def test_files_of_menus_and_of_other_hosts_do_not_count() -> None:
    page = b"""<div class="nav"><a href="/menu.pdf">x</a></div><div class="content"><a href="u/1.doc">1</a>
    <a href="http://other.test/2.pdf">2</a><a href="#" onclick="window.open('/u/3.xls')">3</a></div>
    <div class="footer"><a href="/app.zip">APP</a></div>"""

    found = attachments_of(page, "http://demo.test/info/12.htm", SITE)

    assert found == ("http://demo.test/info/u/1.doc", "http://demo.test/u/3.xls")
    assert attachments_of(b"<p>no file</p>", "http://demo.test/", SITE) == ()


def test_a_crawl_keeps_the_files_of_its_articles_once(tmp_path: Path) -> None:
    server = Server()
    fill(server, pages=1, each=3)
    link = "<a href='/system/_content/download.jsp?wbfileid=9'>招标文件.docx</a>"
    server.html("/info/1018/100.html", f"<h1>招标公告</h1><p>见附件。</p>{link}<a href='/u/1.pdf'>附件1</a>")
    server.pages["/u/1.pdf"] = (200, {"Content-Type": "application/pdf"}, PDF)
    server.pages["/system/_content/download.jsp?wbfileid=9"] = (200, {"Content-Type": "text/html"}, b"<p>login</p>")
    add_site(tmp_path / "sites", "demo", f"{server.url}/news/", attachments=True)

    first, again = (
        run_crawl(["demo"], data=tmp_path / "data", sites_folder=tmp_path / "sites")["demo"] for _ in range(2)
    )

    assert (first.ok, first.attachments, first.articles_new) == (True, 2, 3)
    assert (again.ok, again.attachments) == (True, 0)
    captures = tmp_path / "data" / "captures"
    warcs = sorted((captures / "demo").glob("*.warc.gz"))
    verdicts = {capture.url: capture.verdict for warc in warcs for capture in read_captures(warc)}
    assert verdicts[f"{server.url}/u/1.pdf"] == f"not html: attachment of {server.url}/info/1018/100.html"
    with Archive(tmp_path / "archive.db") as archive:
        ingest_warcs(warcs, archive, load_sites(tmp_path / "sites"), captures=captures, processes=1)
        rejected = {one["url"]: one["detail"] for one in archive.rejections(reason="not html")}
        (tender,) = (one["id"] for one in archive.articles() if one["title"] == "招标公告")
        shown = archive.article(tender, details=True)
    assert rejected[f"{server.url}/system/_content/download.jsp?wbfileid=9"].startswith("attachment of")
    assert shown is not None
    assert [link["capture"]["mime"] for link in shown["attachments"]] == ["text/html", "application/pdf"]
    server.server.shutdown()
