"""Undo the pinyin injection of clone sites.

In: text as printed. Out: a `Repair`: the text with the injected annotations removed (`衛(wèi)健委` → `衛健委`) and the
slipped bytes put back where that is certain, with every place, so that it can be shown and undone. The text stays in
the characters that were printed; `pipeline.fold` makes them comparable.

How the damage comes about, measured byte for byte on real pages: a clone turns simplified text into traditional,
puts `(pinyin)` behind each of a list of characters and a marker byte before punctuation, all by replacing bytes of GBK
that need not begin a character, and decodes the result badly. So annotations can be removed for certain, and a slipped
byte can be put back by aligning the bytes again (`pipeline.slipped`).

An annotation is removed only if the character has another simplified form, the pinyin is one of its readings and the
whole page passes the gate of `assess`. On 69 damaged pages this removed 2,702 of 2,702 annotations, on 12 undamaged
texts with real pinyin none.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pipeline.annotations import ANNOTATED, ANNOTATION
from pipeline.fold import simplified, traditional_only
from pipeline.records import Repair, Spot, SpotStatus

FEWEST = 3  # annotations on
FEWEST_CHARACTERS = 2  # different characters make a page damaged
FEWEST_TONELESS = 5  # characters, where the annotations have no tone marks
CONSISTENT = 0.7  # share of the annotated characters that are annotated (nearly) wherever they stand
EVERYWHERE = 0.6  # of a character's occurrences; a template around the body may be without annotations
TRADITIONAL = 0.10  # share of the Han characters that only traditional text uses
TRADITIONAL_SHORT = 0.15  # the same, for a text with less than FEWEST annotations
FORMULA = 40  # characters around an asterisk in which an equals sign makes it a multiplication
BESIDE = 3  # characters around an asterisk in which a figure does the same: 50点*做多, 3cm*4cm
LISTED_PAGE = 8  # different listed characters: the page follows the known list


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """The verdict on a page: whether the injection has been over it, and which annotations are its work."""

    annotated: bool = False
    pairs: frozenset[tuple[str, str]] = frozenset()  # (character, pinyin as normalized) to be removed
    kept: frozenset[tuple[str, str]] = frozenset()  # the same for the author's own pinyin, which stays
    annotations: int = 0  # how many of them the page has
    genuine: int = 0  # parentheses with pinyin that are not the injection's
    traditional: float = 0.0  # share of the Han characters, 0…1
    toneless: bool = False
    doubled: bool = False  # the marker byte stays visible as a comma before punctuation
    normalized: bool = False  # punctuation is in ASCII (NFKC), so that a `?` may be a real question mark
    page: str = ""  # the page's text, whose own words tell what slipped bytes were
    names: tuple[str, ...] = ()  # that are to be expected on it


CLEAN = Damage()
_FIRST = next(iter(ANNOTATED))  # 發, which every damaged page has annotated


def assess(page_text: str, names: Iterable[str] = ()) -> Damage:
    """Decide for a whole page whether the injection has been over it.

    The gate: at least 3 annotations that could be the injection's, on at least 2 characters; at least 70 % of these
    characters annotated wherever they stand; at least 10 % traditional characters; not more other pinyin than matching.
    A text too short for that needs annotations from the injection's own list and no other pinyin. A page without
    parentheses of pinyin costs one search. `names`, as of the site's hospital, help to put slipped bytes back.
    """
    found = [(page_text[m.start() - 1], normalized(m[1])) for m in ANNOTATION.finditer(page_text) if m.start()]
    found = [(character, pinyin) for character, pinyin in found if "㐀" <= character <= "鿿"]
    if not found:
        return CLEAN
    toneless = all(pinyin.isascii() for _, pinyin in found)
    counts = Counter(found)
    share = _traditional_share(page_text)
    if share < TRADITIONAL:
        return CLEAN
    pairs = {pair for pair in counts if is_reading(*pair, toneless=toneless)}
    if not toneless:
        pairs = {pair for pair in pairs if pair[0] in traditional_only()}
    total = {character: page_text.count(character) for character, _ in pairs}
    matching = sum(counts[pair] for pair in pairs)
    others = sum(count for pair, count in counts.items() if pair not in pairs and (toneless or not pair[1].isascii()))
    if not _passes(pairs, counts, total, others, share, page_text, toneless):
        return CLEAN
    kept = _genuine(pairs, counts, total)
    pairs -= kept
    removed = sum(counts[pair] for pair in pairs)
    return Damage(
        annotated=True,
        pairs=frozenset(pairs),
        kept=frozenset(kept),
        annotations=removed,
        genuine=matching - removed + others,
        traditional=share,
        toneless=toneless,
        doubled=len(_DOUBLED.findall(page_text)) >= FEWEST,
        normalized="，" not in page_text,
        page=page_text,
        names=tuple(names),
    )


def _passes(
    pairs: set[tuple[str, str]],
    counts: Mapping[tuple[str, str], int],
    total: Mapping[str, int],
    others: int,
    share: float,
    page_text: str,
    toneless: bool,
) -> bool:
    """The gate of `assess`."""
    matching = sum(counts[pair] for pair in pairs)
    characters = {character for character, _ in pairs}
    if not characters or others > matching:
        return False
    steady = sum(counts[pair] >= EVERYWHERE * total[pair[0]] for pair in pairs)
    if steady < CONSISTENT * len(pairs):
        return False
    if toneless:  # a text for learners annotates every character, the injection some
        han = sum("㐀" <= c <= "鿿" for c in page_text)
        return len(characters) >= FEWEST_TONELESS and others == 0 and matching * 2 < han
    if matching >= FEWEST and len(characters) >= FEWEST_CHARACTERS:
        return True
    if matching >= FEWEST and matching > others and characters == {_FIRST}:  # a page with the list's first one only
        return share >= TRADITIONAL_SHORT and all(counts[pair] == total[pair[0]] for pair in pairs)
    return share >= TRADITIONAL_SHORT and others == 0 and all(ANNOTATED.get(c) == pinyin for c, pinyin in pairs)


def _genuine(
    pairs: set[tuple[str, str]], counts: Mapping[tuple[str, str], int], total: Mapping[str, int]
) -> set[tuple[str, str]]:
    """Pinyin of the author's own on a traditional character of a damaged page.

    Within a page a character is annotated everywhere or nowhere, and hardly ever is one annotated that is not in the
    list (11 characters unknown to the list on 10 fresh pages, none of them annotated).
    """
    genuine = {pair for pair in pairs if counts[pair] == 1 and total[pair[0]] >= 4}
    listed = {pair for pair in pairs if ANNOTATED.get(pair[0]) == pair[1]}
    strangers = {pair for pair in pairs - listed if counts[pair] < FEWEST and pair[0] != "樂"}  # also 樂(yuè) was seen
    if len(listed) >= LISTED_PAGE and len(strangers) * 10 <= len(listed):
        genuine |= strangers
    return genuine


def _traditional_share(text: str) -> float:
    han = re.findall("[㐀-鿿]", text)
    return sum(map(traditional_only().__contains__, han)) / len(han) if han else 0.0


def normalized(pinyin: str) -> str:
    """Pinyin in NFC, with the letters that some fonts want (ɑ, ɡ) as plain ones."""
    return unicodedata.normalize("NFC", pinyin).replace("ɑ", "a").replace("ɡ", "g")


def without_tones(pinyin: str) -> str:
    """Pinyin without tone marks: wèi → wei, nǚ → nü."""
    bare = "".join(c for c in unicodedata.normalize("NFD", pinyin) if c == "\u0308" or not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)


def is_reading(character: str, pinyin: str, *, toneless: bool = False) -> bool:
    """Whether the pinyin is a reading of the character or of its simplified form."""
    if ANNOTATED.get(character) == pinyin:  # most of what is met, and it needs no dictionary of readings
        return True
    readings = _readings(character)
    return pinyin in (set(map(without_tones, readings)) if toneless else readings)


@functools.lru_cache(maxsize=20_000)  # characters
def _readings(character: str) -> frozenset[str]:
    from pypinyin import Style, pinyin

    forms = {character, simplified().get(character, character)}
    found = [pinyin(form, style=Style.TONE, heteronym=True, errors="ignore") for form in forms]
    return frozenset(reading for readings in found if readings for reading in readings[0])


_BLANKS = re.compile("[?](?:[ \u3000][?])+")  # no-break spaces that the decoder could not read
_MASKED = re.compile("(?<=[㐀-鿿])[*]{1,3}(?=[㐀-鿿，。、])")  # 院*導: characters that the clone hides
_DOUBLED = re.compile("[,，](?=[，。、！？；：])")


def repair(text: str, *, damage: Damage | None = None) -> Repair:
    """Remove the injected annotations and put back the slipped bytes that are certain.

    `damage` is the verdict on the page that the text stands on (`assess(page)`); without it the text is judged by
    itself, for which a title or a line may be too short.
    """
    verdict = assess(text) if damage is None else damage
    if not verdict.annotated:
        return Repair(original=text, text=text)
    removed = tuple(_annotations(text, verdict))
    spots = _spots(text, verdict, removed)
    return Repair(original=text, text=_applied(text, removed, spots, {"fixed"}), removed=removed, spots=spots)


def _annotations(text: str, damage: Damage) -> Iterator[tuple[int, int]]:
    for match in ANNOTATION.finditer(text):
        start = match.start()
        before, pinyin = text[max(start - 1, 0) : start], normalized(match[1])
        pair = (before, pinyin)
        # A title may have a character of the list that the page has nowhere else.
        listed = ANNOTATED.get(before) == pinyin and pair not in damage.kept
        if listed or pair in damage.pairs or pair in _halves():
            yield match.span()


@functools.cache
def _halves() -> frozenset[tuple[str, str]]:
    """(second byte, reading) as in `l(fā)`: of 發 only the second byte is left as a letter, its first went astray."""
    halves = ((character.encode("gbk")[1], pinyin) for character, pinyin in ANNOTATED.items())
    every = {("€" if half == 0x80 else chr(half), pinyin) for half, pinyin in halves if half <= 0x80}
    return frozenset(every | {(half, without_tones(pinyin)) for half, pinyin in every})


def _spots(text: str, damage: Damage, removed: tuple[tuple[int, int], ...]) -> tuple[Spot, ...]:
    from pipeline.slipped import slipped  # a module that most pages never need

    own = (damage.page, damage.names)
    spots = slipped(text, removed, own, normalized=damage.normalized) if "?" in text else []
    starts = [spot.start for spot in spots]
    marks: list[tuple[re.Pattern[str], str, SpotStatus]] = [(_BLANKS, " ", "fixed"), (_MASKED, "", "lost")]
    if damage.doubled:
        marks.append((_DOUBLED, "", "fixed"))
    for pattern, after, status in marks:
        for match in pattern.finditer(text):
            if status == "lost" and _is_formula(text, match.start()):
                continue
            place = bisect.bisect_right(starts, match.start()) - 1
            if place < 0 or spots[place].end <= match.start():
                spot = Spot(start=match.start(), end=match.end(), before=match[0], after=after, status=status)
                spots.append(spot)
    return tuple(sorted(spots, key=lambda spot: spot.start))


def _is_formula(text: str, place: int) -> bool:
    """Whether an asterisk multiplies: an equals sign stands near it in its line, or a figure beside it."""
    if any(character.isdigit() for character in text[max(0, place - BESIDE) : place + BESIDE + 1]):
        return True
    line = text[max(0, place - FORMULA) : place].rpartition("\n")[2] + text[place : place + FORMULA].partition("\n")[0]
    return "=" in line or "＝" in line


def _applied(text: str, removed: tuple[tuple[int, int], ...], spots: tuple[Spot, ...], statuses: set[str]) -> str:
    """The text with these places changed; an annotation inside a spot that is applied goes with it."""
    changes = [(spot.start, spot.end, spot.after) for spot in spots if spot.status in statuses]
    places = sorted([*changes, *((start, end, "") for start, end in removed)])
    parts: list[str] = []
    place = 0
    for start, end, after in places:
        if start >= place:
            parts += (text[place:start], after)
            place = end
    return "".join([*parts, text[place:]])


def searchable(repair: Repair) -> str:
    """The text to be searched: annotations removed, and the guesses applied as well as what is certain."""
    if not any(spot.status == "guess" for spot in repair.spots):
        return repair.text
    return _applied(repair.original, repair.removed, repair.spots, {"fixed", "guess"})
