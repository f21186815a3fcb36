"""Suggestions: in comes a query without a hit, out go queries near it that have some.

Looked at are the names that the archive holds (hospitals with their other names, sources, authors, editors, sections)
and their parts: a hospital is known by its place as well (清河县人民医院 → 清河). A name is near when it has all
characters of the query but one, or is one character away from it, or when its reading begins with the Latin letters
that were typed: `qinghe`, `qing he` or the initials `qhxrmyy`. Pinyin is made of names only; a text is never read so.
"""

from __future__ import annotations

import functools
import heapq
import re
from collections.abc import Iterable

from sqlite_utils import Database

from archive.index import key
from archive.query import Words
from archive.search import Condition

MOST = 5  # suggestions
NAMES = 20_000  # that are looked at
SHORTEST_PINYIN, SHORTEST_INITIALS = 3, 3  # letters
LEAST_ALIKE = 0.6  # of rapidfuzz, 1 is the same
_KINDS = "人民医院|中医院|中医医院|妇幼保健院|第[一二三四五六七八九十]+(?:人民|中医)?医院|中心医院|卫生院|医院"
_HOSPITAL = re.compile(f"(.{{2,}}?)(?:省|市|县|区|镇|乡)?(?:{_KINDS})")
_LATIN = re.compile("[a-zü' ]+")


def suggestions(db: Database, query: str, limit: int = MOST) -> list[str]:
    """Queries to try instead, the likeliest first; each of them finds something.

    The query is taken as one name; of several words or with fields none is near.
    """
    typed = key(query).strip().strip('"')
    if not typed:
        return []
    names = _names(db)
    letters = typed.replace(" ", "").replace("'", "")
    if _LATIN.fullmatch(typed) and len(letters) >= SHORTEST_PINYIN:
        ordered = _by_reading(letters, names)
    else:
        ordered = _by_spelling(typed, names)
    near = dict.fromkeys(name for name in ordered if key(name) != typed)
    found = []
    for name in near:
        if _stands(db, name):
            found.append(name)
        elif names[name] == "hospital":  # its pages need not name it
            found.append(f"hospital:{name}")
        if len(found) == limit:
            break
    return found


def _names(db: Database) -> dict[str, str]:
    """Every name with its field, the places of the hospitals among them, hospitals first."""
    rows = db.execute(
        """
        select value, folded, field from names
        order by case field when 'hospital' then 0 when 'source' then 1 else 2 end, value limit :most
        """,
        {"most": NAMES},
    )
    names: dict[str, str] = {}
    for value, folded, field in rows:
        forms = [value] if key(value) == folded else [value, folded]
        for form in forms:
            place = _HOSPITAL.match(form) if field == "hospital" else None
            for name in (place[1], form) if place else (form,):
                names.setdefault(name, field)
    return names


def _stands(db: Database, name: str) -> bool:
    return bool(Condition(Words(key(name))).docids(db, 1))


def _by_reading(letters: str, names: Iterable[str]) -> list[str]:
    """Names whose reading the letters are or begin, or whose initials they are; the shortest first."""
    ranked = []
    for name in names:
        syllables, initials = _reading(name)
        whole = "".join(syllables)
        if whole == letters:
            ranked.append((0, len(name), name))
        elif whole.startswith(letters):
            ranked.append((1, len(name), name))
        elif len(letters) >= SHORTEST_INITIALS and initials.startswith(letters):
            ranked.append((2, len(name), name))
        elif len(letters) >= 5 and letters in whole:
            ranked.append((3, len(name), name))
    return [name for _, _, name in sorted(ranked)]


@functools.lru_cache(maxsize=NAMES)
def _reading(name: str) -> tuple[tuple[str, ...], str]:
    """The syllables of a name without tones, and their first letters."""
    from pypinyin import lazy_pinyin

    syllables = tuple(syllable.lower().replace("ü", "v") for syllable in lazy_pinyin(key(name)))
    return syllables, "".join(syllable[:1] for syllable in syllables)


def _by_spelling(typed: str, names: Iterable[str]) -> list[str]:
    """Names that are written nearly so, the most alike first."""
    from rapidfuzz.distance import Indel

    near = []
    for name in names:
        alike = Indel.normalized_similarity(typed, key(name), score_cutoff=LEAST_ALIKE)
        if alike >= LEAST_ALIKE or (len(typed) > 2 and _one_off(typed, key(name))):
            near.append((alike, name))
    return [name for _, name in heapq.nlargest(MOST * 4, near)]


def _one_off(typed: str, name: str) -> bool:
    """Whether one character is another: 蒙荫县 for 蒙阴县."""
    return len(typed) == len(name) and sum(a != b for a, b in zip(typed, name, strict=True)) == 1
