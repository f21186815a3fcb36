from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Site
from spiders import links
from spiders.discovery import PageLinks, read_list
from spiders.feeds import sitemaps_of
from spiders.links import clean_url, looks_like_article, page_key
from spiders.naming import hospital_name, propose_site, site_name
from spiders.rows import MAXIMUM_LINKS, too_costly
from spiders.sites import parse_site

SITE = Site(name="demo", hospital="示范县人民医院", start_urls=("http://demo.test/",))
TITLES = (
    "我院召开第三季度医疗质量安全工作会议",
    "市卫健委领导来我院调研指导工作",
    "关于开展无偿献血活动的通知",
    "喜讯!我院荣获省级文明单位称号",
    "护理部组织应急演练",
    "我院成功开展首例心脏介入手术",
)
MENU = """<div class="nav"><ul><li><a href="/">首页</a></li><li><a href="/yygk/1001.html">医院概况</a></li>
<li><a href="/info/1002/1003.htm">领导班子成员介绍</a></li><li><a href="/keshi/12.html">心血管内科介绍</a></li>
<li><a href="/doctor/show-3-77.html">张三</a></li>
<li><a href="/xwzx/">新闻中心</a></li><li><a href="/tzgg/">通知公告</a></li>
<li><a href="/lxwm/1.html">联系我们</a></li></ul></div>"""
FOOTER = """<div class="footer">友情链接 <a href="http://wsj.gov.test/2022/0101/1.html">省卫生健康委员会网站首页</a>
<a href="/uploads/2022/08/form.pdf">门诊预约登记表下载请点击这里</a><a href="javascript:void(0)">返回顶部</a>
<a href="mailto:a@demo.test">投诉信箱欢迎您的来信</a> 版权所有 © 示范县人民医院</div>"""


def rows(urls: list[str], row: str) -> str:
    return "".join(
        row.format(url=url, title=title, day=f"2022-08-{day:02}", short=f"08-{day:02}", dotted=f"2022.08.{day:02}")
        for day, (url, title) in enumerate(zip(urls, TITLES, strict=True), 11)
    )


def page(block: str, pager: str = "") -> bytes:
    return f"<html><head><title>列表</title></head><body>{MENU}{block}{pager}{FOOTER}</body></html>".encode()


def numbered(pattern: str) -> list[str]:
    return [pattern.format(n=1300 + n) for n in range(6)]


