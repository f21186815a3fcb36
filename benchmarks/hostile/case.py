"""What a case is, and how its server answers: bytes, or something that it does with the connection."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

SELF, CANARY = b"50001", b"50002"  # stand in pages for the ports of the case's own server and of the canary
TARGET = "/info/1018/101.html"  # the page that most cases are about: the second of three articles
LIST = "/news/"
MOST = 24  # requests of a site, robots.txt included


@dataclasses.dataclass(frozen=True, slots=True)
class Visit:
    """One connection and what was asked for on it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    path: str
    head: bytes
    filled: Callable[[bytes], bytes]  # puts the ports into a page

    async def send(self, data: bytes) -> None:
        """Send, and wait until it is taken."""
        self.writer.write(self.filled(data))
        await self.writer.drain()


Answer = bytes | Callable[[Visit], Awaitable[None]]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One way to be hostile, and how a crawl is to end that meets it.

    `page` is how the page at `path` is kept: "200", "200 disconnect" (why it was cut), "200 blocked", or "not kept:
    connection lost". `site` is how its site ends: "ok, 3 articles" or "failed: robots.txt unreachable".
    """

    name: str
    does: str
    pages: Mapping[str, Answer] = dataclasses.field(default_factory=dict)
    any_page: Answer | None = None  # for every path that `pages` lacks
    before: Answer | None = None  # instead of reading a request
    path: str = TARGET
    page: str = "200"
    site: str = "ok, 3 articles"
    holds: bytes = b""  # what the page that was kept has in it, free of its encodings
    most: int = MOST  # requests
    start: str = LIST
    host: str = "127.0.0.1"
    tls: str = ""  # which certificate
    https: bool = False  # asked for by https whether the server speaks it or not
    keys: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # of the TOML
    heavy: bool = False  # not in the tests: takes seconds or many megabytes


def http(
    body: bytes | str = b"", status: str = "200 OK", *lines: str | bytes, mime: str = "text/html", length: bool = True
) -> bytes:
    """A whole answer. `lines` are further header lines; without `length` the body ends with the connection."""
    body = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status}".encode(), b"Connection: close"]
    if mime:
        head.append(f"Content-Type: {mime}".encode())
    if length:
        head.append(b"Content-Length: %d" % len(body))
    head += [line.encode() if isinstance(line, str) else line for line in lines]
    return b"\r\n".join([*head, b"", body])


def head(*lines: str | bytes, status: str = "HTTP/1.1 200 OK", mime: str = "text/html") -> bytes:
    """The beginning of an answer, with its blank line."""
    fields = [line.encode() if isinstance(line, str) else line for line in lines]
    if mime:
        fields.insert(0, f"Content-Type: {mime}".encode())
    return b"\r\n".join([status.encode(), *fields, b"", b""])


def article(text: str = "我院组织党员医务人员前往乡镇卫生院开展义诊。") -> str:
    """An article's page."""
    return f"<html><head><title>义诊</title></head><body><h1>义诊活动</h1><p>{text}</p></body></html>"


def rows(*paths: str, title: str = "我院召开年度工作总结大会部署近期任务") -> str:
    """The rows of a list: a link with a date each."""
    return "".join(f'<li><a href="{path}">{title}</a><span>2022-08-22</span></li>' for path in paths)


ARTICLES = ("/info/1018/100.html", TARGET, "/info/1018/102.html")
TITLE = "<title>示范县人民医院</title>"


def listing(*extra: str, head: str = "", paths: tuple[str, ...] = ARTICLES) -> bytes:
    """The news list: three articles, and whatever the case adds."""
    return http(f"<html><head>{TITLE}{head}</head><body><ul>{rows(*paths)}</ul>{''.join(extra)}</body></html>")


GOOD = http(article())
NOT_FOUND = http("<p>404", "404 Not Found")
USUAL: dict[str, Answer] = {
    "/robots.txt": NOT_FOUND,
    LIST: listing(),
    **dict.fromkeys(ARTICLES, GOOD),
}


def drip(start: bytes, piece: bytes, seconds: float = 0.2) -> Answer:
    """Send a beginning, then a little now and then, for ever."""

    async def answer(visit: Visit) -> None:
        await visit.send(start)
        while True:
            await visit.send(piece)
            await asyncio.sleep(seconds)

    return answer


def flood(start: bytes, piece: bytes) -> Answer:
    """Send a beginning, then the same again and again as fast as it is taken."""

    async def answer(visit: Visit) -> None:
        await visit.send(start)
        while not visit.writer.is_closing():
            await visit.send(piece)
            await asyncio.sleep(0)

    return answer


def stall(start: bytes = b"") -> Answer:
    """Send a beginning, then nothing, and keep the connection."""

    async def answer(visit: Visit) -> None:
        await visit.send(start)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(visit.reader.read(), 60)  # to the end: until the crawler hangs up

    return answer


def reset(start: bytes = b"") -> Answer:
    """Send a beginning, then reset the connection."""

    async def answer(visit: Visit) -> None:
        await visit.send(start)
        await asyncio.sleep(0.05)  # so that the beginning arrives
        connection = visit.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        visit.writer.transport.abort()

    return answer


def by_turns(*answers: Answer) -> Answer:
    """Answer the first request with the first, the second with the second …, then always with the last."""
    left = list(answers)

    async def answer(visit: Visit) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, bytes):
            await visit.send(now)
        else:
            await now(visit)

    return answer


def made(page: Callable[[str], bytes]) -> Answer:
    """Answer with a page that is made from the path."""

    async def answer(visit: Visit) -> None:
        await visit.send(page(visit.path))

    return answer


def late(page: Callable[[], bytes]) -> Answer:
    """Answer with a page that is made when it is asked for: a bomb takes a while to build."""

    async def answer(visit: Visit) -> None:
        await visit.send(await asyncio.get_running_loop().run_in_executor(None, page))

    return answer
