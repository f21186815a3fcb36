"""Find the articles of a site without rules: in goes a fetched list page, feed or sitemap, out come its links.

`read_list` tells article links, the next page and the news sections apart from the rest. A site's `article_urls` and
`next_pages` override what is decided here. No request is made here, and no Scrapy is needed. The parts: `links` (what
an URL says), `rows` (what stands around a link), `pager` (further pages), `feeds` (XML), `naming` (a new site's name).
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from pipeline.decode import decode
from pipeline.parts import may_have_pages, pages_of
from pipeline.records import Site
from spiders.feeds import gunzip, read_xml, sitemaps_of
from spiders.links import (
    DULL_PATH,
    LIST_URL,
    NO_ARTICLE,
    NO_PAGE,
    TRAP,
    Listed,
    PageLinks,
    clean_url,
    looks_like_article,
    on_site,
)
from spiders.pager import next_pages
from spiders.rows import DATE, PIECES, Anchor, anchors, base_of, length, parse, too_costly, words

__all__ = ["Listed", "PageLinks", "clean_url", "further_pages", "on_site", "read_list", "sitemaps_of"]

LONGEST_REFRESH = 2_000  # characters
ENOUGH = 3.0  # what speaks for an article, at least
LEAST = -2.0  # the same in a block most of whose links are articles
ROWS = 3  # links that make a block
NUMBER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}|\d+", re.IGNORECASE)  # in a URL
PAGER_HINT = re.compile(  # as in pipeline.parts, before anything is decoded: 下一, 下页, 后一 in UTF-8 and GBK
    "下一|下页|下頁|后一|後一".encode()
    + b"|\xcf\xc2\xd2\xbb|\xcf\xc2\xd2\xb3|\xba\xf3\xd2\xbb|createPageHTML|countPage"
    + rb"|>\s{0,9}\[?2\]?\s{0,9}</|>\s{0,9}[nN][eE][xX][tT]"
)
SLUG = re.compile(r"^[^#.?=]{3,}|^[^.?=]+-[^.?=]+-[^.?=]+")  # a name without a number, or of several words
REFRESH = re.compile(r"^\s*\d*(?:\.\d*)?\s*[;,]?\s*(?:url\s*=\s*)?['\"]?([^'\"\s]+)", re.IGNORECASE)
NEWS_WORDS = re.compile(
    r"新[闻聞]|[动動][态態]|要[闻聞]|公告|通知|通告|公示|[资資][讯訊]|快[讯訊]|喜[讯訊]|[简簡][讯訊]|[头頭][条條]|[报報][道导導]|聚焦|[时時]政"
    r"|党建|黨建|党[务務群风風]|黨[務群風]|清廉|廉政|[纪紀][检檢委]|[院医醫政][务務]公[开開]|信息公[开開]|[团團]建|工[会會]|文明|文化建[设設]"
    r"|公益|科研|[学學][术術]|招[标標]|采[购購]|媒[体體]|活[动動]|news",
    re.IGNORECASE,
)
DULL_WORDS = re.compile(
    r"[简簡]介|概[况況]|[专專]家|[医醫]生|科室[介导導]|[联聯]系|挂[号號]|[预預][约約]|指南|流程|地[图圖]|留言|投[诉訴]|登[录錄陆]|注[册冊]|English|首[页頁]"
    r"|[视視][频頻]|相册|下[载載]|[搜检檢]索|邮箱|[郵]箱|版[权權]|友情"
)
HAN = re.compile(r"[\u4e00-\u9fff]+")
LONGEST_HEADING = 12  # characters
ASIDE_HEADING = re.compile(  # what stands above a block that holds no news
    r"(?:概况|简介|文化|荣誉|环境|风貌|沿革)(?:更多)?$|科室|科[系别]|(?:专家|名医|医[生师]|名老?中医|护士)(?:介绍|团队|风采|荟萃|队伍|一览"
    r"|推荐|展示|门诊|出诊|查询)?(?:更多)?$|(?:就[医诊]|患者|便民|服务|办事|住院|门诊)(?:指南|服务|流程|须知|信息)|预约|挂号"
    r"|(?:设备|下载|标签|导航)(?:展示|介绍|中心|专区)?(?:更多)?$|友情|联系(?:我们|方式)|(?:特色|重点|临床)(?:专科|医疗|学科)"
    r"|专科(?:介绍|特色)|走进(?:医院|我院)?$|关于(?:我们|医院|本院)|体检套餐"
)
THING = re.compile(  # a department, a person, a service, a machine: no event
    r".{0,14}(?:科|病区|病房|室|门诊|中心|简介|概况|介绍|须知|流程|指南|说明|政策解[答读]|时间表|一览表?|地图|路线|医师|教授|专家|导师|护士长"
    r"|领导(?:班子)?|设置图?|文化(?:与愿景)?|荣誉(?:展示)?|环境(?:风采)?|沿革.{0,5}|系统|设备|[A-Z]{2}|机|流水线)(?:（.{1,12}）)?"
)
EVENT = re.compile(
    r"我院|我市|我县|我科|召开|举办|举行|开展|荣获|获得?|关于|通知|公告|公示|成功|组织|参加|顺利|喜[讯报]|走进|[赴到]|引进|启[动用]|完成|通过|启事|[!！:：|“”]"
)
MORE_WORDS = re.compile(r"(?:查看)?更多\W*|more\W*|MORE\W*|\+|\[更多\]")


def read_list(body: bytes, url: str, site: Site, *, content_type: str = "", number: int = 1) -> PageLinks:
    """Read the links of a list page, feed or sitemap of `site`. Never raises for what a page may hold.

    `body` is free of content encoding; `number` is the number of this page within its list.
    """
    if body[:2] == b"\x1f\x8b":  # a sitemap.xml.gz
        body = gunzip(body)
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<?xml", b"<urlset", b"<sitemapindex", b"<rss", b"<feed")) and b"<html" not in head:
        return read_xml(body, url, site)
    problem = too_costly(body)
    if problem:
        return PageLinks(problem=f"not read for links: {problem}")
    page = decode(body, content_type, site.charset)
    document = parse(page.text)
    if document is None:
        return PageLinks(problem="not read for links: no HTML")
    return _read_html(document, page.text, url, site, page.encoding, number)


def further_pages(body: bytes, url: str, site: Site, *, content_type: str = "") -> tuple[str, ...]:
    """The other pages of the article at `url`, in order, where it is spread over several; most often none."""
    if PAGER_HINT.search(body) is None or too_costly(body):
        return ()
    page = decode(body, content_type, site.charset)
    document = parse(page.text) if may_have_pages(page.text) else None
    if document is None:
        return ()
    found = pages_of(document, url, base_of(document, url, page.encoding)).urls
    urls = dict.fromkeys(clean_url(one, url, page.encoding) for one in found)
    return tuple(one for one in urls if one and one != clean_url(url, url) and on_site(one, site))


def _read_html(document: Any, text: str, url: str, site: Site, encoding: str, number: int) -> PageLinks:
    base = base_of(document, url, encoding)
    found = anchors(document, text, base, site, encoding)
    own = clean_url(url, url)
    articles = _articles(found, own, site)
    following, unfollowed = next_pages(found, document, text, own, base, site, number)
    return PageLinks(
        articles=tuple(one for one in articles.values() if on_site(one.url, site)),
        next_pages=tuple(following),
        sections=tuple(_sections(found, own)),
        lists=tuple(_other_lists(document, base, own, site, encoding)),
        title=words(next(document.iter("title"), None), 120),
        unfollowed=unfollowed,
        elsewhere=tuple(_elsewhere(articles.values(), site)),
    )


def _articles(found: Sequence[Anchor], own: str, site: Site) -> dict[str, Listed]:
    """The articles by URL. A block of links is judged as one: where most are articles, a short title is one as well."""
    rule = re.compile(site.article_urls) if site.article_urls else None
    blocks = _blocks(anchor for anchor in found if _may_be_article(anchor, own))
    best: dict[str, Listed] = {}
    for block in blocks.values():
        if not block.dated and _is_aside(block):
            continue
        scores = {id(anchor): _score(anchor, block) for anchor in block.anchors}
        good = {anchor.url for anchor in block.anchors if scores[id(anchor)] >= ENOUGH}
        block.threshold = LEAST if 2 * len(good) > len(block.urls) >= ROWS else ENOUGH
        block.chosen = {id(anchor) for anchor in block.anchors if scores[id(anchor)] >= block.threshold}
    for anchor in found:
        if not _may_be_article(anchor, own):
            continue
        if not (rule.search(anchor.url) if rule else id(anchor) in blocks[_block(anchor)].chosen):
            continue
        before = best.get(anchor.url)
        title = _title(anchor.text)
        best[anchor.url] = Listed(
            url=anchor.url,
            title=max(title, before.title, key=len) if before else title,
            date=anchor.date or (before.date if before else ""),
            printed=anchor.printed or (before.printed if before else ""),
        )
    return best


def _may_be_article(anchor: Anchor, own: str) -> bool:
    return bool(anchor.url) and anchor.url != own and not NO_PAGE.search(urlsplit(anchor.url).path)


def _elsewhere(articles: Iterable[Listed], site: Site) -> Iterator[str]:
    """Hosts beside the site's that several articles lie on."""
    hosts = collections.Counter(urlsplit(one.url).netloc for one in articles if not on_site(one.url, site))
    return (host for host, count in hosts.most_common() if count >= ROWS)


