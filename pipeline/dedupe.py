"""Duplicates: what two articles have in common, and whether it makes them one.

In goes an `Article`, out comes a `Document` (its words without script, punctuation and metadata lines), then the keys
by which others find it, and for two documents a `Verdict`: `copy`, `excerpt`, `revision`, `sibling`, or None when they
have nothing to do with each other. No I/O.

No similarity threshold works on this kind of text: officialese is stock phrases, so that two reports of two events
share more than a report and its own preview. Therefore the texts are aligned and the *facts* are compared: a changed
number, date or name makes siblings of two texts, however alike they are; what is missing or added on one side only (a
header, a caption, a cut tail), what damage has eaten and the brand that a hijacker put in place of a hospital's name
do not count.
"""

from __future__ import annotations

import bisect
import dataclasses
import datetime
import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import xxhash
from rapidfuzz.distance import Levenshtein

from pipeline.fold import fold
from pipeline.records import Article, RelationKind

KEYS_VERSION = "1"  # raised when prepare or keys change; the characters' table is added by keys_version()

SENTENCE_KEYS = 12  # sentence hashes a document, the smallest ones …
LETTERS_A_KEY = 100  # … and more for a long one, one for so many characters
MOST_SENTENCE_KEYS = 24
LEAD_KEYS = 4  # of them the first clauses
NUMBERED_KEYS = 5  # of them clauses with a number
SHORTEST_NUMBERED = 6  # characters of such a clause
SHORTEST_SENTENCE = 8  # characters; shorter ones are stock phrases
GRAM = 13  # characters of a sampled run
GRAM_RATE = 128  # one run in so many is a key: finds texts that lost their punctuation
GRAM_KEYS = 24
KEY_BITS = 48  # six bytes in SQLite

LONGEST_METADATA = 120  # characters of a line
LONGEST_LABEL = 16  # characters before its colon
REPEATED = 0.3  # of a body, for its repeated sentences to be left out
LONGEST_TITLE = 400  # characters
LONGEST_BODY = 60_000  # characters that are aligned; what follows is compared by its hash only
LONGEST_SWAP = 20  # characters of a name or brand
LONGEST_REALIGNED = 4_000  # characters of the shorter body that are aligned a second time, without sentences
LARGEST_GAP = 25_000_000  # characters of one side times characters of the other; larger gaps count as unlike

GLUED = 3  # an equal run shorter than this between two changes is chance
ANCHOR = 8  # an equal run as long as this holds two texts together
ALIGNED = 0.78  # of the shorter text, for a copy or an excerpt
RELATED = 0.60  # of the shorter text, for a sibling
BRIDGE = 0.60  # of both representatives, for merging two clusters
WHOLE = 0.90  # of both texts, for one being as good as the other
EXCERPT = 0.60  # of the longer text; what covers less is an excerpt
SHORTEST_BODY = 40  # characters; below, the titles have to agree as well
EDGE = 120  # characters of credits at the beginning or end that may be replaced by others
LONGEST_MORE = 6  # characters after a cut: 查看全文
REGION = 40  # characters between two anchors that are looked at one by one, however unlike they are
UPDATE_DAYS = 3  # between two versions of one article at two addresses
SAMPLE = 6  # characters
SAMPLES = 16
ENOUGH_FACTS = 3  # changed facts after which no more are looked for
KEPT_DIFFERENCES = 8  # in the evidence

_END, _JOIN, _DAMAGE, _KEEP = (number << 16 for number in range(1, 5))  # classes of characters, above the folded ones
_SENTENCE_ENDS = "。！？；!;\n\r\u2028\u2029…"
_JOINS = ".．-－–—/／:：~～"  # kept, as a point, between two digits: 3.5 is not 35
_DAMAGE_MARKS = "?\ufffd"
_DAY_ZERO = datetime.date(1970, 1, 1).toordinal()
_GRAM_MASK = np.uint64((GRAM_RATE - 1) << 40)
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse

# Labels that open a line of metadata. Anchored and closed by a colon: 报名时间：… is a fact of a notice, not metadata.
_LABELS = (
    "发布时间 发布日期 发表时间 发表日期 更新时间 更新日期 录入时间 添加时间 编辑时间 上传时间 来源 稿件来源 "
    "文章来源 信息来源 本文来源 "
    "资料来源 稿源 作者 文章作者 撰稿 撰稿人 供稿 供稿人 供稿单位 通讯员 记者 编辑 责任编辑 责编 网络编辑 编审 审核 "
    "审核人 初审 复审 终审 审稿 "
    "校对 校稿 监制 签发 发布人 发布者 发布部门 发布单位 录入 文章录入 点击 点击数 点击量 点击率 点击次数 浏览 "
    "浏览量 浏览数 浏览次数 阅读 "
    "阅读量 阅读数 阅读次数 访问量 访问次数 人气 热度 字号 字体 字体大小 打印 分享 分享到 上一篇 下一篇 上一条 "
    "下一条 图片 摄影 当前位置 您的位置 您当前的位置 "
    "您现在的位置 文 图 图文 文图"
)
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付方白邹"
    "孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申"
    "欧耿关兰焦俞左柳甘祝包宁尚符"
    "舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连"
    "芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂"
    "全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟"
)
_FIGURES = frozenset("0123456789.")
_NUMERALS = frozenset("0123456789.零〇一二三四五六七八九十百千万亿两首")
_ORG_ENDS = ("医院", "卫生院", "中心", "保健院", "学院", "大学", "附院", "总院", "分院", "院", "集团", "公司")
# Gambling brands that take the place of a hospital's name on hijacked mirrors.
_BRANDS = re.compile(
    r"银河|永利|太阳城|太阳集团|威尼斯|金沙|葡京|新葡|美高梅|皇冠|凯发|开元|亚博|亚冠|博彩|万博|三亿体育|必威|必发|"
    r"乐鱼|开云|华体|九游|米乐|爱游戏|星空|澳门|"
    r"永乐|大发|彩票|棋牌|赌|乐虎|龙八|千亿|八戒|bet|vip|app|jdb|ky[0-9]|hth|leyu|am[0-9]|[0-9]{3,}am|投注|线路"
)
_BRAND_CODE = re.compile(r"[a-z]+[0-9]{2,}|[0-9]{2,}[a-z]+|[0-9]{3,}")
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_ANNOTATION = re.compile(
    r"(?<=[\u3400-\u9fff])[(（](?=[a-zü]{0,5}[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ])[a-züāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]{1,7}[)）]"
)
_CORRECTIONS = re.compile(r"更正|更新|补充|延期|调整|修订|修改|变更")


