"""The archive keeps what it was given, once, whole, and lets one writer in."""

from __future__ import annotations

import dataclasses
import itertools
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from archive_samples import DAY, article, capture_of, flag
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3 as newest_sqlite3

from archive import Archive
from archive.export import FIELDS
from archive.migrations import MIGRATIONS
from archive.rows import article_row, identity, record_of
from pipeline.errors import ArchiveError
from pipeline.records import Article, Capture, Evidence, Link, Rejection, Repair, Site, Spot


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


def texts(archive: Archive, number: int = 1) -> list[str]:
    return [version["text"] for version in archive.revisions(number)]


def dump(archive: Archive) -> dict[str, list[dict[str, Any]]]:
    tables = ("captures", "articles", "revisions", "rejections", "flags", "names")
    return {table: list(archive.db.query(f"select * from {table} order by 1, 2")) for table in tables}


def test_adding_twice_changes_nothing(path: Path) -> None:
    one = article(1, "党建示范点", "我院党委被命名为示范点。", flags=(flag("undated"),))
    nothing = Rejection(site="qinghe", url="https://www.qinghe.example/", reason="list page", digest="sha256:list")
    records = [one, (capture_of(article(2), offset=7), article(2)), nothing]

    with Archive(path) as archive:
        first = archive.add(records)
        before = dump(archive)
        second = archive.add(records)

        assert first == {"new": 2, "rejection": 1}
        assert second == {"known": 3}
        assert dump(archive) == before


def test_nothing_of_a_batch_is_written_when_one_record_fails(path: Path) -> None:
    with Archive(path) as archive:
        with pytest.raises(AttributeError):
            archive.add([article(1), None])  # type: ignore[list-item]

        assert archive.counts()["captures"] == 0
        assert archive.search("正文").total == 0


def test_an_article_comes_back_as_it_went_in() -> None:
    one = article(
        1,
        "题",
        "文\n字",
        published_at="2022-08-22T10:14:00+08:00",
        contributor="王",
        captions=("图一",),
        attachments=(Link(url="https://a.example/x.pdf", title="附件"),),
        images=(Link(url="https://a.example/x.jpg"),),
        flags=(flag("annotated"),),
        repairs={
            "text": Repair(
                original="衛(wèi)??",
                text="衛??",
                removed=((1, 6),),
                spots=(Spot(start=6, end=8, before="??", after="生", status="guess"),),
            )
        },
        cut=(Evidence(rule="spam", where="text", text="加微信", start=3),),
        script="hant",
        cleaner="1",
    )

    again = record_of(article_row(one))

    assert again == dataclasses.replace(one, capture_digest="")


def test_an_export_has_the_agreed_fields(path: Path) -> None:
    with Archive(path) as archive:
        archive.add([(capture_of(article(1), offset=42), article(1, flags=(flag("undated"),)))])

        one = archive.article(1)

        assert one is not None
        assert tuple(one) == FIELDS
        assert (one["warc"], one["offset"], one["flags"]) == ("qinghe/a.warc.gz", 42, ["undated"])
        assert list(archive.articles()) == [one]
        assert archive.article(2) is None


def test_details_have_the_evidence_and_every_capture(path: Path) -> None:
    with Archive(path) as archive:
        archive.add([(capture_of(article(1), offset=1), article(1, flags=(flag("spam"),)))])
        archive.add([(capture_of(article(1, day=3), offset=2), article(1, day=3))])

        found = archive.article(1, details=True)

        assert found is not None
        assert found["evidence"][0]["evidence"][0]["rule"] == "test"
        assert [capture["outcome"] for capture in found["captures"]] == ["new", "unchanged"]


def test_another_text_is_a_revision_and_the_old_one_stays(path: Path) -> None:
    with Archive(path) as archive:
        archive.add([article(1, "通知", "周一门诊停诊。")])
        counts = archive.add([article(1, "通知", "周二门诊停诊。", day=1)])

        assert counts == {"revision": 1}
        assert texts(archive) == ["周二门诊停诊。", "周一门诊停诊。"]
        assert [hit.snippet for hit in archive.search("周一").hits] == ["«周一»门诊停诊。"]
        assert archive.counts()["articles"] == 1


