"""A folded line in, the labels in it out: 发布时间:2022-08-22 来源:党办 -> published at 0, source at 16.

    find_labels(folded) -> [(kind, start, end), …]      in their order, none overlapping
    is_label("作　者：") -> whether a text is a label and nothing else

The forms are those that the pages of hospitals, governments and news sites print; they are matched on the folded line
(traditional like simplified, full-width like half-width).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from pipeline.fold import fold

# What a label means -> its forms on the pages of hospitals, governments and news sites (261 lines of 119 pages). Blanks
# may stand between the characters of every one of them. `+` marks forms that count without a colon.
_LABELS = {
    "published": (
        "发布时间 发布日期 发表时间 发表日期 发稿时间 发稿日期 刊发时间 刊发日期 刊登时间 刊登日期 刊载时间 刊载日期 "
        "登载时间 登载日期 刊出时间 刊出日期 发帖时间 添加时间 添加日期 加入时间 加入日期 录入时间 录入日期 上传时间 "
        "上传日期 创建时间 创建日期 提交时间 提交日期 入库时间 公告日期 公告时间 上架日期 张贴日期 张贴时间 上版日期 "
        "挂网时间 上网时间 上网日期 上线时间 发文时间 发文日期 公布时间 公布日期 公开时间 公开日期 文章时间 文章日期 "
        "新闻时间 新闻日期 信息时间 信息日期 稿件时间 推送时间 推送日期 报道时间 报道日期 撰写时间 撰写日期 投稿时间 "
        "投稿日期 发布于+ 发表于+ 刊发于+ 发布 发表 发稿 刊发 上传 "
        "post+date posted+on published+on release+date publish+date publish+time published posted"
    ),
    "time": "时间 日期 date",
    "updated": (
        "更新时间 更新日期 最后更新 最近更新 修改时间 修改日期 编辑时间 编辑日期 更新于+ "
        "更新 last+updated updated update"
    ),
    # dates that are not the day of publication
    "other date": (
        "归档时间 生效日期 生效时间 成文日期 成文时间 实施日期 截止时间 截止日期 废止日期 有效期 北京时间 印发日期 "
        "印发时间 活动时间 会议时间 "
        "报名时间 面试时间 考试时间 开标时间 开放时间 出诊时间 培训时间 讲座时间 播出时间 上映时间 公示时间 公示期 "
        "公示期限 公示日期 举办时间 召开时间 开始时间 结束时间 "
    ),
    "clock": "今天是+ 现在是+ 现在时间 当前时间 当前日期 系统时间",  # of the visitor, not of the page
    "source": (
        "来源 稿件来源 本文来源 信息来源 资料来源 文章来源 新闻来源 内容来源 消息来源 文稿来源 图文来源 稿源 "
        "本文出处 出处 来自 本文来源于+ 稿件来源于+ 来源于+ 转自 转载自 "
        "摘自 文章出处 信息出处 发布来源 原文来源 来源单位 来源部门 来源科室 新闻出处 稿件出处 原文出处 转载于 转载 "
        "引自 选自 公告单位 张贴单位 刊登单位 source"
    ),
    "author": (
        "作者 本文作者 文章作者 原作者 作者姓名 拟稿人 拟稿 撰稿人 撰稿 撰文 撰写 编写 "
        "文章撰写 文字 图文 文图 文/图 文、图 图/文 文 记者 本报记者 本网记者 特约记者 融媒体记者 "
        "全媒体记者 见习记者 实习记者 本站记者 署名 责任者 执笔 执笔人 文案 采写 采写人 采访 报道 报道人 编撰 整理 "
        "by posted+by author"
    ),
    # who put the page up: an author only where the page names no other
    "poster": (
        "发布人 发布者 发布员 发布部门 发布单位 发布科室 发布作者 文章录入 录入 录入者 录入人 录入员 上传者 上传人 "
        "上传单位 上传科室 发稿人 发稿部门 发稿单位 发稿科室 信息发布 信息录入 文章发布"
    ),
    # of a public body's document: its source where the page names no other
    "issuer": "发布机构 发文机关 发文单位 公开责任部门 信息发布机构",
    "contributor": (
        "供稿 供稿人 供稿单位 供稿部门 供稿科室 供稿者 投稿 投稿人 来稿 来稿单位 通讯员 通联 信息提供 信息员 报送单位 "
        "稿件提供 文稿提供 素材提供 资料提供 提供单位 提供科室 提供者 来稿科室 来稿人 投稿单位 投稿科室 "
        "报送科室 报送部门 报送人 上报单位 上报科室 供稿员 特约通讯员 本网通讯员"
    ),
    "editor": (
        "编 编辑 责任编辑 责任编缉 责编 编审 初审编辑 值班编辑 网络编辑 网站编辑 本网编辑 执行编辑 编辑人 文字编辑 "
        "美编 排版 编排 编校 责任编审 本期编辑 "
        "微信编辑 见习编辑 实习编辑 主编 执编 网编 新媒体编辑 栏目编辑 值班主编 小编 采编 编发 编务 编者 "
        "编辑者 美术编辑 editor"
    ),
    "reviewer": (
        "审 审核 审核人 审核者 审稿 审稿人 终审 初审 复审 一审 二审 三审 审定 审签 审阅 审读 审批 审批人 统筹 "
        "校审 签发领导 签发 签发人 监制 总监制 "
        "审校 责任审核 内容审核 复核 核发 策划审核 初核 终校 核稿 核稿人 审核员 审校人 复核人 审签人 "
        "审定人 终审人 初审人 复审人 主审 监审 审发 核校 审编 保密审查 保密审核 一校 二校 三校"
    ),
    # a reviewer only where the page names no other
    "proofreader": "校 校对 责任校对 校对人 校稿 校稿人 校阅",
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
_WORD_ENDS |= {"发稿", "刊发", "上传", "转载", "采访", "报道", "整理", "主审", "主编", "出处"}
# … but for what ends another field: 2023年3月9日文：张三, 点击：23次时间：2023-03-09
_FIELD_END = "(?<=\\d日{0})|(?<=\\d号{0})|(?<=\\d分{0})|(?<=\\d秒{0})|(?<=\\d次{0})"
_FREE = {form for form in _FORMS if len(form) == 1 or form in _WORD_ENDS}


def _pattern(form: str) -> str:
    """A form without its first character: that one is tried for many forms at once."""
    if form.isascii():
        colon = r"\s{0,4}[:：]?\s" if form.endswith(("+on", "+by")) else r"\s{0,4}[:：]"
        return rf"(?<![a-z]{form[0]}){form[1:]}".replace("+", r"\s{1,3}") + colon
    before = rf"(?:(?<![\u3400-\u9fff]{form[0]})|{_FIELD_END.format(form[0])})" if form in _FREE else ""
    rest = "".join(rf"\s{{0,8}}{re.escape(character)}" for character in form[1:])
    if form in _BARE:
        return before + rest + r"\s{0,4}[:：]?"
    colon = "[:：/]" if form == "文" else "[:：]"
    return before + rest + rf"\s{{0,4}}(?:{colon}|[\]】]\s{{0,2}}[:：]?)"


def _by_first_character(forms: list[str]) -> str:
    """The forms as one expression that fails at once where no form begins."""
    starts = dict.fromkeys(form[0] for form in forms)
    return "|".join(f"{start}(?:{'|'.join(_pattern(form) for form in forms if form[0] == start)})" for start in starts)


_LABEL = re.compile(_by_first_character(_FORMS))
# without a colon, at the beginning of a piece and with a blank before the name: 责编 何建川
_OPEN_LABEL = re.compile(
    r"(?:^|[\s\x1f(\[【|])\s{0,4}(?P<form>责任编辑|责编|编辑|审核|校对|供稿|作者|来源|撰文|撰稿|摄影|"
    r"(?:本报|本网|本站|特约|文字)?记者|文字|(?:特约|本报)?通讯员)[ \x1f\xa0\u3000]{1,6}"
    r"(?=(?:[\u3400-\u9fff]{2,12}|[\u3400-\u9fff][\s\u3000\xa0]{1,4}[\u3400-\u9fff])(?:[\s\x1f)\]】|]|$))"
)
# the credits that editors set without a colon: 文/图 张三, 编辑/李四, 摄影/王五, (党办供稿), 图/赵六
_MAY_LABEL = re.compile(r"[:：/\]】]|于|[今现][天在]是|(?<![a-z])(?:post|publish|release|updat)")
_SLASHED = re.compile(
    r"(?P<form>(?:责任|图文|文字|执行|值班)?编辑|(?<![\u3400-\u9fff])[编审校]|文图|图文|文|图|摄影|摄|责编|审核|校对|供稿|通讯员|记者|撰稿|撰文|撰写|文字|图片|"
    r"来源|稿源|[初复终一二三]审|审稿|审定|审签|核稿|签发|监制|统筹|策划|排版|制作|美编|设计|视频|作者|供图|翻译|"
    r"剪辑|配音)\s{0,2}[/|丨]\s{0,2}(?=[\u3400-\u9fff])"
)

# what names a label more closely: 科室审核, 党委终审, 图文编辑
_MODIFIER = re.compile(
    "(?:科室|部门|责任|信息|本期|内容|一级|二级|三级|执行|值班|新闻|文章|网站|网络|图文|本站|本网|分管|领导|主管|技术|文字|微信|稿件|最终|现场|"
    "专业|学术|政治|安全|保密|平台|视频|美术){1,3}$"
)
# a time that no table names is not that of publication: 义诊时间：, 体检日期：
_OTHER_DATE = re.compile(r"(?P<before>[\u3400-\u9fff]{1,12})(?P<form>时间|日期)\s{0,4}[:：]")
_LONGEST_LABEL = 16  # characters, blanks and brackets among them
_LONGEST_ELEMENTS = 160  # characters of a line in which labels stand without a colon
_LONGEST_ELEMENT_VALUE = 24  # characters
_STOPS = re.compile("[，。；！？,;!?]")
_AROUND_LABEL = re.compile(r"[\s:：\[\]【】()（）|]+")
_NAMED = frozenset({"source", "author", "poster", "contributor", "editor", "reviewer", "proofreader", "issuer"})
_NOT_ALONE = frozenset({"content", "clock", "other date", "photographer"})
_BY_NAME = re.compile(r"(?<=\d )by (?=[a-z])")  # Posted on March 3, 2021 by International Office


def find_labels(folded: str) -> list[tuple[str, int, int]]:
    """(kind, start, end) of the labels of a folded line, in order, none overlapping."""
    found: list[tuple[str, int, int]] = []
    for match in _LABEL.finditer(folded) if _MAY_LABEL.search(folded) else ():
        form = _AROUND_LABEL.sub("", match[0])
        kind = _KIND.get(form.rstrip("/")) or _KIND_ASCII.get(form)
        start = match.start()
        if match[0].rstrip(" :：")[-1] in "]】":
            if not start or folded[start - 1] not in "[【":
                continue
            start -= 1
        if kind:
            found.append((kind, _with_modifier(folded, found[-1][2] if found else 0, start), match.end()))
    for match in _OTHER_DATE.finditer(folded):
        if any(start <= match.start("form") < end for _, start, end in found):
            continue
        glued = any(end == match.start("before") and kind in _NAMED for kind, _, end in found)  # 作者：张三时间：
        found.append(("time", match.start("form"), match.end()) if glued else ("other date", *match.span()))
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
            kind = "author" if match["form"].endswith("记者") else _KIND[match["form"]]
            found.append((kind, match.start("form"), match.end()))
    for kind, start, end in _in_elements(folded):
        if not any(start < after and before < end for _, before, after in found):
            found.append((kind, start, end))
    by = _BY_NAME.search(folded) if found and len(folded) <= 100 else None
    if by:
        found.append(("author", by.start(), by.end()))
    return sorted(found, key=lambda label: label[1])


def _in_elements(folded: str) -> Iterator[tuple[str, int, int]]:
    """Labels that are an element of their own, with a short value in the next one and no colon."""
    if folded.count("\x1f") < 2 or len(folded) > _LONGEST_ELEMENTS:
        return
    start = 0
    pieces = folded.split("\x1f")
    for number, piece in enumerate(pieces):
        end = start + len(piece)
        if 2 <= len(piece) <= _LONGEST_LABEL and is_label(piece):
            value = next((other.strip() for other in pieces[number + 1 :] if other.strip()), "")
            if value and len(value) <= _LONGEST_ELEMENT_VALUE and not is_label(value) and not _STOPS.search(value):
                yield _kind_of(piece), start, end
        start = end + 1


def _kind_of(text: str) -> str:
    form = _AROUND_LABEL.sub("", fold(text))
    return _KIND.get(form) or _KIND_ASCII.get(form) or ""


def _with_modifier(folded: str, after: int, start: int) -> int:
    """Where a label begins with what names it more closely, unless that is all there is to the value before it."""
    if start > after and folded[start - 1] >= "\u3400":
        modifier = _MODIFIER.search(folded, after, start)
        if modifier and (modifier.start() > after or after == 0):
            return modifier.start()
    return start


@functools.lru_cache(maxsize=4096)
def is_label(text: str) -> bool:
    """Whether a text is a label of the page's metadata and nothing else: 发布时间：, 【来源】, 作　者."""
    if len(text) > _LONGEST_LABEL:
        return False
    return (_kind_of(text) or "content") not in _NOT_ALONE
