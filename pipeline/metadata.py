"""A read page in, what it says about its article out: title, time, source, author, section.

Everything is taken from the lines around the body first, labelled before unlabelled; from `<meta>` and the URL last.
What cannot be told stays empty; a date is never taken from the article's own sentences.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterable, Sequence

from pipeline.blocks import Page, shown
from pipeline.body import Body, Choice, Headline
from pipeline.bylines import byline, lead_byline
from pipeline.dates import Printed, date_in_url, find_dates, first_date
from pipeline.lines import NO_NAME, Line, every, first, is_ui, read_line
from pipeline.titles import is_site_name, joined_title, without_site, without_spaces

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
_SCRIPT_TIME = re.compile(r"""\bvar\s+ct\s*=\s*["'](\d{10})["']""")
_DAY_ONLY = re.compile(r"(?:3[01]|[12]\d|0?[1-9])日?")
_MONTH_ONLY = re.compile(r"((?:19|20)\d\d)\s?[-/.年]\s?(1[0-2]|0?[1-9])月?")
_NAME = re.compile(r"[\u3400-\u9fffA-Za-z0-9·《》“”\"\-—()（） ]{2,24}")
_NO_SOURCE = re.compile(
    r"原创|发布于|账号|关注|正文|评论|必读|阅读|作者|点击|浏览|记者|我要|分享|编辑|时间|订阅|举报|来自"
)
_CRUMBS = re.compile("位置|>|»|›|首页|首頁")
_CRUMB_MARK = re.compile("[>»›＞]")
_CRUMB = re.compile(r"\s*(?:>{1,3}|»|＞|›|→|/|\\|\||·|::|\x1f|-{1,3}(?=[\u3400-\u9fff]))+\s*")
_CRUMB_NOISE = frozenset(
    {"首页", "主页", "网站首页", "正文", "首頁", "详细内容", "内容", "文章内容", "新闻详情", "详情", "返回", "详细页"}
    | {"查看", "文章", "内容详情", "详细信息", "信息内容", "阅读", "home", "Home"}
)
_LONGEST_SECTION = 8  # characters of a section that is the title of its only page
SECTION_WORD = re.compile(
    r"[\u3400-\u9fff]{0,6}(?:新闻|动态|公告|通知|要闻|快讯|资讯|党建|工作|园地|风采|天地|之窗|专栏|专题|报道|公示|"
    r"公开|信息|文化|简讯|活动|建设|宣传|教育|"
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
                        yield from find_dates(value)[:1]
        if lines is reading.before:
            for line in lines:
                if line.dates and len(line.rest) <= 24 and not line.in_sentence:
                    yield line.dates[0]
            yield from _split_date(reading)
    for name in _META_DATES:
        printed = first_date(reading.page.metas.get(name, ""))
        if printed:
            yield printed
    yield from _script_dates(reading.html)
    for line in [*reading.before, *reading.after]:
        for kind, value in line.fields:
            if kind == "updated" and value:
                yield from find_dates(value)[:1]
    for line in reading.after:
        if line.dates and line.is_metadata and line.dates[0].time:
            yield line.dates[0]


def _script_dates(html: str) -> Iterable[Printed]:
    """The date in a page's structured data; WeChat has the second in `var ct`."""
    data = _STRUCTURED_TIME.search(html)
    if data:
        yield from find_dates(data[1])[:1]
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
            month = _MONTH_ONLY.fullmatch(blocks[one].text)
            if month and _DAY_ONLY.fullmatch(blocks[two].text):
                yield from find_dates(f"{month[1]}-{month[2]}-{blocks[two].text.rstrip('日')}")


def source_of(reading: Reading) -> str:
    """The publisher: labelled over the body, else the name beside the date, else labelled after it, else `<meta>`."""
    value = first(reading.before, "source")
    if value:
        return value
    for line in reading.before:
        if (line.dates or any(kind in {"published", "time"} and v for kind, v in line.fields)) and len(line.rest) <= 30:
            for piece in line.pieces:
                if _is_name(piece) and not line.in_sentence:
                    return piece
    value = _source_block(reading) or first(reading.after, "source")
    if value:
        return value
    for name in _META_SOURCES:
        value = reading.page.metas.get(name, "")
        if value and len(value) <= 40 and value.lower() not in NO_NAME:
            return value
    return _account(reading)


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
            if 0 <= near < len(blocks) and len(blocks[near].text) <= 14 and _is_name(blocks[near].text):
                return blocks[near].text
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
    blocks = reading.page.blocks
    endings = [blocks[i].text for i in reversed(reading.body.blocks[-2:])]
    endings += [cut.text for cut in reading.body.cuts if cut.rule == "cut:metadata"]
    for text in endings:
        found = byline(text)
        author, contributor = author or found[0], contributor or found[1]
    if not author and not contributor and reading.body.lines:
        author, contributor = lead_byline(reading.body.lines[0])
    for name in _META_AUTHORS:
        value = reading.page.metas.get(name, "")
        if not author and value and len(value) <= 20 and _is_name(value):
            author = value
    if not author and reading.choice and reading.page.nodes[reading.choice.node].element.get("id") == "js_content":
        author = _account(reading)
    return author, contributor


def section_of(reading: Reading, title: str) -> str:
    """The section: labelled, or the last step of the breadcrumb, or the short line above the headline."""
    value = first(reading.before, "section")
    if value:
        return value
    blocks = reading.page.blocks
    end = reading.run.first if reading.run is not None else reading.body.first
    known = [b.text for b in blocks[:end] if 2 <= len(b.text) <= 10]
    for index in range(min(end + 3, len(blocks)) - 1, -1, -1):
        text = blocks[index].text
        if len(text) > 150 or not _CRUMBS.search(text):
            continue
        crumbs = next((v for kind, v in read_line(blocks[index].pieces).fields if kind == "place"), "")
        if not crumbs and text.startswith(("首页", "首頁", "网站首页", "主页")) and _CRUMB_MARK.search(text):
            crumbs = text
        section = last_step(crumbs, known, title) if crumbs else ""
        if section:
            return section
    above = blocks[end - 1].text if 0 < end <= len(blocks) else ""
    return above if len(above) <= 8 and SECTION_WORD.fullmatch(above) else ""


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
