"""How the articles of the archive relate: their keys, relations and clusters, kept beside them in one database.

In comes an article that was just written (new, or with a changed text) and a way to read earlier ones; out go its
`Relation`s. Everything happens inside the caller's transaction, so that an article and its relations are there together
or not at all.

    create_tables(db)                                     from the migrations; adds nothing that is there already
    relate_many(db, [New(id, article, official)], documents_of=…) -> {id: [Relation, …]}     a batch, the quick way
    relate(db, id, article, documents_of=…, official=…) -> [Relation, …]                     the same for one article
    forget(db, id)                                        an article leaves: keys, relations and membership
    cluster_of(db, id) -> Cluster | None                  members(db, cluster) -> [id, …]
    relations_of(db, id) -> [Relation, …]                 both directions
    merges(db, cluster) -> [Merge, …]                     split(db, cluster, event=None) -> Cluster that came off
    rebuild(db, articles, documents_of=…)                  everything again, in the order of the ids; splits are kept
    verify(db) -> [str, …]                                what does not fit together, as sentences; empty: all is well

`documents_of(ids)` gives for each of these articles its `Document`s (pipeline.documents): one for every text that it
has had, the newest first (the eight newest are enough). With the older texts a copy of last year's wording finds its
article. It is asked for many at once, since preparing them together costs less than half. A changed text is handed to
`relate` with the same id: the new keys are added, the old ones stay.

`db` is a sqlite_utils Database; nothing here commits.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlite_utils import Database

from pipeline.dedupe import (
    BRIDGE,
    WHOLE,
    Candidate,
    Verdict,
    bridges,
    candidate,
    compare,
    day_number,
    may_be_one,
    representative,
)
from pipeline.documents import Document, keys, keys_version, prepare_all
from pipeline.errors import ArchiveError
from pipeline.records import Article, Cluster, Relation

FULL = 64  # articles a key; a key that so many share is a stock phrase: skipped, and no longer extended
VERIFIED = 4  # candidates that are compared, the best ones
SHORT = 300  # characters; a text so short may be the preview of any of many siblings …
VERIFIED_SHORT = 24  # … so more of them are compared, which costs little
SAME = 0.97  # of the length of a text; what is shorter may be a preview of it
TIED = 0.02  # of a preview, between two articles that contain it …
NEAR_DAYS = 14  # … when only one of them was published so near, the preview is of that one
SIBLINGS = 2  # after so many of them candidates are compared only …
ALIKE = 0.9  # … when they have this much of the weight of the first
KNOWN = 1  # sibling after which candidates are compared only when their numbers may be those of the same article
SHARED = 0.15  # of an article's keys, for a candidate …
WEIGHT = 1.0  # … or this much, each shared key counting 1 / (articles that have it)
BATCH = 1000  # articles of a rebuild that are related together
HOT_KEYS = 3_000_000  # rows of text_keys that go to text_keys_cold together: a small table is quick to extend
AHEAD = 250  # new articles whose likely candidates are read together
LOOKED_UP = 20_000  # keys of one query

_TABLES = """
create table if not exists text_keys (
  key integer not null,                  -- 48 bits, see pipeline.documents.keys
  article integer not null,
  primary key (key, article)
) strict, without rowid;
create table if not exists text_keys_cold (  -- the same; where the keys of a large archive end up
  key integer not null,
  article integer not null,
  primary key (key, article)
) strict, without rowid;
create table if not exists text_traits (     -- what of every article counts for standing for its cluster
  article integer primary key,
  length integer not null,               -- characters of the body as compared
  damage integer not null,
  standing integer not null,             -- 1: from the hospital's own host; 2: spam, hijacked or truncated
  published integer                      -- days since 1970
) strict;
create table if not exists relations (       -- a row a pair that was compared and has something in common
  article integer not null,
  other integer not null,                -- an earlier one
  kind text not null check (kind in ('copy', 'excerpt', 'revision', 'sibling')),
  evidence text not null,                -- JSON; shared: of this text and of the other; differs: [what, here, there]
  primary key (article, other)
) strict, without rowid;
create index if not exists relations_other on relations(other);
create table if not exists clusters (        -- of two or more; the id is that of the article that founded it
  id integer primary key,
  representative integer not null
) strict;
create table if not exists cluster_members (
  article integer primary key,
  cluster integer not null references clusters(id)
) strict;
create index if not exists cluster_members_cluster on cluster_members(cluster);
create table if not exists cluster_merges (  -- what became one, so that it can be undone
  id integer primary key,
  cluster integer not null,
  absorbed integer not null,             -- the cluster, or the single article, that went into it
  bridge integer not null,               -- the article that is linked to both
  members text not null,                 -- JSON: the articles that came with it
  undone integer not null default 0      -- 1: a person split them; they are never joined again
) strict;
create index if not exists cluster_merges_cluster on cluster_merges(cluster, absorbed);
create table if not exists relation_settings (name text primary key, value text not null) strict;
"""

DocumentsOf = Callable[[Sequence[int]], Mapping[int, Sequence[Document]]]


@dataclasses.dataclass(frozen=True, slots=True)
class New:
    """An article that was just written, or given another text.

    `official`: it stands on its hospital's own host. `changed`: it has had other texts, also in this very batch, so
    that `documents_of` is asked for them; False spares that; None: unknown, so it is asked.
    """

    id: int
    article: Article
    official: bool = False
    changed: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Merge:
    """Two clusters that became one: `absorbed`, with its `members`, went into `cluster`, for `bridge` is in both."""

    event: int
    cluster: int
    absorbed: int
    bridge: int
    members: tuple[int, ...]
    undone: bool


class _Link(NamedTuple):
    other: int
    verdict: Verdict
    document: Document  # the text of `other` that was compared


def create_tables(db: Database) -> None:
    """Create what is missing of the tables; safe inside a transaction."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)


