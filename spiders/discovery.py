"""Find the articles of a site without rules: in goes a fetched list page, feed or sitemap, out come its links.

`read_list` tells article links, the next page and the news sections apart from the rest. A site's `article_urls` and
`next_pages` override what is decided here. `propose_site` writes the TOML of a new site from what a survey found.
No request is made here, and no Scrapy is needed.
"""

from __future__ import annotations

import collections
import dataclasses
import email.utils
import functools
import itertools
import json
import re
import statistics
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from pipeline.dates import Printed, first_date
from pipeline.decode import decode
from pipeline.records import Site

MAXIMUM_LIST = 4 * 1024 * 1024  # bytes of a page that is read for links; a larger one is kept all the same
# Words, slashes and equals signs of a page, together: no tag can have more attributes than that, and the parser's work
# is quadratic in them (measured: 60,000 in one tag 3.6 s, 200,000 62 s; a real page has 4,000, the largest 60,000).
MAXIMUM_MARKS = 70_000
MAXIMUM_LINKS = 5_000  # anchors of a page that are looked at
MAXIMUM_SITEMAP_LINKS = 50_000  # the protocol's own limit
MAXIMUM_URL = 500  # characters
MAXIMUM_DEPTH = 12  # folders of a path
PIECES = 60  # text pieces of an element that are read
MAXIMUM_BESIDE = 6  # letters and numerals that may stand with a date: 发布日期
LONGEST_ROW = 400  # characters around a link in which its date is looked for

