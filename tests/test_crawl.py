from __future__ import annotations

import contextlib
import dataclasses
import datetime
import http.server
import itertools
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scrapy.http import HtmlResponse, Request

from pipeline.clean import clean
from pipeline.errors import SiteError
from pipeline.records import Article, Capture, Rejection, Site
from pipeline.warc import read_captures, scan
from spiders.captures import CaptureWriter, Listing, load_known
from spiders.crawl import SiteStats, check_url, judge, load_last, named_hosts, run_crawl
from spiders.frontier import Task
from spiders.middlewares import retry_after
from spiders.site_crawl import SiteCrawl

Answer = tuple[int, dict[str, str], bytes]
STALLED = b"<p>begins and does not end"  # the server sends no more of it


class Server:
    """A site on a loopback port: pages by path, and what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.times: list[float] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.path, dict(self.headers)))
                outer.times.append(time.monotonic())
                status, headers, body = outer.pages.get(self.path, (404, {}, b"<p>404"))
                if headers.get("ETag") and headers["ETag"] == self.headers.get("If-None-Match"):
                    status, body = 304, b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) + 100 * (body is STALLED)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)
                    if body is STALLED:
                        self.wfile.flush()
                        time.sleep(8)

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def html(self, path: str, body: str, **headers: str) -> None:
        fields = {"Content-Type": "text/html; charset=utf-8"} | {k.replace("_", "-"): v for k, v in headers.items()}
        self.pages[path] = (200, fields, f"<html><body>{body}</body></html>".encode())


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.server.shutdown()
    started.server.server_close()


def fill(server: Server, pages: int = 3, each: int = 10) -> None:
    """A news section of `pages` list pages with `each` articles."""
    server.pages["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /secret/\n")
    for page in range(1, pages + 1):
        rows = []
        for number in range(each):
            path = f"/info/1018/{page}{number:02}.html"
            title = f"我院第{page}{number:02}次召开工作会议部署近期任务"
            rows.append(f'<li><a href="{path}">{title}</a><span>2022-08-22</span></li>')
            server.html(path, f"<h1>会议{page}{number:02}</h1><p>我院召开会议。</p>")
        here = "/news/" if page == 1 else f"/news/index_{page}.html"
        following = f'<a href="/news/index_{page + 1}.html">下一页</a>' if page < pages else ""
        server.html(here, f"<ul>{''.join(rows)}</ul>{following}<a href='/about/'>医院简介</a>", ETag=f'"list{page}"')


def add_site(folder: Path, name: str, *urls: str, **keys: object) -> None:
    folder.mkdir(exist_ok=True)
    lines = ['hospital = "示范县人民医院"', f"start_urls = {json.dumps(list(urls))}", "delay = 0"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    (folder / f"{name}.toml").write_text("\n".join(lines), "utf-8")


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_two_crawls_of_three_sites(tmp_path: Path, server: Server) -> None:
    """One start of Scrapy takes a second, so this test looks at everything that two crawls do."""
    fill(server)
    other = Server()
    canary = Server()
    fill(canary)
    other.pages["/robots.txt"] = (404, {}, b"")
    rows = "".join(
        f'<li><a href="{path}">我院开展送医下乡义诊活动受到欢迎</a>2022-01-0{n}</li>'
        for n, path in enumerate(("/news/101.html", "/news/102.html", "/news/103.html", "/news/104.html"), 1)
    )
    other.html("/", f"<ul>{rows}</ul>")
    other.html("/news/101.html", "<p>一</p>")
    other.pages["/news/102.html"] = (302, {"Location": f"{canary.url}/news/"}, b"")  # another port, which no TOML names
    other.pages["/news/103.html"] = (302, {"Location": "/news/moved.html"}, b"moved")
    other.html("/news/moved.html", "<p>三</p>")
    other.pages["/news/104.html"] = (500, {}, b"<p>error")
    dead = unused_port()
    sites = tmp_path / "sites"
    add_site(sites, "alpha", f"{server.url}/news/", minimum_articles=30)
    add_site(sites, "beta", f"{other.url}/")
    add_site(sites, "dead", f"http://127.0.0.1:{dead}/")
    lines: list[str] = []

    began = time.monotonic()
    first = run_crawl(["alpha", "beta", "dead"], data=tmp_path / "data", sites_folder=sites, on_line=lines.append)
    took = time.monotonic() - began
    asked, server.asked = server.paths(), []
    other_asked, other.asked = other.paths(), []

    # everything is asked for once, robots.txt first, and navigation is left alone
    assert asked[0] == "/robots.txt"
    assert len(asked) == len(set(asked)) == 1 + 3 + 30
    assert took < 20, "40 pages without a delay"
    # the statistics judge each site by itself
    alpha, beta = first["alpha"], first["beta"]
    assert (alpha.ok, alpha.problem, alpha.finish_reason) == (True, "", "finished")
    assert (alpha.requests, alpha.captured, alpha.articles_seen, alpha.articles_new) == (34, 34, 30, 30)
    assert (beta.ok, beta.articles_seen, beta.articles_new) == (True, 4, 2)
    assert beta.errors["another host"] == 1 and beta.errors["status 500"] == 1
    assert canary.asked == [], "a redirect to a port that no TOML names was followed"
    assert first["dead"].ok is False
    assert first["dead"].problem.startswith(f"connection refused: 127.0.0.1:{dead}")
    assert load_last(tmp_path / "data/captures/alpha") == alpha
    assert any(line.startswith("alpha: ") for line in lines)
    # every answer is kept: robots.txt, redirects and errors as well
    captures = tmp_path / "data/captures"
    kept = {path.parent.name: list(read_captures(path, root=captures)) for path in captures.glob("*/*.warc.gz")}
    assert {c.url.removeprefix(server.url) for c in kept["alpha"]} == set(asked)
    assert sorted(c.status for c in kept["beta"]) == [200, 200, 200, 302, 302, 404, 500, 500]
    assert len(other_asked) == 8
    assert "dead" not in kept
    assert list(captures.glob("*/*.open")) == []
    for path in captures.glob("*/*.warc.gz"):
        assert scan(path).problem == ""
        assert subprocess.run(["gzip", "-t", path], check=False).returncode == 0

    # the second crawl: one new article on the first page, everything else is had
    server.html("/info/1018/999.html", "<p>新</p>")
    new = '<li><a href="/info/1018/999.html">我院新增一台先进医疗设备投入使用</a><span>2022-09-01</span></li>'
    page = server.pages["/news/"][2].decode().replace("<ul>", f"<ul>{new}")
    server.pages["/news/"] = (200, {"Content-Type": "text/html", "ETag": '"changed"'}, page.encode())
    second = run_crawl(["alpha", "beta"], data=tmp_path / "data", sites_folder=sites)

    assert server.paths() == ["/news/", "/info/1018/999.html", "/news/index_2.html"], "robots.txt is kept for a day"
    headers = dict(server.asked)
    assert headers["/news/"]["If-None-Match"] == '"list1"'
    assert headers["/news/"]["User-Agent"].startswith("Yixun/0.1 (+")
    assert "Cookie" not in headers["/news/"] and "Referer" not in headers["/info/1018/999.html"]
    assert (second["alpha"].captured, second["alpha"].revisits) == (2, 1)  # index_2 is as it was
    assert set(other.paths()) == {"/", "/news/102.html", "/news/104.html"}
    assert {c.listed_date for c in kept["alpha"] if "/info/" in c.url} == {"2022-08-22"}
    assert {c.listed_on for c in kept["beta"] if c.url.endswith("/news/moved.html")} == {f"{other.url}/"}
    assert second["alpha"].ok and second["alpha"].articles_new == 1
    other.server.shutdown()
    canary.server.shutdown()


def endless(head: bytes, more: bytes) -> int:
    """A server that never comes to an end, on the port that is returned; its robots.txt is in order."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            if b"/robots.txt" in client.recv(65536):
                client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            client.sendall(head)
            while True:
                client.sendall(more)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listening.getsockname()[1]