def test_an_older_capture_that_comes_late_does_not_become_the_current_text(path: Path) -> None:
    with Archive(path) as archive:
        archive.add([article(1, text="新的", day=9)])
        archive.add([article(1, text="旧的", day=0)])

        assert texts(archive) == ["新的", "旧的"]
        assert archive.search("旧的").total == 1


def test_a_page_that_goes_back_to_an_earlier_text_shows_it(path: Path) -> None:
    with Archive(path) as archive:
        for day, text in enumerate(["甲", "乙", "甲"]):
            archive.add([article(1, text=text, day=day)])

        assert texts(archive) == ["甲", "乙"]
        assert archive.counts()["unchanged"] == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_captures_does_not_matter(path: Path, order: tuple[int, ...]) -> None:
    captured = ["甲", "乙", "甲", "丙"]
    records = [article(1, text=text, day=day) for day, text in enumerate(captured)]

    with Archive(path) as archive:
        for place in order:
            archive.add([(capture_of(records[place], offset=place), records[place])])

        assert texts(archive)[0] == "丙"
        assert sorted(texts(archive)) == ["丙", "乙", "甲"]
        assert all(archive.search(f"text:{text} OR older:{text}").total == 1 for text in "甲乙丙")


def test_a_revisit_is_counted_and_leads_to_its_article(path: Path) -> None:
    one = article(1)
    revisit = capture_of(one, offset=9, kind="revisit")

    with Archive(path) as archive:
        archive.add([(capture_of(one), one)])
        counts = archive.add([(revisit, None)])

        assert counts == {"revisit": 1}
        assert archive.counts()["revisits"] == 1
        assert archive.db.execute("select article from captures where offset = 9").fetchone()[0] == 1


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTP://WWW.Qinghe.example:80/a.html#top", "http://www.qinghe.example/a.html"),
        ("https://a.example:443", "https://a.example/"),
        ("https://a.example/x;jsessionid=0A1B?id=3", "https://a.example/x?id=3"),
        ("https://a.example/x?PHPSESSID=0a1b&id=3", "https://a.example/x?id=3"),
        ("https://a.example/%e6%96%b0?q=新", "https://a.example/%E6%96%B0?q=%E6%96%B0"),
        ("file:qinghe/1.html", "file:qinghe/1.html"),
    ],
)
def test_two_urls_of_one_page_are_one_identity(url: str, same: str) -> None:
    assert identity(url) == same
    assert identity(same) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x?id=3", "https://a.example/x?id=4"),
        ("https://a.example/x?sid=3", "https://a.example/x?sid=4"),
        ("https://a.example/x?a=1&b=2", "https://a.example/x?a=1"),
        ("https://a.example:8080/x", "https://a.example/x"),
        ("https://a.example/X", "https://a.example/x"),
    ],
)
def test_two_pages_stay_two(one: str, other: str) -> None:
    assert identity(one) != identity(other)


@pytest.mark.parametrize("url", ["http://[::1", "http://a:port/", "", "  ", "http://\udcff/\udcff", "http://[::1]:80/"])
def test_a_strange_url_still_has_an_identity(url: str) -> None:
    assert identity(identity(url)) == identity(url)


def test_halves_of_characters_do_not_stop_the_archive(path: Path) -> None:
    with Archive(path) as archive:
        archive.add([article(1, "题\ud83d", "文\udc00字\x00尾", digest="sha256:x", url="https://a.example/\udcff")])

        assert archive.search("字").total == 1
        assert archive.search("\udc00").total == 1
        assert archive.article(1)["title"] == "题\ufffd"  # type: ignore[index]


def test_a_second_writer_is_told_who_is_writing(path: Path) -> None:
    program = f"from archive import Archive\nArchive({str(path)!r})"

    with Archive(path):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

        assert "ArchiveError" in done.stderr
        assert f"process {os.getpid()}" in done.stderr


def test_the_lock_goes_with_the_writer(path: Path) -> None:
    Archive(path).close()

    with Archive(path) as archive:
        archive.add([article(1)])

    with Archive(path) as archive:
        assert archive.counts()["articles"] == 1