# fmt: off
SESSION_KEYS = frozenset({
    "jsessionid", "phpsessid", "aspsessionid", "sessionid", "session_id", "cfid", "cftoken", "zenid",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "spm", "timestamp", "_t",
})
PAGE_KEYS = frozenset({
    "page", "p", "pageindex", "pageno", "pagenum", "pagenumber", "curpage", "currentpage", "cur_page", "page_no",
    "page_num", "pn", "pg", "paged", "start", "offset",
})
# fmt: on
SESSION_ID = 16  # characters from which a `sid` is a session's, not a section's
SESSION_PATH = re.compile(r";[a-z]*sessionid=[^/?#;]*", re.IGNORECASE)
NO_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|bmp|webp|svg|ico|css|js|json|pdf|docx?|xlsx?|pptx?|wps|et|zip|rar|7z|gz|tar|exe|apk|ipa|mp[34]"
    r"|flv|avi|wmv|mov|wma|swf|txt|ttf|woff2?)$",
    re.IGNORECASE,
)
# How the URLs of articles look in the content management systems that hospitals use.
ARTICLE_URL = re.compile(
    r"/(?:19|20)\d\d[/_-]?(?:0?[1-9]|1[0-2])(?:[/_-]?(?:0[1-9]|[12]\d|3[01]))?/[^/?]*\w"  # /2022/0822/12.html
    r"|/info/\d+/\d+\.s?html?"  # VSB
    r"|/art/\d+/\d+/\d+/|/art_\d+"  # Hanweb
    r"|/t(?:19|20)\d{6}_\d+|/c_\d+|/content_\d+"  # TRS
    r"|(?:content|article|news|show|detail|details|view|read|info|item|story|post|doc|archives?)[a-z]*+[-_/]\d++"
    r"(?:[-_/]\d++)*+(?:\.\w++)?/?(?:$|\?)"
    r"|[?&](?:article_?id|news_?id|content_?id|info_?id|aid|nid|newsno|infono)=\w"
    r"|(?:content|article|show|detail|details|view|read|info|newsinfo|news)\w*+\.(?:php|aspx?|jsp|do|s?html?)\?(?:\w+=\w*&)*\w*id=\w"
    r"|[?&/](?:a|c|m|s|act|action)[=/]?(?:show|view|detail|article)\w*[&/]"
    r"|/\d{2,}\.s?html?(?:$|\?)|/[0-9a-f]{16,}\.s?html?(?:$|\?)|[-_]\d{3,}\.s?html?(?:$|\?)",
    re.IGNORECASE,
)
LIST_URL = re.compile(
    r"(?:^|/)(?:index|default|home|main)(?:[-_]\d+)?(?:\.\w+)?(?:$|\?(?!.*(?:show|view|detail)))"
    r"|(?:^|[/_-])(?:lists?|more|channel|column|category|cate|class|catalog|type|tags?|search|page)\w*+"
    r"(?:[-/]\d++)*+(?:\.\w++)?/?(?:$|\?)|/$|/page/\d+"
    r"|[?&](?:page|pageindex|pageno|pagenum|curpage)=",
    re.IGNORECASE,
)
DULL_PATH = re.compile(
    r"/(?:about\w*|contact\w*|doctors?|experts?|zhuanjia|zjjs|zjtd|keshi|ksjs|ksdh|departments?|depts?|dept\w*|jianjie"
    r"|gaikuang|yyjj|yygk|lxwm|login|register|user|member|guahao|yuyue|video|map|feedback|message|english|en)[/_.-]",
    re.IGNORECASE,
)
FEED_DATES = ("pubdate", "published", "date", "issued")  # RSS 2.0, Atom, Dublin Core
TRAP = re.compile(r"/calendar/|[?&](?:year|month|day|date|cal\w*)=", re.IGNORECASE)
FRAME = re.compile(r"nav|menu|header|foot|crumb|friend|flink|copyright|login|toolbar|position|location", re.IGNORECASE)
NEXT_WORDS = re.compile(r"(?:下\s*一?\s*[页頁]|[后後]一?[页頁]|next(?:\s*page)?)\W*", re.IGNORECASE)
NEXT_SIGNS = frozenset((">", "›", "»", "→"))
SCRIPTED_PAGER = re.compile(  # the pager of TRS: createPageHTML(25, 0, "index", "html")
    r"createPageHTML\w*\(\s*['\"]?(\d{1,5})['\"]?\s*,\s*['\"]?(\d{1,5})['\"]?\s*,\s*['\"](\w{1,40})['\"]\s*,\s*['\"](\w{1,8})['\"]"
)
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
MORE_WORDS = re.compile(r"(?:查看)?更多\W*|more\W*|MORE\W*|\+|\[更多\]")
DATE = re.compile(r"(?a:(?<!\d)((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d))")
SHORT_DATE = re.compile(r"(?a:^[\[(（【]?\d{1,2}\s?[-/.月]\s?\d{1,2}日?[\])）】]?$)")
HOSPITAL = re.compile(
    r"[\u4e00-\u9fff（）()·]{2,24}?(?:[医醫]院|[卫衛]生院|保健院|[疗療][养養]院|急救中心|血液?中心|防治[院所]|[卫衛]生[健计計][康生]委[员員][会會]"
    r"|疾病[预預]防控制中心|[诊診]所|[门門][诊診]部)(?:集[团團])?(?:[（(][^（）()]{2,12}[)）])?"
)
OWNER = re.compile(r"版[权權]|©|copyright|主[办辦]|ICP|[备備]\d", re.IGNORECASE)
NAME_BEFORE = re.compile(r"^.*(?:版[权權]所有|主[办辦][单單]位|[欢歡]迎[光您]?[临臨访訪]?|[关關]于|走[进進]|[：:\s©])")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A link as a list page shows it.

    `date` is a day in ISO 8601, or empty: the one beside the link, else one in its title, of a sitemap the day of the
    last change. `printed` is the date beside the link as printed, of a feed that of its publication; a date inside a
    title is the event's and is none.
    """

    url: str
    title: str = ""
    date: str = ""
    printed: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PageLinks:
    """What a list page, feed or sitemap leads to.

    `next_pages` are further pages of the same list, nearest first; `lists` are to be read like this page (the target
    of a refresh, feeds, the sitemaps of an index). `problem` says why a page was not read for links.
    """

    articles: tuple[Listed, ...] = ()
    next_pages: tuple[str, ...] = ()
    sections: tuple[Listed, ...] = ()
    lists: tuple[str, ...] = ()
    title: str = ""
    problem: str = ""


@dataclasses.dataclass(slots=True)
class _Anchor:
    url: str
    text: str
    element: Any
    group: tuple[str, ...]
    date: str = ""
    printed: str = ""
    dated: bool = False
    framed: bool = False
    raw: str = ""


def clean_url(link: str, base: str, encoding: str = "utf-8") -> str:
    """A link as the URL to fetch, or an empty string for what is never fetched.

    Session ids and fragments are dropped, so that a page has one URL; what looks endless (a path that repeats itself,
    a very long or deep one) is refused.
    """
    from w3lib.url import safe_url_string

    link = link.strip()
    if not link or link[0] == "#" or len(link) > 4 * MAXIMUM_URL:
        return ""
    try:
        parts = urlsplit(safe_url_string(urljoin(base, link.replace("\\", "/")), encoding=encoding))
        host, port = (parts.hostname or "").lower(), parts.port
    except (ValueError, LookupError):
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    if ":" in host:
        host = f"[{host}]"
    netloc = host if port in (None, {"http": 80, "https": 443}[parts.scheme]) else f"{host}:{port}"
    path = SESSION_PATH.sub("", parts.path) or "/"
    url = urlunsplit((parts.scheme, netloc, path, _without_session(parts.query), ""))
    return "" if len(url) > MAXIMUM_URL or _endless(path) else url


def _without_session(query: str) -> str:
    return "&".join(piece for piece in query.split("&") if piece and not _is_session(*piece.partition("=")[::2]))


def _is_session(key: str, value: str) -> bool:
    return key.lower() in SESSION_KEYS or (key.lower() == "sid" and len(value) >= SESSION_ID)


def _endless(path: str) -> bool:
    folders = [folder for folder in path.split("/") if folder]
    return len(folders) > MAXIMUM_DEPTH or any(count > 3 for count in collections.Counter(folders).values())


def page_key(url: str) -> tuple[str, str, str]:
    """What the pages of one list have in common: host, path and query without the number of the page."""
    parts = urlsplit(url)
    path = re.sub(r"/page/\d+/?$", "/", parts.path)
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0].rstrip("-_0123456789").lower()
    stem = "" if stem in ("index", "default", "list", "p", "page") else stem
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k.lower() not in PAGE_KEYS]
    return parts.netloc, f"{folder}/{stem}", urlencode(query)


def looks_like_article(url: str) -> bool:
    """Whether a URL alone says that it is an article's."""
    parts = urlsplit(url)
    place = urlunsplit(("", "", parts.path, parts.query, ""))
    if NO_PAGE.search(parts.path) or TRAP.search(place):
        return False
    if re.search(r"/(?:list|index|class|category|channel|column|more|type|cat)\w*\.\w+\?", place, re.IGNORECASE):
        return bool(re.search(r"[?&](?:a|c|m|s|act|action)=(?:show|view|detail)", place, re.IGNORECASE))
    return bool(ARTICLE_URL.search(place)) and not re.search(r"/lists?[-_]\d|/index[-_]\d|/page/\d", place)


