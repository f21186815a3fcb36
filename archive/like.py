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

from archive.index import key
from archive.query import Words
from archive.search import hits_of, matching
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
    row = db.execute("select docid, title, text from articles where id = :id", {"id": number}).fetchone()
    if row is None:
        return []
    docid, title, text = row
    total = db.execute("select count(*) from articles").fetchone()[0]
    words = _words(key(text[:READ]), 1.0) | _words(key(title), TITLE_WEIGHT)
    own = {docid, *_copies(db, number)}  # what only they share would be the rarest
    holders = {word: held for word in words if (held := _holders(db, word, total) - own)}
    rarest = heapq.nsmallest(LOOKED_FOR, holders, key=lambda word: (len(holders[word]), word))
    scores: dict[int, float] = defaultdict(float)
    shared: dict[int, list[str]] = defaultdict(list)
    for word in rarest:
        weight = words[word] * math.log(1 + total / len(holders[word]))
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


def _holders(db: Database, word: str, total: int) -> set[int]:
    """The articles that have a word, by docid; none when they are too many."""
    most = max(COMMON_AT_LEAST, int(total * COMMON))
    sql = "select rowid from articles_fts where articles_fts match :match limit :most"
    rows = db.execute(sql, {"match": matching(Words(word)), "most": most + 1}).fetchall()
    return {docid for (docid,) in rows} if len(rows) <= most else set()


def _copies(db: Database, number: int) -> list[int]:
    sql = """
        select a.docid from cluster_members own join cluster_members m on m.cluster = own.cluster
        join articles a on a.id = m.article where own.article = :number
        """
    return [docid for (docid,) in db.execute(sql, {"number": number})]


def _apart(db: Database, docids: list[int], limit: int) -> list[int]:
    """The first of them that are no copies of one another."""
    sql = "select m.cluster from articles a join cluster_members m on m.article = a.id where a.docid = :docid"
    seen: set[int] = set()
    chosen: list[int] = []
    for docid in docids:
        if len(chosen) == limit:
            break
        cluster = db.execute(sql, {"docid": docid}).fetchone()
        if cluster is None or cluster[0] not in seen:
            chosen.append(docid)
            seen.update(cluster or ())
    return chosen
