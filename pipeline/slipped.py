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
not printed at all, so between any two printed characters one more pair may be missing; pairs that are no character
are printed as a `?` in the middle of the run.

Given what was printed, the bytes are known but for these few; the most probable text is found over the word list,
a page's own pairs of characters counting extra (a name or a department is mostly written more than once).
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pipeline.annotations import ANNOTATED
from pipeline.fold import fold, simplified_only
from pipeline.lexicon import SIGNS, lexicon
from pipeline.records import Spot, SpotStatus

LONGEST_RUN = 120  # printed characters; a shift that goes on longer is given up
MOST_RUNS = 6  # hypotheses on one mark
BUDGET = 2500  # steps of one text, some 150 spots; then it stops looking, so that a hostile page costs no more
CONTEXT = 5  # characters before and after that the word list sees
KEPT = 3  # readings followed at a time
SURE = 4.0  # nats between the best reading and the next one for `fixed`
CERTAIN = 6.0  # nats between them, beyond which no rarer damage is thought of
BETTER = 6.0  # nats by which a reading must beat the text as printed
SEEN = 1.5  # nats for a pair of characters that the page has elsewhere, and again for its logarithm

ASKED = 25  # characters before a question mark in which the question's word stands
QUOTED, UNPAIRED = 300, -5.0  # characters back to the opening mark; nats for one that does not pair
MOST_QUESTIONS = 2  # marks inside one shift
FREQUENT = 50  # characters that may stand after a vanished pair at the end of a shift
MIDDLES = 60  # characters, the most frequent, that two vanished pairs in a row may have hidden
BEAM = 6.0  # nats; readings further behind are not followed
UNLIKELY = 8.0  # nats; characters of a slot further behind are tried in words only
NAMES = 6  # surnames or characters of a given name, of one slot
MOST_BONUS = 6.0  # nats that the page can add to a word
_LOGARITHMS = [-math.inf, *map(math.log, range(1, 21))]  # of how often the page has a pair
MOST_OF_PAIR = SEEN + _LOGARITHMS[-1]  # nats for two characters, at most
FITTING, ODD = 2.5, -4.0  # nats for two signs in a row
_PAIRS = "。” ！” ？” ，“ ：“ 。“ ”， ”。 ”、 ”“ 》， 》。 》、 》《 ：《 ，《 、《 、“ “《 》” ）， ）。 ）、 ……"
SIGN_PAIRS = frozenset([*_PAIRS.split(" "), "——", "\u3000\u3000", "\u3000（", "\u3000“", "\u3000《"])

# Words of one character that no clause ends with, and that none begins with.
NEVER_LAST, NEVER_FIRST = "在和与以从对把被将向及或最很更非且并其该各每", "的了们着过吗呢"
STOPS = "，。！？；："

CLOSED = ("。”", "！”", "？”")  # after these it was the line's end that the decoder ate

PUNCTUATION = "，。、！？；："
_WIDE = {ord(a): b for a, b in zip(",!?;:()", "，！？；：（）", strict=True)}
_BROKEN = re.compile("\\?([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ]{1,6})[)）]")
# What makes a clause a question, when a `?` follows in the same clause.
_ASKED = re.compile(
    "(?:吗|呢|么|什|何|谁|哪|几|怎|如何|是否|能否|可否|多少|为啥|吧|是不是|有没有|(\\w)不\\1)[^，。！？；：?]*$"
)
_NUMBERED = re.compile("（[一二三四五六七八九十]+）")
_BREAK = re.compile("[^\\S\u3000]|[?]")  # blanks but the one of full width, of which two begin a paragraph
_TAG = re.compile(r"/?(?:p|br|div|span|strong|td|a|li|h\d)\s?/?>")
# Traditional forms that the clones use and OpenCC's first choice is another.
_CLONES = "癥臺準著桿為艷濕豐籤簽別眾啟線群峰鐘"


class Slot(dict[str, str]):
    """Folded character → the character as it would have been printed. Never changed, so it may be a key."""

    __hash__ = object.__hash__  # type: ignore[assignment]


Steps = list[list[tuple[Slot, ...]]]  # for each step its alternatives, each one character or more


@dataclasses.dataclass(slots=True)
class _Run:
    """A shifted run under one hypothesis: what the original may have been, and where the run ends."""

    steps: Steps
    end: int  # number of the first character after the run, annotations not counted
    stop: int  # its offset in the text
    eaten: str = ""  # what takes the place of an eaten character: "?" for a digit, "\n" for a tag
    unknown: bool = False  # a trail byte is lost together with the marker


