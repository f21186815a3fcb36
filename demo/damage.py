"""Damage as the web does it: turns clean simplified text into the defective kinds that the archive has to cope with.

In: a clean text of ours and a seed. Out: the same text as a clone site, a hijacker, a content farm or a careless
editor would publish it. Deterministic; the demo's pages, the tests and the benchmarks all take their damage from here.

`inject` follows the pinyin injection byte for byte, as it was measured on real pages (three original/damaged pairs
and the re-injection of two repaired pages are reproduced exactly):

1. simplified → traditional, character by character; ambiguous characters stay as they are (`STAY`), a few have a
   fixed choice (`FIXED`);
2. in GBK bytes, an ordered list of characters is replaced by itself plus `(pinyin)`, with a replacement that does not
   know where characters begin;
3. in the same way a marker byte is put before punctuation, in some of the places;
4. the bytes are decoded as PHP's mbstring decodes CP936: a lead byte and a byte below 0x40 become one `?` that eats
   both, pairs of the user-defined ranges vanish.
"""

from __future__ import annotations

import dataclasses
import functools
import random
import re
import unicodedata

from pipeline.annotations import ANNOTATED

MARKER = b"\x1f"  # invisible on most sites: dropped after decoding
VISIBLE_MARKER = b","  # on some sites it stays and doubles the commas
PUNCTUATION = "，。、！？；："  # in the order of the replacement; the order decides which bytes slip

# Ambiguous simplified characters that the clones leave alone.
STAY = "于后里干斗系并范征采占游杰筑布制志面余松郁谷岳咨云舍冲卷叶御"
# Where the clones' table differs from OpenCC's first choice.
FIXED = {
    "症": "癥", "台": "臺", "准": "準", "着": "著", "杆": "桿", "为": "為", "艳": "艷", "湿": "濕", "丰": "豐",
    "签": "簽", "别": "別",
    "群": "群", "峰": "峰", "众": "眾", "启": "啟", "线": "線", "咸": "咸", "熏": "熏", "钟": "鐘",
}  # fmt: skip

GAMBLING_BRAND = "6163am银河线路"
FARM_TAIL = (
    "预览阅读已结束，如需查看全文或代写同类材料，",
    "请添加老师微信👉 xiezuo1688 👈，加急当天交稿。",
)


@functools.cache
def _traditional() -> dict[int, str]:
    """The clones' table, character by character, from OpenCC's characters with `STAY` and `FIXED`."""
    import opencc

    characters = "".join(map(chr, range(0x4E00, 0x9FA6)))
    converted = opencc.OpenCC("s2tw").convert("\n".join(characters)).split("\n")
    table = {ord(a): b for a, b in zip(characters, converted, strict=True) if a != b and len(b) == 1}
    for character in STAY:
        table.pop(ord(character), None)
    return table | {ord(a): b for a, b in FIXED.items()}


def traditional(text: str) -> str:
    """Simplified text as the clones turn it into traditional characters, without any other damage."""
    return text.translate(_traditional())


def annotated_characters(density: float) -> dict[str, str]:
    """Character → reading for the first `density` (0…1) of the injection's list."""
    return dict(list(ANNOTATED.items())[: round(len(ANNOTATED) * density)])


def _toneless(pinyin: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", pinyin) if not unicodedata.combining(c) or c == "\u0308")
    return unicodedata.normalize("NFC", bare)


@dataclasses.dataclass(frozen=True, slots=True)
class Slip:
    """Where bytes slipped: `damaged[start:end]` was `original`, in traditional characters."""

    start: int
    end: int
    original: str


def inject(
    text: str,
    *,
    density: float = 0.6,
    seed: int = 0,
    markers: float = 0.6,
    visible: bool = False,
    toneless: bool = False,
    brackets: str = "()",
    characters: dict[str, str] | None = None,
) -> str:
    """Damage a clean simplified text as the clone sites do.

    `density`: how much of the annotation list is used (0…1). `markers`: in what share of the places the marker byte is
    set. `visible`: the marker is a comma that stays. `toneless`: pinyin without tone marks. `brackets`: "()" or "（）".
    `characters`: character → reading, in order, instead of a prefix of the list.
    """
    damaged, _ = inject_traced(
        text, density=density, seed=seed, markers=markers, visible=visible, toneless=toneless, characters=characters
    )
    if brackets != "()":  # some clones set the annotations in full-width brackets; the bytes have slipped before
        damaged = re.sub(r"\(([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]{1,6})\)", rf"{brackets[0]}\1{brackets[1]}", damaged)
    return damaged


def inject_traced(
    text: str,
    *,
    density: float = 0.6,
    seed: int = 0,
    markers: float = 0.6,
    visible: bool = False,
    toneless: bool = False,
    characters: dict[str, str] | None = None,
) -> tuple[str, list[Slip]]:
    """`inject`, and where bytes slipped with what stood there: the truth that a repair is measured by."""
    chance = random.Random(seed)
    marker = VISIBLE_MARKER if visible else MARKER
    original = traditional(text)
    raw = [character.encode("gbk", "replace") for character in original]
    data = b"".join(raw)
    origin = [number for number, pair in enumerate(raw) for _ in pair]  # of each byte; -1: put in
    for character, pinyin in (annotated_characters(density) if characters is None else characters).items():
        found, reading = character.encode("gbk"), f"({_toneless(pinyin) if toneless else pinyin})".encode("gbk")
        data, origin = _put(data, origin, [place + 2 for place in _places(data, found)], reading)
    for sign in PUNCTUATION:
        places = [place for place in _places(data, sign.encode("gbk")) if chance.random() < markers]
        data, origin = _put(data, origin, places, marker)
    return _decode(data, origin, original)


def _places(data: bytes, part: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(part), data)]


