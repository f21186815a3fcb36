"""The servers of the cases, one port each, and the canary that nobody may connect to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.hostile import tls
from benchmarks.hostile.case import CANARY, NOT_FOUND, SELF, USUAL, Case, Visit


class Web:
    """The servers of the cases: a context manager. `canary` counts the connections that nothing may make."""

    def __init__(self, cases: Sequence[Case], folder: Path) -> None:
        self.cases = cases
        self.ports: dict[str, int] = {}
        self.canary = 0
        self.touched: list[tuple[str, int]] = []
        self.asked: dict[str, list[str]] = {case.name: [] for case in cases}
        self.met: dict[str, float] = {}  # when a case's server was first connected to, by time.monotonic()
        self._certificates = tls.certificates(folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Web:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self) -> None:
        self._servers = [await asyncio.start_server(self._touch, "127.0.0.1", 0)]
        self.canary = self._servers[0].sockets[0].getsockname()[1]
        for case in self.cases:
            context = self._certificates[case.tls] if case.tls else None
            server = await asyncio.start_server(self._visitor(case), "127.0.0.1", 0, ssl=context, limit=1 << 20)
            self._servers.append(server)
            self.ports[case.name] = server.sockets[0].getsockname()[1]

    async def _touch(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.touched.append(writer.get_extra_info("peername"))
        writer.close()

    def _visitor(self, case: Case):  # type: ignore[no-untyped-def]
        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.met.setdefault(case.name, time.monotonic())
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._answer(case, reader, writer)
            with contextlib.suppress(OSError):
                writer.close()

        return visit

    async def _answer(self, case: Case, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(case.before, bytes):
            writer.write(case.before)
            await writer.drain()
            return
        if case.before is not None:
            await case.before(Visit(reader, writer, "", b"", bytes))
            return
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode("ascii", "replace")
        self.asked[case.name].append(path)
        ports = {SELF: self.ports[case.name], CANARY: self.canary}
        visit = Visit(reader, writer, path, head, lambda data: _with_ports(data, ports))
        answer = case.pages.get(path, case.any_page if path != "/robots.txt" else None)
        answer = USUAL.get(path, NOT_FOUND) if answer is None else answer
        if isinstance(answer, bytes):
            writer.write(visit.filled(answer))
            await writer.drain()
        else:
            await answer(visit)

    def url(self, case: Case) -> str:
        """The address of a case's site."""
        return f"{'https' if case.tls or case.https else 'http'}://{case.host}:{self.ports[case.name]}"

    def write_sites(self, folder: Path) -> None:
        """Write the TOML of every case's site."""
        folder.mkdir(parents=True, exist_ok=True)
        for case in self.cases:
            keys = {"hospital": "示范县人民医院", "start_urls": [self.url(case) + case.start], "delay": 0, **case.keys}
            lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()]
            (folder / f"{case.name}.toml").write_text("\n".join(lines), "utf-8")


def _with_ports(data: bytes, ports: Mapping[bytes, int]) -> bytes:
    for mark, port in ports.items():
        data = data.replace(mark, b"%05d" % port)  # as long as the mark, so that Content-Length stays right
    return data
