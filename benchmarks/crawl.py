"""What crawling and archiving cost: pages per CPU second and memory, beside bare Scrapy and two peers that crawl.

    python -m benchmarks.crawl                  # 2,000 pages on 10 hosts; about three minutes
    uv pip install --target /tmp/peers-crawl news-please     # once, for news-please

An asyncio server of its own process serves ten sites on ten loopback ports, each with ten list pages and their 190
articles. Ours starts from the ten start URLs: it finds the articles, judges every answer, and writes WARC and CDXJ with
two fsyncs a page. Bare Scrapy is given the 2,000 URLs and throws away what it gets; it finds, keeps and judges nothing.
Both ask one thing at a time of a host, without a delay. The start of the process is part of the figures.

trafilatura's own crawler (`trafilatura.spider`) downloads and follows links, and keeps nothing; its pauses are taken
out, and its look at the address, since it asks no host without a public one. news-please is given the URLs of articles,
downloads them and reads them with its extractors; it found a text in none of them. Both get 100 pages.

The line is `./yixun crawl` and then `./yixun ingest` of the same 2,000 pages, until they are found by `./yixun search`.
The table is also written to `benchmarks/results/crawl.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import report
from benchmarks.material import story

ROOT = Path(__file__).parent.parent
PEERS = Path("/tmp/peers-crawl")  # where news-please is installed
HOSTS = 10
LISTS = 10  # pages of a site's list
EACH = 19  # articles of a list page
LENGTH = 6  # paragraphs of an article
PEER_PAGES = 100  # that a peer is given
BARE = """
import sys, scrapy
from scrapy.crawler import CrawlerProcess

class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for port in sys.argv[1].split(","):
            for path in sys.argv[2].split(","):
                yield scrapy.Request(f"http://127.0.0.1:{port}{path}", meta={"download_slot": port})
    def parse(self, response):
        self.crawler.stats.inc_value("pages")

