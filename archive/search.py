"""Search: in comes a query (`archive.query`), out go ranked hits with snippets of the printed text.

A query finds exactly the articles whose folded title or text contains what it asks for. Ranked: those that have it in
the title first, then by how rare the words are and how often they stand there (BM25), newer first on ties. So many
matches that no reader gets to the last of them (`RANKED_MAXIMUM`) come newest first instead: BM25 reads every list to
its end. Copies of one article are one hit, shown by the cluster's representative where that was found.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import dataclasses
import functools
import heapq
import itertools
import json
import math
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sqlite_utils import Database

from archive.add import other_texts
from archive.index import OLDER_MARK, TITLE_MARK, character, key, key_map, pairs
from archive.query import And, Dated, Flagged, Named, Node, Not, OnSite, Or, Words, dated, flagged, needles, parse
from pipeline.errors import QueryError
from pipeline.records import Hit

LOOKED_UP = 50  # articles read at once while a page is filled
RANKED_MAXIMUM = 1000  # matches that are ranked by BM25
SCORED_MAXIMUM = 3000  # matches of the words alone, before the filters, up to which BM25 is affordable
SNIPPET = 90  # characters
PIECE = 200  # characters that are mapped at once
LEAD = 20  # characters before the first found word
WEIGHTS = "1.0, 5.0, 0.2"  # of a word in body, title and older texts
NARROW = "articles a indexed by articles_narrow"  # has every column that a condition asks
NARROWED_ONE_BY_ONE = 5000  # articles; of more, those that the filters let through are found by themselves
NEAREST = 50  # articles that are offered when nothing has all words
TITLE_BONUS = 100.0  # shown in the score of a title hit; the order does not come from it
OPEN, CLOSE = "«", "»"

Sort = Literal["relevance", "date"]
_Rank = tuple[int, float, int]  # smaller is better: title hits, then BM25, then the newest


@dataclasses.dataclass(frozen=True, slots=True)
class Results:
    """One page of hits. `total` counts all there are (clusters, or articles when expanded)."""

    query: str
    total: int
    hits: list[Hit]
    next: str | None  # the cursor of the page after this one
    at_least: bool = False  # there are more than `total`
    docids: Sequence[int] = ()  # of all articles that were found, for the facets
    partial: list[Hit] = dataclasses.field(default_factory=list)  # nothing has all words: what has most of them

    def as_dict(self) -> dict[str, Any]:
        """The page as JSON has it."""
        return {
            "query": self.query,
            "total": self.total,
            "hits": [dataclasses.asdict(hit) for hit in self.hits],
            "next": self.next,
            "partial": [dataclasses.asdict(hit) for hit in self.partial],
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search besides its query."""

    flags: Sequence[str] = ()
    without_flags: Sequence[str] = ()
    site: str | None = None
    hospital: str | None = None
    since: str | None = None
    until: str | None = None

    def node(self) -> list[Node]:
        """The same as parts of a query."""
        parts: list[Node] = [flagged(flag) for flag in self.flags]
        parts += [Not(flagged(flag)) for flag in self.without_flags]
        if self.site:
            parts.append(OnSite(self.site))
        if self.hospital:
            parts.append(Named("hospital", key(self.hospital)))
        if self.since or self.until:
            since = dated(str(self.since)).since if self.since else ""
            before = dated(str(self.until)).before if self.until else ""
            parts.append(Dated(since, before))
        return parts


