"""Search: in comes a query (`archive.query`), out go ranked hits with snippets of the printed text.

A query finds exactly the articles whose folded title or text contains what it asks for (`archive.find`), ranked by
`archive.rank`. Copies of one article are one hit, shown by the cluster's representative where that was found.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlite_utils import Database

from archive.find import Finder, Found, joined
from archive.index import key
from archive.query import And, Dated, Named, Node, Not, OnSite, Words, dated, flagged, needles, parse
from archive.rank import Order, Rank, gather, nearest, weights
from archive.snippets import snippet_of
from pipeline.errors import QueryError
from pipeline.records import Hit

if TYPE_CHECKING:
    from archive.segments import Numbers

LOOKED_UP = 50  # articles whose clusters are read at once while a page is filled
NEAREST = 50  # articles that are offered when nothing has all words
FEW = 2_000  # articles whose clusters are looked up one by one
TITLE_BONUS = 100.0  # shown in the score of a title hit; the order does not come from it

Sort = Literal["relevance", "date"]


@dataclasses.dataclass(frozen=True, slots=True)
class Results:
    """One page of hits. `total` counts all there are (clusters, or articles when expanded)."""

    query: str
    total: int
    hits: list[Hit]
    next: str | None  # the cursor of the page after this one
    at_least: bool = False  # there are more than `total`
    found: Sequence[Found] = ()  # all articles that were found, for the facets
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
    region: str | None = None
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
        if self.region:
            parts.append(Named("region", key(self.region)))
        if self.since or self.until:
            since = dated(str(self.since)).since if self.since else ""
            before = dated(str(self.until)).before if self.until else ""
            parts.append(Dated(since, before))
        return parts

    def narrowing(self, node: Node) -> Node:
        """The query and the filters."""
        parts = self.node()
        return And((node, *parts)) if parts else node


class _Cursor(NamedTuple):
    """Where a page ends, with all that the order goes by: what is archived meanwhile changes no later page."""

    until: int  # the newest article of the first page's time
    weights: tuple[float, ...]
    rank: Rank

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(self).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> _Cursor:
        try:
            until, weights, (tier, score, docid) = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            return cls(int(until), tuple(map(float, weights)), (int(tier), float(score), int(docid)))
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise QueryError("this is no place to go on from; take `next` of the page before") from error


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
    asked = parse(query)
    node = (filters or Filters()).narrowing(asked)
    after = _Cursor.read(cursor) if cursor else None
    newest = after.until if after else _newest(db)
    finder = Finder(db, newest)
    found = gather(finder, node, most, ranked=sort == "relevance")
    weighed = after.weights if after else tuple(weights(finder, node)) if found.counts else ()
    if found.counts and len(weighed) != len(found.counts[0]):
        raise QueryError("this place is of another query; take `next` of the page before")
    order = Order(found, weighed)
    shown = list(itertools.islice(_shown(db, order, after.rank if after else None, expand=expand), limit + 1))
    page = shown[:limit]
    return Results(
        query=query,
        total=most or 0 if found.cut else len(order) - (0 if expand else _copies(db, order.ids)),
        at_least=found.cut,
        found=found.parts,
        hits=_hits(db, page, needles(asked)),
        next=str(_Cursor(newest, weighed, page[-1].rank)) if page and len(shown) > limit else None,
        partial=[] if len(order) else _partial(db, finder, node, needles(asked), limit),
    )


def _newest(db: Database) -> int:
    return int(db.execute("select coalesce(max(id), 0) from articles").fetchone()[0])


def _partial(db: Database, finder: Finder, node: Node, marked: Sequence[str], limit: int) -> list[Hit]:
    """What has some of the words when nothing has all: the rarer and the more the sooner, then the newest."""
    parts = list(_flat(node)) if isinstance(node, And) else []
    words = [part.needle for part in parts if isinstance(part, Words)]
    rest = [part for part in parts if not isinstance(part, Words)]
    if len(words) < 2:
        return []
    best = nearest(finder, words, And(tuple(rest)) if rest else None, NEAREST)
    clusters = _clusters(db, [number for number, _ in best])
    seen: set[int] = set()
    page = []
    for number, score in best:
        if clusters.get(number) not in seen:
            seen |= {clusters[number]} if number in clusters else set()
            page.append(_Shown((1, -score, 0), number, 0))
    pieces = [word[at : at + 2] for word in words if len(word) > 2 for at in range(len(word) - 1)]
    hits = _hits(db, page[:limit], marked)
    return [hit if "«" in hit.snippet else _hits(db, [one], pieces)[0] for hit, one in zip(hits, page, strict=False)]


def _flat(node: And) -> Iterator[Node]:
    """The parts of an And and of those within it."""
    for part in node.parts:
        yield from _flat(part) if isinstance(part, And) else (part,)


def found(db: Database, node: Node, filters: Filters | None = None) -> list[Found]:
    """All articles that a query and its filters let through, by segment."""
    return Finder(db).all((filters or Filters()).narrowing(node))


def found_ids(db: Database, node: Node) -> list[int]:
    """The numbers of all articles that a query finds, rising."""
    ids = joined(found(db, node), lambda stack: stack.columns.ids)
    ids.sort()
    return [int(number) for number in ids]


def _copies(db: Database, ids: Numbers) -> int:
    """How many fewer hits there are when the members of a cluster count as one."""
    import numpy as np

    if db.execute("select 1 from cluster_members limit 1").fetchone() is None:
        return 0
    if len(ids) <= FEW:
        clusters = list(_clusters(db, ids.tolist()).values())
        return len(clusters) - len(set(clusters))
    row = db.execute("select group_concat(article), group_concat(cluster) from cluster_members").fetchone()
    articles, numbers = (np.fromstring(column, np.int64, sep=",") for column in row)
    held = numbers[np.isin(articles, ids)]
    return len(held) - len(np.unique(held))


def _clusters(db: Database, ids: Sequence[int]) -> dict[int, int]:
    sql = "select m.article, m.cluster from json_each(:ids) j cross join cluster_members m on m.article = j.value"
    return dict(db.execute(sql, {"ids": json.dumps(ids)}).fetchall())


class _Shown(NamedTuple):
    """A hit of the page: its place in the order, the article that stands there, and its copies."""

    rank: Rank
    article: int
    copies: int


def _shown(db: Database, order: Order, after: Rank | None, *, expand: bool) -> Iterator[_Shown]:
    """The hits in their order. Collapsed, a cluster stands where its best member does."""
    rest = order.after(after)
    while window := list(itertools.islice(rest, LOOKED_UP)):
        clusters = _clusters(db, [int(order.ids[at]) for at in window])
        for at in window:
            article, rank = int(order.ids[at]), order.rank(at)
            if article not in clusters:
                yield _Shown(rank, article, 0)
                continue
            members = _members(db, clusters[article])
            if expand:
                yield _Shown(rank, article, len(members) - 1)
                continue
            found = [(place, member) for member in members if (place := order.at(member.article)) is not None]
            if rank == min(order.rank(place) for place, _ in found):
                stands = [member.article for _, member in found if member.representative]
                yield _Shown(rank, stands[0] if stands else article, len(members) - 1)


class _Member(NamedTuple):
    article: int
    representative: int  # 1: stands for the cluster


def _members(db: Database, cluster: int) -> list[_Member]:
    rows = db.execute(
        """
        select m.article, m.article = c.representative from cluster_members m join clusters c on c.id = m.cluster
        where m.cluster = :cluster
        """,
        {"cluster": cluster},
    )
    return [_Member(*row) for row in rows]


def _hits(db: Database, page: Sequence[_Shown], marked: Sequence[str]) -> list[Hit]:
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
    finder = Finder(db, until)
    ids = joined(finder.all(node), lambda stack: stack.columns.ids)
    numbers = sorted(ids[ids > after].tolist(), reverse=latest)[:limit]
    marked = needles(node)
    return hits_of(db, [(number, 0.0) for number in numbers], dict.fromkeys(numbers, marked))


def hits_of(db: Database, scored: Sequence[tuple[int, float]], marked: Mapping[int, Sequence[str]]) -> list[Hit]:
    """Hits for articles by number with their scores, each with its own words marked."""
    hits = []
    for number, score in scored:
        row = db.execute(
            """
            select count(*) - 1 from cluster_members own join cluster_members m on m.cluster = own.cluster
            where own.article = :number
            """,
            {"number": number},
        ).fetchone()
        hits += _hits(db, [_Shown((1, -score, 0), number, max(row[0], 0))], marked[number])
    return hits
