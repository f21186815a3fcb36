"""Facts: what a change between two texts is, a number, a name, a department, a brand or nothing of the kind.

In goes a `Change`: one place at which two bodies differ, with what stands around it. Out come answers: is it another
number, another person, another department; or is it a cut, a byline, a hijacker's brand, none of which counts.
"""

from __future__ import annotations

import functools
import itertools
import re
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from pipeline.documents import Document

LONGEST_SWAP = 20  # characters of a name or brand
LONGEST_MORE = 6  # characters after a cut: 查看全文
LONGEST_NAMES = 8  # characters of a change that may be names: a line of a roster has two or three
LONGEST_ENTITY = 8  # characters
MISSPELT = 2  # letters of a word that may be others
LONGEST_STEP_BACK = 10  # days or months by which a date goes back that is corrected

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付方白邹"
    "孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申"
    "欧耿关兰焦俞左柳甘祝包宁尚符"
    "舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连"
    "芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂"
    "全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟"
)
_POSSIBLE = {"年": (1900, 2100), "月": (1, 12), "日": (1, 31)}
_FIGURES = frozenset("0123456789.")
_NUMERALS = frozenset("0123456789.零〇一二三四五六七八九十百千万亿两首")
# Gambling brands that take the place of a hospital's name on hijacked mirrors.
_BRANDS = re.compile(
    r"银河|永利|太阳城|太阳集团|威尼斯|金沙|葡京|新葡|美高梅|皇冠|凯发|开元|亚博|亚冠|博彩|万博|三亿体育|必威|必发|"
    r"乐鱼|开云|华体|九游|米乐|爱游戏|星空|澳门|"
    r"永乐|大发|彩票|棋牌|赌|乐虎|龙八|千亿|八戒|bet|vip|app|jdb|ky[0-9]|hth|leyu|am[0-9]|[0-9]{3,}am|投注|线路"
)
_BRAND_CODE = re.compile(r"[a-z]+[0-9]{2,}|[0-9]{2,}[a-z]+|[0-9]{3,}")
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_NO_HAN = re.compile("[^\u3400-\u9fff]")
_NEVER_IN_NAMES = frozenset("的地了着把被像既即份型形分做们吗呢吧")  # 像建国 for 张建国 is a slip of the pen
_OFFICE = (
    "院长|主任|书记|医生|医师|护士|护师|护士长|教授|同志|记者|通讯员|患者|主席|委员|科长|局长|处长|部长|站长|组长|"
    "队长|会长|市长|县长|专家|药师|技师|"
    "博士|老师|先生|女士"
)
_BEFORE_NAME = re.compile(f"(?:{_OFFICE}|员|长|姓名|由|向|为|科|室|部|院|站|队|中心|等|和|与)$")
_AFTER_NAME = re.compile(
    f"(?:{_OFFICE}|等|男|女|说|介绍|表示|任|副|主持|出席|参加|汇报|讲话|强调|指出|要求|宣布|致辞|荣获|获|被|当选|"
    f"从事|带领|率|来到|作|担任|因|的|一行|及|和|"
    "与|摄|为|在)"
)


_ENTITY_AFTER = re.compile(
    "(?:科|医院|县|市|区|镇|乡|村|街道|社区|中心|小学|中学|大学|学院|公司|支部|病区|门诊|卫生院|院区|省|楼|路|班|组)"
)
_DEPARTMENTS = frozenset("内外骨眼儿妇产耳鼻口皮泌神心肾肝胆胸脑肿感疼麻男女老东西南北一二三四五六七八九十")
_DEPARTMENT_AFTER = re.compile("[内外]?[科区支楼县市院班组]|产科|病区|院区|支部")
_BYLINE_BEFORE = re.compile("记者|通讯员|责任编辑|责编|编辑|作者|供稿|摄影|审核|校对|撰稿")
_BYLINE_AFTER = re.compile(".?.?(?:摄|文图|图文|供图|报道|整理)")
_HOSPITAL = re.compile("..(?:医院|卫生院|保健院|医学中心|医疗中心)")
_PRONOUNS = frozenset({"我", "本", "该", "我院", "本院", "该院"})
_CREDIT = re.compile(
    "讯|记者|通讯员|报道|来源|日报|晚报|编辑|供稿|审核|校对|摄影|撰稿|作者|转载|电话|图文|责编|发布|网站|公众号|本报|"
    "本网|打印|关闭|上一篇|下一篇|版权"
)


