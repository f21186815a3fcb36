"""Cases of what pages hold: tags, charsets, links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.hostile.case import (
    ARTICLES,
    CANARY,
    GOOD,
    LIST,
    SELF,
    TITLE,
    Case,
    article,
    http,
    late,
    listing,
    rows,
)
from benchmarks.hostile.wire import case

INSIDE = "http://127.0.0.1:" + CANARY.decode()
MEGABYTE = 1 << 20
XML = '<?xml version="1.0" encoding="utf-8"?>'
UNREAD = "failed: not read for links"


def on_list(name: str, does: str, *extra: str, site: str = "ok, 3 articles", head: str = "", **more: Any) -> Case:
    """A case whose list page has three articles and something more."""
    pages = {LIST: listing(*extra, head=head), **more.pop("pages", {})}
    return Case(name=name, does=does, pages=pages, path=LIST, site=site, **more)


def whole_list(
    name: str, does: str, body: bytes | str, site: str, page: str = "200", mime: str = "text/html", **more: Any
) -> Case:
    """A case with a list page of its own."""
    return Case(name=name, does=does, pages={LIST: http(body, mime=mime)}, path=LIST, page=page, site=site, **more)


def markup() -> Iterator[Case]:
    """Pages that are hard to parse. They are read for links in the crawler's own process."""
    none = "ok, 0 articles"
    links = TITLE + f"<ul>{rows(*ARTICLES)}</ul>"
    yield on_list("tags-nested", "nests 100,000 tags behind its list", "<font>" * 100_000 + "x")
    yield whole_list(
        "tags-nested-before", "nests 100,000 tags before its list", TITLE + "<div>" * 100_000 + links, none
    )
    yield on_list("tags-million", "has a million line breaks", "<br>" * 900_000)
    yield on_list("tags-tables", "opens 200,000 tables", "<table><tr><td>" * 200_000)
    yield on_list("tags-formatting", "opens a paragraph in bold 300,000 times", "<b><p>" * 300_000)
    yield on_list("tags-comments", "has a million comments that do not end", "<!--" * 900_000)
    attributes = "<p " + " ".join(f"a{number}" for number in range(500_000)) + ">"
    yield on_list("attributes-500000", "has a tag of 500,000 attributes", attributes, site=UNREAD)
    some = attributes[:430_000].rpartition(" ")[0] + ">"
    yield on_list("attributes-60000", "has a tag of 60,000 attributes", some, heavy=True)
    scripted = "".join(f"<a href='javascript:f{number}(1)'>x</a>" for number in range(5_000))
    yield on_list("scripts-5000", "has 5,000 links by scripts in 3 MB", scripted + "x" * 3_000_000)
    sums = "'a'+" + "+".join(f"x{number}" for number in range(200))
    calls = "".join(f"<a href='javascript:f({number})'>x</a>" for number in range(500))
    yield on_list(
        "scripts-sums", "has scripts of long sums", f"{calls}<script>function f(n){{{sums}}}</script>{'y' * MEGABYTE}"
    )
    clicks = "<div onclick=x>" * 2_000 + "<b>" * 1_000_000
    yield on_list("clicks-nested", "nests 2,000 rows that can be clicked", clicks)
    yield case("attributes-article", "has an article of 500,000 attributes", http(article(attributes)))
    yield on_list(
        "refresh-blank", "has 60,000 blanks in a refresh", f"<meta http-equiv=refresh content='{' ' * 60_000}'>"
    )
    yield on_list(
        "refresh-blanks",
        "has a hundred refreshes of blanks",
        f"<meta http-equiv=refresh content='{' ' * 30_000}'>" * 100,
    )
    yield on_list(
        "pager-long", "names the pager's function 250,000 times", f"<script>{'createPageHTML' * 250_000}</script>"
    )
    yield on_list(
        "pager-odd", "has a pager of 10^5 pages", "<script>createPageHTML(99999, 0, 'index', 'html')</script>", most=6
    )
    yield on_list("line-4mb", "has a line of 3.9 MB", "x" * 3_900_000)
    yield Case(
        name="list-17mb",
        does="has a list of 17 MB",
        pages={LIST: late(lambda: http(links.encode() + bytes(17 * MEGABYTE)))},
        path=LIST,
        page="200 length",
        site=UNREAD,
        heavy=True,
    )
    million = "".join(f"<a href=/x/{number}>y</a>" for number in range(200_000))
    yield whole_list("links-200000", "has 200,000 links", links + million, UNREAD)
    yield on_list(
        "links-sections",
        "has 3,000 sections",
        "".join(f"<a href='/s{n}/'>医院新闻{n}</a>" for n in range(3_000)),
        site="ok, 3 articles",
        keys={"maximum_pages": 20},
        most=22,
    )
    yield on_list("entities", "has a million entities", "&amp;&#0;&#xD800;&nbsp" * 180_000)
    yield on_list("title-long", "has a title of 3 MB", f"<title>{'题' * MEGABYTE}</title>")
    yield on_list("nul", "has NULs in its tags", "<a\0 href='/info/1018/103.html'>\0</a>\0" * 100)
    yield on_list(
        "frames",
        "shows a frameset and frames from inside",
        f"<frameset><frame src='{INSIDE}'></frameset><iframe src='{INSIDE}'></iframe>",
    )
    yield on_list(
        "images",
        "shows images, styles and scripts from inside",
        f"<img src='{INSIDE}'><link rel=stylesheet href='{INSIDE}'><script src='{INSIDE}'></script>",
    )
    for name, does, body, mime in (
        ("exe", "sends a program as HTML", b"MZ\x90\0" + bytes(range(256)) * 200, "text/html"),
        ("pdf", "sends a PDF as HTML", b"%PDF-1.7\n" + bytes(range(256)) * 200, "text/html"),
        ("zip", "sends a ZIP as HTML", b"PK\3\4" + bytes(range(256)) * 200, "text/html"),
        ("png", "sends HTML as an image", article().encode(), "image/png"),
        ("json", "sends HTML as JSON", article().encode(), "application/json"),
        ("none", "sends HTML without a type", article().encode(), ""),
        ("odd", "sends HTML as nonsense", article().encode(), ";;;=\x01/医".encode("gbk").decode("latin-1")),
        ("empty", "sends an empty page", b"", "text/html"),
        ("blank", "sends a page of blanks", b" \n" * 100_000, "text/html"),
    ):
        yield case(f"type-{name}", does, http(body, mime=mime))
        if body[:2] in (b"MZ", b"%P", b"PK") or not body.strip():
            failed = "failed: not read for links" if not body.strip() else "ok, 0 articles"
            yield whole_list(f"type-{name}-list", f"{does}, for its list", body, failed, mime=mime)