def test_a_writer_that_is_killed_leaves_whole_batches(path: Path) -> None:
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
from archive import Archive
from archive_samples import article
archive = Archive({str(path)!r})
for number in range(0, 100_000, 5):
    archive.add([article(number + one, text=f"第{{number}}号") for one in range(5)])
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(next(writer.stdout)) for _ in range(4)][-1]
        writer.kill()

    with Archive(path) as archive:
        counts = archive.counts()
        assert counts["articles"] >= acknowledged + 5
        assert counts["articles"] % 5 == 0
        assert counts["captures"] == counts["new"]
        assert archive.search(f"第{acknowledged}号", expand=True).total == 5
        assert archive.db.execute("pragma integrity_check").fetchone()[0] == "ok"


def test_reading_needs_no_lock_and_makes_no_archive(path: Path) -> None:
    with pytest.raises(ArchiveError, match="no archive"):
        Archive(path, readonly=True)
    assert not list(path.parent.iterdir())

    with Archive(path) as writer:
        writer.add([article(1)])
        with Archive(path, readonly=True) as reader:
            writer.add([article(2)])
            assert len(list(reader.articles())) == 2
            with pytest.raises(ArchiveError, match="reading only"):
                reader.add([article(3)])
            with pytest.raises(newest_sqlite3.OperationalError):
                reader.db.execute("delete from articles")


def test_a_newer_schema_is_left_alone(path: Path) -> None:
    with Archive(path) as archive:
        MIGRATIONS._record_applied(archive.db, "9999_from_the_future")

    for readonly in (False, True):
        with pytest.raises(ArchiveError, match="upgrade Yixun"):
            Archive(path, readonly=readonly)


def test_an_archive_of_an_older_schema_is_brought_up_to_date(path: Path) -> None:
    old = Database(path)
    MIGRATIONS.apply(old, stop_before="0004_settings_and_narrow_index")
    capture = ("qinghe", "u", "", 200, "", "", "", 0, 0, "new", 1, "d")
    old.execute("insert into captures values (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", capture)
    row = article_row(article(1, "题", "旧的正文")) | {"docid": 5, "key": "u", "capture": 1}
    names = ", ".join(row)
    old.execute(f"insert into articles ({names}) values ({', '.join(':' + name for name in row)})", row)
    old.execute("insert into articles_fts (rowid, body, title, older) values (5, '旧的 的正 正文', '', '')")
    old.close()

    with pytest.raises(ArchiveError, match="older Yixun"):
        Archive(path, readonly=True)
    with Archive(path) as archive:
        assert archive.search("旧").total == archive.search("title:题").total == archive.search("正文").total == 1


def test_what_is_no_archive_is_left_alone(path: Path) -> None:
    path.write_bytes(b"<html>" * 1000)
    with pytest.raises(ArchiveError, match="no SQLite database"):
        Archive(path)
    assert path.read_bytes() == b"<html>" * 1000

    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("create table addresses (name text)")
    other.close()
    with pytest.raises(ArchiveError, match="not of Yixun"):
        Archive(path)


def test_a_failed_opening_gives_the_lock_back(path: Path) -> None:
    path.write_bytes(b"<html>" * 1000)
    with pytest.raises(ArchiveError):
        Archive(path)

    path.unlink()
    Archive(path).close()


def test_a_full_disk_loses_nothing(path: Path) -> None:
    with Archive(path) as archive:
        archive.add([article(1)])
        pages = archive.db.execute("pragma page_count").fetchone()[0]
        archive.db.execute(f"pragma max_page_count = {pages + 2}")  # the error of a full disk

        with pytest.raises(ArchiveError, match="no room"):
            archive.add([article(number, text="长" * 5000) for number in range(2, 20)])

        assert archive.counts()["articles"] == 1
        archive.db.execute("pragma max_page_count = 1000000")
        assert archive.add([article(2)]) == {"new": 1}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        with pytest.raises(ArchiveError, match="owns the folder"):
            Archive(path)
    finally:
        path.parent.chmod(0o700)


def test_a_backup_is_whole_while_the_archive_is_in_use(path: Path, tmp_path: Path) -> None:
    with Archive(path) as archive:
        archive.add([article(1, text="备份的文字")])
        archive.backup(tmp_path / "copy.db")

    with Archive(tmp_path / "copy.db", readonly=True) as copy:
        assert copy.search("备份").total == 1
    assert [file.name for file in tmp_path.glob("copy*")] == ["copy.db"]