def slipped(text: str, removed: Sequence[tuple[int, int]], *, normalized: bool = False) -> list[Spot]:
    """Find the places where bytes slipped.

    `removed`: the annotations' places, in order. `normalized`: punctuation is in ASCII, so a printed `?` may be a
    question mark. Linear in the text; after `BUDGET` steps it stops looking.
    """
    return _Search(text, removed, normalized).spots() if "?" in text else []


class _Search:
    """The search of one text. Characters are counted without the annotations."""

    def __init__(self, text: str, removed: Sequence[tuple[int, int]], normalized: bool) -> None:
        self.text = text
        self.normalized = normalized
        kept = zip([0, *(end for _, end in removed)], [*(start for start, _ in removed), len(text)], strict=True)
        self.starts = [offset for start, end in kept for offset in range(start, end)]
        self.characters = "".join([text[offset] for offset in self.starts]) if removed else text
        # The same characters in their full width, which is how they stood in the bytes.
        self.wide = self.characters.translate(_WIDE) if normalized else self.characters
        self.pairs: dict[str, float] | None = None
        self.budget = BUDGET
        self.before = (0, "")  # number of the first character after the last spot, and how that spot ends

    def spots(self) -> list[Spot]:
        """Go through the text once, from mark to mark."""
        spots: list[Spot] = []
        mark = self.characters.find("?")
        while mark >= 0 and self.budget > 0:
            found = self._spot(mark)
            if found:
                spots.append(found[0])
            self.budget -= 1
            mark = self.characters.find("?", max(found[1], mark + 1) if found else mark + 1)
        return spots

    def _spot(self, mark: int) -> tuple[Spot, int] | None:
        best: list[tuple[float, str, _Run]] = []
        for run in itertools.islice(self._runs(mark), MOST_RUNS):
            self.budget -= len(run.steps) + CONTEXT
            printed: Steps = [[(_known(character),)] for character in self.wide[mark : run.end]]
            floor = self._score(printed, mark, run, _sign_pairs())[0][0]
            for score, reading in self._readings(mark, run):
                best.append((score - floor + self._quotes(mark, reading), reading, run))
        best.sort(key=lambda entry: -entry[0])
        if not best or best[0][0] < BETTER:
            return self._unread(mark)
        gain, reading, run = best[0]
        rival = next((score for score, other, _ in best if other != reading), -math.inf)
        status: SpotStatus = "fixed" if gain - rival >= SURE and not run.eaten and not run.unknown else "guess"
        start = self.starts[mark]
        if _NUMBERED.search(reading):
            status = "guess"  # the numbers of a list are as likely as each other
        eaten = "\n" if run.eaten == "?" and reading[-2:] in CLOSED else run.eaten
        self.before = (run.end, reading if not eaten else "")
        spot = Spot(start=start, end=run.stop, before=self.text[start : run.stop], after=reading + eaten, status=status)
        return spot, run.end

    def _quotes(self, mark: int, reading: str) -> float:
        """What quotation marks that open twice or close unopened cost, and a paragraph's blank inside a line."""
        if reading[:1] == "\u3000" and self.characters[max(0, mark - 1) : mark] not in ("", "\n", "\u3000"):
            return 2 * UNPAIRED
        if "“" not in reading and "”" not in reading:
            return 0.0
        before = self.characters[max(self.characters.rfind("\n", 0, mark) + 1, mark - QUOTED) : mark]
        opened = before.rfind("“") > before.rfind("”")
        cost = 0.0
        for sign in re.findall("[“”]", reading):
            if (sign == "”") != opened:
                cost += UNPAIRED
            opened = sign == "“"
        return cost

    def _unread(self, mark: int) -> tuple[Spot, int] | None:
        """A mark that no hypothesis explains: lost, unless it may be a question mark."""
        broken = _BROKEN.match(self.text, self.starts[mark])
        if broken:
            return self._lost(mark, broken.end())
        around = self.characters[max(0, mark - 1) : mark + 2]
        if not self.normalized and len(around) == 3 and _is_han(around[0]) and _is_han(around[2]):
            if _ASKED.search(fold(self.characters[max(0, mark - ASKED) : mark])):
                return None  # a question mark of half width
            return self._lost(mark, self.starts[mark] + 1)
        return None

    def _lost(self, mark: int, stop: int) -> tuple[Spot, int]:
        start = self.starts[mark]
        return Spot(start=start, end=stop, before=self.text[start:stop], after="", status="lost"), self._number(stop)

    def _number(self, offset: int) -> int:
        """The number of the first character at this offset or after it."""
        return bisect.bisect_left(self.starts, offset)

    # -- hypotheses -------------------------------------------------------------------------------------------------

    def _runs(self, mark: int) -> Iterable[_Run]:
        """What may have happened at a mark."""
        broken = _BROKEN.match(self.text, self.starts[mark])
        if broken:
            previous = _bytes(self.characters[mark - 1]) if mark else b""
            if len(previous) == 2:
                for lead in sorted({pair[1] for pair in _annotated(previous[1], broken[1])}):
                    yield from self._shifted([], self._number(broken.end()), lead)
            return
        sign = self.wide[mark + 1 : mark + 2]
        if sign and sign in PUNCTUATION:
            first, second = sign.encode("gbk")
            yield from self._shifted([[(_leads(first),)]], mark + 2, second)
        sign = self.wide[mark + 2 : mark + 3]
        if self.characters[mark + 1 : mark + 2] == "?" and sign and sign in "，！？；：":  # 病； B2 m A1 m A3BB
            yield _Run([[(_leads(0xA1),)]], mark + 2, self.starts[mark + 1] + 1)

    def _shifted(self, steps: Steps, place: int, lead: int) -> Iterable[_Run]:
        """Follow a shift from a character on, with `lead` as the pending lead byte, to where it ends."""
        steps = list(steps)
        questions = 0
        unread = False  # the character before is a `?` for two bytes that are no character
        for number in range(place, min(len(self.characters), place + LONGEST_RUN)):
            if self.characters[number] == "?":
                if unread:
                    return
                yield from self._eaten(steps, number, lead)
                questions += 1
                if questions > MOST_QUESTIONS or _BROKEN.match(self.text, self.starts[number]):
                    return
                if not self.normalized:
                    unread = True
                    continue
            raw = _bytes(self.wide[number])
            if not raw or raw[0] < 0x40:
                return
            known = _around_unread(lead, raw[0]) if unread else _alternatives(lead, raw[0])
            if not known:
                return
            unread = False
            steps.append(known)
            if len(raw) == 1:
                yield _Run(steps, number + 1, self.starts[number] + 1)
                return
            lead = raw[1]
            if lead < 0x80:  # a Latin letter of the text was taken for a trail byte
                letter = chr(lead)
                yield _Run([*steps, [(_known(letter),)]], number + 1, self.starts[number] + 1)
                return

    def _eaten(self, steps: Steps, number: int, lead: int) -> Iterable[_Run]:
        """A shift that ends at a `?`: the decoder has eaten the trail byte and what followed it."""
        start = self.starts[number]
        broken = _BROKEN.match(self.text, start)
        if broken:
            slot = _slot(_annotated(lead, broken[1]))
            if slot:
                yield _Run([*steps, [(slot,)]], self._number(broken.end()), broken.end())
            return
        last: list[tuple[Slot, ...]] = [(_trails(lead),)]
        gap = _first_of_gap(lead, False)
        if gap:  # a pair has vanished just before
            last.append((gap, _frequent()))
        steps = [*steps, last]
        tag = _TAG.match(self.text, start + 1)
        following = self.wide[number + 1 : number + 2]
        if tag:
            yield _Run(steps, self._number(tag.end()), tag.end(), "\n", True)
        elif following in ("", "\n") or following in PUNCTUATION:
            yield _Run(steps, number + 1, start + 1, "", True)
        else:
            yield _Run(steps, number + 1, start + 1, "?", True)

    # -- scores -----------------------------------------------------------------------------------------------------

    def _readings(self, mark: int, run: _Run) -> list[tuple[float, str]]:
        """The best readings; where one pair seems to have vanished, those with two in a row as well."""
        readings = self._score(run.steps, mark, run, self._pairs())
        sure = len(readings) == 1 or readings[0][0] - readings[1][0] > CERTAIN
        if not sure and any(len(reading) > len(run.steps) for _, reading in readings[:2]):
            steps = [[*alternatives, *_longer(alternatives)] for alternatives in run.steps]
            readings = self._score(steps, mark, run, self._pairs())
        return readings

    def _score(self, steps: Steps, mark: int, run: _Run, pairs: Mapping[str, float]) -> list[tuple[float, str]]:
        """The best readings of a run between what stands before and after it, with their log probabilities."""
        done, reading = self.before
        before = (reading + self.wide[done:mark] if done <= mark else "")[-CONTEXT:]
        before = _BREAK.split(before)[-1]
        after = _BREAK.split(self.wide[run.end : run.end + CONTEXT], maxsplit=1)[0]
        known: list[Steps] = [[[(_known(character),)] for character in part] for part in (before, after)]
        readings = readings_of([*known[0], *steps, *known[1]], pairs)
        return [(score, text[len(before) : len(text) - len(after)]) for score, text in readings]

    def _pairs(self) -> dict[str, float]:
        """What two characters in a row add: more when the page has them elsewhere."""
        if self.pairs is None:
            page = fold(self.characters)
            counts = Counter(map(str.__add__, page, page[1:]))
            self.pairs = {pair: SEEN + _LOGARITHMS[min(count, 20)] for pair, count in counts.items()} | _sign_pairs()
        return self.pairs