def too_costly(body: bytes) -> str:
    """Why a page must not be parsed in the crawler's own process, or an empty string."""
    if len(body) > MAXIMUM_LIST:
        return f"larger than {MAXIMUM_LIST // 1024**2} MiB"
    marks = len(body.split()) + body.count(b"/") + body.count(b"=")
    return f"{marks} words and attributes" if marks > MAXIMUM_MARKS else ""


def read_list(body: bytes, url: str, site: Site, *, content_type: str = "", number: int = 1) -> PageLinks:
    """Read the links of a list page, feed or sitemap of `site`. Never raises for what a page may hold.

    `body` is free of content encoding; `number` is the number of this page within its list.
    """
    if body[:2] == b"\x1f\x8b":  # a sitemap.xml.gz
        body = _gunzip(body)
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<?xml", b"<urlset", b"<sitemapindex", b"<rss", b"<feed")) and b"<html" not in head:
        return _read_xml(body, url, site)
    problem = too_costly(body)
    if problem:
        return PageLinks(problem=f"not read for links: {problem}")
    page = decode(body, content_type, site.charset)
    document = _parse(page.text)
    if document is None:
        return PageLinks(problem="not read for links: no HTML")
    return _read_html(document, page.text, url, site, page.encoding, number)


def _gunzip(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(body, 4 * MAXIMUM_LIST)
    except zlib.error:
        return b""


def _parse(text: str) -> Any:
    """The tree of a page; None when there is nothing in it."""
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        return lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        return None


def _read_html(document: Any, text: str, url: str, site: Site, encoding: str, number: int) -> PageLinks:
    base = _base(document, url, encoding)
    anchors = _anchors(document, base, site, encoding)
    title = _words(next(document.iter("title"), None), 120)
    own = clean_url(url, url)
    return PageLinks(
        articles=tuple(_articles(anchors, own, site)),
        next_pages=tuple(_next_pages(anchors, own, site, number, text)),
        sections=tuple(_sections(anchors, own)),
        lists=tuple(_other_lists(document, base, own, site, encoding)),
        title=title,
    )


def _base(document: Any, url: str, encoding: str) -> str:
    for element in itertools.islice(document.iter("base"), 1):
        return clean_url(element.get("href") or "", url, encoding) or url
    return url


def _anchors(document: Any, base: str, site: Site, encoding: str) -> list[_Anchor]:
    found = []
    for element in itertools.islice(document.iter("a"), MAXIMUM_LINKS):
        raw = element.get("href") or ""
        url = clean_url(raw, base, encoding)
        if url and not on_site(url, site):
            continue
        text = _words(element, 200)
        full = (element.get("title") or "").strip()[:200]
        if len(full) > len(text) or (text.endswith(("…", "...", "..")) and len(full) >= 6):
            text = full  # the list shows a shortened title
        anchor = _Anchor(url, " ".join(text.split()), element, _group(element), raw=raw)
        anchor.framed = any(FRAME.search(part) for part in anchor.group)
        if url:
            anchor.date, anchor.printed, anchor.dated = _date_beside(element)
        found.append(anchor)
    return found


def on_site(url: str, site: Site) -> bool:
    """Whether a URL is on one of the site's hosts. `www.` makes no difference on the usual ports."""
    netloc = urlsplit(url).netloc.lower()
    return netloc in _own_hosts(site)


@functools.lru_cache(maxsize=1024)
def _hosts(names: frozenset[str]) -> frozenset[str]:
    twins = {f"www.{name}" for name in names if ":" not in name} | {name.removeprefix("www.") for name in names}
    return names | twins


def _own_hosts(site: Site) -> frozenset[str]:
    return _hosts(site.all_hosts)


def _group(element: Any) -> tuple[str, ...]:
    """Where a link stands: tag and class of the elements around it. The links of one block have this in common."""
    group = []
    for around in itertools.islice(element.iterancestors(), 6):
        name = around.tag if isinstance(around.tag, str) else ""
        group.append(f"{name}.{(around.get('class') or '')[:60]}#{(around.get('id') or '')[:60]}")
    return tuple(group)


def _pieces(element: Any) -> list[str]:
    """The first pieces of text in an element. Counted in steps, not in pieces: there may be depth without text."""
    from lxml.etree import iterwalk

    pieces = []
    for event, node in itertools.islice(iterwalk(element, events=("start", "end")), 3 * PIECES):
        piece = node.text if event == "start" else node.tail if node is not element else None
        if piece and not (piece := piece[: LONGEST_ROW + 1]).isspace():
            pieces.append(piece)
    return pieces[:PIECES]


def _words(element: Any, limit: int) -> str:
    if element is None:
        return ""
    return " ".join(" ".join(piece[:limit] for piece in _pieces(element)).split())[:limit]


def _date_beside(element: Any) -> tuple[str, str, bool]:
    """The day beside a link, the same as printed, and whether there is any date at all (a month and day will do)."""
    around, inside = element, ""
    for _ in range(4):
        pieces = _pieces(around)
        text = " ".join(pieces)
        if len(text) > LONGEST_ROW or len(pieces) >= PIECES:
            return inside, "", bool(inside)
        printed = next(filter(None, map(_date_alone, pieces)), None)
        if printed is not None and not _has_another(around, element):
            return (printed.iso or "")[:10], printed.raw, True
        match = DATE.search(text)
        if match and 1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31:
            inside = inside or f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"  # the title's; is another beside it?
        if any(SHORT_DATE.match(piece.strip()) for piece in pieces):
            return inside, "", True
        around = around.getparent()
        if around is None or len(set(_hrefs(around))) > 3:  # a block of links: the date would be another's
            return inside, "", bool(inside)
    return inside, "", bool(inside)


def _has_another(around: Any, element: Any) -> bool:
    """Whether the link to another article stands there too, whose date it may be; the link of a category is short."""
    links = itertools.islice(around.iter("a"), 8)
    return any(link.get("href") != element.get("href") and _length(_words(link, 80)) >= 8 for link in links)


def _date_alone(piece: str) -> Printed | None:
    """The date that a piece of text consists of, but for a few words: 发布时间：2022-08-22, [2022年8月22日]."""
    if DATE.search(piece) is None:
        return None
    printed = first_date(piece)
    if printed is None or sum(map(str.isalnum, piece[: printed.start] + piece[printed.end :])) > MAXIMUM_BESIDE:
        return None
    return printed


def _hrefs(element: Any) -> Iterator[str]:
    return (link.get("href") or "" for link in itertools.islice(element.iter("a"), 8))


def _articles(anchors: Sequence[_Anchor], own: str, site: Site) -> Iterator[Listed]:
    rule = re.compile(site.article_urls) if site.article_urls else None
    blocks = _blocks(anchors)
    best: dict[str, Listed] = {}
    for anchor in anchors:
        if not anchor.url or anchor.url == own or NO_PAGE.search(urlsplit(anchor.url).path):
            continue
        if not (rule.search(anchor.url) if rule else _score(anchor, blocks[_block(anchor)]) >= 3):
            continue
        before = best.get(anchor.url)
        title = _title(anchor.text)
        best[anchor.url] = Listed(
            url=anchor.url,
            title=max(title, before.title, key=len) if before else title,
            date=anchor.date or (before.date if before else ""),
            printed=anchor.printed or (before.printed if before else ""),
        )
    yield from best.values()


@dataclasses.dataclass(slots=True)
class _Block:
    urls: set[str] = dataclasses.field(default_factory=set)
    lengths: list[int] = dataclasses.field(default_factory=list)
    dated: int = 0


def _block(anchor: _Anchor) -> tuple[tuple[str, ...], str]:
    return anchor.group[:3], re.sub(r"\d+", "#", anchor.url)


def _blocks(anchors: Iterable[_Anchor]) -> dict[tuple[tuple[str, ...], str], _Block]:
    blocks: dict[tuple[tuple[str, ...], str], _Block] = collections.defaultdict(_Block)
    for anchor in anchors:
        block = blocks[_block(anchor)]
        block.urls.add(anchor.url)
        block.lengths.append(_length(anchor.text))
        block.dated += anchor.dated
    return blocks


def _title(text: str) -> str:
    """A link's text without the date that stands in it."""
    return DATE.sub(" ", text).strip(" []()【】·•-") or text


def _length(text: str) -> int:
    return sum(char.isalnum() for char in DATE.sub("", text))


def _score(anchor: _Anchor, block: _Block) -> float:
    """How much speaks for an article; 3 is enough. The weights are judgement, checked on templates of our own."""
    place = anchor.url.partition("//")[2].partition("/")[2]
    strong = looks_like_article(anchor.url)
    if (not strong and LIST_URL.search(f"/{place}")) or TRAP.search(f"/{place}"):
        return -9
    length = _length(anchor.text)
    score = 2.0 * strong + 2.0 * anchor.dated + (length >= 8) + (length >= 14)
    score += len(block.urls) >= 3
    score += 0.5 * any(char.isdigit() for char in place)
    score -= 2.0 * (length < 5) + 2.0 * bool(DULL_PATH.search(f"/{place}"))
    score -= 3.0 * (anchor.framed and not anchor.dated)
    if not anchor.dated and length <= 8 and (DULL_WORDS.search(anchor.text) or NEWS_WORDS.fullmatch(anchor.text)):
        score -= 2.0
    if len(block.urls) >= 3 and not block.dated and statistics.median_low(block.lengths) < 6:
        score -= 1.0  # a menu
    return score


def _next_pages(anchors: Sequence[_Anchor], own: str, site: Site, number: int, text: str) -> Iterator[str]:
    if site.next_pages:
        rule = re.compile(site.next_pages)
        matching = {anchor.url for anchor in anchors if anchor.url and rule.search(anchor.url)} - {own}
        yield from sorted(matching, key=lambda url: (_page_number(url) <= _page_number(own), _page_number(url), url))
        return
    worded = [a for a in anchors if NEXT_WORDS.fullmatch(a.text) or "next" in (a.element.get("rel") or "").split()]
    signed = [a for a in anchors if a.text in NEXT_SIGNS]
    numbered = [a for a in anchors if a.text == str(number + 1) and a.url and page_key(a.url) == page_key(own)]
    found = [a.url for a in (*worded, *numbered) if a.url and a.url != own and not TRAP.search(a.url)]
    found += [a.url for a in signed if a.url and a.url != own and page_key(a.url) == page_key(own)]
    if not found:
        found = _scripted(own, text)
    yield from dict.fromkeys(found)


def _page_number(url: str) -> int:
    """The last number of a URL, which is its page's; 1 when it has none."""
    numbers = re.findall(r"(?a:\d{1,9})", urlsplit(url).path.rpartition("/")[2] + urlsplit(url).query)
    return int(numbers[-1]) if numbers else 1


def _scripted(own: str, text: str) -> list[str]:
    match = SCRIPTED_PAGER.search(text)
    if match is None or int(match[2]) + 1 >= int(match[1]):
        return []
    return [url for url in [clean_url(f"{match[3]}_{int(match[2]) + 1}.{match[4]}", own)] if url]


def _sections(anchors: Sequence[_Anchor], own: str) -> Iterator[Listed]:
    seen = {own}
    for anchor in anchors:
        if not anchor.url or anchor.url in seen or NO_PAGE.search(urlsplit(anchor.url).path) or TRAP.search(anchor.url):
            continue
        name = anchor.text
        if MORE_WORDS.fullmatch(name):
            name = _heading(anchor.element)
        length = _length(name)
        if 2 <= length <= 12 and NEWS_WORDS.search(name) and not DULL_WORDS.search(name) and not anchor.dated:
            seen.add(anchor.url)
            yield Listed(url=anchor.url, title=name)


def _heading(element: Any) -> str:
    """The heading that a 更多 belongs to: the first words of the block around it."""
    for around in itertools.islice(element.iterancestors(), 3):
        words = next((piece.strip() for piece in _pieces(around) if NEWS_WORDS.search(piece)), "")
        if words:
            return words[:20]
    return ""


def _other_lists(document: Any, base: str, own: str, site: Site, encoding: str) -> Iterator[str]:
    """Where a refresh leads to, and feeds."""
    for element in itertools.islice(document.iter("meta"), 100):
        if (element.get("http-equiv") or "").lower() == "refresh":
            match = REFRESH.match(element.get("content") or "")
            url = clean_url(match[1], base, encoding) if match else ""
            if url and url != own and on_site(url, site):
                yield url
    for element in itertools.islice(document.iter("link"), 200):
        if (element.get("rel") or "").lower() == "alternate" and "xml" in (element.get("type") or ""):
            url = clean_url(element.get("href") or "", base, encoding)
            if url and on_site(url, site):
                yield url


def _read_xml(body: bytes, url: str, site: Site) -> PageLinks:
    """A sitemap, a sitemap index, RSS or Atom. Entities are not resolved, nothing is fetched."""
    import lxml.etree

    if len(body) > 4 * MAXIMUM_LIST:
        return PageLinks(problem=f"not read for links: larger than {4 * MAXIMUM_LIST // 1024**2} MiB")
    parser = lxml.etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml.etree.fromstring(body, parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        root = None
    if root is None:
        return PageLinks(problem="not read for links: no XML")
    kind = _tag(root)
    if kind == "sitemapindex":
        found = (clean_url(entry.get("loc", ""), url) for entry in _entries(root, "sitemap"))
        return PageLinks(lists=tuple(dict.fromkeys(link for link in found if link and on_site(link, site)))[:500])
    rule = re.compile(site.article_urls) if site.article_urls else None
    accepted: Callable[[str], object] = rule.search if rule else looks_like_article
    if kind == "urlset":
        return PageLinks(articles=tuple(_listed(_entries(root, "url"), "loc", "lastmod", url, site, accepted)))
    if kind in ("rss", "rdf", "feed"):
        entries = _entries(root, "entry" if kind == "feed" else "item")
        accepted = rule.search if rule else bool  # everything in a feed is an article
        return PageLinks(articles=tuple(_listed(entries, "link", "", url, site, accepted)))
    return PageLinks(problem=f"not read for links: <{kind[:40]}> is no sitemap or feed")


def _tag(element: Any) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _entries(root: Any, name: str) -> Iterator[dict[str, str]]:
    """The children's text of every element of that name, by their names; a link's `href` where it has no text."""
    matching = (element for element in root.iter() if _tag(element) == name)
    for element in itertools.islice(matching, MAXIMUM_SITEMAP_LINKS):
        fields: dict[str, str] = {}
        for child in itertools.islice(element, 40):
            value = (child.text or "").strip() or (child.get("href") or "")
            if _tag(child) and value:
                fields.setdefault(_tag(child), value[: 4 * MAXIMUM_URL])
        yield fields


def _listed(
    entries: Iterable[dict[str, str]],
    link: str,
    date: str,
    base: str,
    site: Site,
    accepted: Callable[[str], object],
) -> Iterator[Listed]:
    seen: set[str] = set()
    for fields in entries:
        url = clean_url(fields.get(link, ""), base)
        if url and url not in seen and on_site(url, site) and accepted(url):
            seen.add(url)
            published = "" if date else next((fields[name] for name in FEED_DATES if fields.get(name)), "")
            day = DATE.search(_in_china(published) if published else fields.get(date, ""))
            stamp = f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}" if day else ""
            printed = _in_china(published) if stamp else ""
            yield Listed(url=url, title=fields.get("title", "")[:200], date=stamp, printed=printed)


def _in_china(published: str) -> str:
    """A feed's date as it is when it is ISO 8601, else RFC 822's in the page's own time: 2022-08-22 10:14:00+08:00."""
    try:
        moment = email.utils.parsedate_to_datetime(published)
    except (TypeError, ValueError):
        return published
    return moment.isoformat(sep=" ") if moment.tzinfo else f"{moment:%Y-%m-%d %H:%M:%S}"


def sitemaps_of(robots: str, site: Site, base: str) -> list[str]:
    """The sitemaps that a robots.txt names, those on the site's own hosts."""
    found = []
    for line in itertools.islice(robots.splitlines(), 10_000):
        name, _, value = line.partition(":")
        if name.strip().lower() == "sitemap":
            url = clean_url(value.partition("#")[0], base)
            if url and on_site(url, site):
                found.append(url)
    return list(dict.fromkeys(found))[:50]


def hospital_name(pages: Iterable[bytes], charset: str | None = None) -> str:
    """The name that a site's pages give the hospital: most often in titles and footers. Empty when none is found."""
    votes: collections.Counter[str] = collections.Counter()
    for body in pages:
        if too_costly(body):
            continue
        document = _parse(decode(body, "", charset).text)
        if document is None:
            continue
        for name in HOSPITAL.findall(_words(next(document.iter("title"), None), 200)):
            votes[_bare_name(name)] += 3
        for piece in _last_pieces(document):
            for name in HOSPITAL.findall(piece[:200]):
                votes[_bare_name(name)] += 2 if OWNER.search(piece) else name == piece.strip()
    votes.pop("", None)
    name = max(votes, key=lambda name: (votes[name], len(name)), default="")
    return name if votes[name] > 1 else ""  # named once in passing is no evidence


def _bare_name(name: str) -> str:
    name = NAME_BEFORE.sub("", name).strip("（）()· ")
    return name if len(name) >= 4 else ""


def _last_pieces(document: Any) -> list[str]:
    return list(collections.deque((p for p in document.itertext() if p and not p.isspace()), maxlen=40))


def site_name(url: str) -> str:
    """A name for a new site from its host: `www.mengyinyy.com` becomes `mengyinyy`, an address keeps its port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower().removeprefix("www.")
    if re.fullmatch(r"[\d.]+|.*:.*", host):
        host = f"{host}-{parts.port}" if parts.port else host
    else:
        host = re.sub(r"\.(?:(?:com|net|org|gov|edu|ac)\.)?[a-z]{2,}$", "", host) or host
    return re.sub(r"[^a-z0-9]+", "-", host).strip("-") or "site"


def propose_site(url: str, hospital: str, start_urls: Sequence[str], *, charset: str = "", delay: float = 1.0) -> str:
    """The TOML of a new site, at most 12 lines. It is not yet checked: `sites.parse_site` does that."""
    lines = [f"hospital = {_toml(hospital)}"]
    urls = list(dict.fromkeys(start_urls or [url]))[:6]
    if len(urls) == 1:
        lines.append(f"start_urls = [{_toml(urls[0])}]")
    else:
        lines += ["start_urls = [", *(f"    {_toml(item)}," for item in urls), "]"]
    if charset:
        lines.append(f"charset = {_toml(charset)}")
    if delay != 1.0:
        lines.append(f"delay = {delay:g}")
    return "\n".join(lines) + "\n"


def _toml(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among its own."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
