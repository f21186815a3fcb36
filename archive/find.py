"""Finding: in comes a tree of what to look for (`archive.query`), out come the articles that meet it.

Each stack of segments (`archive.stacks`) answers for itself, with a yes or no for each of its articles.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from sqlite_utils import Database

from archive.index import day_of, units_of
from archive.query import FLAGS, And, Dated, Flagged, Named, Node, Not, OnSite, Or, Words
from archive.segments import OLDER, TEXT, TITLE
from archive.stacks import Stack, stacks

if TYPE_CHECKING:
    from archive.lists import Places
    from archive.segments import Numbers

ZONES = {"title": TITLE, "text": TEXT, "older": OLDER}
FEW_OF = 16  # places for each article: of longer lists only those of the articles are looked at
LAST_DAY = datetime.date.max.toordinal() + 1
Found = tuple[Stack, "Numbers"]  # places of articles in a stack


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Where a string stands in a stack: an article's place and the zone, once for every time it stands there."""

    articles: Numbers
    zones: Numbers


class Finder:
    """Looks into the index as it is now; articles that came after the one numbered `until` are left out."""

    def __init__(self, db: Database, until: int | None = None) -> None:
        self.db = db
        self.until = until
        self.stacks = stacks(db)
        self._asked: Stack | None = None
        self._known: dict[tuple[str, bool], Places] = {}
        self._standing: dict[tuple[str, bool], Standing] = {}
        self._wanted: dict[Node, Numbers] = {}
        self._tally: dict[str, list[int]] = {}  # of a string: its places, the articles that were looked at

    @property
    def articles(self) -> int:
        """How many articles the index holds."""
        return sum(segment.articles - len(segment.dead) // 4 for stack in self.stacks for segment in stack.members)

    def all(self, node: Node) -> list[Found]:
        """All articles that meet it."""
        return [(stack, found) for stack in self.stacks if len(found := self.places(stack, node))]

    def docids(self, node: Node) -> Numbers:
        """The numbers of all articles that meet it, in no order."""
        return joined(self.all(node), lambda stack: stack.columns.docids)

    def finds(self, node: Node) -> bool:
        """Whether any article meets it."""
        return any(len(self.places(stack, node)) for stack in self.stacks)

    def places(self, stack: Stack, node: Node) -> Numbers:
        """The places of the articles of a stack that meet it."""
        import numpy as np

        found = np.flatnonzero(self._met(stack, node))
        if len(found) and stack.alive is not None:
            found = found[stack.alive[found]]
        if len(found) and self.until is not None and stack.held.newest > self.until:
            found = found[stack.columns.ids[found] <= self.until]
        return found

    def standing(self, stack: Stack, needle: str, *, title: bool = False) -> Standing:
        """Where a string stands in a stack; with `title`, at least where in titles."""
        looked_for = self._places_known(stack)
        title = title and (needle, False) not in looked_for
        known = self._standing.get((needle, title))
        if known is None:
            known = self._standing[needle, title] = Standing(*stack.held.owners(self._places(stack, needle, title)))
        return known

    def times(self, stack: Stack, needle: str, articles: Numbers, zone: int) -> Numbers:
        """How often a string stands in a zone of each of some articles."""
        import numpy as np

        places = self._places(stack, needle)
        if len(articles) * FEW_OF < len(places):
            return stack.held.times(places, articles, zone)
        standing = self.standing(stack, needle)
        found = standing.articles[standing.zones == zone]
        return np.bincount(found, minlength=stack.articles)[articles]

    def _places_known(self, stack: Stack) -> dict[tuple[str, bool], Places]:
        """The places of the strings that were looked for in the stack that was asked last."""
        if self._asked is not stack:
            self._asked = stack
            self._known.clear()
            self._standing.clear()
        return self._known

    def _places(self, stack: Stack, needle: str, title: bool = False) -> Places:
        known = self._places_known(stack)
        if (needle, title) not in known:
            known[needle, title] = stack.places(units_of(needle), TITLE if title else None)
            if not title:
                tally = self._tally.setdefault(needle, [0, 0])
                tally[0] += min(len(known[needle, title]), stack.articles)
                tally[1] += stack.articles
        return known[needle, title]

    def rarity(self, needle: str) -> float:
        """The weight of a string by in how few places it stands (as idf of BM25), of those that were looked at."""
        held, of = self._tally.get(needle, (0, 0))
        return math.log(1 + (of - held + 0.5) / (held + 0.5))

    def _met(self, stack: Stack, node: Node) -> Numbers:
        import numpy as np

        match node:
            case Words(needle, place):
                standing = self.standing(stack, needle, title=place == "title")
                articles = standing.articles[standing.zones == ZONES[place]] if place else standing.articles
                met = np.zeros(stack.articles, bool)
                met[articles] = True
                return met
            case And(parts):
                return self._met_by_all(stack, parts)
            case Or(parts):
                return np.logical_or.reduce([self._met(stack, part) for part in parts])
            case Not(part):
                return ~self._met(stack, part)
            case Flagged(flag):
                return (stack.columns.flags & (1 << FLAGS.index(flag))) > 0
            case Dated(since, before):
                days = stack.columns.days
                return (days > 0) & (days >= day_of(since)) & (days < (_day_before(before)))
            case OnSite() | Named():
                field = "site" if isinstance(node, OnSite) or node.field == "region" else node.field
                return self._among(stack.columns.values[field], node)
        raise AssertionError(f"{node} asks for nothing")

    def _met_by_all(self, stack: Stack, parts: Sequence[Node]) -> Numbers:
        """The articles that meet every part: the filters first, then the strings, those that stand in fewer places."""
        import numpy as np

        met = np.ones(stack.articles, bool)
        words = [part for part in parts if isinstance(part, Words)]
        for part in sorted((part for part in parts if not isinstance(part, Words)), key=_effort):
            if not met.any():
                return met
            met &= self._met(stack, part)
        if not met.any():
            return met
        sizes = {word: len(self._places(stack, word.needle, word.place == "title")) for word in words}
        if not all(sizes.values()):
            return np.zeros(stack.articles, bool)
        for word in sorted(words, key=lambda word: sizes[word]):
            few = np.count_nonzero(met) * FEW_OF < sizes[word]
            if few and word.place != "title":
                left = np.flatnonzero(met)
                zones = [ZONES[word.place]] if word.place else ZONES.values()
                met[left] = sum(self.times(stack, word.needle, left, zone) for zone in zones) > 0
            else:
                met &= self._met(stack, word)
            if not met.any():
                break
        return met

    def _among(self, values: Numbers, node: OnSite | Named) -> Numbers:
        """Where a column has one of the values that are meant."""
        import numpy as np

        if node not in self._wanted:
            self._wanted[node] = np.array(_meant(self.db, node), np.int64)
        wanted = self._wanted[node]
        return values == wanted[0] if len(wanted) == 1 else np.isin(values, wanted)


def _meant(db: Database, node: OnSite | Named) -> list[int]:
    """The ids of the values of a field that hold a string."""
    if isinstance(node, OnSite):
        sql, asked = "select id from index_values where field = 'site' and value = :site", {"site": node.site}
    elif node.field == "region":
        sql = """
            select v.id from site_regions r join index_values v on v.field = 'site' and v.value = r.site
            where instr(r.folded, :needle) > 0
            """
        asked = {"needle": node.needle}
    else:
        sql = """
            select distinct v.id from names n join index_values v on v.field = n.field and v.value = n.value
            where n.field = :field and instr(n.folded, :needle) > 0
            """
        asked = {"field": node.field, "needle": node.needle}
    return [number for (number,) in db.execute(sql, asked).fetchall()]


def _effort(node: Node) -> int:
    """What to ask first: what is quickly answered, then the longer of two strings, which is the rarer."""
    if isinstance(node, Words):
        return 1000 - len(node.needle) if len(node.needle) > 1 else 2000
    if isinstance(node, And | Or):
        return max(map(_effort, node.parts))
    return _effort(node.part) if isinstance(node, Not) else 0


def _day_before(before: str) -> int:
    return day_of(before) or LAST_DAY


def joined(parts: Iterable[Found], column: Callable[[Stack], Numbers]) -> Numbers:
    """A column of the articles that were found."""
    import numpy as np

    return np.concatenate([column(stack)[places] for stack, places in parts] or [np.empty(0, np.int64)])


def in_titles(node: Node) -> Node | None:
    """The same, with all its words in the title; `None` when it has none that could be."""
    match node:
        case Words(needle, place):
            return Words(needle, "title") if place in ("", "title") else None
        case And(parts):
            kept = [part for part in parts if not scored(part)]
            asked = [in_titles(part) for part in parts if scored(part)]
            if not asked or None in asked:
                return None
            return And((*[part for part in asked if part is not None], *kept))
        case Or(parts):
            asked = [in_titles(part) for part in parts if scored(part)]
            return Or(tuple(part for part in asked if part)) if any(asked) else None
    return None


def scored(node: Node) -> list[Words]:
    """The words that make a result rank: those that are looked for, not those that are excluded."""
    if isinstance(node, Words):
        return [node]
    if isinstance(node, And | Or):
        return [words for part in node.parts for words in scored(part)]
    return []