def readings_of(steps: Sequence[Sequence[tuple[Slot, ...]]], pairs: Mapping[str, float]) -> list[tuple[float, str]]:
    """The most probable texts through the slots, best first: word probabilities, plus what pairs of characters add.

    `steps`: for each step the alternatives, each a sequence of slots; a slot maps a folded character to the printed.
    `pairs`: nats for two characters in a row.
    """
    graph = _graph(steps)
    best: list[dict[str, tuple[float, str]]] = [{} for _ in graph]  # printed → (score, last folded character)
    top = [-math.inf] * len(graph)
    best[0][""], top[0] = (0.0, ""), 0.0
    bonus = pairs.get
    for node, edges in enumerate(graph):
        if not edges or not best[node]:
            continue
        floor = top[node] - BEAM
        kept = [(score, printed, last) for printed, (score, last) in best[node].items() if score >= floor]
        kept = sorted(kept, reverse=True)[:KEPT]
        highest = kept[0][0] + MOST_BONUS
        for words, target in _words_from(graph, node):
            known, limit = best[target], top[target] - BEAM
            for value, folded, printed in words:
                if highest + value < limit:
                    break  # they are in order
                if len(folded) > 1:
                    value += sum([bonus(folded[n : n + 2], 0.0) for n in range(len(folded) - 1)])
                first, final = folded[0], folded[-1]
                for score, before, last in kept:
                    total = score + value
                    if total + MOST_OF_PAIR < limit:
                        break
                    total += bonus(last + first, 0.0)
                    if total < limit:
                        continue
                    reading = before + printed
                    if reading not in known or known[reading][0] < total:
                        known[reading] = (total, final)
                        if total > top[target]:
                            top[target] = total
                            limit = total - BEAM
    return sorted(((score, text) for text, (score, _) in best[-1].items()), reverse=True)[:KEPT]