class Condition:
    """A tree of what to look for, as SQL over a row `a` of `articles`; `parameters` are what it binds."""

    def __init__(self, node: Node) -> None:
        self.parameters: dict[str, Any] = {}
        self.sql = self._sql(node)
        self._node = node
        self._asked = _asked(node)

    def docids(self, db: Database, most: int | None = None) -> list[int]:
        """The numbers of all articles that meet it, or of the newest `most` and some more."""
        if self._asked:  # the index alone answers: no need to look at the articles
            table, expression = self._asked
            sql = f"select rowid docid from {table} where {table} match :match"  # noqa: S608
            return _numbers(db, sql, {"match": expression}, most)
        if isinstance(self._node, And):
            met = _meeting_all(db, _flat(self._node))
            if met is not None:
                return list(met)
        return _numbers(db, f"select a.docid from {NARROW} where {self.sql}", self.parameters)  # noqa: S608

    def _bind(self, value: Any) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def _sql(self, node: Node) -> str:
        asked = _asked(node)
        if asked:
            return self._in(*asked)
        match node:
            case And(parts):
                return self._all(parts)
            case Or(parts):
                return "(" + " or ".join(self._sql(part) for part in parts) + ")"
            case Not(part):
                return f"not coalesce({self._sql(part)}, 0)"  # an article without a date is in no span
            case Flagged(flag):
                # without the + both lists would be combined, each number with each article
                return f"+a.id in (select article from flags where flag = {self._bind(flag)})"  # noqa: S608
            case OnSite(site):
                return f"a.site = {self._bind(site)}"
            case Dated():
                return self._dates(node)
            case Named(field, needle):
                return (
                    f"a.{field} in (select value from names where field = {self._bind(field)} "  # noqa: S608
                    f"and instr(folded, {self._bind(needle)}) > 0)"
                )
        raise AssertionError(f"{node} asks for nothing")

    def _all(self, parts: Iterable[Node]) -> str:
        """Every part; those that the main table can answer are one question to it."""
        together, apart = [], []
        for part in parts:
            expression = matching(part)
            if expression:
                together.append(expression)
            else:
                apart.append(self._sql(part))
        if together:
            apart.insert(0, self._in("articles_fts", " AND ".join(together)))
        return "(" + " and ".join(apart) + ")"

    def _in(self, table: str, expression: str) -> str:
        return f"a.docid in (select rowid from {table} where {table} match {self._bind(expression)})"  # noqa: S608

    def _dates(self, dates: Dated) -> str:
        limits = []
        if dates.since:
            limits.append(f"a.published_at >= {self._bind(dates.since)}")
        if dates.before:
            limits.append(f"a.published_at < {self._bind(dates.before)}")
        return "(" + " and ".join(limits) + ")"


def _flat(node: And) -> list[Node]:
    """The parts of an And and of those within it."""
    return [one for part in node.parts for one in (_flat(part) if isinstance(part, And) else [part])]


def _meeting_all(db: Database, parts: Sequence[Node]) -> set[int] | None:
    """The articles that meet all parts, or `None` when the index answers for none of them.

    Each list of the index is read as one string and they meet here: a tenth of the time of SQLite's `in`.
    """
    together = " AND ".join(filter(None, map(matching, parts)))
    wanted, excluded, rest = [("articles_fts", together)] if together else [], [], []
    for part in parts:
        if matching(part):
            continue
        asked, absent = _asked(part), _asked(part.part) if isinstance(part, Not) else None
        if asked:
            wanted.append(asked)
        elif absent:
            excluded.append(absent)
        else:
            rest.append(part)
    if not wanted:
        return None
    met = set.intersection(*(_having(db, *question) for question in wanted))
    met = met.difference(*(_having(db, *question) for question in excluded if met))
    if not rest or not met:
        return met
    condition = Condition(And(tuple(rest)))
    if len(met) > NARROWED_ONE_BY_ONE:
        return met.intersection(
            _numbers(db, f"select a.docid from {NARROW} where {condition.sql}", condition.parameters)  # noqa: S608
        )
    sql = f"select a.docid from json_each(:docids) j cross join {NARROW} on a.docid = j.value where {condition.sql}"  # noqa: S608
    return set(_numbers(db, sql, {**condition.parameters, "docids": json.dumps(list(met))}))


def _having(db: Database, table: str, expression: str) -> set[int]:
    sql = f"select rowid docid from {table} where {table} match :match"  # noqa: S608  one of the index's tables
    return set(_numbers(db, sql, {"match": expression}))