def charsets() -> Iterator[Case]:
    """Encodings of text, and lies about them."""
    page = article().replace("<head>", "<head><meta charset='{}'>")
    for label in (
        "idna",
        "rot13",
        "base64",
        "hex",
        "zlib",
        "undefined",
        "unicode_escape",
        "utf-7",
        "x" * 3_000,
        "punycode",
        "mbcs",
    ):
        saying = page.format(label)
        yield case(
            f"charset-{label[:14].replace('_', '-')}",
            f"says charset={label[:14]}",
            http(saying, mime=f"text/html; charset={label}"),
        )
        yield whole_list(
            f"charset-{label[:14].replace('_', '-')}-list",
            "the same, for its list",
            f"<html><meta charset='{label}'>{TITLE}<ul>{rows(*ARTICLES)}</ul>",
            "ok, 3 articles",
            mime=f"text/html; charset={label}",
        )
    plain = f"<html>{TITLE}<ul>{rows(*ARTICLES)}</ul>"
    little, noise, shifted = plain.encode("utf-16-le"), bytes(range(128, 256)) * 400, b"\x1b$)A\x0e;y\x0f" * 400
    for name, does, body, mime in (
        ("gbk-as-utf8", "sends GBK as UTF-8", plain.encode("gbk"), "text/html; charset=utf-8"),
        ("utf8-as-gbk", "sends UTF-8 as GBK", plain.encode(), "text/html; charset=gbk"),
        ("utf16", "sends UTF-16", plain.encode("utf-16"), "text/html"),
        ("utf16-odd", "sends UTF-16 of an odd length", plain.encode("utf-16") + b"\0", "text/html; charset=utf-16"),
        ("utf32", "sends UTF-32", plain.encode("utf-32"), "text/html"),
        ("surrogates", "sends lone surrogates in UTF-16", little + b"\x00\xd8" * 200, "text/html; charset=utf-16le"),
        ("bom-lie", "has a byte order mark of UTF-8 before GBK", b"\xef\xbb\xbf" + plain.encode("gbk"), "text/html"),
        ("mixed", "mixes GBK and UTF-8", plain.encode("gbk") + plain.encode(), "text/html"),
        ("noise", "has noise behind the list", plain.encode() + noise, "text/html; charset=utf-8"),
        ("iso2022", "shifts with ISO-2022-CN", plain.encode() + shifted, "text/html; charset=iso-2022-cn"),
    ):  # fmt: skip
        yield whole_list(f"charset-{name}", does, body, "ok, 3 articles", mime=mime)