def test_a_crawl_meets_a_hostile_web(tmp_path: Path) -> None:
    """Ten sites in one process: each ends with its own outcome, and the sound one is crawled all the same."""
    servers = {name: Server() for name in ("sound", "closed", "partly", "waits", "long", "full", "big")}
    sites = tmp_path / "sites"
    for name, server in servers.items():
        fill(server, pages=1, each=3)
        add_site(sites, name, f"{server.url}/news/")
    rules = "User-agent: *\nDisallow: /info/1018/101.html\nCrawl-delay: 0.3"
    servers["closed"].pages["/robots.txt"] = (503, {}, b"")
    servers["partly"].pages["/robots.txt"] = (200, {}, rules.encode())
    servers["waits"].pages["/info/1018/100.html"] = (429, {"Retry-After": "1"}, b"")
    servers["long"].pages["/info/1018/100.html"] = (503, {"Retry-After": "3600"}, b"")
    servers["big"].pages["/info/1018/100.html"] = (200, {}, bytes(17 * 1024 * 1024))
    (tmp_path / "data/captures").mkdir(parents=True)
    (tmp_path / "data/captures/full").write_text("no folder can be made here")

    line = b"X-Filler: " + b"y" * 1000 + b"\r\n"
    add_site(sites, "headers", f"http://127.0.0.1:{endless(b'HTTP/1.1 200 OK' + line[-2:], line)}/news/")
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    add_site(sites, "body", f"http://127.0.0.1:{endless(head, chunk)}/news/")
    add_site(sites, "disguised", "http://0x7f000001/")  # a loopback address in a form that names no address

    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of the largest child so far, whoever it was
    found = run_crawl([*servers, "headers", "body", "disguised"], data=tmp_path / "data", sites_folder=sites)

    assert found["headers"].problem.startswith("not HTTP: ")
    assert found["body"].problem.startswith("not read for links: larger than 4 MiB")
    assert found["disguised"].problem.startswith("private address refused: 0x7f000001 is 127.0.0.1")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < max(before + 1, 400 * 1024), "KiB of memory"
    assert found["sound"].ok and found["sound"].articles_new == 3
    assert not found["closed"].ok
    assert found["closed"].problem.startswith("robots.txt unreachable: status 503")
    assert servers["closed"].paths() == ["/robots.txt", "/robots.txt"], "an unreachable robots.txt forbids everything"
    assert "/info/1018/101.html" not in servers["partly"].paths()
    assert found["partly"].articles_new == 2
    gaps = [b - a for a, b in itertools.pairwise(servers["partly"].times)]
    assert min(gaps[1:]) > 0.2, "Crawl-delay was not kept"  # the first gap has the connecting in it
    asked = servers["waits"].paths()
    assert asked.count("/info/1018/100.html") == 3
    at = [moment for path, moment in zip(asked, servers["waits"].times, strict=True) if path == "/info/1018/100.html"]
    assert min(b - a for a, b in itertools.pairwise(at)) > 0.8, "Retry-After was not kept"
    assert found["waits"].pending == {f"{servers['waits'].url}/info/1018/100.html": 1}
    assert not found["long"].ok and "asked to wait: 3600 s" in found["long"].problem
    assert servers["long"].paths() == ["/robots.txt", "/news/", "/info/1018/100.html"]
    assert found["full"].finish_reason == "captures_failed"
    assert str(tmp_path / "data/captures/full") in found["full"].problem
    assert servers["full"].asked == []
    assert found["big"].errors == {} and found["big"].articles_new == 3
    big = [c for path in (tmp_path / "data/captures/big").glob("*.gz") for c in read_captures(path) if c.truncated]
    assert [(c.truncated, len(c.body)) for c in big] == [("length", 16 * 1024**2)]
    assert load_known(tmp_path / "data/captures/big").had(big[0].url), "it is not asked for again"
    for server in servers.values():
        server.server.shutdown()


