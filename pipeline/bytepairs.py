"""What characters may have stood where the bytes of a text are shifted.

In: bytes of GBK as they were printed, one or both of a pair. Out: slots: the characters that a clone's page may have
had there.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Container, Iterable, Sequence

from pipeline.annotations import ANNOTATED
from pipeline.fold import fold, simplified_only
from pipeline.lexicon import SIGNS, lexicon

USUAL_MIDDLES = 10  # of them, which are always thought of: mostly punctuation
MIDDLES = 100  # characters, the most frequent, that two vanished pairs in a row may have hidden
# Traditional forms that the clones use and OpenCC's first choice is another.
_CLONES = "癥臺準著桿為艷濕豐籤簽別眾啟線群峰鐘"


class Slot(dict[str, str]):
    """Folded character → the character as it would have been printed. Never changed, so it may be a key."""

    __hash__ = object.__hash__  # type: ignore[assignment]


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """What may have stood between two bytes: a small lattice whose nodes are 0 (the first byte) to `last`.

    An edge is (node, what stands there, node after it), in order. `deep` is the same with longer ways through it.
    """

    edges: tuple[tuple[int, Slot, int], ...]
    last: int = 1
    bytes: tuple[int, int] | None = None  # both, where both are known and pairs may have vanished between them

    def deep(self) -> Step:
        """The step with as many as three pairs in a row that have vanished."""
        return _between(*self.bytes, 3, MIDDLES) if self.bytes else self


def _step(*ways: tuple[Slot, ...]) -> Step:
    """A step of some ways side by side, each of one character or two; a way that is blocked is left out."""
    ways = tuple(slots for slots in ways if all(slots))
    last = 1 + sum(len(slots) - 1 for slots in ways)
    edges = [(0, slots[0], last) for slots in ways if len(slots) == 1]
    for node, (first, second) in enumerate((slots for slots in ways if len(slots) == 2), 1):
        edges += [(0, first, node), (node, second, last)]
    return Step(tuple(edges), last)


@functools.lru_cache(maxsize=30_000)  # characters
def bytes_of(character: str) -> bytes:
    """A character in GBK, nothing for one that GBK lacks."""
    if character == "€":  # mbstring's reading of a lone 0x80
        return b"\x80"
    try:
        return character.encode("gbk")
    except UnicodeEncodeError:
        return b""


@functools.cache
def _usual() -> frozenset[str]:
    """Characters that a clone's page may hold: those of GB 2312 in their traditional forms, and the usual signs."""
    import opencc

    plain = [bytes((row, cell)).decode("gb2312", "ignore") for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)]
    forms = {character for character in plain if character}
    every = "\n".join(sorted(forms))
    traditional = {c for name in ("s2t", "s2tw") for c in opencc.OpenCC(name).convert(every).split("\n")}
    kept = {form for form in forms if 0xA4 <= _big5(form) <= 0xC6}  # frequent in traditional text as well: 云 里 于
    return frozenset([*kept, *traditional, *_CLONES, *SIGNS])


def _big5(character: str) -> int:
    """Row in Big5, whose rows A4 to C6 hold the frequent characters; 0 for none."""
    try:
        return character.encode("big5")[0]
    except UnicodeEncodeError:
        return 0


@functools.lru_cache(maxsize=30_000)  # pairs
def _pair(lead: int, trail: int) -> Slot:
    """The slot of one known pair of bytes; empty when it is no character that a clone would print."""
    try:
        character = bytes((lead, trail)).decode("gbk")
    except UnicodeDecodeError:
        return _NOTHING
    return _known(character) if len(character) == 1 and character not in simplified_only() else _NOTHING


_NOTHING = Slot()


@functools.lru_cache(maxsize=30_000)  # characters
def certain(character: str) -> Step:
    """The step over a character that is known."""
    return _step((_known(character),))


@functools.lru_cache(maxsize=30_000)  # characters
def _known(character: str) -> Slot:
    return Slot({folded_of(character): character})


@functools.lru_cache(maxsize=30_000)  # characters
def folded_of(character: str) -> str:
    """What a character is looked up by: one character, too."""
    if character in SIGNS:
        return character
    folded = fold(character)
    return folded if len(folded) == 1 else character


def _slot(characters: Iterable[bytes]) -> Slot:
    slot = Slot()
    for raw in characters:
        try:
            character = raw.decode("gbk")
        except UnicodeDecodeError:
            continue
        if len(character) == 1 and character in _usual():
            slot.setdefault(folded_of(character), character)
    return slot


@functools.cache
def ending(trail: int) -> Step:
    """Every usual character with this trail byte."""
    return _step((_slot(bytes((lead, trail)) for lead in range(0x81, 0xFF)),))


@functools.cache
def _trails(lead: int) -> Slot:
    """Every usual character with this lead byte."""
    return _slot(bytes((lead, trail)) for trail in range(0x40, 0xFF))


@functools.cache
def _first_of_gap(lead: int, low: bool) -> Slot:
    return _slot(bytes((lead, trail)) for trail in _gap_trails(low))


@functools.cache
def _second_of_gap(trail: int, low: bool) -> Slot:
    return _slot(bytes((lead, trail)) for lead in _leads(low))


