"""Cases of what servers answer: statuses, redirects, requests to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from benchmarks.hostile.case import (
    ARTICLES,
    CANARY,
    GOOD,
    LIST,
    SELF,
    TARGET,
    USUAL,
    Case,
    Visit,
    article,
    by_turns,
    drip,
    flood,
    head,
    http,
    listing,
    made,
    reset,
)
from benchmarks.hostile.wire import BROKEN, LATE, LOST, TEXT, TWO, case

PAGE = article().encode()
HOME = "http://127.0.0.1:" + SELF.decode()
INSIDE = "http://127.0.0.1:" + CANARY.decode()
CHALLENGE = "<html><script>document.cookie='k='+(7*6);location.reload()</script></html>"
BETTING = "<html><title>澳门新葡京官网-首页</title><body>开户送彩金 时时彩 百家乐</body></html>"


def statuses() -> Iterator[Case]:
    """Status codes."""
    for status in ("401 Unauthorized", "402 Payment Required", "404 Not Found", "410 Gone", "418 Teapot", "451 Law"):
        extra = ["WWW-Authenticate: Basic realm=x"] if status.startswith("401") else []
        yield case(f"status-{status[:3]}", f"answers {status}", http(PAGE, status, *extra), status[:3])
    for status in ("500 Oops", "502 Bad Gateway", "504 Late", "522 Late"):
        yield case(
            f"status-{status[:3]}", f"answers {status}, always", http(PAGE, status), f"{status[:3]}, {status[:3]}"
        )
    yield case(
        "status-500-once", "answers 500 once", by_turns(http("", "500 Oops"), GOOD), "500, 200", TWO[:4] + "3 articles"
    )
    for status in ("600", "999", "299"):
        yield case(
            f"status-{status}",
            f"answers {status}",
            http(PAGE, f"{status} Odd"),
            status,
            TWO if status != "299" else "ok, 3 articles",
        )
    odd = (
        ("word", "abc OK", BROKEN),
        ("digits", "99999 OK", "99999"),
        ("negative", "-1 OK", "0"),
        ("zero", "000 0", "0"),
    )
    for name, status, page in odd:
        yield case(f"status-{name}", f"answers {status}", http(PAGE, status), page, TWO)
    yield case("status-204", "answers 204", head(status="HTTP/1.1 204 No Content"), "204", "ok, 3 articles")
    yield case(
        "status-206",
        "answers 206, unasked",
        http(PAGE, "206 Partial", "Content-Range: bytes 0-9/99"),
        "206",
        "ok, 3 articles",
    )
    yield case("status-304", "answers 304, unasked", head(status="HTTP/1.1 304 Not Modified"), "304", TWO)
    yield Case(
        name="status-304-list",
        does="answers 304 for its list, unasked",
        pages={LIST: head(status="HTTP/1.1 304 Not Modified")},
        path=LIST,
        page="304",
        site="failed: status 304",
    )
    yield case("status-100", "says 100 first", b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD, holds=TEXT)
    yield case("status-103", "says 103 first", b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\n" + GOOD, holds=TEXT)
    yield case("status-101", "switches protocols", head("Upgrade: h2c", status="HTTP/1.1 101 Switching"), LOST)
    yield case("status-100-slow", "says 100 without end", drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), LATE)
    yield case("status-100-flood", "the same, in a hurry", flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000), BROKEN)


def walls() -> Iterator[Case]:
    """Firewalls, and domains that changed hands."""
    for status in (412, 521):
        yield case(
            f"wall-{status}",
            f"answers {status} with a script, for articles",
            http(CHALLENGE, f"{status} No"),
            str(status),
        )
        yield Case(
            name=f"wall-{status}-all",
            does=f"answers {status} with a script, for everything",
            pages={"/robots.txt": http(CHALLENGE, f"{status} No")},
            any_page=http(CHALLENGE, f"{status} No"),
            path=LIST,
            page="412" if status == 412 else "not kept: robots.txt unreachable",
            site="failed: blocked" if status == 412 else "failed: robots.txt unreachable",
            most=2,
        )
    yield case("wall-cookie", "wants a cookie, with 200", http(CHALLENGE), "200 blocked", TWO)
    many = tuple(f"/info/1018/{number}.html" for number in range(100, 120))
    yield Case(
        name="wall-403",
        does="answers 403 for articles, again and again",
        pages={LIST: listing(paths=many), **dict.fromkeys(many, http("no", "403 Forbidden"))},
        page="403",
        site="failed: status 403 again and again, the last time at http",
        most=9,
    )
    yield Case(
        name="wall-cookie-many",
        does="wants a cookie for all articles",
        pages={LIST: listing(paths=many), **dict.fromkeys(many, http(CHALLENGE))},
        page="200 blocked",
        site="failed: blocked",
        most=6,
    )
    yield Case(
        name="hands-betting",
        does="is somebody else's, who offers gambling",
        pages={LIST: http(BETTING)},
        path=LIST,
        page="200 changed hands",
        site="failed: changed hands",
        most=2,
    )
    yield Case(
        name="hands-redirect",
        does="redirects its start page to another host",
        pages={LIST: http("", "302 Found", "Location: http://elsewhere.test/")},
        path=LIST,
        page="302",
        site="failed: another host",
        most=2,
    )


def waits() -> Iterator[Case]:
    """Retry-After."""

    def slow(value: str, status: str = "429 Slow") -> bytes:
        return http("", status, f"Retry-After: {value}" if value else "X: y")

    asked, busy = "failed: asked to wait", "503 Busy"
    yield case("wait-1", "asks to wait for a second, once", by_turns(slow("1"), GOOD), "429, 200", "ok, 3 articles")
    yield case("wait-always", "asks to wait for a second, always", slow("1"), "429, 429, 429")
    yield case("wait-hour", "asks to wait for an hour", slow("3600"), "429", asked)
    yield case("wait-huge", "asks to wait for 10^30 s", slow("1" + "0" * 30), "429", asked)
    yield case("wait-year", "asks to wait until 9999", slow("Fri, 31 Dec 9999 23:59:59 GMT"), "429", asked)
    yield case(
        "wait-past",
        "asks to wait until 1999",
        by_turns(slow("Fri, 31 Dec 1999 23:59:59 GMT"), GOOD),
        "429, 200",
        "ok, 3 articles",
    )
    yield case("wait-negative", "asks to wait for -1 s", by_turns(slow("-1", busy), GOOD), "503, 200", "ok, 3 articles")
    yield case(
        "wait-words", "asks to wait in Chinese", by_turns(slow("稍后", busy), GOOD), "503, 200", "ok, 3 articles"
    )
    yield case("wait-503", "is busy for an hour", slow("3600", busy), "503", asked)
    yield case("wait-503-always", "is busy and does not say how long", slow("", busy), "503, 503")
    yield case(
        "wait-429-once",
        "is asked too often and does not say how long",
        by_turns(slow(""), GOOD),
        "429, 200",
        "ok, 3 articles",
    )


def redirects() -> Iterator[Case]:
    """Locations."""

    def to(location: str | bytes, status: str = "302 Found") -> bytes:
        value = location.encode() if isinstance(location, str) else location
        return http("", status, b"Location: " + value)

    nowhere = {
        "file": "file:///etc/passwd", "ftp": "ftp://127.0.0.1/x", "gopher": "gopher://127.0.0.1:70/_x",
        "javascript": "javascript:alert(1)", "data": "data:text/html,<p>x", "about": "about:blank",
        "mail": "mailto:a@b.test", "ws": f"ws://127.0.0.1:{CANARY.decode()}/", "empty": "", "blank": "   ",
        "port": "http://127.0.0.1:99999/", "bracket": "http://[::1/", "percent": "%zz", "nothing": "http://",
    }  # fmt: skip
    for name, location in nowhere.items():
        page, site = ("302, 404", TWO) if name == "percent" else ("302", TWO)
        yield case(
            f"redirect-{name}",
            f"redirects to {location.strip() or 'nothing'}",
            to(location),
            page.partition(",")[0],
            site,
        )
    yield case("redirect-no-location", "redirects without a Location", http("", "302 Found"), "302")
    foreign = {
        "inside": INSIDE, "localhost": f"http://localhost:{CANARY.decode()}/", "short": f"http://127.1:{CANARY.decode()}/",
        "decimal": f"http://2130706433:{CANARY.decode()}/", "hex": f"http://0x7f000001:{CANARY.decode()}/",
        "octal": f"http://0177.0.0.1:{CANARY.decode()}/", "six": f"http://[::1]:{CANARY.decode()}/",
        "mapped": f"http://[::ffff:127.0.0.1]:{CANARY.decode()}/", "slashes": f"//127.0.0.1:{CANARY.decode()}/",
        "backslashes": f"\\\\127.0.0.1:{CANARY.decode()}\\", "user": f"http://a:b@127.0.0.1:{CANARY.decode()}/",
        "wide": f"http://１２７.0.0.1:{CANARY.decode()}/", "metadata": "http://169.254.169.254/latest/meta-data/",
        "elsewhere": "http://elsewhere.test/", "tricky": f"{HOME}@127.0.0.1:{CANARY.decode()}/",
    }  # fmt: skip
    for name, location in foreign.items():
        yield case(
            f"redirect-{name}",
            f"redirects to {location.replace(CANARY.decode(), 'canary').replace(SELF.decode(), 'self')}",
            to(location),
            "302",
        )
    yield case("redirect-self", "redirects to itself", to(TARGET), "302")
    yield Case(
        name="redirect-two",
        does="redirects to a page that redirects back",
        pages={TARGET: to("/b.html"), "/b.html": to(TARGET)},
        page="302",
        site=TWO,
    )
    growing = made(lambda path: to(f"{path}/x") if path.startswith("/go") else to("/go"))
    yield Case(
        name="redirect-growing",
        does="redirects ever deeper",
        any_page=growing,
        pages=USUAL | {TARGET: to("/go")},
        page="302",
        site=TWO,
        most=12,
    )
    counting = made(lambda path: to(f"/n/{int(path.rpartition('/')[2] or 0) + 1}"))
    yield Case(
        name="redirect-counting",
        does="redirects without end",
        any_page=counting,
        pages=USUAL | {TARGET: to("/n/1")},
        page="302",
        site=TWO,
        most=12,
    )
    yield case("redirect-long", "redirects to 10 KB of URL", to("/" + "x" * 10_000), "302")
    yield case("redirect-100k", "redirects to 100 KB of URL", to("/" + "x" * 100_000), LOST)
    moved = {"/moved.html": GOOD}
    for name, does, location in (
        ("gbk", "redirects to a URL in GBK", "/医院.html".encode("gbk")),
        ("credentials", "redirects with a password", f"http://u:p@127.0.0.1:{SELF.decode()}/moved.html".encode()),
        ("fragment", "redirects to a fragment", b"/moved.html#top"),
        ("dots", "redirects up the tree", b"/a/../../../moved.html"),
        ("case", "redirects to HTTP://", f"HTTP://127.0.0.1:{SELF.decode()}/moved.html".encode()),
    ):
        count = TWO if name == "gbk" else "ok, 3 articles"
        yield Case(name=f"redirect-{name}", does=does, pages={TARGET: to(location), **moved}, page="302", site=count)
    for status in ("300 Choices", "305 Proxy", "306 Unused"):
        yield case(
            f"redirect-{status[:3]}", f"answers {status[:3]} with a Location", to("/moved.html", status), status[:3]
        )
    for status in ("307 Temporary", "308 Permanent"):
        yield Case(
            name=f"redirect-{status[:3]}",
            does=f"answers {status[:3]}",
            pages={TARGET: to("/moved.html", status), **moved},
            page=status[:3],
        )
    yield case(
        "redirect-body",
        "redirects with a page",
        http(PAGE, "302 Found", "Location: /info/1018/100.html"),
        "302",
        holds=TEXT,
    )
    two = http("", "302 Found", "Location: /moved.html", f"Location: {INSIDE}/")
    yield Case(name="redirect-twice", does="gives two Locations", pages={TARGET: two, **moved}, page="302", site=TWO)
    yield Case(
        name="redirect-list",
        does="redirects its list round and round",
        pages={LIST: to("/news2/"), "/news2/": to(LIST)},
        path=LIST,
        page="302, 302, 302",
        site="failed: too many redirects",
    )


def sessions() -> Iterator[Case]:
    """Answers that are not the same twice."""
    seen: dict[str, int] = {}

    async def flaky(visit: Visit) -> None:
        seen[visit.path] = seen.get(visit.path, 0) + 1
        if seen[visit.path] % 2:
            await reset()(visit)  # type: ignore[operator]
        else:
            await asyncio.sleep(0)
            await visit.send({"/robots.txt": http("", "404 No"), LIST: listing()}.get(visit.path, GOOD))

    yield Case(
        name="flaky", does="resets every other connection", pages=dict.fromkeys(("/robots.txt", LIST, *ARTICLES), flaky)
    )


def cases() -> Iterator[Case]:
    """All of them."""
    for group in (statuses, walls, waits, redirects, sessions):
        yield from group()
