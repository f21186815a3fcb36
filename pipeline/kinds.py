"""A read page in, the reason why it is no article out: list page, soft 404, firewall, login, redirect, download.

`wrong_status` looks at the answer, `wrong_bytes` at the bytes before they are read, `no_article` at the page after it
has been read, because a short article and an error page differ only in what stands around them.
"""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Iterable, Sequence

from pipeline.blocks import Block, shown
from pipeline.containers import dates_page
from pipeline.dates import find_dates
from pipeline.lines import LONGEST_LINE, read_line
from pipeline.marks import GREETING, is_item
from pipeline.metadata import Reading
from pipeline.titles import is_site_name

REASONS = {
    "list page": "the page lists articles and is none itself",
    "soft 404": "the server says 200, the page says that there is nothing",
    "not found": "the server answered 404 or 410",
    "error status": "the server answered with an error",
    "redirect": "the page only sends the visitor elsewhere",
    "blocked": "a firewall, a login or a script challenge stands before the page",
    "changed hands": "the site's domain no longer belongs to the hospital",
    "empty": "the page has no text, no pictures and no attachments",
    "not html": "the bytes are a document, an image or data, not a page",
    "too costly": "reading the page would take more time or memory than any real page does",
}
_BLOCKED_STATUS = frozenset({401, 403, 405, 407, 412, 418, 429, 503, 521, 567})
# file signatures -> what they are; a server that sends these as text/html means a download
_SIGNATURES = (
    (b"%PDF", "PDF"), (b"PK\x03\x04", "ZIP or Office"), (b"\xd0\xcf\x11\xe0", "Office"), (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"BM", "BMP"), (b"RIFF", "RIFF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"), (b"\x1f\x8b", "gzip"), (b"ID3", "MP3"), (b"\x00\x00\x00", "MP4"), (b"II*\x00", "TIFF"),
)  # fmt: skip
_SHORTEST_BARE = 20  # characters of a text without headline and date that may be an article
_SHORTEST_WORDS = 60  # … without a sentence: a telephone number, a slogan
_PAGE_TYPE = re.compile(r"html|xml|octet-stream|^$", re.IGNORECASE)
# robots.txt is text/plain, feeds and sitemaps are XML whose first element says so, whatever their type
_XML_DATA = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*|<!--[^>]{0,500}-->\s*|<\?xml-stylesheet[^>]{0,300}>\s*){0,4}"
    rb"<(?:rss|feed|rdf:RDF|urlset|sitemapindex|opml|wsdl:definitions|soap:Envelope)\b"
)
_BLANK_BYTES = b"\x00\t\n\r\x0b\x0c "
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]\s*[\"\[{\]}]")
_BLOCKED_TEXT = re.compile(
    r"环境异常|完成验证后|网站防火墙|网站卫士|安全狗|云盾|云锁|护卫神|知道创宇|创宇盾|加速乐|宝塔.{0,4}防火墙|waf|拦截提示|您的(?:请求|"
    r"访问).{0,12}(?:拦截|阻断|阻止|非法|威胁|异常|过于频繁)|"
    r"访问.{0,6}(?:被拒绝|被拦截|过于频繁|受限|验证)|请求.{0,8}不合法|安全验证|人机验证|滑动验证|请完成.{0,8}验证|"
    r"输入验证码|请开启.{0,6}javascript|请启用.{0,6}javascript|"
    r"enable javascript|access denied|forbidden|request blocked|just a moment|checking your browser|attention "
    r"required|verify you are human|"
    r"您没有.{0,6}权限|没有访问权限|无权(?:限)?访问|仅限.{0,6}(?:内网|校内|院内).{0,4}访问|请(?:先)?登录后|"
    r"用户登录|统一身份认证|会话.{0,4}(?:过期|超时)",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"acw_sc__v|__jsl_clearance|\$_ts\s*=|security_session_verify|_\$_[A-Za-z0-9]{2,6}\(|yunsuo_session|"
    r"eval\(function\(p,a,c,k|cf-chl|__cf_chl|/_guard/|"
    r"document\.cookie\s*=.{0,300}location|challenge-platform|aliyun_waf|\bWZWS\b",
    re.IGNORECASE | re.DOTALL,
)
_SCRIPT_REDIRECT = re.compile(
    r"(?:window|document|top|self|parent)?\.?location(?:\.href)?\s*=\s*[\"'/]|location\.(?:replace|assign)\s*\("
)
_NOTHING_THERE = re.compile(
    r"(?:未找到|找不到|无法找到|没有找到|沒有找到|未能找到).{0,14}(?:页|頁|内容|文件|信息|文章|资源|网址|地址|文档|"
    r"数据)|"
    r"(?:页面|頁面|网页|內容|内容|文章|信息|文档|资源|新闻|该页|记录|栏目).{0,12}(?:不存在|已(?:经)?(?:被)?.{0,4}(?:删除|"
    r"移除|下线|失效|过期|撤稿|屏蔽)|找不到|走丢|丢失|飞走|未找到|去火星|无法显示|不见了|出错)|"
    r"您(?:所)?(?:访问|查看|浏览|请求|要找)的.{0,16}(?:不存在|删除|失效|不见|找不到|不可用|过期|移动|未发布)|^404|"
    r"404(?:错误|页面|\s*not\s*found)|page not found|not found|"
    r"(?:参数|操作)(?:错误|有误)|系统(?:错误|繁忙|出错)|出错(?:了|啦)|暂无(?:内容|数据|信息|相关)|该(?:信息|内容|"
    r"文章).{0,6}(?:未发布|审核中)|"
    r"(?:网站|系统|站点|页面|本站).{0,8}(?:维护|升级|改版|建设)中|(?:网站|系统|本站).{0,6}正在.{0,8}(?:维护|升级|改版|建设)|网站已关闭|"
    r"网站阻断|(?:该|此|本)(?:网站|网页|站点).{0,6}(?:无法|不能|停止|禁止).{0,6}(?:访问|显示)|未备案或|域名未绑定|没有找到站点|"
    r"此(?:内容|帐号|账号).{0,8}(?:违规|违反|封禁|冻结|屏蔽|注销)|内容无法查看|"
    r"(?:站点|域名).{0,6}(?:已过期|出售|停放|创建成功|未备案)|welcome to nginx|iis windows server|"
    r"server error|internal server error|服务器(?:错误|内部错误)|应用程序中的服务器错误|error 404|HTTP 404",
    re.IGNORECASE,
)
_PAGINATION = re.compile(r"共\s{0,3}\d+\s{0,3}(?:页|条)|[上下]一?页|尾页|末页|页次")
_FULL_STOP = re.compile("[。！？!?]")
_FEWEST_SUMMARIES = 4  # articles that a list page presents
_ALL_SUMMARIES = 0.8  # of the body's blocks
_LONGEST_SUMMARY = 8  # blocks
_MORE = re.compile(r"[\[【(（\s]*(?:查看|阅读|了解)?(?:详情|详细|更多|全文|more)[\s>》»+\]】)）]*", re.IGNORECASE)
_SHORT_DATE = re.compile(r"(?<![\d.-])\d\d[-./](?:1[0-2]|0?[1-9])[-./](?:3[01]|[12]\d|0?[1-9])(?![\d.-])")  # 06-4-28
_LOOKED_AT = 4_000  # characters of a short page that are searched for walls and redirects


