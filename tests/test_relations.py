"""Relations and clusters in the archive: incremental, in any order, undone and made again."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from archive import candidates, relations
from archive.relations import New
from benchmarks.copies import Generator, Labelled
from pipeline.dedupe import compare
from pipeline.documents import Document, prepare_all
from pipeline.errors import ArchiveError
from pipeline.records import Article, Cluster, Flag

LINES = (
    "4月8日，永丰市中心医院在三楼会议室举行急救技能比武，来自急诊科、重症医学科等科室的36名选手参加。",
    "比武设心肺复苏、气管插管和创伤包扎三个项目，评委从操作规范、用时和人文关怀等方面逐一打分。",
    "经过两个小时的角逐，急诊科陈志伟以总分97分获得第一名，重症医学科和麻醉科的两名选手分列二三位。",
    "分管副院长周敏在点评时说，急救是医院的硬功夫，平时多练一分钟，抢救时就能早一步。各科要把比武中暴露的问题带回去整改。",
    "据了解，该院今年计划开展急救培训24场，覆盖全院1100余名职工，并向周边乡镇卫生院开放报名。",
    "活动结束后，选手们还在门诊大厅为候诊群众演示了海姆立克急救法，不少家长带着孩子上台学习。",
)


class Pages:
    """The articles that the archive would hold, every text that they had, the newest first."""

    def __init__(self) -> None:
        self.texts: dict[int, list[Article]] = {}

    def write(self, id: int, article: Article, *, official: bool = False) -> New:
        self.texts.setdefault(id, []).insert(0, article)
        return New(id, article, official, changed=len(self.texts[id]) > 1)

    def documents_of(self, ids: Sequence[int]) -> dict[int, list[Document]]:
        return {id: prepare_all(self.texts[id]) for id in ids}


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = Database(tmp_path / "archive.db")
    relations.create_tables(db)
    yield db
    db.close()


def article(text: str = "\n".join(LINES), *, site: str = "yongfeng", **fields: Any) -> Article:
    title = fields.pop("title", "永丰市中心医院举行急救技能比武")
    return Article(site=site, url=f"https://{site}.example/{abs(hash(text))}", title=title, text=text, **fields)


def put(db: Database, pages: Pages, id: int, one: Article, *, official: bool = False) -> list[Any]:
    return relations.relate_many(db, [pages.write(id, one, official=official)], documents_of=pages.documents_of)[id]


def partition(db: Database, names: dict[int, Any]) -> set[frozenset[Any]]:
    return {
        frozenset(names[member] for member in relations.members(db, row[0]))
        for row in db.execute("select id from clusters").fetchall()
    }


def dump(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("text_keys", "text_traits", "relations", "clusters", "cluster_members", "cluster_merges")
    return {table: sorted(db.execute(f"select * from {table}").fetchall(), key=repr) for table in tables}


def store(db: Database, documents: Iterable[Labelled], *, batch: int) -> dict[int, str]:
    """Put generated documents in, one article a URL; the address of each id."""
    pages, ids = Pages(), {}
    for some in itertools.batched(documents, batch) if hasattr(itertools, "batched") else _batched(documents, batch):
        new: dict[int, New] = {}
        for one in some:
            id = ids.setdefault(one.article.url, len(ids) + 1)
            new[id] = pages.write(id, one.article, official=one.official)
        relations.relate_many(db, list(new.values()), documents_of=pages.documents_of)
    return {id: url for url, id in ids.items()}


def _batched(documents: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(documents)
    while some := list(itertools.islice(iterator, size)):
        yield some


def test_a_copy_joins_the_cluster_of_the_first_and_says_why(db: Database, pages: Pages) -> None:
    put(db, pages, 1, article())

    found = put(db, pages, 2, article("\n".join(("本报讯（记者 王丽）", *LINES)), site="portal"))

    assert [(relation.kind, relation.id) for relation in found] == [("copy", 1)]
    assert relations.members(db, 1) == [1, 2]
    assert relations.relations_of(db, 1)[0].evidence["shared"] == found[0].evidence["shared"][::-1]
    cluster = relations.cluster_of(db, 2)
    assert cluster is not None and cluster.members == (1, 2)
    assert relations.verify(db) == []


def test_a_sibling_is_related_but_stands_alone(db: Database, pages: Pages) -> None:
    put(db, pages, 1, article())

    other = "\n".join(LINES).replace("36名", "41名").replace("陈志伟", "刘芳")
    found = put(db, pages, 2, article(other, site="portal"))

    assert [relation.kind for relation in found] == ["sibling"]
    assert {difference[0] for difference in found[0].evidence["differs"]} == {"number", "name"}
    assert relations.cluster_of(db, 1) is None
    assert relations.cluster_of(db, 2) is None


def test_a_changed_text_keeps_its_copies_old_and_new(db: Database, pages: Pages) -> None:
    later = article("\n".join(LINES).replace("36名选手", "63名选手"))
    put(db, pages, 1, article())
    put(db, pages, 1, later)

    put(db, pages, 2, article("\n".join((*LINES, "来源：健康报")), site="portal"))
    put(db, pages, 3, article("\n".join((later.text, "（李娜）")), site="paper"))

    assert relations.members(db, 1) == [1, 2, 3]


def test_the_representative_is_the_official_page_whatever_came_first(db: Database, pages: Pages) -> None:
    spam = Flag(name="spam", evidence=())
    put(db, pages, 1, article(site="mirror", flags=(spam,)), official=True)
    put(db, pages, 2, article(site="portal", published_at="2024-04-09"))
    put(db, pages, 3, article(published_at="2024-04-10"), official=True)

    cluster = relations.cluster_of(db, 1)

    assert cluster is not None
    assert cluster.representative == 3


def rebuild(db: Database, news: Sequence[New], pages: Pages, *, batch: int = 1000) -> None:
    reached = relations.begin_rebuild(db)
    left = [one for one in news if one.id > reached]
    for some in [*_batched(left, batch), []]:
        relations.rebuild_batch(db, some, documents_of=pages.documents_of)


def previews(pages: Pages) -> list[New]:
    """Two previews that share nothing, then the whole that bridges them, then a copy."""
    return [
        pages.write(1, article("\n".join(LINES[:3]), site="a")),
        pages.write(2, article("\n".join(LINES[3:]), site="b")),
        pages.write(3, article()),
        pages.write(4, article("\n".join(("本报讯", *LINES)), site="c")),
    ]


def test_a_whole_text_makes_one_cluster_of_its_previews_and_a_split_undoes_it_for_good(
    db: Database, pages: Pages
) -> None:
    news = previews(pages)
    relations.relate_many(db, news, documents_of=pages.documents_of)
    assert relations.members(db, 1) == [1, 2, 3, 4]
    merge = relations.merges(db, 1)[0]
    assert (merge.cluster, merge.bridge) == (1, 3)

    off = relations.undo(db, merge.event)

    assert isinstance(off, Cluster) and off.members == (2, 3, 4)
    assert relations.cluster_of(db, 1) is None
    assert relations.verify(db) == []
    put(db, pages, 5, article("\n".join((*LINES, "责任编辑：王磊")), site="d"))
    assert relations.members(db, 2) == [2, 3, 4, 5]
    rebuild(db, [New(id, texts[0]) for id, texts in pages.texts.items()], pages)
    assert relations.members(db, 2) == [2, 3, 4, 5]
    with pytest.raises(ArchiveError, match="undone already"):
        relations.undo(db, merge.event)


def test_one_article_can_be_taken_out_for_good_also_the_first(db: Database, pages: Pages) -> None:
    for id, site in enumerate(("a", "b", "c"), 1):
        put(db, pages, id, article(site=site))

    relations.split(db, 1)
    put(db, pages, 4, article(site="d"))
    put(db, pages, 1, article(site="a"))

    assert relations.cluster_of(db, 2) is not None
    assert set(relations.members(db, 2)) >= {2, 3}
    assert 1 not in relations.members(db, 2)
    assert relations.verify(db) == []
    with pytest.raises(ArchiveError, match="in no cluster"):
        relations.split(db, 77)


def test_who_came_with_others_in_a_merge_leaves_with_them(db: Database, pages: Pages) -> None:
    relations.relate_many(db, previews(pages), documents_of=pages.documents_of)
    event = relations.merges(db, 1)[0].event

    off = relations.split(db, 2)

    assert isinstance(off, Cluster) and off.members == (2, 3, 4)
    assert relations.cluster_of(db, 1) is None
    assert [merge.undone for merge in relations.merges(db, 1)] == [True]
    with pytest.raises(ArchiveError, match="undone already"):
        relations.undo(db, event)


def test_what_was_split_stays_apart_when_an_older_cluster_takes_in_one_side(db: Database, pages: Pages) -> None:
    whole = "\n".join(LINES)
    put(db, pages, 1, article("\n".join(LINES[:5]), site="early"))
    put(db, pages, 2, article(whole, site="a"))
    put(db, pages, 3, article(whole, site="b"))
    assert relations.members(db, 1) == [1, 2, 3]

    relations.split(db, 3)
    for id in range(4, 8):  # copies of all of them, and each a bridge
        put(db, pages, id, article(f"{whole}\n（责任编辑：{'王李张刘'[id - 4]}磊）", site=f"s{id}"))
        assert relations.verify(db) == []
        assert relations.cluster_of(db, 3) is None or not {1, 2} & set(relations.cluster_of(db, 3).members)  # type: ignore[union-attr]
    rebuild(db, [New(id, texts[0]) for id, texts in pages.texts.items()], pages, batch=2)

    assert not {3} & set(relations.members(db, 1))


def test_very_many_copies_are_one_cluster_and_do_not_fill_the_keys(db: Database, pages: Pages) -> None:
    news = [pages.write(id, article(site=f"s{id}"), official=True) for id in range(1, 301)]
    started = time.process_time()

    relations.relate_many(db, news, documents_of=pages.documents_of)

    assert relations.members(db, 1) == list(range(1, 301))
    assert db.execute("select count(distinct article) from text_keys").fetchone()[0] <= relations.HOLDERS
    assert time.process_time() - started < 3


def test_a_long_series_costs_a_few_comparisons_each(db: Database, pages: Pages, monkeypatch: Any) -> None:
    compared = []
    monkeypatch.setattr(relations, "compare", lambda one, other: compared.append(1) or compare(one, other))
    chance, news = random.Random(4), []
    names = [a + b for a in "王李张刘陈杨赵黄周吴" for b in "伟芳娜敏静丽强磊军洋"]
    for id in range(1, 201):
        rows = [f"{place}：{chance.choice(names)} {chance.choice(names)}" for place in ("内科", "外科", "儿科", "骨科")]
        text = "\n".join(("本周专家门诊安排如下，请提前预约。", *rows, "如有变动，以门诊大厅当日公告为准。"))
        day = f"{2010 + id // 12}-{1 + id % 12:02}-01"
        news.append(pages.write(id, article(text, title="专家门诊排班表", published_at=day)))

    relations.relate_many(db, news, documents_of=pages.documents_of)

    assert len(compared) < 4 * len(news)
    assert db.execute("select count(*) from clusters").fetchone()[0] == 0
    assert db.execute("select count(*) from relations where kind = 'sibling'").fetchone()[0] > 0


def test_a_preview_that_two_siblings_contain_joins_neither_unless_a_date_tells(db: Database, pages: Pages) -> None:
    whole = "\n".join(LINES)
    put(db, pages, 1, article(whole, published_at="2023-04-08"))
    put(db, pages, 2, article(whole.replace("24场", "36场").replace("1100余名", "1300余名"), published_at="2024-04-08"))

    put(db, pages, 3, article("\n".join(LINES[:2]), site="portal"))
    put(db, pages, 4, article("\n".join(LINES[:2]), site="paper", published_at="2024-04-10"))

    assert relations.cluster_of(db, 3) is None
    assert relations.members(db, 2) == [2, 4]


def test_relating_twice_changes_nothing(db: Database) -> None:
    documents = Generator(11).documents(150)
    store(db, documents, batch=50)
    before = dump(db)
    pages, last = Pages(), {}
    ids: dict[str, int] = {}
    for one in documents:
        id = ids.setdefault(one.article.url, len(ids) + 1)
        last[id] = pages.write(id, one.article, official=one.official)

    relations.relate_many(db, list(last.values()), documents_of=pages.documents_of)

    after = dump(db)
    for table in ("text_traits", "clusters", "cluster_members", "cluster_merges"):
        assert after[table] == before[table], table
    assert set(before["text_keys"]) <= set(after["text_keys"])


@pytest.mark.parametrize("seed", range(41, 47))
def test_the_order_of_the_articles_does_not_matter(tmp_path: Path, seed: int) -> None:
    documents = [one for one in Generator(seed).documents(120) if one.sort != "sameurl"]
    found = []
    for order in range(3):
        random.Random(order).shuffle(documents)
        db = Database(tmp_path / f"{order}.db")
        relations.create_tables(db)
        found.append(partition(db, store(db, documents, batch=60)))
        assert relations.verify(db) == []

    # a preview that two siblings contain may stay with the one that it met first; all else is the same
    previews = {one.article.url for one in documents if one.sort == "preview"}
    first, *others = [{held - previews for held in clusters if len(held - previews) > 1} for clusters in found]
    assert all(clusters == first for clusters in others)
    assert len(set.symmetric_difference(found[0], found[1])) <= 2


def test_batches_find_what_single_articles_find(tmp_path: Path) -> None:
    documents = [one for one in Generator(5).documents(90) if one.sort != "sameurl"]
    found = []
    for batch in (1, 7, 150):
        db = Database(tmp_path / f"{batch}.db")
        relations.create_tables(db)
        store(db, documents, batch=batch)
        found.append(dump(db))

    assert found[0] == found[1] == found[2]


def test_a_rebuild_gives_what_was_there(db: Database) -> None:
    documents = [one for one in Generator(6).documents(100) if one.sort != "sameurl"]
    store(db, documents, batch=40)
    before = dump(db)
    pages = Pages()
    news = [pages.write(id, one.article, official=one.official) for id, one in enumerate(documents, 1)]

    rebuild(db, news, pages, batch=33)

    assert dump(db) == before


def test_a_rebuild_goes_on_where_it_was_and_reaches_what_came_meanwhile(db: Database) -> None:
    documents = [one for one in Generator(6).documents(100) if one.sort != "sameurl"]
    pages = Pages()
    news = [pages.write(id, one.article, official=one.official) for id, one in enumerate(documents, 1)]
    relations.relate_many(db, news, documents_of=pages.documents_of)
    whole = dump(db)
    relations.forget(db, news[-1].id)

    assert relations.begin_rebuild(db) == 0
    relations.rebuild_batch(db, news[:40], documents_of=pages.documents_of)
    assert any("not finished" in problem for problem in relations.verify(db))
    assert relations.relate_many(db, news[-1:], documents_of=pages.documents_of) == {}  # the rebuild will reach it
    assert relations.begin_rebuild(db) == 40
    relations.rebuild_batch(db, news[40:], documents_of=pages.documents_of)
    relations.rebuild_batch(db, [], documents_of=pages.documents_of)

    assert relations.verify(db) == []
    assert dump(db) == whole


@given(st.permutations(range(7)))
@settings(max_examples=25, deadline=None)
def test_any_order_gives_the_same_clusters(order: list[int]) -> None:
    whole = "\n".join(LINES)
    sibling = whole.replace("36名", "41名").replace("陈志伟", "刘芳").replace("97分", "95分")
    texts = [
        whole,
        f"本报讯（记者 王丽）{whole}",
        "\n".join((*LINES, "责任编辑：孙丽")),
        whole.replace("永丰市中心医院", "澳门新葡京"),
        sibling,
        f"{sibling}\n来源：健康报",
        "\n".join(LINES[::-1][:2]),
    ]
    db, pages = Database(memory=True), Pages()
    relations.create_tables(db)
    news = [pages.write(id, article(texts[which], site=f"s{which}")) for id, which in enumerate(order, 1)]

    relations.relate_many(db, news, documents_of=pages.documents_of)

    clusters = partition(db, dict(enumerate(order, 1)))
    # the last is a preview that both contain; without a date it belongs to whom it met first, or to nobody
    assert {held - {6} for held in clusters} - {frozenset()} == {frozenset({0, 1, 2, 3}), frozenset({4, 5})}
    assert relations.verify(db) == []


def test_a_rolled_back_batch_leaves_nothing_behind(db: Database, pages: Pages) -> None:
    put(db, pages, 1, article())
    before = dump(db)

    db.conn.commit()
    db.execute("begin")
    put(db, pages, 2, article(site="portal"))
    db.execute("rollback")

    assert dump(db) == before


_RELATE_UNTIL_KILLED = """
import os, signal, sys
from sqlite_utils import Database
from archive import relations
from benchmarks.copies import Generator
from test_relations import relate_batches

