"""How the articles of the archive relate: their keys, relations and clusters, kept beside them in one database.

In comes an article that was just written (new, or with a changed text) and a way to read earlier ones; out go its
`Relation`s. Everything happens inside the caller's transaction, so that an article and its relations are there together
or not at all.

    create_tables(db)                                     from the migrations; adds nothing that is there already
    relate_many(db, [New(id, article, official)], documents_of=…) -> {id: [Relation, …]}     a batch, the quick way
    relate(db, id, article, documents_of=…, official=…) -> [Relation, …]                     the same for one article
    forget(db, id)                                        an article leaves: keys, relations and membership
    relations_of(db, id) -> [Relation, …]                 both directions
    begin_rebuild(db)  rebuild_batch(db, new, …)          everything again, in the order of the ids; splits are kept
    verify(db) -> [str, …]                                what does not fit together, as sentences; empty: all is well

Which earlier articles are compared is the business of `archive.candidates`, which cluster an article joins that of
`archive.joining`, and what a cluster is that of `archive.clusters`.

`documents_of(ids)` gives for each of these articles its `Document`s (pipeline.documents): one for every text that it
has had, the newest first (the eight newest are enough). With the older texts a copy of last year's wording finds its
article. It is asked for many at once, since preparing them together costs less than half. A changed text is handed to
`relate` with the same id: the new keys are added, the old ones stay.

`db` is a sqlite_utils Database; nothing here commits.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from archive import candidates, clusters
from archive.candidates import UNDATED, Candidates
from archive.clusters import Merge, cluster_of, members, merges, split, undo
from archive.joining import NEAR_DAYS, Joining, Link
from pipeline.dedupe import WHOLE, Candidate, candidate, compare, may_be_one
from pipeline.documents import Document, keys, keys_version, prepare_all
from pipeline.errors import ArchiveError
from pipeline.records import Article, Relation

SIBLINGS = 3  # of a text that are compared with it; after these a candidate has to share other keys than they do
HOLDERS = 16  # copies of one article that stand on hospitals' own hosts and are indexed
AHEAD = 250  # new articles whose likely candidates are read together

TABLES = """
create table if not exists relations (       -- a row a pair that was compared and has something in common
  article integer not null,
  other integer not null,                -- an earlier one
  kind text not null check (kind in ('copy', 'excerpt', 'revision', 'sibling')),
  evidence text not null,                -- JSON; shared: of this text and of the other; differs: [what, here, there]
  primary key (article, other)
) strict, without rowid;
create index if not exists relations_other on relations(other);
create table if not exists relation_settings (name text primary key, value text not null) strict;
"""

_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
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


def create_tables(db: Database) -> None:
    """Create what is missing of the tables; safe inside a transaction."""
    for statement in (candidates.TABLES + TABLES).split(";\n"):
        if statement.strip():
            db.execute(statement)
    clusters.create_tables(db)


def relate(
    db: Database, id: int, article: Article, *, documents_of: DocumentsOf, official: bool = False
) -> list[Relation]:
    """Relate one article to the earlier ones. See `relate_many`."""
    return relate_many(db, [New(id, article, official)], documents_of=documents_of).get(id, [])


def relate_many(db: Database, new: Sequence[New], *, documents_of: DocumentsOf) -> dict[int, list[Relation]]:
    """Relate articles to those before them, also to those before them in the same batch; the relations found, by id.

    An id that is known already has got another text: `documents_of` is asked for all that it had, and its keys are
    added to. While a rebuild is under way, articles that it has not reached are left to it. Raises ArchiveError when
    the stored keys are of another scheme.
    """
    _check_version(db)
    reached = _setting(db, REBUILT_TO)
    if reached is not None:
        new = [one for one in new if one.id <= int(reached)]
    return _relate_many(db, new, documents_of)


def _relate_many(db: Database, new: Sequence[New], documents_of: DocumentsOf) -> dict[int, list[Relation]]:
    step = _Step(db, documents_of)
    with _uncollected():
        found = step.run(new)
        step.finish()
    return found


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles meanwhile: a batch makes very many small lists, none of them in a cycle. Saves a tenth."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


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
        self.relations: dict[tuple[int, int], tuple[str, str]] = {}
        self.joining = Joining(db, self._texts)

    def run(self, new: Sequence[New]) -> dict[int, list[Relation]]:
        known = self._known([one.id for one in new])
        self._prepare(new, known)
        texts = {one.id: [keys(document) for document in self.documents[one.id]] for one in new}
        self.candidates = Candidates(self.db, {key for some in texts.values() for text in some for key in text})
        self.db.conn.executemany(
            "insert into text_traits (article, length, damage, standing, published) values (?, ?, ?, ?, ?) "
            "on conflict (article) do update set length = excluded.length, damage = excluded.damage, "
            "standing = excluded.standing, published = excluded.published",
            [_traits(candidate(one.id, self.documents[one.id][0], official=one.official)) for one in new],
        )
        found: dict[int, list[Relation]] = {}
        for start in range(0, len(new), AHEAD):
            some = new[start : start + AHEAD]
            ahead = [
                (one.id, text, len(document.body))
                for one in some
                for document, text in zip(self.documents[one.id], texts[one.id], strict=True)
            ]
            self._fetch(sorted(self.candidates.look_ahead(ahead)))
            for one in some:
                found[one.id] = self._relate(one, self.documents[one.id], texts[one.id], again=one.id in known)
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

    def finish(self) -> None:
        """Write what the batch found."""
        self.candidates.write()
        self.db.conn.executemany(
            "insert into relations (article, other, kind, evidence) values (?, ?, ?, ?) "
            "on conflict (article, other) do update set kind = excluded.kind, evidence = excluded.evidence",
            [(article, other, kind, text) for (article, other), (kind, text) in sorted(self.relations.items())],
        )
        self.joining.write()
        self._cool(len(self.candidates.added))

    def _cool(self, added: int) -> None:
        count = int(_setting(self.db, "hot_keys") or 0) + added
        if count >= candidates.HOT_KEYS:
            candidates.cool(self.db)
            count = 0
        if added:
            _set(self.db, "hot_keys", str(count))

    def _known(self, ids: Sequence[int]) -> set[int]:
        rows = self.db.execute(
            "select article from text_traits where article in (select value from json_each(:ids))",
            {"ids": json.dumps(ids)},
        )
        return {row[0] for row in rows}

    def _texts(self, article: int) -> list[Document]:
        self._fetch([article])
        return self.documents[article]

    def _relate(
        self, one: New, documents: list[Document], texts: list[tuple[int, ...]], *, again: bool
    ) -> list[Relation]:
        links: dict[int, Link] = {}
        for document, text in zip(documents, texts, strict=True):
            for link in self._verified(one, document, text):
                held = links.get(link.other)
                if held is None or (link.verdict.linked, link.verdict.share_new) > (
                    held.verdict.linked,
                    held.verdict.share_new,
                ):
                    links[link.other] = link
        found = sorted(links.values(), key=lambda link: link.other)
        self.joining.place(one.id, documents[0], found, again=again)
        if len(texts) > 1 or self._is_needed(one, documents[0], found):
            for text in texts:
                self.candidates.add(one.id, text)
        return [self._keep(one.id, link) for link in found]

    def _is_needed(self, one: New, document: Document, found: Sequence[Link]) -> bool:
        """Whether the keys of this text find what those of earlier ones do not.

        Later versions of a hospital's own page are told by its site, so that it is indexed though it is a copy; unless
        there are so many copies that they would fill the keys.
        """
        covering = [link for link in found if _covers(link, document)]
        return not covering or (one.official and self.joining.size(one.id) <= HOLDERS)

    def _keep(self, article: int, link: Link) -> Relation:
        """A row a pair: under the later article, whichever of the two was related last."""
        pair, verdict = (article, link.other), link.verdict
        evidence = stored = verdict.evidence()
        if link.other > article:
            pair, stored = (link.other, article), _turned(evidence)
        self.relations[pair] = (verdict.kind, _written(stored))
        return Relation(kind=verdict.kind, id=link.other, evidence=evidence)

    def _verified(self, one: New, document: Document, text: tuple[int, ...]) -> Iterator[Link]:
        """The candidates that have to do with this text, as far as they are worth comparing with it."""
        siblings = series = strange = 0  # and the keys that siblings share with the text, or those that are no such
        for other, _, shared, days in self.candidates.of(one.id, text, len(document.body)):
            enough = siblings >= SIBLINGS or (siblings and NEAR_DAYS < days < UNDATED)
            if not shared & ~strange or (enough and not shared & ~(series | strange)):
                continue  # it has no more of this text than those have that were compared
            link = self._compared(document, other, hopeful=siblings > 0)
            if link is None:
                strange |= shared
                continue
            yield link
            if link.verdict.kind == "copy" and link.verdict.whole and not one.official:
                return  # what else could be said of it was said of that one (but of versions on one site)
            if not link.verdict.linked:
                siblings, series = siblings + 1, series | shared

    def _compared(self, document: Document, other: int, *, hopeful: bool) -> Link | None:
        """The verdict on the text of the other that is most like this one.

        `hopeful`: a sibling is known, so that only what may be the same article is worth comparing.
        """
        best: Link | None = None
        for text in self._texts(other):
            if hopeful and not may_be_one(document, text):
                continue
            verdict = compare(document, text)
            if verdict is None:
                continue
            if best is None or (verdict.linked, verdict.share_old) > (best.verdict.linked, best.verdict.share_old):
                best = Link(other, verdict, text)
            if verdict.linked:
                break
        return best


def _covers(link: Link, document: Document) -> bool:
    """Whether whoever is looking for this document finds the other one, too, and can compare with it as well."""
    verdict = link.verdict
    return (
        verdict.kind in ("copy", "excerpt") and verdict.share_new >= WHOLE and link.document.damage <= document.damage
    )


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


def relations_of(db: Database, id: int) -> list[Relation]:
    """Every relation of an article, also those of later ones to it; seen from this one, in the order of the ids."""
    here = db.execute("select other, kind, evidence from relations where article = :id", {"id": id}).fetchall()
    there = db.execute("select article, kind, evidence from relations where other = :id", {"id": id}).fetchall()
    found = [Relation(kind=kind, id=other, evidence=json.loads(text)) for other, kind, text in here]
    found += [Relation(kind=kind, id=other, evidence=_turned(json.loads(text))) for other, kind, text in there]
    return sorted(found, key=lambda relation: relation.id)


def forget(db: Database, id: int) -> None:
    """Take an article out of keys, relations and clusters. Reads the whole table of keys: not for many at once."""
    found = cluster_of(db, id)
    if found is not None:
        clusters.dissolve(db, found.id)
        clusters.form(db, [one for one in found.members if one != id], named=found.id)
    for statement in (
        "delete from text_keys where article = :id",
        "delete from text_keys_cold where article = :id",
        "delete from text_traits where article = :id",
        "delete from relations where article = :id",
        "delete from relations where other = :id",
    ):
        db.execute(statement, {"id": id})


# making it all again

REBUILT_TO = "rebuilt_to"  # setting: the id of the last article that a rebuild under way has reached


def begin_rebuild(db: Database) -> int:
    """Forget all keys, relations and clusters, unless a rebuild of this version is under way; the id that it reached.

    What a person split is kept, and stays apart.
    """
    reached = _setting(db, REBUILT_TO)
    if reached is not None and _setting(db, "keys_version") == keys_version():
        return int(reached)
    for table in ("text_keys", "text_keys_cold", "text_traits", "relations", "cluster_members", "clusters"):
        db.execute(f"delete from {table}")  # noqa: S608  names from above
    db.execute("delete from cluster_merges where not undone")
    _set(db, "keys_version", keys_version())
    _set(db, "hot_keys", "0")
    _set(db, REBUILT_TO, "0")
    return 0


def rebuild_batch(db: Database, new: Sequence[New], *, documents_of: DocumentsOf) -> None:
    """Relate the next articles, in the order of their ids; none of them: the rebuild is done."""
    if not new:
        db.execute("delete from relation_settings where name = :name", {"name": REBUILT_TO})
        return
    _relate_many(db, new, documents_of)
    _set(db, REBUILT_TO, str(new[-1].id))


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
    if _setting(db, REBUILT_TO) is not None:
        found.append("finding the copies again was not finished: run ./yixun dedupe --rebuild")
    if version not in (None, keys_version()):
        found.append(f"the keys are of version {version}, not {keys_version()}: run ./yixun dedupe --rebuild")
    for query, sentence in _PROBLEMS:
        rows = db.execute(f"{query} limit {PROBLEMS_SHOWN}")
        found += [sentence.format(row[0]) for row in rows]
    return found


__all__ = [
    "Merge",
    "New",
    "begin_rebuild",
    "cluster_of",
    "create_tables",
    "forget",
    "members",
    "merges",
    "rebuild_batch",
    "relate",
    "relate_many",
    "relations_of",
    "split",
    "undo",
    "verify",
]
