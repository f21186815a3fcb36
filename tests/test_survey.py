"""A first look at a site: name, lists, further pages, samples, doubts and the TOML; and what it says when it cannot."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_crawl import Server, fill, unused_port

from benchmarks import listings, listings_held
from benchmarks.listings import Listing
from cli.main import run
from spiders.browser import chromium
from spiders.naming import hospital_name
from spiders.sites import parse_site
from spiders.survey import survey

FOOTER = "<div class='footer'>版权所有 © 示范县人民医院 鲁ICP备12034567号 电话 123456</div>"


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.server.shutdown()
    started.server.server_close()


@contextlib.contextmanager
def served(make: Callable[[str, str], Listing]) -> Iterator[Listing]:
    """A template's site on loopback, its second host on a port of its own."""
    one, other = Server(), Server()
    listing = make(one.url, other.url)
    for url, (mime, body) in listing.pages.items():
        host = one if url.startswith(one.url) else other
        host.pages[url[len(host.url) :]] = (200, {"Content-Type": mime}, body)
    yield listing
    for host in (one, other):
        host.server.shutdown()
        host.server.server_close()


def test_a_home_page_is_enough(server: Server) -> None:
    fill(server)
    server.html(
        "/", f"<title>示范县人民医院-首页</title><a href='/news/'>医院新闻</a><a href='/about/'>简介</a>{FOOTER}"
    )

    found = survey(f"{server.url}/")

    assert found.hospital == "示范县人民医院"
    assert [(one.name, one.url, one.articles) for one in found.lists] == [("医院新闻", f"{server.url}/news/", 10)]
    assert found.lists[0].next_page == f"{server.url}/news/index_2.html"
    assert f'"{server.url}/news/"' in found.toml
    assert len(found.toml.splitlines()) <= 12
    assert found.articles_seen == 10
    assert found.charset == "utf-8"
    assert "/about/" not in server.paths()


def test_articles_on_another_host_of_the_hospital_are_found_and_the_host_is_named() -> None:
    with served(listings.hosts) as listing:
        found = survey(listing.home)

        assert parse_site(found.toml, "x.toml").hosts == listing.hosts
        assert len(found.samples) == 10


def test_pages_that_cannot_be_followed_are_told() -> None:
    with served(listings.postback) as listing:
        found = survey(listing.news)

        assert (found.hospital, found.articles_seen) == (listing.hospital, 15)
        assert any("post-back" in line for line in found.unsure)


def test_samples_come_from_every_list() -> None:
    with served(listings.tabs) as listing:
        found = survey(listing.home)

    folders = {one.url.split("/")[3] for one in found.samples}
    assert len(folders) > 1
    assert {"/yyyw/", "/mtgz/", "/tzgg/"} <= {one.url[len(listing.home) - 1 :] for one in found.lists}


@pytest.mark.skipif(not chromium(), reason="needs a browser: apt install chromium")
def test_a_site_of_scripts_is_seen_with_them(server: Server) -> None:
    rows = "".join(
        f"<li><a href='/news/{n}.html'>我院召开第{n}次工作会议</a>2022-08-1{n % 10}</li>" for n in range(101, 105)
    )
    made = f"document.getElementById('app').innerHTML = `<ul>{rows}</ul>{FOOTER}`"
    server.html("/", f"<title>示范县人民医院</title><div id='app'></div><script>{made}</script>")

    found = survey(f"{server.url}/")

    assert parse_site(found.toml, "x.toml").javascript
    assert (found.hospital, found.articles_seen) == ("示范县人民医院", 4)


def refuse(server: Server) -> str:
    server.pages["/"] = (403, {}, b"<p>forbidden")
    return server.url


def forbid(server: Server) -> str:
    server.html("/", FOOTER)
    server.pages["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /\n")
    return server.url


def send_a_file(server: Server) -> str:
    server.pages["/"] = (200, {"Content-Type": "application/pdf"}, b"%PDF-1.4 \n%%EOF")
    return server.url


def be_a_company(server: Server) -> str:
    server.html("/", "<title>示范科技有限公司</title><p>版权所有 示范科技有限公司</p>")
    return server.url


def move(server: Server) -> str:
    server.pages["/"] = (302, {"Location": "http://elsewhere.test/"}, b"")
    return server.url


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (refuse, "status 403"),
        (forbid, "robots.txt"),
        (send_a_file, "no HTML page"),
        (be_a_company, "--hospital"),
        (move, "redirects to http://elsewhere.test/"),
        (lambda _: f"http://127.0.0.1:{unused_port()}/", "connection refused"),
        (lambda _: "http://no-such-host.invalid/", "name not found"),
        (lambda server: server.url.replace("http:", "https:"), "SSL"),
        (lambda _: "ftp://x/", "no http"),
    ],
)
def test_a_site_that_cannot_be_added_says_why(
    make: Callable[[Server], str], says: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIXUN_SITES", str(tmp_path))

    said: list[str] = []

    code = run(["site", "add", make(server)], said.append)

    assert code == 2
    assert says in said[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("title", "footer", "name"),
    [
        (
            "首页 - 示范大学附属第一医院",
            "Copyright © 2020 示范大学附属第一医院 鲁ICP备05001234号",
            "示范大学附属第一医院",
        ),
        ("新闻中心", "主办单位：示范县中医医院 技术支持：某某科技", "示范县中医医院"),
        ("市第三医院", "版权所有：示范市第三医院 备案号：鲁ICP备05001234号", "示范市第三医院"),
        ("示范市精神卫生中心-首页", "版权所有：示范市精神卫生中心", "示范市精神卫生中心"),
        ("示范科技有限公司", "版权所有 示范科技有限公司 我们为人民医院提供软件", ""),
    ],
)
def test_the_hospital_is_named_by_title_and_footer(title: str, footer: str, name: str) -> None:
    assert hospital_name([f"<title>{title}</title><p>新闻</p><p>{footer}</p>".encode()]) == name


def test_every_template_of_the_benchmark_is_read_whole() -> None:
    from benchmarks.discovery import BASE, OTHER, judge

    for make in (*listings.TEMPLATES, *listings_held.TEMPLATES):
        listing = make(BASE, OTHER)
        counts = judge(listing)
        assert (listing.name, counts.wrong, counts.missed, counts.next_wrong) == (listing.name, [], [], [])
        assert (counts.next_found, counts.days_right) == (counts.next_pages, counts.days), listing.name