def test_articles_can_be_narrowed(path: Path) -> None:
    with Archive(path) as archive:
        archive.add(
            [
                article(1, published_at="2021-05-01"),
                article(2, published_at="2022-08-22T10:14:00+08:00", flags=(flag("spam"),)),
                article(3, site="other", flags=(flag("undated"),)),
            ]
        )

        def ids(**filters: Any) -> list[int]:
            return [one["id"] for one in archive.articles(**filters)]

        assert ids() == [1, 2, 3]
        assert ids(site="other") == [3]
        assert ids(flags=["spam"]) == [2]
        assert ids(without_flags=["spam", "undated"]) == [1]
        assert ids(since="2021-05-01", until="2022-08-22") == [1, 2]
        assert ids(until="2021") == [1]


def test_copies_are_a_cluster_that_can_be_split(path: Path) -> None:
    text = "我院与清河县中医院联合开展义诊活动，专家团队为三百余名群众测量血压、讲解用药知识。\n" * 6
    site = Site(name="qinghe", hospital="清河县人民医院", start_urls=("https://www.qinghe.example/",))
    with Archive(path, sites={"qinghe": site}) as archive:
        archive.add([article(1, "义诊", text, url="https://mirror.example/1", site="mirror"), article(2, "义诊", text)])

        cluster = archive.cluster(1)
        assert cluster is not None
        assert (cluster.members, cluster.representative) == ((1, 2), 2)
        one = archive.article(1)
        assert one is not None
        assert one["representative"] == 2
        assert one["relations"][0]["id"] == 2

        archive.split(1)
        assert archive.cluster(1) is None


def test_relating_again_finds_the_same(path: Path) -> None:
    text = "我院与清河县中医院联合开展义诊活动，专家团队为三百余名群众测量血压、讲解用药知识。\n" * 6
    with Archive(path) as archive:
        archive.add([article(1, "义诊", text), article(2, "通知", "停电"), article(3, "义诊", text)])
        before = list(archive.articles())

        assert archive.relate_again() == 3
        assert list(archive.articles()) == before
        assert before[0]["relations"]


def test_what_a_site_has_is_counted(path: Path) -> None:
    one = article(1, published_at="2022-08-22")
    nothing = Rejection(site="other", url="https://b.example/", reason="empty", digest="sha256:e")
    with Archive(path) as archive:
        archive.add([(capture_of(one, offset=1), one), (capture_of(one, offset=2, kind="revisit"), None), nothing])

        counts = archive.counts_by_site()

        qinghe = {"captures": 2, "articles": 1, "rejections": 0, "revisits": 1, "newest": "2022-08-22"}
        assert counts["qinghe"] == qinghe
        assert counts["other"] == {"captures": 1, "articles": 0, "rejections": 1, "revisits": 0, "newest": None}


def test_rejections_can_be_narrowed(path: Path) -> None:
    def rejection(url: str, reason: str, site: str) -> tuple[Capture, Rejection]:
        capture = Capture(site=site, url=url, captured_at=DAY, status=200, warc="a", offset=len(url), digest="sha256:1")
        return capture, Rejection(site=site, url=url, reason=reason)

    with Archive(path) as archive:
        archive.add([rejection("u", "list page", "a"), rejection("uu", "empty", "a"), rejection("uuu", "empty", "b")])

        assert [row["url"] for row in archive.rejections()] == ["u", "uu", "uuu"]
        assert [row["url"] for row in archive.rejections(site="a", reason="empty")] == ["uu"]
        assert {"site", "url", "reason", "digest", "warc", "offset"} <= set(next(archive.rejections()))


def test_importing_the_archive_is_light() -> None:
    program = "import sys, archive; assert 'sqlite_utils' not in sys.modules; assert archive.Archive.__name__"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_articles_without_a_digest_are_told_apart_by_what_they_say(path: Path) -> None:
    one = Article(site="s", url="https://a.example/", title="题", text="甲")
    with Archive(path) as archive:
        assert archive.add([one, one]) == {"new": 1, "known": 1}
        assert archive.add([dataclasses.replace(one, text="乙")]) == {"revision": 1}
        assert archive.search("乙").total == archive.search("甲").total == 1


def test_an_article_is_not_required_to_have_a_time(path: Path) -> None:
    bare = Article(site="s", url="https://a.example/", title="题", text="文", digest="sha256:d")
    with Archive(path) as archive:
        assert archive.add([bare]) == {"new": 1}
        assert archive.add([bare]) == {"known": 1}
        one = archive.article(1)
        assert one is not None
        assert one["captured_at"] is None
