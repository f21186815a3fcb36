"""Suggestions: in comes a query without a hit, out go queries near it that have some; or how one may go on as typed.

Looked at are the names that the archive holds (hospitals with their other names, sources, authors, editors, sections)
and their parts: a hospital is known by its place as well (清河县人民医院 → 清河). A name is near when it has all
characters of the query but one, or is one character away from it, or when its reading begins with the Latin letters
that were typed: `qinghe`, `qing he` or the initials `qhxrmyy`. Pinyin is made of names only; a text is never read so.
"""

from __future__ import annotations

import functools
import heapq
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlite_utils import Database

from archive.find import Finder
from archive.index import key
from archive.query import Words, parse
from pipeline.errors import QueryError

MOST = 5  # suggestions
NAMES = 20_000  # that are looked at
SHORTEST_PINYIN, SHORTEST_INITIALS = 3, 3  # letters
LEAST_ALIKE = 0.6  # of rapidfuzz, 1 is the same
_KINDS = "人民医院|中医院|中医医院|妇幼保健院|第[一二三四五六七八九十]+(?:人民|中医)?医院|中心医院|卫生院|医院"
_HOSPITAL = re.compile(f"(.{{2,}}?)(?:省|市|县|区|镇|乡)?(?:{_KINDS})")
_LATIN = re.compile("[a-zü' ]+")
_WORD = re.compile(r'(?:[^\s"“「]*[:：])?(?:"[^"]*"|“[^”]*”|「[^」]*」|\S+)')
_SAYS = re.compile(r"\w")
_LAST_WORD = re.compile(r"\S*\Z")
_RUN = re.compile(r"\w{1,8}")
_HAN_RUN = re.compile("[\u4e00-\u9fff]{2,}")
TITLES = 1000  # the newest, from which terms are taken
HOSPITALS_LEFT_OUT = 2000
LOST_IN_A_LONGER = 0.7  # of its occurrences: then the longer string is the term
TRIED_OF_A_WORD = 3  # names instead of one word of several


def suggestions(db: Database, query: str, limit: int = MOST) -> list[str]:
    """Queries to try instead, the likeliest first; each of them finds something.

    A query of one word is taken as a name. Of several, each that no article has gives way to a name near it, and when
    every one has some, one of them is left out.
    """
    words = _WORD.findall(query)
    if len(words) > 1 and not _LATIN.fullmatch(key(query)):  # "meng yin" is one name
        return _of_several(db, words, limit)
    return _of_one(db, query, limit)


def _of_one(db: Database, query: str, limit: int) -> list[str]:
    typed = key(query).strip().strip('"')
    if not typed:
        return []
    names = _names(db)
    finder = Finder(db)
    found = []
    for name in _near(typed, names):
        if finder.finds(Words(key(name))):
            found.append(name)
        elif names[name] == "hospital":  # its pages need not name it
            found.append(f"hospital:{name}")
        if len(found) == limit:
            break
    return found


def _near(typed: str, names: Mapping[str, str]) -> list[str]:
    """The names near what was typed, the nearest first."""
    letters = typed.replace(" ", "").replace("'", "")
    if _LATIN.fullmatch(typed) and len(letters) >= SHORTEST_PINYIN:
        ordered = _by_reading(letters, names)
    else:
        ordered = _by_spelling(typed, names)
    return list(dict.fromkeys(name for name in ordered if key(name) != typed))