def _numbers(db: Database, sql: str, parameters: Mapping[str, Any], most: int | None = None) -> list[int]:
    """The column `docid` of a query: as one string, a sixth of the time of as many rows.

    With `most`, of a query of one table of the index: its newest `most` + 1, which are read from their end.
    """
    if most is not None:
        sql += f" order by rowid desc limit {most + 1}"
    joined = db.execute(f"select group_concat(docid) from ({sql})", dict(parameters)).fetchone()[0]  # noqa: S608
    return list(map(int, joined.split(","))) if joined else []


def matching(node: Node, *, title: bool = False) -> str:
    """The question that `articles_fts` answers for this node alone, or an empty string when it cannot.

    With `title`, the question to `articles_title_fts` that its title hits answer.
    """
    if isinstance(node, Words) and len(node.needle) > 1:
        return ("" if title else _columns(node.place)) + _phrase(node.needle)
    if isinstance(node, And | Or):
        parts = [matching(part, title=title) for part in node.parts]
        if all(parts):
            return "(" + (" AND " if isinstance(node, And) else " OR ").join(parts) + ")"
    return ""


def _asked(node: Node) -> tuple[str, str] | None:
    """The table of the index that answers for this node alone, and the question to it."""
    expression = matching(node)
    if isinstance(node, Words):
        if node.place == "title" and len(node.needle) > 1:
            return "articles_title_fts", _phrase(node.needle)
        if not expression:
            return "articles_chars", _single(node.needle, node.place)
    return ("articles_fts", expression) if expression else None


def scoring(node: Node, *, title: bool = False) -> str:
    """What BM25 weighs: the words of a query without its filters and exclusions; everything found matches it."""
    if isinstance(node, And):
        parts = [part for part in (scoring(part, title=title) for part in node.parts) if part]
        return "(" + " AND ".join(parts) + ")" if parts else ""
    return matching(node, title=title)


def _columns(place: str) -> str:
    return {"title": "{title} : ", "text": "{body} : ", "older": "{older} : "}.get(place, "")


def _single(needle: str, place: str) -> str:
    """The question to `articles_chars` for one character."""
    marks = {"title": (TITLE_MARK,), "text": ("",), "older": (OLDER_MARK,)}.get(place, ("", TITLE_MARK, OLDER_MARK))
    return "(" + " OR ".join(_quoted(character(needle, mark)) for mark in marks) + ")"


def _phrase(needle: str) -> str:
    return _quoted(pairs(needle))


def _quoted(tokens: str) -> str:
    return f'"{tokens}"'  # a token never holds a quote: all ASCII marks have been moved


def search(
    db: Database,
    query: str,
    *,
    limit: int = 10,
    expand: bool = False,
    filters: Filters | None = None,
    sort: Sort = "relevance",
    cursor: str | None = None,
    most: int | None = None,
) -> Results:
    """Look for a query.

    `limit` hits from the beginning or after `cursor` (`next` of the page before). With `most`, a query that finds more
    articles than these looks at the newest of them and those that have it in the title only: enough for a page that
    says "10,000+". Raises `QueryError`.
    """
    if sort not in ("relevance", "date"):
        raise QueryError(f"sort is relevance or date, not {sort}")
    node = parse(query)
    after = _read_cursor(cursor) if cursor else None
    docids = found(db, node, filters or Filters(), most)
    cut = most is not None and len(docids) > most
    order = _order(db, node, docids, sort, most if cut else None, narrowed=bool(filters and filters.node()))
    shown = list(itertools.islice(_shown(db, order, after, expand=expand), limit + 1))
    page = shown[:limit]
    nearest = [] if order.docids else _nearest(db, node, filters or Filters())[:limit]
    return Results(
        query=query,
        total=most or 0 if cut else len(order.docids) - (0 if expand else _copies(db, order)),
        at_least=cut,
        docids=order.docids,
        hits=_hits(db, page, needles(node)),
        next=_cursor(page[-1].rank) if page and len(shown) > limit else None,
        partial=_hits(db, nearest, needles(node)),
    )


