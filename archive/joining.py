"""Joining: which cluster an article belongs to, and which clusters it makes one.

In go the links of an article, found by comparing it with its candidates; out come changes of the clusters
(`archive.clusters`), written when the batch ends. A cluster is a star: an article joins the one that it is most like.
Two clusters become one only through an article that has most of what either says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from archive import clusters
from pipeline.dedupe import BRIDGE, Verdict, bridges, compare, day_number
from pipeline.documents import Document

SAME = 0.97  # of the length of a text; what is shorter may be a preview of it
TIED = 0.02  # of a preview, between two articles that contain it …
NEAR_DAYS = 14  # … when only one of them was published so near, the preview is of that one


class Link(NamedTuple):
    """What comparing an article with another one gave."""

    other: int
    verdict: Verdict
    document: Document  # the text of `other` that was compared


class Joining:
    """The clusters of one batch: those that were read, and what is to be written."""

    def __init__(self, db: Database, texts: Callable[[int], Sequence[Document]]) -> None:
        self.db = db
        self.texts = texts  # every text that an article had
        self.clusters: dict[int, int] = {}  # by article, read or changed in this batch
        self.joined: dict[int, int] = {}  # to be written
        self.dirty: set[int] = set()  # clusters whose representative is to be chosen anew
        self.lengths: dict[int, int] = {}  # of the bodies of this batch
        self.longest: dict[int, tuple[int, int]] = {}  # of a cluster: characters, minus the article
        self.sizes: dict[int, int] = {}  # of a cluster: its members
        self.partings = clusters.any_partings(db)

    def place(self, article: int, document: Document, links: Sequence[Link], *, again: bool) -> None:
        """Let the article join the cluster that it belongs to, and make one of those that it bridges.

        `again`: it was placed before, and has got another text.
        """
        self.lengths[article] = len(document.body)
        if not again:
            self.clusters[article] = article
        beside: dict[int, int] = {}  # the clusters of its siblings: characters of the longest sibling
        for link in links:
            if not link.verdict.linked:
                cluster = self.cluster(link.other)
                beside[cluster] = max(beside.get(cluster, 0), len(link.document.body))
        able = [link for link in links if link.verdict.linked and not self._is_part(article, link, beside)]
        able.sort(key=lambda link: (-min(link.verdict.share_new, link.verdict.share_old), -link.verdict.share_old))
        first: Link | None = None
        for link in self._unambiguous(able, document.published_at):
            cluster, own = self.cluster(link.other), self.cluster(article)
            if cluster == own:
                first = first or link
            elif first is None and not again:
                if not self._apart(cluster, article):
                    self._join(article, cluster)
                    first = link
            elif (first is None and link.verdict.share_old >= BRIDGE and link.verdict.share_new >= BRIDGE) or (
                first is not None and bridges(first.verdict, link.verdict)
            ):
                corrected = "revision" in (link.verdict.kind, first.verdict.kind if first else "")
                if self._apart(cluster, own) or (not corrected and self._siblings(cluster, own)):
                    continue  # copies of two versions differ like siblings; the versions themselves bring them together
                self._merge(cluster, own, bridge=article)
                first = first or link

    def cluster(self, article: int) -> int:
        """The cluster of an article; one that stands alone is its own."""
        cluster = self.clusters.get(article)
        if cluster is None:
            row = self.db.execute("select cluster from cluster_members where article = ?", [article]).fetchone()
            cluster = self.clusters[article] = row[0] if row else article
        return cluster

    def size(self, article: int) -> int:
        """How many articles are in the cluster of this one."""
        cluster = self.cluster(article)
        if cluster not in self.sizes:
            self.sizes[cluster] = len(self._members(cluster))
        return self.sizes[cluster]

    def write(self) -> None:
        """Write who joined whom, and who stands for the clusters that changed."""
        self._write_members()
        for cluster in sorted(self.dirty):
            clusters.choose_representative(self.db, cluster)

    def _write_members(self) -> None:
        fresh = sorted(set(self.joined.values()))
        many = self.db.conn.executemany
        many("insert or ignore into clusters (id, representative) values (?, ?)", [(one, one) for one in fresh])
        many(
            "insert into cluster_members (article, cluster) values (?, ?) "
            "on conflict (article) do update set cluster = excluded.cluster",
            sorted(self.joined.items()),
        )
        self.joined.clear()

    def _unambiguous(self, links: list[Link], published: str | None) -> list[Link]:
        """Leave out the links of a preview that two clusters contain, unless the dates speak for one of them."""
        best = links[0] if links else None
        if best is None or best.verdict.share_old >= SAME:
            return links
        rivals = [link for link in links if link.verdict.share_new >= best.verdict.share_new - TIED]
        if len({self.cluster(link.other) for link in rivals}) < 2:
            return links
        days = sorted((_days_apart(link.document.published_at, published), link.other) for link in rivals)
        if not days[0][0] <= NEAR_DAYS < days[1][0]:
            return []
        return [link for link in rivals if link.other == days[0][1]]

    def _join(self, article: int, cluster: int) -> None:
        self.clusters[article] = self.joined[article] = cluster
        self.clusters[cluster] = self.joined.setdefault(cluster, cluster)
        self.dirty.add(cluster)
        if cluster in self.sizes:
            self.sizes[cluster] += 1
        if cluster in self.longest:
            self.longest[cluster] = max(self.longest[cluster], (self.lengths[article], -article))

    def _apart(self, one: int, other: int) -> bool:
        """Whether a person parted somebody of one cluster from somebody of the other."""
        return self.partings and clusters.apart(self.db, self._members(one), self._members(other))

    def _members(self, cluster: int) -> list[int]:
        if self.joined:
            self._write_members()
        return clusters.members(self.db, cluster) or [cluster]

    def _is_part(self, article: int, link: Link, beside: Mapping[int, int]) -> bool:
        """Whether this is a preview in the cluster of a sibling: what the siblings share does not make them one."""
        size, whole = len(link.document.body), self.lengths[article]
        cluster = self.cluster(link.other)
        if cluster in beside:
            return size < SAME * min(whole, beside[cluster])
        if size >= SAME * whole or cluster == self.cluster(article):
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
        verdicts = [compare(text, second) for text in self.texts(one) for second in self.texts(other)]
        found = [verdict.linked for verdict in verdicts if verdict is not None]
        return bool(found) and not any(found)

    def _merge(self, one: int, other: int, *, bridge: int) -> None:
        """Make one cluster of two, under the name of the older, and write down what can be undone."""
        kept, gone = min(one, other), max(one, other)
        came = self._members(gone)
        if came != [bridge]:  # joining is no merge
            clusters.note_merge(self.db, kept, gone, bridge=bridge, came=came)
        for article in came:
            self.clusters[article] = self.joined[article] = kept
        self.joined.setdefault(kept, kept)
        self.clusters[kept] = kept
        self._write_members()
        self.db.execute("delete from clusters where id = :id", {"id": gone})
        self.longest.pop(kept, None)
        self.sizes.pop(kept, None)
        self.dirty.discard(gone)
        self.dirty.add(kept)


def _days_apart(one: str | None, other: str | None) -> int:
    """Days between two dates; very many when one is unknown."""
    days = [day_number(date) for date in (one, other)]
    return 1 << 30 if days[0] is None or days[1] is None else abs(days[0] - days[1])
