"""Cases of sites without end, of sitemaps and of feeds."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.hostile.case import (
    ARTICLES,
    CANARY,
    GOOD,
    LIST,
    SELF,
    TARGET,
    TITLE,
    Answer,
    Case,
    article,
    http,
    late,
    listing,
    made,
    rows,
)
from benchmarks.hostile.pages import INSIDE

XML = '<?xml version="1.0" encoding="utf-8"?>'


def traps() -> Iterator[Case]:
    """Sites without end. A budget ends what the rules do not."""
    budget = {"maximum_pages": 30}

    def site_of(name: str, does: str, page: Answer, articles: str, most: int = 32, **more: Any) -> Case:
        return Case(
            name=f"trap-{name}",
            does=does,
            pages={"/robots.txt": http("", "404 No")},
            any_page=page,
            path=LIST,
            site=articles,
            most=most,
            keys=budget,
            **more,
        )

    def number(path: str) -> int:
        digits = "".join(char for char in path if char.isdigit())
        return int(digits[-9:] or 0)

    def calendar(path: str) -> bytes:
        day = number(path) + 1
        cells = "".join(f"<a href='/calendar/?year=2022&month={m}&day={day}'>{m}月新闻动态</a>" for m in range(1, 13))
        return http(f"<html>{TITLE}<table>{cells}</table><a href='/calendar/?month={day}'>下一页</a></html>")

    yield site_of("calendar", "has a calendar without end", made(calendar), "ok, 0 articles", 6)

    def pager(path: str) -> bytes:
        return http(
            f"<html>{TITLE}<ul>{rows(*ARTICLES)}</ul><a href='/news/index_{number(path) + 1}.html'>下一页</a></html>"
        )

    good = dict.fromkeys(ARTICLES, GOOD)
    yield Case(
        name="trap-pager",
        does="has next pages without end, all the same",
        pages={**good},
        any_page=made(pager),
        path=LIST,
        most=8,
    )

    def fresh(path: str) -> bytes:
        if "/info/" in path:
            return GOOD
        page = number(path) + 1
        here = rows(*(f"/info/{page}/{n}.html" for n in range(5)))
        return http(f"<html>{TITLE}<ul>{here}</ul><a href='/news/index_{page}.html'>下一页</a></html>")

    yield site_of("fresh", "has next pages with new articles without end", made(fresh), "ok, 24 articles")

    def deeper(path: str) -> bytes:
        folder = path if path.endswith("/") else path + "/"
        return http(f"<html>{TITLE}<ul>{rows(folder + 'a/1.html')}</ul><a href='{folder}news/'>医院新闻</a></html>")

    yield site_of("deeper", "has folders in folders without end", made(deeper), "ok, 1 articles", 24)

    relative = http(f"<html>{TITLE}<ul>{rows('a/a/1.html')}</ul><a href='news/'>医院新闻</a></html>")
    yield site_of("relative", "has relative links that lead ever deeper", relative, "ok, 1 articles", 24)

    counter = itertools.count()

    def session(_: str) -> bytes:
        sid = f"{next(counter):032x}"
        listed = rows(*(f"{one};jsessionid={sid}?sid={sid}" for one in ARTICLES))
        more = f"<a href='/news/?PHPSESSID={sid}'>医院新闻</a><a href='/news/;jsessionid={sid}'>下一页</a>"
        return http(f"<html>{TITLE}<ul>{listed}</ul>{more}</html>")

    yield site_of("session", "has a new session in every link", made(session), "ok, 3 articles", 6)

    def random_links(_: str) -> bytes:
        now = next(counter)
        return http(f"<html>{TITLE}<ul>{rows(*(f'/info/{now}/{n}.html?r={now}' for n in range(20)))}</ul></html>")

    yield site_of("random", "has other links every time", made(random_links), "ok, 20 articles", 24)

    def sections(path: str) -> bytes:
        more = "".join(f"<a href=/news{number(path)}{n}/>医院新闻{n}</a>" for n in range(9))
        return http(f"<html>{TITLE}<ul>{rows(*ARTICLES)}</ul>{more}</html>")

    yield Case(
        name="trap-sections",
        does="has sections in sections without end",
        pages={**good},
        any_page=made(sections),
        path=LIST,
        most=24,
    )

    def query(path: str) -> bytes:
        longer = f"{path}{'&' if '?' in path else '?'}"
        here = "".join(f"<a href='{longer}page={n}'>{n}</a><a href='{longer}page={n}'>下一页</a>" for n in range(2, 6))
        return http(f"<html>{TITLE}<ul>{rows(*ARTICLES)}</ul>{here}</html>")

    yield Case(
        name="trap-query",
        does="has queries that grow without end",
        pages={**good},
        any_page=made(query),
        path=LIST,
        most=10,
    )


def maps() -> Iterator[Case]:
    """Sitemaps and feeds."""

    def sitemap(
        name: str,
        does: str,
        body: bytes | str | Callable[[], bytes | str],
        site: str = "ok, 3 articles",
        mime: str = "text/xml",
        **more: Any,
    ) -> Case:
        robots = http(f"Sitemap: http://127.0.0.1:{SELF.decode()}/map.xml", mime="text/plain")
        answer = late(lambda: http(body(), mime=mime)) if callable(body) else http(body, mime=mime)
        pages = {"/robots.txt": robots, "/map.xml": answer, **more.pop("pages", {})}
        return Case(
            name=f"map-{name}", does=f"has a sitemap that {does}", pages=pages, path="/map.xml", site=site, **more
        )

    def urls(*places: str) -> str:
        return f"{XML}<urlset>{''.join(f'<url><loc>{place}</loc></url>' for place in places)}</urlset>"

    def index(*places: str) -> str:
        return (
            f"{XML}<sitemapindex>{''.join(f'<sitemap><loc>{place}</loc></sitemap>' for place in places)}</sitemapindex>"
        )

    lol = "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(12))
    yield sitemap("self", "is an index of itself", index("/map.xml"), most=6)
    circle = {"/map2.xml": http(index("/map.xml", "/map2.xml"), mime="text/xml")}
    yield sitemap("circle", "is an index of one that is an index of it", index("/map2.xml"), pages=circle, most=7)
    yield sitemap(
        "many",
        "is an index of 5,000 sitemaps",
        index(*(f"/m{n}.xml" for n in range(5_000))),
        keys={"maximum_pages": 20},
        most=22,
    )
    yield sitemap(
        "bomb",
        "is a bomb of 200 MB",
        lambda: gzip.compress(f"{XML}<urlset>".encode() + b"<url/>" * (200 << 17)),
        mime="application/gzip",
        heavy=True,
    )
    yield sitemap(
        "elements",
        "has 4 million elements",
        lambda: f"{XML}<urlset>{'<a/>' * 4_000_000}</urlset>",
        heavy=True,
    )
    yield sitemap(
        "packed",
        "has 2 million elements, packed",
        lambda: gzip.compress(f"{XML}<urlset>{'<a/>' * 2_000_000}</urlset>".encode()),
    )
    yield sitemap("nested", "nests a million elements", f"{XML}<urlset>{'<a>' * 1_000_000}")
    yield sitemap(
        "attributes", "has 200,000 attributes", f"{XML}<urlset {' '.join(f'a{n}=1' for n in range(200_000))}/>"
    )
    yield sitemap(
        "lol",
        "has entities of a billion laughs",
        f"{XML}<!DOCTYPE l [<!ENTITY l0 'ha'>{lol}]><urlset><url><loc>&l12;</loc></url></urlset>",
    )
    yield sitemap(
        "quadratic",
        "has an entity of 500 KB 10,000 times",
        f"{XML}<!DOCTYPE l [<!ENTITY a '{'a' * 500_000}'>]><urlset><url><loc>{'&a;' * 10_000}</loc></url></urlset>",
    )
    yield sitemap(
        "xxe",
        "reads files and the inside",
        f"{XML}<!DOCTYPE l [<!ENTITY f SYSTEM 'file:///etc/passwd'><!ENTITY h SYSTEM '{INSIDE}/'>"
        f"<!ENTITY % p SYSTEM '{INSIDE}/'>%p;]><urlset><url><loc>/info/1018/&f;&h;.html</loc></url></urlset>",
        most=7,
    )
    yield sitemap(
        "dtd",
        "has a DTD inside",
        f"{XML}<!DOCTYPE urlset SYSTEM '{INSIDE}/x.dtd'><urlset><url><loc>{ARTICLES[0]}</loc></url></urlset>",
    )
    yield sitemap(
        "stylesheet",
        "has a style sheet inside",
        f"{XML}<?xml-stylesheet href='{INSIDE}/'?><urlset xmlns:xi='http://www.w3.org/2001/XInclude'>"
        f"<xi:include href='{INSIDE}/'/></urlset>",
    )
    yield sitemap(
        "inside",
        "names the inside",
        urls(f"{INSIDE}/info/1/1.html", "file:///etc/passwd", f"http://[::1]:{CANARY.decode()}/info/1/1.html"),
        most=6,
    )
    yield sitemap("torn", "is torn", urls(*ARTICLES)[:-60])
    yield sitemap(
        "torn-gzip", "is torn and packed", gzip.compress(urls(*ARTICLES).encode())[:-20], mime="application/gzip"
    )
    yield sitemap("html", "is a page", article(), mime="text/html")
    yield sitemap("noise", "is noise", bytes(range(256)) * 1_000)
    yield sitemap("empty", "is empty", "")
    yield sitemap(
        "100000",
        "names 100,000 pages",
        urls(*(f"/info/1018/{n}.html" for n in range(100_000, 200_000))),
        keys={"maximum_pages": 20},
        site="ok, 3 articles",
        most=22,
    )
    alternate = "<link rel=alternate type=application/rss+xml href=/feed.xml>"

    def feed(name: str, does: str, body: str | bytes, **more: Any) -> Case:
        pages = {LIST: listing(head=alternate), "/feed.xml": http(body, mime="text/xml")}
        return Case(name=f"feed-{name}", does=f"has a feed that {does}", pages=pages, path="/feed.xml", **more)

    items = "".join(
        f"<item><title>x</title><link>{place}</link></item>"
        for place in ("javascript:x", f"{INSIDE}/", "file:///x", "http://[")
    )
    yield feed("links", "links to scripts, files and the inside", f"{XML}<rss><channel>{items}</channel></rss>", most=7)
    yield feed(
        "lol",
        "has entities of a billion laughs",
        f"{XML}<!DOCTYPE l [<!ENTITY l0 'ha'>{lol}]><rss><channel><item><link>&l12;</link></item></channel></rss>",
    )
    yield feed(
        "dates",
        "has dates that are none",
        f"{XML}<rss><channel><item><link>{TARGET}</link><pubDate>Fri, 99 Foo 99999 99:99:99 +9999</pubDate></item>"
        "</channel></rss>",
    )
    yield feed(
        "cdata",
        "nests CDATA and pages",
        f"{XML}<rss><channel><item><link><![CDATA[{'<a>' * 100_000}]]></link></item></channel></rss>",
    )


def cases() -> Iterator[Case]:
    """All of them."""
    for group in (traps, maps):
        yield from group()
