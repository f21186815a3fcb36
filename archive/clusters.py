"""Clusters: the copies of one article, the one that stands for them, and what made one of two; all of it on file.

    create_tables(db)
    cluster_of(db, id) -> Cluster | None          members(db, cluster) -> [id, …]
    merges(db, cluster) -> [Merge, …]             what went into it and what was split off, the latest first
    split(db, id) -> Cluster | int                 undo what brought an article into its cluster
    undo(db, event) -> Cluster | int               undo a merge
    apart(db, …) -> bool                           whether a person parted some of these from some of those
    choose_representative(db, cluster)

A cluster is called by the id of the article that founded it. What a person parted stays apart: the articles of either
side are written down, and no cluster ever holds some of both. Nothing here commits.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from pipeline.dedupe import Candidate, representative
from pipeline.errors import ArchiveError
from pipeline.records import Cluster

TABLES = """
create table if not exists text_traits (     -- what of every article counts for standing for its cluster
  article integer primary key,
  length integer not null,               -- characters of the body as compared
  damage integer not null,
  standing integer not null,             -- 1: from the hospital's own host; 2: spam, hijacked or truncated
  published integer                      -- days since 1970
) strict;
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
  undone integer not null default 0      -- 1: a person split them
) strict;
create index if not exists cluster_merges_cluster on cluster_merges(cluster, absorbed);
create table if not exists cluster_partings ( -- who was on either side when a person split a cluster
  event integer not null references cluster_merges(id),
  side integer not null,                 -- 0: stayed, 1: came off
  article integer not null,
  primary key (article, event)
) strict, without rowid;
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Merge:
    """Two clusters that became one: `absorbed`, with its `members`, went into `cluster`, for `bridge` is in both."""

    event: int
    cluster: int
    absorbed: int
    bridge: int
    members: tuple[int, ...]
    undone: bool