process = CrawlerProcess({"LOG_LEVEL": "ERROR", "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "DOWNLOAD_DELAY": 0,
                          "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False})
crawler = process.create_crawler(Bare)
process.crawl(crawler)
process.start()
print(crawler.stats.get_value("pages"))
"""
TRAFILATURA = """
import socket, sys, time
from trafilatura import downloads, spider
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, port, *rest, **more: resolve("127.0.0.1", int(sys.argv[1]), *rest, **more)
downloads._vet_peer = lambda address: None
spider.sleep = time.sleep = lambda seconds: None
todo, known = spider.focused_crawler("http://www.hospital.example.com/news/", max_seen_urls=int(sys.argv[2]),
                                     max_known_urls=100_000)
print(len(known) - len(todo))
"""
NEWS_PLEASE = """
import sys
from newsplease import NewsPlease
found = NewsPlease.from_urls(sys.argv[1].split(","))
print(sum(bool(article and article.maintext) for article in found.values()), "with a text", file=sys.stderr)
print(len(found))
"""


def pages(host: int = 0) -> dict[str, bytes]:
    """The pages of a host by their path, as whole HTTP responses: ten list pages and 190 articles of its own."""
    made = {"/robots.txt": answer("User-agent: *\nDisallow: /admin/\n", "text/plain")}
    menu = "".join(f"<li><a href='/channel/{n}/'>栏目{n}</a></li>" for n in range(40))
    for page in range(1, LISTS + 1):
        rows = []
        for number in range(EACH):
            path, told = f"/info/1018/{page}{number:02}.html", story(host * 1000 + page * EACH + number, length=LENGTH)
            rows.append(f"<li><a href='{path}'>{told.title}</a><span>{told.published}</span></li>")
            text = "".join(f"<p>{paragraph}</p>" for paragraph in told.paragraphs)
            head = f"<h1>{told.title}</h1><div class='info'>发布时间：{told.published} 来源：宣传科</div>"
            body = f"<ul class='menu'>{menu}</ul>{head}<div class='content'>{text}</div>"
            made[path] = answer(f"<html><head><title>{told.title}</title></head><body>{body}</body></html>")
        following = f"<a href='/news/index_{page + 1}.html'>下一页</a>" if page < LISTS else ""
        made["/news/" if page == 1 else f"/news/index_{page}.html"] = answer(
            f"<html><ul class='menu'>{menu}</ul><ul class='list'>{''.join(rows)}</ul>{following}</html>"
        )
    return made


def answer(text: str, mime: str = "text/html; charset=utf-8") -> bytes:
    """A page as a whole HTTP response."""
    body = text.encode()
    return f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Answering(asyncio.Protocol):
    """Answers requests, one after the other, on one connection; also as a proxy."""

    def __init__(self, made: dict[str, bytes]) -> None:
        self.made = made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self.received += data
        while b"\r\n\r\n" in self.received:
            request, _, self.received = self.received.partition(b"\r\n\r\n")
            path = request.split(b" ", 2)[1].decode("ascii")
            path = "/" + path.split("/", 3)[-1] if "://" in path else path
            missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            self.transport.write(self.made.get(path, missing))  # type: ignore[attr-defined]


async def serve() -> None:
    """Serve the sites until the process is ended, after a line with their ports."""
    loop = asyncio.get_running_loop()
    ports = []
    for host in range(HOSTS):
        made = pages(host)
        server = await loop.create_server(lambda made=made: Answering(made), "127.0.0.1", 0)  # type: ignore[misc]
        ports.append(server.sockets[0].getsockname()[1])
    print(",".join(map(str, ports)), flush=True)
    await asyncio.Event().wait()


def write_sites(folder: Path, ports: list[str]) -> list[str]:
    """The TOML files of the sites; their names."""
    folder.mkdir(parents=True)
    for port in ports:
        toml = f'hospital = "示范医院"\nstart_urls = ["http://127.0.0.1:{port}/news/"]\ndelay = 0\n'
        (folder / f"host-{port}.toml").write_text(toml, "utf-8")
    return [f"host-{port}" for port in ports]


def ours(ports: list[str]) -> int:
    """Crawl the sites as an operator would; the number of pages that were kept."""
    from spiders.crawl import run_crawl

    with tempfile.TemporaryDirectory(prefix="yixun-benchmark-") as folder:
        sites = Path(folder) / "sites"
        found = run_crawl(write_sites(sites, ports), data=Path(folder) / "data", sites_folder=sites)
    assert all(one.ok for one in found.values()), found
    return sum(one.captured for one in found.values()) - len(ports)  # without robots.txt


def bare(ports: list[str]) -> int:
    """Download the same pages with bare Scrapy; their number."""
    paths = [path for path in pages() if path != "/robots.txt"]
    return counted([sys.executable, "-c", BARE, ",".join(ports), ",".join(paths)])


def trafilatura(ports: list[str]) -> int:
    """Follow links with trafilatura's crawler; the pages that it asked for."""
    return counted([sys.executable, "-c", TRAFILATURA, ports[0], str(PEER_PAGES)])


def news_please(ports: list[str]) -> int:
    """Download and read articles with news-please; their number."""
    paths = [path for path in pages() if path.startswith("/info/")][:PEER_PAGES]
    urls = ",".join(f"http://127.0.0.1:{ports[0]}{path}" for path in paths)
    return counted([sys.executable, "-c", NEWS_PLEASE, urls], {"PYTHONPATH": str(PEERS)})


def counted(command: list[str], env: dict[str, str] | None = None) -> int:
    """Run a program whose last line is a number."""
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | (env or {}), check=False)
    if ended.returncode:
        sys.exit(ended.stderr[-2000:])
    return int(ended.stdout.split()[-1])


RUNS: dict[str, Callable[[list[str]], int]] = {
    "bare": bare, "ours": ours, "trafilatura": trafilatura, "news-please": news_please,
}  # fmt: skip


def run(name: str, ports: list[str]) -> None:
    """Run one of them and print what it took, as JSON."""
    started = time.perf_counter()
    kept = RUNS[name](ports)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # the one process that was started
    wall = time.perf_counter() - started
    print(json.dumps({"pages": kept, "cpu": used.ru_utime + used.ru_stime, "wall": wall, "mb": used.ru_maxrss / 1024}))


def line(ports: list[str]) -> list[str]:
    """Rows of the stages from the first request until the articles are found."""
    rows, total, found = [], 0.0, 0
    with tempfile.TemporaryDirectory(prefix="yixun-benchmark-") as scratch:
        names = write_sites(Path(scratch) / "sites", ports)
        env = os.environ | {"YIXUN_SITES": f"{scratch}/sites", "YIXUN_DATA": f"{scratch}/data"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # as the launcher does
        for words in (["crawl", *names], ["ingest"], ["search", "医院", "--json"]):
            before, began = children(), time.perf_counter()
            command = [sys.executable, "-m", "cli", *words]
            ended = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True)
            cpu = children() - before
            total += cpu if words[0] != "search" else 0
            rows.append(f"| {words[0]} | {cpu:.1f} | {time.perf_counter() - began:.1f} |")
            found = json.loads(ended.stdout)["total"] if words[0] == "search" else 0
    count = HOSTS * LISTS * (EACH + 1)
    heading = ["| stage | CPU s | wall s |", "|---|---|---|"]
    return [*heading, *rows, "", f"{count} pages, {found} articles found: {count / total:.0f} pages per CPU second"]


def children() -> float:
    """The CPU seconds of all processes that were started and have ended, theirs included, orphans too."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def adopt_orphans() -> None:
    """Have Linux give us the processes whose parents end first: the server of the workers is one."""
    pr_set_child_subreaper = 36  # linux/prctl.h
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def compare(repeat: int, peers: bool) -> None:
    """Run all by turns and write a table of medians."""
    module = [sys.executable, "-m", "benchmarks.crawl"]
    server = subprocess.Popen([*module, "serve"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert server.stdout is not None
        ports = server.stdout.readline().strip()
        runs: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
        if peers:
            runs |= {name: [] for name in ("trafilatura", "news-please") if name != "news-please" or PEERS.is_dir()}
        for turn in range(repeat):
            for name, done in runs.items():
                if turn == 0 or name in ("bare", "ours"):
                    command = [*module, name, "--ports", ports]
                    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
                    done.append(json.loads(ended.stdout))
        command = [*module, "line", "--ports", ports]
        stages = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT).stdout
    finally:
        server.terminate()
        server.wait()
    rows = ["| | pages | pages per CPU second | (least, most) | wall s | peak MB |", "|---|---|---|---|---|---|"]
    speed = {name: [one["pages"] / one["cpu"] for one in done] for name, done in runs.items()}
    for name, done in runs.items():
        wall, memory = (statistics.median(one[key] for one in done) for key in ("wall", "mb"))
        least, most = min(speed[name]), max(speed[name])
        median = statistics.median(speed[name])
        rows.append(
            f"| {name} | {done[0]['pages']:.0f} | {median:.0f} | {least:.0f}, {most:.0f} | {wall:.1f} | {memory:.0f} |"
        )
    if peers and not PEERS.is_dir():
        rows.append(f"\nnews-please is not there: `uv pip install --target {PEERS} news-please`")
    ratio = statistics.median(speed["ours"]) / statistics.median(speed["bare"])
    text = [
        f"# Crawling\n\n    python -m benchmarks.crawl\n\n{report.machine()}\n",
        *rows,
        f"\nours / bare: {ratio:.2f}",
    ]
    report.write("crawl", "\n".join([*text, "\n## From the first request until it is found\n", stages]))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("compare", "serve", "line", *RUNS), default="compare")
    parser.add_argument("--ports", default="")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true", help="only bare Scrapy and ours")
    arguments = parser.parse_args()
    if arguments.what == "serve":
        asyncio.run(serve())
    elif arguments.what == "compare":
        compare(arguments.repeat, not arguments.no_peers)
    elif arguments.what == "line":
        adopt_orphans()
        print("\n".join(line(arguments.ports.split(","))))
    else:
        run(arguments.what, arguments.ports.split(","))


if __name__ == "__main__":
    main()
