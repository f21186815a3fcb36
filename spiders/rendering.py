"""Pages of a site with `javascript = true`: in goes an answer, out comes its document after its scripts have run.

The browser (`spiders.browser`) asks for nothing by itself: what a page's scripts want is asked for here, by the same
downloader as every page, so that it passes the same middlewares, counts in the site's budget and is captured. A script
is asked for once a day; what is posted is answered but not captured, for a WARC record of it would be a page's.
"""

from __future__ import annotations

import datetime
import http
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from pipeline.decode import decode
from pipeline.warc import decode_body
from spiders.browser import Answer, Browser, Part
from spiders.crawl import utc_now
from spiders.links import clean_url, on_site
from spiders.middlewares import header_pairs

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from spiders.site_crawl import SiteCrawl

HOPS = 5  # redirects of a script that are followed
KEPT = datetime.timedelta(days=1)  # for which a script that was captured is not asked for again
LARGEST_PART = 8 * 1024 * 1024  # bytes that a page is given of one answer
LARGEST_POST = 64 * 1024  # bytes
PASSED_ON = ("accept", "content-type", "x-requested-with")  # headers of a script's request that are sent


class Renderer:
    """Makes the pages of one site's crawl in the browser that all sites of the batch share."""

    def __init__(self, browser: Browser, crawler: Crawler, crawl: SiteCrawl) -> None:
        self.browser, self.crawler, self.crawl = browser, crawler, crawl
        self._scripts: dict[str, Answer | None] = {}

    async def document(self, url: str, body: bytes, content_type: str) -> str:
        """The document of a page of which the server sent `body`. Raises `BrowserError`."""
        text = decode(body, content_type, self.crawl.site.charset).text
        return await self.browser.render(url, text, self._fetch)

    async def _fetch(self, part: Part) -> Answer | None:
        if part.kind == "Script" and part.url in self._scripts:
            return self._scripts[part.url]
        answer = self._had(part) or await self._asked(part)
        if part.kind == "Script":
            self._scripts[part.url] = answer
        return answer

    def _had(self, part: Part) -> Answer | None:
        """A script as it was captured within a day."""
        page = self.crawl.known.page(part.url) if part.kind == "Script" else None
        if page is None or page.status != http.HTTPStatus.OK or utc_now() - page.captured_at > KEPT:
            return None
        kept = self.crawl.known.payload(part.url, self.crawl.folder)
        return Answer(status=200, headers=kept.headers, body=kept.body) if kept is not None else None

    async def _asked(self, part: Part) -> Answer | None:
        """What the server says, after redirects; None when it must not be asked, or does not answer."""
        url = part.url
        for _ in range(HOPS + 1):
            if not self._may_ask(part, url):
                return None
            try:
                response = await cast(Any, self.crawler.engine).download_async(self._request(part, url))
            except Exception as error:  # refused by the guard, by robots.txt, or no answer: the page goes without
                if not isinstance(error, IgnoreRequest):
                    self.crawl.count("script without an answer")
                return None
            location = (response.headers.get(b"Location") or b"").decode("utf-8", "replace")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                body = decode_body(response.body, header_pairs(response)).body[:LARGEST_PART]
                return Answer(status=response.status, headers=header_pairs(response), body=body)
            url = clean_url(location, url)
        return None

    def _may_ask(self, part: Part, url: str) -> bool:
        """Scripts may come from any public host, data from there as well; only the site itself is posted to."""
        if urlsplit(url).scheme not in ("http", "https") or self.crawl.spent:
            return False
        if part.method == "POST":
            return on_site(url, self.crawl.site) and len(part.body) <= LARGEST_POST
        return part.method == "GET"

    def _request(self, part: Part, url: str) -> Request:
        sent = {name: value for name, value in part.headers.items() if name.lower() in PASSED_ON and value.isascii()}
        meta = {"site": self.crawl.site.name, "part": part.kind}
        return Request(
            url,
            method=part.method,
            body=part.body,
            headers=sent,
            callback=NO_CALLBACK,
            meta=meta,
            dont_filter=True,
            priority=500,
        )