class Change:
    """One place where two bodies differ: [a0, a1) of the first, `here`, stands where [b0, b1) of the second does."""

    __slots__ = ("a", "a0", "a1", "b", "b0", "b1", "here", "there")

    def __init__(self, a: Document, a0: int, a1: int, b: Document, b0: int, b1: int) -> None:
        self.a, self.a0, self.a1 = a, a0, a1
        self.b, self.b0, self.b1 = b, b0, b1
        self.here, self.there = a.body[a0:a1], b.body[b0:b1]

    @property
    def longest(self) -> int:
        """Characters of the longer side."""
        return max(len(self.here), len(self.there))

    def before(self, size: int) -> str:
        """So many characters before the change, which are mostly the same in both texts."""
        return self.a.body[max(0, self.a0 - size) : self.a0]

    def after(self, size: int) -> str:
        """So many characters after it."""
        return self.a.body[self.a1 : self.a1 + size]

    def broken_before(self) -> bool:
        """Whether punctuation stands before the change, on a side that has words there."""
        here, there = self.a.breaks[self.a0], self.b.breaks[self.b0]
        return bool((here and self.a1 > self.a0) or (there and self.b1 > self.b0))

    def broken_after(self) -> bool:
        """Whether punctuation stands after it, on a side that has words there."""
        here, there = self.a.breaks[self.a1], self.b.breaks[self.b1]
        return bool((here and self.a1 > self.a0) or (there and self.b1 > self.b0))


# numbers


def whole_numbers(change: Change) -> Change:
    """Widen a change within a number to the whole number; digits of two sentences are no number."""
    here, there = change.here, change.there
    opens = here[:1] in _FIGURES or there[:1] in _FIGURES
    closes = here[-1:] in _FIGURES or there[-1:] in _FIGURES
    if not opens and not closes:
        return change
    a, b = change.a.body, change.b.body
    a0, a1, b0, b1 = change.a0, change.a1, change.b0, change.b1
    if opens and not change.broken_before():
        while a0 and b0 and a[a0 - 1] == b[b0 - 1] and a[a0 - 1] in _FIGURES:
            a0, b0 = a0 - 1, b0 - 1
    if closes and not change.broken_after():
        while a1 < len(a) and b1 < len(b) and a[a1] == b[b1] and a[a1] in _FIGURES:
            a1, b1 = a1 + 1, b1 + 1
    return Change(change.a, a0, a1, change.b, b0, b1)


def numbers_differ(a: str, b: str) -> bool:
    """Whether both sides have numbers, and other ones. Words of numbers count when there is nothing beside them."""
    here, there = _DIGITS.findall(a), _DIGITS.findall(b)
    if here and there:
        return here != there and not _within(here, there) and not _within(there, here)
    return not (here or there) and _NUMERALS.issuperset(a) and _NUMERALS.issuperset(b)


def _within(part: list[str], whole: list[str]) -> bool:
    """Whether one side only has more numbers, before or after those of the other."""
    return len(part) < len(whole) and part in (whole[: len(part)], whole[-len(part) :])


class Date(NamedTuple):
    """A part of a date that was changed: the numbers of both sides, and what it is of: 年, 月 or 日."""

    here: int
    there: int
    unit: str

    def is_correction(self, days: int) -> bool:
        """Whether this corrects a date, in a text that was published `days` after the first one.

        The dates of a series move on; a correction makes sense of the impossible, or goes back. 31日 and 1日 may be
        neighbours.
        """
        first, last = _POSSIBLE[self.unit]
        if not (first <= self.here <= last and first <= self.there <= last):
            return True
        moved = self.here - self.there if days > 0 else self.there - self.here
        return not days or -LONGEST_STEP_BACK < moved < 0


def date_of(change: Change) -> Date | None:
    """The part of a date that was changed; None when it is something else."""
    unit = "日" if (after := change.after(1)) == "号" else after
    if unit in _POSSIBLE and len(change.here) <= 4 and change.here.isdecimal() and change.there.isdecimal():
        return Date(int(change.here), int(change.there), unit)
    return None


