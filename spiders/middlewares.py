"""What stands between the spider and the wire, in Scrapy's own seams.

`GuardedResolver` refuses private addresses on every connection · `SiteMiddleware` keeps a crawl on its site ·
`RobotsMiddleware` obeys robots.txt as RFC 9309 says · `RetryAfterMiddleware` waits when asked to · `Throttle` slows
down with the server · `CaptureMiddleware` keeps every response before anybody else sees it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import email.utils
import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request, signals
from scrapy.core.downloader.contextfactory import _ScrapyClientContextFactory
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _ScrapyAgent
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http.request import NO_CALLBACK
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from pipeline.errors import WarcError
from pipeline.warc import decode_body
from spiders.discovery import clean_url, on_site

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.interfaces import IAddress, IHostResolution

    from spiders.news import NewsSpider, SiteCrawl

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MAXIMUM_ROBOTS = 512 * 1024  # bytes that are read of a robots.txt; RFC 9309 2.5 asks for 500 KiB at least
MAXIMUM_HEADERS = 512 * 1024  # bytes before a body begins; a chunk of the body may be counted with them
HOPS = 5  # redirects of a robots.txt that are followed, RFC 9309 2.3.1.2
SLOWEST = 60.0  # seconds between two requests at most, however slow the server is
USUAL_WAIT = 5.0  # seconds after a 429 that does not say how long
WAITS = 2  # times a page is asked for again after a wait
MARGIN = 0.5  # seconds before the time-out at which a body that has begun is ended
TRUNCATED = {"over the limit": "length", "out of time": "time", "dataloss": "disconnect"}  # flag -> WARC-Truncated
PORTS = {"http": 80, "https": 443}
# Ranges that Python's `is_global` of some versions lets through, by the IANA special-purpose registries.
NOT_PUBLIC = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
        "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9",
    )
)  # fmt: skip
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64: the last four bytes are an IPv4 address


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also when it wraps an IPv4 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_public(one) for one in (found, *_wrapped(found)))


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return _is_translation(address)
    return not any(address in block for block in NOT_PUBLIC if block.version == address.version)


def _is_translation(address: Address) -> bool:
    """NAT64 addresses are judged by what they translate to."""
    return address.version == 6 and address in TRANSLATED


def _wrapped(address: Address) -> list[Address]:
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    inside: list[Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    inside += address.teredo or ()
    number = int(address)
    if address in TRANSLATED or number < 1 << 32:
        inside.append(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    return inside


@implementer(IHostnameResolver)
class GuardedResolver:
    """Looks names up like the reactor does, and hands on no address of a private network.

    It is asked before every connection, for literal addresses as well, so it judges what is connected to: redirects,
    robots.txt and names that point inside. One private address among several refuses the name. `NAMED_HOSTS` are
    host:port that the operator's own TOML names: exactly these may be private.
    """

    def __init__(self, reactor: Any, named: frozenset[str]) -> None:
        self.reactor = reactor
        self.named = named
        self.original = reactor.nameResolver
        self.refused: dict[str, str] = {}  # host:port -> the address

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> GuardedResolver:
        """As Scrapy makes it; `crawler` is the process, which has settings and nothing else."""
        return cls(reactor, frozenset(crawler.settings.getlist("NAMED_HOSTS")))

    def install_on_reactor(self) -> None:
        """Take the place of the reactor's own resolver."""
        self.reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802  the interface's name
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Resolve a name; a refused one ends without an address, as if it did not exist."""
        place = f"{hostName.lower()}:{portNumber}"
        receiver = resolutionReceiver if place in self.named else _Judge(resolutionReceiver, place, self.refused)
        return self.original.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _Judge:
    """Holds the addresses back until all are known."""

    def __init__(self, receiver: Any, place: str, refused: dict[str, str]) -> None:
        self.receiver, self.place, self.refused = receiver, place, refused
        self.addresses: list[Any] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self.addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        private = [address.host for address in self.addresses if not is_public(address.host)]
        if private:
            self.refused[self.place] = private[0]
        else:
            for address in self.addresses:
                self.receiver.addressResolved(address)
        self.receiver.resolutionComplete()


class LimitedHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP handler with a limit on the header block, which nothing else limits: 800 MB in 30 s were measured.

    A body over the limit, or one that has not ended in time, is handed on as far as it came, with a flag; Scrapy's own
    limits throw it away. Certificates are verified, except those of the hosts in `INSECURE_HOSTS`. Reaches into
    Scrapy's connection pool and Twisted's parser; tests with endless headers and bodies hold it to what it does.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _limited(self._pool._factory)
        self._contextFactory = cast(IPolicyForHTTPS, _Certificates(crawler))

    async def download_request(self, request: Request) -> Response:
        """Download as Scrapy does, by the agent below."""
        agent = _KeepingAgent(
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=self._pool,
            maxsize=0,
            warnsize=0,
            fail_on_dataloss=False,
            crawler=self._crawler,
            tls_verbose_logging=False,
        )
        with wrap_twisted_exceptions():
            return await maybe_deferred_to_future(agent.download_request(request))


class _KeepingAgent(_ScrapyAgent):
    """Ends a body at the limit of size or time, and keeps what came of it."""

    def _cb_bodyready(self, txresponse: Any, request: Request) -> Any:
        deliver = txresponse.deliverBody
        settings = self._crawler.settings
        timeout = request.meta.get("download_timeout") or settings.getfloat("DOWNLOAD_TIMEOUT")
        seconds = max(0.0, timeout - request.meta.get("download_latency", 0.0) - MARGIN)

        def deliver_limited(reader: Any) -> None:
            _limit_body(reader, settings.getint("LONGEST_BODY"))
            deliver(reader)
            if not reader._finished.called:
                _limit_time(reader, seconds)

        txresponse.deliverBody = deliver_limited
        return super()._cb_bodyready(txresponse, request)


def _limit_body(reader: Any, longest: int) -> None:
    received = reader.dataReceived

    def limited(data: bytes) -> None:
        if not reader._finished.called:
            left = longest - reader._bytes_received
            received(data[:left])
            if len(data) > left:
                _end(reader, "over the limit")

    reader.dataReceived = limited


def _limit_time(reader: Any, seconds: float) -> None:
    """End a body that has begun and does not end; one that has not begun is a time-out, which is Scrapy's."""
    from twisted.internet import reactor

    def end() -> None:
        if not reader._finished.called and reader._bytes_received:
            _end(reader, "out of time")

    timer = cast(Any, reactor).callLater(seconds, end)

    def cancel(result: Any) -> Any:
        if timer.active():
            timer.cancel()
        return result

    reader._finished.addBoth(cancel)