def self_signed(path: Path) -> ssl.SSLContext:
    """A server's context with a certificate of its own for localhost, which is written to `path`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def kept(data: Path, name: str) -> dict[str, Capture]:
    """The captures of a site by their path."""
    folder = data / "captures" / name
    found = [capture for path in sorted(folder.glob("*.warc.gz")) for capture in read_captures(path)]
    return {capture.url.partition("//")[2].partition("/")[2]: capture for capture in found}


SHELL = "<script>document.cookie='__jsl_clearance=1';location.reload()</script>"


def test_what_is_not_a_sites_own_page_is_kept_and_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One start of Scrapy: firewalls, a sold domain, certificates, a page that does not end, dates on lists."""
    names = ("script", "status", "sold", "untrusted", "excepted", "trusted", "slow", "again", "dates", "closed")
    servers = {name: Server() for name in names}
    sites, data = tmp_path / "sites", tmp_path / "data"
    hour = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=8)).hour
    for name, server in servers.items():
        fill(server, pages=1, each=5)
        scheme = "https" if name in ("untrusted", "excepted", "trusted") else "http"
        keys: dict[str, object] = {"insecure_tls": True} if name == "excepted" else {}
        keys |= {"hours": f"{(hour + 2) % 24}-{(hour + 3) % 24}"} if name == "closed" else {}
        host = f"{scheme}://localhost:{server.port}" if scheme == "https" else server.url
        add_site(sites, name, f"{host}/news/", **keys)
    for number in range(5):
        servers["script"].html(f"/info/1018/10{number}.html", SHELL)
    servers["status"].pages["/news/"] = (412, {}, b"<script>")
    servers["sold"].html(
        "/news/", f"<title>澳门新葡京官网</title>{'<p>注册即送</p>' * 3}<a href='/info/1018/100.html'>一</a>"
    )
    for name in ("untrusted", "excepted", "trusted"):
        server = servers[name].server
        server.socket = self_signed(tmp_path / f"{name}.pem").wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    stalled = endless_page(servers["slow"])
    week = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=8)
    asked_before = f"{servers['again'].url}/info/1018/100.html"
    servers["again"].html("/info/1018/100.html", "<p>一</p>", ETag='"one"')
    with CaptureWriter(data / "captures/again", "again", started_at=week, software="test") as writer:
        listing = Listing(url=f"{servers['again'].url}/news/", date=week.strftime("%Y-%m-%d"))
        writer.write_response(asked_before, week, 200, "", [("ETag", '"one"')], b"<p>one", listing=listing)
    body = "".join(f"<p>我院于近日组织了第{n}批医疗队前往乡镇卫生院开展帮扶，受到群众好评。</p>" for n in range(6))
    servers["dates"].html(
        "/", "<a href='/info/1018/7.html'>我院组织医疗队开展对口帮扶工作</a><a href='/news/'>医院新闻</a>"
    )
    row = "<li><a href='/info/1018/7.html'>我院组织医疗队开展对口帮扶工作</a><span>发布时间：2022年8月22日</span></li>"
    servers["dates"].html("/news/", f"<ul>{row}</ul>")
    servers["dates"].html("/info/1018/7.html", f"<h1>我院组织医疗队开展对口帮扶工作</h1><div>{body}</div>")
    add_site(sites, "dates", f"{servers['dates'].url}/")

    found = run_crawl(list(names), data=data, sites_folder=sites, settings={"DOWNLOAD_TIMEOUT": 2})

    # firewalls' challenges
    assert (found["script"].finish_reason, found["script"].ok) == ("blocked", False)
    assert found["script"].blocked_in_a_row == 1 and found["script"].articles_new == 0
    walls = [capture for path, capture in kept(data, "script").items() if path.startswith("info/")]
    assert [capture.verdict[:9] for capture in walls] == ["blocked: "] * 3, "no more than three were asked for"
    assert not any(load_known(data / "captures/script").had(capture.url) for capture in walls)
    assert isinstance(rejection := clean(walls[0]), Rejection) and rejection.reason == "blocked"
    assert found["status"].finish_reason == "blocked" and "status 412" in found["status"].problem
    assert servers["status"].paths() == ["/robots.txt", "/news/"]
    # a domain that was sold
    assert found["sold"].ok is False and "澳门新葡京官网" in found["sold"].problem
    assert len(found["sold"].findings) == 1 and servers["sold"].paths() == ["/robots.txt", "/news/"]
    assert isinstance(rejection := clean(kept(data, "sold")["news/"]), Rejection)
    assert rejection.reason == "changed hands"
    # certificates
    assert found["untrusted"].problem.startswith(f"certificate not trusted: localhost:{servers['untrusted'].port}")
    assert "insecure_tls = true" in found["untrusted"].problem and servers["untrusted"].asked == []
    assert found["excepted"].ok and found["excepted"].articles_new == 5
    assert found["trusted"].ok and found["trusted"].articles_new == 5
    # a page that does not end
    assert found["slow"].ok and found["slow"].articles_new == 6
    unended = kept(data, "slow")[stalled]
    assert (unended.truncated, unended.body[:9]) == ("time", b"<p>begins")
    assert load_known(data / "captures/slow").had(unended.url)
    # a look at an article that is had
    assert (found["again"].looks, found["again"].articles_new) == (1, 4)
    asked = dict(servers["again"].asked)
    assert asked["/info/1018/100.html"]["If-None-Match"] == '"one"'
    assert kept(data, "again")["info/1018/100.html"].kind == "revisit"
    # the date that only the list prints
    dated = kept(data, "dates")["info/1018/7.html"]
    article = clean(dated)
    assert isinstance(article, Article) and not article.flagged("undated")
    assert (article.published_at, article.published_raw) == ("2022-08-22", "2022年8月22日")
    assert [one.text for one in article.cut if one.rule == "date:list"] == [
        f"2022年8月22日 on {servers['dates'].url}/news/"
    ]
    # hours
    assert found["closed"].finish_reason == "outside hours" and servers["closed"].asked == []
    assert load_last(data / "captures/closed") is None, "it is due as before"
    for server in servers.values():
        server.server.shutdown()


