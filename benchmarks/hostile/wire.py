"""Cases of HTTP on the wire: headers, lengths, chunks, encodings, connections, TLS."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from functools import partial

import brotli
from backports import zstd

from benchmarks.hostile.case import (
    GOOD,
    LIST,
    TARGET,
    Answer,
    Case,
    article,
    by_turns,
    drip,
    flood,
    head,
    http,
    late,
    reset,
    stall,
)

PAGE = article().encode()
TEXT = "前往乡镇卫生院".encode()
LOST, LATE = "not kept: connection lost", "not kept: no answer in time"
BROKEN = "not kept: not HTTP"
TWO = "ok, 2 articles"
FILLER = b"X-Filler: " + b"y" * 1000 + b"\r\n"
MEGABYTE = bytes(1 << 20)


def case(name: str, does: str, answer: Answer, page: str = "200", site: str = "", **more: object) -> Case:
    """A case whose second article is answered so. Without `site`, that article counts when it has status 200."""
    site = site or ("ok, 3 articles" if page.startswith("200") else TWO)
    return Case(name=name, does=does, pages={TARGET: answer}, page=page, site=site, **more)  # type: ignore[arg-type]


def encoded(body: bytes, *labels: str) -> bytes:
    """An answer with a content encoding."""
    return http(body, "200 OK", *(f"Content-Encoding: {label}" for label in labels))


def chunk(data: bytes, size: bytes | None = None) -> bytes:
    """One chunk, with a size of its own or another."""
    return (b"%x" % len(data) if size is None else size) + b"\r\n" + data + b"\r\n"


CHUNKED = head("Transfer-Encoding: chunked")
BEGUN = head("Content-Length: 5000") + PAGE
STORED = zlib.compressobj(wbits=-15)
RAW_DEFLATE = STORED.compress(PAGE) + STORED.flush()


def bomb(label: str, megabytes: int) -> bytes:
    """So many megabytes of zeros, compressed as well as it goes."""
    if label == "br":
        packer = brotli.Compressor(quality=5, lgwin=24)
        return b"".join([*(packer.process(MEGABYTE) for _ in range(megabytes)), packer.finish()])
    if label == "zstd":
        zpacker = zstd.ZstdCompressor()
        return b"".join([*(zpacker.compress(MEGABYTE) for _ in range(megabytes)), zpacker.flush()])
    packed = zlib.compressobj(9, wbits=31 if label == "gzip" else 15)
    return b"".join([*(packed.compress(MEGABYTE) for _ in range(megabytes)), packed.flush()])


def bombed(label: str, megabytes: int) -> bytes:
    """An answer with a bomb."""
    return encoded(bomb(label, megabytes), label)


def headers() -> Iterator[Case]:
    """Header blocks."""
    many = b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(20_000))
    cookies = [f"Set-Cookie: c{number}={'x' * 1000}" for number in range(250)]
    yield case("head-slow", "sends a header byte now and then", drip(head()[:-2], b"X"), LATE)
    yield case("head-slow-lines", "sends a header line now and then", drip(head()[:-2], b"X-A: b\r\n"), LATE)
    yield case("head-none", "takes the request and says nothing", stall(), LATE)
    yield case("head-half", "says half a status line, then nothing", stall(b"HTTP/1.1 2"), LATE)
    yield case("head-endless", "sends header lines without end", flood(head()[:-2], FILLER * 60), BROKEN)
    yield case(
        "head-endless-line", "sends one header line without end", flood(head()[:-2] + b"X: ", b"y" * 60_000), LOST
    )
    yield case(
        "head-10mb", "sends 10 MB of headers, then a page", head()[:-2] + FILLER * 10_000 + b"\r\n" + PAGE, BROKEN
    )
    yield case("head-line-20k", "sends a header line of 20 KB", http(PAGE, "200 OK", "X-Long: " + "y" * 20_000), LOST)
    yield case("head-20000", "sends 20,000 headers", head()[:-2] + many + b"\r\n" + PAGE, holds=TEXT)
    yield case("head-cookies", "sets 250 cookies of 1 KB", http(PAGE, "200 OK", *cookies), holds=TEXT)
    yield case(
        "head-injection",
        "puts bare returns and NULs into header values",
        http(PAGE, "200 OK", b"X-A: 1\rWARC-Type: metadata", b"X-B: a\0b", b"X-C: \x0b\x0c\x1f"),
        holds=TEXT,
    )
    yield case(
        "head-gbk-name", "has GBK bytes in a header's name", http(PAGE, "200 OK", "姓名: x".encode("gbk")), BROKEN
    )
    yield case("head-gbk-value", "has GBK bytes in a header's value", http(PAGE, "200 OK", "X: 医院".encode("gbk")))
    yield case("head-no-colon", "has a header line without a colon", http(PAGE, "200 OK", "this is no header"))
    yield case("head-folded", "folds a header over three lines", http(PAGE, "200 OK", "X-A: one\r\n two\r\n\tthree"))
    yield case("head-empty-name", "has a header without a name", http(PAGE, "200 OK", ": nameless"), BROKEN)
    yield case("head-blank-before-colon", "has a blank before a colon", http(PAGE, "200 OK", "X-Server : y"), BROKEN)
    yield case("head-bare-lf", "ends lines with bare line feeds", head().replace(b"\r\n", b"\n") + PAGE, holds=TEXT)
    yield case("head-no-reason", "gives no reason phrase", http(PAGE).replace(b"200 OK", b"200"))
    yield case("head-chinese-reason", "gives a reason in GBK", http(PAGE).replace(b"OK", "成功".encode("gbk")))
    yield case("head-twice", "sends two content types", http(PAGE, "200 OK", "Content-Type: image/png"), holds=TEXT)
    yield case("head-type-10k", "sends a content type of 10 KB", http(PAGE, mime="text/html; x=" + "y" * 10_000))
    yield case("head-etag-10k", "sends an ETag of 10 KB", http(PAGE, "200 OK", 'ETag: "' + "e" * 10_000 + '"'))
    yield case(
        "head-etag-odd", "sends an ETag in GBK with quotes", http(PAGE, "200 OK", 'ETag: "a"医\\"'.encode("gbk"))
    )
    yield case("head-date-odd", "was last modified soon", http(PAGE, "200 OK", "Last-Modified: 明天".encode("gbk")))


def lengths() -> Iterator[Case]:
    """Content-Length, and none."""
    cut = "200 disconnect"
    yield case("length-none", "gives no length and closes", head() + PAGE, holds=TEXT)
    yield case("length-none-http10", "answers as HTTP/1.0 does", head(status="HTTP/1.0 200 OK") + PAGE, holds=TEXT)
    yield case("length-none-reset", "gives no length and resets the connection", reset(head() + PAGE), holds=TEXT)
    yield case("length-long", "says a length that is not reached, and closes", BEGUN, cut, holds=TEXT)
    yield case("length-long-reset", "the same, and resets the connection", reset(BEGUN), cut, holds=TEXT)
    yield case("length-short", "says a length that is too short", head("Content-Length: 90") + PAGE, holds=b"<h1>")
    yield case("length-zero", "says a length of zero before a page", head("Content-Length: 0") + PAGE)
    yield case("length-two", "says two lengths", head("Content-Length: 90", "Content-Length: 91") + PAGE, BROKEN)
    yield case("length-negative", "says a negative length", head("Content-Length: -5") + PAGE, BROKEN)
    yield case("length-word", "says a word for a length", head("Content-Length: many") + PAGE, BROKEN)
    yield case("length-plus", "says a length with a plus", head(f"Content-Length: +{len(PAGE)}") + PAGE, BROKEN)
    yield case(
        "length-huge", "says 100 GB and sends a page", head("Content-Length: 99999999999") + PAGE, cut, holds=TEXT
    )
    yield case("length-digits", "says a length of 5,000 digits", head("Content-Length: " + "9" * 5_000) + PAGE, BROKEN)
    yield case(
        "length-and-chunks",
        "says a length and sends chunks",
        head("Content-Length: 5", "Transfer-Encoding: chunked") + chunk(PAGE) + b"0\r\n\r\n",
        holds=TEXT,
    )
    yield case("body-endless", "sends a body without end", flood(head(), b"<p>x</p>" * 8_000), "200 length", heavy=True)
    yield case("body-17mb", "sends 17 MB", late(lambda: http(b"<p>" + bytes(17 << 20))), "200 length", heavy=True)
    yield case("body-slow", "sends a byte now and then", drip(head() + PAGE, b"."), "200 time", holds=TEXT)
    yield case("body-stops", "sends a page's beginning, then nothing", stall(BEGUN), "200 time", holds=TEXT)
    yield case("body-none", "sends headers, then nothing", stall(head("Content-Length: 50")), LATE)
    yield case("body-more", "sends more after the end", GOOD + b"HTTP/1.1 200 OK\r\n\r\npoison", holds=TEXT)
    yield case(
        "body-two", "sends two answers at once", http(PAGE).replace(b"Connection: close\r\n", b"") + http("poison")
    )


def chunks() -> Iterator[Case]:
    """Chunked bodies."""
    cut, whole = "200 disconnect", chunk(PAGE)
    yield case("chunk-bad", "has a chunk size that is no number", CHUNKED + whole + chunk(b"x", b"zz"), cut, holds=TEXT)
    yield case("chunk-bad-first", "has no number for the first chunk", CHUNKED + chunk(PAGE, b"zz"), "200 disconnect")
    yield case("chunk-negative", "has a negative chunk size", CHUNKED + whole + chunk(b"x", b"-5"), cut, holds=TEXT)
    yield case("chunk-huge", "says a chunk of 16 EB", CHUNKED + whole + chunk(b"x", b"F" * 16), cut, holds=TEXT)
    yield case(
        "chunk-digits", "says a size of 5,000 digits", CHUNKED + whole + chunk(b"x", b"F" * 5_000), cut, holds=TEXT
    )
    yield case("chunk-unended", "leaves out the last chunk", CHUNKED + whole, cut, holds=TEXT)
    yield case("chunk-short", "closes within a chunk", CHUNKED + chunk(PAGE, b"5000"), cut, holds=TEXT)
    yield case("chunk-stops", "stops within a chunk", stall(CHUNKED + chunk(PAGE, b"5000")), "200 time", holds=TEXT)
    yield case(
        "chunk-extension", "has 10 MB of chunk extension", CHUNKED + whole + b"5;" + b"x" * 10_000_000, cut, holds=TEXT
    )
    yield case(
        "chunk-no-break", "leaves out the break after a chunk", CHUNKED + whole[:-2] + b"0\r\n\r\n", cut, holds=TEXT
    )
    pieces = b"".join(chunk(PAGE[at : at + 1]) for at in range(len(PAGE)))
    yield case("chunk-bytes", "sends every byte as a chunk", CHUNKED + pieces + b"0\r\n\r\n", holds=TEXT)
    yield case(
        "chunk-endless", "sends chunks without end", flood(CHUNKED, chunk(bytes(65_536))), "200 length", heavy=True
    )
    yield case(
        "chunk-trailers", "sends trailers without end", flood(CHUNKED + whole + b"0\r\n", FILLER * 60), cut, holds=TEXT
    )
    yield case("chunk-trailer", "sends a trailer", CHUNKED + whole + b"0\r\nX-Late: 1\r\n\r\n", holds=TEXT)
    yield case(
        "chunk-gzip", "says gzip as a transfer encoding", head("Transfer-Encoding: gzip, chunked") + whole, BROKEN
    )
    yield case("chunk-unknown", "says an unknown transfer encoding", head("Transfer-Encoding: rot13") + PAGE, BROKEN)


def encodings() -> Iterator[Case]:
    """Content encodings and lies about them."""
    packed = gzip.compress(PAGE)
    long = gzip.compress(PAGE + os.urandom(20_000))
    cut = "200 disconnect"
    for label, megabytes in (("gzip", 200), ("br", 400), ("zstd", 200), ("deflate", 200)):
        does = f"packs {megabytes} MB into {label}"
        yield case(f"bomb-{label}", does, late(partial(bombed, label, megabytes)), "200 length", heavy=True)
    yield case(
        "bomb-twice",
        "packs a bomb into a bomb",
        late(lambda: encoded(gzip.compress(bomb("gzip", 200)), "gzip, gzip")),
        "200 length",
        heavy=True,
    )
    yield Case(
        name="bomb-list",
        does="packs 200 MB into the list page",
        pages={LIST: late(partial(bombed, "gzip", 200))},
        path=LIST,
        page="200 length",
        site="failed: not read for links",
        heavy=True,
    )
    yield case("encoding-liar-gzip", "says gzip and sends plain text", encoded(PAGE, "gzip"), holds=TEXT)
    yield case("encoding-liar-br", "says br and sends plain text", encoded(PAGE, "br"), holds=TEXT)
    yield case("encoding-liar-zstd", "says zstd and sends plain text", encoded(PAGE, "zstd"), holds=TEXT)
    yield case("encoding-liar-other", "says br and sends gzip", encoded(packed, "br"), holds=TEXT)
    yield case("encoding-unknown", "says an unknown encoding", encoded(PAGE, "utf-8"), holds=TEXT)
    yield case("encoding-many", "says 200 encodings", encoded(PAGE, ", ".join(["gzip"] * 200)), holds=TEXT)
    yield case("encoding-5000", "says 5,000 encodings", encoded(PAGE, ", ".join(["gzip"] * 5_000)), LOST)
    yield case("encoding-once", "says gzip twice, did it once", encoded(packed, "gzip", "gzip"), holds=TEXT)
    yield case("encoding-cut", "cuts a gzip body", encoded(long[: len(long) // 2], "gzip"), cut, holds=TEXT)
    yield case("encoding-tail", "has garbage behind a gzip body", encoded(packed + b"garbage" * 9, "gzip"), holds=TEXT)
    members = gzip.compress(PAGE[:90]) + gzip.compress(PAGE[90:])
    yield case("encoding-members", "sends two gzip members", encoded(members, "gzip"), holds=TEXT)
    damaged = long[:4_000] + b"\0" * 40 + long[4_040:]
    yield case("encoding-damaged", "has a hole in its gzip body", encoded(damaged, "gzip"), cut, holds=TEXT)
    yield case("encoding-crc", "has a wrong checksum", encoded(packed[:-8] + b"\0" * 8, "gzip"), cut, holds=TEXT)
    yield case("encoding-raw", "sends deflate without its header", encoded(RAW_DEFLATE, "deflate"), holds=TEXT)
    yield case("encoding-x-gzip", "calls it x-gzip", encoded(packed, "x-gzip"), holds=TEXT)
    yield case("encoding-empty", "says gzip and sends nothing", encoded(b"", "gzip"))


def connections() -> Iterator[Case]:
    """What is no HTTP, and connections that end."""
    yield case("wire-closed", "closes without a byte", b"", LOST)
    yield case("wire-reset", "resets the connection", reset(), LOST)
    yield case("wire-reset-once", "resets it the first time only", by_turns(reset(), GOOD), holds=TEXT)
    yield case("wire-half-head", "closes within the headers", b"HTTP/1.1 200 OK\r\nContent-Ty", LOST)
    yield case("wire-reset-head", "resets within the headers", reset(b"HTTP/1.1 200 OK\r\nContent-Ty"), LOST)
    yield case("wire-http09", "sends a page without headers", PAGE, LOST)
    yield case("wire-http9", "speaks HTTP/9.9", http(PAGE).replace(b"HTTP/1.1", b"HTTP/9.9"))
    yield case("wire-icy", "speaks ICY", http(PAGE).replace(b"HTTP/1.1", b"ICY"), BROKEN)
    yield case("wire-ssh", "speaks SSH", b"SSH-2.0-OpenSSH_9.2\r\n", BROKEN)
    yield case("wire-noise", "sends noise", bytes(range(256)) * 40, BROKEN)
    yield case("wire-noise-endless", "sends noise without end", flood(b"", bytes(range(256)) * 256), BROKEN)
    yield case("wire-blank", "sends blank lines first", b"\r\n\r\n" + GOOD, BROKEN)
    yield Case(
        name="wire-nobody",
        does="closes every connection before a request",
        before=reset(),
        path="/robots.txt",
        page="not kept: connection lost",
        site="failed: connection lost",
    )
    yield Case(
        name="wire-silent",
        does="accepts connections and never reads",
        before=stall(),
        path="/robots.txt",
        page="not kept: no answer in time",
        site="failed: no answer in time",
    )


def certificates() -> Iterator[Case]:
    """TLS."""
    refused = "certificate not trusted"
    for name, does, problem in (
        ("expired", "shows an expired certificate", refused),
        ("early", "shows a certificate of next week", refused),
        ("foreign", "shows another host's certificate", refused),
        ("nameless", "shows a certificate without a name", refused),
        ("selfsigned", "shows a certificate that it signed itself", refused),
        ("old", "speaks TLS 1.0 alone", "connection lost"),
    ):
        yield Case(
            name=f"tls-{name}",
            does=does,
            tls=name,
            host="localhost",
            path="/robots.txt",
            page=f"not kept: {problem}",
            site=f"failed: {problem}",
        )
    yield Case(name="tls-good", does="shows a good certificate (the control)", tls="good", host="localhost")
    yield Case(
        name="tls-excepted",
        does="shows an expired certificate, which the TOML excepts",
        tls="expired",
        host="localhost",
        keys={"insecure_tls": True},
    )
    yield Case(
        name="tls-none",
        does="speaks no TLS on https",
        before=http("no", "400 Bad Request"),
        https=True,
        host="localhost",
        path="/robots.txt",
        page="not kept: connection lost",
        site="failed: connection lost",
    )
    yield Case(
        name="tls-cut",
        does="closes within the TLS handshake",
        https=True,
        before=reset(b"\x16\x03\x03\x00\x40\x02"),
        path="/robots.txt",
        page="not kept: connection lost",
        site="failed: connection lost",
    )
    yield Case(
        name="tls-stops",
        does="stops within the TLS handshake",
        https=True,
        before=stall(b"\x16\x03\x03\x00\x40\x02"),
        path="/robots.txt",
        page="not kept: no answer in time",
        site="failed: no answer in time",
    )
    yield Case(
        name="tls-cut-body",
        does="resets a page over TLS",
        tls="good",
        host="localhost",
        pages={TARGET: reset(BEGUN)},
        page="200 disconnect",
        holds=TEXT,
    )


def cases() -> Iterator[Case]:
    """All of them."""
    for group in (headers, lengths, chunks, encodings, connections, certificates):
        yield from group()