LI = '<li><a href="{url}" title="{title}">{title}</a><span>{day}</span></li>'
# name -> where the page is, its article links, one row of its list, its pager, the next page
TEMPLATES: dict[str, tuple[str, list[str], str, str, str]] = {
    "vsb": ("/xwzx/yyxw.htm", numbered("/info/1018/{n}.htm"), LI,
            '<a href="yyxw/12.htm">下页</a><a href="yyxw/1.htm">尾页</a>', "/xwzx/yyxw/12.htm"),
    "table": ("/news/index.html", numbered("/2022/0822/{n}.html"),
              '<tr><td>·<a href="{url}">{title}</a></td><td>[{short}]</td></tr>',
              '<a href="index_2.html">2</a><a href="index_3.html">3</a>', "/news/index_2.html"),
    "phpcms": ("/index.php?m=content&c=index&a=lists&catid=12",
               numbered("/index.php?m=content&c=index&a=show&catid=12&id={n}"), LI,
               '<a href="/index.php?m=content&c=index&a=lists&catid=12&page=2">下一页</a>',
               "/index.php?m=content&c=index&a=lists&catid=12&page=2"),
    "dede": ("/a/xinwen/list_9_1.html", numbered("/a/xinwen/2022/0822/{n}.html"),
             '<li><span>{dotted}</span> <a href="{url}">{title}</a></li>',
             '<a href="list_9_2.html">2</a><a href="list_9_3.html">3</a><a href="list_9_2.html">下一页</a>'
             '<a href="list_9_8.html">末页</a>', "/a/xinwen/list_9_2.html"),
    "aspnet": ("/NewsList.aspx?cid=3", numbered("/NewsDetail.aspx?cid=3&id={n}"),
               '<div class="row"><a href="{url}">{title}</a><em>{day}</em></div>',
               "<a href=\"javascript:__doPostBack('pager','2')\">下一页</a>", ""),
    "trs": ("/xwdt/index.html", numbered("./202208/t20220822_{n}.html"), LI,
            '<script>createPageHTML(25, 0, "index", "html");</script>', "/xwdt/index_1.html"),
    "wordpress": ("/category/news/", numbered("/archives/{n}"),
                  '<article><h2><a href="{url}">{title}</a></h2><time>2022年8月22日</time></article>',
                  '<a rel="next" href="/category/news/page/2/">›</a>', "/category/news/page/2/"),
    "cards": ("/news/", numbered("/news/detail/{n}"),
              '<div class="card"><a href="{url}"><img src="/a.jpg"><p>{title}</p></a></div>',
              '<a href="/news/?page=2">&gt;</a>', "/news/?page=2"),
    "shows": ("/list-5-1.html", numbered("/show-5-{n}.html"), LI,
              '<a href="/list-5-1.html">1</a><a href="/list-5-2.html">2</a>', "/list-5-2.html"),
    "content": ("/node_5.html", numbered("/content_{n}.html"),
                '<p><a href="{url}">{title}</a> ({short})</p>',
                '<a href="/node_5_2.html"><span>下一页</span></a>', "/node_5_2.html"),
    "words": ("/xinwen/", [f"/xinwen/{word}.html" for word in ("huiyi", "diaoyan", "xianxue", "xixun", "lian", "shu")],
              LI, '<a href="/xinwen/index_2.html">后一页</a>', "/xinwen/index_2.html"),
    "query": ("/news.asp?type=2", numbered("/article.asp?id={n}"), LI,
              '<a href="?type=2&page=2">下一页&gt;&gt;</a>', "/news.asp?type=2&page=2"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_articles_and_the_next_page_of_a_template_are_found_without_rules(name: str) -> None:
    place, urls, row, pager, following = TEMPLATES[name]
    base = f"http://demo.test{place}"

    links = read_list(page(f"<ul class='list'>{rows(urls, row)}</ul>", pager), base, SITE)

    assert [link.url for link in links.articles] == [clean_url(url, base) for url in urls]
    assert [link.title for link in links.articles] == list(TITLES)
    if "{day}" in row or "{dotted}" in row:
        assert [link.date for link in links.articles] == [f"2022-08-{day}" for day in range(11, 17)]
    assert links.next_pages[:1] == ((f"http://demo.test{following}",) if following else ())
    assert {link.url for link in links.sections} <= {"http://demo.test/xwzx/", "http://demo.test/tzgg/"}
    assert links.problem == ""


def test_a_site_may_override_what_is_decided() -> None:
    body = page(
        '<a href="/x?n=7">公告</a><a href="/x?n=8">八</a><a href="/more?to=3">其他</a><a href="/more?to=2">二</a>'
    )
    site = Site(
        name="demo",
        hospital="x",
        start_urls=("http://demo.test/",),
        article_urls=r"/x\?n=\d+$",
        next_pages=r"/more\?to=\d+$",
    )

    links = read_list(body, "http://demo.test/", site)

    assert [link.url for link in links.articles] == ["http://demo.test/x?n=7", "http://demo.test/x?n=8"]
    assert links.next_pages == ("http://demo.test/more?to=2", "http://demo.test/more?to=3")


def test_a_page_in_gbk_that_claims_otherwise_is_read() -> None:
    place, urls, row, *_ = TEMPLATES["table"]
    body = page(rows(urls, row)).decode().encode("gb18030")

    links = read_list(body, f"http://demo.test{place}", SITE, content_type="text/html; charset=iso-8859-1")

    assert [link.title for link in links.articles] == list(TITLES)


def test_sections_are_the_news_and_nothing_else() -> None:
    more = '<div><h3>医院动态</h3><a href="/yydt/">更多&gt;&gt;</a></div>'
    block = more + '<a href="/zjtd/">专家团队</a><a href="/dj/">党建工作</a>'

    links = read_list(page(block), "http://demo.test/", SITE)

    assert [(link.title, link.url) for link in links.sections] == [
        ("新闻中心", "http://demo.test/xwzx/"),
        ("通知公告", "http://demo.test/tzgg/"),
        ("医院动态", "http://demo.test/yydt/"),
        ("党建工作", "http://demo.test/dj/"),
    ]


def test_sitemaps_feeds_and_refreshes_are_read() -> None:
    urlset = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><loc>http://demo.test/info/1/12.html</loc><lastmod>2022-08-22T10:00:00+08:00</lastmod></url>
    <url><loc>http://demo.test/</loc></url><url><loc>http://other.test/info/1/13.html</loc></url></urlset>"""
    for body in (urlset, gzip.compress(urlset)):
        links = read_list(body, "http://demo.test/sitemap.xml", SITE)
        assert [(link.url, link.date) for link in links.articles] == [("http://demo.test/info/1/12.html", "2022-08-22")]

    nested = b"<sitemapindex><sitemap><loc>/a.xml.gz</loc></sitemap><sitemap><loc>/b.xml</loc></sitemap></sitemapindex>"
    assert read_list(nested, "http://demo.test/s.xml", SITE).lists == (
        "http://demo.test/a.xml.gz",
        "http://demo.test/b.xml",
    )
    rss = "<rss><channel><item><title>通知</title><link>http://demo.test/x/y</link></item></channel></rss>".encode()
    assert read_list(rss, "http://demo.test/rss", SITE).articles[0].url == "http://demo.test/x/y"
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/p/1"/></entry></feed>'
    assert read_list(atom, "http://demo.test/atom", SITE).articles[0].url == "http://demo.test/p/1"
    home = b"""<meta http-equiv="Refresh" content="0; URL='/index.htm'"><link rel="alternate" type="application/rss+xml"
    href="/feed">"""
    assert read_list(home, "http://demo.test/", SITE).lists == ("http://demo.test/index.htm", "http://demo.test/feed")
    robots = "User-agent: *\nSitemap: http://demo.test/sitemap.xml\nsitemap:/s2.xml # two\nSitemap: http://evil.test/x"
    assert sitemaps_of(robots, SITE, "http://demo.test/") == [
        "http://demo.test/sitemap.xml",
        "http://demo.test/s2.xml",
    ]


def test_entities_of_a_sitemap_are_not_resolved() -> None:
    bomb = b"""<?xml version="1.0"?><!DOCTYPE u [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "xxxxxxxxxx">
    <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><urlset><url><loc>http://demo.test/info/1/&a;&c;12.html</loc></url></urlset>"""

    assert all("xxx" not in link.url for link in read_list(bomb, "http://demo.test/s.xml", SITE).articles)


@pytest.mark.parametrize(
    ("link", "cleaned"),
    [
        ("/a.html#top", "http://demo.test/a.html"),
        ("a.html;jsessionid=0A1B2C?x=1&PHPSESSID=abc", "http://demo.test/news/a.html?x=1"),
        ("?id=3&sid=0123456789abcdef0123", "http://demo.test/news/?id=3"),
        ("article.asp?sid=12&id=3", "http://demo.test/news/article.asp?sid=12&id=3"),
        ("HTTP://DEMO.test:80/B.html", "http://demo.test/B.html"),
        ("//cdn.demo.test:8080/x", "http://cdn.demo.test:8080/x"),
        ("\\news\\1.html", "http://demo.test/news/1.html"),
        (" /a b.html\n", "http://demo.test/a%20b.html"),
        ("/新闻/1.html", "http://demo.test/%E6%96%B0%E9%97%BB/1.html"),
        ("javascript:void(0)", ""),
        ("file:///etc/passwd", ""),
        ("data:text/html,x", ""),
        ("http://[broken/", ""),
        ("http://demo.test:99999/", ""),
        ("#", ""),
        ("", ""),
        ("/a/b/a/b/a/b/a/b/", ""),
        ("/" + "x/" * 5, ""),
        ("/" + "y" * 600, ""),
        ("/" + "/".join("abcdefghijklmnop"), ""),
    ],
)
def test_a_link_becomes_the_one_url_of_its_page(link: str, cleaned: str) -> None:
    assert clean_url(link, "http://demo.test/news/") == cleaned


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="abZ019_-./", max_size=14),
    st.sampled_from(
        ["http://demo.test/news/", "https://demo.test:8443/a.html", "http://Demo.test:80/x", "http://[::1]/"]
    ),
)
def test_the_short_way_to_a_url_is_the_long_way(path: str, base: str) -> None:
    short = clean_url(f"/{path}", base)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "PLAIN_PATH", re.compile("(?!)"))
        assert clean_url(f"/{path}", base) == short


