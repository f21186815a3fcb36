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

Given what was printed, the bytes are known but for these few (`pipeline.bytepairs`); the most probable text is found
over the word lists (`pipeline.readings`), a page's own pairs of characters counting extra (`pipeline.ownwords`).
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math
import re
from collections.abc import Iterable, Sequence

from pipeline.bytepairs import (
    Step,
    annotated,
    around_unread,
    before_annotation,
    before_eaten,
    before_unread_annotation,
    between,
    bytes_of,
    certain,
    ending,
)
from pipeline.fold import fold
from pipeline.ownwords import own_pairs
from pipeline.readings import Pairs, probability, readings_of
from pipeline.records import Spot, SpotStatus

LONGEST_RUN = 120  # printed characters; a shift that goes on longer is given up
MOST_RUNS = 6  # hypotheses on one mark
BUDGET = 2500  # steps of one text, some 150 spots; then it stops looking, so that a hostile page costs no more
CONTEXT = 5  # characters before and after that the word list sees
SURE = 4.5  # nats between the best reading and the next one for `fixed`
CERTAIN = 6.0  # nats between them, beyond which no rarer damage is thought of
BETTER = 6.0  # nats by which a reading must beat the text as printed
ASKED = 25  # characters before a question mark in which the question's word stands
QUOTED, UNPAIRED = 300, -5.0  # characters back to the opening mark; nats for one that does not pair
LOOK_AHEAD, SOUND = 4, -7.5  # characters; log probability of each on average, from which on they are no garbage
MOST_MARKS = 40  # that are looked at for a question
MOST_QUESTIONS = 2  # marks inside one shift
NUMBERS = [tens + unit for tens in ("", "十", "二十") for unit in ("", *"一二三四五六七八九")][1:]
NEXT_NUMBER = 4.0  # nats for each pair of characters of the number that comes next
LINE_END = 2.0  # nats
CLOSED = "。！？…”）"  # after these it was the line's end that the decoder ate

PUNCTUATION = "，。、！？；："
_WIDE = {ord(a): b for a, b in zip(",!?;:()", "，！？；：（）", strict=True)}
_BROKEN = re.compile("\\?([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ]{1,6})[)）]")
# What makes a clause a question, when a `?` follows in the same clause.
_ASKED = re.compile(
    "(?:吗|呢|么|什|何|谁|哪|几|怎|如何|是否|能否|可否|多少|为啥|吧|是不是|有没有|(\\w)不\\1)[^，。！？；：?]*$"
)
_NUMBERED = re.compile("（([一二三四五六七八九十]{1,3})）")
_BREAK = re.compile("[^\\S\u3000]|[?]")  # blanks but the one of full width, of which two begin a paragraph
_TAG = re.compile(r"/?(?:p|br|div|span|strong|td|a|li|h\d)\s?/?>")


@dataclasses.dataclass(slots=True)
class _Run:
    """A shifted run under one hypothesis: what the original may have been, and where the run ends."""

    steps: list[Step]
    end: int  # number of the first character after the run, annotations not counted
    stop: int  # its offset in the text
    eaten: str = ""  # what takes the place of an eaten character: "?" for a digit, "\n" for a tag
    unknown: bool = False  # a trail byte is lost together with the marker


@dataclasses.dataclass(frozen=True, slots=True)
class _Option:
    """A reading of a run, and the nats that it gains over the text as printed."""

    gain: float
    reading: str
    run: _Run


def slipped(
    text: str, removed: Sequence[tuple[int, int]], own: tuple[str, tuple[str, ...]], *, normalized: bool = False
) -> list[Spot]:
    """Find the places where bytes slipped.

    `removed`: the annotations' places, in order. `own`: the text of the page, and names to be expected on it.
    `normalized`: punctuation is in ASCII, so a printed `?` may be a question mark. Linear in the text; after `BUDGET`
    steps it stops looking.
    """
    return _Search(text, removed, own, normalized).spots() if "?" in text else []