def relate(
    db: Database, id: int, article: Article, *, documents_of: DocumentsOf, official: bool = False
) -> list[Relation]:
    """Relate one article to the earlier ones. See `relate_many`."""
    return relate_many(db, [New(id, article, official)], documents_of=documents_of)[id]


def relate_many(db: Database, new: Sequence[New], *, documents_of: DocumentsOf) -> dict[int, list[Relation]]:
    """Relate articles to those before them, also to those before them in the same batch; the relations found, by id.

    An id that is known already has got another text: `documents_of` is asked for all that it had, and its keys are
    added to. Raises ArchiveError when the stored keys are of another scheme.
    """
    _check_version(db)
    step = _Step(db, documents_of)
    found = step.run(new)
    step.finish()
    return found


def _check_version(db: Database) -> None:
    version = _setting(db, "keys_version")
    if version is None:
        _set(db, "keys_version", keys_version())
    elif version != keys_version():
        raise ArchiveError(
            f"the keys of the archive are of version {version}, this is {keys_version()}: run ./yixun dedupe --rebuild"
        )


def _setting(db: Database, name: str) -> str | None:
    row = db.execute("select value from relation_settings where name = :name", {"name": name}).fetchone()
    return row[0] if row else None


def _set(db: Database, name: str, value: str) -> None:
    db.execute(
        "insert into relation_settings (name, value) values (:name, :value) "
        "on conflict (name) do update set value = excluded.value",
        {"name": name, "value": value},
    )