def test_links_to_other_hosts_are_not_followed() -> None:
    hosts = ("other.test", "www.demo.test", "demo.test:8080", "demo.test@other.test")
    row = '<li><a href="http://{}/2022/0822/12.html">我院召开第三季度医疗质量安全工作会议</a>2022-08-22</li>'

    links = read_list(page("".join(row.format(host) for host in hosts)), "http://demo.test/", SITE)

    assert [link.url for link in links.articles] == ["http://www.demo.test/2022/0822/12.html"]


def test_a_calendar_leads_nowhere() -> None:
    days = "".join(f'<td><a href="/news/?year=2022&month=8&day={day}">{day}</a></td>' for day in range(1, 32))
    months = '<a href="/news/?year=2022&month=9">下一页</a>'

    links = read_list(page(f"<table>{days}</table>{months}"), "http://demo.test/news/", SITE)

    assert (links.articles, links.next_pages) == ((), ())


def test_the_pages_of_one_list_share_a_key() -> None:
    same = [
        ("http://d.test/news/", "http://d.test/news/index_2.html", "http://d.test/news/2.html"),
        ("http://d.test/list_9_1.html", "http://d.test/list_9_22.html"),
        ("http://d.test/n.asp?c=3", "http://d.test/n.asp?page=2&c=3"),
        ("http://d.test/blog/", "http://d.test/blog/page/3/"),
    ]
    for group in same:
        assert len({page_key(url) for url in group}) == 1, group
    assert page_key("http://d.test/news/") != page_key("http://d.test/other/")
    assert page_key("http://d.test/n.asp?c=3") != page_key("http://d.test/n.asp?c=4")


