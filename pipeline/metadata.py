"""A read page in, what it says about its article out: title, time, source, author, section.

Everything is taken from the lines around the body first, labelled before unlabelled; from `<meta>` and the URL last.
What cannot be told stays empty; a date is never taken from the article's own sentences.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import re
from collections.abc import Iterable, Sequence

from pipeline.blocks import SEPARATOR, Page, shown
from pipeline.body import Body
from pipeline.bylines import are_names, byline, is_department, lead_byline
from pipeline.containers import Choice
from pipeline.dates import Printed, date_in_url, find_dates, labelled_date
from pipeline.fold import fold
from pipeline.headlines import Headline
from pipeline.labels import is_label
from pipeline.lines import NO_NAME, Line, every, first, is_ui, read_line
from pipeline.titles import is_site_name, joined_title, without_site, without_spaces

_CREDITED = ("供稿", "撰稿", "撰文", "文", "报道", "摄影")
_POST_KIND = re.compile(r"^[\[【(（][^\]】)）]{1,6}[\]】)）]\s*")  # [图文] before a headline
_SPAN = re.compile(r"\s*(?:至|到|[-—–~～])")
_META_DATES = (
    "pubdate", "publishdate", "article:published_time", "og:article:published_time", "og:release_date",
    "weibo: article:create_at", "weibo:article:create_at", "datepublished", "publication_date", "pubtime",
    "publish_time", "createdate", "firstpublishedtime", "date", "_pubtime", "dateupdate", "apub:time", "og:time",
    "og:pubdate", "bytedance:published_time",
)  # fmt: skip
_META_SOURCES = (
    "contentsource",
    "source",
    "mediaid",
    "og:article:source",
    "article:source",
    "copyright-source",
    "sourcename",
)
_META_AUTHORS = ("author", "article:author", "og:article:author", "weibo: article:author", "byline")
_STRUCTURED_TIME = re.compile(r"""["'](?:pubDate|datePublished)["']\s{0,3}:\s{0,3}["']([^"']{8,40})["']""")
# the state of a JavaScript framework
_STATE_TIME = re.compile(
    r"""["'](?:publish_?(?:Time|Date)|pub_?Time|release_?(?:Time|Date))["']\s{0,3}:\s{0,3}["']([^"']{8,40})["']""",
    re.IGNORECASE,
)
_SCRIPT_TIME = re.compile(r"""\bvar\s+ct\s*=\s*["'](\d{10})["']""")
_YEAR_ONLY = re.compile(r"(?:19|20)\d\d年?")
_DAY_OF_MONTH = re.compile(r"(?:1[0-2]|0?[1-9])[-/.月](?:3[01]|[12]\d|0?[1-9])日?")
_DAY_ONLY = re.compile(r"(?:3[01]|[12]\d|0?[1-9])日?")
_MONTH_ONLY = re.compile(r"((?:19|20)\d\d)\s?[-/.年]\s?(1[0-2]|0?[1-9])月?")
_NAME = re.compile(r"[\u3400-\u9fffA-Za-z0-9·《》“”\"\-—()（） ]{2,24}")
_NO_SOURCE = re.compile(
    r"原创|发布于|账号|关注|正文|评论|必读|阅读|作者|点击|浏览|记者|我要|分享|编辑|时间|订阅|举报|来自|提交|星期"
)
_BY = re.compile(r"(?:由|[Bb]y)(?:\s|$)")
_BY_END = re.compile(r"\s*(?:在|于|提交|发表|发布)$")
_CRUMBS = re.compile("位置|>|»|›|→|首页|首頁|主页|主頁|[Hh]ome")
_CRUMB_MARK = re.compile(r"[>»›＞→]|[\s\x1f][-/·][\s\x1f]")
_CRUMB_NAME = re.compile(r"crumb|(?<![a-z])(?:location|position|weizhi|dqwz|place|path|wz|dw|local|sitepath)(?![a-z])")
_FRONT = re.compile(r"(?:网站)?(?:首页|首頁|主页|主頁)|[Hh]ome\b")
_CRUMB = re.compile(r"\s*(?:\s-{1,3}\s|>{1,3}|»|＞|›|→|/|\\|\||·|::|\x1f|-{1,3}(?=[\u3400-\u9fff]))+\s*")
_CRUMB_NOISE = frozenset(
    {"首页", "主页", "网站首页", "正文", "首頁", "详细内容", "内容", "文章内容", "新闻详情", "详情", "返回", "详细页"}
    | {"主頁", "网站首页", "查看新闻", "查看", "文章", "内容详情", "详细信息", "信息内容", "阅读", "home", "Home"}
)
_LONGEST_CATEGORY = 5  # characters of a section's name beside the date; 每日经济新闻 is a source
_LONGEST_SECTION = 8  # characters of a section that is the title of its only page
SECTION_WORD = re.compile(
    r"[\u3400-\u9fff]{0,6}(?:新闻|动态|公告|通知|要闻|快讯|资讯|党建|工作|园地|风采|天地|之窗|专栏|专题|报道|公示|"
    r"公开|信息|文化|简讯|活动|建设|宣传|教育|新闻公布|新闻稿|公布|"
    r"科普|健康|团委|工会|院务|医讯|头条|聚焦|看点|热点|医院|护理|科研|教学)"
)


@dataclasses.dataclass(slots=True)
class Reading:
    """What has been found on one page."""

    url: str
    captured_at: datetime.datetime | None
    date_pattern: str | None  # of the site's own TOML
    page: Page
    html: str
    printed: dict[int, str]  # block -> its text before repair, -1 for the `<title>`; empty on a page without damage
    run: Headline | None
    headline: int | None  # the last block of the run
    choice: Choice | None
    body: Body
    before: list[Line]  # the lines between headline and body, and above
    after: list[Line]  # the body's first and last lines, and those after it


def title_of(reading: Reading) -> tuple[str, str]:
    """The title as it is shown, and as printed."""
    page = reading.page
    if reading.run is not None:
        run = range(reading.run.first, reading.run.last + 1)
        text = joined_title([page.blocks[i].text for i in run], page.title)
        raw = joined_title(
            [reading.printed.get(i, page.blocks[i].text) for i in run], reading.printed.get(-1, page.title)
        )
        if text == page.title:
            text = without_site(text)
        elif len(page.title) >= 8 and text.endswith(page.title):
            text = page.title  # 原创 and the like are glued to the headline
        elif _POST_KIND.sub("", text, count=1) == without_site(page.title):
            text = without_site(page.title)
        return without_spaces(text), raw
    given = [raw for raw in (page.metas.get("articletitle", ""), page.title, page.metas.get("og:title", "")) if raw]
    for raw in [raw for raw in given if not is_site_name(raw)] or given:
        return without_spaces(without_site(raw)), raw
    return "", ""


def published_of(reading: Reading) -> tuple[str | None, str]:
    """(ISO time or day, as printed) of the publication; (None, what is printed) when it cannot be told."""
    latest = reading.captured_at.date() + datetime.timedelta(days=2) if reading.captured_at else None
    yearless = ""
    for printed in _date_candidates(reading):
        whole = printed
        if printed.year is None:
            named = date_in_url(reading.url)
            agreed = (
                printed.with_year(named.year)
                if named and (named.month, named.day) == (printed.month, printed.day)
                else None
            )
            if agreed is None:
                yearless = yearless or printed.raw
                continue
            whole = agreed
        if whole.year is not None and (latest is None or datetime.date(whole.year, whole.month, whole.day) <= latest):
            return whole.iso, printed.raw
    if yearless:
        return None, yearless
    named = date_in_url(reading.url)
    return (named.isoformat(), "") if named else (None, "")


def _date_candidates(reading: Reading) -> Iterable[Printed]:
    """Dates that may be the publication's, the most reliable first."""
    if reading.date_pattern:
        yield from _own_form(reading, re.compile(reading.date_pattern))
    for lines in (reading.before, reading.after):
        for kinds in (("published",), ("time",)):
            for line in lines:
                for kind, value in line.fields:
                    if kind in kinds and value:
                        yield from _labelled(value)
        if lines is reading.before:
            for line in lines:
                if line.dates and len(line.rest) <= 24 and not line.in_sentence and not _ends_a_span(line):
                    yield line.dates[0]
            yield from _split_date(reading)
    yield from _unseen_dates(reading)
    for name in _META_DATES:
        yield from _labelled(reading.page.metas.get(name, ""))
    yield from _script_dates(reading.html)
    for line in [*reading.before, *reading.after]:
        for kind, value in line.fields:
            if kind == "updated" and value:
                yield from _labelled(value)
    for line in reading.after:
        if line.dates and line.is_metadata and line.dates[0].time:
            yield line.dates[0]


def _unseen_dates(reading: Reading) -> Iterable[Printed]:
    """Days that attributes and scripts between the headline and the body hold, such as <time datetime>."""
    begin = reading.run.first if reading.run is not None else max(0, reading.body.first - 6)
    for date in reading.page.dates:
        if begin <= date.at <= max(begin + 2, reading.body.first + 1):
            yield from find_dates(date.url, yearless=False)[:1]


def _labelled(value: str) -> Iterable[Printed]:
    printed = labelled_date(value)
    if printed:
        yield printed


def _ends_a_span(line: Line) -> bool:
    """Whether the date without a label is the end of a labelled span: 有效期：2023-01-01至2023-12-31."""
    return any(kind == "other date" for kind, _ in line.fields) and bool(_SPAN.match("".join(line.pieces)))


def _script_dates(html: str) -> Iterable[Printed]:
    """The date in a page's structured data; WeChat has the second in `var ct`."""
    data = _STRUCTURED_TIME.search(html)
    if data:
        yield from find_dates(data[1])[:1]
    states = set(_STATE_TIME.findall(html))
    if len(states) == 1:  # of several articles none is known to be this one's
        yield from find_dates(states.pop())[:1]
    second = _SCRIPT_TIME.search(html)
    if second:
        moment = datetime.datetime.fromtimestamp(int(second[1]), datetime.timezone(datetime.timedelta(hours=8)))
        yield from find_dates(moment.strftime("%Y-%m-%d %H:%M"))[:1]


def _own_form(reading: Reading, pattern: re.Pattern[str]) -> Iterable[Printed]:
    """Dates in the form that the operator wrote down, with groups year (two digits are of this century), month, day."""
    begin = max(0, (reading.headline or 0) - 4)
    for block in reading.page.blocks[begin : reading.body.last + 12]:
        found = pattern.search(block.text)
        if found:
            year, month, day = (int(found[name]) for name in ("year", "month", "day"))
            for printed in find_dates(f"{year + 2000 if year < 100 else year}-{month:02}-{day:02}")[:1]:
                yield dataclasses.replace(printed, raw=found[0])


def _split_date(reading: Reading) -> Iterable[Printed]:
    """A date set as a big day over a small month: `22` and `2022-08` in two blocks."""
    blocks = reading.page.blocks
    begin = max(0, (reading.headline or 0) - 4)
    for index in range(begin, min(reading.body.first + 1, len(blocks) - 1)):
        for one, two in ((index, index + 1), (index + 1, index)):
            if _YEAR_ONLY.fullmatch(blocks[one].text) and _DAY_OF_MONTH.fullmatch(blocks[two].text):
                month_day = re.split(r"\D+", blocks[two].text)
                yield from find_dates(f"{blocks[one].text[:4]}-{month_day[0]}-{month_day[1]}")
            month = _MONTH_ONLY.fullmatch(blocks[one].text)
            if month and _DAY_ONLY.fullmatch(blocks[two].text):
                yield from find_dates(f"{month[1]}-{month[2]}-{blocks[two].text.rstrip('日')}")
        parts = [part.strip() for part in blocks[index].pieces.split(SEPARATOR) if part]
        for left, right in itertools.pairwise(parts):
            month = _MONTH_ONLY.fullmatch(left) or _MONTH_ONLY.fullmatch(right)
            day = right if month and month[0] == left else left
            if month and _DAY_ONLY.fullmatch(day):
                yield from find_dates(f"{month[1]}-{month[2]}-{day.rstrip('日')}")


def source_of(reading: Reading) -> str:
    """The publisher: labelled over the body, else the name beside the date, else labelled after it, else `<meta>`."""
    value = first(reading.before, "source")
    if value:
        return value
    wechat = (first(reading.after, "source") or _account(reading)) if _is_wechat(reading) else ""
    if wechat:
        return wechat
    for line in reading.before:
        if (line.dates or any(kind in {"published", "time"} and v for kind, v in line.fields)) and len(line.rest) <= 30:
            people = {*_named_after_by(line), *_beside_department(line)}
            people |= {piece for piece in line.pieces if any(byline(piece))}
            sections = {piece for piece in line.pieces if len(piece) <= _LONGEST_CATEGORY and _names_section(piece)}
            for piece in line.pieces:
                name = piece.strip("（）()【】[] ")
                if _is_name(name) and not line.in_sentence and not _BY.match(piece) and piece not in people | sections:
                    return name
    value = _source_block(reading) or first([*reading.after, *reading.before], "source", "issuer")
    if value:
        return value
    for name in _META_SOURCES:
        value = reading.page.metas.get(name, "")
        if value and len(value) <= 40 and value.lower() not in NO_NAME:
            return value
    return _account(reading)


def _is_wechat(reading: Reading) -> bool:
    return reading.choice is not None and reading.page.nodes[reading.choice.node].element.get("id") == "js_content"


def _wechat_author(reading: Reading) -> str:
    """The writer whom a WeChat page names beside its account."""
    for element in reading.page.root.xpath("//*[@id='meta_content']//*[contains(@class, 'rich_media_meta_text')]"):
        name = shown("".join(element.itertext()).replace("\n", " "))
        if element.get("id") is None and name and len(name) <= 20 and _is_name(name):
            return name
    return ""


def _account(reading: Reading) -> str:
    """The account that a WeChat page is from: the link under its headline."""
    found = reading.page.root.xpath("//*[@id='js_name']")
    return shown("".join(found[0].itertext()).replace("\n", " "))[:40] if found else ""


def _source_block(reading: Reading) -> str:
    """A short line of its own between the headline and the body, over, under or beside the date: the publisher."""
    if reading.headline is None:
        return ""
    blocks = reading.page.blocks[reading.headline + 1 : min(reading.body.first, reading.headline + 7)]
    dated = [number for number, block in enumerate(blocks) if len(block.text) < 80 and find_dates(block.text)]
    for number in dated[:1]:
        for near in (number - 1, number + 1):
            text = blocks[near].text if 0 <= near < len(blocks) else ""
            if len(text) <= 14 and _is_name(text) and not is_label(blocks[near].key):
                if read_line(blocks[near].pieces).fields:
                    continue
                return text
    for block in blocks[:2]:  # 呼吸内科 1203: a department and a number
        named = [piece for part in block.pieces.split(SEPARATOR) if (piece := shown(part)) and not piece.isdigit()]
        if len(named) == 1 and is_department(named[0]) and _is_name(named[0]) and block.linked == 0:
            return named[0]
    return ""


def _is_name(piece: str) -> bool:
    return (
        bool(_NAME.fullmatch(piece))
        and not is_ui(piece)
        and not piece.isdigit()
        and piece.lower() not in NO_NAME
        and not _NO_SOURCE.search(piece)
    )


def credits_of(reading: Reading) -> tuple[str, str]:
    """(author, contributor): labelled, else the credit that the article ends or begins with, else <meta>."""
    lines = [*reading.before, *reading.after]
    author, contributor = first(lines, "author"), "、".join(every(lines, "contributor"))
    if not author:
        beside = (name for line in reading.before for name in (*_named_after_by(line), *_beside_department(line)))
        author = next(beside, "")
    if not author and _is_wechat(reading):
        author = _wechat_author(reading)
    for line in reading.before:  # （2021年7月2日）党办供稿
        for piece in line.pieces if line.dates and not line.in_sentence else ():
            found = byline(piece) if piece.endswith(_CREDITED) else ("", "")
            author, contributor = author or found[0], contributor or found[1]
    blocks = reading.page.blocks
    endings = [blocks[i].text for i in reversed(reading.body.blocks[-2:])]
    endings += [cut.text for cut in reading.body.cuts if cut.rule == "cut:metadata"]
    for text in endings:
        found = byline(text)
        author, contributor = author or found[0], contributor or found[1]
    if not author and not contributor and reading.body.lines:
        author, contributor = lead_byline(reading.body.lines[0])
    author = author or first(lines, "poster")
    for name in _META_AUTHORS:
        value = reading.page.metas.get(name, "")
        if not author and value and len(value) <= 20 and _is_name(value):
            author = value
    if not author and _is_wechat(reading):
        author = _account(reading)
    return author, contributor


def _beside_department(line: Line) -> Iterable[str]:
    """体检中心　晏子 beside a date: the name after that of a department."""
    if not line.dates or line.in_sentence:
        return
    for piece, after in itertools.pairwise(line.pieces):
        if is_department(piece) and are_names(after) and not is_department(after):
            yield after


def _named_after_by(line: Line) -> Iterable[str]:
    """由 门诊部小周, by International Office: beside a date, and a name."""
    if not (line.dates or line.fields) or line.in_sentence:
        return
    pieces = [*line.pieces, ""]
    for piece, after in itertools.pairwise(pieces):
        by = _BY.match(piece)
        if by:
            value = shown(piece[by.end() :]) or after
            value = _BY_END.sub("", value)
            if value and _is_name(value):
                yield value


def section_of(reading: Reading, title: str) -> str:
    """The section: labelled, or the last step of the breadcrumb, or the short line above the headline."""
    value = first(reading.before, "section")
    if value:
        return value
    section = _from_crumbs(reading, title) or _labelled_below(reading)
    if section:
        return section
    blocks = reading.page.blocks
    end = reading.run.first if reading.run is not None else reading.body.first
    above = blocks[end - 1] if 0 < end <= len(blocks) else None
    if above is None or above.links > 1 or len(above.text) > _LONGEST_SECTION or _FRONT.match(above.text):
        return ""
    return above.text if _names_section(above.text) else ""


def _names_section(text: str) -> bool:
    """Whether a text is what sections are called, and no hospital: 通知公告, 健康科普."""
    return bool(SECTION_WORD.fullmatch(fold(text))) and not text.endswith(("院", "部", "科"))


def _labelled_below(reading: Reading) -> str:
    """分类：通知公告 under the article, with links to the sections: the first of them."""
    topic = first([*reading.after, *reading.before], "section", "topic")
    return re.split("[、,，]", topic)[0].strip()


def _from_crumbs(reading: Reading, title: str) -> str:
    blocks = reading.page.blocks
    end = reading.run.first if reading.run is not None else reading.body.first
    known = [b.text for b in blocks[:end] if 2 <= len(b.text) <= 10]
    for index in range(min(end + 3, len(blocks)) - 1, -1, -1):
        text = blocks[index].text
        if len(text) > 150 or not _CRUMBS.search(text):
            continue
        crumbs = next((v for kind, v in read_line(blocks[index].pieces).fields if kind == "place"), "")
        if not crumbs and _FRONT.match(text) and _CRUMB_MARK.search(blocks[index].pieces):
            crumbs = text
        section = last_step(crumbs, known, title) if crumbs else ""
        if section:
            return section
    for node in reading.page.nodes:  # each step a block of its own
        if node.name and 0 < node.end - node.start <= 8 and node.start <= end and _CRUMB_NAME.search(node.name):
            section = last_step(" > ".join(block.pieces for block in blocks[node.start : node.end]), known, title)
            if section:
                return section
    return ""


def last_step(crumbs: str, known: Sequence[str], title: str) -> str:
    """The last section of a breadcrumb that is neither the front page nor the article itself.

    A breadcrumb whose separators were images is one word (首页医院动态医院新闻正文): its last part is then a section's
    name that the page shows elsewhere (`known`), or what ends in a word that sections end in.
    """
    steps = [shown(step).strip("：: ") for step in _CRUMB.split(crumbs)]
    steps = [step for step in steps if step and step not in _CRUMB_NOISE]
    above = [step for step in steps if not _same_start(step, title)]
    if not above:  # a page such as 医院概况 is its own section
        return steps[-1] if steps and len(steps[-1]) <= _LONGEST_SECTION else ""
    steps = above
    last = steps[-1]
    if len(steps) == 1 and last.startswith(("首页", "主页", "首頁")):
        glued = re.sub(r"^(?:网站)?(?:首页|主页|首頁)|(?:正文|内容|详情)$", "", last)
        for name in sorted(known, key=len, reverse=True):
            if glued.endswith(name):
                return name
        words = re.findall(
            r"[\u3400-\u9fff]{1,4}?(?:新闻|动态|公告|通知|要闻|快讯|资讯|党建|园地|风采|报道|公示|信息|文化|活动|建设)",
            glued,
        )
        return words[-1] if words else glued
    return last if len(last) <= 30 else ""


def _same_start(step: str, title: str) -> bool:
    own = step.rstrip(".… ")
    return (len(own) >= 6 and title.startswith(own[:12])) or step == title