@dataclasses.dataclass(slots=True, eq=False)
class Document:
    """An article as it is compared: folded letters and digits without punctuation.

    `ends` are the offsets in `body` after which a sentence or line ends, ascending; `hashes` has one number for every
    stretch between them. `damage` counts the places where characters were lost.
    """

    title: str
    body: str
    ends: list[int]
    hashes: list[int]
    codes: np.ndarray  # the characters of the body
    sums: np.ndarray  # running sums, of which any stretch's hash is a difference
    breaks: np.ndarray  # offsets in `body` at which anything was dropped: punctuation, a blank, a line's end; ascending
    damage: int
    exact: int  # hash of the whole body, signed 64 bits
    site: str = ""
    published_at: str | None = None
    brands: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()


class Difference(NamedTuple):
    """What differs at one place: `new` and `old` as folded."""

    what: Literal["number", "name", "entity", "text", "typo", "damage", "added", "missing", "title"]
    new: str
    old: str


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """How a new document relates to an old one.

    The shares are characters that both have, in the same order, over the length of the new and of the old body.
    """

    kind: RelationKind
    share_new: float
    share_old: float
    differences: tuple[Difference, ...] = ()

    @property
    def linked(self) -> bool:
        """Whether the two are one article (a sibling is another one)."""
        return self.kind != "sibling"

    @property
    def whole(self) -> bool:
        """Whether each of the two has nearly all of the other."""
        return self.share_new >= WHOLE and self.share_old >= WHOLE

    def evidence(self) -> dict[str, Any]:
        """For storing and showing: `shared` of both bodies, and what `differs` as [what, here, there]."""
        found: dict[str, Any] = {"shared": [round(self.share_new, 3), round(self.share_old, 3)]}
        if self.differences:
            found["differs"] = [[what, new[:60], old[:60]] for what, new, old in self.differences[:KEPT_DIFFERENCES]]
        return found


class _Table(NamedTuple):
    """Per code point of the first plane: its class and, below, the folded code point; and a number to hash with."""

    codes: np.ndarray
    numbers: np.ndarray
    version: str


@functools.cache
def _table() -> _Table:
    """Built once from `fold`, 65,536 entries: looking characters up is ten times quicker than folding each text."""
    points = [point for point in range(1, 0x10000) if not 0xD800 <= point < 0xE000 and chr(point) not in "\r\n"]
    lines = fold("\n".join(map(chr, points))).split("\n")
    if len(lines) != len(points):  # fold may join or split lines: then one by one
        lines = [fold(chr(point)) for point in points]
    codes = np.zeros(0x10000, dtype=np.uint32)
    for point, line in zip(points, lines, strict=True):
        char = line[:1] or " "
        if char <= "\uffff" and unicodedata.category(char)[0] in "LN":
            codes[point] = _KEEP + ord(char)
    for char in _SENTENCE_ENDS:
        codes[ord(char)] = _END
    for char in _JOINS:
        codes[ord(char)] = _JOIN + ord(".")
    for char in _DAMAGE_MARKS:
        codes[ord(char)] = _DAMAGE + ord("?")
    numbers = _mixed(np.arange(0x10000, dtype=np.uint64) + np.uint64(_BASE))
    return _Table(codes, numbers, xxhash.xxh3_64_hexdigest(codes.tobytes())[:8])


def keys_version() -> str:
    """The scheme of the keys; two databases of one version can be compared, others have to be keyed again."""
    return f"{KEYS_VERSION}-{_table().version}"