class _Step:
    """One batch: what was read and what is still to be written."""

    def __init__(self, db: Database, documents_of: DocumentsOf) -> None:
        self.db = db
        self.documents_of = documents_of
        self.documents: dict[int, list[Document]] = {}
        self.postings: dict[int, list[int]] = {}  # every key of the batch: the articles that have it
        self.keys: list[tuple[int, int]] = []  # to be written
        self.relations: dict[tuple[int, int], tuple[str, str]] = {}
        self.clusters: dict[int, int] = {}  # read or changed in this batch
        self.joined: dict[int, int] = {}  # to be written
        self.dirty: set[int] = set()  # clusters whose representative is to be chosen anew
        self.lengths: dict[int, int] = {}  # of the bodies of this batch
        self.longest: dict[int, tuple[int, int]] = {}  # of a cluster: characters, minus the article

    def run(self, new: Sequence[New]) -> dict[int, list[Relation]]:
        known = self._known([one.id for one in new])
        self._prepare(new, known)
        texts = {one.id: [keys(document) for document in self.documents[one.id]] for one in new}
        self._look_up({key for some in texts.values() for text in some for key in text})
        self.db.conn.executemany(
            "insert into text_traits (article, length, damage, standing, published) values (?, ?, ?, ?, ?) "
            "on conflict (article) do update set length = excluded.length, damage = excluded.damage, "
            "standing = excluded.standing, published = excluded.published",
            [_traits(candidate(one.id, self.documents[one.id][0], official=one.official)) for one in new],
        )
        found: dict[int, list[Relation]] = {}
        for start in range(0, len(new), AHEAD):
            some = new[start : start + AHEAD]
            self._fetch(self._likely(some, texts))
            for one in some:
                documents = self.documents[one.id]
                self.lengths[one.id] = len(documents[0].body)
                found[one.id] = self._relate(one, documents, texts[one.id], again=one.id in known)
        return found

    def _prepare(self, new: Sequence[New], known: set[int]) -> None:
        """Prepare the texts of the batch, together; those of articles that have had others are read."""
        self._fetch([one.id for one in new if one.id in known or one.changed is not False])
        fresh = [one for one in new if not self.documents.get(one.id)]
        for one, document in zip(fresh, prepare_all(one.article for one in fresh), strict=True):
            self.documents[one.id] = [document]

    def _fetch(self, wanted: Iterable[int]) -> None:
        """Read and prepare these articles, those of them that are not here yet."""
        missing = [article for article in wanted if article not in self.documents]
        if missing:
            for article, documents in self.documents_of(missing).items():
                self.documents[article] = list(documents)

    def _likely(self, new: Sequence[New], texts: Mapping[int, Sequence[tuple[int, ...]]]) -> list[int]:
        """The articles that these will mostly be compared with, ascending: read together they cost half."""
        likely: set[int] = set()
        for one in new:
            for document, text in zip(self.documents[one.id], texts[one.id], strict=True):
                ranked = self._ranked(one.id, text, len(document.body))
                likely.update(
                    other
                    for place, (other, weight) in enumerate(ranked)
                    if place < SIBLINGS or weight >= ALIKE * ranked[0][1]
                )
        return sorted(likely)

    def finish(self) -> None:
        """Write what the batch found."""
        self._flush()
        for cluster in self.dirty:
            _choose_representative(self.db, cluster)
        _cool(self.db, len(self.keys))

    def _flush(self) -> None:
        many = self.db.conn.executemany
        many("insert or ignore into text_keys (key, article) values (?, ?)", sorted(self.keys))
        many(
            "insert into relations (article, other, kind, evidence) values (?, ?, ?, ?) "
            "on conflict (article, other) do update set kind = excluded.kind, evidence = excluded.evidence",
            [(article, other, kind, text) for (article, other), (kind, text) in sorted(self.relations.items())],
        )
        self._write_members()

    def _write_members(self) -> None:
        fresh = {cluster for article, cluster in self.joined.items()}
        many = self.db.conn.executemany
        many("insert or ignore into clusters (id, representative) values (?, ?)", [(one, one) for one in sorted(fresh)])
        many(
            "insert into cluster_members (article, cluster) values (?, ?) "
            "on conflict (article) do update set cluster = excluded.cluster",
            sorted(self.joined.items()),
        )
        self.joined.clear()

    def _known(self, ids: Sequence[int]) -> set[int]:
        rows = self.db.execute(
            "select article from text_traits where article in (select value from json_each(:ids))",
            {"ids": json.dumps(ids)},
        )
        return {row[0] for row in rows}

    def _look_up(self, wanted: set[int]) -> None:
        """Read the articles of every key of the batch at once: sorted, each page of the table is read once."""
        ordered = sorted(wanted)
        self.postings = {key: [] for key in ordered}
        postings = self.postings
        cold = self.db.execute("select 1 from text_keys_cold limit 1").fetchone() is not None
        for table in ("text_keys", "text_keys_cold") if cold else ("text_keys",):
            for start in range(0, len(ordered), LOOKED_UP):
                rows = self.db.execute(
                    f"select k.key, k.article from json_each(:keys) cross join {table} k on k.key = value",  # noqa: S608
                    {"keys": json.dumps(ordered[start : start + LOOKED_UP])},
                )
                for key, article in rows:
                    postings[key].append(article)

    def _texts(self, article: int) -> list[Document]:
        self._fetch([article])
        return self.documents[article]

    def _cluster(self, article: int) -> int:
        """The cluster of an article; one that stands alone is its own."""
        cluster = self.clusters.get(article)
        if cluster is None:
            row = self.db.execute("select cluster from cluster_members where article = ?", [article]).fetchone()
            cluster = self.clusters[article] = row[0] if row else article
        return cluster

    def _relate(
        self, one: New, documents: list[Document], texts: list[tuple[int, ...]], *, again: bool
    ) -> list[Relation]:
        links: dict[int, _Link] = {}
        for document, text in zip(documents, texts, strict=True):
            for link in self._verified(one, document, text):
                held = links.get(link.other)
                if held is None or (link.verdict.linked, link.verdict.share_new) > (
                    held.verdict.linked,
                    held.verdict.share_new,
                ):
                    links[link.other] = link
        found = sorted(links.values(), key=lambda link: link.other)
        for link in found:
            self._keep(one.id, link)
        self._place(one.id, found, documents[0].published_at, again=again)
        # the hospital's own page is always indexed: its later versions are told by its site
        if one.official or len(texts) > 1 or not any(_covers(link, documents[0]) for link in found):
            for text in texts:
                self._index(one.id, text)
        return [Relation(kind=link.verdict.kind, id=link.other, evidence=link.verdict.evidence()) for link in found]

    def _keep(self, article: int, link: _Link) -> None:
        """A row a pair: under the later article, whichever of the two was related last."""
        pair, verdict = (article, link.other), link.verdict
        evidence = verdict.evidence()
        if link.other > article:
            pair, evidence = (link.other, article), _turned(evidence)
        self.relations[pair] = (verdict.kind, json.dumps(evidence, ensure_ascii=False, separators=(",", ":")))

    def _index(self, article: int, text: Iterable[int]) -> None:
        for key in text:
            held = self.postings[key]
            if len(held) < FULL and article not in held:
                held.append(article)
                self.keys.append((key, article))

    def _ranked(self, article: int, text: tuple[int, ...], length: int) -> list[tuple[int, float]]:
        """The articles that share most with these keys, with their weights; the earlier first among equals."""
        lists = [held for key in text if 0 < len(held := self.postings[key]) < FULL]
        shared = Counter(itertools.chain.from_iterable(lists))
        del shared[article]
        if not shared:
            return []
        least = SHARED * len(text)
        # who shares one key only, and not alone, has neither the share nor the weight
        several = {other for other, count in shared.items() if count > 1 or count >= least}
        several |= {held[0] for held in lists if len(held) == 1 and held[0] != article}
        weights = dict.fromkeys(several, 0.0)
        for held in lists:
            weight = 1 / len(held)
            for other in several.intersection(held):
                weights[other] += weight
        able = [(-weight, other) for other, weight in weights.items() if weight >= WEIGHT or shared[other] >= least]
        able.sort()
        return [(other, -weight) for weight, other in able[: VERIFIED if length > SHORT else VERIFIED_SHORT]]

    def _verified(self, one: New, document: Document, text: tuple[int, ...]) -> Iterator[_Link]:
        siblings = 0
        ranked = self._ranked(one.id, text, len(document.body))
        for other, weight in ranked:
            if siblings >= SIBLINGS and weight < ALIKE * ranked[0][1] and len(document.body) > SHORT:
                return  # one of a series: the one that it copies would have shared more keys than they do
            link = self._compared(document, other, hopeful=siblings >= KNOWN)
            if link is None:
                continue
            yield link
            if link.verdict.kind == "copy" and link.verdict.whole and not one.official:
                return  # what else could be said of it was said of that one (but of versions on one site)
            siblings += not link.verdict.linked

    def _compared(self, document: Document, other: int, *, hopeful: bool) -> _Link | None:
        """The verdict on the text of the other that is most like this one.

        `hopeful`: enough siblings are known, so that only what may be the same article is worth comparing.
        """
        best: _Link | None = None
        for text in self._texts(other):
            if hopeful and not may_be_one(document, text):
                continue
            verdict = compare(document, text)
            if verdict is None:
                continue
            if best is None or (verdict.linked, verdict.share_old) > (best.verdict.linked, best.verdict.share_old):
                best = _Link(other, verdict, text)
            if verdict.linked:
                break
        return best

    def _place(self, article: int, links: list[_Link], published: str | None, *, again: bool) -> None:
        """Let the article join the cluster that it belongs to, and make one of those that it bridges."""
        own = self._cluster(article) if again else article
        self.clusters[article] = own
        apart: dict[int, int] = {}  # the clusters of its siblings: characters of the longest sibling
        for link in links:
            if not link.verdict.linked:
                cluster = self._cluster(link.other)
                apart[cluster] = max(apart.get(cluster, 0), len(link.document.body))
        able = [link for link in links if link.verdict.linked and not self._is_part(article, link, apart)]
        able.sort(key=lambda link: (-min(link.verdict.share_new, link.verdict.share_old), -link.verdict.share_old))
        first: _Link | None = None
        for link in self._unambiguous(able, published):
            cluster, target = self._cluster(link.other), self._cluster(article)
            if cluster == target:
                first = first or link
            elif first is None and not again:
                if not self._parted(cluster, article):
                    self._join(article, cluster)
                    first = link
            elif (first is None and link.verdict.share_old >= BRIDGE and link.verdict.share_new >= BRIDGE) or (
                first is not None and bridges(first.verdict, link.verdict)
            ):
                corrected = "revision" in (link.verdict.kind, first.verdict.kind if first else "")
                if self._parted(cluster, target) or (not corrected and self._siblings(cluster, target)):
                    continue  # copies of two versions differ like siblings; the versions themselves bring them together
                self._merge(cluster, target, bridge=article)
                first = first or link

    def _unambiguous(self, links: list[_Link], published: str | None) -> list[_Link]:
        """Leave out the links of a preview that two clusters contain, unless the dates speak for one of them."""
        best = links[0] if links else None
        if best is None or best.verdict.share_old >= SAME:
            return links
        rivals = [link for link in links if link.verdict.share_new >= best.verdict.share_new - TIED]
        if len({self._cluster(link.other) for link in rivals}) < 2:
            return links
        days = sorted((_days_apart(link.document.published_at, published), link.other) for link in rivals)
        if not days[0][0] <= NEAR_DAYS < days[1][0]:
            return []
        return [link for link in rivals if link.other == days[0][1]]

    def _join(self, article: int, cluster: int) -> None:
        self.clusters[article] = self.joined[article] = cluster
        self.clusters[cluster] = self.joined.setdefault(cluster, cluster)
        self.dirty.add(cluster)
        if cluster in self.longest:
            self.longest[cluster] = max(self.longest[cluster], (self.lengths[article], -article))

    def _parted(self, one: int, other: int) -> bool:
        """Whether a person split these two."""
        found = self.db.execute(
            "select 1 from cluster_merges where undone and cluster in (:one, :other) and absorbed in (:one, :other)",
            {"one": one, "other": other},
        )
        return found.fetchone() is not None

    def _is_part(self, article: int, link: _Link, apart: Mapping[int, int]) -> bool:
        """Whether this is a preview in the cluster of a sibling: what the siblings share does not make them one."""
        size, whole = len(link.document.body), self.lengths[article]
        cluster = self._cluster(link.other)
        if cluster in apart:
            return size < SAME * min(whole, apart[cluster])
        if size >= SAME * whole or cluster == self._cluster(article):
            return False
        longest = self._longest_of(cluster)
        if longest in (link.other, article) or size >= SAME * min(whole, self.longest[cluster][0]):
            return False
        return self._differ(article, longest)

    def _longest_of(self, cluster: int) -> int:
        """The member of a cluster with the longest body."""
        held = self.longest.get(cluster)
        if held is None:
            self._write_members()
            row = self.db.execute(
                "select max(t.length), -min(t.article) from cluster_members m join text_traits t "
                "on t.article = m.article where m.cluster = :cluster group by t.length order by t.length desc limit 1",
                {"cluster": cluster},
            ).fetchone()
            held = self.longest[cluster] = row or (0, -cluster)
        return -held[1]

    def _siblings(self, one: int, other: int) -> bool:
        """Whether the longest texts of two clusters are known to be different articles of one template."""
        return self._differ(self._longest_of(one), self._longest_of(other))

    def _differ(self, one: int, other: int) -> bool:
        """Whether two articles are siblings in every text that they had."""
        verdicts = [compare(text, second) for text in self._texts(one) for second in self._texts(other)]
        found = [verdict.linked for verdict in verdicts if verdict is not None]
        return bool(found) and not any(found)

    def _merge(self, one: int, other: int, *, bridge: int) -> None:
        """Make one cluster of two, under the name of the older, and write down what can be undone."""
        self._write_members()
        kept, gone = min(one, other), max(one, other)
        came = members(self.db, gone) or [gone]
        if came != [bridge]:  # joining is no merge
            self.db.execute(
                "insert into cluster_merges (cluster, absorbed, bridge, members) "
                "values (:cluster, :absorbed, :bridge, :members)",
                {"cluster": kept, "absorbed": gone, "bridge": bridge, "members": json.dumps(came)},
            )
        for article in came:
            self.clusters[article] = self.joined[article] = kept
        self.joined.setdefault(kept, kept)
        self._write_members()
        self.db.execute("delete from clusters where id = :id", {"id": gone})
        self.longest.pop(kept, None)
        self.dirty.discard(gone)
        self.dirty.add(kept)


