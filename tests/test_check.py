"""The check finds what is wrong, says where, and is silent when nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_pages import SENTENCES, SITES, page, write_pages
from archive_samples import article, capture_of
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import Archive, segments
from archive.add import Record
from archive.check import check_archive, check_counts, check_index
from archive.ingest import ingest_warcs
from pipeline.errors import ArchiveError
from pipeline.records import Rejection

PAGES = {
    f"/news/{number}.html": page(f"夜间门诊第{number}期", *SENTENCES, f"这是第{number}期。") for number in range(3)
}


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    return tmp_path / "captures"


@pytest.fixture
def file(captures: Path) -> Path:
    return write_pages(captures, PAGES)


@pytest.fixture
def archive(tmp_path: Path, captures: Path, file: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", sites=SITES) as opened:
        ingest_warcs([file], opened, SITES, captures=captures, processes=1)
        yield opened


def findings(archive: Archive, captures: Path) -> list[tuple[str, str]]:
    return [(one["finding"], one["where"]) for one in check_archive(archive, captures)]


def test_a_sound_archive_has_no_findings(archive: Archive, captures: Path) -> None:
    lines: list[str] = []

    assert list(check_archive(archive, captures, progress=lines.append)) == []
    assert lines


def test_it_can_be_checked_by_a_reader(archive: Archive, captures: Path) -> None:
    with Archive(archive.path, readonly=True) as reader:
        assert findings(reader, captures) == []


def test_a_missing_file_is_found(archive: Archive, captures: Path, file: Path) -> None:
    file.unlink()

    assert findings(archive, captures) == [("the WARC file is not there", f"qinghe/{file.name}")]


RECORDS = st.tuples(
    st.sampled_from(["article", "rejection", "revisit"]),
    st.integers(1, 3),  # the page
    st.sampled_from("甲乙丙"),  # what it says
    st.integers(0, 4),  # the day
    st.sampled_from([None, "2020-01-01", "2021-01-01"]),  # its date
)


def record_of(place: int, kind: str, number: int, text: str, day: int, date: str | None) -> Record:
    one = article(number, "通知", text, day=day, published_at=date)
    capture = capture_of(one, warc="a", offset=place, kind="revisit" if kind == "revisit" else "response")
    if kind == "rejection":
        return capture, Rejection(site=one.site, url=one.url, reason="empty")
    return capture, one if kind == "article" else None


@settings(max_examples=25, deadline=None)
@given(drawn=st.lists(RECORDS, max_size=14), batch=st.integers(1, 5))
def test_whatever_comes_nothing_vanishes_and_all_is_found(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, int, str, int, str | None]], batch: int
) -> None:
    records = [record_of(place, *one) for place, one in enumerate(drawn)]

    with Archive(tmp_path_factory.mktemp("any") / "archive.db") as archive:
        for start in range(0, len(records), batch):
            archive.add(records[start : start + batch])
        archive.add(records)

        assert list(check_counts(archive)) == []
        assert list(check_index(archive)) == []
        assert archive.counts()["captures"] == len(records)
        for text in "甲乙丙":
            holders = {number for kind, number, said, _, _ in drawn if kind == "article" and said == text}
            assert archive.search(text, expand=True).total == len(holders)
        for number in {number for kind, number, *_ in drawn if kind == "article"}:
            days = [(day, said) for kind, page, said, day, _ in drawn if kind == "article" and page == number]
            newest = {said for day, said in days if day == max(days)[0]}
            [current] = [one for one in archive.articles() if one["url"] == article(number).url]
            assert current["text"] in newest


@pytest.mark.parametrize("place", [0.3, 0.6, 0.99])
def test_a_flipped_bit_is_found(archive: Archive, captures: Path, file: Path, place: float) -> None:
    data = bytearray(file.read_bytes())
    data[int(len(data) * place)] ^= 4
    file.write_bytes(data)

    found = findings(archive, captures)
    assert found
    assert all(where.startswith(f"qinghe/{file.name}") for _, where in found)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_damaged_database_is_told_and_never_crashes(archive: Archive, captures: Path, place: float) -> None:
    archive.close()
    data = bytearray(archive.path.read_bytes())
    start = int(len(data) * place) // 4096 * 4096
    data[start : start + 4096] = b"\xff" * 4096
    archive.path.write_bytes(data)

    try:
        with Archive(archive.path, readonly=True) as damaged:
            told = [one["finding"] for one in check_archive(damaged, captures)]
    except ArchiveError as error:
        told = [str(error)]

    assert told


def test_a_record_with_another_digest_is_found(archive: Archive, captures: Path) -> None:
    archive.db.execute("update captures set digest = 'sha256:0' where id = 2")

    [(finding, where)] = findings(archive, captures)
    assert "sha256:0" in finding
    assert "offset" in where


def test_a_capture_that_was_not_archived_is_found(archive: Archive, captures: Path) -> None:
    archive.db.execute("pragma foreign_keys = off")
    archive.db.execute("delete from captures where id = 3")

    found = findings(archive, captures)
    assert any("not archived" in finding for finding, _ in found)
    assert ("there are 3, by the captures it should be 2", "articles") in found


def test_a_lost_rejection_is_found(archive: Archive, captures: Path) -> None:
    archive.db.execute("update captures set outcome = 'rejection', article = null where id = 2")

    assert ("there are 0, by the captures it should be 1", "rejections") in findings(archive, captures)


def test_an_article_that_cannot_be_searched_is_found(archive: Archive, captures: Path) -> None:
    (docid,) = archive.db.execute("select docid from articles where id = 2").fetchone()
    segments.update(archive.db, (), [docid])

    assert findings(archive, captures) == [("1 articles are not in the index, 0 entries are of none", "index_segments")]