@dataclasses.dataclass(slots=True)
class _Block:
    anchors: list[Anchor] = dataclasses.field(default_factory=list)
    urls: set[str] = dataclasses.field(default_factory=set)
    lengths: list[int] = dataclasses.field(default_factory=list)
    dated: int = 0
    threshold: float = 0.0
    chosen: set[int] = dataclasses.field(default_factory=set)


def _block(anchor: Anchor) -> tuple[tuple[str, ...], str]:
    folder, _, name = NUMBER.sub("#", anchor.url).rpartition("/")
    return anchor.group[:3], f"{folder}/{SLUG.sub('*', name)}"


def _blocks(found: Iterable[Anchor]) -> dict[tuple[tuple[str, ...], str], _Block]:
    blocks: dict[tuple[tuple[str, ...], str], _Block] = collections.defaultdict(_Block)
    for anchor in found:
        block = blocks[_block(anchor)]
        block.anchors.append(anchor)
        block.urls.add(anchor.url)
        block.lengths.append(length(anchor.text))
        block.dated += anchor.dated
    return blocks


def _is_aside(block: _Block) -> bool:
    """Whether an undated block names departments, doctors, services or machines, by its heading or by its names."""
    heading = _heading_above(block.anchors[0].element)
    if heading:
        return bool(ASIDE_HEADING.search(heading)) and not NEWS_WORDS.search(heading)
    names = [anchor.text for anchor in block.anchors if anchor.text]
    things = sum(bool(THING.fullmatch(name)) and not EVENT.search(name) for name in names)
    return len(block.urls) >= ROWS and 2 * things > len(names)