def _covers(link: _Link, document: Document) -> bool:
    """Whether whoever is looking for this document finds the other one, too, and can compare with it as well."""
    verdict = link.verdict
    return (
        verdict.kind in ("copy", "excerpt") and verdict.share_new >= WHOLE and link.document.damage <= document.damage
    )


def _days_apart(one: str | None, other: str | None) -> int:
    """Days between two dates; very many when one is unknown."""
    days = [day_number(date) for date in (one, other)]
    return 1 << 30 if days[0] is None or days[1] is None else abs(days[0] - days[1])


def _turned(evidence: dict[str, Any]) -> dict[str, Any]:
    """The same evidence, seen from the other article."""
    turned = dict(evidence)
    turned["shared"] = evidence["shared"][::-1]
    if "differs" in evidence:
        words = {"added": "missing", "missing": "added"}
        turned["differs"] = [[words.get(what, what), there, here] for what, here, there in evidence["differs"]]
    return turned


def _traits(one: Candidate) -> tuple[int, int, int, int, int | None]:
    return one.id, one.length, one.damage, int(one.official) + 2 * int(one.spoiled), one.published


def _choose_representative(db: Database, cluster: int) -> None:
    rows = db.execute(
        "select t.article, t.length, t.standing, t.damage, t.published from cluster_members m "
        "join text_traits t on t.article = m.article where m.cluster = :cluster",
        {"cluster": cluster},
    ).fetchall()
    candidates = [
        Candidate(id, length, bool(standing & 1), bool(standing & 2), damage, published)
        for id, length, standing, damage, published in rows
    ]
    if candidates:
        db.execute(
            "update clusters set representative = :representative where id = :cluster",
            {"representative": representative(candidates), "cluster": cluster},
        )