def between(lead: int, trail: int) -> Step:
    """One character of these two bytes, or two characters between which a user-defined pair has vanished."""
    return _between(lead, trail, 2, USUAL_MIDDLES)


@functools.lru_cache(maxsize=30_000)  # pairs
def _between(lead: int, trail: int, vanished: int, middles: int) -> Step:
    """One character, or as many more as there are pairs that have vanished in a row.

    Nodes 1, 3, 5 … stand after a character whose second byte begins a pair of the upper range, 2, 4, 6 … of the lower.
    """
    last = 1 + 2 * vanished
    edges = [(0, _pair(lead, trail), last)]
    edges += [(0, _first_of_gap(lead, low), 1 + low) for low in (False, True)]
    for row in range(vanished):
        for low in (False, True):
            node = 1 + 2 * row + low
            if row < vanished - 1:
                edges += [(node, _between_gaps(low, after, middles), 3 + 2 * row + after) for after in (False, True)]
            edges.append((node, _second_of_gap(trail, low), last))
    return Step(tuple(edge for edge in edges if edge[1]), last, (lead, trail))


@functools.cache
def _unread_pairs() -> tuple[frozenset[int], frozenset[int]]:
    """First and second bytes of the pairs that are no character and are printed as a `?`."""
    every = ((a, b) for a in range(0x81, 0xFF) for b in range(0x40, 0xFF) if b != 0x7F)
    unread = [(a, b) for a, b in every if not _decodes(a, b) and not _vanishes(a, b)]
    return frozenset(a for a, _ in unread), frozenset(b for _, b in unread)


def _decodes(lead: int, trail: int) -> bool:
    try:
        return len(bytes((lead, trail)).decode("gbk")) == 1
    except UnicodeDecodeError:
        return False


def _vanishes(lead: int, trail: int) -> bool:
    return ((0xAA <= lead <= 0xAF or lead >= 0xF8) and trail >= 0xA1) or (0xA1 <= lead <= 0xA7 and trail <= 0xA0)


@functools.lru_cache(maxsize=30_000)  # pairs
def around_unread(lead: int, trail: int) -> Step:
    """Two characters, the second byte of one and the first of the other being no character together."""
    firsts, seconds = _unread_pairs()
    before = _slot(bytes((lead, byte)) for byte in sorted(firsts))
    after = _slot(bytes((byte, trail)) for byte in sorted(seconds) if byte > 0x80)
    return _step((before, after))


@functools.cache
def before_eaten(lead: int) -> Step:
    """The character of which the decoder has eaten the second byte; a pair may have vanished just before."""
    return _step((_trails(lead),), (_first_of_gap(lead, False), _unknown()))


@functools.lru_cache(maxsize=10_000)  # bytes and readings
def before_annotation(lead: int, pinyin: str) -> Step:
    """The same where it was eaten together with the bracket of an annotation."""
    ways: list[tuple[Slot, ...]] = [(_slot(annotated((lead,), pinyin)),)]
    ways += [(_first_of_gap(lead, low), _slot(annotated(_leads(low), pinyin))) for low in (False, True)]
    return _step(*ways)


@functools.lru_cache(maxsize=10_000)  # bytes and readings
def before_unread_annotation(lead: int, pinyin: str) -> Step:
    """The same where the two bytes before are no character."""
    firsts, seconds = _unread_pairs()
    before = _slot(bytes((lead, byte)) for byte in sorted(firsts))
    return _step((before, _slot(annotated(seconds, pinyin))))


@functools.cache
def _unknown() -> Slot:
    """Every usual character whose bytes can have vanished."""
    return _slot(bytes((lead, trail)) for lead in range(0xA1, 0xFF) for trail in range(0xA1, 0xFF))


@functools.cache
def _between_gaps(low_before: bool, low_after: bool, count: int) -> Slot:
    """The most frequent characters that two vanished pairs in a row can have hidden."""
    if count == USUAL_MIDDLES and (low_before or low_after):
        return _NOTHING
    words = lexicon()
    slot = _slot(bytes((lead, trail)) for lead in _leads(low_before) for trail in _gap_trails(low_after))
    return Slot({key: slot[key] for key in sorted(slot, key=words.single, reverse=True)[:count]})


def _leads(low: bool) -> Sequence[int]:
    """The first bytes that can be the second half of a vanished pair."""
    return range(0x81, 0xA1) if low else range(0xA1, 0xFF)


def _gap_trails(low: bool) -> Sequence[int]:
    """The second bytes that can be the first half of a vanished pair."""
    return range(0xA1, 0xA8) if low else (*range(0xAA, 0xB0), *range(0xF8, 0xFF))


@functools.cache
def _readings() -> tuple[tuple[bytes, str, str], ...]:
    from pipeline.repair import without_tones

    return tuple((bytes_of(character), pinyin, without_tones(pinyin)) for character, pinyin in ANNOTATED.items())


def annotated(leads: Container[int], pinyin: str) -> list[bytes]:
    """The annotated characters (in GBK) with one of these first bytes and this reading."""
    return [raw for raw, *readings in _readings() if raw[0] in leads and pinyin in readings]
