"""Cases of robots.txt."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.hostile.case import (
    CANARY,
    SELF,
    TARGET,
    Answer,
    Case,
    article,
    flood,
    head,
    http,
    late,
    reset,
    stall,
)
from benchmarks.hostile.wire import TWO, bombed

PAGE = article().encode()
HOME = "http://127.0.0.1:" + SELF.decode()
INSIDE = "http://127.0.0.1:" + CANARY.decode()
CHALLENGE = "<html><script>document.cookie='k='+(7*6);location.reload()</script></html>"
BETTING = "<html><title>澳门新葡京官网-首页</title><body>开户送彩金 时时彩 百家乐</body></html>"


def robots() -> Iterator[Case]:
    """robots.txt."""

    def case_of(
        name: str, does: str, answer: Answer, page: str = "200", site: str = "ok, 3 articles", **more: Any
    ) -> Case:
        pages = {"/robots.txt": answer, **more.pop("pages", {})}
        return Case(
            name=f"robots-{name}",
            does=f"robots.txt {does}",
            pages=pages,
            path="/robots.txt",
            page=page,
            site=site,
            **more,
        )

    def text(body: str | bytes, status: str = "200 OK", *lines: str) -> bytes:
        return http(body, status, *lines, mime="text/plain")

    unreachable = "failed: robots.txt unreachable"
    yield case_of("hangs", "never answers", stall(), "not kept: no answer in time", "failed: no answer in time", most=1)
    yield case_of(
        "stops",
        "stops in its middle",
        stall(head("Content-Length: 900") + b"User-agent: *\n"),
        "200 time",
        unreachable,
        most=1,
    )
    yield case_of(
        "cut",
        "is cut off",
        head("Content-Length: 900") + b"User-agent: *\nDisallow: /x",
        "200 disconnect",
        unreachable,
        most=2,
    )
    yield case_of(
        "reset", "resets the connection", reset(), "not kept: connection lost", "failed: connection lost", most=2
    )
    yield case_of("500", "answers 500", text("", "500 Oops"), "500, 500", unreachable, most=2)
    yield case_of(
        "503-wait",
        "answers 503 for an hour",
        text("", "503 Busy", "Retry-After: 3600"),
        "503",
        "failed: asked to wait",
        most=1,
    )
    yield case_of(
        "429", "answers 429, always", text("", "429 Slow", "Retry-After: 1"), "429, 429, 429", unreachable, most=3
    )
    for status in ("401", "403", "404", "410"):
        yield case_of(status, f"answers {status}", text("User-agent: *\nDisallow: /", f"{status} No"), status)
    yield case_of("999", "answers 999", text("", "999 Odd"), "999", unreachable)
    yield case_of(
        "none", "forbids everything", text("User-agent: *\nDisallow: /"), site="failed: forbidden by robots.txt", most=1
    )
    yield case_of(
        "us",
        "forbids everything to us",
        text("User-agent: yixun\nDisallow: /"),
        site="failed: forbidden by robots.txt",
        most=1,
    )
    yield case_of("page", "forbids the second article", text(f"User-agent: *\nDisallow: {TARGET}$"), site=TWO, most=4)
    yield case_of(
        "stars", "forbids it with 3,000 stars", text("User-agent: *\nDisallow: /" + "*" * 3_000 + "101.html"), site=TWO
    )
    yield case_of(
        "stars-apart", "has rules of 800 stars", text("User-agent: *\n" + ("Disallow: /" + "*o" * 800 + "b\n") * 300)
    )
    yield case_of(
        "bom", "begins with a byte order mark", text("\ufeffUser-agent: *\nDisallow: /info/"), site="ok, 0 articles"
    )
    yield case_of("cr", "ends its lines with returns", text("User-agent: *\rDisallow: /info/"), site="ok, 0 articles")
    yield case_of("utf16", "is UTF-16", text("User-agent: *\nDisallow: /info/".encode("utf-16")), site="ok, 0 articles")
    yield case_of(
        "gbk",
        "has comments in GBK",
        text("# 医院\nUser-agent: *\nDisallow: /info/".encode("gbk")),
        site="ok, 0 articles",
    )
    yield case_of(
        "gzip",
        "is compressed",
        http(gzip.compress(b"User-agent: *\nDisallow: /info/"), "200 OK", "Content-Encoding: gzip"),
        site="ok, 0 articles",
    )
    yield case_of("html", "is a page that was not found", http("<html><body>您访问的页面不存在</body></html>"))
    yield case_of("binary", "is an image", http(bytes(range(256)) * 400, mime="image/png"))
    yield case_of("nul", "is 100 KB of NULs", text(bytes(100_000)))
    yield case_of("line", "is a line of 500 KB", text("Disallow: " + "/x" * 250_000))
    agents = "".join(f"User-agent: a{number}\n" for number in range(12_000)) + "Disallow: /x\n" * 12_000
    yield case_of(
        "agents", "has 12,000 agents with 12,000 rules", text(agents), site="failed: robots.txt unreadable", most=1
    )
    yield case_of(
        "10mb",
        "has 10 MB, the first rule forbids articles",
        late(lambda: text("User-agent: *\nDisallow: /info/\n" + "# x\n" * 2_500_000)),
        site="ok, 0 articles",
        heavy=True,
    )
    yield case_of(
        "endless",
        "has no end, the first rule forbids articles",
        flood(head() + b"User-agent: *\nDisallow: /info/\n", b"# filler\n" * 8_000),
        "200 length",
        "ok, 0 articles",
        heavy=True,
    )
    yield case_of("bomb", "is a bomb", late(partial(bombed, "gzip", 200)), "200 length", heavy=True)
    yield case_of(
        "delay-huge",
        "asks for a delay of 10^9 s",
        text("User-agent: *\nCrawl-delay: 1000000000"),
        site="failed: asked to wait",
        most=1,
    )
    yield case_of(
        "delay-nan",
        "asks for delays that are no numbers",
        text("User-agent: *\nCrawl-delay: nan\nCrawl-delay: inf\nCrawl-delay: -9"),
    )
    yield case_of("delay", "asks for a delay of a fifth of a second", text("User-agent: *\nCrawl-delay: 0.2"))
    yield case_of(
        "loop", "redirects to itself", http("", "302 Found", "Location: /robots.txt"), ", ".join(["302"] * 6), most=11
    )
    yield case_of("redirect-file", "redirects to a file", http("", "302 Found", "Location: file:///etc/passwd"), "302")
    yield case_of(
        "redirect-inside",
        "redirects to the inside",
        http("", "302 Found", f"Location: http://localhost:{CANARY.decode()}/robots.txt"),
        "302",
        "failed: private address refused",
        most=1,
    )
    yield case_of(
        "redirect-name",
        "redirects to a name that is not there",
        http("", "302 Found", "Location: http://robots.invalid/"),
        "302",
        "failed: name not found",
        most=1,
    )
    moved = {"/r/robots.txt": text("User-agent: *\nDisallow: /info/")}
    yield case_of(
        "moved",
        "redirects to another, which forbids articles",
        http("", "301 Moved", "Location: /r/robots.txt"),
        "301",
        "ok, 0 articles",
        pages=moved,
    )
    yield case_of(
        "sitemap-inside",
        "names sitemaps inside",
        text(f"Sitemap: {INSIDE}/s.xml\nSitemap: file:///etc/passwd\nSitemap: http://[::1]:{CANARY.decode()}/"),
    )
    yield case_of("challenge", "is a firewall's challenge", http(CHALLENGE), "200")


def cases() -> Iterator[Case]:
    """All of them."""
    return robots()