@functools.cache
def _sign_pairs() -> dict[str, float]:
    """What two signs in a row add, or a sign beside a character that does not go with it."""
    pairs = {a + b: FITTING if a + b in SIGN_PAIRS else ODD for a in SIGNS for b in SIGNS}
    pairs |= {character + stop: ODD for character in NEVER_LAST for stop in STOPS}
    return pairs | {stop + character: ODD for character in NEVER_FIRST for stop in STOPS}


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


Word = tuple[float, str, str]  # log probability, folded, printed


def _words_from(graph: Graph, node: int) -> Iterable[tuple[Sequence[Word], int]]:
    """Words of the list, single characters and names that can be read from a node on, and where they end.

    Those that end at one node come in groups, the most probable of a group first.
    """
    for slot, target in graph[node]:
        yield _singles(slot), target
        for following, further in graph[target]:
            words, open_ends = _beginnings(slot, following)
            if words:
                yield words, further
            if open_ends:
                yield from _longer_words(graph, further, open_ends)
            if _named(slot, following):
                yield _named(slot, following), further
                for last, end in graph[further]:
                    yield _named(slot, following, last), end


def _longer_words(
    graph: Graph, node: int, beginnings: Sequence[tuple[str, str]]
) -> Iterable[tuple[Sequence[Word], int]]:
    """The words that go on from a node with these beginnings (folded, printed)."""
    stack = [(folded, printed, node) for folded, printed in beginnings]
    while stack:
        folded, printed, place = stack.pop()
        for following, further in graph[place]:
            for value, longer, text in _continued(folded, following):
                if value == value:  # not NaN
                    yield ((value, longer, printed + text),), further
                stack.append((longer, printed + text, further))


@functools.lru_cache(maxsize=10_000)  # beginnings
def _continued(beginning: str, following: Slot) -> tuple[Word, ...]:
    """The words and longer beginnings that one character of a slot makes of a beginning, with that character."""
    known = lexicon().words
    longer = ((known.get(beginning + character), character, text) for character, text in following.items())
    return tuple((value, beginning + character, text) for value, character, text in longer if value is not None)


@functools.lru_cache(maxsize=4000)  # slots
def _surnames(slot: Slot) -> tuple[Word, ...]:
    return _likeliest(slot, lexicon().surnames)