def endless_page(server: Server) -> str:
    """Have a page begin and never end; its path."""
    path = "info/1018/900.html"
    row = f"<ul><li><a href='/{path}'>我院召开年度工作总结大会</a>2022-08-22</li>"
    listing = server.pages["/news/"][2].replace(b"<ul>", row.encode())
    server.pages["/news/"] = (200, {"Content-Type": "text/html; charset=utf-8"}, listing)
    server.pages[f"/{path}"] = (200, {"Content-Type": "text/html"}, STALLED)
    return path


def test_a_listed_date_is_for_articles_that_print_none() -> None:
    text = "".join(f"<p>我院于近日组织了第{n}批医疗队前往乡镇卫生院开展帮扶，受到群众好评。</p>" for n in range(6))

    def cleaned(listed: str, printed: str = "") -> str | None:
        page = f"<html><h1>我院组织医疗队开展对口帮扶工作</h1>{printed}<div>{text}</div></html>"
        moment = datetime.datetime(2022, 9, 1, 20, 0, tzinfo=datetime.UTC)  # the second of September in China
        kept = Capture(site="a", url="http://a.test/x.html", captured_at=moment, status=200, mime="text/html")
        article = clean(dataclasses.replace(kept, body=page.encode(), listed_on="http://a.test/", listed_date=listed))
        assert isinstance(article, Article)
        assert article.flagged("undated") == (article.published_at is None)
        return article.published_at

    assert cleaned("") is None
    assert cleaned("2022-08-22") == "2022-08-22"
    assert cleaned("2022-08-22 10:14") == "2022-08-22T10:14:00+08:00"
    assert cleaned("2022-09-02") == "2022-09-02"
    assert cleaned("2022-09-03") is None, "a day that had not come"
    assert cleaned("近期") is None
    assert cleaned("2022-08-22", "<p>发布时间：2022-08-20</p>") == "2022-08-20", "the page's own date comes first"


