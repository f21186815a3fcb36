"""What stands between the spider and the wire, in Scrapy's own seams.

`SiteMiddleware` keeps a crawl on its site · `RobotsMiddleware` obeys robots.txt as RFC 9309 says ·
`RetryAfterMiddleware` waits when asked to · `Throttle` slows down with the server · `CaptureMiddleware` keeps every
response before anybody else sees it. Beneath them `spiders.download` fetches, and `spiders.guard` says which addresses
may be connected to.
"""

from __future__ import annotations

import asyncio
import codecs
import dataclasses
import datetime
import email.utils
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from pipeline.errors import WarcError
from pipeline.warc import decode_body
from spiders.captures import ACCESSORY
from spiders.discovery import clean_url, on_site
from spiders.download import PORTS, TRUNCATED, in_words

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Response

    from spiders.news import NewsSpider
    from spiders.site_crawl import SiteCrawl

MAXIMUM_ROBOTS = 512 * 1024  # bytes that are read of a robots.txt; RFC 9309 2.5 asks for 500 KiB at least
MAXIMUM_GROUPS = 2_000_000  # agents of a robots.txt times its lines: so many rules may be made of it
LONGEST_DELAY = 600.0  # seconds of Crawl-delay that are obeyed; who asks for more is not crawled
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
HOPS = 5  # redirects of a robots.txt that are followed, RFC 9309 2.3.1.2
SLOWEST = 60.0  # seconds between two requests at most, however slow the server is
USUAL_WAIT = 5.0  # seconds after a 429 that does not say how long
FOREVER = 1e9  # seconds that a wait is said to be at most
WAITS = 2  # times a page is asked for again after a wait


class _Component:
    """A component that knows the crawler, and through it the crawl that a request belongs to."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Any:
        """As Scrapy makes it."""
        return cls(crawler)

    def crawl_of(self, request: Request) -> SiteCrawl:
        """The crawl of the site that a request is made for."""
        return cast("NewsSpider", self.crawler.spider).crawls[request.meta["site"]]


class SiteMiddleware(_Component):
    """Refuses what is not on the request's own site, and gives every host and port its own slot."""

    def process_request(self, request: Request) -> None:
        """Raise IgnoreRequest for another host's URL.

        A robots.txt may redirect to another public host, and a page's script may ask one.
        """
        site = self.crawl_of(request).site
        parts = urlsplit(request.url)
        if not on_site(request.url, site):
            place = f"{parts.hostname}:{parts.port or PORTS.get(parts.scheme, 0)}"
            elsewhere = request.meta.get("robots") or request.meta.get("part")
            if not elsewhere or place in self.crawler.settings.getlist("NAMED_HOSTS"):
                raise IgnoreRequest(f"another host: {request.url}")
        request.meta["download_slot"] = parts.netloc.lower()


@dataclasses.dataclass(frozen=True, slots=True)
class _Rules:
    parser: Any = None  # None: everything is allowed
    refusal: str = ""  # why nothing is allowed


class RobotsMiddleware(_Component):
    """Obeys robots.txt as RFC 9309 says: unreachable, it forbids everything; not there, it allows everything."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._rules: dict[str, asyncio.Future[_Rules]] = {}

    async def process_request(self, request: Request) -> None:
        """Raise IgnoreRequest for what is forbidden."""
        if request.meta.get("robots"):
            return
        parts = urlsplit(request.url)
        key = f"{parts.scheme}://{parts.netloc}"
        if key not in self._rules:
            self._rules[key] = asyncio.ensure_future(self._load(key, request))
        rules = await self._rules[key]
        if rules.refusal:
            raise IgnoreRequest(rules.refusal)
        if rules.parser is not None and not rules.parser.can_fetch(request.url, self._token):
            raise IgnoreRequest(f"forbidden by robots.txt: {request.url}")

    @property
    def _token(self) -> str:
        return self.crawler.settings["ROBOTS_TOKEN"]

    async def _load(self, key: str, request: Request) -> _Rules:
        url = f"{key}/robots.txt"
        kept = self.crawl_of(request).kept_robots(url)
        if kept is not None and (kept[0] == 200 or 400 <= kept[0] < 500):
            return self._read(kept[1], request, key) if kept[0] == 200 else _Rules()
        for _ in range(HOPS + 1):
            try:
                response = await self._fetch(url, request)
            except Exception as error:  # whatever kept it from us: unreachable
                return _Rules(refusal=in_words(error, url))
            if response.status in (301, 302, 303, 307, 308):
                location = clean_url(_location(response), url)
                if not location:
                    return _Rules()
                url = location
                continue
            if {"dataloss", "out of time"} & set(response.flags):
                return _Rules(refusal=f"robots.txt unreachable: it ends early, at {url}")
            if 200 <= response.status < 300:
                return self._read(decode_body(response.body, header_pairs(response)).body, request, key)
            if 400 <= response.status < 500 and response.status != 429:
                return _Rules()
            return _Rules(refusal=f"robots.txt unreachable: status {response.status} at {url}")
        return _Rules()  # more than five redirects: "unavailable", which allows

    async def _fetch(self, url: str, request: Request) -> Response:
        meta = {"robots": True, "site": request.meta["site"]}
        robots = Request(url, callback=NO_CALLBACK, meta=meta, dont_filter=True, priority=1000)
        return await cast(Any, self.crawler.engine).download_async(robots)

    def _read(self, body: bytes, request: Request, key: str) -> _Rules:
        encoding = "utf-16" if body[:2] in UTF16 else "utf-8-sig"
        text = body[:MAXIMUM_ROBOTS].decode(encoding, "replace")
        agents, lines = text.lower().count("agent"), len(text.splitlines())
        if agents * lines > MAXIMUM_GROUPS:
            return _Rules(refusal=f"robots.txt unreadable: {agents} agents in {lines} lines, at {key}/robots.txt")
        parser = Protego.parse(text)
        delay = parser.crawl_delay(self._token) or 0.0
        if delay > LONGEST_DELAY:
            asked = f"asked to wait: Crawl-delay of {delay:.0f} s by {urlsplit(key).netloc}"
            self.crawl_of(request).stop("asked to wait", f"{asked}, longer than {LONGEST_DELAY:.0f} s")
            return _Rules(refusal=asked)
        self.crawl_of(request).add_sitemaps(text, f"{key}/")
        if delay:
            Throttle.slow_down(self.crawler, urlsplit(key).netloc, delay)
        return _Rules(parser)


def _location(response: Response) -> str:
    return (response.headers.get(b"Location") or b"").decode("utf-8", "replace")


def header_pairs(response: Response) -> tuple[tuple[str, str], ...]:
    """The headers of a response as text, every value by itself."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    )


