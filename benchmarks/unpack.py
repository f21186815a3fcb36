"""Turn the labelled pages into what Yixun takes: a folder of saved pages, or sites on loopback for the spider.

    python -m benchmarks.unpack PAGES.jsonl.gz FOLDER            <site>/<page>.html and <page>.json
    python -m benchmarks.unpack PAGES.jsonl.gz FOLDER --serve    the same, then served by site, with a TOML for each

In: one JSON object a line with `id`, `url` (may be empty or a bare host), `html` (text) and `encoding`. Each page is
written in the encoding that it had. A page's site is its host with dashes for dots; pages without a URL share one by
their `set`.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def pages(path: Path) -> Iterator[dict[str, Any]]:
    """Read the labelled pages."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def site_of(page: dict[str, Any]) -> str:
    """The name of the site that a page is put under."""
    host = urlsplit(page["url"]).hostname or f"pages-{page['set']}"
    return re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")


def body_of(page: dict[str, Any]) -> bytes:
    """The page's bytes in the encoding that it had."""
    encoding = {"gb2312": "gb18030", "gbk": "gb18030"}.get(page["encoding"].lower(), page["encoding"])
    return page["html"].encode(encoding, "xmlcharrefreplace")


def unpack(path: Path, folder: Path) -> dict[str, list[str]]:
    """Write every page and its URL; the names of the pages by site."""
    written: dict[str, list[str]] = {}
    for page in pages(path):
        site, name = site_of(page), re.sub(r"[^\w-]+", "-", page["id"])
        (folder / site).mkdir(parents=True, exist_ok=True)
        (folder / site / f"{name}.html").write_bytes(body_of(page))
        if urlsplit(page["url"]).path.strip("/"):  # a bare host is the label of many pages, the address of none
            (folder / site / f"{name}.json").write_text(json.dumps({"url": page["url"]}), encoding="utf-8")
        written.setdefault(site, []).append(name)
    return written


def index_page(site: str, names: list[str]) -> str:
    """A list page with a link to every page of a site."""
    items = "".join(f'<li><a href="{name}.html">{name} 新闻动态标题</a></li>' for name in names)
    return (
        f'<html><head><meta charset="utf-8"><title>{site} 新闻列表</title></head><body><ul>{items}</ul></body></html>'
    )


class _Pages(http.server.SimpleHTTPRequestHandler):
    """Bytes as saved: no charset in the header, so that the page's own word counts."""

    extensions_map = {".html": "text/html", "": "application/octet-stream"}  # noqa: RUF012  the base class's own form
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@contextlib.contextmanager
def serving(folder: Path, sites: dict[str, list[str]], tomls: Path) -> Iterator[None]:
    """Serve every site on a loopback port of its own for as long as the block lasts, and write its TOML."""
    tomls.mkdir(parents=True, exist_ok=True)
    servers = []
    try:
        for site, names in sorted(sites.items()):
            (folder / site / "index.html").write_text(index_page(site, names), encoding="utf-8")
            handler = functools.partial(_Pages, directory=str(folder / site))
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            servers.append(server)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            (tomls / f"{site}.toml").write_text(toml(site, server.server_address[1]), encoding="utf-8")
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def toml(site: str, port: int) -> str:
    """A site's TOML."""
    return (
        f'hospital = "{site}"\nstart_urls = ["http://127.0.0.1:{port}/index.html"]\n'
        f"article_urls = '/(?!index)[^/]+\\.html$'\ndelay = 0\n"
    )


def main() -> None:
    """Unpack, and serve when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    written = unpack(options.pages, options.folder)
    print(f"{sum(map(len, written.values()))} pages of {len(written)} sites in {options.folder}")
    if options.serve:
        tomls = options.folder.with_name(f"{options.folder.name}-sites")
        with serving(options.folder, written, tomls):
            print(f"served on loopback; YIXUN_SITES={tomls} ./yixun crawl --due; Ctrl-C stops", flush=True)
            threading.Event().wait()


if __name__ == "__main__":
    main()