def _heading_above(element: Any) -> str:
    """The short text that stands before a block, in Han characters; empty when something else stands there."""
    for around in itertools.islice(itertools.chain([element], element.iterancestors()), 6):
        for before in itertools.islice(around.itersiblings(preceding=True), 3):
            text = "".join(HAN.findall(words(before, 2 * LONGEST_HEADING)))
            if text:
                return text if len(text) <= LONGEST_HEADING else ""
    return ""


def _title(text: str) -> str:
    """A link's text without the date that stands in it."""
    bare = DATE.sub(" ", text)
    return (bare.strip(" []()【】·•-") if bare != text else bare.strip(" ·•")) or text


def _score(anchor: Anchor, block: _Block) -> float:
    """How much speaks for an article; 3 is enough. The weights are judgement, checked on templates of our own."""
    place = anchor.url.partition("//")[2].partition("/")[2]
    strong = looks_like_article(anchor.url)
    if (not strong and LIST_URL.search(f"/{place}")) or TRAP.search(f"/{place}") or NO_ARTICLE.search(f"/{place}"):
        return -9
    size = length(anchor.text)
    score = 2.0 * strong + 2.0 * anchor.dated + (size >= 8) + (size >= 14)
    score += len(block.urls) >= 3
    score += 0.5 * any(char.isdigit() for char in place)
    score -= 2.0 * (size < 5) + 2.0 * bool(DULL_PATH.search(f"/{place}"))
    score -= 3.0 * (anchor.framed and not anchor.dated)
    if not anchor.dated and size <= 8 and (DULL_WORDS.search(anchor.text) or NEWS_WORDS.fullmatch(anchor.text)):
        score -= 2.0
    if len(block.urls) >= 3 and not block.dated and statistics.median_low(block.lengths) < 6:
        score -= 1.0  # a menu
    return score