def _cool(db: Database, added: int) -> None:
    """Move the keys of a table that has grown large to the one of the old ones, in their order."""
    count = int(_setting(db, "hot_keys") or 0) + added
    if count >= HOT_KEYS:
        db.execute("insert or ignore into text_keys_cold select key, article from text_keys order by key, article")
        db.execute("delete from text_keys")
        count = 0
    if added:
        _set(db, "hot_keys", str(count))


def members(db: Database, cluster: int) -> list[int]:
    """The articles of a cluster, ascending; empty for what is no cluster."""
    rows = db.execute("select article from cluster_members where cluster = :cluster order by 1", {"cluster": cluster})
    return [row[0] for row in rows]


def cluster_of(db: Database, id: int) -> Cluster | None:
    """The cluster that an article belongs to, or None when it stands alone."""
    row = db.execute(
        "select c.id, c.representative from cluster_members m join clusters c on c.id = m.cluster "
        "where m.article = :id",
        {"id": id},
    ).fetchone()
    return Cluster(id=row[0], representative=row[1], members=tuple(members(db, row[0]))) if row else None


def relations_of(db: Database, id: int) -> list[Relation]:
    """Every relation of an article, also those of later ones to it; seen from this one, in the order of the ids."""
    here = db.execute("select other, kind, evidence from relations where article = :id", {"id": id}).fetchall()
    there = db.execute("select article, kind, evidence from relations where other = :id", {"id": id}).fetchall()
    found = [Relation(kind=kind, id=other, evidence=json.loads(text)) for other, kind, text in here]
    found += [Relation(kind=kind, id=other, evidence=_turned(json.loads(text))) for other, kind, text in there]
    return sorted(found, key=lambda relation: relation.id)


