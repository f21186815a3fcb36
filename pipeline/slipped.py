"""Put slipped bytes back: align the GBK bytes of a damaged page again.

In: a text of a page over which the pinyin injection has been. Out: the places where bytes had slipped, each with what
stood there. Nothing is invented: a place is `fixed` when the word list leaves no doubt, a `guess` when it prefers one
reading, `lost` when it knows none. A digit that was eaten stays a `?`.

How a byte slips. The injection replaces bytes without knowing where characters begin.

* Kind A: the marker byte before punctuation lands between the two bytes of a character, because a trail byte and the
  next lead byte look like punctuation: 专|科 8C[A3 BF]C6 holds `？`. The decoder makes one `?` of the lead byte and the
  marker; the lead byte is unknown, its trail byte is the first of the punctuation that is printed next.
* Kind B: an annotation lands between two characters: 岗|同 8D[8F CD]AC holds 復 8FCD, so `(fù)` is put there. The
  decoder makes one `?` of CD and `(`. The eaten byte is determined by the reading.

After either, everything is shifted by one byte: each printed character is the trail of one and the lead of the next.
The shift ends at a trail byte in the ASCII range, printed as a letter, or where the decoder eats a byte again: the
`(` of an annotation, a marker, a digit, the `<` of a tag. Pairs that fall into the user-defined ranges of CP936 are
not printed at all, so between any two printed characters one more pair may be missing.

Given what was printed, the bytes are known but for these few; the most probable text is found over the word list,
a page's own pairs of characters counting extra (a name or a department is mostly written more than once).
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pipeline.annotations import ANNOTATED
from pipeline.fold import fold, simplified_only
from pipeline.lexicon import SIGNS, Lexicon, lexicon
from pipeline.records import Spot, SpotStatus

LONGEST_RUN = 120  # printed characters; a shift that goes on longer is given up
MOST_SPOTS = 200  # of one text; further ones are only marked, so that a hostile page costs no more
CONTEXT = 6  # characters before and after that the word list sees
KEPT = 6  # readings followed at a time
SURE = 6.0  # nats between the best reading and the next one for `fixed`
BETTER = 6.0  # nats by which a reading must beat the text as printed
POOR = -9.0  # nats a character: a reading worse than that is none
SEEN = 1.5  # nats for a pair of characters that the page has elsewhere, and again for its logarithm

QUOTED, UNPAIRED = 300, -5.0  # characters back to the opening mark; nats for one that does not pair

MIDDLES = 100
FITTING, ODD = 2.5, -4.0  # nats for two signs in a row
SIGN_PAIRS = frozenset("。” ！” ？” ，“ ：“ 。“ ”， ”。 ”、 ”“ 》， 》。 》、 》《 ：《 ，《 、《 、“ “《 》” ）， ）。 ）、 …… —— ； “".split())

CLOSED = ("。”", "！”", "？”")  # after these it was the line's end that the decoder ate

PUNCTUATION = "，。、！？；："
_WIDE = {ord(a): b for a, b in zip(",!?;:()", "，！？；：（）", strict=True)}
_BROKEN = re.compile("\\?([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ]{1,6})[)）]")
_TAG = re.compile(r"/?(?:p|br|div|span|strong|td|a|li|h\d)\s?/?>")
# Traditional forms that the clones use and OpenCC's first choice is another.
_CLONES = "癥臺準著桿為艷濕豐籤簽別眾啟線群峰鐘"

Slot = Mapping[str, str]  # folded character → the character as it would have been printed


@dataclasses.dataclass(frozen=True, slots=True)
class _Token:
    """A printed character that is no annotation."""

    character: str
    start: int
    end: int


@dataclasses.dataclass(slots=True)
class _Run:
    """A shifted run under one hypothesis: the slots of the original, one list of alternatives after the other."""

    steps: list[list[tuple[Slot, ...]]]
    end: int  # number of the first token after the run
    stop: int  # offset in the text where the run ends
    eaten: str = ""  # what takes the place of an eaten character: "?" for a digit, "\n" for a tag
    unknown: bool = False  # a trail byte is lost together with the marker


def slipped(text: str, removed: Sequence[tuple[int, int]], *, page: str = "", normalized: bool = False) -> list[Spot]:
    """Find the places where bytes slipped.

    `removed`: the annotations' places, in order. `page`: the folded text of the page, for its pairs of characters.
    `normalized`: punctuation is in ASCII, so a printed `?` may be a question mark. Linear in the text.
    """
    if "?" not in text:
        return []
    return _Search(text, removed, page, normalized).spots()


LOG = {}  # DEBUG
class _Search:
    """The search of one text."""

    def __init__(self, text: str, removed: Sequence[tuple[int, int]], page: str, normalized: bool) -> None:
        self.text = text
        self.normalized = normalized
        self.tokens = list(_tokens(text, removed))
        self.page = page
        self.pairs: Counter[str] | None = None
        self.tried = 0

    def spots(self) -> list[Spot]:
        """Go through the text once, from mark to mark."""
        spots: list[Spot] = []
        place = 0
        marks = [number for number, token in enumerate(self.tokens) if token.character == "?"]
        for mark in marks:
            if mark < place:
                continue
            found = self._spot(mark)
            if found:
                spot, place = found
                spots.append(spot)
        return spots

    def _spot(self, mark: int) -> tuple[Spot, int] | None:
        runs = list(self._runs(mark))
        if not runs:
            return self._unread(mark)
        self.tried += 1
        if self.tried > MOST_SPOTS:
            return self._lost(mark, mark + 1)
        best: list[tuple[float, str, _Run]] = []
        for run in runs:
            printed = [[({_key(self._wide(t.character)): t.character},)] for t in self.tokens[mark : run.end]]
            floor = self._score(printed, mark, run, {})[0][0]
            for score, reading in self._score(run.steps, mark, run, self._pairs()):
                best.append((score - floor + self._quotes(mark, reading), reading, run))
        if not best:
            return self._unread(mark)
        best.sort(key=lambda entry: -entry[0])
        gain, reading, run = best[0]
        if gain < BETTER:
            return self._unread(mark)
        rival = next((score for score, other, _ in best if other != reading), -math.inf)
        status: SpotStatus = "fixed" if gain - rival >= SURE and not run.eaten and not run.unknown else "guess"
        start = self.tokens[mark].start
        LOG[start] = (round(gain - rival, 1), round(gain, 1), len(reading), round(gain / len(reading), 1), len(run.steps), len(reading)-len(run.steps), reading[:1] in SIGNS, any(len(x)==1 and len(x[0])==1 and not x[0][0] for x in run.steps), round(best[0][0]-gain,1))  # DEBUG
        eaten = "\n" if run.eaten == "?" and reading[-2:] in CLOSED else run.eaten
        spot = Spot(start=start, end=run.stop, before=self.text[start : run.stop], after=reading + eaten, status=status)
        return spot, run.end

    def _quotes(self, mark: int, reading: str) -> float:
        """What quotation marks that open twice or close unopened cost."""
        if "“" not in reading and "”" not in reading:
            return 0.0
        start = self.tokens[mark].start
        before = self.text[max(self.text.rfind("\n", 0, start) + 1, start - QUOTED) : start]
        opened = before.rfind("“") > before.rfind("”")
        cost = 0.0
        for sign in re.findall("[“”]", reading):
            if (sign == "”") != opened:
                cost += UNPAIRED
            opened = sign == "“"
        return cost

    def _unread(self, mark: int) -> tuple[Spot, int] | None:
        """A mark that no hypothesis explains: lost, unless it may be a question mark."""
        token = self.tokens[mark]
        following = self.tokens[mark + 1].character if mark + 1 < len(self.tokens) else ""
        broken = _BROKEN.match(self.text, token.start)
        if broken:
            end = next((n for n in range(mark, len(self.tokens)) if self.tokens[n].start >= broken.end()), len(self.tokens))
            return self._lost(mark, end)
        if not self.normalized and _is_han(following) and mark and _is_han(self.tokens[mark - 1].character):
            return self._lost(mark, mark + 1)
        return None

    def _lost(self, mark: int, end: int) -> tuple[Spot, int]:
        start, stop = self.tokens[mark].start, self.tokens[end - 1].end
        return Spot(start=start, end=stop, before=self.text[start:stop], after="", status="lost"), end

    # -- hypotheses -------------------------------------------------------------------------------------------------

    def _runs(self, mark: int) -> Iterable[_Run]:
        """What may have happened at a mark."""
        token = self.tokens[mark]
        broken = _BROKEN.match(self.text, token.start)
        if broken:
            previous = _bytes(self.tokens[mark - 1].character) if mark else b""
            if len(previous) == 2:
                after = next(
                    (n for n in range(mark, len(self.tokens)) if self.tokens[n].start >= broken.end()), len(self.tokens)
                )
                for lead in {pair[1] for pair in _annotated(previous[1], broken[1])}:
                    yield from self._shifted([], after, lead, broken.end())
            return
        if mark + 1 >= len(self.tokens):
            return
        sign = self._wide(self.tokens[mark + 1].character)
        if sign in PUNCTUATION:
            first, second = sign.encode("gbk")
            yield from self._shifted([[(_leads(first),)]], mark + 2, second, self.tokens[mark + 1].end)
        if self.tokens[mark + 1].character == "?" and mark + 2 < len(self.tokens):
            sign = self._wide(self.tokens[mark + 2].character)
            if sign in PUNCTUATION and sign.encode("gbk")[0] == 0xA3:  # 病； B2 m A1 m A3BB
                yield _Run([[(_leads(0xA1),)]], mark + 2, self.tokens[mark + 1].end)

    def _wide(self, character: str) -> str:
        return character.translate(_WIDE) if self.normalized else character

    def _shifted(self, steps: list[list[tuple[Slot, ...]]], place: int, lead: int, stop: int) -> Iterable[_Run]:
        """Follow a shift from a token on, with `lead` as the pending lead byte, to where it ends."""
        limit = min(len(self.tokens), place + LONGEST_RUN)
        while place < limit:
            token = self.tokens[place]
            if token.character == "?":
                yield from self._eaten(steps, place, lead)
                if not self.normalized:
                    return
            raw = _bytes(self._wide(token.character))
            if len(raw) == 1:
                if raw[0] >= 0x40 and _alternatives(lead, raw[0]):
                    yield _Run([*steps, _alternatives(lead, raw[0])], place + 1, token.end)
                return
            if len(raw) != 2:
                return
            steps = [*steps, _alternatives(lead, raw[0])]
            if not steps[-1]:
                return
            stop = token.end
            place += 1
            lead = raw[1]
            if lead < 0x80:  # a Latin letter of the text was taken for a trail byte
                letter = chr(lead)
                yield _Run([*steps, [({letter.lower(): letter},)]], place, stop)
                return

    def _eaten(self, steps: list[list[tuple[Slot, ...]]], place: int, lead: int) -> Iterable[_Run]:
        """A shift that ends at a `?`: the decoder has eaten the trail byte and what followed it."""
        token = self.tokens[place]
        broken = _BROKEN.match(self.text, token.start)
        if broken:
            pairs = _annotated(lead, broken[1])
            if pairs:
                slot = _slot(pairs)
                end = next(
                    (n for n in range(place, len(self.tokens)) if self.tokens[n].start >= broken.end()), len(self.tokens)
                )
                yield _Run([*steps, [(slot,)]], end, broken.end())
            return
        slot = _trails(lead)
        following = self.text[token.end : token.end + 1]
        if not following or following == "\n":
            yield _Run([*steps, [(slot,)]], place + 1, token.end, "", True)
            return
        tag = _TAG.match(self.text, token.end)
        if tag:
            end = next((n for n in range(place, len(self.tokens)) if self.tokens[n].start >= tag.end()), len(self.tokens))
            yield _Run([*steps, [(slot,)]], end, tag.end(), "\n", True)
        elif self._wide(following) in PUNCTUATION and following:
            yield _Run([*steps, [(slot,)]], place + 1, token.end, "", True)
        else:
            yield _Run([*steps, [(slot,)]], place + 1, token.end, "?", True)

    # -- scores -----------------------------------------------------------------------------------------------------

    def _score(
        self, steps: list[list[tuple[Slot, ...]]], mark: int, run: _Run, pairs: Mapping[str, int]
    ) -> list[tuple[float, str]]:
        """The best readings of a run between what stands before and after it, with their log probabilities."""
        before = [self.tokens[n] for n in range(max(0, mark - CONTEXT), mark)]
        after = [self.tokens[n] for n in range(run.end, min(len(self.tokens), run.end + CONTEXT))]
        before = before[next((len(before) - n for n, t in enumerate(reversed(before)) if not _is_text(t.character)), 0) :]
        after = after[: next((n for n, t in enumerate(after) if not _is_text(t.character)), len(after))]
        fixed = [[({_key(self._wide(t.character)): t.character},)] for t in before]
        tail = [[({_key(self._wide(t.character)): t.character},)] for t in after]
        readings = readings_of([*fixed, *steps, *tail], pairs)
        last = len(after)
        return [(score, text[len(before) : len(text) - last]) for score, text in readings]

    def _pairs(self) -> Counter[str]:
        if self.pairs is None:
            page = self.page or fold("".join(token.character for token in self.tokens))
            self.pairs = Counter(map("".join, zip(page, page[1:], strict=False)))
        return self.pairs


def readings_of(steps: Sequence[Sequence[tuple[Slot, ...]]], pairs: Mapping[str, int]) -> list[tuple[float, str]]:
    """The most probable texts through the slots, best first: word probabilities, plus what the page's own pairs add.

    `steps`: for each step the alternatives, each a sequence of slots; a slot maps a folded character to the printed.
    """
    graph = _graph(steps)
    words = lexicon()
    best: list[dict[str, tuple[float, str]]] = [{} for _ in graph]  # printed → (score, folded)
    best[0][""] = (0.0, "")
    for node, edges in enumerate(graph):
        if not edges or not best[node]:
            continue
        kept = sorted(((score, printed, folded) for printed, (score, folded) in best[node].items()), reverse=True)[:KEPT]
        for value, folded, printed, target in _words_from(graph, node, words):
            inside = _seen(folded, pairs)
            for score, before, folded_before in kept:
                total = score + value + inside
                if folded_before:
                    total += _seen(folded_before[-1] + folded[0], pairs)
                reading = before + printed
                known = best[target].get(reading)
                if known is None or known[0] < total:
                    best[target][reading] = (total, folded)
    return sorted(((score, text) for text, (score, _) in best[-1].items()), reverse=True)[:KEPT]


def _seen(folded: str, pairs: Mapping[str, int]) -> float:
    total = 0.0
    if len(folded) == 2 and folded[0] in SIGNS and folded[1] in SIGNS:
        return FITTING if folded in SIGN_PAIRS else ODD
    for place in range(len(folded) - 1):
        count = pairs.get(folded[place : place + 2], 0)
        if count:
            total += SEEN + math.log(count)
    return total


Graph = list[list[tuple[Slot, int]]]


def _graph(steps: Sequence[Sequence[tuple[Slot, ...]]]) -> Graph:
    """Nodes in order, each with its edges (slot, next node); the last node has none."""
    graph: Graph = [[]]
    node = 0
    for alternatives in steps:
        inner = sum(len(slots) - 1 for slots in alternatives)
        target = node + inner + 1
        graph += [[] for _ in range(inner + 1)]
        middle = node + 1
        for slots in alternatives:
            place = node
            for number, slot in enumerate(slots):
                last = number == len(slots) - 1
                graph[place].append((slot, target if last else middle))
                if not last:
                    place, middle = middle, middle + 1
        node = target
    return graph


def _words_from(graph: Graph, node: int, words: Lexicon) -> Iterable[tuple[float, str, str, int]]:
    """Every word of the list, and every single character, that can be read from a node on."""
    for slot, target in graph[node]:
        for character, printed in slot.items():
            yield words.single(character), character, printed, target
            followers = words.followers.get(character)
            if not followers:
                continue
            stack = [
                (character + second, printed + following[second], further)
                for following, further in graph[target]
                for second in (following.keys() & followers if len(following) > 1 else following)
                if second in followers
            ]
            while stack:
                word, text, place = stack.pop()
                value = words.words[word]
                if value == value:  # not NaN
                    yield value, word, text, place
                for following, further in graph[place]:
                    stack += [
                        (word + c, text + p, further) for c, p in following.items() if word + c in words.words
                    ]


# -- bytes ----------------------------------------------------------------------------------------------------------


def _tokens(text: str, removed: Sequence[tuple[int, int]]) -> Iterable[_Token]:
    place = 0
    for start, end in (*removed, (len(text), len(text))):
        for offset in range(place, start):
            yield _Token(text[offset], offset, offset + 1)
        place = end


def _is_han(character: str) -> bool:
    return "㐀" <= character <= "鿿"


def _is_text(character: str) -> bool:
    return character != "?" and not character.isspace()


@functools.lru_cache(maxsize=30_000)  # characters
def _bytes(character: str) -> bytes:
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
        return {}
    return {_key(character): character} if len(character) == 1 and character not in simplified_only() else {}


def _key(character: str) -> str:
    if character in SIGNS:
        return character
    folded = fold(character)
    return folded if len(folded) == 1 else character


def _slot(characters: Iterable[bytes]) -> Slot:
    slot: dict[str, str] = {}
    for raw in characters:
        try:
            character = raw.decode("gbk")
        except UnicodeDecodeError:
            continue
        if len(character) == 1 and character in _usual():
            slot.setdefault(_key(character), character)
    return slot


@functools.cache
def _leads(trail: int) -> Slot:
    """Every usual character with this trail byte."""
    return _slot(bytes((lead, trail)) for lead in range(0x81, 0xFF))


@functools.cache
def _trails(lead: int) -> Slot:
    """Every usual character with this lead byte."""
    return _slot(bytes((lead, trail)) for trail in range(0x40, 0xFF))


@functools.cache
def _first_of_gap(lead: int, low: bool) -> Slot:
    trails = range(0xA1, 0xA8) if low else (*range(0xAA, 0xB0), *range(0xF8, 0xFF))
    return _slot(bytes((lead, trail)) for trail in trails)


@functools.cache
def _second_of_gap(trail: int, low: bool) -> Slot:
    leads = range(0x81, 0xA1) if low else range(0xA1, 0xFF)
    return _slot(bytes((lead, trail)) for lead in leads)


@functools.lru_cache(maxsize=30_000)  # pairs
def _alternatives(lead: int, trail: int) -> list[tuple[Slot, ...]]:
    """One character of these two bytes, or two characters between which a user-defined pair has vanished."""
    slot = _pair(lead, trail)
    found: list[tuple[Slot, ...]] = [(slot,)] if slot else []
    for low in (False, True):
        first, second = _first_of_gap(lead, low), _second_of_gap(trail, low)
        if first and second:
            found.append((first, second))
            if not low and MIDDLES:
                found.append((first, _between_gaps(), second))
    return found


@functools.cache
def _between_gaps() -> Slot:
    """The most frequent characters that two vanished pairs in a row can have hidden."""
    words = lexicon()
    trails = (*range(0xAA, 0xB0), *range(0xF8, 0xFF))
    slot = _slot(bytes((lead, trail)) for lead in range(0xA1, 0xFF) for trail in trails)
    return {key: slot[key] for key in sorted(slot, key=words.single, reverse=True)[:MIDDLES]}


@functools.cache
def _annotated(lead: int, pinyin: str) -> tuple[bytes, ...]:
    """The annotated characters (in GBK) with this first byte and this reading."""
    from pipeline.repair import without_tones

    raw = ((_bytes(character), reading) for character, reading in ANNOTATED.items())
    return tuple(b for b, reading in raw if b[0] == lead and pinyin in (reading, without_tones(reading)))
