"""Pages that are made by scripts: in goes a fetched page, out comes its document after its scripts have run.

Debian's Chromium does it, spoken to over a pipe (the DevTools protocol; no port, no package). It is never connected to
anything: a proxy that is not there is all the network it has, and everything that a page asks for is handed to the
crawler's own downloader, so that robots.txt, the guard of addresses, the pauses, the limits and the budget hold for a
script as they do for a page, and what it read is kept. (Playwright's browser connects by itself, past all that.)

Pictures, fonts, films, styles, frames, downloads and further pages are refused; there are no cookies.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "javascript = true needs Chromium: `apt install chromium`, or name one in YIXUN_CHROMIUM"
LONGEST_MESSAGE = 64 * 1024 * 1024  # bytes of what the browser says at once
LONGEST_DOCUMENT = 8 * 1024 * 1024  # characters of a document after its scripts have run
SECONDS = 60.0  # for one page, the pauses between its requests included
LEAVE = 5.0  # seconds for a page to be closed
QUIET = 0.5  # seconds without a request after which a page counts as made
PARTS = 60  # requests of one page
RENDERED = 100  # pages after which the browser is begun anew
ASKED = frozenset({"Script", "XHR", "Fetch"})  # kinds of request that make a page's words
OUTER_HTML = f"(document.documentElement ? document.documentElement.outerHTML : '').slice(0, {LONGEST_DOCUMENT})"
ARGUMENTS = (
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
    "--disable-dev-shm-usage", "--disable-quic", "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--disable-domain-reliability", "--disable-extensions", "--disable-sync",
    "--disable-breakpad", "--disable-features=Translate,OptimizationHints,MediaRouter,WebRtcHideLocalIpsWithMdns",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--mute-audio", "--hide-scrollbars",
    "--blink-settings=imagesEnabled=false", "--js-flags=--max-old-space-size=256", "--renderer-process-limit=2",
    "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What a page's script asks for."""

    url: str
    kind: str  # Script, XHR, Fetch
    method: str = "GET"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What it is given: a response whose body is free of content encoding."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


Fetch = Callable[[Part], Awaitable[Answer | None]]


class BrowserError(Exception):
    """The browser could not make a page; the message says why."""


def chromium() -> str:
    """The path of the browser, or an empty string."""
    return os.environ.get("YIXUN_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")