def merges(db: Database, cluster: int) -> list[Merge]:
    """What went into a cluster and what was split off, the latest first."""
    rows = db.execute(
        "select id, cluster, absorbed, bridge, members, undone from cluster_merges where cluster = :cluster "
        "order by id desc",
        {"cluster": cluster},
    )
    return [
        Merge(id, cluster, absorbed, bridge, tuple(json.loads(came)), bool(undone))
        for id, cluster, absorbed, bridge, came, undone in rows
    ]


def split(db: Database, cluster: int, *, event: int | None = None, article: int | None = None) -> Cluster | int:
    """Undo a merge (the latest, or the one of this number), or take one article out; what came off is returned.

    That is a Cluster, or the id of an article that now stands alone. The two are never joined again, also not by a
    rebuild. An article that joined after the merge goes to the side that it is more closely related to. Raises
    ArchiveError when there is nothing to undo.
    """
    if not members(db, cluster):
        raise ArchiveError(f"there is no cluster {cluster}: ./yixun show ID names the cluster of an article")
    if article is not None:
        return _take_out(db, cluster, article)
    able = [one for one in merges(db, cluster) if not one.undone and event in (None, one.event)]
    if not able:
        raise ArchiveError(f"cluster {cluster} has no such merge to undo: name an article that should leave it")
    merge = able[0]
    leaving = _leaving(db, cluster, merge)
    db.execute("update cluster_merges set undone = 1 where id = :id", {"id": merge.event})
    return _part(db, cluster, merge.absorbed, leaving)


