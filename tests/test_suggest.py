"""A query without a hit proposes what was meant, and an article others like it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_samples import article

from archive import Archive
from cli.main import run
from pipeline.records import Site

SITE = Site(name="mengyin", hospital="蒙阴县人民医院", start_urls=("https://a.example/",), aliases=("蒙阴二院",))
BLOOD = "采血车开到石桥镇广场，三十名志愿者挽袖献血，血站工作人员登记血型并发放纪念杯。"
AGAIN = "石桥镇又有志愿者挽袖献血，采血车停在广场。"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suggest")
    with Archive(folder / "archive.db", sites={"mengyin": SITE}) as archive:
        archive.add(
            [
                article(1, "无偿献血活动", BLOOD, hospital="蒙阴县人民医院", site="mengyin", source="蒙阴县人民医院"),
                article(2, "志愿者献血", AGAIN, hospital="青山中医院", site="qs"),
                article(3, "蒙阴县召开会议", "蒙阴县人民医院院长出席。", hospital="蒙阴县人民医院", site="mengyin"),
                article(4, "停电通知", "周六检修线路。", hospital="青山中医院", site="qs"),
            ]
        )
    return folder


@pytest.fixture
def archive(data: Path) -> Iterator[Archive]:
    with Archive(data / "archive.db", readonly=True) as opened:
        yield opened


@pytest.mark.parametrize("typed", ["mengyin", "MengYin", "meng yin", "ｍｅｎｇｙｉｎ"])
def test_pinyin_finds_the_place_and_its_hospital(archive: Archive, typed: str) -> None:
    assert archive.search(typed).total == 0
    assert archive.suggestions(typed) == ["蒙阴", "hospital:蒙阴二院", "蒙阴县人民医院"]


@pytest.mark.parametrize("typed", ["myxrm", "mengyinxian"])
def test_initials_and_the_beginning_of_a_reading_find_the_name(archive: Archive, typed: str) -> None:
    assert archive.suggestions(typed)[0] == "蒙阴县人民医院"


@pytest.mark.parametrize("typed", ["蒙荫县人民医院", "蒙陰县人民醫院院", "蒙阴人民医院"])
def test_a_near_spelling_finds_the_name(archive: Archive, typed: str) -> None:
    assert archive.suggestions(typed)[0] == "蒙阴县人民医院"


def test_what_is_proposed_finds_something(archive: Archive) -> None:
    for typed in ("mengyin", "qingshan", "青衫中医院", "qszyy"):
        proposed = archive.suggestions(typed)
        assert proposed
        assert all(archive.search(query).total for query in proposed)


def test_of_several_words_the_one_that_nothing_has_is_mended_or_left_out(archive: Archive) -> None:
    assert archive.suggestions("蒙荫县人民医院 献血")[0] == "hospital:蒙阴县人民医院 献血"
    assert archive.suggestions("蒙荫县人民医院 会议")[0] == "蒙阴县人民医院 会议"
    assert "献血" in archive.suggestions("献血 彩虹")
    assert "hospital:蒙阴县人民医院 献血" in archive.suggestions("hospital:蒙荫县人民医院 献血")
    assert set(archive.suggestions("停电 献血")) == {"停电", "献血"}
    assert archive.suggestions("彩虹 乌云") == []


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [("蒙", "蒙阴县人民医院"), ("myx", "蒙阴县人民医院"), ("志愿", "志愿者献血"), ("停电 青山", "停电 青山中医院")],
)
def test_a_query_that_is_being_typed_goes_on_as_a_name_or_a_title(archive: Archive, typed: str, proposed: str) -> None:
    assert proposed in archive.completions(typed)


@pytest.mark.parametrize("typed", ["", " ", "彩虹", '"', "%", "a" * 500, "\x00"])
def test_where_nothing_goes_on_nothing_is_proposed_as_one_types(archive: Archive, typed: str) -> None:
    assert archive.completions(typed) == []


def test_frequent_terms_are_what_titles_share(tmp_path: Path) -> None:
    titles = ["召开党建工作会议", "党建工作推进会", "清河县人民医院党建工作", "护士节活动", "护士节慰问", "停电"]
    with Archive(tmp_path / "archive.db") as archive:
        archive.add([article(n, title) for n, title in enumerate(titles, 1)])

        assert archive.frequent_terms()[:2] == ["党建工作", "护士节"]
        assert "人民医院" not in archive.frequent_terms()


@pytest.mark.parametrize("typed", ["", "  ", "zzzz", "彩虹", "title:x", "a" * 900, "%_'\"("])
def test_where_nothing_is_near_nothing_is_proposed(archive: Archive, typed: str) -> None:
    assert archive.suggestions(typed) == []


def test_more_like_this_shares_rare_words_and_leaves_out_the_rest(archive: Archive) -> None:
    assert [hit.id for hit in archive.like(1)] == [2]
    assert "«" in archive.like(1)[0].snippet
    assert archive.like(99) == []


def test_copies_are_not_more_like_this(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        archive.add([article(1, "献血", BLOOD * 4), article(2, "献血", BLOOD * 4), article(3, "献血", AGAIN)])
        assert archive.cluster(1) is not None

        assert [hit.id for hit in archive.like(1)] == [3]


def test_the_command_proposes_and_finds_alike(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--json", "--data", str(data))
    problems: list[str] = []

    assert run(["search", "mengyin", *arguments], problems.append) == 0
    assert json.loads(capsys.readouterr().out)["suggestions"][0] == "蒙阴"
    assert run(["search", "--complete", "蒙", *arguments], problems.append) == 0
    assert "蒙阴县人民医院" in json.loads(capsys.readouterr().out)
    assert run(["search", "--like", "1", *arguments], problems.append) == 0
    assert [hit["id"] for hit in json.loads(capsys.readouterr().out)["hits"]] == [2]
    assert problems == []


@pytest.mark.parametrize("arguments", [(), ("献血", "--like", "1"), ("--like", "99")])
def test_neither_words_nor_an_article_or_both_is_wrong_use(data: Path, arguments: tuple[str, ...]) -> None:
    problems: list[str] = []

    assert run(["search", *arguments, "--data", str(data)], problems.append) == 2
    assert len(problems) == 1