def test_a_crawl_goes_back_to_a_day(tmp_path: Path) -> None:
    site = Site(name="a", hospital="示范县人民医院", start_urls=("http://a.test/news/",), next_pages="/news/index_")
    crawl = SiteCrawl(site, tmp_path, software="test", maximum_seconds=60, all_pages=True, since="2018-01-01")

    def answer(task: Task | None, days: list[str], following: int) -> None:
        assert task is not None
        rows = "".join(
            f"<li><a href='/info/1018/{day[:4]}{day[5:7]}.html'>我院召开年度工作总结大会</a>{day}</li>" for day in days
        )
        html = f"<ul>{rows}</ul><a href='/news/index_{following}.html'>下一页</a>".encode()
        request = Request(task.url, meta={"task": task})
        crawl.answered(task, HtmlResponse(task.url, body=html, request=request))

    answer(crawl.next(), ["2019-05-02", "2015-01-01", "2018-01-01"], 2)
    asked = [crawl.next(), crawl.next()]
    second = crawl.next()
    answer(second, ["2017-12-31", "2016-05-01"], 3)

    assert [task.url[-11:] for task in asked if task] == ["201905.html", "201801.html"]
    assert second is not None and second.url.endswith("/news/index_2.html"), "a page with one old article goes on"
    assert crawl.next() is None, "a page with old ones alone is the end"
    crawl.finish()