def _take_out(db: Database, cluster: int, article: int) -> int:
    held = members(db, cluster)
    if article not in held:
        raise ArchiveError(f"article {article} is not in cluster {cluster}")
    rest = [one for one in held if one != article]
    db.execute(
        "insert into cluster_merges (cluster, absorbed, bridge, members, undone) "
        "values (:cluster, :article, :article, :members, 1)",
        {"cluster": cluster if article != cluster else rest[0], "article": article, "members": json.dumps([article])},
    )
    if article == cluster:
        _part(db, cluster, rest[0], rest)
    else:
        _part(db, cluster, article, [article])
    return article


def _leaving(db: Database, cluster: int, merge: Merge) -> list[int]:
    """Who goes with what was absorbed: its members of then, and later ones that are more like them."""
    held = members(db, cluster)
    came = set(merge.members) & set(held)
    later = [one for one in held if one > merge.bridge and one not in came]
    stayed = set(held) - came - set(later)
    for article in later:
        shares = [
            (min(found.evidence["shared"]), found.id in came)
            for found in relations_of(db, article)
            if found.kind != "sibling" and found.id in came | stayed
        ]
        (came if shares and max(shares)[1] else stayed).add(article)
    return sorted(came)


def _part(db: Database, cluster: int, named: int, leaving: Sequence[int]) -> Cluster | int:
    """Give `leaving` a cluster of their own, called `named`, or none when it is one article."""
    for article in leaving:
        db.execute("delete from cluster_members where article = :article", {"article": article})
    if len(leaving) > 1:
        _form(db, named if named in leaving else min(leaving), leaving)
    rest = members(db, cluster)
    if len(rest) == 1:
        db.execute("delete from cluster_members where cluster = :cluster", {"cluster": cluster})
    if len(rest) < 2:
        db.execute("delete from clusters where id = :cluster", {"cluster": cluster})
    else:
        _choose_representative(db, cluster)
    return cluster_of(db, leaving[0]) or leaving[0]


