"""Serves the demo's sites on loopback, each on its own port, and writes the TOML files that lead a spider to them.

In: ports by site (`choose_ports` picks and remembers them). Out: running web servers with the manners of real ones:
conditional requests, HEAD, robots.txt, a sitemap, gzip, headers with and without a charset, a counter that ticks.

    python -m demo.server --data DIR

serves in the foreground until it is interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import gzip
import http.server
import itertools
import json
import random
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from demo import render
from demo.sites import DemoSite, sites
from pipeline.errors import ServiceError

HOST = "127.0.0.1"
PORTS = range(20000, 30000)  # below the ports that Linux gives to outgoing connections
PORTS_FILE = "ports.json"
IDLE = 15  # seconds a connection is kept without a request
POLL = 0.05  # seconds between two looks at whether to stop
NOT_FOUND = b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


def choose_ports(folder: Path) -> dict[str, int]:
    """A port for every site, the dead one too: those remembered in `folder`/ports.json, or free ones, then remembered.

    Raises `ServiceError` when a remembered port is held by another program.
    """
    file = folder / PORTS_FILE
    ports = _remembered(file) if file.exists() else {}
    for name, port in ports.items():
        if not _is_free(port):
            raise ServiceError(
                f"port {port} (demo site {name}) is in use: stop the program that holds it, or delete {file} to have"
                " other ports chosen"
            )
    missing = [name for name in sites() if name not in ports]
    if missing:
        free = (port for port in random.sample(PORTS, len(PORTS)) if port not in ports.values() and _is_free(port))
        ports |= dict(zip(missing, free, strict=False))
        _remember(file, ports)
    return ports


def _remembered(file: Path) -> dict[str, int]:
    try:
        ports = json.loads(file.read_text("utf-8"))
        return {name: int(ports[name]) for name in sites() if name in ports}
    except (ValueError, TypeError) as error:
        raise ServiceError(f"{file} is not what the demo wrote: delete it") from error


def _remember(file: Path, ports: Mapping[str, int]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(ports, indent=2) + "\n", "utf-8")
    beside.replace(file)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that only waits to be forgotten is free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def address(port: int) -> str:
    """The address of the site on this port."""
    return f"http://{HOST}:{port}/"


def write_sites(folder: Path, ports: Mapping[str, int]) -> list[Path]:
    """Write a TOML for every site, the dead one too, as operators keep them; one that is right is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write_site(folder / f"{site.name}.toml", site, ports[site.name]) for site in sites().values()]


def _write_site(file: Path, site: DemoSite, port: int) -> Path:
    values = {
        "name": site.name,
        "hospital": site.hospital,
        "aliases": list(site.aliases),
        "region": site.region,
        "level": site.level,
        "start_urls": [address(port)],
        "delay": 0,
        "minimum_articles": site.minimum_articles,
    }
    given = {key: value for key, value in values.items() if value not in ("", [])}
    # a JSON string, number or list of strings is TOML as well
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in given.items()]
    text = "".join(lines) + site.rules
    if not file.exists() or file.read_text("utf-8") != text:
        file.write_text(text, "utf-8")
    return file


@dataclasses.dataclass
class Answer:
    """A response before it is written: the status, the headers of its own, the body."""

    status: HTTPStatus
    headers: dict[str, str]
    body: bytes = b""