# fmt: off
ARTICLES = [
    "/info/1018/1312.html", "/2022/0822/12.html", "/content_123.html", "/article.php?id=3", "/show-12-34.html",
    "/art/2022/8/22/art_123_456.html", "/html/news/1234.html", "/index.php?a=show&id=3",
]
OTHERS = [
    "/", "/news/", "/index_2.html", "/list_9_2.html", "/list-5-1.html", "/list.php?id=3", "/about.html",
    "/category/news/page/2/", "/2022/0822/photo.jpg", "/calendar/2022/08/22/x.html",
]
# fmt: on


def test_what_looks_like_an_article() -> None:
    assert [path for path in ARTICLES if not looks_like_article(f"http://demo.test{path}")] == []
    assert [path for path in OTHERS if looks_like_article(f"http://demo.test{path}")] == []


BOMBS: dict[str, Callable[[], bytes]] = {
    "attributes": lambda: b"<a href='/x' " + b" ".join(b'a%d="1"' % n for n in range(100_000)) + b">x</a>",
    "bare attributes": lambda: b"<a " + b" ".join(b"a%d" % n for n in range(100_000)) + b">x</a>",
    "slashed attributes": lambda: b"<a " + b"/".join(b"a%d" % n for n in range(100_000)) + b">x</a>",
    "attributes beside quotes": lambda: b"<a " + b"".join(b"a%d=''" % n for n in range(100_000)) + b">x</a>",
    "nesting": lambda: b"<div>" * 50_000 + b"<a href='/2022/0822/1.html'>x</a>",
    "nested links": lambda: b"<a href=x>" * 8_000,
    "links": lambda: b"".join(b"<li><a href=/n/%d.html>\xe6\x88\x91\xe9\x99\xa2</a>" % n for n in range(4_500)),
    "one block of links": lambda: (
        b"<p>" + b"x" * 1_000_000 + b"".join(b"<a href=/%d.html>t</a>" % n for n in range(15_000))
    ),
    "long urls": lambda: b"".join(b"<a href=/list%s!%d>title</a>" % (b"1" * 430, n) for n in range(2_000)),
    "digits": lambda: b"".join(b"<a href=/news%s>title</a>" % (b"-1" * 200) for _ in range(2_000)),
    "one text": lambda: b"<a href=/1.html>" + "医院".encode() * 600_000,
    "comments": lambda: b"<!--" * 500_000,
    "size": lambda: b"x" * 5_000_000,
    "nul": lambda: b"\0" * 100_000 + b"<a href=/2022/0822/1.html>x</a>",
    "xml nesting": lambda: b"<?xml version='1.0'?>" + b"<a>" * 100_000,
    "gzip bomb": lambda: gzip.compress(b"<urlset>" + bytes(30_000_000)),
    "gzip liar": lambda: b"\x1f\x8b" + b"junk" * 100,
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_page_can_hold_the_crawler_up(name: str) -> None:
    body = BOMBS[name]()
    began = time.process_time()

    links = read_list(body, "http://demo.test/", SITE)

    assert time.process_time() - began < 4, "seconds"
    assert len(links.articles) <= MAXIMUM_LINKS
    assert isinstance(links, PageLinks)


def test_what_is_too_costly_is_said() -> None:
    assert "larger than 4 MiB" in read_list(b"x" * 5_000_000, "http://demo.test/", SITE).problem
    assert "words and attributes" in read_list(BOMBS["attributes"](), "http://demo.test/", SITE).problem
    assert too_costly(page(rows(numbered("/a/{n}.html"), LI))) == ""


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(st.binary(max_size=300), st.text(alphabet="<>ahref=\"'/ .?&#x;0123下一页", max_size=300).map(str.encode))
)
def test_nothing_that_a_page_holds_raises(body: bytes) -> None:
    assert isinstance(read_list(body, "http://demo.test/news/", SITE), PageLinks)


