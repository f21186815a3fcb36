"""A line of a page in, what it says about the article out: when, from whom, by whom.

    read_line("发布时间：2022-08-22　浏览：") -> Line(fields=[("published", "2022-08-22"), ("views", "")])

Pages print these in one line or many, glued or not, with or without a colon, with blanks inside the label (作　者) and
with the visitor counter's number glued to the date. Labels are matched on the folded line (traditional like simplified,
full-width like half-width), values are handed back as printed.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable

from pipeline.blocks import SEPARATOR, shown
from pipeline.bylines import are_names, is_department
from pipeline.dates import Printed, find_dates, labelled_date
from pipeline.fold import fold_map
from pipeline.labels import find_labels

_LONGEST_UI = 80  # characters
LONGEST_LINE = 300  # characters; a longer block is prose, whatever it begins with
_LONGEST_VALUE = {
    "source": 40,
    "author": 40,
    "poster": 40,
    "issuer": 40,
    "contributor": 40,
    "editor": 30,
    "reviewer": 30,
    "proofreader": 30,
    "section": 60,
    "topic": 60,
}  # characters

NO_NAME = frozenset(
    "未知 不详 未填写 无 暂无 空 佚名 匿名 本站 本网站 本网 本网站原创? 无名 admin administrator null none "
    "undefined 管理员 系统管理员 网站管理员 默认 "
    "超级管理员 - -- / 、 . 【】 [] () （） 未命名 n/a 互联网? 不明 root".replace("?", "").split()
) - {"互联网", "本网站原创"}

_UI_LINE = re.compile(
    r"(?:[\s\[\]【】〖〗()（）<>|｜·•/,、。:：;+\-_=«»×—–―~～*☆★◆▲●■]|字号|字体|大小|大|中|小|特大|默认|正常|加大|减小|增大|"
    r"缩小|放大|打印本页|打印|打印文章|关闭窗口|关闭本页|关闭|收藏本页|收藏|分享到|分享至|分享|"
    r"扫一扫|手机看|手机阅读|在手机打开|在手机上看|返回顶部|返回首页|返回列表|返回|上一页|下一页|首页|末页|尾页|"
    r"更多|繁体|繁體|简体|无障碍|微信|微博|新浪微博|腾讯微博|人人网|qq空间|qq好友|qq|豆瓣|"
    r"朋友圈|分享|复制链接|复制网址|链接|我要评论|我要纠错|我有话说|评论|纠错|举报|投诉|点赞|赞|转发|推荐|"
    r"推荐给朋友|发送邮件|保存|下载|正文|导出|语音播放|播放|暂停|"
    r"t|a|\+|视力保护色|保护视力色|白色|银河白|双击自动滚屏|双击滚屏|阅读原文|查看原文|展开全文|展开|收起|全文|"
    r"顶一下|踩一下|顶|踩|挑错|-{4,}分隔线|[点點]击上方.{0,12}关注(?:我们)?|分享|"
    r"字级(?:设定|大小)?|共享此文章|分享此文章?|分享本文|分享文章|回上一页|友善列印|友善打印|转寄好友|转寄|列印|回列表|回首页|回到?顶部|收藏本文|打印本文|打印此文|"
    r"只看该作者|倒序浏览|加入收藏|告诉好友|发表评论|推荐给好友|END|The\s?End|正在加载|加载中|"
    r"登录以发表评论|注册|登录|退出|点击量|点击|共\d+(?:条|页)|\d+条记录|上页|下页|页次|每页|阅读|浏览|\d|"
    r"facebook|twitter|email|line|google\+?|plurk|print|share|font|size|small|large|xs|xl|http\S{0,80}|www\.\S{0,80})+",
    re.IGNORECASE,
)
_VIEWS_ONLY = re.compile(
    r"\s*\d{1,9}\s*(?:次|人)?\s*(?:浏览|阅读|点击|访问|评论|条评论|人参与|views?)\s*|\s*(?:浏览|阅读|点击|访问|"
    r"评论|人气|热度)\s*[(\[]?\s*\d{1,9}\s*[)\]]?\s*次?\s*"
)
_SENTENCE_DATE = re.compile(
    r"[\u3400-\u9fff]{3}.*(?:会|通过|举行|开幕|召开|发布|印发|[，。])|[，,]|[至起前后]|\s?[-—~～至]\s?\d"
)
_TRAILING = re.compile(r"[\s\x1f|｜丨│/、,;:·\-—_>＞<\]】）)(（\[【]+$")
_LEADING = re.compile(r"^[\s\x1f:：|｜丨│/、,;·>＞\]】）)\[【（(]+")
_GAP = re.compile(r"[\xa0\u3000 \t]{2,}|[\xa0\u3000]|[|｜│丨;；]|\s{0,2}\x1f\s{0,2}")


_UNKNOWN_LABEL = re.compile(r"(?<=[\s\x1f|;；/、])[\u3400-\u9fff]{2,6}\s{0,4}[:：]")
_SENTENCE = re.compile("[\u3400-\u9fff]{4}[，,][^：:|/]{0,60}[。！？]|[，,].{6,60}[。！？]|[\u3400-\u9fff]{6}[。！？]")
_NAMING = frozenset(
    {"source", "author", "poster", "contributor", "editor", "reviewer", "proofreader", "issuer", "photographer"}
)
_STOPS = re.compile("[，。；！？]")
_MAY_SPEAK = re.compile(
    r"[:：/／|｜丨0-9０-９〇○零\]】]|[一二][0OＯ]|编辑|编辑|編輯|责编|責編|来源|來源|供稿|审核|審核|校对|校對|作者|撰|摄影|"
    "攝影|记者|記者|发|發|更新|文字|[Pp]osted|[Uu]pdated"
)
_CONTENT = frozenset({"other date", "content"})
_PERSONS = frozenset({"author", "contributor", "editor", "reviewer", "proofreader"})
_SPACED_NAME = re.compile(r"[\u3400-\u9fff][\s\u3000\xa0]{1,4}[\u3400-\u9fff](?=[\s\x1f|，、；;）)】\]/]|$)")  # 毛　豆
# 已有899人浏览, 共1520人关注: the visitor counter in a sentence
_COUNT = re.compile(
    r"(?:(?:本文)?(?:已被|已有|共有|共|累计|被|有)[\s\x1f]{0,4})?(?<![\d./:年月-])\d{1,9}[\s\x1f]{0,4}(?:人次|人|次)?[\s\x1f]{0,4}"
    r"(?:浏览|阅读|关注|查看|点击|访问|围观|参与)(?:过|量|次数|次)?(?![\u3400-\u9fff])"
)


@dataclasses.dataclass(slots=True)
class Line:
    """What one line says: labelled values in their order, unlabelled dates, and what is left over."""

    fields: list[tuple[str, str]]
    dates: list[Printed]
    rest: str  # what is neither label, value, date nor a word of the page's controls
    pieces: list[str]  # the parts of the line outside labelled values, as the page separates them
    in_sentence: bool = False  # the first unlabelled date goes on in words: （2007年6月29日第十届…会议通过）

    @property
    def is_metadata(self) -> bool:
        """Whether the line says nothing but such things."""
        said = any(kind not in _CONTENT for kind, _ in self.fields) or (self.dates and not self.fields)
        if not said or len(self.rest) > 12:
            return False
        return bool(self.fields) or not (self.in_sentence or _STOPS.search(self.rest))


@functools.lru_cache(maxsize=2_000)  # a page's lines are asked for by several rules, a site's are much the same
def read_line(pieces: str) -> Line:
    """Read one line (`Block.pieces`). A line longer than LONGEST_LINE gives nothing. What it returns is shared."""
    if len(pieces) > LONGEST_LINE or not _MAY_SPEAK.search(pieces):
        text = shown(pieces)
        return Line([], [], "" if is_ui(text) else text, [text] if text else [])
    folded, places = fold_map(pieces)
    found = find_labels(folded)
    fields: list[tuple[str, str]] = []
    outside: list[str] = []
    dates: list[Printed] = []
    end = 0
    for number, (kind, start, after) in enumerate(found):
        outside.append(pieces[places[end] : places[start]])
        until = found[number + 1][1] if number + 1 < len(found) else len(folded)
        raw = pieces[places[after] : places[until]]
        if kind in _NAMING and _SENTENCE.search(raw[: _end_of_value(raw, 0)]):
            outside.append(pieces[places[start] : places[until]])  # 作者：鲁迅的《药》曾写过……，今天读来
            end = until
            continue
        value, used = _value(kind, raw)
        fields.append((kind, value))
        rest = raw[used:]
        if rest.strip():
            outside.append(rest)
        end = until
    outside.append(pieces[places[end] :])
    left: list[str] = []
    in_sentence = False
    for part in outside:
        part = _COUNT.sub(SEPARATOR, part)
        here = find_dates(part)
        if here and not dates:
            in_sentence = bool(_SENTENCE_DATE.match(part, here[0].end)) or _goes_on(part, here[0])
        dates.extend(here)
        for printed in reversed(here):
            part = part[: printed.start] + SEPARATOR + part[printed.end :]
        left.extend(piece for piece in (shown(p) for p in _GAP.split(part)) if piece)
    rest = "".join(piece for piece in left if not is_ui(piece))
    return Line(fields, dates, rest, left, in_sentence)


def _goes_on(part: str, date: Printed) -> bool:
    """Whether words before a date show that it is one of the article's: 于2022年8月22日, （2007年6月29日第十届……）."""
    before = part[: date.start].rstrip()
    if before.endswith(("(", "（")):
        inside = re.split("[)）]", part[date.end :])[0].strip()
        return bool(inside) and not (are_names(inside) or is_department(inside) or inside[0] in ":：")
    return before.endswith(("于", "在"))


