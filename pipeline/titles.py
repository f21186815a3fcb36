"""The words of a `<title>` in, the article's title out: without the site's name, without decorative blanks."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[\W_]+")
_SPACED_OUT = re.compile(r"(?:[\u3400-\u9fff][ \u3000]+){3,}[\u3400-\u9fff]")
_TITLE_SEPARATOR = re.compile(
    r"\s{0,3}(?:[_|»>]+|(?<!—)——?(?=[\u3400-\u9fff]{0,10}(?:网|門戶|门户)))\s{0,3}|\s{1,3}[-–]+\s{0,3}|"
    r"[-–]+\s{1,3}|-{1,2}(?=[\u3400-\u9fff])"
)
_SITE_NAME = re.compile(
    r"(?:网|網|网站|官网|频道|頻道|医院|醫院|首页|新闻|新聞|门户|在线|日报|晚报|委员会|卫健委|卫生局|政府|大学|"
    r"学院|学会|中心|资讯|中国|动态|公告|报社|客户端|[a-z]{2,}\.(?:com|cn|net|org)(?:\.cn)?)$|"
    r"^(?:新闻|首页|正文|网站)$",
    re.IGNORECASE,
)

_PAGE_KIND = re.compile(
    r"(?:新闻|文章|信息|内容|通知|公告|资讯|图文|详细|内页|最新|查看|动态|\s){0,3}"
    r"(?:详情|详细|内容|正文|显示|浏览|页面|内页|阅读|查看|news|detail|show)+",
    re.IGNORECASE,
)


def fold_title(text: str) -> str:
    """Letters and digits of a title, for comparing only."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text).lower())


def joined_title(parts: list[str], whole: str) -> str:
    """The lines of a headline in one; with a blank between them unless the `<title>` has none there."""
    title = parts[0]
    for part in parts[1:]:
        title += part if title + part in whole else " " + part
    return title


def is_site_name(title: str) -> bool:
    """Whether a title is nothing but the name of a site or a section."""
    return (
        len(_TITLE_SEPARATOR.split(title.strip())) == 1 and len(title) <= 20 and bool(_SITE_NAME.search(title.strip()))
    )


def without_site(title: str) -> str:
    """A `<title>` without the site's name and the sections behind it (or before it)."""
    parts = [part for part in _TITLE_SEPARATOR.split(title.strip()) if part.strip()]
    while len(parts) > 1 and _SITE_NAME.search(parts[-1]):
        parts.pop()
    while len(parts) > 1 and _SITE_NAME.search(parts[0]):
        parts.pop(0)
    if len(parts) > 1 and len(parts[0]) >= 6:
        return parts[0]
    return " ".join(parts) if parts else title


def says_nothing(title: str) -> bool:
    """Whether a `<title>` names only the site, or what kind of page it is: 西苑儿童医院-新闻详情."""
    rest = without_site(title)
    return not rest or is_site_name(title) or is_site_name(rest) or bool(_PAGE_KIND.fullmatch(rest))


def first_part(title: str) -> str:
    """What a `<title>` says before its first separator: 白玉洁 - 专家团队 - 仁康医院 -> 白玉洁; empty without one."""
    parts = [part for part in _TITLE_SEPARATOR.split(title.strip()) if part.strip()]
    return parts[0] if len(parts) > 1 and not _SITE_NAME.search(parts[0]) else ""


def without_spaces(title: str) -> str:
    """创 先 争 优 -> 创先争优; blanks between longer parts stay."""
    return _SPACED_OUT.sub(lambda match: re.sub(r"[ \u3000]+", "", match[0]), " ".join(title.split()))