class _Search:
    """The search of one text. Characters are counted without the annotations."""

    def __init__(
        self, text: str, removed: Sequence[tuple[int, int]], own: tuple[str, tuple[str, ...]], normalized: bool
    ) -> None:
        self.text, self.own = text, own
        self.normalized = normalized
        kept = zip([0, *(end for _, end in removed)], [*(start for start, _ in removed), len(text)], strict=True)
        self.starts = [offset for start, end in kept for offset in range(start, end)]
        self.characters = "".join([text[offset] for offset in self.starts]) if removed else text
        # The same characters in their full width, which is how they stood in the bytes.
        self.wide = self.characters.translate(_WIDE) if normalized else self.characters
        self.budget = BUDGET
        self.asks: bool | None = None
        self.number = ""  # of the last item of a list before that
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
        options = self._options(mark)
        if not options or options[0].gain < BETTER:
            return self._unread(mark)
        best = self._whole(options)
        run, reading = best.run, best.reading
        rival = next((option.gain for option in options if option.reading != reading), -math.inf)
        sure = best.gain - rival >= SURE and not run.eaten and not run.unknown
        # The numbers of a list are as likely as each other.
        status: SpotStatus = "fixed" if sure and not _NUMBERED.search(reading) else "guess"
        eaten = "\n" if run.eaten == "?" and reading[-1:] in CLOSED else run.eaten
        numbers = _NUMBERED.findall(self.characters[self.before[0] : mark] + reading)
        self.number = numbers[-1] if numbers else self.number
        self.before = (run.end, reading if not eaten else "")
        start = self.starts[mark]
        spot = Spot(start=start, end=run.stop, before=self.text[start : run.stop], after=reading + eaten, status=status)
        return spot, run.end

    def _options(self, mark: int) -> list[_Option]:
        """What may have stood at a mark, by what it gains over the text as printed."""
        options: list[_Option] = []
        for run in itertools.islice(self._runs(mark), MOST_RUNS):
            self.budget -= len(run.steps) + CONTEXT
            floor = self._printed(mark, run)
            options += [
                _Option(score - floor + self._quotes(mark, reading) + _ended(reading, run), reading, run)
                for score, reading in self._readings(mark, run)
            ]
        return sorted(options, key=lambda option: -option.gain)

    def _whole(self, options: Sequence[_Option]) -> _Option:
        """The best option where they end at different places: after a shorter one there may be another spot."""
        best = options[0]
        before = self.before
        for option in options[1:]:
            end = option.run.end
            mark = self.characters.find("?", end, best.run.end)
            if end < best.run.end and mark >= 0 and self.budget > 0:
                self.before = (end, option.reading if not option.run.eaten else "")
                further = self._options(mark)
                self.before = before
                if further and option.gain + further[0].gain > best.gain:
                    return option
        return best

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
            if self._asks() or _ASKED.search(fold(self.characters[max(0, mark - ASKED) : mark])):
                return None  # a question mark of half width
            return self._lost(mark, self.starts[mark] + 1)
        return None

    def _asks(self) -> bool:
        """Whether the text has question marks of half width elsewhere: one of its first marks ends a question."""
        if self.asks is None:
            marks = itertools.islice(re.finditer("[?](?![?，。、！？；：])", self.characters), MOST_MARKS)
            self.asks = any(_ASKED.search(fold(self.characters[max(0, m.start() - ASKED) : m.start()])) for m in marks)
        return self.asks

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
            end, reading = self.before  # the last spot may end here
            previous = bytes_of(reading[-1:] if end == mark else self.characters[mark - 1 : mark])
            if len(previous) == 2:
                for lead in sorted({pair[1] for pair in annotated((previous[1],), broken[1])}):
                    yield from self._shifted([], self._number(broken.end()), lead)
            return
        sign = self.wide[mark + 1 : mark + 2]
        if sign and sign in PUNCTUATION:
            first, second = sign.encode("gbk")
            yield from self._shifted([ending(first)], mark + 2, second)
        sign = self.wide[mark + 2 : mark + 3]
        if self.characters[mark + 1 : mark + 2] == "?" and sign and sign in "，！？；：":  # 病； B2 m A1 m A3BB
            yield _Run([ending(0xA1)], mark + 2, self.starts[mark + 1] + 1)

    def _shifted(self, steps: list[Step], place: int, lead: int) -> Iterable[_Run]:
        """Follow a shift from a character on, with `lead` as the pending lead byte, to where it ends."""
        steps = list(steps)
        questions = 0
        unread = False  # the character before is a `?` for two bytes that are no character
        for number in range(place, min(len(self.characters), place + LONGEST_RUN)):
            if self.characters[number] == "?":
                yield from self._eaten(steps, number, lead, unread)
                if unread:
                    return
                questions += 1
                if questions > MOST_QUESTIONS or _BROKEN.match(self.text, self.starts[number]):
                    return
                if not self.normalized:
                    if self._is_sound(number + 1):
                        return
                    unread = True
                    continue
            raw = bytes_of(self.wide[number])
            if not raw or raw[0] < 0x40:
                return
            step = around_unread(lead, raw[0]) if unread else between(lead, raw[0])
            if not step.edges:
                return
            unread = False
            steps.append(step)
            if len(raw) == 1:
                yield _Run(steps, number + 1, self.starts[number] + 1)
                return
            lead = raw[1]
            if lead < 0x80:  # a Latin letter of the text was taken for a trail byte
                letter = chr(lead)
                yield _Run([*steps, certain(letter)], number + 1, self.starts[number] + 1)
                return

    def _is_sound(self, number: int) -> bool:
        """Whether the characters from this one on read like words, so that no shift goes on there."""
        text = self.wide[number : number + LOOK_AHEAD]
        return probability(text) > SOUND * len(text)

    def _eaten(self, steps: list[Step], number: int, lead: int, unread: bool) -> Iterable[_Run]:
        """A shift that ends at a `?`: the decoder has eaten the trail byte and what followed it."""
        start = self.starts[number]
        broken = _BROKEN.match(self.text, start)
        if broken:
            last = (before_unread_annotation if unread else before_annotation)(lead, broken[1])
            if last.edges:
                yield _Run([*steps, last], self._number(broken.end()), broken.end())
        if broken or unread:
            return
        steps = [*steps, before_eaten(lead)]
        tag = _TAG.match(self.text, start + 1)
        following = self.wide[number + 1 : number + 3].replace("?", "") or "\n"
        if tag:
            yield _Run(steps, self._number(tag.end()), tag.end(), "\n", True)
        elif following[0] in PUNCTUATION or following[0] == "\n":
            yield _Run(steps, number + 1, start + 1, "", True)
        else:
            yield _Run(steps, number + 1, start + 1, "?", True)

    # -- scores -----------------------------------------------------------------------------------------------------

    def _readings(self, mark: int, run: _Run) -> list[tuple[float, str]]:
        """The best readings; where one pair seems to have vanished, those with two in a row as well."""
        numbered = self._numbered(mark)
        pairs = own_pairs(*self.own) | numbered if numbered else own_pairs(*self.own)
        readings = self._score(run.steps, mark, run, pairs)
        sure = len(readings) < 2 or readings[0][0] - readings[1][0] > CERTAIN
        if not sure and any(len(reading) > len(run.steps) for _, reading in readings[:2]):
            readings = self._score([step.deep() for step in run.steps], mark, run, pairs)
        return readings

    def _score(self, steps: Sequence[Step], mark: int, run: _Run, pairs: Pairs) -> list[tuple[float, str]]:
        """The best readings of a run between what stands before and after it, with their log probabilities."""
        before, after = self._around(mark, run)
        readings = readings_of([*map(certain, before), *steps, *map(certain, after)], pairs)
        return [(score, text[len(before) : len(text) - len(after)]) for score, text in readings]

    def _printed(self, mark: int, run: _Run) -> float:
        """The log probability of the text as printed."""
        before, after = self._around(mark, run)
        return probability(before + self.wide[mark : run.end] + after)

    def _around(self, mark: int, run: _Run) -> tuple[str, str]:
        """The characters before and after a run, in its line; nothing after it where the decoder ate a character."""
        done, reading = self.before
        before = (reading + self.wide[done:mark] if done <= mark else "")[-CONTEXT:]
        after = "" if run.eaten else _BREAK.split(self.wide[run.end : run.end + CONTEXT], maxsplit=1)[0]
        return _BREAK.split(before)[-1], after

    def _numbered(self, mark: int) -> Pairs:
        """Where a paragraph begins, the pairs of the number that is next in a list: （五） after （四）."""
        if self.characters[max(0, mark - 1) : mark] not in ("", "\n", "\u3000"):
            return {}
        printed = [match[1] for match in _NUMBERED.finditer(self.characters, self.before[0], mark)]
        last = printed[-1] if printed else self.number
        if last not in NUMBERS[:-1]:
            return {}
        expected = f"（{NUMBERS[NUMBERS.index(last) + 1]}）"
        return dict.fromkeys(map(str.__add__, expected, expected[1:]), (-math.inf, NEXT_NUMBER))


def _ended(reading: str, run: _Run) -> float:
    """What a sentence gains that ends where the decoder ate a character: most often it was the line's end."""
    return LINE_END if run.eaten == "?" and reading[-1:] in CLOSED else 0.0


def _is_han(character: str) -> bool:
    return "㐀" <= character <= "鿿"
