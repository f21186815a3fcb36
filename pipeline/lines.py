"""A line of a page in, what it says about the article out: when, from whom, by whom.

    read_line("发布时间：2022-08-22　浏览：") -> Line(fields=[("published", "2022-08-22"), ("views", "")])

Pages print these in one line or many, glued or not, with or without a colon, with blanks inside the label (作　者) and
with the visitor counter's number glued to the date. Labels are matched on the folded line (traditional like simplified,
full-width like half-width), values are handed back as printed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from pipeline.blocks import SEPARATOR, shown
from pipeline.bylines import are_names, is_department
from pipeline.dates import Printed, find_dates
from pipeline.fold import fold_map

LONGEST_LINE = 300  # characters; a longer block is prose, whatever it begins with
_LONGEST_VALUE = {
    "source": 40,
    "author": 40,
    "poster": 40,
    "issuer": 40,
    "contributor": 40,
    "editor": 30,
    "reviewer": 30,
    "section": 60,
    "topic": 60,
}  # characters

# What a label means -> its forms on the pages of hospitals, governments and news sites (261 lines of 119 pages). Blanks
# may stand between the characters of every one of them. `+` marks forms that count without a colon.
_LABELS = {
    "published": (
        "发布时间 发布日期 发表时间 发表日期 发稿时间 发稿日期 刊发时间 刊登日期 发帖时间 添加时间 添加日期 "
        "录入时间 上传时间 创建时间 公告日期 公告时间 上架日期 "
        "张贴日期 上版日期 刊登时间 刊载日期 挂网时间 post+date posted+on published+on release+date "
        "发文时间 公布时间 公布日期 文章日期 发布于+ 发表于+ 发布 发表"
    ),
    "time": "时间 日期 date",
    "updated": "更新时间 更新日期 最后更新 最近更新 修改时间 更新于+ 更新 last+updated updated",
    # dates that are not the day of publication
    "other date": (
        "归档时间 生效日期 生效时间 成文日期 成文时间 实施日期 截止时间 截止日期 废止日期 有效期 北京时间 印发日期 "
        "印发时间 活动时间 会议时间 "
        "报名时间 面试时间 考试时间 开标时间 开放时间 出诊时间 培训时间 讲座时间 播出时间 上映时间 公示时间 公示期 "
        "举办时间 召开时间"
    ),
    "clock": "今天是+ 现在是+ 现在时间 当前时间 当前日期 系统时间",  # of the visitor, not of the page
    "source": (
        "来源 稿件来源 本文来源 信息来源 资料来源 文章来源 新闻来源 内容来源 消息来源 文稿来源 图文来源 稿源 "
        "本文出处 出处 来自 本文来源于+ 稿件来源于+ 来源于+ 转自 转载自 "
        "摘自 文章出处 信息出处 发布来源 原文来源 公告单位 张贴单位 刊登单位 source"
    ),
    "author": (
        "作者 本文作者 文章作者 原作者 作者姓名 拟稿人 拟稿 撰稿人 撰稿 撰文 撰写 编写 "
        "文字 图文 文图 文/图 文、图 图/文 文 记者 本报记者 本网记者 特约记者 融媒体记者 "
        "全媒体记者 见习记者 实习记者 署名 责任者 by posted+by author"
    ),
    # who put the page up: an author only where the page names no other
    "poster": (
        "发布人 发布者 发布部门 发布单位 发布科室 发布作者 文章录入 录入 录入者 录入人 录入员 上传者 上传人 "
        "发稿人 发稿部门"
    ),
    # of a public body's document: its source where the page names no other
    "issuer": "发布机构 发文机关 发文单位 公开责任部门 信息发布机构",
    "contributor": (
        "供稿 供稿人 供稿单位 供稿部门 供稿科室 供稿者 投稿 投稿人 来稿 来稿单位 通讯员 通联 信息提供 信息员 报送单位 "
        "稿件提供 提供单位"
    ),
    "editor": (
        "编辑 责任编辑 责任编缉 责编 编审 初审编辑 值班编辑 网络编辑 网站编辑 本网编辑 执行编辑 编辑人 文字编辑 "
        "美编 排版 编排 编校 责任编审 本期编辑 "
        "微信编辑 见习编辑 实习编辑 主编 执编 网编 新媒体编辑 栏目编辑 值班主编"
    ),
    "reviewer": (
        "审核 审核人 审核者 审稿 审稿人 终审 初审 复审 一审 二审 三审 审定 审签 审阅 审读 审批 审批人 统筹 校稿人 "
        "校对 责任校对 校审 签发领导 签发 签发人 监制 总监制 "
        "审校 责任审核 内容审核 复核 核发 策划审核 初核 终校"
    ),
    "photographer": (
        "摄影 图 图片 摄 供图 图片提供 图片来源 照片 配图 图源 视频 制图 设计 制作 摄像 剪辑 策划 出品 配音 播音 翻译 "
        "编译"
    ),
    "views": (
        "点击 点击数 点击量 点击率 点击次数 浏览次数 浏览量 浏览 浏览数 阅读 阅读量 阅读次数 阅读数 访问量 "
        "访问次数 访问 人气 热度 已阅 查看 查看次数 "
        "评论 评论数 收藏 点赞 跟贴 跟帖 参与 本文已被浏览 累计浏览 被阅览数 阅览次数 阅览 人气指数 围观 "
        "点阅 点阅数 点阅次数 点阅率 浏览人次 点击人次 观看次数 阅览数 views hits"
    ),
    "section": "栏目 所属栏目 频道 新闻类别",
    # of a document or a post: its section where the page has no breadcrumb
    "topic": "分类 所属分类 类别 信息类别 信息分类",
    "place": (
        "当前位置 您的位置 您现在的位置 你的位置 现在位置 当前所在位置 您所在的位置 您当前的位置 您当前位置 所在位置 "
        "你现在的位置 你当前的位置 您现在所在的位置 首页位置 位置 目前位置 现在所在位置"
    ),
    # of the article's own sentences, not of the page: named here so that another label's value ends where they begin
    "content": "责任单位 主办单位 承办单位 电话 地址 邮箱 联系人 联系电话 咨询电话 名称 大小 活动地点 会议地点",
    "ui": (
        "字号 字体 字体大小 文字大小 分享到 分享 分享至 打印 关闭 收藏本页 扫一扫 保护视力色 视力保护色 语音播报 "
        "字体颜色 背景色 我要纠错 打印本页 关闭窗口 "
        "关键词 关键字 标签 主题词 索引号 文号 发文字号 字数 语音 导语 摘要 内容摘要 主题分类 "
        "公开方式 公开范围 原标题 原题 "
        "有效性 信息索引 语种"
    ),
}  # fmt: skip

_KIND = {form.rstrip("+"): kind for kind, forms in _LABELS.items() for form in forms.split()}
_KIND_ASCII = {form.replace("+", ""): kind for form, kind in _KIND.items() if form.isascii()}
_BARE = {form.rstrip("+") for forms in _LABELS.values() for form in forms.split() if form.endswith("+")}


_FORMS = sorted(_KIND, key=len, reverse=True)
# 时间, 日期, 文, 图, 位置 … are also the ends of longer words (活动时间), so nothing Chinese may stand before them
_WORD_ENDS = {"时间", "日期", "发布", "发表", "更新", "位置", "大小", "名称", "图片", "照片", "设计", "制作"}
_FREE = {form for form in _FORMS if len(form) == 1 or form in _WORD_ENDS}


def _pattern(form: str) -> str:
    """A form without its first character: that one is tried for many forms at once."""
    if form.isascii():
        colon = r"\s{0,4}[:：]?\s" if form.endswith(("+on", "+by")) else r"\s{0,4}[:：]"
        return rf"(?<![a-z]{form[0]}){form[1:]}".replace("+", r"\s{1,3}") + colon
    before = rf"(?<![\u3400-\u9fff]{form[0]})" if form in _FREE else ""
    rest = "".join(rf"\s{{0,8}}{re.escape(character)}" for character in form[1:])
    if form in _BARE:
        return before + rest + r"\s{0,4}[:：]?"
    return before + rest + (r"\s{0,4}[:：/]" if form == "文" else r"\s{0,4}[:：]")


def _by_first_character(forms: list[str]) -> str:
    """The forms as one expression that fails at once where no form begins."""
    starts = dict.fromkeys(form[0] for form in forms)
    return "|".join(f"{start}(?:{'|'.join(_pattern(form) for form in forms if form[0] == start)})" for start in starts)


_LABEL = re.compile(_by_first_character(_FORMS))
# without a colon, at the beginning of a piece and with a blank before the name: 责编 何建川
_OPEN_LABEL = re.compile(
    r"(?:^|[\s\x1f(\[【|])\s{0,4}(?P<form>责任编辑|责编|编辑|审核|校对|供稿|作者|来源|撰文|撰稿|摄影|记者|"
    r"文字|通讯员)[ \x1f\xa0]{1,6}(?=[\u3400-\u9fff]{2,12}(?:[\s\x1f)\]】|]|$))"
)
# the credits that editors set without a colon: 文/图 张三, 编辑/李四, 摄影/王五, (党办供稿), 图/赵六
_SLASHED = re.compile(
    r"(?P<form>文图|图文|文|图|摄影|摄|编辑|责编|责任编辑|审核|校对|供稿|通讯员|记者|撰稿|撰文|文字|图片|来源|稿源|"
    r"初审|复审|终审|审稿|监制|统筹|策划|排版|制作|美编|设计|视频|作者)\s{0,2}[/／|丨]\s{0,2}(?=[\u3400-\u9fff])"
)

_BY_NAME = re.compile(r"(?<=\d )by (?=[a-z])")  # Posted on March 3, 2021 by International Office

NO_NAME = frozenset(
    "未知 不详 未填写 无 暂无 空 佚名 匿名 本站 本网站 本网 本网站原创? 无名 admin administrator null none "
    "undefined 管理员 系统管理员 网站管理员 默认 "
    "超级管理员 - -- / 、 . 【】 [] () （） 未命名 n/a 互联网? 不明 root".replace("?", "").split()
) - {"互联网", "本网站原创"}

_UI_LINE = re.compile(
    r"(?:[\s\[\]【】〖〗()（）<>|｜·•/,、。:：;+\-_=«»×]|字号|字体|大小|大|中|小|特大|默认|正常|加大|减小|增大|"
    r"缩小|放大|打印本页|打印|打印文章|关闭窗口|关闭本页|关闭|收藏本页|收藏|分享到|分享至|分享|"
    r"扫一扫|手机看|手机阅读|在手机打开|在手机上看|返回顶部|返回首页|返回列表|返回|上一页|下一页|首页|末页|尾页|"
    r"更多|繁体|繁體|简体|无障碍|微信|微博|新浪微博|腾讯微博|人人网|qq空间|qq好友|qq|豆瓣|"
    r"朋友圈|分享|复制链接|复制网址|链接|我要评论|我要纠错|我有话说|评论|纠错|举报|投诉|点赞|赞|转发|推荐|"
    r"推荐给朋友|发送邮件|保存|下载|正文|导出|语音播放|播放|暂停|"
    r"t|a|\+|视力保护色|保护视力色|白色|银河白|双击自动滚屏|双击滚屏|阅读原文|查看原文|展开全文|展开|收起|全文|"
    r"顶一下|踩一下|顶|踩|挑错|-{4,}分隔线|[点點]击上方.{0,12}关注(?:我们)?|分享|"
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


_STOPS = re.compile("[，。；！？]")
_MAY_SPEAK = re.compile(
    "[:：/／|丨0-9０-９〇○零]|[一二]0|编辑|编辑|編輯|责编|責編|来源|來源|供稿|审核|審核|校对|校對|作者|撰|摄影|"
    "攝影|记者|記者|发|發|更新|文字|[Pp]osted|[Uu]pdated"
)
_CONTENT = frozenset({"other date", "content"})
_PERSONS = frozenset({"author", "contributor", "editor", "reviewer"})


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


def read_line(pieces: str) -> Line:
    """Read one line (`Block.pieces`). A line longer than LONGEST_LINE gives nothing."""
    if len(pieces) > LONGEST_LINE or not _MAY_SPEAK.search(pieces):
        text = shown(pieces)
        return Line([], [], "" if is_ui(text) else text, [text] if text else [])
    folded, places = fold_map(pieces)
    found = _labels(folded)
    fields: list[tuple[str, str]] = []
    outside: list[str] = []
    dates: list[Printed] = []
    end = 0
    for number, (kind, start, after) in enumerate(found):
        outside.append(pieces[places[end] : places[start]])
        until = found[number + 1][1] if number + 1 < len(found) else len(folded)
        value, used = _value(kind, pieces[places[after] : places[until]])
        fields.append((kind, value))
        rest = pieces[places[after] : places[until]][used:]
        if rest.strip():
            outside.append(rest)
        end = until
    outside.append(pieces[places[end] :])
    left: list[str] = []
    in_sentence = False
    for part in outside:
        here = find_dates(part)
        if here and not dates:
            in_sentence = bool(_SENTENCE_DATE.match(part, here[0].end)) or part[: here[0].start].endswith(
                ("（", "于", "在")
            )
        dates.extend(here)
        for printed in reversed(here):
            part = part[: printed.start] + SEPARATOR + part[printed.end :]
        left.extend(piece for piece in (shown(p) for p in _GAP.split(part)) if piece)
    rest = "".join(piece for piece in left if not is_ui(piece))
    return Line(fields, dates, rest, left, in_sentence)


def is_ui(text: str) -> bool:
    """Whether a line holds nothing but the page's controls (字号 大 中 小, 打印, 关闭, 123 次浏览)."""
    return len(text) <= 80 and bool(_UI_LINE.fullmatch(text) or _VIEWS_ONLY.fullmatch(text))