def test_the_hospital_is_named_by_titles_and_footers() -> None:
    pages = [
        "<title>医院动态-示范县人民医院</title><p>我院与省立医院合作</p><div>版权所有：示范县人民医院 鲁ICP备1号</div>",
        "<title>示范县人民医院</title><p>转自市中心医院</p><div>Copyright © 示范县人民医院</div>",
    ]

    assert hospital_name(text.encode() for text in pages) == "示范县人民医院"
    assert hospital_name([b"<title>Home</title>", b""]) == ""


def test_a_proposed_toml_is_short_and_loads() -> None:
    text = propose_site("http://demo.test/", 'a "quoted"\\ name\x7f\n', [f"http://demo.test/{n}/" for n in range(20)])

    site = parse_site(text, "demo.toml")

    assert site.hospital == 'a "quoted"\\ name\x7f\n'
    assert len(site.start_urls) == 5
    assert len(text.splitlines()) <= 12


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.mengyinyy.com/", "mengyinyy"),
        ("http://news.demo-hospital.org.cn/x", "news-demo-hospital"),
        ("http://127.0.0.1:8001/", "127-0-0-1-8001"),
        ("http://demo.gov.cn/", "demo"),
        ("http://[::1]:80/", "1-80"),
    ],
)
def test_a_site_is_called_by_its_host(url: str, name: str) -> None:
    assert site_name(url) == name


def printed(html: str) -> list[tuple[str, str]]:
    found = read_list(f"<html><body>{html}</body></html>".encode(), "http://demo.test/news/", SITE)
    return [(link.date, link.printed) for link in found.articles]


def test_the_date_beside_a_link_is_kept_as_printed() -> None:
    row = "<li><a href='/info/10/{n}.html'>我院召开医疗质量安全工作会议</a><span>{date}</span></li>"
    dates = ["2022-08-11", "[2022/8/12]", "2022年8月13日", "发布时间：2022.08.14 10:30", "08-15"]
    html = "".join(row.format(n=n, date=date) for n, date in enumerate(dates, 100))

    assert printed(f"<ul>{html}</ul>") == [
        ("2022-08-11", "2022-08-11"),
        ("2022-08-12", "2022/8/12"),
        ("2022-08-13", "2022年8月13日"),
        ("2022-08-14", "2022.08.14 10:30"),
        ("", ""),
    ]


def test_a_date_in_a_title_is_the_events_and_not_the_pages() -> None:
    titled = "<li><a href='/info/10/{n}.html'>关于2021年5月{n}日停电检修影响门诊的通知</a>{beside}</li>"

    assert printed(titled.format(n=12, beside="<i>2021-05-10</i>") * 3) == [("2021-05-10", "2021-05-10")]
    assert printed(titled.format(n=12, beside="") * 3) == [("2021-05-12", "")]


def test_a_date_is_not_lent_to_the_article_beside_it() -> None:
    html = (
        "<div><p><a href='/info/10/101.html'>我院召开医疗质量安全工作会议</a></p>"
        "<p><a href='/info/10/102.html'>市卫健委领导来我院调研指导工作</a><span>2022-08-12</span></p></div>"
    )

    assert [date for _, date in printed(html)] == ["", "2022-08-12"]


def test_a_feed_says_when_it_published_and_a_sitemap_only_when_it_changed() -> None:
    feed = "<item><link>http://demo.test/{n}.html</link><pubDate>Thu, 11 Aug 2022 08:00:00 +0800</pubDate></item>"
    rss = f"<?xml version='1.0'?><rss><channel>{feed.format(n=1)}</channel></rss>".encode()
    entry = "<url><loc>http://demo.test/info/10/101.html</loc><lastmod>2022-08-11</lastmod></url>"
    sitemap = f"<?xml version='1.0'?><urlset>{entry}</urlset>".encode()

    published = read_list(rss, "http://demo.test/rss.xml", SITE).articles[0]
    changed = read_list(sitemap, "http://demo.test/sitemap.xml", SITE).articles[0]

    assert (published.date, published.printed) == ("2022-08-11", "2022-08-11 08:00:00+08:00")
    assert (changed.date, changed.printed) == ("2022-08-11", "")