def _of_several(db: Database, words: Sequence[str], limit: int) -> list[str]:
    """The query with a near name for each word that nothing has, and the query without one word."""
    finder = Finder(db)
    names = _names(db)
    tried: dict[str, None] = {}
    lost = [at for at, word in enumerate(words) if not _finds(finder, word)]
    replaced = list(words)
    for at in lost:
        field, colon, value = words[at].rpartition(":")
        near = []
        for name in _near(key(value).strip('"'), names)[:TRIED_OF_A_WORD]:
            near.append(field + colon + name)
            if not field and names[name] == "hospital":  # its pages need not name it
                near.append(f"hospital:{name}")
        for name in near:
            tried.setdefault(" ".join([*replaced[:at], name, *words[at + 1 :]]))
        replaced[at] = near[0] if near else words[at]
    tried.setdefault(" ".join(replaced))
    for at in lost or range(len(words)):
        tried.setdefault(" ".join(word for place, word in enumerate(replaced) if place != at))
    if len(lost) > 1:
        tried.setdefault(" ".join(word for place, word in enumerate(words) if place not in lost))
    found = []
    for query in tried:
        if _SAYS.search(query) and query != " ".join(words) and _finds(finder, query):
            found.append(query)
        if len(found) == limit:
            break
    return found


def _finds(finder: Finder, query: str) -> bool:
    try:
        return finder.finds(parse(query))
    except QueryError:
        return False


def completions(db: Database, typed: str, limit: int = MOST * 2) -> list[str]:
    """How a query that is being typed may go on: its last word as a name, or as what stands in titles.

    Latin letters are taken as pinyin. Hospitals come first, then the frequent.
    """
    last = _LAST_WORD.search(typed)[0]  # type: ignore[index]
    before = typed[: len(typed) - len(last)]
    keyed = key(last).strip()
    if not keyed:
        return []
    names = _names(db)
    starting = [name for name in names if key(name).startswith(keyed) or (len(keyed) > 1 and keyed in key(name))]
    starting.sort(key=lambda name: (names[name] != "hospital", not key(name).startswith(keyed), len(name), name))
    found = starting[: limit // 2]
    if _LATIN.fullmatch(keyed) and len(keyed) >= 2:
        found += _by_reading(keyed, names)[: limit - len(found)]
    found += [keyed + rest for rest in _continued(db, keyed, limit - len(found))]
    return [before + name for name in dict.fromkeys(found) if name != last][:limit]


def _continued(db: Database, keyed: str, limit: int) -> list[str]:
    """What follows a string in the newest titles that have it, the frequent and long first."""
    finder = Finder(db)
    ids: list[int] = []
    for stack in finder.stacks:
        ids += stack.columns.ids[finder.places(stack, Words(keyed, "title"))].tolist()
        if len(ids) > TITLES:
            break
    chosen = {"ids": json.dumps(sorted(ids, reverse=True)[:TITLES])}
    sql = "select title from articles where id in (select value from json_each(:ids))"
    following: Counter[str] = Counter()
    for (title,) in db.execute(sql, chosen):
        _, _, rest = key(title).partition(keyed)
        run = _RUN.match(rest)
        following.update(rest[:size] for size in range(1, run.end() + 1 if run else 1))
    return _closed(following, 1)[:limit]


def frequent(db: Database, limit: int = 100) -> list[str]:
    """The terms that the newest titles share most, names of hospitals left out."""
    newest = db.execute("select coalesce(max(id), 0) from articles").fetchone()[0]
    sql = "select title from articles where id > :after order by id desc"
    hospitals = [name for name, field in _names(db).items() if field == "hospital"]
    counts: Counter[str] = Counter()
    for (title,) in db.execute(sql, {"after": newest - TITLES}):
        text = key(title)
        for name in hospitals[:HOSPITALS_LEFT_OUT]:
            text = text.replace(key(name), "，") if name in text else text
        runs = _HAN_RUN.findall(text)
        counts.update(
            {run[at : at + size] for run in runs for size in range(2, 7) for at in range(len(run) - size + 1)}
        )
    return _closed(counts, 2)[:limit]


def _closed(counts: Counter[str], least: int) -> list[str]:
    """The strings that stand there so often and are no part of a longer one that does so nearly as often."""
    often = {text: count for text, count in counts.items() if count >= least}
    parts = {
        part
        for text, count in often.items()
        for part in (text[1:], text[:-1])
        if often.get(part, 0) * LOST_IN_A_LONGER <= count
    }
    kept = [text for text in often if text not in parts]
    return sorted(kept, key=lambda text: (-often[text] * len(text), text))


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