def _nearest(db: Database, node: Node, filters: Filters) -> list[_Shown]:
    """What has some of the words when nothing has all: the rarer and the more the sooner, then the newest."""
    words = [part for part in node.parts if isinstance(part, Words)] if isinstance(node, And) else []
    rest = [part for part in node.parts if not isinstance(part, Words)] if isinstance(node, And) else []
    total = db.execute("select count(*) from articles").fetchone()[0]
    weights: defaultdict[int, float] = defaultdict(float)
    for word in words:
        docids = found(db, And((word, *rest)), filters)
        weight = math.log(1 + total / max(1, len(docids)))
        for docid in docids:
            weights[docid] += weight
    best = heapq.nlargest(NEAREST, weights.items(), key=lambda pair: (pair[1], pair[0]))
    order = _Order((docid for docid, _ in best), (), {docid: -weight for docid, weight in best})
    return list(_shown(db, order, None, expand=False))


def found(db: Database, node: Node, filters: Filters, most: int | None = None) -> list[int]:
    """The numbers (`docid`) of all articles that a query and its filters let through, or of the newest `most` + 1."""
    parts = filters.node()
    docids = Condition(And((node, *parts)) if parts else node).docids(db, most)
    return docids if most is None or len(docids) <= most + 1 else heapq.nlargest(most + 1, docids)


class _Order:
    """The order of what was found: title hits first, then by BM25 (`scores`, smaller is better), then the newest."""

    def __init__(self, docids: Iterable[int], titles: Container[int], scores: Mapping[int, float]) -> None:
        newest = sorted(docids, reverse=True)
        self.titles, self.scores = titles, scores
        self.docids = [docid for docid in newest if docid in titles] + [
            docid for docid in newest if docid not in titles
        ]
        if scores:
            self.docids.sort(key=self.rank)

    def rank(self, docid: int) -> _Rank:
        """What the order goes by; also the place that a cursor names."""
        return (0 if docid in self.titles else 1, self.scores.get(docid, 0.0), -docid)

    def after(self, place: _Rank | None) -> list[int]:
        """What follows a place, whether or not something still stands there."""
        return self.docids[bisect.bisect_right(self.docids, place, key=self.rank) :] if place else self.docids

    @functools.cached_property
    def found(self) -> frozenset[int]:
        """The same without an order."""
        return frozenset(self.docids)


def _order(
    db: Database, node: Node, docids: list[int], sort: Sort, most: int | None = None, *, narrowed: bool = True
) -> _Order:
    """The order of what was found; `most` when that is only the newest, `narrowed` when there are filters besides."""
    if sort == "date" or len(docids) < 2:
        return _Order(docids, (), {})
    scores = _scores(db, node, docids) if len(docids) <= RANKED_MAXIMUM else {}
    titles = _title_hits(db, node, most)
    if most is not None and not narrowed and _asked(node):  # they are found all the same, however old
        docids = list(titles.union(docids))
    return _Order(docids, titles, scores)


def _title_hits(db: Database, node: Node, most: int | None) -> set[int]:
    """The articles whose title has all the words that are looked for, or the newest of them."""
    expression = scoring(node, title=True)
    if expression:
        sql = "select rowid docid from articles_title_fts where articles_title_fts match :match"
    else:
        singles = [needle for needle in needles(node) if len(needle) == 1]
        if not singles:
            return set()
        expression = " AND ".join(_single(needle, "title") for needle in singles)
        sql = "select rowid docid from articles_chars where articles_chars match :match"
    return set(_numbers(db, sql, {"match": expression}, most))


def _scores(db: Database, node: Node, docids: list[int]) -> dict[int, float]:
    """BM25 of each, smaller is better."""
    expression = scoring(node)
    if not expression:
        return {}
    if matching(node) != expression:  # filters or exclusions let through few of what the words match
        count = db.execute("select count(*) from articles_fts where articles_fts match :match", {"match": expression})
        if count.fetchone()[0] > SCORED_MAXIMUM:
            return {}
    wanted = set(docids)
    sql = f"select rowid, bm25(articles_fts, {WEIGHTS}) from articles_fts where articles_fts match :match"  # noqa: S608
    return {docid: score for docid, score in db.execute(sql, {"match": expression}) if docid in wanted}


