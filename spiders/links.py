"""The URLs of a site: in goes a link as a page has it, out comes the URL to fetch, and what it says by its form.

`clean_url` gives a page one URL, `page_key` is what the pages of one list share, `looks_like_article` judges by the
form alone, `on_site` says whether a URL is the site's own. `PageLinks` is what reading a page for links hands on.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import re
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from pipeline.records import Site

MAXIMUM_URL = 500  # characters
MAXIMUM_DEPTH = 12  # folders of a path
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
PLAIN_PATH = re.compile(r"(?:/[a-zA-Z0-9_][a-zA-Z0-9_-]*(?:\.[a-zA-Z0-9_-]+)*)+/?")  # nothing in it to be cleaned
CLEAN_ORIGIN = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::(?!80/|443/)[1-9]\d{0,4})?(?=/)")
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
    r"|(?:content|article|news|show|details?|view|read|info)[a-z]*+(?:/[a-z]++){0,2}/(?:id|aid|nid|newsid)/\d"
    r"|[?&](?:article_?id|news_?id|content_?id|info_?id|aid|nid|newsno|infono|wbnewsid)=\w"
    r"|(?:content|article|show|detail|details|view|read|info|newsinfo|news)\w*+\.(?:php|aspx?|jsp|do|s?html?)\?(?:\w++=[^&]*+&)*+\w*id=\w"
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
NO_ARTICLE = re.compile(r"/(?:tags?|authors?|users?|members?|search|comments?|reply)[/_.?-]", re.IGNORECASE)
DULL_PATH = re.compile(
    r"/(?:about\w*|contact\w*|doctors?|experts?|zhuanjia|zjjs|zjtd|keshi|ksjs|ksdh|departments?|depts?|dept\w*|jianjie"
    r"|gaikuang|yyjj|yygk|lxwm|login|register|user|member|guahao|yuyue|video|map|feedback|message|english|en)[/_.-]",
    re.IGNORECASE,
)
TRAP = re.compile(r"/calendar/|[?&](?:year|month|day|date|cal\w*)=", re.IGNORECASE)


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
    of a refresh, feeds, the sitemaps of an index). `problem` says why a page was not read for links, `unfollowed` why
    its further pages cannot be. `elsewhere` are hosts beside the site's own (subdomains) that articles lie on: they
    are not asked unless the site's `hosts` names them, for a hijacker may have made them.
    """

    articles: tuple[Listed, ...] = ()
    next_pages: tuple[str, ...] = ()
    sections: tuple[Listed, ...] = ()
    lists: tuple[str, ...] = ()
    title: str = ""
    problem: str = ""
    unfollowed: str = ""
    elsewhere: tuple[str, ...] = ()


def clean_url(link: str, base: str, encoding: str = "utf-8") -> str:
    """A link as the URL to fetch, or an empty string for what is never fetched.

    Session ids and fragments are dropped, so that a page has one URL; what looks endless (a path that repeats itself,
    a very long or deep one) is refused.
    """
    from w3lib.url import safe_url_string

    link = link.strip()
    if not link or link[0] == "#" or len(link) > 4 * MAXIMUM_URL:
        return ""
    if PLAIN_PATH.fullmatch(link) and (
        origin := _origin(base)
    ):  # most links of a page; the rest takes ten times as long
        return "" if len(origin + link) > MAXIMUM_URL or _endless(link) else origin + link
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


@functools.lru_cache(maxsize=256)
def _origin(base: str) -> str:
    """Scheme and host of a URL that is clean already, or an empty string."""
    match = CLEAN_ORIGIN.match(base)
    return match[0] if match else ""


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
    return parts.netloc, f"{folder}/{stem}".rstrip("/"), urlencode(query)


def looks_like_article(url: str) -> bool:
    """Whether a URL alone says that it is an article's."""
    parts = urlsplit(url)
    place = urlunsplit(("", "", parts.path, parts.query, ""))
    if NO_PAGE.search(parts.path) or TRAP.search(place):
        return False
    if re.search(r"/(?:list|index|class|category|channel|column|more|type|cat)\w*\.\w+\?", place, re.IGNORECASE):
        return bool(re.search(r"[?&](?:a|c|m|s|act|action)=(?:show|view|detail)", place, re.IGNORECASE))
    if NO_ARTICLE.search(place):
        return False
    return bool(ARTICLE_URL.search(place)) and not re.search(r"/lists?[-_]\d|/index[-_]\d|/page/\d", place)


def beside_site(url: str, site: Site) -> bool:
    """Whether a URL lies on a subdomain of one of the site's hosts, the other way round, or on another of its ports."""
    host = _bare(urlsplit(url).hostname)
    return any(_are_related(host, _bare(urlsplit(f"//{netloc}").hostname)) for netloc in site.all_hosts)


def _bare(host: str | None) -> str:
    return (host or "").removeprefix("www.")


def _are_related(one: str, other: str) -> bool:
    return one == other or ("." in one and "." in other and (one.endswith(f".{other}") or other.endswith(f".{one}")))


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