def _put(data: bytes, origin: list[int], places: list[int], part: bytes) -> tuple[bytes, list[int]]:
    """Put the same bytes in at these places."""
    pieces: list[bytes] = []
    origins: list[int] = []
    last = 0
    for place in places:
        pieces += (data[last:place], part)
        origins += origin[last:place] + [-1] * len(part)
        last = place
    return b"".join([*pieces, data[last:]]), origins + origin[last:]


def _decode(data: bytes, origin: list[int], original: str) -> tuple[str, list[Slip]]:
    """Decode as PHP's mbstring does CP936: what it cannot read is lost, not replaced one for one."""
    characters: list[str] = []
    slips: list[Slip] = []
    place = length = 0
    began: tuple[int, int] | None = None  # (offset in the damaged text, number of the first original character)
    while place < len(data):
        lead = data[place]
        size = 1 if lead <= 0x80 or lead == 0xFF or place + 1 == len(data) else 2
        unit = data[place : place + size]
        numbers = [number for number in origin[place : place + size] if number >= 0]
        # A unit is in step when it is put in, or the whole of one original character.
        first = place == 0 or origin[place] != origin[place - 1] or origin[place] < 0
        first = first and (origin[place] < 0 or origin[place] not in origin[max(0, place - 12) : place])
        split = len(set(numbers)) > 1 or (bool(numbers) and len(numbers) != size)
        whole = not numbers or (not split and first and _complete(origin, place, size))
        if not whole and began is None:
            began = (length, numbers[0])
        elif whole and numbers and began is not None:
            slips.append(Slip(began[0], length, original[began[1] : numbers[0]]))
            began = None
        printed = _unit(unit).replace(MARKER.decode(), "")
        characters.append(printed)
        length += len(printed)
        place += size
    if began is not None:
        slips.append(Slip(began[0], length, original[began[1] :]))
    return "".join(characters), slips


def _complete(origin: list[int], place: int, size: int) -> bool:
    """Whether the character that these bytes come from has no byte after them."""
    return origin[place] not in origin[place + size : place + size + 12]  # bytes that may be put in between


def _unit(unit: bytes) -> str:
    """One byte or two as the decoder prints them: `?` for no character, nothing for the user-defined ranges."""
    lead = unit[0]
    if len(unit) == 1:
        return "€" if lead == 0x80 else chr(lead) if lead < 0x80 else "?"
    trail = unit[1]
    if trail < 0x40:
        return "?"
    if ((0xAA <= lead <= 0xAF or lead >= 0xF8) and trail >= 0xA1) or (0xA1 <= lead <= 0xA7 and trail <= 0xA0):
        return ""
    return unit.decode("gbk", "replace").replace("\ufffd", "?")[:1]


def swap_brand(text: str, hospital: str, brand: str = GAMBLING_BRAND) -> str:
    """Replace the hospital's name everywhere, as a hijacked mirror does."""
    return text.replace(hospital, brand)


def swap_roles(text: str) -> str:
    """Replace the words of a hospital by those of a company: 医院 → 医公司, 院长 → 经理."""
    return text.replace("医院", "医公司").replace("院长", "经理").replace("职工", "员工")


def body_twice(text: str, *, first: int = 0) -> str:
    """Let the paragraphs from number `first` on stand twice."""
    paragraphs = text.split("\n")
    return "\n".join([*paragraphs, *paragraphs[first:]])


def farm_tail(text: str, *, keep: float = 1.0) -> str:
    """Cut a text after `keep` (0…1) of it and let a ghost-writing farm's advertisement follow."""
    return "\n".join([text[: round(len(text) * keep)], *FARM_TAIL])


def near_repeat(paragraph: str, *, change: float = 0.25, seed: int = 0) -> str:
    """The paragraph once more, with some of its clauses left out: nearly, not exactly, the same."""
    chance = random.Random(seed)
    clauses = re.findall(r"[^，。；！？]+[，。；！？]?", paragraph)
    inner = range(1, len(clauses) - 1)  # it begins and ends as the first one does
    dropped = set(chance.sample(inner, min(len(inner), max(1, round(len(clauses) * change)))))
    return "".join(clause for number, clause in enumerate(clauses) if number not in dropped)


def porn_line(text: str, line: str = "国产亚洲精品久久久久久|日韩无码一区二区三区|成人免费视频在线观看") -> str:
    """Put a line of porn keywords before the body, as hijackers do for search engines."""
    return f"{line}\n{text}"