def links() -> Iterator[Case]:
    """Links."""
    row = '<li><a href="{}">我院召开年度工作总结大会部署近期任务</a><span>2022-08-22</span></li>'

    def to(name: str, does: str, *hrefs: str, **more: Any) -> Case:
        return on_list(f"link-{name}", does, "".join(row.format(href) for href in hrefs), **more)

    port, inside = SELF.decode(), CANARY.decode()
    yield to("file", "links to files", "file:///etc/passwd", "file:/etc/shadow", "ftp://127.0.0.1/info/1/1.html")
    yield to(
        "script", "links to scripts", "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x"
    )
    yield to(
        "inside",
        "links to the inside",
        f"{INSIDE}/info/1/1.html",
        f"//localhost:{inside}/info/1/1.html",
        f"http://[::1]:{inside}/info/1/1.html",
    )
    yield to(
        "forms",
        "links to the inside in odd forms",
        *(
            f"http://{form}:{inside}/info/1/1.html"
            for form in ("2130706433", "0x7f.1", "0177.1", "127.1", "１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1")
        ),
    )
    yield to(
        "user",
        "links to itself with a password",
        f"http://user:pass@127.0.0.1:{port}/info/1018/103.html",
        pages={"/info/1018/103.html": GOOD},
        site="ok, 4 articles",
    )
    yield to(
        "tricky",
        "links to the inside behind its own name",
        f"http://127.0.0.1:{port}@127.0.0.1:{inside}/info/1/1.html",
        f"http://127.0.0.1:{inside}\\@127.0.0.1:{port}/info/1/1.html",
        f"http://127.0.0.1:{inside}#@127.0.0.1:{port}/info/1/1.html",
        most=6,
    )
    yield to(
        "control",
        "has control characters in links",
        "/info/1018/1&#1;03.html",
        "/info/\t1018/1\r\n04.html",
        "/info/1018/105.html\0",
        "\x01/info/1018/106.html",
        most=10,
    )
    yield to(
        "header",
        "has a header in a link",
        "/info/1018/103.html HTTP/1.1&#13;&#10;Host: evil&#13;&#10;&#13;&#10;",
        "/info/1018/%0d%0aX:y/104.html",
        most=8,
    )
    yield to("long", "links to 64 KB of URL", "/info/1018/" + "9" * 65_000 + ".html")
    yield to(
        "homograph",
        "links to look-alikes of its name",
        f"http://127.0.0.l:{port}/info/1/1.html",
        f"http://аррӏе.test:{port}/info/1/1.html",
        f"http://xn--80ak6aa92e.test:{port}/info/1/1.html",
        f"http://localhost。:{port}/info/1/1.html",
    )
    yield to(
        "ports",
        "links to other ports of its own",
        "http://127.0.0.1:1/info/1/1.html",
        "http://127.0.0.1:99999/info/1/1.html",
        "http://127.0.0.1:0x1/info/1/1.html",
        "http://127.0.0.1:-1/info/1/1.html",
    )
    yield to(
        "brackets",
        "links to broken IPv6",
        "http://[::1/info/1/1.html",
        "http://]/info/1/1.html",
        "http://[v1.x]/info/1/1.html",
        "http://[::ffff:7f00:1%25eth0]:1/info/1/1.html",
    )
    yield to(
        "percent",
        "has wrong percent signs in links",
        "/info/1018/%.html",
        "/info/1018/%zz103.html",
        "/info/1018/%00104.html",
        "/info/1018/%ff%fe105.html",
        most=10,
    )
    yield to(
        "surrogates",
        "has half characters in links",
        "/info/1018/&#xD800;103.html",
        "/info/1018/&#x110000;.html",
        most=8,
    )
    yield to(
        "spaces",
        "has blanks in links",
        "/info/1018/1 0 3.html",
        "  /info/1018/104.html  ",
        "/info/1018/105.html?a=b c",
        most=8,
    )
    yield to(
        "dots",
        "links up the tree",
        "/../../../../etc/passwd",
        "/info/../../1018/103.html",
        "/%2e%2e/%2e%2e/info/1018/104.html",
        most=9,
    )
    yield to(
        "thousand",
        "links a thousand times to one page with other fragments and sessions",
        *(f"{ARTICLES[0]};jsessionid={number:032}?PHPSESSID={number}#a{number}" for number in range(1_000)),
        most=6,
    )
    for name, href in (
        ("foreign", "http://elsewhere.test/"),
        ("inside", f"{INSIDE}/"),
        ("script", "javascript:alert(1)"),
        ("file", "file:///etc/"),
        ("broken", "http://["),
    ):
        site = "ok, 0 articles" if name in ("foreign", "inside") else "ok, 3 articles"
        yield on_list(
            f"base-{name}",
            f"has a base of {href.replace(CANARY.decode(), 'canary')}",
            head=f"<base href='{href}'>",
            site=site,
        )
    for name, href in (
        ("self", LIST),
        ("inside", f"{INSIDE}/"),
        ("foreign", "http://elsewhere.test/"),
        ("script", "javascript:alert(1)"),
        ("file", "file:///etc/passwd"),
        ("data", "data:text/html,x"),
    ):
        yield on_list(
            f"refresh-{name}",
            f"refreshes to {href.replace(CANARY.decode(), 'canary')}",
            f"<meta http-equiv='refresh' content='0;url={href}'>",
        )
    there = {
        "/r2/": listing("<meta http-equiv=refresh content='0;url=/r3/'>"),
        "/r3/": listing("<meta http-equiv=refresh content='0;url=/news/'>"),
    }
    yield on_list(
        "refresh-loop",
        "refreshes round and round",
        "<meta http-equiv='refresh' content='0;url=/r2/'>",
        pages=there,
        most=8,
    )
    yield on_list(
        "refresh-many",
        "refreshes to 90 pages",
        "".join(f"<meta http-equiv=refresh content='0;url=/r/{n}/'>" for n in range(90)),
        keys={"maximum_pages": 20},
        most=22,
    )


def cases() -> Iterator[Case]:
    """All of them."""
    for group in (markup, charsets, links):
        yield from group()