path, batches, statements = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
db = Database(path)
count = 0

def trace(statement):
    global count
    count += 1
    if count == statements:
        os.kill(os.getpid(), signal.SIGKILL)

relate_batches(db, batches)  # these are there for good
db.conn.set_trace_callback(trace)
relate_batches(db, batches + 1)
"""


def relate_batches(db: Database, count: int, size: int = 40) -> None:
    """Relate the first batches of a generated archive that are not related yet, a transaction each."""
    documents = [one for one in Generator(8).documents(120) if one.sort != "sameurl"]
    pages = Pages()
    news = [pages.write(id, one.article, official=one.official) for id, one in enumerate(documents, 1)]
    db.conn.isolation_level = None
    relations.create_tables(db)
    done = db.execute("select coalesce(max(article), 0) from text_traits").fetchone()[0]
    for start in range(done, min(count * size, len(news)), size):
        db.execute("begin immediate")
        relations.relate_many(db, news[start : start + size], documents_of=pages.documents_of)
        db.execute("commit")


@pytest.mark.parametrize("statements", [3, 30, 120])
def test_killed_in_the_middle_of_a_batch_and_run_again_gives_the_same(tmp_path: Path, statements: int) -> None:
    whole, killed = Database(tmp_path / "whole.db"), tmp_path / "killed.db"
    relate_batches(whole, 3)

    run = [sys.executable, "-c", _RELATE_UNTIL_KILLED, str(killed), "1", str(statements)]
    here = Path(__file__).parent
    env = os.environ | {"PYTHONPATH": f"{here.parent}{os.pathsep}{here}"}
    ended = subprocess.run(run, capture_output=True, text=True, check=False, env=env)

    assert ended.returncode == -signal.SIGKILL, ended.stderr
    again = Database(killed)
    assert again.execute("select max(article) from text_traits").fetchone()[0] == 40  # the batch is there or it is not
    relate_batches(again, 3)
    assert dump(again) == dump(whole)
    assert relations.verify(again) == []


def test_a_stock_phrase_is_skipped_when_its_key_is_full(db: Database, pages: Pages, monkeypatch: Any) -> None:
    monkeypatch.setattr(candidates, "FULL", 3)
    stock = "会议要求全院职工统一思想提高认识切实把各项工作落到实处。"
    others = random.Random(1)
    for id in range(1, 8):
        words = "".join(chr(others.randrange(0x4E00, 0x9000)) for _ in range(300))
        put(db, pages, id, article(f"{words}。\n{stock}", title=words[:10]))

    held = db.execute("select count(*) from text_keys group by key order by 1 desc limit 1").fetchone()[0]

    assert held == 3
    assert put(db, pages, 9, article(pages.texts[7][0].text, site="portal"))[0].kind == "copy"


def test_keys_move_to_the_cold_table_and_are_still_found(db: Database, pages: Pages, monkeypatch: Any) -> None:
    monkeypatch.setattr(candidates, "HOT_KEYS", 10)
    put(db, pages, 1, article())

    assert db.execute("select count(*) from text_keys").fetchone()[0] == 0
    assert put(db, pages, 2, article(site="portal"))[0].kind == "copy"


def test_keys_of_another_scheme_are_refused_until_they_are_made_again(db: Database, pages: Pages) -> None:
    put(db, pages, 1, article())
    db.execute("update relation_settings set value = '0' where name = 'keys_version'")

    with pytest.raises(ArchiveError, match="--rebuild"):
        put(db, pages, 2, article(site="portal"))
    assert relations.verify(db) != []
    news = [New(id, texts[0]) for id, texts in pages.texts.items()]
    rebuild(db, news, pages)

    assert relations.verify(db) == []
    assert relations.members(db, 1) == [1, 2]


def test_forgetting_the_first_leaves_the_rest_together(db: Database, pages: Pages) -> None:
    for id, site in enumerate(("a", "b", "c"), 1):
        put(db, pages, id, article(site=site))

    relations.forget(db, 1)

    assert relations.members(db, 2) == [2, 3]
    assert relations.relations_of(db, 2) == []
    assert relations.verify(db) == []


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("update clusters set representative = 99", "representative"),
        ("delete from clusters", "not there"),
        ("delete from text_traits where article = 2", "never related"),
        ("delete from cluster_members where article = 2", "fewer than two"),
        ("insert into relations values (2, 99, 'copy', '{}')", "leads to one"),
        ("insert into text_keys values (5, 99)", "left over"),
    ],
)
def test_verify_names_what_does_not_fit(db: Database, pages: Pages, damage: str, sentence: str) -> None:
    put(db, pages, 1, article())
    put(db, pages, 2, article(site="portal"))
    assert relations.verify(db) == []

    db.execute(damage)

    assert any(sentence in problem for problem in relations.verify(db))


def test_evidence_is_plain_json(db: Database, pages: Pages) -> None:
    put(db, pages, 1, article())
    put(db, pages, 2, dataclasses.replace(article("\n".join(LINES[:3]), site="portal")))

    row = db.execute("select kind, evidence from relations").fetchone()

    assert row[0] == "excerpt"
    assert set(json.loads(row[1])) == {"shared", "differs"}