def is_ui(text: str) -> bool:
    """Whether a line holds nothing but the page's controls (字号 大 中 小, 打印, 关闭, 123 次浏览)."""
    return len(text) <= _LONGEST_UI and _is_short_ui(text)


@functools.lru_cache(maxsize=4_000)
def _is_short_ui(text: str) -> bool:
    return bool(_UI_LINE.fullmatch(text) or _VIEWS_ONLY.fullmatch(text) or _COUNT.fullmatch(text))


def _value(kind: str, raw: str) -> tuple[str, int]:
    """The value at the beginning of what follows a label, and how many characters of it were used."""
    if kind in {"published", "time", "updated", "other date", "clock"}:
        printed = labelled_date(raw)
        if printed:
            return printed.raw, printed.end
        gap = _GAP.search(raw.rstrip())
        return "", gap.start() if gap and gap.start() <= 8 else 0  # 发布于北京
    if kind == "views":
        counted = re.match(r"[\s\x1f]*[\[(]?[\s\x1f]*\d{0,9}[\s\x1f]*[\])]?[\s\x1f]*(?:次|人次|人)?", raw)
        return "", counted.end() if counted else 0
    if kind == "place":
        return shown(raw), len(raw)
    lead = _LEADING.match(raw)
    begin = lead.end() if lead else 0
    raw = raw[: _end_of_value(raw, begin)]
    spaced = _SPACED_NAME.match(raw, begin) if kind in _PERSONS else None
    gap = _GAP.search(raw, spaced.end() if spaced else begin)
    if gap and kind in _PERSONS and "\x1f" not in raw and _alike(raw[begin:]):
        gap = None  # 作者：张三　李四
    if gap and kind in {"author", "contributor", "editor", "reviewer"} and not raw[begin : gap.start()].strip():
        gap = None
    end = gap.start() if gap else len(raw)
    dates = find_dates(raw[begin:end])
    if dates:
        end = begin + dates[0].start
    value = shown(_TRAILING.sub("", raw[begin:end]))
    if kind in _PERSONS:
        value = value.replace("\u3000", " ")
    if len(value) > _LONGEST_VALUE.get(kind, 80):
        return "", 0
    return ("" if value.lower() in NO_NAME or is_ui(value) else value), end


def _end_of_value(raw: str, begin: int) -> int:
    """Where a value ends at the latest: before a closing bracket without its opening one, or a label nobody knows."""
    other = _UNKNOWN_LABEL.search(raw, begin)
    end = other.start() if other else len(raw)
    for opening, closing in ("【】", "[]", "()", "（）"):
        close = raw.find(closing, begin, end)
        if close >= 0 and raw.find(opening, begin, close) < 0:
            end = close
    return end


def _alike(names: str) -> bool:
    """Whether a value is several names of people or several departments, and nothing else, with blanks between."""
    parts = names.split()
    return 1 < len(parts) <= 4 and (are_names(names) or all(is_department(part) for part in parts))


def first(lines: Iterable[Line], *kinds: str) -> str:
    """The first value of one of these kinds, the kinds in their order of preference."""
    lines = list(lines)
    for kind in kinds:
        for line in lines:
            for found, value in line.fields:
                if found == kind and value:
                    return value
    return ""


def every(lines: Iterable[Line], kind: str) -> list[str]:
    """All values of a kind, each once."""
    values: list[str] = []
    for line in lines:
        for found, value in line.fields:
            if found == kind and value and value not in values:
                values.append(value)
    return values
