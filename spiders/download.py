"""Fetch one page, whatever the server does: in goes a request, out comes a response, or an error that `in_words` names.

`LimitedHandler` limits headers, bodies and time, keeps what came of a body that was cut, and verifies certificates.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from OpenSSL import SSL
from scrapy import signals
from scrapy.core.downloader.contextfactory import _ScrapyClientContextFactory
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _ScrapyAgent
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    StopDownload,
)
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.error import ConnectError, ConnectionAborted, ConnectionClosed
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.python.failure import Failure
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

MAXIMUM_HEADERS = 512 * 1024  # bytes before a body begins; a chunk of the body may be counted with them
MARGIN = 0.5  # seconds before the time-out at which a body that has begun is ended
PORTS = {"http": 80, "https": 443}
# Why a body ends early, by the flag of its response: WARC-Truncated.
TRUNCATED = {"download_stopped": "length", "out of time": "time", "dataloss": "disconnect"}
CERTIFICATE = {9: "not valid yet", 10: "expired", 18: "self-signed", 19: "of an unknown root", 20: "of nobody known"}


class LimitedHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP handler with a limit on the header block, which nothing else limits: 800 MB in 30 s were measured.

    A body over the limit, or one that has not ended in time, is handed on as far as it came, with a flag; Scrapy's own
    limits throw it away. Certificates are verified, except those of the hosts in `INSECURE_HOSTS`. The size of a body
    is limited through Scrapy's signal; for headers and for time there is no such seam: that reaches into Scrapy's
    connection pool and Twisted's parser, and the cases of `benchmarks.hostile` hold it to what it does.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        crawler.signals.connect(_count, signal=signals.bytes_received)
        self._pool._factory = _limited(self._pool._factory)
        self._contextFactory = cast(IPolicyForHTTPS, _Certificates(crawler))

    async def download_request(self, request: Request) -> Response:
        """Download as Scrapy does, by the agent below."""
        request.meta["bytes_left"] = self._crawler.settings.getint("LONGEST_BODY")
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


def _count(data: bytes, request: Request) -> None:
    """End a body that is longer than the limit, which its last piece may pass."""
    request.meta["bytes_left"] -= len(data)
    if request.meta["bytes_left"] < 0:
        raise StopDownload(fail=False)


class _KeepingAgent(_ScrapyAgent):
    """Ends a body in time, and keeps what came of it."""

    def _cb_bodyready(self, txresponse: Any, request: Request) -> Any:
        deliver = txresponse.deliverBody
        timeout = request.meta.get("download_timeout") or self._crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        seconds = max(0.0, timeout - request.meta.get("download_latency", 0.0) - MARGIN)

        def deliver_limited(reader: Any) -> None:
            deliver(reader)
            if not reader._finished.called:
                _limit_time(reader, seconds)

        txresponse.deliverBody = deliver_limited
        return super()._cb_bodyready(txresponse, request)


def _limit_time(reader: Any, seconds: float) -> None:
    """End a body that has begun and does not end; one that has not begun is a time-out, which is Scrapy's."""
    from twisted.internet import reactor

    def end() -> None:
        if not reader._finished.called and reader._bytes_received:
            transport = reader.transport
            reader._finish_response(flags=["out of time"])
            transport.stopProducing()
            transport.loseConnection()

    timer = cast(Any, reactor).callLater(seconds, end)

    def cancel(result: Any) -> Any:
        if timer.active():
            timer.cancel()
        return result

    reader._finished.addBoth(cancel)


@implementer(IPolicyForHTTPS)
class _Certificates:
    """Verifies the certificate of every host but those whose TOML says `insecure_tls = true`."""

    def __init__(self, crawler: Crawler) -> None:
        self.insecure = frozenset(crawler.settings.getlist("INSECURE_HOSTS"))
        self.verifying = _ScrapyClientContextFactory(verify_certificates=True)
        self.lenient = _ScrapyClientContextFactory(verify_certificates=False)

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802  the interface's name
        """How to begin TLS with a host."""
        host = hostname.decode("ascii", "replace").lower()
        if f"{host}:{port}" in self.insecure:
            return self.lenient.creatorForNetloc(hostname, port)
        return _Verified(self.verifying.creatorForNetloc(hostname, port), host)


@implementer(IOpenSSLClientConnectionCreator)
class _Verified:
    """Holds a certificate to the name of its host. Twisted 26 only logs that a certificate bears no name at all."""

    def __init__(self, creator: Any, host: str) -> None:
        self.creator, self.host = creator, host
        self.wanted = IPAddress_ID(host) if _is_address(host) else DNS_ID(host)

    def clientConnectionForTLS(self, protocol: Any) -> Any:  # noqa: N802  the interface's name
        """A connection whose handshake fails for a certificate that is not trusted, or is another's."""
        connection = self.creator.clientConnectionForTLS(protocol)

        def judge(_: Any, certificate: Any, error: int, depth: int, trusted: bool) -> bool:
            wrong = "" if trusted else CERTIFICATE.get(error, f"wrong by OpenSSL's number {error}")
            if trusted and depth == 0:
                try:
                    verify_service_identity(extract_patterns(certificate), [self.wanted], [])
                except Exception:  # whatever it is: OpenSSL would swallow it
                    wrong = f"not of {self.host}"
            if wrong:
                protocol.failVerification(Failure(ConnectionError(f"the certificate is {wrong}")))
            return not wrong

        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, judge)
        return connection


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


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
    if isinstance(error, ConnectError):
        return f"connection lost: {parts.netloc} ({' '.join(str(error).split())[:160]})"
    if isinstance(error, DownloadTimeoutError):
        return f"no answer in time: {parts.netloc}"
    if isinstance(error, DownloadFailedError):
        return _failed(_innermost(error), parts.netloc)
    if isinstance(error, ValueError):
        return f"no address: {url}"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def _failed(reason: BaseException, netloc: str) -> str:
    """Why an answer that had begun, or should have, did not come to its end."""
    detail = " ".join(str(reason).split())[:120]
    if "certificate" in detail.lower():
        cure = "have it renewed there, or say insecure_tls = true in the TOML"
        return f"certificate not trusted: {netloc} ({detail}); {cure}"
    if isinstance(reason, ConnectionAborted):  # nobody but `_HeadCounter` aborts; a time-out is another error
        return f"not HTTP: {netloc} (headers over {MAXIMUM_HEADERS // 1024} KiB)"
    if isinstance(reason, ConnectionClosed | SSL.Error | OSError):
        return f"connection lost: {netloc} ({detail})"
    return f"not HTTP: {netloc} ({detail})"  # whatever Twisted's parser said


def _innermost(error: BaseException) -> BaseException:
    """What Twisted wrapped in lists of failures."""
    reasons = getattr(error.__cause__, "reasons", None)
    return cast(BaseException, reasons[0].value) if reasons else error