def wrong_status(status: int) -> str:
    """The reason for an HTTP status that no article comes with, or an empty string."""
    if status in {404, 410}:
        return "not found"
    if status in _BLOCKED_STATUS:
        return "blocked"
    if status >= 400:
        return "error status"
    return "redirect" if 300 <= status < 400 else ""


def wrong_bytes(html: bytes, content_type: str) -> tuple[str, str] | None:
    """The reason and the detail when the bytes are no page at all."""
    if not html[:_LOOKED_AT].strip(_BLANK_BYTES) and not html.strip(_BLANK_BYTES):
        return "empty", "no bytes"
    for signature, kind in _SIGNATURES:
        if html.startswith(signature):
            return "not html", kind
    data = _XML_DATA.match(html.removeprefix(b"\xef\xbb\xbf"))
    if data:
        return "not html", f"XML: {data[0][-20:].decode('ascii', 'replace').rpartition('<')[2]}"
    if _JSON.match(html) and _is_json(html):
        return "not html", "JSON"
    media = content_type.partition(";")[0].strip()
    if not _PAGE_TYPE.search(media) and b"<" not in html[:2000]:
        return "not html", media
    return None


def _is_json(html: bytes) -> bool:
    try:
        json.loads(html)
    except (ValueError, RecursionError):
        return False
    return True


def no_article(reading: Reading, page_text: str, size: int, pictured: bool) -> tuple[str, str] | None:
    """The reason and the detail when the page is no article."""
    page = reading.page
    total = sum(len(block.text) for block in page.blocks)
    if size < 200 and total < 1500:
        head = page_text[:_LOOKED_AT]
        for reason, pattern in (("soft 404", _NOTHING_THERE), ("blocked", _BLOCKED_TEXT)):
            hit = pattern.search(head)
            if hit and not _is_dated(reading):
                return reason, shown(hit[0])
    if page.refresh and total < 300 and "url" in page.refresh.lower():
        return "redirect", page.refresh
    if total < 100:
        challenge = _CHALLENGE.search(reading.html[:200_000])
        if challenge:
            return "blocked", challenge[0][:80]
        sent = _SCRIPT_REDIRECT.search(reading.html[:200_000])
        if sent and not pictured:
            return "redirect", sent[0]
    listing = _listing(reading, size)
    if listing:
        return "list page", listing
    if page.passwords and size < 100 and total < 600 and not (pictured or _is_dated(reading) or _is_headed(reading)):
        return "blocked", "a password field"
    bare = size < _SHORTEST_BARE or (size < _SHORTEST_WORDS and not any(map(_FULL_STOP.search, reading.body.lines)))
    if not pictured and (size < 5 or (bare and not (_is_dated(reading) or _is_headed(reading)))):
        return "empty", f"{total} characters, none of them an article's"
    return None


