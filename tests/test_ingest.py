"""WARC files go into the archive as a whole, once, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_pages import HOST, SENTENCES, SITES, page, write_articles, write_pages

from archive import Archive
from archive.ingest import article_from_export, ingest_warcs, read_lines
from pipeline.errors import IngestError, WarcError


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    return tmp_path / "captures"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", sites=SITES) as opened:
        yield opened


def ingest(archive: Archive, captures: Path, *paths: Path, **options: object) -> dict[str, int]:
    counts = ingest_warcs(paths, archive, SITES, captures=captures, processes=1, **options)  # type: ignore[arg-type]
    return {name: count for name, count in counts.items() if count}


PAGES = {
    f"/news/{number}.html": page(f"夜间门诊第{number}期", *SENTENCES, f"这是第{number}期。") for number in range(3)
}


def test_pages_become_articles_with_their_place_in_the_file(archive: Archive, captures: Path) -> None:
    file = write_pages(captures, PAGES)

    counts = ingest(archive, captures, file)

    assert counts == {"new": 3}
    one = archive.article(1)
    assert one is not None
    assert (one["title"], one["published_at"]) == ("夜间门诊第0期", "2022-08-22T10:14:00+08:00")
    assert (one["site"], one["hospital"], one["url"]) == ("qinghe", "清河县人民医院", HOST + "/news/0.html")
    assert one["warc"] == f"qinghe/{file.name}"
    assert one["captured_at"] == "2024-03-01T08:00:00Z"
    assert archive.search("一刻鐘", expand=True).total == 3


def test_ingesting_again_changes_nothing_and_opens_nothing(archive: Archive, captures: Path) -> None:
    file = write_pages(captures, PAGES)
    ingest(archive, captures, file)
    before = list(archive.articles())

    file.chmod(0)
    again = ingest(archive, captures, file, problems=[])

    assert again == {"known": 3}
    assert list(archive.articles()) == before


def test_what_is_no_article_is_kept_with_its_reason(archive: Archive, captures: Path) -> None:
    file = write_pages(captures, {"/gone.html": page("没有这个页面")}, status=404)

    assert ingest(archive, captures, file) == {"rejection": 1}
    [row] = archive.rejections()
    assert (row["reason"], row["url"], row["warc"]) == ("not found", HOST + "/gone.html", f"qinghe/{file.name}")
    assert row["digest"].startswith("sha256:")


def test_an_unchanged_page_is_a_revisit_and_a_changed_one_a_revision(archive: Archive, captures: Path) -> None:
    first = write_pages(captures, PAGES)
    changed = PAGES | {"/news/1.html": page("夜间门诊第1期", *SENTENCES, "本期内容已作更正。")}
    second = write_pages(captures, changed, day=1)

    counts = ingest(archive, captures, first, second)

    assert counts == {"new": 3, "revisit": 2, "revision": 1}
    assert archive.search("已作更正").total == 1
    assert archive.counts()["captures"] == 6


def test_the_archive_can_be_made_again_from_its_captures(archive: Archive, captures: Path, tmp_path: Path) -> None:
    first = write_pages(captures, PAGES)
    second = write_pages(captures, PAGES | {"/news/1.html": page("夜间门诊第1期", *SENTENCES, "更正。")}, day=1)
    gone = write_pages(captures, {"/gone.html": page("没有")}, day=2, status=404)
    ingest(archive, captures, first, second, gone)

    with Archive(tmp_path / "again.db", sites=SITES) as again:
        ingest(again, captures, first, second, gone)

        assert list(again.articles()) == list(archive.articles())
        assert list(again.rejections()) == list(archive.rejections())
        assert again.revisions(2) == archive.revisions(2)


def test_a_damaged_file_is_archived_as_far_as_it_goes_and_the_next_in_full(archive: Archive, captures: Path) -> None:
    file, other = write_pages(captures, PAGES), write_pages(captures, {"/other.html": page("另一篇")}, day=2)
    whole = file.read_bytes()
    file.write_bytes(whole[:-200])
    problems: list[str] = []

    counts = ingest(archive, captures, file, other, problems=problems)

    assert counts == {"new": 3}
    assert [str(file) in problem for problem in problems] == [True]
    with pytest.raises(WarcError, match=file.name):
        ingest(archive, captures, file)

    file.write_bytes(whole)
    assert ingest(archive, captures, file) == {"new": 1, "known": 2}


def test_what_is_no_warc_is_told(archive: Archive, captures: Path) -> None:
    captures.mkdir()
    file = captures / "notes.warc"
    file.write_text("shopping list")

    with pytest.raises(WarcError, match=r"notes\.warc"):
        ingest(archive, captures, file)
    with pytest.raises(WarcError, match="absent"):
        ingest(archive, captures, captures / "absent.warc.gz")
    assert archive.counts()["captures"] == 0


def test_progress_is_told(archive: Archive, captures: Path) -> None:
    lines: list[str] = []

    ingest(archive, captures, write_pages(captures, PAGES), progress=lines.append)

    assert [line.rpartition(": ")[2] for line in lines] == ["1 captures", "2 captures", "3 captures"]


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path, captures: Path) -> None:
    pages = {f"/{number}.html": page(f"第{number}期", *SENTENCES, f"这是第{number}期。") for number in range(60)}
    file = write_pages(captures, pages)
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
import archive.ingest
from pathlib import Path
from archive import Archive
archive.ingest.BATCH = 5
with Archive({str(tmp_path / "archive.db")!r}) as opened:
    archive.ingest.ingest_warcs([Path({str(file)!r})], opened, {{}}, captures=Path({str(captures)!r}), processes=1,
                                progress=lambda line: line.endswith(": 6 captures") and print(line, flush=True))
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        run.stdout.readline()
        os.kill(run.pid, signal.SIGKILL)

    deadline = time.monotonic() + 5
    with Archive(tmp_path / "archive.db") as archive:
        held = archive.counts()["captures"]
        assert 5 <= held < 60
        assert held % 5 == 0
        counts = ingest(archive, captures, file)

        assert counts == {"known": held, "new": 60 - held}
        assert archive.counts()["articles"] == 60
        assert len({one["url"] for one in archive.articles()}) == 60
    assert time.monotonic() < deadline + 5


def test_an_article_that_comes_as_such_is_repaired_and_judged(archive: Archive, captures: Path) -> None:
    fields = {
        "url": HOST + "/a.html",
        "title": "縣衛(wèi)健委發(fā)佈通知",
        "text": "縣衛(wèi)健委發(fā)佈通知，要求各單(dān)位落實(shí)門診值班制度。\n" * 3,
        "source": "宣传科",
        "published_at": "2022-08-22",
        "flags": ["spam"],
        "id": 99,
    }

    counts = ingest(archive, captures, write_articles(captures, [fields]))

    assert counts == {"new": 1}
    one = archive.article(1)
    assert one is not None
    assert one["title"] == "縣衛健委發佈通知"
    assert "annotated" in one["flags"]
    assert "spam" not in one["flags"]
    assert (one["source"], one["published_at"], one["id"]) == ("宣传科", "2022-08-22", 1)
    assert archive.search("卫健委 落实").total == 1


def test_an_export_moves_into_another_archive(archive: Archive, captures: Path, tmp_path: Path) -> None:
    ingest(archive, captures, write_pages(captures, PAGES))
    lines = tmp_path / "articles.jsonl"
    lines.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in archive.articles()))
    there = tmp_path / "there"

    with Archive(there / "archive.db") as other:
        ingest(other, there, write_articles(there, read_lines(lines)))

        kept = ("url", "title", "text", "published_at", "source", "hospital", "flags", "digest", "captured_at")
        for here, moved in zip(archive.articles(), other.articles(), strict=True):
            assert {name: moved[name] for name in kept} == {name: here[name] for name in kept}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"url": "u", "title": "t"}', "text"),
        ('{"url": "", "title": "t", "text": "x"}', "url"),
        ('{"url": 3, "title": "t", "text": "x"}', "url"),
        ("[1]", "not an object"),
        ("{", "not JSON"),
        ("\x00", "not JSON"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_text('{"url": "u", "title": "", "text": "x"}\n\n' + line + "\n")

    with pytest.raises(IngestError, match=rf"line 3: .*{problem}"):
        list(read_lines(path))


def test_an_article_with_strange_fields_is_still_one() -> None:
    article = article_from_export(
        {
            "url": "u",
            "title": "题\ud83d",
            "text": "文",
            "published_at": "yesterday",
            "captured_at": "2024-01-01",
            "captions": "none",
            "attachments": ["https://a.example/x.pdf", {"url": "y", "title": None}],
            "source": None,
            "editor": 7,
        },
        None,
    )

    assert (article.published_at, article.source, article.editor, article.captions) == (None, "", "7", ())
    assert [link.url for link in article.attachments] == ["https://a.example/x.pdf", "y"]
    assert article.title == "题\ufffd"
    assert article.digest.startswith("sha256:")