def _sections(found: Sequence[Anchor], own: str) -> Iterator[Listed]:
    """The news sections that a page leads to: by their names, and each 更多 below a heading or a list of news."""
    seen = {own}
    dated = {id(anchor.element) for anchor in found if anchor.dated}
    for anchor in found:
        if not anchor.own or anchor.url in seen or NO_PAGE.search(urlsplit(anchor.url).path) or TRAP.search(anchor.url):
            continue
        name, more = anchor.text, MORE_WORDS.fullmatch(anchor.text)
        if more:
            name = _heading(anchor.element)
        if anchor.dated or DULL_WORDS.search(name):
            continue
        if (2 <= length(name) <= 12 and NEWS_WORDS.search(name)) or (more and not name and _is_below(anchor, dated)):
            seen.add(anchor.url)
            yield Listed(url=anchor.url, title=name)


def _is_below(anchor: Anchor, dated: set[int]) -> bool:
    """Whether a 更多 stands in a block with a list of dated links."""
    around = list(itertools.islice(_around(anchor.element), 2))
    return any(sum(id(link) in dated for link in block.iter("a")) >= ROWS for block in around)


def _around(element: Any) -> Iterator[Any]:
    return itertools.takewhile(lambda one: one.tag not in ("body", "html"), element.iterancestors())


def _heading(element: Any) -> str:
    """The heading that a 更多 belongs to: the first short words before or around it that are no other link's."""
    for around in itertools.islice(_around(element), 3):
        for node in itertools.islice(around.iter(), PIECES):
            linked = node if node.tag == "a" else next(node.iterancestors("a"), None)
            if linked is not None and linked.get("href") != element.get("href"):
                continue
            for piece in (node.text, node.tail if node.tag != "a" else ""):
                name = "".join(HAN.findall(piece or ""))
                if 2 <= len(name) <= LONGEST_HEADING and not MORE_WORDS.fullmatch(name):
                    return name
    return ""


def _other_lists(document: Any, base: str, own: str, site: Site, encoding: str) -> Iterator[str]:
    """Where a refresh leads to, and feeds."""
    for element in itertools.islice(document.iter("meta"), 100):
        if (element.get("http-equiv") or "").lower() == "refresh":
            content = " ".join((element.get("content") or "")[:LONGEST_REFRESH].split())  # blanks cost it their cube
            match = REFRESH.match(content)
            url = clean_url(match[1], base, encoding) if match else ""
            if url and url != own and on_site(url, site):
                yield url
    for element in itertools.islice(document.iter("link"), 200):
        if (element.get("rel") or "").lower() == "alternate" and "xml" in (element.get("type") or ""):
            url = clean_url(element.get("href") or "", base, encoding)
            if url and on_site(url, site):
                yield url