def _is_dated(reading: Reading) -> bool:
    return any(
        line.dates or any(kind in {"published", "time", "updated"} and value for kind, value in line.fields)
        for line in reading.before
    )


def _has_own_date(reading: Reading) -> bool:
    """Whether a date stands under the headline with no link in between: a list's dates stand beside its links."""
    blocks = reading.page.blocks
    start = reading.headline + 1 if reading.headline is not None else max(0, reading.body.first - 6)
    for index in range(start, min(len(blocks), max(start + 8, reading.body.first + 1))):
        block = blocks[index]
        if is_item(block):
            return False
        if dates_page(reading.page, index):
            return True
        if GREETING.search(block.key):
            continue  # today's date over the page
        if len(block.text) <= LONGEST_LINE and find_dates(block.text, yearless=False):
            line = read_line(block.pieces)
            if line.is_metadata or (len(line.rest) <= 24 and not line.in_sentence):
                return True
    return False


def _is_headed(reading: Reading) -> bool:
    """Whether the page has a headline of its own: what `<title>` names, and more than the name of a site or section."""
    run = reading.run
    return run is not None and run.score > 0 and not is_site_name(reading.page.blocks[run.first].text)


def _summaries(reading: Reading) -> int:
    """How many articles a page presents with a link, a date and a summary each, when the body is made of these."""
    page, body = reading.page, reading.body.blocks
    siblings: dict[tuple[int, str], list[int]] = {}
    for number, node in enumerate(page.nodes):
        if node.end > node.start and not node.hidden and body and node.start <= body[-1] and node.end > body[0]:
            siblings.setdefault((node.parent, node.tag), []).append(number)
    for numbers in siblings.values():
        ranges = [(page.nodes[n].start, page.nodes[n].end) for n in numbers]
        if len(ranges) < _FEWEST_SUMMARIES or _covered(body, ranges) < _ALL_SUMMARIES:
            continue
        items = [(start, end) for start, end in ranges if _presents(page.blocks[start:end])]
        if len(items) >= max(_FEWEST_SUMMARIES, 0.7 * len(ranges)) and _covered(body, items) >= _ALL_SUMMARIES:
            return len(items)
    return 0


def _covered(body: Sequence[int], ranges: Iterable[tuple[int, int]]) -> float:
    """Share of the body's blocks in these ranges."""
    return sum(bisect.bisect_left(body, end) - bisect.bisect_left(body, start) for start, end in ranges) / len(body)


def _presents(blocks: Sequence[Block]) -> bool:
    """Whether a few blocks are the title of an article as a link, and its date or a text that is broken off."""
    if len(blocks) > _LONGEST_SUMMARY or not any(block.links for block in blocks):
        return False
    if any(_MORE.fullmatch(block.text) or block.text.endswith(("……", "...", "…")) for block in blocks):
        return True
    linked = any(block.links and block.linked >= 6 for block in blocks)
    return linked and any(_is_dated_item(block) for block in blocks)


def _is_dated_item(block: Block) -> bool:
    return len(block.text) < 200 and bool(find_dates(block.text) or _SHORT_DATE.search(block.text))


def _is_all_links(blocks: Sequence[Block]) -> bool:
    """Whether most of a page's words are links of a title's length."""
    titles = [block for block in blocks if block.linked >= 5 and block.link_share > 0.5 and not block.hidden]
    return len(titles) >= 8 and sum(b.linked for b in titles) > 0.6 * sum(len(b.text) for b in blocks)


def _listing(reading: Reading, size: int) -> str:
    """What shows that the page lists articles, or an empty string. An article has a date of its own."""
    summaries = _summaries(reading)
    if summaries:
        return f"{summaries} summaries, each with a link and a date"
    if _has_own_date(reading):
        return ""
    blocks = reading.page.blocks
    start, end = (reading.choice.start, reading.choice.end) if reading.choice else (0, len(blocks))
    items = [i for i, block in enumerate(blocks) if is_item(block) and not block.hidden]
    dated = sum(any(_is_dated_item(b) for b in blocks[max(0, i - 1) : i + 2]) for i in items[:200])
    inside = sum(start <= i < end and not blocks[i].noise for i in items)
    headed = _is_headed(reading)
    sentences = sum(len(_FULL_STOP.findall(line)) for line in reading.body.lines)
    if inside >= 5 and dated >= 4 and size < 60 * inside:
        return f"{inside} links with {dated} dates"
    if dated >= 4 and ((size < 60 and sentences < 2) or (not headed and len(items) >= 8 and size < 400)):
        return f"{len(items)} links, {dated} with a date"
    paged = any(len(block.text) <= 80 and _PAGINATION.search(block.text) for block in blocks)
    if not headed and size < 100 and (dated >= 3 or (dated and paged)):
        return f"{len(items)} links, {dated} with a date, under no headline"
    linked = sum(block.links for block in blocks if block.link_share > 0.5)
    if size < 30 and (linked >= 50 or len(items) >= 8 or (not headed and _is_all_links(blocks))):
        return f"{linked} links, no text"
    return ""