def _form(db: Database, cluster: int, held: Sequence[int]) -> None:
    db.execute("insert into clusters (id, representative) values (:id, :id)", {"id": cluster})
    for article in held:
        db.execute(
            "insert into cluster_members (article, cluster) values (:article, :cluster)",
            {"article": article, "cluster": cluster},
        )
    _choose_representative(db, cluster)


def forget(db: Database, id: int) -> None:
    """Take an article out of keys, relations and clusters. Reads the whole table of keys: not for many at once."""
    found = cluster_of(db, id)
    for statement in (
        "delete from text_keys where article = :id",
        "delete from text_keys_cold where article = :id",
        "delete from text_traits where article = :id",
        "delete from relations where article = :id",
        "delete from relations where other = :id",
        "delete from cluster_members where article = :id",
    ):
        db.execute(statement, {"id": id})
    if found is None:
        return
    rest = [one for one in found.members if one != id]
    db.execute("delete from cluster_members where cluster = :cluster", {"cluster": found.id})
    db.execute("delete from clusters where id = :cluster", {"cluster": found.id})
    if len(rest) > 1:
        _form(db, found.id if found.id in rest else rest[0], rest)


def rebuild(db: Database, articles: Iterable[New], *, documents_of: DocumentsOf, batch: int = BATCH) -> int:
    """Make all keys, relations and clusters again, from the articles in the order of their ids; how many there were.

    What a person split stays split. Afterwards the keys are of this version.
    """
    for table in ("text_keys", "text_keys_cold", "text_traits", "relations", "cluster_members", "clusters"):
        db.execute(f"delete from {table}")  # noqa: S608  names from above
    db.execute("delete from cluster_merges where not undone")
    _set(db, "keys_version", keys_version())
    _set(db, "hot_keys", "0")
    count = 0
    waiting: list[New] = []
    for one in articles:
        waiting.append(one)
        count += 1
        if len(waiting) >= batch:
            relate_many(db, waiting, documents_of=documents_of)
            waiting = []
    if waiting:
        relate_many(db, waiting, documents_of=documents_of)
    return count


_PROBLEMS = (
    (
        "select m.article from cluster_members m left join text_traits t on t.article = m.article "
        "where t.article is null",
        "article {} is in a cluster but was never related",
    ),
    (
        "select m.article from cluster_members m left join clusters c on c.id = m.cluster where c.id is null",
        "article {} is in a cluster that is not there",
    ),
    (
        "select c.id from clusters c left join cluster_members m on m.article = c.representative and m.cluster = c.id "
        "where m.article is null",
        "the representative of cluster {} is not one of its members",
    ),
    (
        "select c.id from clusters c where (select count(*) from cluster_members m where m.cluster = c.id) < 2",
        "cluster {} has fewer than two members",
    ),
    (
        "select r.article from relations r left join text_traits t on t.article = r.article "
        "left join text_traits o on o.article = r.other where t.article is null or o.article is null",
        "a relation of article {} leads to one that is not there",
    ),
    (
        "select distinct k.article from text_keys k left join text_traits t on t.article = k.article "
        "where t.article is null",
        "keys of article {} are left over",
    ),
)
PROBLEMS_SHOWN = 20  # of each sort


def verify(db: Database) -> list[str]:
    """What does not fit together in keys, relations and clusters, a sentence each; empty when all is well."""
    found = []
    version = _setting(db, "keys_version")
    if version not in (None, keys_version()):
        found.append(f"the keys are of version {version}, not {keys_version()}: run ./yixun dedupe --rebuild")
    for query, sentence in _PROBLEMS:
        rows = db.execute(f"{query} limit {PROBLEMS_SHOWN}")
        found += [sentence.format(row[0]) for row in rows]
    return found


__all__ = [
    "Merge",
    "New",
    "cluster_of",
    "create_tables",
    "forget",
    "members",
    "merges",
    "rebuild",
    "relate",
    "relate_many",
    "relations_of",
    "split",
    "verify",
]