def is_longer_numeral(change: Change) -> bool:
    """Whether one side lacks a part of a number: 第十期 and 第十五期 differ by one, 一起 and 起 do not."""
    text = change.here or change.there
    if len(text) > 2 or not _NUMERALS.issuperset(text):
        return False
    before, after = change.before(1), change.after(1)
    return bool(before and before in "十百千万" and not change.broken_before()) or bool(
        after and after in "十百千万" and not change.broken_after()
    )


def is_cut(change: Change) -> bool:
    """Whether a preview ends, or begins, within a number."""
    a, b = change.here, change.there
    here, there = _DIGITS.findall(a), _DIGITS.findall(b)
    if not here or not there:
        return False
    if len(here) > 1 or len(a) > len(here[0]) + LONGEST_MORE or there[0] == here[0]:
        return False
    if change.a1 == len(change.a.body):
        return a.startswith(here[0]) and b.startswith(there[0]) and there[0].startswith(here[0])
    return not change.a0 and a.endswith(here[0]) and b.endswith(there[-1]) and there[-1].endswith(here[0])


def digits_differ(lost: str, kept: str) -> bool:
    """Whether a damaged stretch has a number that the undamaged one has not, nor ends one of its numbers."""
    here, there = _DIGITS.findall(lost), _DIGITS.findall(kept)
    return bool(here and there) and any(not any(whole.endswith(part) for whole in there) for part in here)


# names


def is_name(change: Change) -> bool:
    """Whether a person's name stands at this place on both sides, and another one."""
    if change.longest > LONGEST_NAMES or _NO_HAN.search(change.here) or _NO_HAN.search(change.there):
        return False
    if _is_slip_of_pen(change.here, change.there):
        return False
    here = _names_at(change.a, change.a0, change.a1)
    if not here:
        return False
    there = _names_at(change.b, change.b0, change.b1)
    needed = 2 if min(len(change.here), len(change.there)) < 2 else 1  # one other character may be a slip of the pen
    return any(left[0] == right[0] and left[1] >= needed and right[1] >= needed for left in here for right in there)


def _is_slip_of_pen(a: str, b: str) -> bool:
    """Whether in every place one of the two characters is none that a name could have."""
    return len(a) == len(b) and all(_NEVER_IN_NAMES.intersection(pair) for pair in zip(a, b, strict=True))


def _names_at(document: Document, start: int, end: int) -> list[tuple[int, int]]:
    """What may be names that cover a change: (characters before the change, how many of its two ends are marked).

    A name is a surname and one or two characters; its ends are marked by punctuation, a blank, an office or a verb.
    Names that stand side by side are taken as one when each of them has its blank or comma.
    """
    body, breaks = document.body, document.breaks
    found = []
    for back in range(min(3, start + 1)):
        first = start - back
        if back and breaks[first + 1]:
            break  # a name does not go across punctuation
        if body[first : first + 1] in _SURNAMES:
            found += _names_from(document, first, start, end)
    if not found and end - start > 3 and (_is_name_and_more(document, start) or _is_list(document, start, end)):
        return [(0, 2)]
    return found


def _names_from(document: Document, first: int, start: int, end: int) -> list[tuple[int, int]]:
    body, breaks = document.body, document.breaks
    marked = _opens_name(document, first)
    found = []
    for last in range(max(end, first + 2), first + 4):
        if last > len(body) or any(breaks[max(end, first + 1) : last]):
            break
        after = bool(breaks[last] or last == len(body) or _AFTER_NAME.match(body[last : last + 3]))
        if marked or after:
            found.append((start - first, marked + after))
    return found


def _opens_name(document: Document, first: int) -> bool:
    """Whether punctuation, an office or a preposition stands before."""
    before = document.body[max(0, first - 3) : first]
    return not first or bool(document.breaks[first] or _BEFORE_NAME.search(before))


def _is_name_and_more(document: Document, start: int) -> bool:
    """张伟荣或 for 李敏荣获."""
    body = document.body
    if body[start] not in _SURNAMES or not _opens_name(document, start):
        return False
    return any(_AFTER_NAME.match(body[at : at + 3]) for at in (start + 2, start + 3))


