"""One spider for every site: in go the names of sites, out come their captures and statistics.

Each site has one thing asked of it at a time: what its `SiteCrawl` says is next. Where a site's words come by script, a
browser makes the page's document before it is read.
"""

from __future__ import annotations

import ctypes
import http
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy import signals
from scrapy.http import Request, Response

from pipeline.errors import WarcError
from pipeline.warc import decode_body
from spiders.browser import MISSING, Browser, BrowserError, chromium
from spiders.download import in_words
from spiders.frontier import Task
from spiders.middlewares import header_pairs
from spiders.rendering import Renderer
from spiders.site_crawl import SiteCrawl
from spiders.sites import load_site

COSTLY = 1.0  # CPU seconds for the links of a page, for which all other sites wait; a sitemap of 50,000 pages takes two
LONGEST_COSTLY = 30.0  # seconds for all such pages of a site, after which it is crawled no further


class NewsSpider(scrapy.Spider):
    """Crawls the sites that `spiders.crawl` names; see there for the arguments."""

    name = "news"

    def __init__(
        self,
        sites: str = "",
        folder: str = "",
        data: str = "",
        all_pages: str = "0",
        survey: str = "0",
        since: str = "",
        any_hour: str = "0",
    ):
        super().__init__()
        self.names = [name for name in sites.split(",") if name]
        self.sites_folder, self.data = Path(folder), Path(data)
        self.options: dict[str, Any] = {
            "all_pages": all_pages == "1",
            "survey": survey == "1",
            "since": since,
            "any_hour": any_hour == "1",
        }
        self.crawls: dict[str, SiteCrawl] = {}
        self.renderers: dict[str, Renderer] = {}  # of the sites whose words come by script

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> NewsSpider:
        """As Scrapy makes it."""
        follow_parent(int(os.environ.get("YIXUN_PARENT") or 0))
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        for name in spider.names:
            spider.crawls[name] = SiteCrawl(
                load_site(spider.sites_folder / f"{name}.toml"),
                spider.data / "captures",
                software=f"Yixun/{settings['VERSION']} Scrapy/{scrapy.__version__}",
                maximum_seconds=settings.getfloat("MAXIMUM_SECONDS"),
                **spider.options,
            )
        spider.prepare_browser(crawler)
        return spider

    def prepare_browser(self, crawler: Any) -> None:
        """Have a browser ready for the sites whose words come by script; without one they are not crawled."""
        browser = Browser(crawler.settings["USER_AGENT"])
        for name, crawl in self.crawls.items():
            if crawl.site.javascript and chromium():
                self.renderers[name] = Renderer(browser, crawler, crawl)
            elif crawl.site.javascript:
                crawl.stop("no browser", f"{name}: {MISSING}")
        crawler.signals.connect(browser.close, signal=signals.spider_closed, weak=False)

    async def start(self) -> AsyncIterator[Request]:
        """Ask every site for its first page."""
        for crawl in self.crawls.values():
            for request in self._next(crawl):
                yield request

    def _next(self, crawl: SiteCrawl) -> Iterator[Request]:
        task = crawl.next()
        if task is None:
            crawl.finish()
            return
        yield Request(
            task.url,
            callback=self.rendered if crawl.site.name in self.renderers else self.answered,
            errback=self.failed,
            headers=crawl.conditions(task),
            meta={"site": crawl.site.name, "task": task},
            dont_filter=True,
        )

    async def rendered(self, response: Response) -> AsyncIterator[Request]:
        """The same as `answered` after the page's scripts have run."""
        crawl, task = self.crawls[response.meta["site"]], response.meta["task"]
        document = ""
        try:
            document = await self._document(crawl, task, response)
        except BrowserError as error:
            crawl.count("scripts did not run")
            crawl.stats.notes.append(f"{task.url}: {error}")
        except WarcError as error:
            crawl.stop("captures_failed", str(error))
        for request in self.answered(response, document):
            yield request

    async def _document(self, crawl: SiteCrawl, task: Task, response: Response) -> str:
        """What the browser makes of a page, kept; an empty string of what is no page of the site."""
        if response.meta.get("verdict") or response.status not in (http.HTTPStatus.OK, http.HTTPStatus.NOT_MODIFIED):
            return ""
        content_type = (response.headers.get(b"Content-Type") or b"").decode("latin-1")
        body = decode_body(response.body, header_pairs(response)).body
        if response.status == http.HTTPStatus.NOT_MODIFIED:  # its scripts may bring something new all the same
            kept = crawl.known.payload(task.url, crawl.folder)
            body, content_type = (kept.body, kept.header("content-type")) if kept else (b"", "")
        if "html" not in content_type.lower() and b"<html" not in body[:1024].lower():
            return ""
        document = await self.renderers[crawl.site.name].document(task.url, body, content_type)
        crawl.keep_document(task, document)
        return document

    def answered(self, response: Response, document: str = "") -> Iterator[Request]:
        """Take in an answer and ask the same site for the next page."""
        crawl, task = self.crawls[response.meta["site"]], response.meta["task"]
        began = time.thread_time()
        try:
            crawl.answered(task, response, document)
        except Exception as error:  # a page must not end the crawl of its site
            self.logger.exception("%s", task.url)
            crawl.failed(task, f"error in the crawler: {type(error).__name__}: {error} at {task.url}")
        took = time.thread_time() - began
        crawl.costly += took if took > COSTLY else 0.0
        if crawl.costly > LONGEST_COSTLY:
            crawl.stop("too costly", f"too costly: {took:.0f} s to read {task.url} for links, not the first such page")
        yield from self._next(crawl)

    def failed(self, failure: Any) -> Iterator[Request]:
        """Take in that there was no answer and ask the same site for the next page."""
        request = failure.request
        crawl = self.crawls[request.meta["site"]]
        crawl.failed(request.meta["task"], in_words(failure.value, request.url))
        yield from self._next(crawl)

    def closed(self, reason: str) -> None:
        """Finish what was not: after SIGTERM, or when the memory's limit was reached."""
        for crawl in self.crawls.values():
            crawl.finish(reason if reason != "finished" else "interrupted")


def follow_parent(parent: int) -> None:
    """Ask Linux to end this process in order when its parent dies; leave at once when it has died already."""
    if not parent or sys.platform != "linux":
        return
    pr_set_pdeathsig = 1  # linux/prctl.h
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the process that started this crawl is gone")