class Browser:
    """One Chromium, begun with the first page; it makes one page at a time. `close` ends it."""

    def __init__(self, user_agent: str) -> None:
        self.user_agent = user_agent
        self._pipe: _Pipe | None = None
        self._rendered = 0
        self._one = asyncio.Lock()

    async def render(self, url: str, document: str, fetch: Fetch) -> str:
        """The document of a page after its scripts have run; `fetch` is asked for what they want, None refuses it.

        Raises `BrowserError` when Chromium is missing, ends, or does not come to an end in time; it is begun anew for
        the next page then.
        """
        async with self._one:
            try:
                return await asyncio.wait_for(self._render(url, document, fetch), SECONDS)
            except TimeoutError:
                await self.close()
                raise BrowserError(f"its scripts did not come to an end within {SECONDS:.0f} s") from None
            except (OSError, EOFError) as error:
                await self.close()
                raise BrowserError(f"Chromium ended: {error}") from error

    async def _render(self, url: str, document: str, fetch: Fetch) -> str:
        if self._pipe is None:
            self._pipe = await _start()
        pipe = self._pipe
        self._rendered += 1
        context = (await pipe.send("Target.createBrowserContext", disposeOnDetach=True))["browserContextId"]
        try:
            target = (await pipe.send("Target.createTarget", url="about:blank", browserContextId=context))["targetId"]
            session = (await pipe.send("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
            deny = {"behavior": "deny", "browserContextId": context}
            await pipe.send("Browser.setDownloadBehavior", **deny)
            page = _Page(pipe, session, url, document, fetch)
            try:
                return await page.make(self.user_agent)
            finally:
                page.end()
        finally:
            with contextlib.suppress(BrowserError, OSError, EOFError, TimeoutError):
                async with asyncio.timeout(LEAVE):
                    await pipe.send("Target.disposeBrowserContext", browserContextId=context)
            if self._rendered >= RENDERED:
                await self.close()

    async def close(self) -> None:
        """End the browser and all its processes."""
        pipe, self._pipe, self._rendered = self._pipe, None, 0
        if pipe is not None:
            await pipe.close()


class _Page:
    """One page on its way: answers what it asks for, and waits until it asks for nothing more."""

    def __init__(self, pipe: _Pipe, session: str, url: str, document: str, fetch: Fetch) -> None:
        self.pipe, self.session, self.url, self.document, self.fetch = pipe, session, url, document, fetch
        self.begun = False  # the document itself was asked for
        self.loaded = asyncio.Event()
        self.asked = 0
        self.waiting = 0  # requests that are being answered
        self.quiet_since = asyncio.get_running_loop().time()
        self.tasks: set[asyncio.Task[None]] = set()
        pipe.listeners[session] = self._event

    async def make(self, user_agent: str) -> str:
        await self.send("Page.enable")
        await self.send("Fetch.enable", patterns=[{"urlPattern": "*"}])
        await self.send("Emulation.setUserAgentOverride", userAgent=user_agent)
        self._task(self._navigate())
        await self.loaded.wait()
        loop = asyncio.get_running_loop()
        while self.waiting or loop.time() - self.quiet_since < QUIET:
            await asyncio.sleep(QUIET / 5)
        found = await self.send("Runtime.evaluate", expression=OUTER_HTML, returnByValue=True, timeout=10_000)
        value = found.get("result", {}).get("value")
        if not isinstance(value, str) or not value:
            raise BrowserError("its document could not be read")
        return f"<!DOCTYPE html>{value}"

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self.pipe.send(method, self.session, **parameters)

    def end(self) -> None:
        self.pipe.listeners.pop(self.session, None)
        for task in self.tasks:
            task.cancel()

    async def _navigate(self) -> None:
        with contextlib.suppress(BrowserError):
            await self.send("Page.navigate", url=self.url)

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _event(self, method: str, fields: dict[str, Any]) -> None:
        if method == "Fetch.requestPaused":
            self._task(self._answer(fields))
        elif method == "Page.loadEventFired":
            self.loaded.set()
        elif method == "Page.javascriptDialogOpening":
            self._task(self._dismiss())

    async def _dismiss(self) -> None:
        with contextlib.suppress(BrowserError):
            await self.send("Page.handleJavaScriptDialog", accept=False)

    async def _answer(self, fields: dict[str, Any]) -> None:
        self.waiting += 1
        try:
            answer = await self._answer_of(fields)
            if answer is None:
                await self.send("Fetch.failRequest", requestId=fields["requestId"], errorReason="BlockedByClient")
            else:
                headers = [{"name": name, "value": value} for name, value in _given(answer.headers)]
                body = base64.b64encode(answer.body).decode("ascii")
                await self.send(
                    "Fetch.fulfillRequest",
                    requestId=fields["requestId"],
                    responseCode=answer.status,
                    responseHeaders=headers,
                    body=body,
                )
        except BrowserError:
            pass  # the page is gone, or does not want it any more
        finally:
            self.waiting -= 1
            self.quiet_since = asyncio.get_running_loop().time()

    async def _answer_of(self, fields: dict[str, Any]) -> Answer | None:
        request, kind = fields["request"], fields.get("resourceType", "")
        if kind == "Document":
            first, self.begun = not self.begun, True
            html = (("content-type", "text/html; charset=utf-8"),)
            if first:
                return Answer(status=200, headers=html, body=self.document.encode("utf-8", "replace"))
            return Answer(status=204, headers=(), body=b"")  # a frame, or another page: this one stays as it is
        if request["method"] == "OPTIONS":  # the question whether another host may be asked; the answer is the host's
            origin = request["headers"].get("Origin", "*")
            allowed = (
                ("access-control-allow-origin", origin),
                ("access-control-allow-methods", "GET, POST"),
                ("access-control-allow-headers", "content-type, x-requested-with, authorization, token"),
            )
            return Answer(status=204, headers=allowed, body=b"")
        if kind not in ASKED or self.asked >= PARTS:
            return None
        self.asked += 1
        part = Part(
            url=request["url"].partition("#")[0],
            kind=kind,
            method=request["method"],
            headers=request.get("headers", {}),
            body=request.get("postData", "").encode("utf-8", "replace"),
        )
        return await self.fetch(part)


def _given(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """The headers of an answer that a page may see: the body is decoded already, and there are no cookies."""
    left_out = {"content-encoding", "content-length", "transfer-encoding", "set-cookie", "connection", "keep-alive"}
    return [(name, value) for name, value in headers if name.lower() not in left_out]


class _Pipe:
    """Commands and events of one Chromium: JSON, each message ended by a zero byte."""

    def __init__(self, process: subprocess.Popen[bytes], profile: str) -> None:
        self.process, self.profile = process, profile
        self.listeners: dict[str, Callable[[str, dict[str, Any]], None]] = {}
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader: asyncio.StreamReader
        self._writer: asyncio.WriteTransport
        self._reading: asyncio.Task[None]

    async def open(self, read: int, write: int) -> None:
        loop = asyncio.get_running_loop()
        self._reader = asyncio.StreamReader(limit=LONGEST_MESSAGE)
        protocol = asyncio.StreamReaderProtocol(self._reader)
        await loop.connect_read_pipe(lambda: protocol, os.fdopen(read, "rb", 0))
        self._writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(write, "wb", 0))
        self._reading = asyncio.ensure_future(self._read())

    async def send(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Give a command and wait for its result. Raises `BrowserError` for what the browser refuses."""
        if self._reading.done():
            raise EOFError("the browser is gone")
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps(message).encode() + b"\0")
        try:
            return await answer
        finally:
            self._answers.pop(number, None)

    async def _read(self) -> None:
        try:
            while True:
                message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
                answer = self._answers.get(message.get("id", 0))
                if answer is None:
                    listener = self.listeners.get(message.get("sessionId", ""))
                    if listener is not None and "method" in message:
                        listener(message["method"], message.get("params", {}))
                elif answer.done():
                    continue
                elif "error" in message:
                    answer.set_exception(BrowserError(str(message["error"].get("message", ""))[:200]))
                else:
                    answer.set_result(message.get("result", {}))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, OSError):
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(EOFError("it hung up"))

    async def close(self) -> None:
        self._reading.cancel()
        self._writer.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await asyncio.get_running_loop().run_in_executor(None, self.process.wait)
        await asyncio.get_running_loop().run_in_executor(None, shutil.rmtree, self.profile, True)


async def _start() -> _Pipe:
    """Begin a Chromium. Raises `BrowserError` when there is none, OSError when it cannot be begun."""
    path = chromium()
    if not path:
        raise BrowserError(MISSING)
    profile = tempfile.mkdtemp(prefix="yixun-chromium-")
    commands, to_browser = os.pipe()
    from_browser, events = os.pipe()

    def take_places() -> None:  # Chromium reads descriptor 3 and writes 4; they may be in use the other way round
        first, second = os.dup(commands), os.dup(events)
        while first in (3, 4):
            first = os.dup(first)
        while second in (3, 4):
            second = os.dup(second)
        os.dup2(first, 3)
        os.dup2(second, 4)

    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox does not work for root
    try:
        process = subprocess.Popen(
            [path, *ARGUMENTS, *root, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,  # Python's own are closed by themselves; 3 and 4 must not be
            preexec_fn=take_places,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "HOME": profile, "LANG": "C.UTF-8"},
        )
    except OSError as error:
        shutil.rmtree(profile, ignore_errors=True)
        raise BrowserError(f"{path}: {error.strerror or error}") from error
    finally:
        os.close(commands)
        os.close(events)
    pipe = _Pipe(process, profile)
    await pipe.open(from_browser, to_browser)
    return pipe