def _copies(db: Database, order: _Order) -> int:
    """How many fewer hits there are when the members of a cluster count as one."""
    members = db.execute("select count(*) from cluster_members").fetchone()[0]
    if members < len(order.docids):
        sql = "select a.docid, m.cluster from cluster_members m join articles a on a.id = m.article"
        clusters = [cluster for docid, cluster in db.execute(sql) if docid in order.found]
    else:
        sql = """
            select m.cluster from json_each(:docids) j
            join articles a on a.docid = j.value join cluster_members m on m.article = a.id
            """
        clusters = [cluster for (cluster,) in db.execute(sql, {"docids": json.dumps(order.docids)})]
    return len(clusters) - len(set(clusters))


class _Shown(NamedTuple):
    """A hit of the page: its place in the order, the article that stands there, and its copies."""

    rank: _Rank
    article: int
    copies: int


def _shown(db: Database, order: _Order, after: _Rank | None, *, expand: bool) -> Iterator[_Shown]:
    """The hits in their order. Collapsed, a cluster stands where its best member does."""
    rest = order.after(after)
    for start in range(0, len(rest), LOOKED_UP):
        rows = db.execute(
            """
            select j.value, a.id, m.cluster from json_each(:docids) j
            join articles a on a.docid = j.value left join cluster_members m on m.article = a.id order by j.key
            """,
            {"docids": json.dumps(rest[start : start + LOOKED_UP])},
        )
        for docid, article, cluster in rows.fetchall():
            rank = order.rank(docid)
            if cluster is None:
                yield _Shown(rank, article, 0)
                continue
            members = _members(db, cluster)
            if expand:
                yield _Shown(rank, article, len(members) - 1)
                continue
            found = [member for member in members if member.docid in order.found]
            if rank == min(order.rank(member.docid) for member in found):
                stands = [member.article for member in found if member.representative]
                yield _Shown(rank, stands[0] if stands else article, len(members) - 1)


class _Member(NamedTuple):
    docid: int
    article: int
    representative: int  # 1: stands for the cluster


def _members(db: Database, cluster: int) -> list[_Member]:
    rows = db.execute(
        """
        select a.docid, a.id, a.id = c.representative from cluster_members m
        join clusters c on c.id = m.cluster join articles a on a.id = m.article where m.cluster = :cluster
        """,
        {"cluster": cluster},
    )
    return [_Member(*row) for row in rows]


def _hits(db: Database, page: list[_Shown], marked: Sequence[str]) -> list[Hit]:
    ids = {"ids": json.dumps([shown.article for shown in page])}
    sql = """
        select id, title, text, url, hospital, published_at from articles
        where id in (select value from json_each(:ids))
        """
    rows = {row[0]: row for row in db.execute(sql, ids)}
    flags: dict[int, list[str]] = {}
    sql = "select article, flag from flags where article in (select value from json_each(:ids)) order by flag"
    for article, flag in db.execute(sql, ids):
        flags.setdefault(article, []).append(flag)
    hits = []
    for rank, article, copies in page:
        _, title, text, url, hospital, published_at = rows[article]
        hits.append(
            Hit(
                id=article,
                title=title,
                snippet=snippet_of(db, article, title, text, marked),
                url=url,
                hospital=hospital,
                published_at=published_at,
                score=round(-rank[1] + (TITLE_BONUS if rank[0] == 0 else 0.0), 6),
                copies=copies,
                flags=tuple(flags.get(article, ())),
            )
        )
    return hits


def newcomers(db: Database, query: str, after: int, until: int, *, limit: int, latest: bool = False) -> list[Hit]:
    """What a query finds among the articles numbered above `after` and up to `until`, by number, with `latest` falling.

    Copies count each: a new one is news. Raises `QueryError`.
    """
    node = parse(query)
    condition = Condition(node)
    bounds = {"after": after, "until": until, "limit": limit}
    rows = db.execute(
        f"""
        select a.docid from articles a where a.id > :after and a.id <= :until and ({condition.sql})
        order by a.id {"desc" if latest else "asc"} limit :limit
        """,  # noqa: S608  the condition's values are bound
        condition.parameters | bounds,
    ).fetchall()
    marked = needles(node)
    return hits_of(db, [(docid, 0.0) for (docid,) in rows], {docid: marked for (docid,) in rows})


