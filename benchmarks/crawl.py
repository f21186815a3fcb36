"""What keeping costs: pages per CPU second and memory of our crawl, beside bare Scrapy that only downloads.

    python -m benchmarks.crawl                  # 2,000 pages on 10 hosts, three runs each, about two minutes

An asyncio server of its own process serves ten sites on ten loopback ports, each with ten list pages and their 190
articles. Ours starts from the ten start URLs: it finds the articles, judges every answer, and writes WARC and CDXJ with
two fsyncs a page. Bare Scrapy is given the 2,000 URLs and throws away what it gets; it finds, keeps and judges nothing.
Both ask one thing at a time of a host, without a delay. The start of the process is part of the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOSTS = 10
LISTS = 10  # pages of a site's list
EACH = 19  # articles of a list page
PARAGRAPHS = 14
SENTENCE = "医院组织党员医务人员前往第{n}个乡镇卫生院开展巡回义诊，为群众测量血压、讲解用药常识，发放健康手册{n}册。"
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


def pages() -> dict[str, bytes]:
    """The pages of a site by their path, as whole HTTP responses."""
    made = {"/robots.txt": answer("User-agent: *\nDisallow: /admin/\n", "text/plain")}
    menu = "".join(f"<li><a href='/channel/{n}/'>栏目{n}</a></li>" for n in range(40))
    for page in range(1, LISTS + 1):
        rows = []
        for number in range(EACH):
            path = f"/info/1018/{page}{number:02}.html"
            rows.append(
                f"<li><a href='{path}'>我院第{page}{number:02}次赴乡镇开展巡回义诊活动</a><span>2022-08-22</span></li>"
            )
            text = "".join(f"<p>{SENTENCE.format(n=page * 1000 + number * 20 + n) * 3}</p>" for n in range(PARAGRAPHS))
            made[path] = answer(f"<html><ul>{menu}</ul><h1>第{page}{number:02}次义诊</h1><div>{text}</div></html>")
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
    """Answers requests, one after the other, on one connection."""

    made = pages() if "serve" in sys.argv else {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self.received += data
        while b"\r\n\r\n" in self.received:
            request, _, self.received = self.received.partition(b"\r\n\r\n")
            path = request.split(b" ", 2)[1].decode("ascii")
            missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            self.transport.write(self.made.get(path, missing))  # type: ignore[attr-defined]


async def serve() -> None:
    """Serve the sites until the process is ended, after a line with their ports."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Answering, "127.0.0.1", 0) for _ in range(HOSTS)]
    print(",".join(str(server.sockets[0].getsockname()[1]) for server in servers), flush=True)
    await asyncio.Event().wait()


def ours(ports: list[str]) -> int:
    """Crawl the sites as an operator would; the number of pages that were kept."""
    from spiders.crawl import run_crawl

    with tempfile.TemporaryDirectory(prefix="yixun-benchmark-") as folder:
        sites = Path(folder) / "sites"
        sites.mkdir()
        for port in ports:
            toml = f'hospital = "示范医院"\nstart_urls = ["http://127.0.0.1:{port}/news/"]\ndelay = 0\n'
            (sites / f"host-{port}.toml").write_text(toml, "utf-8")
        found = run_crawl([f"host-{port}" for port in ports], data=Path(folder) / "data", sites_folder=sites)
    assert all(one.ok for one in found.values()), found
    return sum(one.captured for one in found.values()) - len(ports)  # without robots.txt


def bare(ports: list[str]) -> int:
    """Download the same pages with bare Scrapy; their number."""
    paths = [path for path in pages() if path != "/robots.txt"]
    command = [sys.executable, "-c", BARE, ",".join(ports), ",".join(paths)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def run(name: str, ports: list[str]) -> None:
    """Run one of them and print what it took, as JSON."""
    started = time.perf_counter()
    kept = {"ours": ours, "bare": bare}[name](ports)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # the one Scrapy process
    wall = time.perf_counter() - started
    print(json.dumps({"pages": kept, "cpu": used.ru_utime + used.ru_stime, "wall": wall, "mb": used.ru_maxrss / 1024}))


def compare(repeat: int) -> None:
    """Run both by turns and print a table of medians."""
    module = [sys.executable, "-m", "benchmarks.crawl"]
    server = subprocess.Popen([*module, "serve"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert server.stdout is not None
        ports = server.stdout.readline().strip()
        runs: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
        for _ in range(repeat):
            for name, done in runs.items():
                ended = subprocess.run([*module, name, "--ports", ports], stdout=subprocess.PIPE, check=True, cwd=ROOT)
                done.append(json.loads(ended.stdout))
    finally:
        server.terminate()
        server.wait()
    print("| | pages | pages per CPU second | (least, most) | wall s | peak MB |\n|---|---|---|---|---|---|")
    speed = {name: [one["pages"] / one["cpu"] for one in done] for name, done in runs.items()}
    for name, done in runs.items():
        wall, memory = (statistics.median(one[key] for one in done) for key in ("wall", "mb"))
        least, most = min(speed[name]), max(speed[name])
        median = statistics.median(speed[name])
        print(
            f"| {name} | {done[0]['pages']:.0f} | {median:.0f} | {least:.0f}, {most:.0f} | {wall:.1f} | {memory:.0f} |"
        )
    print(f"ours / bare: {statistics.median(speed['ours']) / statistics.median(speed['bare']):.2f}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("compare", "ours", "bare", "serve"), default="compare")
    parser.add_argument("--ports", default="")
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.what == "serve":
        asyncio.run(serve())
    elif arguments.what == "compare":
        compare(arguments.repeat)
    else:
        run(arguments.what, arguments.ports.split(","))


if __name__ == "__main__":
    main()
