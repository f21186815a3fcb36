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
    r"(?:网|網|网站|官网|频道|頻道|医院|醫院|卫生院|衛生院|保健院|疗养院|療養院|防治院|附院|总院|總院|分院|院区|院區|卫生服务站|卫生所|门诊部|诊所|血站|防治所|疾控|"
    r"首页|首頁|新闻|新聞|门户|在线|日报|晚报|委员会|卫健委|卫健局|卫生局|政府|大学|研究所|研究院|论坛|discuz!?|"
    r"学院|学会|中心|资讯|中国|动态|公告|报社|客户端|[a-z]{2,}\.(?:com|cn|net|org)(?:\.cn)?)$|"
    r"^(?:新闻|首页|正文|网站)$",
    re.IGNORECASE,
)

_PAGE_KIND = re.compile(
    r"(?:新闻|文章|信息|内容|通知|公告|资讯|图文|详细|内页|最新|查看|动态|\s){0,3}"
    r"(?:详情|详细|内容|正文|显示|浏览|页面|内页|阅读|查看|news|detail|show)+",
    re.IGNORECASE,
)


# a name has no verb and no punctuation: “小小哨兵”走进医院, 市领导慰问我院
_NO_NAME = re.compile(
    '[“”"，,。！!？?：:《》、；;]|走进|召开|举[办行]|开展|慰问|[来到赴]我|我院|莅临|调研|荣获|喜获|成功|参加|顺利|关于|致|'
    "来到|前往|启用|揭牌|成立|举办|進|召開|舉"
)
# sections that stand in a `<title>` between the article's and the site's name
_SECTION_PART = re.compile(
    r"[\u3400-\u9fff]{0,6}(?:新闻|新聞|动态|動態|公告|通知|要闻|快讯|资讯|信息|党建|党务|园地|风采|天地|之窗|专栏|专题|报道|"
    r"公示|公开|文化|简讯|活动|宣教|科普|健康|文苑|工作|医讯|头条|中心|速递|建设|教育|指南|之家|介绍|概况|宣传|招聘|采购)"
)
_LONGEST_SECTION = 8  # characters


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
    return len(_parts(title)) <= 1 and len(title) <= 20 and _names_site(title.strip())


def _names_site(part: str) -> bool:
    return bool(_SITE_NAME.search(part)) and not _NO_NAME.search(part)


def _names_section(part: str) -> bool:
    return len(part) <= _LONGEST_SECTION and "的" not in part and bool(_SECTION_PART.fullmatch(part))


def _parts(title: str) -> list[str]:
    return [part.strip() for part in _TITLE_SEPARATOR.split(title.strip()) if part.strip()]


def without_site(title: str) -> str:
    """A `<title>` without the site's name and the sections behind it (or before it)."""
    parts = _parts(title)
    begin, end = _own_parts(parts)
    if end - begin > 1 and len(parts[begin]) >= 6:
        return parts[begin]
    return " ".join(parts[begin:end]) if parts else title


def _own_parts(parts: list[str]) -> tuple[int, int]:
    """The range of the parts that are the article's own."""
    begin, end = 0, len(parts)
    while end > 1 and _names_site(parts[end - 1]):
        end -= 1
    before_section = end < len(parts) and end > 1  # 标题-栏目-医院
    while end > 1 and before_section and _names_section(parts[end - 1]):
        end -= 1
    while end - begin > 1 and (_names_section(parts[begin]) or (end == len(parts) and _names_site(parts[begin]))):
        begin += 1
    return begin, end


def site_parts(title: str) -> set[str]:
    """The parts of a `<title>` that are not the article's, folded: no headline is one of them."""
    parts = _parts(title)
    begin, end = _own_parts(parts)
    return {fold_title(part) for part in (*parts[:begin], *parts[end:])}


def says_nothing(title: str) -> bool:
    """Whether a `<title>` names only the site, or what kind of page it is: 西苑儿童医院-新闻详情."""
    rest = without_site(title)
    return not rest or is_site_name(title) or is_site_name(rest) or bool(_PAGE_KIND.fullmatch(rest))


def first_part(title: str) -> str:
    """What a `<title>` says before its first separator: 白玉洁 - 专家团队 - 仁康医院 -> 白玉洁; empty without one."""
    parts = _parts(title)
    return parts[0] if len(parts) > 1 and not _names_site(parts[0]) else ""


def without_spaces(title: str) -> str:
    """创 先 争 优 -> 创先争优; blanks between longer parts stay."""
    return _SPACED_OUT.sub(lambda match: re.sub(r"[ \u3000]+", "", match[0]), " ".join(title.split()))