def _labels(folded: str) -> list[tuple[str, int, int]]:
    """(kind, start, end) of the labels of a folded line, in order, none overlapping."""
    found = []
    for match in _LABEL.finditer(folded):
        form = re.sub(r"[\s:：]+", "", match[0])
        form = form[:-1] if form.endswith("/") else form
        kind = _KIND.get(form) or _KIND_ASCII.get(form)
        if kind:
            found.append((kind, match.start(), match.end()))
    for match in _SLASHED.finditer(folded):
        if not any(start <= match.start() < end for _, start, end in found):
            kind = (
                "author"
                if match["form"] in {"文", "文图", "图文", "记者"}
                else _KIND.get(match["form"], "photographer")
            )
            found.append((kind, match.start(), match.end()))
    for match in _OPEN_LABEL.finditer(folded) if len(folded) <= 80 else ():
        if not any(start <= match.start("form") < end for _, start, end in found):
            found.append((_KIND[match["form"]], match.start("form"), match.end()))
    by = _BY_NAME.search(folded) if found and len(folded) <= 100 else None
    if by:
        found.append(("author", by.start(), by.end()))
    return sorted(found, key=lambda label: label[1])


def _value(kind: str, raw: str) -> tuple[str, int]:
    """The value at the beginning of what follows a label, and how many characters of it were used."""
    if kind in {"published", "time", "updated", "other date", "clock"}:
        dates = find_dates(raw)
        if dates and dates[0].start <= 6:
            return dates[0].raw, dates[0].end
        gap = _GAP.search(raw.rstrip())
        return "", gap.start() if gap and gap.start() <= 8 else 0  # 发布于北京
    if kind == "views":
        counted = re.match(r"[\s\x1f]*[\[(]?[\s\x1f]*\d{0,9}[\s\x1f]*[\])]?[\s\x1f]*(?:次|人次|人)?", raw)
        return "", counted.end() if counted else 0
    if kind == "place":
        return shown(raw), len(raw)
    lead = _LEADING.match(raw)
    begin = lead.end() if lead else 0
    gap = _GAP.search(raw, begin)
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