class SiteServer(http.server.ThreadingHTTPServer):
    """One site on one port."""

    daemon_threads = True
    block_on_close = False  # an idle connection must not hold up the end
    allow_reuse_address = True

    def __init__(self, site: DemoSite, port: int) -> None:
        self.site = site
        self.resources = render.resources(site)
        self._visitors = itertools.count(site.counter + 1)
        super().__init__((HOST, port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about visitors who left before the end; anything else is a fault of ours and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        """What this site answers to a request for `target` (path with query); `headers` have lower-case names."""
        base = f"http://{headers.get('host') or f'{HOST}:{self.server_address[1]}'}"
        resource = self._resource(target, base)
        if resource is None:
            return Answer(HTTPStatus.NOT_FOUND, {"Content-Type": "text/html"}, NOT_FOUND)
        validators = self._validators(resource)
        if validators and _is_unchanged(headers, validators):
            return Answer(HTTPStatus.NOT_MODIFIED, validators)
        body = resource.body
        if resource.counts:
            body = body.replace(render.COUNTER.encode(), str(next(self._visitors)).encode())
        sent = {"Content-Type": resource.content_type, **validators}
        if self.site.gzip and resource.content_type.startswith("text/"):
            sent["Vary"] = "Accept-Encoding"
            if "gzip" in headers.get("accept-encoding", ""):
                sent["Content-Encoding"] = "gzip"
                body = gzip.compress(body, mtime=0)
        return Answer(HTTPStatus.OK, sent, body)

    def _resource(self, target: str, base: str) -> render.Resource | None:
        if target == "/robots.txt" and self.site.robots:
            return render.Resource(body=render.robots(self.site, base), content_type="text/plain")
        if target == "/sitemap.xml" and self.site.sitemap:
            return render.Resource(body=render.sitemap(self.site, base), content_type="application/xml")
        return self.resources.get(target)

    def _validators(self, resource: render.Resource) -> dict[str, str]:
        known = {"etag": ("ETag", resource.etag), "last-modified": ("Last-Modified", resource.last_modified)}
        return dict(known[name] for name in self.site.validators)


def _is_unchanged(asked: Mapping[str, str], validators: Mapping[str, str]) -> bool:
    """Whether a conditional request is answered by 304; If-None-Match wins (RFC 9110, 13.2.2)."""
    if (tags := asked.get("if-none-match")) is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "ETag" in validators and bool({validators["ETag"], "*"} & known)
    since = asked.get("if-modified-since")
    if since is None or "Last-Modified" not in validators:
        return False
    try:
        return parsedate_to_datetime(validators["Last-Modified"]) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # not a date, or one without a zone: as if it had not been sent
        return False


class Handler(http.server.BaseHTTPRequestHandler):
    """Writes a site's answers."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE
    server: SiteServer
    server_version = "nginx"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with the body."""
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self._send(with_body=False)

    def _send(self, *, with_body: bool) -> None:
        parts = urlsplit(self.path)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = self.server.answer(target, {name.lower(): value for name, value in self.headers.items()})
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: the demo shows its own progress."""


@contextlib.contextmanager
def serve(ports: Mapping[str, int]) -> Iterator[dict[str, str]]:
    """Serve every site that is not dead for as long as the block lasts; gives the addresses by site.

    Raises `ServiceError` when a port cannot be had.
    """
    with contextlib.ExitStack() as stack:
        for site in sites().values():
            if not site.dead:
                server = stack.enter_context(_listening(site, ports[site.name]))
                thread = threading.Thread(target=server.serve_forever, args=(POLL,), name=site.name, daemon=True)
                thread.start()
                stack.callback(thread.join)
                stack.callback(server.shutdown)
        yield {name: address(ports[name]) for name, site in sites().items() if not site.dead}


def _listening(site: DemoSite, port: int) -> SiteServer:
    try:
        return SiteServer(site, port)
    except OSError as error:
        raise ServiceError(
            f"port {port} (demo site {site.name}) cannot be listened on ({error.strerror}): stop the program that holds"
            f" it, or delete {PORTS_FILE} in the demo's folder to have other ports chosen"
        ) from error


def main() -> None:
    """Serve in the foreground and print the addresses."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.server",
        description="Serve the demo's five hospital sites on loopback until interrupted (Ctrl-C).",
        epilog="example: python -m demo.server --data data/demo",
    )
    parser.add_argument("--data", type=Path, default=Path("data/demo"), metavar="DIR", help="where ports.json is kept")
    folder: Path = parser.parse_args().data
    try:
        with serve(choose_ports(folder)) as addresses:
            for name, url in addresses.items():
                print(f"{url}  {name}  {sites()[name].hospital}", flush=True)
            threading.Event().wait()
    except ServiceError as error:
        parser.exit(2, f"{error}\n")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
