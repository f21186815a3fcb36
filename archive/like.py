"""More like this: in comes an article, out go the others that share its rarest words, copies left out.

The words are every two and three neighbouring Chinese characters of its title and its first paragraphs; how rare one is
the search index says. Each article gets the sum of the weights (log of articles by articles that have it) of the words
that it shares, as far as they are looked for: `LOOKED_FOR` of the rarest that others have at all.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import defaultdict

from sqlite_utils import Database

from archive.find import Finder
from archive.index import key
from archive.query import Words
from archive.search import hits_of
from pipeline.records import Hit

READ = 400  # characters of the text from which words are taken
LOOKED_FOR = 24  # words
COMMON = 0.05  # of the articles: a word that more of them have says nothing
COMMON_AT_LEAST = 20  # articles
TITLE_WEIGHT = 2.0
LEAST_SHARED = 2  # words
_HAN_RUN = re.compile("[\u4e00-\u9fff]{2,}")


def like(db: Database, number: int, limit: int = 10) -> list[Hit]:
    """The articles most like this one, the best first; none for a number that no article has."""
    row = db.execute("select title, text from articles where id = :id", {"id": number}).fetchone()
    if row is None:
        return []
    title, text = row
    finder = Finder(db)
    words = _words(key(text[:READ]), 1.0) | _words(key(title), TITLE_WEIGHT)
    own = {number, *_copies(db, number)}  # what only they share would be the rarest
    holders = {word: held - own for word, held in _holders(finder, list(words)).items() if held - own}
    rarest = heapq.nsmallest(LOOKED_FOR, holders, key=lambda word: (len(holders[word]), word))
    scores: dict[int, float] = defaultdict(float)
    shared: dict[int, list[str]] = defaultdict(list)
    for word in rarest:
        weight = words[word] * math.log(1 + finder.articles / len(holders[word]))
        for other in holders[word]:
            scores[other] += weight
            shared[other].append(word)
    found = [other for other in scores if len(shared[other]) >= LEAST_SHARED]
    ordered = sorted(found, key=lambda other: (-scores[other], -other))
    chosen = _apart(db, ordered, limit)
    marked = {other: shared[other] for other in chosen}
    return hits_of(db, [(other, scores[other]) for other in chosen], marked)


def _words(keyed: str, weight: float) -> dict[str, float]:
    runs = _HAN_RUN.findall(keyed)
    return {run[at : at + size]: weight for run in runs for size in (2, 3) for at in range(len(run) - size + 1)}


def _holders(finder: Finder, words: list[str]) -> dict[str, set[int]]:
    """The articles that have each word; words that too many have are left out."""
    most = max(COMMON_AT_LEAST, int(finder.articles * COMMON))
    holders: dict[str, set[int]] = {word: set() for word in words}
    for stack in finder.stacks:
        for word in list(holders):
            holders[word].update(stack.columns.ids[finder.places(stack, Words(word))].tolist())
            if len(holders[word]) > most:
                del holders[word]
    return holders


def _copies(db: Database, number: int) -> list[int]:
    sql = """
        select m.article from cluster_members own join cluster_members m on m.cluster = own.cluster
        where own.article = :number
        """
    return [article for (article,) in db.execute(sql, {"number": number})]


def _apart(db: Database, articles: list[int], limit: int) -> list[int]:
    """The first of them that are no copies of one another."""
    sql = "select cluster from cluster_members where article = :article"
    seen: set[int] = set()
    chosen: list[int] = []
    for article in articles:
        if len(chosen) == limit:
            break
        cluster = db.execute(sql, {"article": article}).fetchone()
        if cluster is None or cluster[0] not in seen:
            chosen.append(article)
            seen.update(cluster or ())
    return chosen