@functools.lru_cache(maxsize=4000)  # slots
def _given(slot: Slot) -> tuple[Word, ...]:
    return _likeliest(slot, lexicon().given)


def _likeliest(slot: Slot, values: Mapping[str, float]) -> tuple[Word, ...]:
    found = ((values[character], character, printed) for character, printed in slot.items() if character in values)
    return tuple(sorted(found, reverse=True)[:NAMES])


@functools.lru_cache(maxsize=10_000)  # sequences of slots
def _named(first: Slot, *rest: Slot) -> tuple[Word, ...]:
    """The most probable names of people over these slots, a surname and one or two characters."""
    parts = [_surnames(first), *map(_given, rest)]
    if not all(parts):
        return ()
    names = [
        (sum([value for value, _, _ in name]), "".join([part[1] for part in name]), "".join([part[2] for part in name]))
        for name in itertools.product(*parts)
    ]
    return tuple(sorted(names, reverse=True)[:NAMES])


@functools.lru_cache(maxsize=4000)  # slots
def _singles(slot: Slot) -> tuple[Word, ...]:
    """The characters of a slot as words, without those that only a longer word makes likely."""
    words = lexicon()
    scored = [(words.single(character), character, printed) for character, printed in slot.items()]
    least = max(scored)[0] - UNLIKELY
    return tuple(sorted((word for word in scored if word[0] >= least), reverse=True))


@functools.lru_cache(maxsize=6000)  # pairs of slots
def _beginnings(slot: Slot, following: Slot) -> tuple[tuple[Word, ...], tuple[tuple[str, str], ...]]:
    """Words of two characters over two slots, and the beginnings (folded, printed) of longer ones."""
    words = lexicon()
    found: list[Word] = []
    longer: list[tuple[str, str]] = []
    for character, printed in slot.items():
        followers = words.followers.get(character)
        if not followers:
            continue
        for second in following.keys() & followers if len(following) > 1 else following:
            if second in followers:
                word, text = character + second, printed + following[second]
                value = words.words[word]
                if value == value:  # not NaN
                    found.append((value, word, text))
                if word in words.open:
                    longer.append((word, text))
    return tuple(sorted(found, reverse=True)), tuple(longer)


# -- bytes ----------------------------------------------------------------------------------------------------------


def _is_han(character: str) -> bool:
    return "㐀" <= character <= "鿿"


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
        return _NOTHING
    return _known(character) if len(character) == 1 and character not in simplified_only() else _NOTHING


_NOTHING = Slot()


@functools.lru_cache(maxsize=30_000)  # characters
def _known(character: str) -> Slot:
    return Slot({_key(character): character})


def _key(character: str) -> str:
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
    return found


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
def _around_unread(lead: int, trail: int) -> list[tuple[Slot, ...]]:
    """Two characters, the second byte of one and the first of the other being no character together."""
    firsts, seconds = _unread_pairs()
    before = _slot(bytes((lead, byte)) for byte in sorted(firsts))
    after = _slot(bytes((byte, trail)) for byte in sorted(seconds) if byte > 0x80)
    return [(before, after)] if before and after else []


@functools.cache
def _frequent() -> Slot:
    """The most frequent characters."""
    words = lexicon()
    usual = sorted(_usual() - SIGNS.keys(), key=lambda character: (-words.single(_key(character)), character))
    return Slot({_key(character): character for character in reversed(usual[:FREQUENT])})


def _longer(alternatives: Sequence[tuple[Slot, ...]]) -> Iterable[tuple[Slot, ...]]:
    """Three characters in the place of two, when two pairs in a row may have vanished."""
    for slots in alternatives:
        if len(slots) == 2:
            yield slots[0], _between_gaps(), slots[1]


@functools.cache
def _between_gaps() -> Slot:
    """The most frequent characters that two vanished pairs in a row can have hidden."""
    words = lexicon()
    trails = (*range(0xAA, 0xB0), *range(0xF8, 0xFF))
    slot = _slot(bytes((lead, trail)) for lead in range(0xA1, 0xFF) for trail in trails)
    return Slot({key: slot[key] for key in sorted(slot, key=words.single, reverse=True)[:MIDDLES]})


@functools.cache
def _annotated(lead: int, pinyin: str) -> tuple[bytes, ...]:
    """The annotated characters (in GBK) with this first byte and this reading."""
    from pipeline.repair import without_tones

    raw = ((_bytes(character), reading) for character, reading in ANNOTATED.items())
    return tuple(b for b, reading in raw if b[0] == lead and pinyin in (reading, without_tones(reading)))