def hits_of(db: Database, scored: Sequence[tuple[int, float]], marked: Mapping[int, Sequence[str]]) -> list[Hit]:
    """Hits for articles by docid with their scores, each with its own words marked."""
    hits = []
    for docid, score in scored:
        row = db.execute(
            """
            select a.id, (select count(*) - 1 from cluster_members m where m.cluster = c.cluster)
            from articles a left join cluster_members c on c.article = a.id where a.docid = :docid
            """,
            {"docid": docid},
        ).fetchone()
        hits += _hits(db, [_Shown((1, -score, -docid), row[0], max(row[1], 0))], marked[docid])
    return hits


def _cursor(rank: _Rank) -> str:
    return base64.urlsafe_b64encode(json.dumps(rank).encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> _Rank:
    try:
        tier, score, docid = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return int(tier), float(score), int(docid)
    except (ValueError, TypeError, binascii.Error) as error:
        raise QueryError("this is no place to go on from; take `next` of the page before") from error


def snippet_of(db: Database, article: int, title: str, text: str, marked: Sequence[str]) -> str:
    """A piece of the text around what was found, that marked; of an older text when only that has it."""
    for shown in (text, title):
        piece = snippet(shown, marked)
        if piece:
            return piece
    if marked:
        row = next(db.query("select title, text, details from articles where id = :id", {"id": article}))
        for older in other_texts(db, article, row):
            piece = snippet(older, marked)
            if piece:
                return piece
    return _shortened(text, 0)


def snippet(text: str, marked: Sequence[str]) -> str:
    """The piece of a text that has the most of these keyed strings, each marked; empty when it has none of them."""
    starts = sorted(_firsts(text, set(marked)))
    if not starts:
        return ""
    best = max(starts, key=lambda start: (sum(start <= other < start + SNIPPET - LEAD for other in starts), -start))
    return _shortened(text, max(best - LEAD, 0), marked)


def _firsts(text: str, marked: Iterable[str]) -> Iterator[int]:
    """Where each keyed string first stands in a printed text, of those that do."""
    left = []
    for needle in marked:  # simplified text is its own key, nearly always
        start = text.find(needle)
        if start < 0 and needle.upper() != needle:
            start = text.find(needle.upper())
        if start >= 0:
            yield start
        else:
            left.append(needle)
    if not left:
        return
    keyed = key(text)
    yield from (_printed_at(text, start) for needle in left if (start := keyed.find(needle)) >= 0)


def _printed_at(text: str, start: int) -> int:
    """The offset of the printed character from which the keyed one at `start` came; only its own piece is mapped."""
    for at in range(0, len(text), PIECE):
        piece = text[at : at + PIECE]
        length = len(key(piece))
        if start < length:
            return at + key_map(piece)[1][start]
        start -= length
    return len(text)


def _shortened(text: str, start: int, marked: Sequence[str] = ()) -> str:
    end = min(len(text), start + SNIPPET)
    for needle in marked:  # what begins in the piece is shown to its end
        at = text.find(needle, start, start + SNIPPET + len(needle))
        end = max(end, at + len(needle)) if start <= at < end else end
    piece = mark(text[start:end], marked)
    piece = " ".join(piece.split())
    return ("…" if start else "") + piece + ("…" if end < len(text) else "")


def mark(text: str, marked: Sequence[str]) -> str:
    """The text with every place where one of these keyed strings stands between « and »."""
    keyed, offsets = key_map(text)
    spans: list[tuple[int, int]] = []
    for needle in set(marked):
        start = keyed.find(needle)
        while start >= 0:
            spans.append((offsets[start], offsets[start + len(needle) - 1] + 1))
            start = keyed.find(needle, start + 1)
    out, at = [], 0
    for start, end in _joined(sorted(spans)):
        out += [text[at:start], OPEN, text[start:end], CLOSE]
        at = end
    return "".join([*out, text[at:]])


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
