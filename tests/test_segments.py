"""The lists of the search index hold every place of every pair, and its segments every article once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from archive_samples import article
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import Archive, index, lists, segments
from pipeline.errors import ArchiveError


def rows_of(units: list[int]) -> list[tuple[int, bytes]]:
    return list(lists.encode(np.array(units, np.uint16)))


def held(rows: list[tuple[int, bytes]], first: int, second: int) -> list[int]:
    """The places of a pair by what a reader does: the last row that begins at the pair or before it."""
    before = [row for pair, row in rows if pair <= first << 16 | second and pair >> 16 == first]
    found = lists.places_of(before[-1], second) if before else None
    return [] if found is None else found.tolist()


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.lists(st.sampled_from([5, 6, 0x4E00, 0xFFFF]), max_size=40), max_size=6),
    chunk=st.sampled_from([16, 40, 16_000]),
    dense=st.sampled_from([1, 3, 1024]),
)
def test_a_row_gives_back_every_place_of_a_pair(texts: list[list[int]], chunk: int, dense: int) -> None:
    units = [unit for text in texts for unit in (*text, lists.BETWEEN)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "CHUNK", chunk)
        patch.setattr(lists, "DENSE", dense)
        rows = rows_of(units)

    assert [pair for pair, _ in rows] == sorted({pair for pair, _ in rows})
    for first in set(units) - {lists.BETWEEN}:
        for second in set(units):
            places = [at for at in range(len(units) - 1) if units[at : at + 2] == [first, second]]
            assert held(rows, first, second) == places
        every = [place for pair, row in rows if pair >> 16 == first for place in lists.all_places(row).tolist()]
        assert sorted(every) == [at for at in range(len(units) - 1) if units[at] == first]


def test_a_frequent_pair_is_found_in_every_span_of_a_long_text() -> None:
    chance = np.random.default_rng(1)
    units = chance.choice(np.array([7, 8, 9], np.uint16), 200_000)

    ((_, row),) = [row for row in rows_of(units.tolist()) if row[0] == 7 << 16 | 8]

    wanted = np.flatnonzero((units[:-1] == 7) & (units[1:] == 8))
    assert len(row) < 2.2 * len(wanted)
    assert lists.places_of(row, 8).tolist() == wanted.tolist()  # type: ignore[union-attr]
    assert lists.places_of(row, 9) is None
    for until in (0, 1, 65_536, 70_000, 200_000):
        assert lists.places_of(row, 8, until).tolist() == wanted[wanted < until].tolist()  # type: ignore[union-attr]
        assert lists.all_places(row, until).tolist() == wanted[wanted < until].tolist()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db") as opened:
        yield opened


def count(archive: Archive) -> int:
    return len(segments.segments(archive.db))


def test_a_transaction_makes_a_segment_and_many_small_ones_become_one(archive: Archive) -> None:
    for number in range(segments.MOST_SMALL - 1):
        archive.add([article(number, f"义诊{number}", published_at=f"2020-01-{number % 28 + 1:02}")])
    assert count(archive) == segments.MOST_SMALL - 1

    archive.add([article(0, "义诊0", "改过", day=1)])
    archive.add([article(99, "义诊99")])

    assert count(archive) == 1
    assert archive.search("义诊", expand=True).total == segments.MOST_SMALL
    assert archive.search("改过").total == 1
    assert segments.lost_and_stray(archive.db) == (set(), set())


def test_an_article_that_changes_stands_in_the_index_once(archive: Archive) -> None:
    archive.add([article(number, "义诊") for number in (1, 2)])
    for day in range(1, 4):
        archive.add([article(1, "义诊", f"第{day}版", published_at=f"2020-01-0{day}", day=day)])

    assert archive.search("义诊", expand=True).total == 2
    assert archive.search("第1版").total == archive.search("第3版").total == 1
    assert archive.search("text:第1版").total == 0
    assert segments.lost_and_stray(archive.db) == (set(), set())


def test_more_text_than_a_segment_has_room_for_goes_into_several(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "ROOM", 400)
    chance = random.Random(2)
    texts = ["".join(chance.choices("甲乙丙丁", k=chance.randint(1, 150))) for _ in range(30)]
    archive.add(article(number, "义诊", text) for number, text in enumerate(texts, 1))

    assert count(archive) > 4
    for piece in ("甲乙", "丙丁甲", "乙", "丁丁丁"):
        wanted = {number for number, text in enumerate(texts, 1) if piece in text}
        assert {hit.id for hit in archive.search(piece, expand=True, limit=100).hits} == wanted
    assert archive.reindex() == 30
    assert segments.lost_and_stray(archive.db) == (set(), set())


def test_a_text_beyond_all_measure_is_found_by_its_beginning(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "ROOM", 400)
    archive.add([article(1, "短", "义诊"), article(2, "长", "义诊" + "甲" * 500 + "尾巴"), article(3, "短", "门诊")])

    assert archive.search("义诊", expand=True).total == 2
    assert archive.search("门诊").total == 1
    assert archive.search("尾巴").total == 0


def test_a_search_sees_one_state_while_the_index_is_written(archive: Archive, tmp_path: Path) -> None:
    archive.add([article(number, f"义诊{number}") for number in range(1, 4)])
    with Archive(tmp_path / "archive.db", readonly=True) as reader:
        with reader._reading():
            before = reader.search("义诊", expand=True).total
            archive.add([article(9, "义诊九")])
            archive.reindex()
            assert reader.search("义诊", expand=True).total == before == 3
        assert reader.search("义诊", expand=True).total == 4


def test_what_is_not_committed_is_in_no_index(archive: Archive) -> None:
    class StoppedError(Exception):
        pass

    with pytest.raises(StoppedError), archive.transaction() as batch:
        batch.add(article(1, "义诊"))
        batch.finish()
        raise StoppedError

    assert archive.search("义诊").total == 0
    assert count(archive) == 0


def test_days_are_read_from_dates_and_their_beginnings() -> None:
    assert index.day_of("2022-08-22T10:14:00+08:00") == index.day_of("2022-08-22")
    assert index.day_of("2022-08") == index.day_of("2022-08-01")
    assert index.day_of(None) == index.day_of("yesterday") == index.day_of("2022-13") == 0


def test_a_sqlite_that_is_too_old_is_named_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.database.OLDEST_SQLITE", (99, 1, 0))

    with pytest.raises(ArchiveError, match=r"SQLite 3\.\d+\.\d+ is too old, 99\.1\.0 is needed: install pysqlite3"):
        Archive(tmp_path / "archive.db")