def create_tables(db: Database) -> None:
    """Create what is missing of the tables; safe inside a transaction."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)


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


def merges(db: Database, cluster: int) -> list[Merge]:
    """What went into a cluster, or into one that went into it, and what was split off; the latest first."""
    rows = db.execute(
        "select id, cluster, absorbed, bridge, members, undone from cluster_merges where cluster = :cluster "
        "or cluster in (select article from cluster_members where cluster = :cluster) order by id desc",
        {"cluster": cluster},
    )
    return [
        Merge(id, cluster, absorbed, bridge, tuple(json.loads(came)), bool(undone))
        for id, cluster, absorbed, bridge, came, undone in rows
    ]


def note_merge(db: Database, cluster: int, absorbed: int, *, bridge: int, came: Sequence[int]) -> None:
    """Write down that `absorbed` went into `cluster`, so that it can be undone."""
    db.execute(
        "insert into cluster_merges (cluster, absorbed, bridge, members) "
        "values (:cluster, :absorbed, :bridge, :members)",
        {"cluster": cluster, "absorbed": absorbed, "bridge": bridge, "members": json.dumps(list(came))},
    )


def choose_representative(db: Database, cluster: int) -> None:
    """Let the right one of its members stand for a cluster (see `pipeline.dedupe.representative`)."""
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


def any_partings(db: Database) -> bool:
    """Whether anybody ever split a cluster."""
    return db.execute("select 1 from cluster_partings limit 1").fetchone() is not None


def apart(db: Database, some: Iterable[int], others: Iterable[int]) -> bool:
    """Whether a person parted one of these articles from one of those."""
    found = db.execute(
        "select 1 from cluster_partings p join cluster_partings q on q.event = p.event and q.side <> p.side "
        "where p.article in (select value from json_each(:some)) "
        "and q.article in (select value from json_each(:others)) limit 1",
        {"some": json.dumps(list(some)), "others": json.dumps(list(others))},
    )
    return found.fetchone() is not None


def split(db: Database, id: int) -> Cluster | int:
    """Undo what brought an article into its cluster, for good; what came off: a Cluster, or an article that is alone.

    When it came with others, in a merge, they leave together; when it joined by itself, it leaves alone. Raises
    ArchiveError for an article that is in no cluster.
    """
    cluster = cluster_of(db, id)
    if cluster is None:
        raise ArchiveError(f"article {id} is in no cluster; there is nothing to split")
    for merge in merges(db, cluster.id):
        if not merge.undone and id in merge.members:
            return undo(db, merge.event)
    rest = [one for one in cluster.members if one != id]
    cursor = db.execute(
        "insert into cluster_merges (cluster, absorbed, bridge, members, undone) "
        "values (:cluster, :article, :article, :members, 1)",
        {"cluster": rest[0] if id == cluster.id else cluster.id, "article": id, "members": json.dumps([id])},
    )
    _part(db, int(cursor.lastrowid or 0), cluster.id, [id], rest)
    return id


def undo(db: Database, event: int) -> Cluster | int:
    """Undo a merge, for good; what came off: a Cluster, or an article that now stands alone.

    An article that joined after the merge goes to the side that it is more closely related to. Raises ArchiveError for
    a number that is none of a merge, or of one that is undone.
    """
    row = db.execute("select cluster, undone from cluster_merges where id = :event", {"event": event}).fetchone()
    if row is None or row[1]:
        what = "was undone already" if row else "is not there"
        raise ArchiveError(f"merge {event} {what}: ./yixun cluster ID lists the merges of a cluster")
    merge = next(one for one in merges(db, row[0]) if one.event == event)
    held = next((found for one in merge.members if (found := cluster_of(db, one))), None)
    if held is None:
        raise ArchiveError(f"merge {event}: its articles {list(merge.members)} are in no cluster any more")
    leaving = _leaving(db, held.members, merge)
    staying = [one for one in held.members if one not in leaving]
    if not staying:
        raise ArchiveError(f"merge {event} was undone by another split")
    db.execute("update cluster_merges set undone = 1 where id = :event", {"event": event})
    return _part(db, event, held.id, leaving, staying, named=merge.absorbed)


def _leaving(db: Database, held: Sequence[int], merge: Merge) -> list[int]:
    """Who goes with what was absorbed: its members of then, and later ones that are more like them."""
    came = set(merge.members) & set(held)
    later = [one for one in held if one > merge.bridge and one not in came]
    stayed = set(held) - came - set(later)
    for article in later:
        shares = [
            (min(json.loads(evidence)["shared"]), other in came)
            for other, kind, evidence in db.execute(
                "select other, kind, evidence from relations where article = :article "
                "union all select article, kind, evidence from relations where other = :article",
                {"article": article},
            ).fetchall()
            if kind != "sibling" and other in came | stayed
        ]
        (came if shares and max(shares)[1] else stayed).add(article)
    return sorted(came)


def _part(
    db: Database, event: int, cluster: int, leaving: Sequence[int], staying: Sequence[int], *, named: int = 0
) -> Cluster | int:
    """Give either side a cluster of its own, or none when it is one article, and write down that they are parted."""
    db.conn.executemany(
        "insert or ignore into cluster_partings (event, side, article) values (?, ?, ?)",
        [(event, 0, one) for one in staying] + [(event, 1, one) for one in leaving],
    )
    dissolve(db, cluster)
    form(db, leaving, named=named)
    form(db, staying, named=cluster)
    return cluster_of(db, leaving[0]) or leaving[0]


def dissolve(db: Database, cluster: int) -> None:
    """Let every member of a cluster stand alone."""
    db.execute("delete from cluster_members where cluster = :cluster", {"cluster": cluster})
    db.execute("delete from clusters where id = :cluster", {"cluster": cluster})


def form(db: Database, held: Sequence[int], *, named: int = 0) -> None:
    """Make a cluster of articles that stand alone, called `named` when this is one of them; of a single one none."""
    if len(held) < 2:
        return
    cluster = named if named in held else min(held)
    db.execute("insert into clusters (id, representative) values (:id, :id)", {"id": cluster})
    db.conn.executemany(
        "insert into cluster_members (article, cluster) values (?, ?)", [(article, cluster) for article in held]
    )
    choose_representative(db, cluster)