class RetryAfterMiddleware(_Component):
    """Waits as long as a 429 or 503 asks, then asks again; a wait that is too long ends the site's crawl."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Hand on the response, or the request to be made again after the wait."""
        if response.status not in (429, 503):
            return response
        asked = retry_after(response.headers.get(b"Retry-After"), datetime.datetime.now(datetime.UTC))
        if asked is None and response.status == 503:
            return response  # Scrapy's retry asks once more
        wait = USUAL_WAIT if asked is None else asked
        longest = self.crawler.settings.getfloat("LONGEST_WAIT")
        if wait > longest:
            text = f"asked to wait: {wait:.0f} s by {urlsplit(request.url).netloc}, longer than {longest:.0f} s"
            self.crawl_of(request).stop("asked to wait", text)
            raise IgnoreRequest(text)
        times = request.meta.get("waits", 0)
        if times >= WAITS:
            return response
        await self._sleep(wait)
        again = request.replace(dont_filter=True)
        again.meta["waits"] = times + 1
        return again

    async def _sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            if not self.crawler.crawling:
                raise IgnoreRequest("shutdown: while waiting")
            await asyncio.sleep(min(left, 0.5))


def retry_after(value: bytes | None, now: datetime.datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number or a date (RFC 9110 10.2.3); None when it says nothing."""
    text = (value or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), FOREVER)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(0.0, (moment - now).total_seconds())


class Throttle(_Component):
    """AutoThrottle's rule with every site's own minimum: wait as long as the server takes. A delay of 0 stays 0."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        crawler.signals.connect(self.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(self.response_downloaded, signal=signals.response_downloaded)

    def spider_opened(self, spider: NewsSpider) -> None:
        """Give the slot of every host its site's delay."""
        for crawl in spider.crawls.values():
            for host in crawl.hosts:
                self._slots(self.crawler)[host] = {"concurrency": 1, "delay": crawl.site.delay, "jitter": 0.0}

    @staticmethod
    def _slots(crawler: Crawler) -> dict[str, dict[str, Any]]:
        return cast(Any, crawler.engine).downloader.per_slot_settings

    @classmethod
    def slow_down(cls, crawler: Crawler, host: str, delay: float) -> None:
        """Make `delay` (seconds) the host's minimum, unless it is slower already: what a robots.txt asks for."""
        settings = cls._slots(crawler).setdefault(host, {"concurrency": 1, "delay": 1.0, "jitter": 0.0})
        settings["delay"] = max(settings["delay"], delay)
        slot = cast(Any, crawler.engine).downloader.slots.get(host)
        if slot is not None:
            slot.delay = max(slot.delay, delay)

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Move the slot's delay toward the time that the server took."""
        key = request.meta.get("download_slot", "")
        slot = cast(Any, self.crawler.engine).downloader.slots.get(key)
        minimum = self._slots(self.crawler).get(key, {}).get("delay", 1.0)
        latency = request.meta.get("download_latency")
        if slot is None or latency is None or minimum == 0:
            return
        delay = max(latency, (slot.delay + latency) / 2)
        delay = max(min(delay, SLOWEST), minimum)
        if response.status == 200 or delay > slot.delay:  # an error page comes quickly and proves nothing
            slot.delay = delay


class CaptureMiddleware(_Component):
    """Keeps every response as it came, before anything else sees it."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Hand the response on once it is on the disk; a disk that does not take it ends the site's crawl."""
        crawl = self.crawl_of(request)
        if request.method != "GET":  # what a page's script posted: its record would pass for the page's
            crawl.stats.requests += 1
            return response
        headers, asked = _pairs(response.headers), _pairs(request.headers)
        ip = str(response.ip_address or "")
        truncated = next((TRUNCATED[flag] for flag in response.flags if flag in TRUNCATED), "")
        task = request.meta.get("task")
        verdict = (
            f"{ACCESSORY}asked for by a script" if request.meta.get("part") else crawl.judge_answer(task, response)
        )
        request.meta["verdict"] = verdict
        try:
            crawl.keep(request.url, response.status, headers, response.body, truncated, task, verdict, ip, asked)
        except WarcError as error:
            crawl.stop("captures_failed", str(error))
            raise IgnoreRequest(str(error)) from error
        return response


def _pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, values in headers.items() for value in values]