def _is_list(document: Document, start: int, end: int) -> bool:
    """Whether names stand side by side; the last may go on after the change, the first may have begun before it."""
    cuts = [start, *(at for at in range(start + 1, end) if document.breaks[at]), end]
    parts = [document.body[i:j] for i, j in itertools.pairwise(cuts)]
    return len(parts) > 1 and all(part[0] in _SURNAMES and len(part) <= 3 for part in parts[1:])


def is_byline(change: Change) -> bool:
    """Whether the name is that of who wrote or photographed: 通讯员 …, … 摄, or the last words of both texts."""
    if change.a1 == len(change.a.body) and change.b1 == len(change.b.body):
        return True
    return bool(_BYLINE_BEFORE.search(change.before(8)) or _BYLINE_AFTER.match(change.after(4)))


# departments, hospitals and brands


def is_entity(change: Change) -> bool:
    """Whether a department, a place or an institution was changed: what follows on both sides says so."""
    a, b, after = change.here, change.there, change.after(2)
    if change.longest == 1:  # 由科室 and 地科室 are a slip of the pen, 肾内科 and 心内科 are not
        return bool(_DEPARTMENT_AFTER.match(after)) and {a, b} <= _DEPARTMENTS
    if change.longest > LONGEST_ENTITY:
        return False
    return bool(_ENTITY_AFTER.match(after)) or (_ends_in_entity(a) and _ends_in_entity(b))


def _ends_in_entity(text: str) -> bool:
    return bool(_ENTITY_AFTER.match(text[-2:]) or _ENTITY_AFTER.match(text[-1:]))


def is_word(change: Change) -> bool:
    """Whether another word in Latin letters stands there, and no misspelt one: Smith for Jones, CT for MRI."""
    a, b = change.here, change.there
    return a.isascii() and b.isascii() and a.isalpha() and b.isalpha() and Levenshtein.distance(a, b) > MISSPELT


def is_swap(change: Change) -> bool:
    """Whether a brand, or a hospital's name, stands on one side only: 我院 for it, or a brand not listed yet."""
    a, b = change.here, change.there
    if change.longest < 2 or (a.isdigit() and b.isdigit() and not (change.a.brands or change.b.brands)):
        return False
    first, second = is_brand(a, change.a, change.b), is_brand(b, change.a, change.b)
    if first and second:
        return True  # two mirrors of two hijackers
    here, there = _DIGITS.findall(a), _DIGITS.findall(b)
    if first != second:  # 威尼斯9872018 for 青河县医院2018: the number beside it has to be the same
        brand, other = (here, there) if first else (there, here)
        return not other or (bool(brand) and brand[-1].endswith(other[-1]))
    if change.longest > LONGEST_SWAP or (here and there):
        return False
    return _has_hospital(change.a, change.a0, change.a1) != _has_hospital(change.b, change.b0, change.b1)


def _has_hospital(document: Document, start: int, end: int) -> bool:
    return bool(_HOSPITAL.search(document.body, start, end + 2))


def is_renaming(a: str, b: str, *, times: int) -> bool:
    """Whether a hospital is called by another name on one side, throughout, or as 我院."""
    return (times >= 2 and bool(_HOSPITAL.search(a)) != bool(_HOSPITAL.search(b))) or bool({a, b} & _PRONOUNS)


def is_brand(text: str, *documents: Document) -> bool:
    """Whether this is a brand that a hijacker puts in place of a hospital's name, or ends or begins with one."""
    if len(text) < 2:
        return False
    for document in documents:
        if document.brands and any(brand in text or text in brand for brand in document.brands):
            return True
    return _looks_like_brand(text)


@functools.lru_cache(maxsize=4096)
def _looks_like_brand(text: str) -> bool:
    return bool(_BRANDS.search(text)) or (bool(_BRAND_CODE.fullmatch(text)) and not text.isdigit())


def is_credit(text: str) -> bool:
    """Whether a stretch at the edge of a body is a header or footer: who wrote it, who printed it."""
    return bool(_CREDIT.search(text))