def _end(reader: Any, flag: str) -> None:
    """Hang up, as Scrapy does when a download is stopped, and hand on what came."""
    transport = reader.transport
    reader._finish_response(flags=[flag])
    transport.stopProducing()
    transport.loseConnection()


@implementer(IPolicyForHTTPS)
class _Certificates:
    """Verifies the certificate of every host but those whose TOML says `insecure_tls = true`."""

    def __init__(self, crawler: Crawler) -> None:
        self.insecure = frozenset(crawler.settings.getlist("INSECURE_HOSTS"))
        self.verifying = _ScrapyClientContextFactory.from_crawler(crawler)
        self.lenient = _ScrapyClientContextFactory.from_crawler(crawler)
        self.verifying._verify_certificates, self.lenient._verify_certificates = True, False

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802  the interface's name
        """How to begin TLS with a host."""
        insecure = f"{hostname.decode('ascii', 'replace').lower()}:{port}" in self.insecure
        return (self.lenient if insecure else self.verifying).creatorForNetloc(hostname, port)


def _limited(factory: Any) -> Any:
    class LimitedFactory(factory):
        def buildProtocol(self, address: Any) -> Any:  # noqa: N802  Twisted's name
            protocol = super().buildProtocol(address)
            protocol.dataReceived = _HeadCounter(protocol)
            return protocol

    return LimitedFactory


class _HeadCounter:
    """Hands received bytes on, and hangs up when a response does not come to its body."""

    def __init__(self, protocol: Any) -> None:
        self.protocol, self.received, self.size = protocol, protocol.dataReceived, 0

    def __call__(self, data: bytes) -> None:
        parser = getattr(self.protocol, "_parser", None)
        self.size = 0 if parser is None or parser.state == "BODY" else self.size + len(data)
        if self.size > MAXIMUM_HEADERS:
            self.protocol.transport.abortConnection()
        else:
            self.received(data)


def in_words(error: BaseException, url: str) -> str:
    """What went wrong with a request, as `kind: detail`."""
    from twisted.internet import reactor

    parts = urlsplit(url)
    if isinstance(error, IgnoreRequest):
        return str(error) or "ignored"
    if isinstance(error, DownloadConnectionRefusedError):
        return f"connection refused: {parts.netloc}"
    if isinstance(error, CannotResolveHostError):
        refused = getattr(cast(Any, reactor).nameResolver, "refused", {})
        address = refused.get(f"{parts.hostname}:{parts.port or PORTS.get(parts.scheme, 0)}")
        if address:
            return f"private address refused: {parts.netloc} is {address}; name host:port in the TOML if it is meant"
        return f"name not found: {parts.hostname}"
    if isinstance(error, DownloadTimeoutError):
        return f"no answer in time: {parts.netloc}"
    if isinstance(error, DownloadFailedError) and "certificate" in _innermost(error).lower():
        cure = "have it renewed there, or say insecure_tls = true in the TOML"
        return f"certificate not trusted: {parts.netloc} ({_innermost(error)}); {cure}"
    if isinstance(error, DownloadFailedError):
        return f"connection lost: {parts.netloc} ({_innermost(error)})"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def _innermost(error: BaseException) -> str:
    """What Twisted wrapped in lists of failures, in one line."""
    reasons = getattr(error.__cause__, "reasons", None) or ()
    return " ".join(str(reasons[0].value if reasons else error).split())[:120]


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
        """Raise IgnoreRequest for another host's URL. A robots.txt may redirect to another public host."""
        site = self.crawl_of(request).site
        parts = urlsplit(request.url)
        if not on_site(request.url, site):
            place = f"{parts.hostname}:{parts.port or PORTS.get(parts.scheme, 0)}"
            if not request.meta.get("robots") or place in self.crawler.settings.getlist("NAMED_HOSTS"):
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
        text = body[:MAXIMUM_ROBOTS].decode("utf-8-sig", "replace")
        parser = Protego.parse(text)
        self.crawl_of(request).add_sitemaps(text, f"{key}/")
        delay = parser.crawl_delay(self._token)
        if delay:
            Throttle.slow_down(self.crawler, urlsplit(key).netloc, float(delay))
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
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
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
        headers = [(name, value) for name, values in response.headers.items() for value in values]
        truncated = next((TRUNCATED[flag] for flag in response.flags if flag in TRUNCATED), "")
        task = request.meta.get("task")
        request.meta["verdict"] = verdict = crawl.judge_answer(task, response)
        try:
            crawl.keep(request.url, response.status, headers, response.body, truncated, task, verdict)
        except WarcError as error:
            crawl.stop("captures_failed", str(error))
            raise IgnoreRequest(str(error)) from error
        return response
