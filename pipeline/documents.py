"""An article as it is compared: its letters and digits, folded, without punctuation and lines of metadata.

In go `Article`s, out come `Document`s and the `keys` by which they find each other. No I/O.

Texts are looked up in a table of characters with numpy, several articles at a time: a call into numpy costs more than
what it does for a page of a thousand characters, so that fifteen articles together cost less than half.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xxhash

from pipeline.fold import fold
from pipeline.records import Article

KEYS_VERSION = "2"  # raised when prepare or keys change; the characters' table is added by keys_version()

SENTENCE_KEYS = 12  # sentence hashes a document, the smallest ones …
LETTERS_A_KEY = 100  # … and more for a long one, one for so many characters
MOST_SENTENCE_KEYS = 24
LEAD_KEYS = 4  # of them the first clauses
NUMBERED_KEYS = 5  # of them clauses with a number
SHORTEST_NUMBERED = 6  # characters of such a clause
SHORTEST_TITLE = 6  # characters
SHORTEST_SENTENCE = 8  # characters; shorter ones are stock phrases
GRAM = 13  # characters of a sampled run
GRAM_RATE = 128  # one run in so many is a key: finds texts that lost their punctuation
GRAM_KEYS = 24
KEY_BITS = 48  # six bytes in SQLite

LONGEST_METADATA = 120  # characters of a line
LONGEST_LABEL = 16  # characters before its colon
REPEATED = 0.3  # of a body, for its repeated sentences to be left out
DISTINCT = 0.8  # of the sentences; with as many different ones a body was not pasted twice
BARE = 120  # characters; the text of a notice that is in its pictures and attachments is no longer
MOST_FILES = 50
LONGEST_TITLE = 400  # characters
LONGEST_BODY = 60_000  # characters that are aligned; what follows is compared by its hash only
BLOCK = 16_000  # characters that are looked up together, and at most one article more: they stay in the cache

_END, _JOIN, _DAMAGE, _KEEP = (number << 16 for number in range(1, 5))  # classes of characters, above the folded ones
_SENTENCE_ENDS = "。！？；!;\n\r\u2028\u2029…"
_JOINS = ".．-－–—/／:：~～"  # kept, as a point, between two digits: 3.5 is not 35
_DAMAGE_MARKS = "?\ufffd"
_LATER_PLANES = re.compile("[\U00010000-\U0010ffff]")
_NUMBER = re.compile("[0-9]+")
_GRAM_MASK = np.uint64((GRAM_RATE - 1) << 40)
_KEY_SHIFT = np.uint64(64 - KEY_BITS)
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
_ANNOTATION = re.compile(
    r"(?<=[\u3400-\u9fff])[(（](?=[a-zü]{0,5}[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ])[a-züāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]{1,7}[)）]"
)


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
    damage: int
    exact: int  # hash of the whole body, 64 bits; also of what lies beyond LONGEST_BODY
    site: str
    published_at: str | None
    brands: tuple[str, ...]
    flags: frozenset[str]
    files: frozenset[str]  # names of the images and attachments of a bare notice, whose text says little
    block: _Block  # where its characters are …
    place: int  # … and which of the block's documents it is
    _breaks: bytes | None = None
    _numbers: frozenset[str] | None = None

    @property
    def breaks(self) -> bytes:
        """1 for every offset in `body`, its end included, at which anything was dropped: punctuation, a blank …"""
        if self._breaks is None:
            self._breaks = self.block.breaks_of(self.place)
        return self._breaks

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers in the body, each once."""
        if self._numbers is None:
            self._numbers = frozenset(_NUMBER.findall(self.body))
        return self._numbers


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
def _powers(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Powers of the base and of its inverse modulo 2**64, for every offset of a block."""
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


def _is_digit(codes: np.ndarray) -> np.ndarray:
    return codes - np.uint32(48) <= 9  # unsigned: what lies below 48 wraps round


def _distinct(places: np.ndarray) -> np.ndarray:
    """Of ascending places each one once."""
    keep = np.empty(len(places), dtype=bool)
    keep[:1] = True
    np.not_equal(places[1:], places[:-1], out=keep[1:])
    return places[keep]


def _starts(ends: np.ndarray) -> np.ndarray:
    """Where the stretches begin that end there."""
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1]
    return starts


class _Block:
    """The characters of some documents, one after the other: each has a title, then a body.

    `bounds` are the offsets of title, body, title, body … and the end; `ends` and `breaks` are offsets at which a
    sentence ends, or anything was dropped. Every bound is one of both, so that no stretch crosses it.
    """

    def __init__(self, codes: np.ndarray, bounds: np.ndarray, ends: np.ndarray, breaks: np.ndarray) -> None:
        self.codes, self.bounds, self.ends, self.breaks = codes, bounds, ends, breaks
        size = len(codes) + 1
        self.powers, self.inverse = _powers(1 << max(17, size.bit_length()))
        self.sums = np.zeros(size, dtype=np.uint64)  # running sums: any stretch's hash is a difference
        np.cumsum(_table().numbers.take(codes) * self.powers[: size - 1], out=self.sums[1:])
        self.hashes = self._hashes(_starts(ends), ends)
        self._keys: list[tuple[int, ...]] | None = None
        self._marks = b""
        self.exact: list[int] = self._hashes(bounds[1:-1:2], bounds[2::2]).tolist()  # of the bodies

    def _hashes(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """One number for each stretch, the same wherever it stands."""
        return (self.sums.take(ends) - self.sums.take(starts)) * self.inverse.take(starts)

    def breaks_of(self, place: int) -> bytes:
        """1 for every offset of a body at which anything was dropped."""
        if not self._marks:
            marks = np.zeros(len(self.codes) + 1, dtype=np.uint8)
            marks[self.breaks] = 1
            self._marks = marks.tobytes()
        return self._marks[self.bounds[2 * place + 1] : self.bounds[2 * place + 2] + 1]

    def keys(self) -> list[tuple[int, ...]]:
        """The keys of every document, all at once; see the function `keys`."""
        if self._keys is None:
            starts = _starts(self.ends)
            long = np.flatnonzero(self.ends - starts >= SHORTEST_SENTENCE)
            sentences = self._bodies(self.ends[long], self.hashes[long])
            lead, numbered = self._clauses()
            sizes = np.diff(self.bounds)[1::2].tolist()
            rows = zip(self._titles(), sentences, lead, numbered, self._sampled(), sizes, strict=True)
            self._keys = [_chosen(*row) for row in rows]
        return self._keys

    def _titles(self) -> list[list[int]]:
        """The key of every title that is no mere word: previews and corrections are called what the whole is called."""
        starts, ends = self.bounds[:-1:2], self.bounds[1::2]
        hashes = (self._hashes(starts, ends) >> _KEY_SHIFT).tolist()
        return [[key] if long else [] for key, long in zip(hashes, ends - starts >= SHORTEST_TITLE, strict=True)]

    def _bodies(self, ends: np.ndarray, hashes: np.ndarray, *, margin: int = 0) -> list[list[int]]:
        """The keys, of those hashes, of the stretches that lie in each body; `ends` ascending."""
        firsts = np.searchsorted(ends, self.bounds[1:-1:2] + margin, "right").tolist()
        lasts = np.searchsorted(ends, self.bounds[2::2], "right").tolist()
        listed = (hashes >> _KEY_SHIFT).tolist()
        return [listed[first:last] for first, last in zip(firsts, lasts, strict=True)]

    def _clauses(self) -> tuple[list[list[int]], list[list[int]]]:
        """Keys of the clauses, and of those with a digit: they are what tells one of a series from the next."""
        ends, starts = self.breaks, _starts(self.breaks)
        hashes, lengths = self._hashes(starts, ends), ends - starts
        digits = np.zeros(len(self.codes) + 1, dtype=np.int32)
        np.cumsum(_is_digit(self.codes), out=digits[1:])
        long = np.flatnonzero(lengths >= SHORTEST_SENTENCE)
        numbered = np.flatnonzero((digits[ends] != digits[starts]) & (lengths >= SHORTEST_NUMBERED))
        return self._bodies(ends[long], hashes[long]), self._bodies(ends[numbered], hashes[numbered])

    def _sampled(self) -> list[list[int]]:
        """Keys of runs of GRAM characters: one in GRAM_RATE, chosen by the hash."""
        count = len(self.sums) - GRAM
        if count <= 0:
            return [[] for _ in self.bounds[1::2]]
        hashes = (self.sums[GRAM:] - self.sums[:-GRAM]) * self.inverse[:count]
        # bits from the middle: the lowest do not know the order of characters
        chosen = np.flatnonzero(hashes & _GRAM_MASK == 0)
        return self._bodies(chosen + GRAM, hashes[chosen], margin=GRAM - 1)


def _chosen(
    title: list[int], sentences: list[int], lead: list[int], numbered: list[int], sampled: list[int], size: int
) -> tuple[int, ...]:
    """Of the hashes of one article those that are its keys."""
    found = {*title, *lead[:LEAD_KEYS], *sorted(set(numbered))[:NUMBERED_KEYS]}
    count = min(max(SENTENCE_KEYS, size // LETTERS_A_KEY), MOST_SENTENCE_KEYS)
    sentences.sort()
    found.update(sentences[: max(0, count - len(found))])
    found.update(sorted(set(sampled))[:GRAM_KEYS])
    return tuple(sorted(found))


def keys(document: Document) -> tuple[int, ...]:
    """The numbers (about 20, at most 48; 48 bits each) by which those that share a sentence or a run find the document.

    The first clauses, for that is what a preview shows; clauses with a number, for they are seldom stock phrases; and
    sentences: of either those with the smallest hashes, so that two documents that have them in common choose the same
    ones. And sampled runs of characters, which also find a text that was wrapped anew or lost its punctuation.
    """
    found = document.block.keys()[document.place]
    if found or not (document.body or document.title):
        return found
    words = (document.title + "\n" + document.body).encode("utf-8", "replace")
    return (xxhash.xxh3_64_intdigest(words) >> (64 - KEY_BITS),)


def prepare(article: Article) -> Document:
    """The article as it is compared."""
    return prepare_all([article])[0]


def prepare_all(articles: Iterable[Article]) -> list[Document]:
    """Articles as they are compared, in their order. Cheap (about 40 µs each), to be made again when needed."""
    documents: list[Document] = []
    for some in _blocks(articles):
        documents += _documents(some)
    return documents


class _Words(NamedTuple):
    """What is looked up of an article, and the rest of its text."""

    article: Article
    title: str
    text: str
    rest: str


def _blocks(articles: Iterable[Article]) -> Iterator[list[_Words]]:
    some: list[_Words] = []
    size = 0
    for article in articles:
        words = _words(article)
        some.append(words)
        size += len(words.title) + len(words.text) + 2
        if size >= BLOCK:
            yield some
            some, size = [], 0
    if some:
        yield some


def _words(article: Article) -> _Words:
    text = _without_metadata(article.text)
    if "(" in text or "（" in text:
        text = _ANNOTATION.sub("", text)
    title = article.title[:LONGEST_TITLE].replace("\n", " ")
    return _Words(article, title, text[:LONGEST_BODY], text[LONGEST_BODY:])


def _documents(words: Sequence[_Words]) -> list[Document]:
    block = _read(words)
    letters = block.codes.tobytes().decode("utf-32-le", "replace")
    bounds = block.bounds.tolist()
    lasts = np.searchsorted(block.ends, block.bounds[1:], "right").tolist()
    ends, hashes = block.ends, block.hashes.tolist()
    found = []
    for place, one in enumerate(words):
        start, first, last = bounds[2 * place + 1], lasts[2 * place], lasts[2 * place + 1]
        mine = hashes[first:last]
        title, body = letters[bounds[2 * place] : start], letters[start : bounds[2 * place + 2]]
        document = _document(one, title, body, (ends[first:last] - start).tolist(), mine, block, place)
        if len(set(mine)) < DISTINCT * len(mine):
            document = _once(one, document) or document
        found.append(document)
    return found


def _document(
    words: _Words, title: str, body: str, ends: list[int], hashes: list[int], block: _Block, place: int
) -> Document:
    article = words.article
    exact = block.exact[place]
    if words.rest:
        exact ^= xxhash.xxh3_64_intdigest(words.rest.encode("utf-8", "replace"))
    return Document(
        title=title,
        body=body,
        ends=ends,
        hashes=hashes,
        damage=body.count("?") + article.text.count("\ufffd") if "?" in body else 0,
        exact=exact,
        site=article.site,
        published_at=article.published_at,
        brands=_brands_of(article) if article.flags else (),
        flags=frozenset([flag.name for flag in article.flags]) if article.flags else frozenset(),
        files=_files_of(article) if len(body) < BARE else frozenset(),
        block=block,
        place=place,
    )


def _read(words: Sequence[_Words]) -> _Block:
    """Look every character up; keep letters, digits, the marks of damage and the points within a number."""
    pieces = [piece for one in words for piece in (one.title, one.text)]
    joined = "\n".join(pieces) + "\n"  # a line's end closes every title and every body
    points = np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), dtype=np.uint16)
    if len(points) > len(joined):  # beyond the first plane there are rare characters only: they are dropped
        points = np.frombuffer(
            _LATER_PLANES.sub("\uffff", joined).encode("utf-16-le", "surrogatepass"), dtype=np.uint16
        )
    codes = _table().codes.take(points)
    keep = codes >= _DAMAGE
    joins = np.flatnonzero(codes == _JOIN + ord("."))
    if joins.size:
        joins = joins[(joins > 0) & (joins < len(codes) - 1)]
        keep[joins[_is_digit(codes[joins - 1] - _KEEP) & _is_digit(codes[joins + 1] - _KEEP)]] = True
    counts = np.cumsum(keep, dtype=np.int32)
    bounds = np.zeros(len(pieces) + 1, dtype=np.int64)
    bounds[1:] = counts[np.cumsum([len(piece) + 1 for piece in pieces]) - 1]
    kept = codes[keep] & np.uint32(0xFFFF)
    return _Block(kept, bounds, _distinct(counts[codes == _END]), _distinct(counts[~keep]))


def _once(words: _Words, document: Document) -> Document | None:
    """The document without the sentences that stood before, if they are a good part: a body that was pasted twice."""
    block, place = document.block, document.place
    bounds = block.bounds[2 * place : 2 * place + 3]
    codes = block.codes[bounds[0] : bounds[2]]
    title = int(bounds[1] - bounds[0])
    keep = np.ones(len(codes), dtype=bool)
    seen: set[int] = set()
    start = 0
    for end, value in zip(document.ends, document.hashes, strict=True):
        if value in seen:
            keep[title + start : title + end] = False
        seen.add(value)
        start = end
    counts = np.zeros(len(codes) + 1, dtype=np.int64)
    np.cumsum(keep, out=counts[1:])
    kept = int(counts[-1]) - title
    if kept > (1 - REPEATED) * len(document.body):
        return None
    breaks = np.flatnonzero(np.frombuffer(document.breaks, dtype=np.uint8))
    ends = _distinct(counts[title + np.array([0, *document.ends], dtype=np.int64)])
    alone = _Block(codes[keep], counts[[0, title, len(codes)]], ends, _distinct(counts[title + breaks]))
    body = alone.codes[title:].tobytes().decode("utf-32-le", "replace")
    mine = int(np.searchsorted(alone.ends, title, "right"))
    return _document(
        words, document.title, body, (alone.ends[mine:] - title).tolist(), alone.hashes[mine:].tolist(), alone, 0
    )


def _files_of(article: Article) -> frozenset[str]:
    """The names of images and attachments, without their folders: these differ from site to site."""
    urls = [link.url for link in (*article.attachments, *article.images)[:MOST_FILES]]
    names = {url.partition("?")[0].rstrip("/").rpartition("/")[2].lower() for url in urls}
    return frozenset(names - {""})


def _brands_of(article: Article) -> tuple[str, ...]:
    """The brands that the quality rules found, folded."""
    found = [evidence.text for flag in article.flags if flag.name == "hijacked" for evidence in flag.evidence]
    return tuple({"".join(fold(brand).split()) for brand in found if 2 <= len(brand) <= 30})