def _mixed(values: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64: every bit of the input moves every bit of the output."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@functools.cache
def _powers() -> tuple[np.ndarray, np.ndarray]:
    """Powers of the base and of its inverse modulo 2**64, for every offset of a body."""
    size = LONGEST_BODY + LONGEST_TITLE + 2
    powers = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        row = np.full(size, base, dtype=np.uint64)
        row[0] = 1
        powers.append(np.multiply.accumulate(row))
    return powers[0], powers[1]


def _without_metadata(text: str) -> str:
    """The text without lines that open with a label of metadata, such as `来源：…  编辑：…`."""
    if "：" not in text and ":" not in text:
        return text
    lines = text.split("\n")
    kept = [line for line in lines if len(line) > LONGEST_METADATA or not _is_metadata(line)]
    return text if len(kept) == len(lines) else "\n".join(kept)


def _is_metadata(line: str) -> bool:
    place = line.find("：", 0, LONGEST_LABEL)
    other = line.find(":", 0, LONGEST_LABEL if place < 0 else place)
    place = other if other >= 0 else place
    return place > 0 and _is_label(line[:place])


@functools.lru_cache(maxsize=4096)
def _is_label(text: str) -> bool:
    label = "".join(text.split()).strip("【[（(〔")
    return label in _labels() or (len(label) <= 8 and fold(label) in _labels())


@functools.cache
def _labels() -> frozenset[str]:
    return frozenset(_LABELS.split()) | frozenset(fold(label) for label in _LABELS.split())


class _Text(NamedTuple):
    """What is compared of a title and a body: `codes` of both, the body from `start` on; the rest counts from there."""

    codes: np.ndarray
    start: int
    ends: np.ndarray
    breaks: np.ndarray


def _read(title: str, text: str) -> _Text:
    """Look every character up; keep letters, digits, the marks of damage and the points within a number."""
    points = np.frombuffer(f"{title}\n{text}".encode("utf-32-le", "replace"), dtype=np.uint32)
    # beyond the first plane there are rare characters only: they are dropped like U+FFFF
    codes = _table().codes[np.minimum(points, 0xFFFF)]
    keep = codes >= _DAMAGE
    joins = np.flatnonzero(codes == _JOIN + ord("."))
    if joins.size:
        joins = joins[(joins > 0) & (joins < len(codes) - 1)]
        keep[joins[_is_digit(codes[joins - 1] - _KEEP) & _is_digit(codes[joins + 1] - _KEEP)]] = True
    counts = np.cumsum(keep)
    start = int(counts[len(title)])
    kept = codes[keep] & np.uint32(0xFFFF)
    ends = _rising(counts[codes == _END] - start, len(kept) - start)
    return _Text(kept, start, ends, counts[~keep] - start)


def _rising(places: np.ndarray, size: int) -> np.ndarray:
    """Of ascending places each one between 0 and `size` once, and `size` at last (nothing for nothing)."""
    if not size:
        return np.zeros(0, dtype=np.int64)
    places = places[places.searchsorted(0, "right") : places.searchsorted(size)]
    ends = np.empty(len(places) + 1, dtype=np.int64)
    ends[:-1] = places
    ends[-1] = size
    keep = np.empty(len(ends), dtype=bool)
    keep[-1] = True
    np.not_equal(ends[:-1], ends[1:], out=keep[:-1])
    return ends[keep]


def _is_digit(codes: np.ndarray) -> np.ndarray:
    return codes - np.uint32(48) <= 9  # unsigned: what lies below 48 wraps round


def _sums(codes: np.ndarray) -> np.ndarray:
    """Running sums of the characters' numbers, each times a power of its place: any stretch's hash is a difference."""
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(_table().numbers[codes] * _powers()[0][: len(codes)], out=sums[1:])
    return sums


def _starts(ends: np.ndarray) -> np.ndarray:
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1]
    return starts


def _once(text: _Text, hashes: list[int]) -> _Text | None:
    """The text without the sentences that stood before, if they are a good part of it: a body that was pasted twice."""
    starts = _starts(text.ends)
    seen: set[int] = set()
    keep = np.ones(len(text.codes), dtype=bool)
    for start, end, value in zip(starts.tolist(), text.ends.tolist(), hashes, strict=True):
        if value in seen:
            keep[text.start + start : text.start + end] = False
        seen.add(value)
    size = len(text.codes) - text.start
    kept = int(keep[text.start :].sum())
    if kept > (1 - REPEATED) * size:
        return None
    counts = np.concatenate(([0], np.cumsum(keep[text.start :])))
    return _Text(
        text.codes[keep], text.start, _rising(counts[text.ends], kept), counts[np.clip(text.breaks, 0, size)]
    )


def prepare(article: Article) -> Document:
    """The article as it is compared. Cheap enough (about 100 µs a thousand characters) to be made again when needed."""
    title, whole = article.title.replace("\n", " ")[:LONGEST_TITLE], _without_metadata(article.text)
    if "(" in whole or "（" in whole:
        whole = _ANNOTATION.sub("", whole)
    text = _read(title, whole[:LONGEST_BODY])
    sums = _sums(text.codes[text.start :])
    hashes = _hashes(sums, _starts(text.ends), text.ends).tolist()
    if len(set(hashes)) < 0.8 * len(hashes) and (once := _once(text, hashes)) is not None:
        text = once
        sums = _sums(text.codes[text.start :])
        hashes = _hashes(sums, _starts(text.ends), text.ends).tolist()
    words = text.codes.tobytes().decode("utf-32-le", "replace")
    body = words[text.start :]
    rest = whole[LONGEST_BODY:]
    return Document(
        title=words[: text.start],
        body=body,
        ends=text.ends.tolist(),
        hashes=hashes,
        codes=text.codes[text.start :],
        sums=sums,
        breaks=text.breaks,
        damage=body.count("?") + article.text.count("\ufffd") if "?" in body else 0,
        exact=xxhash.xxh3_64_intdigest((body + rest).encode("utf-8", "replace")) - (1 << 63),
        site=article.site,
        published_at=article.published_at,
        brands=_brands_of(article) if article.flags else (),
        flags=frozenset([flag.name for flag in article.flags]),
    )


def _brands_of(article: Article) -> tuple[str, ...]:
    """The brands that the quality rules found, folded."""
    found = [evidence.text for flag in article.flags if flag.name == "hijacked" for evidence in flag.evidence]
    return tuple({"".join(fold(brand).split()) for brand in found if 2 <= len(brand) <= 30})


