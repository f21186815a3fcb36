"""A query finds what a substring search would find, says what is wrong with it, and shows where it found it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_samples import article, flag
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import Archive, index, segments
from archive.add import reindex_batch
from archive.check import check_index
from archive.index import key
from archive.query import And, Dated, Flagged, Named, Not, OnSite, Or, Words, parse
from archive.snippets import mark, snippet
from pipeline.errors import QueryError
from pipeline.records import Repair, Site, Spot

WORDS = (
    "医院", "醫院", "人民醫院", "党建", "黨建", "示范点", "卫健委", "衛健委", "门诊", "門診", "PET-CT", "ＰＥＴ－ＣＴ",
    "2022年", "３号", "刘运", "联合会诊", "聯合會診", "护理", "a", "B超", "“健康”", "，", "。", " ", "\n", "（试行）",
    "×", "50%", "C++", "/", '"', "'", "*",
)  # fmt: skip


def made_up_texts(count: int, seed: int) -> list[tuple[str, str]]:
    chance = random.Random(seed)
    sizes = [(chance.randint(0, 5), chance.randint(1, 60)) for _ in range(count)]
    return [("".join(chance.choices(WORDS, k=title)), "".join(chance.choices(WORDS, k=text))) for title, text in sizes]


TEXTS = made_up_texts(60, seed=1)
PIECES = st.sampled_from([*WORDS, "-", "OR", ":", "title:", "“", "date:", "NEAR(", "^"])
QUERIES = st.one_of(st.text(max_size=12), st.lists(PIECES, max_size=8).map("".join))


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive(tmp_path_factory.mktemp("search") / "archive.db") as archive:
        archive.add([article(number, title, text) for number, (title, text) in enumerate(TEXTS, 1)])
        yield archive


def containing(needle: str, texts: list[tuple[str, str]] = TEXTS) -> set[int]:
    return {n for n, pair in enumerate(texts, 1) if any(key(needle) in key(part) for part in pair)}


def found(archive: Archive, query: str, **filters: object) -> set[int]:
    results = archive.search(query, expand=True, limit=1000, **filters)  # type: ignore[arg-type]
    assert results.total == len(results.hits)
    return {hit.id for hit in results.hits}


def docid_of(archive: Archive, number: int) -> int:
    return int(archive.db.execute("select docid from articles where id = ?", [number]).fetchone()[0])


def quoted(text: str) -> str:
    """The text as a phrase of a query, whatever quotes it holds."""
    return f"「{text}」"


@pytest.mark.parametrize("seed", range(5))
def test_any_piece_of_a_text_finds_exactly_the_articles_that_contain_it(made_up: Archive, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        text = chance.choice(chance.choice(TEXTS)) or "医院"
        start = chance.randrange(len(text))
        piece = text[start : start + chance.choice((1, 1, 2, 2, 3, 4, 8, 20))].strip()
        if piece:
            assert found(made_up, quoted(piece)) == containing(piece), piece


@pytest.mark.parametrize(
    "word", ["医院", "醫院", "黨", "pet-ct", "PET－CT", "2022", "2022年", "B", "c++", "50%", "不在", "院人"]
)
def test_a_word_is_found_in_either_script_and_width(made_up: Archive, word: str) -> None:
    assert found(made_up, word) == containing(word)


def test_words_are_anded_ored_and_excluded(made_up: Archive) -> None:
    one, two, three = containing("党建"), containing("门诊"), containing("a")

    assert found(made_up, "党建 門診") == one & two
    assert found(made_up, "党建 AND 門診") == one & two
    assert found(made_up, "党建 -门诊") == one - two
    assert found(made_up, "党建　－门诊") == one - two
    for either in ("党建 OR 门诊", "党建 或 门诊", "党建 | 门诊"):
        assert found(made_up, either) == one | two
    assert found(made_up, "党建 OR a -门诊") == (one | three) - two
    assert found(made_up, "a 党建 OR 门诊") == three & (one | two)
    assert found(made_up, "-党建") == set(range(1, len(TEXTS) + 1)) - one
    assert found(made_up, "党建 OR -a") == one | (set(range(1, len(TEXTS) + 1)) - three)


def test_title_and_text_can_be_asked_alone(made_up: Archive) -> None:
    titles = {n for n, (title, _) in enumerate(TEXTS, 1) if key("医院") in key(title)}
    bodies = {n for n, (_, text) in enumerate(TEXTS, 1) if key("医院") in key(text)}

    assert found(made_up, "title:医院") == found(made_up, "标题：醫院") == found(made_up, "標題:医院") == titles
    assert found(made_up, "text:医院") == bodies
    assert found(made_up, "title:院") == titles
    assert found(made_up, 'title:"医院" -text:医') == titles - bodies


@settings(max_examples=120, deadline=None)
@given(query=QUERIES)
def test_no_query_is_answered_with_anything_but_results_or_a_query_error(made_up: Archive, query: str) -> None:
    try:
        results = made_up.search(query)
    except QueryError as error:
        assert 0 <= error.position <= len(query)
        assert str(error)
    else:
        assert results.total >= len(results.hits)


def test_a_query_is_read_into_a_tree() -> None:
    assert parse("党建 “示范 点” -招聘") == And((Words("党建"), Words("示范 点"), Not(Words("招聘"))))
    assert parse("a OR b OR c") == Or((Words("a"), Words("b"), Words("c")))
    assert parse("医院:清河 来源：新华 author:王 栏目:动态") == And(
        (Named("hospital", "清河"), Named("source", "新华"), Named("author", "王"), Named("section", "动态"))
    )
    assert parse("site:qinghe flag:spam") == And((OnSite("qinghe"), Flagged("spam")))
    assert parse("year:2021") == parse("年份:２０２１") == Dated("2021", "2022")
    assert parse("date:2020..2022-06") == Dated("2020", "2022-07")
    assert parse("date:2022-12-31") == Dated("2022-12-31", "2023-01-01")
    assert parse("日期：2022年6月") == Dated("2022-06", "2022-07")
    assert parse("date:..2019") == Dated("", "2020")
    assert parse("http://a.example/ 10:30 供稿:未知") == And(
        (Words("http://a.example/"), Words("10:30"), Words("供稿:未知"))
    )


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("", 0),
        ("   ", 0),
        ('党建 "示范', 3),
        ("“示范", 0),
        ('""', 0),
        ("党建 - 招聘", 3),
        ("党建 -", 3),
        ("OR 党建", 0),
        ("党建 OR", 3),
        ("党建 OR OR 门诊", 6),
        ("titel:党建", 0),
        ("title:", 6),
        ("党建 title: 门诊", 9),
        ("flag:nice", 5),
        ("year:2022-06", 5),
        ("date:2022-13", 5),
        ("date:2022-02-30", 5),
        ("date:yesterday", 5),
        ("date:2022..2020", 5),
        ("date:..", 5),
        ("date:9999-12-31", 5),
        ("长" * 1001, 1000),
    ],
)
def test_a_wrong_query_is_told_where_it_is_wrong(query: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)

    assert caught.value.position == position


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db") as opened:
        yield opened


def test_filters_narrow_what_is_found(archive: Archive) -> None:
    archive.add(
        [
            article(1, "义诊", published_at="2021-12-31T23:59:00+08:00", source="新华网", flags=(flag("spam"),)),
            article(2, "义诊", published_at="2022-06-30", author="王芳", section="医院动态"),
            article(3, "义诊", hospital="青山中醫院", site="qingshan", flags=(flag("undated"),)),
        ]
    )

    assert found(archive, "义诊 year:2021") == {1}
    assert found(archive, "义诊 date:2022-06") == found(archive, "义诊", since="2022-06-30", until="2022-06-30") == {2}
    assert found(archive, "义诊 date:2021..2022") == {1, 2}
    assert found(archive, "义诊 -year:2021") == {2, 3}
    assert found(archive, "hospital:中医院") == found(archive, "site:qingshan") == {3}
    assert found(archive, "source:新華 OR author:芳") == {1, 2}
    assert found(archive, "栏目:动态") == {2}
    assert found(archive, "义诊 -flag:spam") == found(archive, "义诊", without_flags=["spam"]) == {2, 3}
    assert found(archive, "义诊", flags=["undated"]) == {3}
    assert found(archive, "义诊", site="qinghe") == {1, 2}


def test_a_hospital_is_found_by_its_other_names(tmp_path: Path) -> None:
    site = Site(name="qinghe", hospital="清河县人民医院", start_urls=("https://a.example/",), aliases=("清河二院",))
    with Archive(tmp_path / "archive.db", sites={"qinghe": site}) as archive:
        archive.add([article(1, "义诊"), article(2, "义诊", hospital="青山医院", site="qingshan")])

        assert found(archive, "hospital:二院") == found(archive, "单位:清河县") == {1}


def test_a_flag_or_date_that_is_none_is_told_in_a_filter_too(archive: Archive) -> None:
    wrong = ({"flags": ["nice"]}, {"without_flags": ["nice"]}, {"since": "soon"}, {"sort": "best"}, {"cursor": "%"})
    for filters in wrong:
        with pytest.raises(QueryError):
            archive.search("义诊", **filters)  # type: ignore[arg-type]


def test_titles_come_first_then_what_says_it_most_then_the_newest(archive: Archive) -> None:
    archive.add(
        [
            article(1, "甲", "提到义诊一次。" + "其他的事情。" * 30, published_at="2023-01-01"),
            article(2, "乙", "义诊，义诊，义诊。", published_at="2020-01-01"),
            article(3, "义诊", "正文", published_at="2019-01-01"),
            article(4, "义诊", "正文", published_at="2021-01-01"),
            article(5, "丙", "无关"),
        ]
    )

    assert [hit.id for hit in archive.search("义诊", expand=True).hits] == [4, 3, 2, 1]
    assert [hit.id for hit in archive.search("义诊", expand=True, sort="date").hits] == [1, 4, 2, 3]


def test_pages_follow_one_another_without_gap_or_repetition(archive: Archive) -> None:
    archive.add([article(n, f"义诊{n}", "义诊" * n, published_at=f"2020-01-{n:02}") for n in range(1, 24)])

    for sort in ("relevance", "date"):
        seen: list[int] = []
        cursor = None
        while True:
            page = archive.search("义诊", limit=5, cursor=cursor, expand=True, sort=sort)  # type: ignore[arg-type]
            assert page.total == 23
            seen += [hit.id for hit in page.hits]
            cursor = page.next
            if cursor is None:
                break
        assert seen == [hit.id for hit in archive.search("义诊", limit=100, expand=True, sort=sort).hits]  # type: ignore[arg-type]
        assert len(set(seen)) == 23


def test_pages_stay_the_same_while_articles_are_added(archive: Archive) -> None:
    archive.add([article(n, f"义诊{n}" if n % 3 else "别的", "义诊" * (n % 5 + 1) + "甲" * n) for n in range(1, 24)])
    whole = [hit.id for hit in archive.search("义诊", limit=100, expand=True).hits]
    for sort in ("relevance", "date"):
        seen: list[int] = []
        page = archive.search("义诊", limit=4, expand=True, sort=sort)  # type: ignore[arg-type]
        first, number = page, 100
        while True:
            assert page.total == first.total
            seen += [hit.id for hit in page.hits]
            if page.next is None:
                break
            archive.add([article(number, "义诊 义诊", "义诊" * 9), article(number + 1, "义诊", "乙" * 50)])
            number += 2
            page = archive.search("义诊", limit=4, expand=True, sort=sort, cursor=page.next)  # type: ignore[arg-type]

        assert len(seen) == len(set(seen)) == first.total
        if sort == "relevance":
            assert seen == whole


def test_a_place_of_another_query_is_told(archive: Archive) -> None:
    archive.add([article(n, f"义诊{n}", "血压") for n in range(1, 9)])
    place = archive.search("义诊", limit=2).next

    with pytest.raises(QueryError, match="another query"):
        archive.search("义诊 血压", limit=2, cursor=place)


def test_a_region_is_that_of_the_site_as_its_toml_says_today(tmp_path: Path) -> None:
    def site(name: str, region: str) -> Site:
        return Site(name=name, hospital=f"{name}医院", start_urls=("https://a.example/",), region=region)

    sites = {"qinghe": site("qinghe", "山东省临沂市"), "qingshan": site("qingshan", "河北省")}
    with Archive(tmp_path / "archive.db", sites=sites) as archive:
        archive.add([article(1, "义诊"), article(2, "义诊", site="qingshan"), article(3, "义诊", site="unknown")])

        assert found(archive, "义诊 region:山东") == found(archive, "地区:臨沂") == {1}
        assert found(archive, "义诊", region="河北") == found(archive, "region:河北省 OR region:没有") == {2}
        assert found(archive, "义诊 -region:山东") == {2, 3}
        assert archive.facets("义诊")["region"] == [("山东省临沂市", 1), ("河北省", 1)]

    sites["qinghe"] = site("qinghe", "江苏省")
    with Archive(tmp_path / "archive.db", sites=sites) as archive:
        assert found(archive, "region:山东") == set()
        assert found(archive, "region:江苏") == {1}


def test_a_year_and_a_hospital_count_where_no_article_has_all_words(archive: Archive) -> None:
    archive.add(
        [
            article(1, "采血车开进校园", published_at="2020-03-01"),
            article(2, "采血车开进校园", published_at="2021-03-01"),
            article(3, "采血车开进校园", hospital="青山医院", site="qingshan", published_at="2021-03-02"),
        ]
    )

    assert archive.search("清河县人民医院 采血车 2021").partial[0].id == 2
    assert archive.search("青山医院 采血车 2021年").partial[0].id == 3
    assert archive.search("采血车开过校园 献血").partial[0].snippet.count("«") > 0


def test_when_nothing_has_all_words_what_has_most_of_them_is_offered(archive: Archive) -> None:
    archive.add([article(1, "义诊", "血压"), article(2, "义诊"), article(3, "停电"), article(4, "义诊", site="other")])

    results = archive.search("义诊 血压 彩虹", site="qinghe")

    assert (results.total, results.hits) == (0, [])
    assert [hit.id for hit in results.partial] == [1, 2]
    assert results.partial[0].snippet == "«血压»"
    assert archive.search("义诊 血压").partial == []
    assert archive.search("彩虹").partial == []


def test_copies_are_one_hit(archive: Archive) -> None:
    text = "清河县人民医院组织专家下乡义诊，为两百余名村民测量血压并讲解合理用药的知识。\n" * 6
    copy = article(2, "下乡义诊", text, url="https://b.example/2")
    archive.add([article(1, "下乡义诊", text), copy, article(3, "义诊")])

    collapsed, expanded = archive.search("义诊"), archive.search("义诊", expand=True)

    assert (collapsed.total, expanded.total) == (2, 3)
    assert sorted(hit.copies for hit in collapsed.hits) == [0, 1]
    assert {hit.id for hit in collapsed.hits} == {1, 3}


def test_pages_of_clusters_name_each_once(archive: Archive) -> None:
    stories = [
        "清河县人民医院下乡义诊，为两百余名村民测量血压。\n" * 5,
        "义诊车开进校园，为师生讲解急救知识与护眼方法。\n" * 5,
    ]
    copies = [article(n, "义诊", stories[n % 2], published_at=f"2020-01-{n:02}") for n in range(1, 7)]
    archive.add([*copies, *(article(n, "义诊", "义诊" * n) for n in range(10, 14))])
    seen: list[int] = []
    cursor, more = None, True

    while more:
        page = archive.search("义诊", limit=1, cursor=cursor)
        assert page.total == 6
        seen += [hit.id for hit in page.hits]
        cursor, more = page.next, page.next is not None

    assert len(seen) == len(set(seen)) == 6


def test_a_snippet_shows_the_printed_text() -> None:
    text = "前言。" * 50 + "昨日，縣衛健委（ＷＪＷ）發佈通知。" + "后记。" * 50

    assert "縣«衛健委»（" in snippet(text, [key("卫健委")])
    assert "«ＷＪＷ»" in snippet(text, [key("wjw")])
    assert snippet(text, [key("没有")]) == ""
    assert len(snippet(text, [key("卫健委")])) < 110


def test_every_place_is_marked_once() -> None:
    assert mark("醫院与医院", ["医院"]) == "«醫院»与«医院»"
    assert mark("人民医院", ["人民", "民医"]) == "«人民医»院"
    assert mark("aaaa", ["aa"]) == "«aaaa»"
    assert mark("㈱㎏", [key("㎏")]) == "㈱«㎏»"
    assert mark("㎏", ["k"]) == "«㎏»"


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="医醫院㎏ｋg ﷺ卫衛\u200b，", min_size=1, max_size=30), data=st.data())
def test_what_is_marked_folds_to_what_was_looked_for(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    needle = key(text[start : start + data.draw(st.integers(1, 5))])
    if not needle:
        return

    marked = mark(text, [needle])

    assert marked.replace("«", "").replace("»", "") == text
    pieces = [piece.partition("»")[0] for piece in marked.split("«")[1:]]
    assert pieces
    assert all(needle in key(piece) for piece in pieces)


def test_a_guess_is_found_and_shown_as_such(archive: Archive) -> None:
    before, after = "中醫?浦委煛", "中醫專科治療"
    original = f"我院{before}科室揭牌。\n第二段。"
    repair = Repair(
        original=original,
        text=original,
        spots=(Spot(start=2, end=2 + len(before), before=before, after=after, status="guess"),),
    )
    archive.add([article(1, "揭牌", original, repairs={"text": repair})])

    hits = archive.search("专科治疗").hits

    assert [hit.snippet for hit in hits] == ["我院中醫«專科治療»科室揭牌。"]
    assert archive.search("浦委").total == 1
    assert archive.article(1)["text"] == original  # type: ignore[index]


def test_texts_that_stand_side_by_side_are_not_read_as_one(archive: Archive) -> None:
    archive.add([article(1, "清河", "人民", day=0)])
    archive.add([article(1, "医院", "示范", day=1)])

    for query in ("河人", "院示", "范清", '"清河 人民"'):
        assert archive.search(query).total == 0


def test_newer_days_have_higher_numbers_and_undated_articles_the_lowest(archive: Archive) -> None:
    dates = ["2022-08-22", None, "2001-01-01", "2022-08-22T10:14:00+08:00", "1900-01-01", "2024-02-29"]
    archive.add([article(n, f"义诊{n}", published_at=day) for n, day in enumerate(dates, 1)])

    assert [hit.id for hit in archive.search("义诊", sort="date", expand=True).hits] == [6, 4, 1, 3, 5, 2]


def test_a_day_with_more_articles_than_numbers_runs_over(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.index.DAY_BITS", 2)
    archive.add([article(n, f"义诊{n}", published_at="2022-08-22") for n in range(1, 8)])
    archive.add([article(9, "义诊", published_at="2022-08-23")])

    assert found(archive, "date:2022-08-22") == set(range(1, 8))
    assert found(archive, "义诊") == {*range(1, 9)}


def test_facets_say_how_what_is_found_spreads(archive: Archive) -> None:
    archive.add(
        [
            article(1, "义诊", published_at="2021-05-01", section="动态", flags=(flag("spam"),)),
            article(2, "义诊", published_at="2021-06-01T08:00:00+08:00", section="通知"),
            article(3, "义诊", site="qingshan", hospital="青山医院", flags=(flag("spam"), flag("undated"))),
            article(4, "别的"),
        ]
    )

    facets = archive.facets("义诊")

    assert facets["year"] == [("2021", 2)]
    assert facets["hospital"] == [("清河县人民医院", 2), ("青山医院", 1)]
    assert facets["site"] == [("qinghe", 2), ("qingshan", 1)]
    assert facets["section"] == [("动态", 1), ("通知", 1)]
    assert facets["flag"] == [("spam", 2), ("undated", 1)]
    assert archive.facets("义诊", site="qingshan")["flag"] == [("spam", 1), ("undated", 1)]


def test_an_index_that_was_lost_is_made_again(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.add([article(n, f"义诊{n}", "甲", hospital="清河醫院") for n in range(1, 8)])
    archive.add([article(1, "义诊1", "乙", day=1)])
    with archive.db.atomic():
        segments.update(archive.db, (), [docid_of(archive, 2), docid_of(archive, 3)])
        archive.db.execute("update articles set docid = docid + 1000 where id = 4")  # a stray, and one that is lost
    archive.db.execute("update settings set value = 'old' where name = 'index_version'")
    assert archive.search("义诊", expand=True).total == 5
    assert len(list(check_index(archive))) == 2

    count = archive.reindex()

    assert count == 7
    assert archive.search("义诊", expand=True).total == 7
    assert archive.search("甲 -乙", expand=True).total == 6
    assert archive.search("hospital:清河医院", expand=True).total == 6
    assert [one["finding"] for one in check_index(archive)] == []


def test_making_the_index_again_goes_on_where_it_was(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.add([article(n, f"义诊{n}") for n in range(1, 8)])
    monkeypatch.setattr("archive.database.reindex_batch", lambda db: reindex_batch(db, 3))

    class StoppedError(Exception):
        pass

    def stop(_: str) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        archive.reindex(stop)

    assert archive.reindex() == 4
    assert archive.search("义诊", expand=True).total == 7
    assert archive.reindex() == 7


def test_a_corrected_date_moves_the_article(archive: Archive) -> None:
    archive.add([article(1, "义诊", "甲", published_at="2020-01-01")])
    archive.add([article(2, "义诊", "乙", published_at="2021-01-01")])
    archive.add([article(1, "义诊", "甲", published_at="2022-01-01", day=1)])

    assert [hit.id for hit in archive.search("义诊", sort="date", expand=True).hits] == [1, 2]
    assert found(archive, "甲") == {1}


def test_a_first_page_says_so_when_it_has_not_counted_all(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.stacks.STACK", 1)
    archive.add([article(30, "义诊", "正文", published_at="2001-01-01", site="old")])
    for first in (1, 11):
        archive.add([article(n, "别的", "义诊", published_at=f"2020-01-{n:02}") for n in range(first, first + 10)])

    whole, _ = archive.first_page("义诊", limit=5, expand=True)
    page, facets = archive.first_page("义诊", limit=5, expand=True, most=9)

    assert (whole.total, whole.at_least) == (21, False)
    assert (page.total, page.at_least) == (9, True)
    assert [hit.id for hit in page.hits] == [1, 21, 20, 19, 18]  # a title hit is the first, however old
    assert sum(count for _, count in facets["site"]) == 11  # the newest ten and the title
    assert archive.first_page("义诊 site:old", most=9)[0].total == 1


def test_the_facets_of_a_first_page_follow_what_is_written(archive: Archive) -> None:
    archive.add([article(1, "义诊", section="动态")])
    assert archive.first_page("义诊")[1]["section"] == [("动态", 1)]

    archive.add([article(2, "义诊", section="通知", flags=(flag("spam"),))])
    archive.add([article(1, "义诊", "新", section="公告", day=1)])

    facets = archive.first_page("义诊", expand=True)[1]
    assert facets["section"] == [("公告", 1), ("通知", 1)]
    assert facets["flag"] == [("spam", 1)]


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=40), piece=st.text(alphabet="医醫…①㎏ａß\u200b\U000308af\ue020\x00 ", max_size=10))
def test_the_quick_way_to_the_units_is_the_plain_one(text: str, piece: str) -> None:
    printed = (text + piece).encode("utf-8", "replace").decode()

    assert index.coded(printed).tolist() == index.units_of(key(printed))
