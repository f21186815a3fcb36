"""A credit in, the names in it out: （张达）, （党办供稿）, （苏云雪/文 钱杰娜/图）, 本报讯（记者 张三）.

Credits stand without a label at the end of an article's last paragraph, on a line after it, or in the lead. A pair of
parentheses at the end of a paragraph holds a name only if what stands in it looks like one.
"""

from __future__ import annotations

import re

from pipeline.fold import fold

# Family names that begin nearly every Chinese name (the hundred most frequent cover 85 %, these about 97 %).
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙"
    "万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋"
    "植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞"
    "封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺肖闫付代岩买"
)
_NAME = re.compile("[\u3400-\u9fff]{2,4}")
_DEPARTMENT = re.compile(
    r"(?:科|部|室|办|中心|处|院|支部|党委|工会|团委|学会|小组|委员会|站|局|办公室|公司|报社|社|病区|门诊)$"
)
_END_BYLINE = re.compile(r"[(（]\s*([^()（）。，,！？；]{2,40})\s*[)）][。.]?$")
_LEAD_BYLINE = re.compile(
    r"^.{0,16}?[(（【]\s*(?:[\u3400-\u9fff]{0,6}?)(?P<role>记者|通讯员|作者|"
    r"特约记者)[\s:：]{0,3}(?P<names>[\u3400-\u9fff·、 \u3000\xa0]{2,30}?)\s*[)）】]"
)
_ALONE = re.compile(r"\s*[(（][^()（）。！？；]{2,40}[)）][。.]?")
_ROLE_END = re.compile(r"(?:供稿|供图|摄影|摄|文|图|撰稿|报道|摄影报道)\s*[)）][。.]?$")
_PEOPLE = "[\u3400-\u9fff]{2,4}(?:[、 \u3000][\u3400-\u9fff]{2,4}){0,3}?"
# 记者 齐敏 通讯员 卞文静 as the last line of a newspaper's article
_REPORTERS = re.compile(
    rf"[(（【]?\s*(?:[\u3400-\u9fff]{{0,5}}?记者[\s:：]{{1,3}}(?P<names>{_PEOPLE}))?"
    rf"\s{{0,3}}(?:(?<!\S)(?:特约)?通讯员[\s:：]{{1,3}}(?P<others>{_PEOPLE}))?\s*[)）】]?(?<=\S)"
)
_SUFFIXED = re.compile(
    r"(?P<names>[\u3400-\u9fff·、，, ]{2,30}?)\s{0,2}[/／]?\s{0,2}(?P<role>供稿|撰稿|撰文|文(?!字)|供图|摄影|摄|"
    r"图)(?=[\s/／、,，;；)）]|$|[\u3400-\u9fff]{2,4}[/／])"
)


def is_department(text: str) -> bool:
    """Whether a text ends as the names of departments, offices and associations do."""
    return len(text) <= 20 and bool(_DEPARTMENT.search(text))


def is_credit(text: str) -> bool:
    """Whether a line is only a credit in parentheses or of a reporter: （张达）, （党办供稿）, 记者 齐敏."""
    return bool(
        (_ALONE.fullmatch(text) and (_ROLE_END.search(text) or any(byline(text)))) or _REPORTERS.fullmatch(text)
    )


def byline(text: str) -> tuple[str, str]:
    """(author, contributor) of the credit that a line ends in or consists of, each empty when there is none."""
    reporters = _REPORTERS.fullmatch(text) if len(text) <= 60 else None
    if reporters:
        return (reporters["names"] or "").strip(), (reporters["others"] or "").strip()
    inside = _END_BYLINE.search(text)
    content = inside[1].strip() if inside else text.strip() if len(text) <= 60 else ""
    if not content:
        return "", ""
    author = contributor = ""
    for credit in _SUFFIXED.finditer(content):
        names = credit["names"].strip(" 、，,")
        if credit["role"] == "供稿":
            contributor = contributor or names
        elif credit["role"] in {"撰稿", "撰文", "文"} and are_names(names):
            author = author or names
    if author or contributor or not inside:
        return author, contributor
    if are_names(content):
        return content, ""
    department, _, name = content.rpartition(" ")
    if is_department(department.strip()) and are_names(name):
        return name, ""
    return "", content if len(content) <= 14 and _DEPARTMENT.search(content) else ""


def lead_byline(text: str) -> tuple[str, str]:
    """(author, contributor) of a lead such as 本报讯（记者 张三 通讯员 李四）."""
    found = _LEAD_BYLINE.match(text[:80])
    if not found:
        return "", ""
    names = " ".join(found["names"].split())
    author, _, contributor = names.partition("通讯员")
    if found["role"] == "通讯员":
        return "", names if are_names(names) else ""
    return (author.strip(" 、") if are_names(author) else ""), contributor.strip(" 、")


def are_names(text: str) -> bool:
    """Whether a text is one to six Chinese names, with blanks or 、 between them."""
    parts = [part for part in re.split(r"[\s、，,·\u3000]+", fold(text)) if part]
    if 2 <= len(parts) <= 6 and all(len(part) == 1 for part in parts[:2]):
        parts = ["".join(parts)]  # 张 达
    return 0 < len(parts) <= 6 and all(_NAME.fullmatch(part) and part[0] in _SURNAMES for part in parts)