def _hashes(sums: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """One number for each stretch, the same wherever it stands: from the running sums of the characters' numbers."""
    return (sums[ends] - sums[starts]) * _powers()[1][starts]


def _clauses(document: Document) -> tuple[list[int], list[int]]:
    """Hashes of the first clauses, and of those with a digit: they are what tells one of a series from the next."""
    size = len(document.codes)
    ends = _rising(document.breaks, size)
    starts = _starts(ends)
    lengths = ends - starts
    lead = np.flatnonzero(lengths >= SHORTEST_SENTENCE)[:LEAD_KEYS]
    digits = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(_is_digit(document.codes), out=digits[1:])
    numbered = np.flatnonzero((digits[ends] != digits[starts]) & (lengths >= SHORTEST_NUMBERED))
    chosen = np.concatenate((lead, numbered))
    hashes = _hashes(document.sums, starts[chosen], ends[chosen]).tolist()
    return hashes[: len(lead)], hashes[len(lead) :]


def _sampled(document: Document) -> list[int]:
    """Hashes of runs of GRAM characters: one in GRAM_RATE, chosen by the hash; the smallest GRAM_KEYS of them."""
    sums = document.sums
    if len(sums) <= GRAM:
        return []
    hashes = (sums[GRAM:] - sums[:-GRAM]) * _powers()[1][: len(sums) - GRAM]
    hashes = hashes[hashes & _GRAM_MASK == 0]  # bits from the middle: the lowest do not know the order of characters
    return sorted(set(hashes.tolist()))[:GRAM_KEYS]


def exact_key(document: Document) -> int:
    """A hash of the whole body, signed 64 bits: the same for the same words, whatever the script and punctuation."""
    return document.exact


def keys(document: Document) -> tuple[int, ...]:
    """The numbers (about 20, at most 48; 48 bits each) by which those that share a sentence or a run find the document.

    The first clauses, for that is what a preview shows; clauses with a number, for they are seldom stock phrases; and
    sentences: of either those with the smallest hashes, so that two documents that have them in common choose the same
    ones. And sampled runs of characters, which also find a text that was wrapped anew or lost its punctuation.
    """
    shift = 64 - KEY_BITS
    start = 0
    sentences = []
    for end, value in zip(document.ends, document.hashes, strict=True):
        if end - start >= SHORTEST_SENTENCE:
            sentences.append(value >> shift)
        start = end
    lead, numbered = _clauses(document)
    found = {value >> shift for value in (*lead, *sorted(set(numbered))[:NUMBERED_KEYS])}
    count = min(max(SENTENCE_KEYS, len(document.body) // LETTERS_A_KEY), MOST_SENTENCE_KEYS)
    found.update(sorted(sentences)[: max(0, count - len(found))])
    found.update(value >> shift for value in _sampled(document))
    if not found and (document.body or document.title):
        found = {xxhash.xxh3_64_intdigest((document.title + "\n" + document.body).encode("utf-8", "replace")) >> shift}
    return tuple(sorted(found))


class _Change(NamedTuple):
    """One place where two bodies differ: [a0, a1) of the first stands where [b0, b1) of the second does."""

    a0: int
    a1: int
    b0: int
    b1: int


def _anchors(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """Pairs of numbers of the same sentence, ascending on both sides; of a repeated one the first with the first."""
    places: dict[int, list[int]] = {}
    for number, value in enumerate(b):
        places.setdefault(value, []).append(number)
    pairs = []
    for number, value in enumerate(a):
        others = places.get(value)
        if others:
            pairs.append((number, others.pop(0)))
    if all(left[1] < right[1] for left, right in itertools.pairwise(pairs)):
        return pairs
    return _longest_ascending(pairs)


def _longest_ascending(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part whose second numbers ascend (patience sorting): a moved paragraph is no anchor."""
    tails: list[int] = []  # the smallest last number of a sequence of each length
    at: list[int] = []
    before: list[int] = []
    for index, (_, other) in enumerate(pairs):
        place = bisect.bisect_left(tails, other)
        before.append(at[place - 1] if place else -1)
        if place == len(tails):
            tails.append(other)
            at.append(index)
        else:
            tails[place] = other
            at[place] = index
    chosen, index = [], at[-1] if at else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    return chosen[::-1]


def _same_sentences(a: Document, b: Document) -> list[tuple[int, int, int]]:
    """Stretches of common sentences as (offset in a, offset in b, length): those at both ends first, then between."""
    first, second = a.hashes, b.hashes
    most = min(len(first), len(second))
    head = 0
    while head < most and first[head] == second[head]:
        head += 1
    tail = 0
    while tail < most - head and first[-1 - tail] == second[-1 - tail]:
        tail += 1
    if head and a.body[: a.ends[head - 1]] != b.body[: b.ends[head - 1]]:  # two hashes may be made to agree
        head = tail = 0
    runs = [(0, 0, a.ends[head - 1])] if head else []
    for i, j in _anchors(first[head : len(first) - tail], second[head : len(second) - tail]):
        start, end = a.ends[head + i - 1] if head + i else 0, a.ends[head + i]
        other = b.ends[head + j - 1] if head + j else 0
        if a.body[start:end] == b.body[other : b.ends[head + j]]:
            runs.append((start, other, end - start))
    if tail:
        start = a.ends[-1 - tail] if tail < len(first) else 0
        other = b.ends[-1 - tail] if tail < len(second) else 0
        if a.body[start:] == b.body[other:]:
            runs.append((start, other, len(a.body) - start))
    return runs


def _equal_runs(a: Document, b: Document, anchored: bool) -> list[tuple[int, int, int]]:
    """Where both bodies say the same, as (offset in a, offset in b, length), ascending and not touching.

    Common sentences first, then the characters of what lies between them: a copy costs a few short alignments instead
    of one of the whole text.
    """
    runs: list[tuple[int, int, int]] = []
    left = right = held = 0  # the end of the last run on both sides, and its length
    for i, j, size in [*(_same_sentences(a, b) if anchored else ()), (len(a.body), len(b.body), 0)]:
        blocks = [*_same_characters(a.body[left:i], b.body[right:j]), (i - left, j - right, size)]
        base, other = left, right
        for start, second, length in blocks:
            if not length:
                continue
            if held and base + start == left and other + second == right:
                held += length
                runs[-1] = (left + length - held, right + length - held, held)
            else:
                held = length
                runs.append((base + start, other + second, length))
            left, right = base + start + length, other + second + length
        left, right = i + size, j + size
    return runs


def _same_characters(a: str, b: str) -> list[tuple[int, int, int]]:
    """The equal runs of two stretches, as offsets and length; only the common beginning when they are very long."""
    if not a or not b:
        return []
    if len(a) * len(b) > LARGEST_GAP:
        return [(0, 0, _common_prefix(a, b))]
    return [(block.a, block.b, block.size) for block in Levenshtein.editops(a, b).as_matching_blocks()]


def _common_prefix(a: str, b: str) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class _Comparison:
    """The changes between two bodies, sorted into those that make another article and those that do not."""

    def __init__(self, a: Document, b: Document, *, anchored: bool = True) -> None:
        self.a, self.b = a, b
        self.aligned = 0
        self.replaced = 0  # characters, the smaller side of every replaced stretch
        self.only_a = self.only_b = 0  # characters inside the text that one side lacks
        self.facts: list[Difference] = []
        self.dated = self.numbered = False  # one of the changed numbers is a date, or counts a series
        self.swaps: dict[tuple[str, str], int] = {}
        self.typos: set[tuple[str, str]] = set()
        self.others: list[Difference] = []
        self.a_breaks: set[int] | None = None
        self.b_breaks: set[int] = set()
        self._walk([run for run in _equal_runs(a, b, anchored) if run[2] >= GLUED])
        self._weigh_swaps()

    def _walk(self, runs: list[tuple[int, int, int]]) -> None:
        """Go from anchor to anchor; what lies between is looked at change by change, or taken as one block."""
        self.aligned = sum(size for _, _, size in runs if size >= ANCHOR)
        region: list[tuple[int, int, int]] = []
        left = right = 0
        for run in [*runs, (len(self.a.body), len(self.b.body), 0)]:
            i, j, size = run
            last = not size
            if not last and size < ANCHOR:
                region.append(run)
                continue
            if i > left or j > right:
                self._region(left, i, right, j, region, edge=last or not (left or right))
            left, right = i + size, j + size
            region = []

    def _region(self, a0: int, a1: int, b0: int, b1: int, runs: list[tuple[int, int, int]], *, edge: bool) -> None:
        smaller = min(a1 - a0, b1 - b0)
        if not smaller:
            self._change(_Change(a0, a1, b0, b1), edge)
            return
        equal = sum(size for _, _, size in runs)
        if edge and smaller <= EDGE and _is_credit(self.a.body[a0:a1]) and _is_credit(self.b.body[b0:b1]):
            return
        if smaller > REGION and equal < 0.4 * smaller:
            self.replaced += smaller
            self._note(Difference("text", self.a.body[a0:a1], self.b.body[b0:b1]))
            return
        self.aligned += equal
        for i, j, size in [*runs, (a1, b1, 0)]:
            if i > a0 or j > b0:
                self._change(_Change(a0, i, b0, j), edge)
            a0, b0 = i + size, j + size

    def _note(self, difference: Difference) -> None:
        if len(self.others) < 4 * KEPT_DIFFERENCES:
            self.others.append(difference)

    def _change(self, change: _Change, edge: bool) -> None:
        if len(self.facts) >= ENOUGH_FACTS:
            return  # another article, whatever else there is
        change = self._whole_numbers(change)
        a, b = self.a.body[change.a0 : change.a1], self.b.body[change.b0 : change.b1]
        if not a or not b:
            self._one_sided(change, a, b, edge)
        elif "?" in a or "?" in b:
            self._damaged(a, b)
        elif self._is_swap(change, a, b):
            self.swaps[(a, b)] = self.swaps.get((a, b), 0) + 1
        elif _numbers_differ(a, b):
            self._number(change, a, b)
        elif self._is_name(change, a, b):
            if not self._is_byline(change):
                self.facts.append(Difference("name", a, b))
        elif self._is_entity(change, a, b):
            self.facts.append(Difference("entity", a, b))
        elif max(len(a), len(b)) <= 2:
            self.typos.add((a, b))
        else:
            self.swaps[(a, b)] = self.swaps.get((a, b), 0) + 1

    def _number(self, change: _Change, a: str, b: str) -> None:
        if self._is_cut(change, a, b):
            return  # a preview ends, or begins, within a number
        self.facts.append(Difference("number", a, b))
        after = self.a.body[change.a1 : change.a1 + 1] or a[-1]
        self.dated = self.dated or after in "月日号"
        self.numbered = self.numbered or after in "期届次季周"

    def _whole_numbers(self, change: _Change) -> _Change:
        """Widen a change within a number to the whole number; digits of two sentences are no number."""
        a0, a1, b0, b1 = change
        a, b = self.a.body, self.b.body
        if (a[a0:a1][:1] in _FIGURES or b[b0:b1][:1] in _FIGURES) and not self._breaks_at(a0, b0):
            while a0 and b0 and a[a0 - 1] == b[b0 - 1] and a[a0 - 1] in _FIGURES:
                a0, b0 = a0 - 1, b0 - 1
        if (a[a0:a1][-1:] in _FIGURES or b[b0:b1][-1:] in _FIGURES) and not self._breaks_at(a1, b1):
            while a1 < len(a) and b1 < len(b) and a[a1] == b[b1] and a[a1] in _FIGURES:
                a1, b1 = a1 + 1, b1 + 1
        return _Change(a0, a1, b0, b1)

    def _breaks_at(self, i: int, j: int) -> bool:
        if self.a_breaks is None:
            self.a_breaks, self.b_breaks = set(self.a.breaks.tolist()), set(self.b.breaks.tolist())
        return i in self.a_breaks or j in self.b_breaks

    def _one_sided(self, change: _Change, a: str, b: str, edge: bool) -> None:
        text = a or b
        if len(text) <= 2 and all(char in _NUMERALS for char in text) and self._beside_numeral(change):
            self.facts.append(Difference("number", a, b))
            return
        if len(text) <= 2 and self._is_name(change, a, b) and not self._is_byline(change):
            self.facts.append(Difference("name", a, b))  # 李伟 and 李伟明
            return
        if not edge:
            self.only_a += len(a)
            self.only_b += len(b)
        if len(text) > 2:
            self._note(Difference("added" if a else "missing", a, b))

    def _beside_numeral(self, change: _Change) -> bool:
        """第十期 and 第十五期 differ by a number, 一起 and 起 do not."""
        before = self.a.body[change.a0 - 1 : change.a0]
        after = self.a.body[change.a1 : change.a1 + 1]
        return bool(before and before in "十百千万" and not self._breaks_at(change.a0, change.b0)) or bool(
            after and after in "十百千万" and not self._breaks_at(change.a1, change.b1)
        )

    def _damaged(self, a: str, b: str) -> None:
        """A place where characters were lost: up to three for each mark, and never a changed digit."""
        lost, kept = (a, b) if "?" in a else (b, a)
        here, there = _DIGITS.findall(lost), _DIGITS.findall(kept)
        marks = lost.count("?")
        if here and there and any(not any(whole.endswith(part) for whole in there) for part in here):
            self.facts.append(Difference("number", a, b))
        elif len(kept) <= 4 + 4 * marks:
            self._note(Difference("damage", a, b))
        else:
            self.replaced += len(kept) - 4 * marks

    def _is_name(self, change: _Change, a: str, b: str) -> bool:
        """Whether a person's name stands at this place on both sides, and another one."""
        if max(len(a), len(b)) > LONGEST_NAMES or _NO_HAN.search(a) or _NO_HAN.search(b):
            return False
        self._breaks_at(0, 0)
        here = _names_at(self.a.body, self.a_breaks or set(), change.a0, change.a1)
        if not here:
            return False
        there = _names_at(self.b.body, self.b_breaks, change.b0, change.b1)
        needed = 2 if min(len(a), len(b)) < 2 else 1  # a single other character may also be a slip of the pen
        return any(
            left[0] == right[0] and left[1] >= needed and right[1] >= needed for left in here for right in there
        )

    def _is_entity(self, change: _Change, a: str, b: str) -> bool:
        """Whether a department, a place or an institution was changed: what follows on both sides says so."""
        longest = max(len(a), len(b))
        after = self.a.body[change.a1 : change.a1 + 2]
        if longest == 1:  # 由科室 and 地科室 are a slip of the pen, 肾内科 and 心内科 are not
            ward = _DEPARTMENT_AFTER.match(after)
            return bool(ward) and {a, b} <= _DEPARTMENTS
        if longest > 8:
            return False
        return bool(_ENTITY_AFTER.match(after)) or (
            bool(_ENTITY_AFTER.match(a[-2:]) or _ENTITY_AFTER.match(a[-1:]))
            and bool(_ENTITY_AFTER.match(b[-2:]) or _ENTITY_AFTER.match(b[-1:]))
        )

    def _is_cut(self, change: _Change, a: str, b: str) -> bool:
        here, there = _DIGITS.findall(a), _DIGITS.findall(b)
        if not here or not there:
            return False
        if len(here) > 1 or len(a) > len(here[0]) + LONGEST_MORE or there[0] == here[0]:
            return False
        if change.a1 == len(self.a.body):
            return a.startswith(here[0]) and b.startswith(there[0]) and there[0].startswith(here[0])
        return not change.a0 and a.endswith(here[0]) and b.endswith(there[-1]) and there[-1].endswith(here[0])

    def _is_swap(self, change: _Change, a: str, b: str) -> bool:
        """Whether a brand, or a hospital's name, stands on one side only: 我院 for it, or a brand not listed yet."""
        longest = max(len(a), len(b))
        if longest < 2:
            return False
        first, second = _is_brand(a, self.a, self.b), _is_brand(b, self.a, self.b)
        here, there = _DIGITS.findall(a), _DIGITS.findall(b)
        if first and second:
            return True  # two mirrors of two hijackers
        if first != second:  # 威尼斯9872018 for 青河县医院2018: the number beside it has to be the same
            brand, other = (here, there) if first else (there, here)
            return not other or (bool(brand) and brand[-1].endswith(other[-1]))
        if longest > LONGEST_SWAP or (here and there):
            return False
        return self._has_hospital(self.a, change.a0, change.a1) != self._has_hospital(self.b, change.b0, change.b1)

    def _has_hospital(self, document: Document, start: int, end: int) -> bool:
        return bool(_HOSPITAL.search(document.body, start, end + 2))

    def _is_byline(self, change: _Change) -> bool:
        """Whether the name is that of who wrote or photographed: 通讯员 …, … 摄, or the last words of both texts."""
        a, b = self.a.body, self.b.body
        if change.a1 == len(a) and change.b1 == len(b):
            return True
        before, after = a[max(0, change.a0 - 8) : change.a0], a[change.a1 : change.a1 + 4]
        return bool(_BYLINE_BEFORE.search(before) or _BYLINE_AFTER.match(after))

    def _weigh_swaps(self) -> None:
        """A brand in place of a name does not count; another name throughout does; the rest is replaced text."""
        for (a, b), times in self.swaps.items():
            brand = _is_brand(a, self.a, self.b) or _is_brand(b, self.a, self.b)
            hospital = bool(_HOSPITAL.search(a)) != bool(_HOSPITAL.search(b))
            if brand or (hospital and times >= 2) or {a, b} & _PRONOUNS:
                self._note(Difference("entity", a, b))
            elif times >= 2 and max(len(a), len(b)) <= LONGEST_SWAP:
                self.facts.append(Difference("entity", a, b))
            else:
                self.replaced += min(len(a), len(b))
                self._note(Difference("text", a, b))
        for a, b in self.typos:
            self._note(Difference("typo", a, b))


LONGEST_NAMES = 8  # characters of a change that may be names: a line of a roster has two or three
_NO_HAN = re.compile("[^\u3400-\u9fff]")
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


def _names_at(body: str, breaks: set[int], start: int, end: int) -> list[tuple[int, int]]:
    """What may be names that cover a change: (characters before the change, how many of its two ends are marked).

    A name is a surname and one or two characters; its ends are marked by punctuation, a blank, an office or a verb.
    Names that stand side by side are taken as one when each of them has its blank or comma.
    """
    found = []
    for back in range(3):
        first = start - back
        if first < 0 or body[first : first + 1] not in _SURNAMES:
            continue
        if back and any(at in breaks for at in range(first + 1, start + 1)):
            continue
        marked = first in breaks or not first or bool(_BEFORE_NAME.search(body[max(0, first - 3) : first]))
        for last in range(max(end, first + 2), first + 4):
            if last > len(body) or any(at in breaks for at in range(end, last) if at > first):
                break
            after = last in breaks or last == len(body) or bool(_AFTER_NAME.match(body[last : last + 3]))
            if marked or after:
                found.append((back, marked + after))
    if not found and end - start > 3 and body[start] in _SURNAMES:
        # a name and more: 张伟荣或 for 李敏荣获
        marked = start in breaks or bool(_BEFORE_NAME.search(body[max(0, start - 3) : start]))
        if marked and any(_AFTER_NAME.match(body[at : at + 3]) for at in (start + 2, start + 3)):
            return [(0, 2)]
    if not found and end - start > 3:
        cuts = [start, *(at for at in range(start + 1, end) if at in breaks), end]
        parts = [body[i:j] for i, j in itertools.pairwise(cuts)]
        # the last part may go on after the change, the first may have begun before it
        if len(parts) > 1 and all(part[0] in _SURNAMES and len(part) <= 3 for part in parts[1:]):
            found.append((0, 2))
    return found


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


def _is_credit(text: str) -> bool:
    """Whether a stretch at the edge of a body is a header or footer: who wrote it, who printed it."""
    return bool(_CREDIT.search(text))


def _is_brand(text: str, *documents: Document) -> bool:
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


def _numbers_differ(a: str, b: str) -> bool:
    """Whether both sides have numbers, and other ones. Words of numbers count when there is nothing beside them."""
    here, there = _DIGITS.findall(a), _DIGITS.findall(b)
    if here and there:
        return here != there and not _within(here, there) and not _within(there, here)
    return all(char in _NUMERALS for char in a) and all(char in _NUMERALS for char in b) and not (here or there)


def _within(part: list[str], whole: list[str]) -> bool:
    """Whether one side only has more numbers, before or after those of the other."""
    return len(part) < len(whole) and part in (whole[: len(part)], whole[-len(part) :])


def _skeleton(text: str) -> str:
    return re.sub("[0-9.零〇一二三四五六七八九十]+", "#", text)


def _titles_differ(a: Document, b: Document) -> Difference | None:
    """The same title but for its numbers or names: two of a series."""
    if a.title == b.title or not a.title or not b.title or "?" in a.title + b.title:
        return None
    difference = Difference("title", a.title, b.title)
    if _skeleton(a.title) == _skeleton(b.title):
        return difference
    return None


def _days_apart(a: Document, b: Document) -> int | None:
    """Days between two publication dates; None when one is unknown."""
    days = [day_number(document.published_at) for document in (a, b)]
    return None if days[0] is None or days[1] is None else abs(days[0] - days[1])


def day_number(published_at: str | None) -> int | None:
    """Days since 1970 of an ISO 8601 date or time; None for none."""
    try:
        return datetime.date.fromisoformat((published_at or "")[:10]).toordinal() - _DAY_ZERO
    except ValueError:
        return None


def compare(new: Document, old: Document) -> Verdict | None:
    """How `new` relates to `old`, or None when they have too little in common.

    Symmetric: compare(old, new) finds the same kind with the sides changed over.
    """
    if (len(old.body), old.body, old.title) < (len(new.body), new.body, new.title):
        verdict = _compare(old, new)
        return None if verdict is None else _turned(verdict)
    return _compare(new, old)


def _turned(verdict: Verdict) -> Verdict:
    turn = {"added": "missing", "missing": "added"}
    return Verdict(
        verdict.kind,
        verdict.share_old,
        verdict.share_new,
        tuple(
            Difference(turn.get(what, what), new, old)  # type: ignore[arg-type]
            for what, old, new in verdict.differences
        ),
    )


def _compare(short: Document, long: Document) -> Verdict | None:
    size = len(short.body)
    title = _titles_differ(short, long)
    if short.exact == long.exact and (size >= SHORTEST_BODY or short.title == long.title):
        return Verdict("sibling" if title else "copy", 1.0, 1.0, (title,) if title else ())
    if (size < SHORTEST_BODY and short.title != long.title) or not size:
        return None
    if not _akin(short, long):
        return None
    found = _Comparison(short, long)
    if min(found.only_a, found.only_b) > 30 and not found.facts and size <= LONGEST_REALIGNED:
        again = _Comparison(short, long, anchored=False)  # a sentence that occurs twice may have held the wrong places
        found = again if again.aligned > found.aligned else found
    share, share_long = min(found.aligned / size, 1.0), min(found.aligned / len(long.body), 1.0)
    if share < RELATED:
        return None
    facts = [*found.facts, *([title] if title else [])]
    differences = (*facts, *found.others)[:KEPT_DIFFERENCES]
    shares = (round(share, 4), round(share_long, 4))
    other = (
        share < ALIGNED
        or found.replaced > 4 + 0.03 * size
        or len(found.typos) > 4 + size / 150
        or min(found.only_a, found.only_b) > max(30, 0.12 * size)
    )
    if other or (facts and not _is_update(short, long, found, title, shares)):
        return Verdict("sibling", *shares, differences)
    return Verdict(_kind(short, long, found, bool(facts), share_long), *shares, differences)


def _akin(short: Document, long: Document) -> bool:
    """A quick look before the alignment: do they share a fifth of the sentences, or of samples of the shorter text?"""
    size, start, shared = len(short.body), 0, 0
    common = set(long.hashes)
    for end, value in zip(short.ends, short.hashes, strict=True):
        if value in common:
            shared += end - start
        start = end
    if shared >= 0.2 * size:
        return True
    step = max(SAMPLE, size // SAMPLES)
    starts = range(0, max(1, size - SAMPLE + 1), step)
    found = sum(short.body[start : start + SAMPLE] in long.body for start in starts)
    return found >= 0.2 * len(starts)


def _kind(short: Document, long: Document, found: _Comparison, updated: bool, share: float) -> RelationKind:
    if share < EXCERPT or ("truncated" in short.flags and share < WHOLE):
        return "excerpt"
    if updated:
        return "revision"
    changed = share < 0.97 or found.replaced or found.typos
    if short.site == long.site and changed and short.title == long.title and "hijacked" not in short.flags | long.flags:
        return "revision"
    return "copy"


def _is_update(
    short: Document, long: Document, found: _Comparison, title: Difference | None, shares: tuple[float, float]
) -> bool:
    """Whether a changed number is a correction: the same site, title and day, and nearly nothing else changed.

    Two of a series also differ by a number only, but hardly on the same site under the same title within three days. A
    changed date is a correction on the same day only, a changed ordinal (第3期) only where the title says so.
    """
    if title or short.site != long.site or not short.title or min(shares) < 0.8 or found.replaced:
        return False
    correction = bool(_CORRECTIONS.search(short.title) or _CORRECTIONS.search(long.title))
    if short.title != long.title and not (correction and (short.title in long.title or long.title in short.title)):
        return False
    days = _days_apart(short, long)
    if days is None or days > UPDATE_DAYS:
        return False
    if any(fact.what != "number" for fact in found.facts):
        return False
    distinct = {(fact.new, fact.old) for fact in found.facts}
    if correction:
        return len(distinct) <= 2
    if len(distinct) != 1 or found.numbered or (found.dated and days > 0):
        return False
    return all(_is_slip(*pair) for pair in distinct)


def _is_slip(one: str, other: str) -> bool:
    """Whether two numbers differ by one digit, or by the order of their digits."""
    return Levenshtein.distance(one, other) <= 1 or sorted(one) == sorted(other)


def bridges(one: Verdict, other: Verdict) -> bool:
    """Whether a document that is linked to two clusters makes them one.

    It must have at least 60 % of what either representative says: a preview made of shared text bridges nothing.
    """
    return one.linked and other.linked and min(one.share_old, other.share_old) >= BRIDGE


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """What counts for standing for a cluster."""

    id: int
    length: int  # characters of the body
    official: bool = False  # from the hospital's own host
    spoiled: bool = False  # spam, hijacked or truncated
    damage: int = 0  # places where characters were lost; an annotated or repeated text has one more
    published: int | None = None  # days since 1970


def candidate(id: int, document: Document, *, official: bool) -> Candidate:
    """What of a document counts for standing for its cluster."""
    flags = document.flags
    damage = document.damage + len(flags & {"annotated", "damaged", "repeated"})
    spoiled = bool(flags & {"spam", "hijacked", "truncated"})
    return Candidate(id, len(document.body), official, spoiled, damage, day_number(document.published_at))


def representative(candidates: Iterable[Candidate]) -> int:
    """The id of the one that stands for a cluster.

    One that is spoiled only when all are; no excerpt of less than half of the text; then one from the hospital's own
    host, then the least damaged, then the earliest among those with 90 % of the longest body.
    """
    pool: Sequence[Candidate] = list(candidates)
    pool = [one for one in pool if not one.spoiled] or pool
    longest = max(one.length for one in pool)
    pool = [one for one in pool if one.length >= longest / 2]
    pool = [one for one in pool if one.official] or pool
    least = min(one.damage for one in pool)
    pool = [one for one in pool if one.damage == least]
    longest = max(one.length for one in pool)
    pool = [one for one in pool if one.length >= 0.9 * longest]
    return min(pool, key=lambda one: (one.published is None, one.published or 0, one.id)).id
