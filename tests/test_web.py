"""The archivists' pages: what they show, and that nothing archived runs in them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import functools
import http.server
import json
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from lxml import html

from archive import Archive
from pipeline.records import Article, Evidence, Flag, Repair, Site

WEB = Path(__file__).parent.parent / "archive" / "web"
HOSTILE = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"
TEXT = "清溪县人民医院组织专家到石桥镇开展义诊活动，共接诊群众二百三十人次。\n活动受到群众欢迎，医院将把义诊坚持下去。"
SITE = Site(name="qingxi", hospital="清溪县人民医院", start_urls=("https://qingxi.example/",))


def article(number: int, **fields: Any) -> Article:
    made = Article(
        site="qingxi",
        url=f"https://qingxi.example/info/{number}.htm",
        title=f"我院开展第{number}次义诊",
        text=TEXT.replace("二百三十", f"{number * 7 + 100}"),
        hospital="清溪县人民医院",
        published_at="2023-04-06T10:30:00+08:00",
        digest=f"sha256:{number}",
        captured_at=datetime.datetime(2023, 5, 1, tzinfo=datetime.UTC),
    )
    return dataclasses.replace(made, **fields)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web") / "archive.db"
    repaired = Repair(original="衛(wèi)健委表彰" + HOSTILE, text="衛健委表彰" + HOSTILE, removed=((1, 6),))
    evidence = Evidence(rule="annotation", where="text", text="衛(wèi)" + HOSTILE, start=0)
    with Archive(path, sites={"qingxi": SITE}) as store:
        store.add([article(number) for number in range(1, 30)])
        store.add([article(3, text=article(3).text + "\n补充：次日又增加一场。", digest="sha256:changed")])
        store.add(
            [
                article(
                    90,
                    title="衛健委表彰" + HOSTILE,
                    text="衛健委表彰了先進集體。" + HOSTILE,
                    section=HOSTILE,
                    flags=(Flag(name="annotated", evidence=(evidence,)),),
                    repairs={"title": repaired},
                    cut=(Evidence(rule="cut:share", where="page", text=HOSTILE),),
                )
            ]
        )
    return path


def get(archive: Path, path: str) -> tuple[int, str, dict[str, str]]:
    async def ask() -> tuple[int, str, dict[str, str]]:
        served = Datasette(
            [str(archive)],
            plugins_dir=str(WEB / "plugins"),
            template_dir=str(WEB / "templates"),
            static_mounts=[("yixun", str(WEB / "static"))],
            settings={"default_allow_sql": False, "allow_download": False},
        )
        response = await served.client.get(path)
        return response.status_code, response.text, dict(response.headers)

    return asyncio.run(ask())


def words(markup: str, selector: str) -> list[str]:
    return [node.text_content().strip() for node in html.fromstring(markup).cssselect(selector)]


def test_the_start_page_says_what_there_is(archive: Path):
    status, page, _ = get(archive, "/")

    assert status == 200
    assert "30 articles" in words(page, ".count")[0]


def test_a_simplified_query_finds_the_traditional_page_and_marks_it(archive: Path):
    _, page, _ = get(archive, "/?q=卫健委")

    assert words(page, ".count") == ["1 found"]
    assert words(page, "mark")[0] == "衛健委"


def test_results_go_on_on_the_next_page_without_a_gap_or_a_repeat(archive: Path):
    _, first, _ = get(archive, "/?q=义诊&expand=1")
    (address,) = html.fromstring(first).xpath("//a[@rel='next']/@href")
    _, second, _ = get(archive, address)

    titles = words(first, "li h2") + words(second, "li h2")
    assert len(titles) == len(set(titles)) == 29


@pytest.mark.parametrize(
    ("query", "said"),
    [("/?q=没有这样的词", "Nothing found"), ('/?q="卫健委', "not closed"), ("/?q=date:99", "no date")],
)
def test_no_result_and_a_wrong_query_are_explained(archive: Path, query: str, said: str):
    status, page, _ = get(archive, query)

    assert said in page
    assert status == (200 if "Nothing" in said else 400)


def test_a_wrong_query_is_pointed_at_where_it_is_wrong(archive: Archive):
    _, page, _ = get(archive, "/?q=义诊 date:99")

    assert html.fromstring(page).cssselect(".pointed")[0].text == "义诊 date:99\n" + " " * 10 + "^"


def test_programs_are_given_the_same(archive: Archive):
    status, answer, headers = get(archive, "/search.json?q=义诊&expand=1")
    found = json.loads(answer)
    assert (status, found["total"], len(found["hits"])) == (200, 29, 20)
    assert found["facets"]["hospital"] == [["清溪县人民医院", 29]]
    assert headers["content-type"].startswith("application/json")
    assert len(json.loads(get(archive, f"/search.json?q=义诊&expand=1&after={found['next']}")[1])["hits"]) == 9

    status, answer, _ = get(archive, "/search.json?q=义诊 OR")
    assert (status, json.loads(answer)["position"]) == (400, 3)
    assert get(archive, "/search.json")[0] == 400
    assert get(archive, "/search.json?q=义诊&since=soon")[0] == 400


def test_what_is_being_typed_is_completed(archive: Archive):
    status, answer, _ = get(archive, "/suggest.json?q=清溪")

    assert (status, json.loads(answer)) == (200, ["清溪", ["清溪县人民医院"]])
    assert "清溪县人民医院" in html.fromstring(get(archive, "/")[1]).xpath("//datalist/option/@value")


def test_an_article_shows_its_evidence_repairs_and_changes(archive: Path):
    with Archive(archive, readonly=True) as store:
        changed = store.search("补充 次日").hits[0].id
        annotated = store.search("卫健委").hits[0].id

    _, page, _ = get(archive, f"/article/{changed}")
    assert words(page, "p.added") == ["补充：次日又增加一场。"]
    _, page, _ = get(archive, f"/article/{annotated}")
    assert words(page, "del.annotation") == ["(wèi)"]
    assert "cut:share" in page


def test_an_article_that_is_not_there_is_a_404_with_a_way_back(archive: Path):
    status, page, _ = get(archive, "/article/999")

    assert status == 404
    assert 'href="/"' in page


@pytest.mark.parametrize("path", ["/", "/?q=卫健委", "/article/30", "/archive", "/archive/articles"])
def test_every_answer_forbids_what_it_does_not_need(archive: Path, path: str):
    _, _, headers = get(archive, path)

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/archive?sql=select+1", "/archive.db"])
def test_the_pages_run_no_sql_of_a_visitor_and_hand_out_no_database(archive: Path, path: str):
    assert get(archive, path)[0] == 403


@pytest.fixture(scope="module")
def served(archive: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "datasette", "serve", str(archive), "--port", str(port)]
    command += ["--plugins-dir", str(WEB / "plugins"), "--template-dir", str(WEB / "templates")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "running on" in line:
            break
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def titles_in_chromium(address: str, profile: Path) -> str:
    """The title of a page after a real browser has run what it would run."""
    command = [
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--dump-dom", address),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return html.fromstring(done.stdout).findtext(".//title") or ""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs a browser: apt install chromium")
def test_nothing_archived_runs_in_a_browser(served: str, archive: Path, tmp_path: Path):
    with Archive(archive, readonly=True) as store:
        number = store.search("卫健委").hits[0].id

    seen = [titles_in_chromium(served + path, tmp_path / "a") for path in ("/?q=卫健委", f"/article/{number}")]

    assert all(title.endswith("Yixun 医讯") for title in seen)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs a browser: apt install chromium")
def test_the_hostile_text_does_run_where_nothing_forbids_it(tmp_path: Path):
    (tmp_path / "index.html").write_text(f"<title>quiet</title>{HOSTILE}", encoding="utf-8")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        assert urllib.request.urlopen(address).status == 200

        assert titles_in_chromium(address, tmp_path / "b") == "ran"

        server.shutdown()