PROGRAM = """
import sys
from pathlib import Path
from spiders.crawl import run_crawl
run_crawl(["alpha"], data=Path(sys.argv[1]), sites_folder=Path(sys.argv[2]), on_line=print)
"""


def start_crawl(data: Path, sites: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, data, sites], cwd=Path(__file__).parent.parent)


def wait_for(server: Server, requests: int) -> None:
    end = time.monotonic() + 20
    while len(server.asked) < requests and time.monotonic() < end:
        time.sleep(0.005)


def crawlers(data: Path) -> set[int]:
    """The processes that crawl into this data folder, and no others."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if b"scrapy" in words and f"data={data}".encode() in words:
                found.add(int(path.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_killed_crawl_is_resumed_by_running_it_again(tmp_path: Path, server: Server) -> None:
    fill(server)
    data, sites = tmp_path / "data", tmp_path / "sites"
    add_site(sites, "alpha", f"{server.url}/news/")
    for stop, requests in ((signal.SIGKILL, 8), (signal.SIGTERM, 20)):
        parent = start_crawl(data, sites)
        wait_for(server, requests)
        mine = crawlers(data)
        parent.send_signal(stop)
        assert len(mine) == 1
        if stop == signal.SIGKILL:  # the worst: the crawler itself, at once, while its parent is dead
            for child in mine:
                os.kill(child, signal.SIGKILL)
        assert parent.wait(timeout=20) == -stop
        end = time.monotonic() + 10
        while crawlers(data) and time.monotonic() < end:
            time.sleep(0.05)
        assert not crawlers(data), "the crawler outlives its parent"
    interrupted = load_last(data / "captures/alpha")
    assert interrupted is not None and not interrupted.ok

    last = run_crawl(["alpha"], data=data, sites_folder=sites)["alpha"]

    assert last.ok, last
    known = load_known(data / "captures/alpha")
    articles = [path for path in server.pages if path.startswith("/info/")]
    assert all(known.had(f"{server.url}{path}") for path in articles)
    kept = [c.url for path in (data / "captures").glob("*/*.warc.gz") for c in read_captures(path)]
    responses = [url.removeprefix(server.url) for url in kept if "/info/" in url]
    assert sorted(responses) == sorted(articles), "each article once"


def test_how_long_a_server_asks_to_wait() -> None:
    now = datetime.datetime(2026, 11, 21, 2, 0, tzinfo=datetime.UTC)

    assert retry_after(b"120", now) == 120
    assert retry_after(b"Sat, 21 Nov 2026 02:01:00 GMT", now) == 60
    assert retry_after(b"Sat, 21 Nov 2020 02:01:00 GMT", now) == 0
    assert retry_after(b"9" * 400, now) == 1e9
    for nothing in (None, b"", b"soon", b"-5", b"1e9", b"\xb2"):
        assert retry_after(nothing, now) is None


def test_a_crawl_is_judged_by_what_it_counted() -> None:
    site = Site(name="a", hospital="h", start_urls=("http://a.test/",), minimum_articles=5)

    def outcome(**counted: object) -> tuple[bool, str]:
        stats = judge(SiteStats(site="a", started_at="2026-11-21T00:00:00+00:00", **counted), site)  # type: ignore[arg-type]
        return stats.ok, stats.problem

    assert outcome(finish_reason="finished", articles_seen=5) == (True, "")
    assert outcome(finish_reason="maximum_pages", articles_seen=5) == (True, "")
    assert outcome(finish_reason="finished", articles_seen=4) == (False, "saw 4 articles, minimum_articles is 5")
    assert outcome(finish_reason="finished", articles_seen=4, lists_cut=1) == (True, "")
    assert outcome(finish_reason="finished", articles_seen=9, unanswered=["status 404: x"]) == (False, "status 404: x")
    assert outcome(finish_reason="shutdown", articles_seen=9)[0] is False
    assert outcome(finish_reason="captures_failed", failure="disk full") == (False, "disk full")


def test_only_what_a_toml_names_exactly_may_be_private() -> None:
    site = Site(
        name="a",
        hospital="h",
        start_urls=("http://127.0.0.1:8001/", "https://www.public.test/", "http://10.0.0.5/"),
        hosts=("news.intranet.test:8080",),
    )

    assert named_hosts([site]) == {"127.0.0.1:8001", "10.0.0.5:80", "10.0.0.5:443", "news.intranet.test:8080"}


def test_an_unknown_site_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="mengyin: no such site"):
        run_crawl(["mengyin"], data=tmp_path, sites_folder=tmp_path)
    assert check_url("www.demo.test") == "http://www.demo.test/"
    for wrong in ("ftp://demo.test/", "http://", "/home/page.html", "http://demo.test:99999/"):
        with pytest.raises(SiteError):
            check_url(wrong)


def test_the_further_pages_of_an_article_are_fetched_once_and_counted_with_it(server: Server, tmp_path: Path) -> None:
    fill(server, pages=1, each=2)
    pager = " ".join(f'<a href="{"100" if n == 1 else f"100_{n}"}.html">{n}</a>' for n in (1, 2, 3))
    for name in ("100", "100_2", "100_3"):
        server.html(f"/info/1018/{name}.html", f"<h1>会议100</h1><p>我院召开会议。</p><div>{pager}</div>")
    add_site(tmp_path / "sites", "longread", f"{server.url}/news/")

    first, again = (
        run_crawl(["longread"], data=tmp_path / "data", sites_folder=tmp_path / "sites")["longread"] for _ in range(2)
    )

    assert [path for path in server.paths() if "100" in path] == [f"/info/1018/100{n}.html" for n in ("", "_2", "_3")]
    assert (first.articles_new, first.articles_seen, again.articles_new) == (2, 2, 0)
