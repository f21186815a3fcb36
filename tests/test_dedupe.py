"""Two articles: what makes them one, and what makes siblings of them."""

from __future__ import annotations

import dataclasses
import datetime
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.damage import inject, swap_brand
from pipeline.dedupe import Candidate, Verdict, bridges, compare, may_be_one, representative
from pipeline.documents import KEY_BITS, Document, keys, prepare, prepare_all
from pipeline.records import Article, Evidence, Flag, Link

HOSPITAL = "青河县人民医院"
PARAGRAPHS = (
    "3月12日上午，青河县人民医院在门诊楼前广场举办肾脏健康宣传日活动，肾内科主任张建国带领18名医护人员为市民义诊。",
    "活动现场，医护人员为前来咨询的群众测量血压、检测尿常规，并耐心讲解慢性肾病的早期表现。许多老人带着往年的化验单"
    "前来，医生逐一解读。",
    "据张建国介绍，慢性肾病起病隐匿，不少患者确诊时已经错过最佳的干预时机，因此每年至少应做一次尿液检查。高血压和糖"
    "尿病患者更要留心。",
    "此次活动共接待咨询群众326人次，发放健康手册500余份，为42名高危人员预约了免费复查。青河县人民医院还将把活动延伸"
    "到乡镇卫生院。",
    "护士长李红提醒，春季早晚温差大，肾病患者应注意保暖，按时服药，不要轻信偏方。家属发现浮肿、泡沫尿等情况，要及时"
    "陪同就医。",
)
ARTICLE = Article(
    site="qinghe",
    url="https://qinghe.example/1.html",
    title="青河县人民医院举办肾脏健康宣传日活动",
    text="\n".join(PARAGRAPHS),
    hospital=HOSPITAL,
    published_at="2024-03-13",
)


def verdict(text: str, *, old: Article = ARTICLE, **changes: object) -> Verdict | None:
    fields = {"site": "portal", "url": "https://portal.example/7", "published_at": "2024-03-14"} | changes
    return compare(prepare(dataclasses.replace(ARTICLE, text=text, **fields)), prepare(old))  # type: ignore[arg-type]


def kind(text: str, **changes: object) -> str | None:
    found = verdict(text, **changes)
    return found.kind if found else None


def test_the_same_words_are_a_copy_whatever_the_script_and_punctuation() -> None:
    plain = prepare(ARTICLE)
    traditional = prepare(dataclasses.replace(ARTICLE, text=inject(ARTICLE.text, density=0.0, seed=1)))
    flat = prepare(dataclasses.replace(ARTICLE, text=ARTICLE.text.replace("，", ",").replace("。", ".")))

    assert plain.exact == flat.exact
    assert compare(flat, plain) == Verdict("copy", 1.0, 1.0)
    found = compare(traditional, plain)
    assert found is not None and found.kind == "copy" and found.whole


@pytest.mark.parametrize("density", [0.2, 0.6, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_injected_pinyin_and_lost_characters_do_not_count(density: float, seed: int) -> None:
    assert kind(inject(ARTICLE.text, density=density, seed=seed)) == "copy"


def test_another_header_footer_and_caption_do_not_count() -> None:
    text = "\n".join(
        ("本报讯（记者 王敏 通讯员 刘强）", *PARAGRAPHS[:2], "图为活动现场。赵磊 摄", *PARAGRAPHS[2:], "责任编辑：孙丽")
    )

    assert kind(text, title="【健康】肾脏健康宣传日义诊走进广场") == "copy"


def test_lines_of_metadata_are_left_out_but_facts_that_look_like_them_are_not() -> None:
    lines = ("发布时间：2024-03-13 浏览次数：88", ARTICLE.text, "來源：健康網")
    with_metadata = dataclasses.replace(ARTICLE, text="\n".join(lines))
    with_fact = dataclasses.replace(ARTICLE, text=f"{ARTICLE.text}\n报名时间：2024年5月6日")

    assert prepare(with_metadata).body == prepare(ARTICLE).body
    assert prepare(with_fact).body.endswith("报名时间2024年5月6日")


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("326人次", "327人次", "number"),
        ("500余份", "5000余份", "number"),
        ("3月12日", "3月19日", "number"),
        ("张建国", "王秀英", "name"),
        ("主任张建国带领", "主任张建军带领", "name"),
        ("护士长李红提醒", "护士长周敏提醒", "name"),
        ("肾内科主任", "心内科主任", "entity"),
        ("42名高危", "142名高危", "number"),
        ("主任张建国带领", "主任张建带领", "name"),
    ],
)
def test_a_changed_fact_makes_a_sibling(before: str, after: str, what: str) -> None:
    found = verdict(ARTICLE.text.replace(before, after))

    assert found is not None
    assert found.kind == "sibling"
    assert what in {difference.what for difference in found.differences}


@pytest.mark.parametrize(("before", "after"), [("共1。", "共10。"), ("共15，", "共5，"), ("第1期\n", "第11期\n")])
def test_a_number_at_the_end_of_a_clause_is_a_fact_as_well(before: str, after: str) -> None:
    text, place = ARTICLE.text, ARTICLE.text.index("据张建国")
    one, other = (text[:place] + number + text[place:] for number in (before, after))

    assert kind(one, old=dataclasses.replace(ARTICLE, text=other)) == "sibling"


def test_a_slip_of_the_pen_in_a_name_makes_nobody_else() -> None:
    assert kind(ARTICLE.text.replace("主任张建国带领", "主任张建的带领")) == "copy"
    assert kind(ARTICLE.text.replace("主任张建国带领", "主任张建华带领")) == "sibling"


@pytest.mark.parametrize(
    ("printed", "days", "expected"),
    [
        ("3月92日", 2, "revision"),  # there is no such day
        ("3月11日", 2, "revision"),  # the later text goes back
        ("3月14日", 2, "sibling"),  # a series goes on
        ("3月14日", 0, "revision"),
        ("3月11日", 20, "sibling"),
    ],
)
def test_a_changed_date_is_a_correction_unless_it_goes_on_like_a_series(printed: str, days: int, expected: str) -> None:
    text = ARTICLE.text.replace("3月12日", printed)
    published = datetime.date(2024, 3, 13) + datetime.timedelta(days=days)

    assert kind(text, site="qinghe", published_at=published.isoformat()) == expected


def test_another_word_in_latin_letters_is_another_fact() -> None:
    english = (
        "On Tuesday the county hospital opened a new dialysis centre. Doctor Smith cut the ribbon and thanked all. "
        "The centre has twelve beds and will treat patients from four towns. Visitors could see the rooms all day."
    )
    old = dataclasses.replace(ARTICLE, title="New dialysis centre", text=english)

    assert kind(english.replace(". ", ".\n").replace("dialysis centre", "DIALYSIS CENTRE"), old=old) == "copy"
    assert kind(english.replace("Smith", "Johnson"), old=old) == "sibling"
    assert kind(english.replace("twelve", "thirteen"), old=old) == "sibling"
    assert kind(english.replace("Visitors", "Vistors"), old=old) == "copy"


@pytest.mark.parametrize("seed", range(3))
def test_traditional_damaged_and_hijacked_at_once_is_still_a_copy(seed: int) -> None:
    damaged = inject(swap_brand(ARTICLE.text, HOSPITAL, "澳门新葡京"), density=0.8, seed=seed)

    assert kind(damaged, flags=(Flag(name="annotated", evidence=()),)) == "copy"


def test_tables_of_numbers_are_told_apart_by_one_number() -> None:
    figures = " ".join(str(1000 + 7 * at) for at in range(200))
    old = dataclasses.replace(ARTICLE, text=figures)

    assert kind(figures.replace(" ", "\n"), old=old) == "copy"
    assert kind(figures.replace("1700", "1710"), old=old) == "sibling"


def notice(
    site: str = "a", day: str | None = "2024-03-13", title: str = "公告", text: str = "", *files: str
) -> Article:
    images = tuple(Link(url=f"https://{site}.example/{len(site)}/{file}") for file in files)
    return Article(site=site, url=f"https://{site}.example/n", title=title, text=text, published_at=day, images=images)


BARE = "现将本周有关事项予以公告，详情请见下图，如有疑问请联系医院办公室。请广大患者相互转告，不便之处敬请谅解。"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (notice(), notice(), "copy"),
        (notice(), notice(day="2024-05-13"), "sibling"),
        (notice(), notice(day=None), "sibling"),
        (notice("a", None, "青河县人民医院招聘公告一览"), notice("b", None, "青河县人民医院招聘公告一览"), "copy"),
        (notice("a", "2024-03-13", "公告", "", "1.jpg"), notice("a", "2024-03-13", "公告", "", "2.jpg"), "sibling"),
        (notice("a", "2024-03-13", "公告", "", "1.jpg"), notice("b", "2024-09-13", "公告", "", "1.jpg"), "copy"),
        (notice("a", "2024-03-13", "公告", BARE), notice("b", "2024-09-13", "公告", BARE), "copy"),
        (notice("a", "2024-03-13", "公告", BARE), notice("a", "2024-09-13", "公告", BARE), "sibling"),
        (notice("a", "2024-03-13", "公告", BARE, "x.pdf"), notice("a", "2024-03-14", "公告", BARE, "y.pdf"), "sibling"),
    ],
)
def test_notices_without_words_are_told_apart_by_files_and_days(one: Article, other: Article, expected: str) -> None:
    found = compare(prepare(other), prepare(one))

    assert found is not None and found.kind == expected
    assert (expected == "copy") == (not found.differences)


def test_a_slip_of_the_pen_is_no_fact() -> None:
    assert kind(ARTICLE.text.replace("耐心讲解", "耐心讲介").replace("及时陪同", "及是陪同")) == "copy"


def test_a_decimal_point_counts() -> None:
    old = dataclasses.replace(ARTICLE, text=ARTICLE.text + "\n平均住院日缩短了1.2天。")

    assert kind(ARTICLE.text + "\n平均住院日缩短了12天。", old=old) == "sibling"


def test_one_title_with_two_ordinals_is_a_series() -> None:
    old = dataclasses.replace(ARTICLE, title="健康宣传简报（第3期）")

    assert kind(ARTICLE.text, old=old, title="健康宣传简报（第4期）") == "sibling"


@pytest.mark.parametrize("brand", ["6163am银河线路", "澳门新葡京", "沙巴之星集团"])
def test_a_brand_in_place_of_the_hospital_does_not_count(brand: str) -> None:
    assert kind(swap_brand(ARTICLE.text, HOSPITAL, brand)) == "copy"


def test_another_hospital_throughout_is_another_article() -> None:
    assert kind(ARTICLE.text.replace(HOSPITAL, "永丰县中医医院")) == "sibling"


def test_a_brand_that_the_flags_name_is_known() -> None:
    evidence = Evidence(rule="brand", where="text", text="沙巴之星")
    flags = (Flag(name="hijacked", evidence=(evidence,)),)

    assert kind(ARTICLE.text.replace(HOSPITAL, "沙巴之星"), flags=flags) == "copy"


def test_a_preview_is_an_excerpt_and_says_how_much_of_the_whole_it_is() -> None:
    found = verdict(ARTICLE.text[:120] + "……")

    assert found is not None and found.kind == "excerpt"
    assert found.share_new > 0.95 and found.share_old < 0.5
    assert found.evidence()["shared"] == [round(found.share_new, 3), round(found.share_old, 3)]


def test_a_body_pasted_twice_is_the_same_body() -> None:
    found = verdict(f"{ARTICLE.text}\n{ARTICLE.text}")

    assert found is not None and found.kind == "copy" and found.whole


def test_an_added_paragraph_on_the_same_site_is_a_revision() -> None:
    added = "活动结束后，医院对参与人员进行了培训，并就今后的随访工作作了安排，下一场义诊将在河东社区举行。"
    text = "\n".join((*PARAGRAPHS, added))

    found = verdict(text, site="qinghe", url="https://qinghe.example/2.html")

    assert found is not None and found.kind == "revision"
    assert [difference.what for difference in found.differences] == ["added"]


def test_one_number_corrected_on_the_same_site_within_days_is_a_revision_and_elsewhere_a_sibling() -> None:
    text = ARTICLE.text.replace("326人次", "362人次")

    assert kind(text, site="qinghe", published_at="2024-03-13") == "revision"
    assert kind(text, site="qinghe", published_at="2024-04-13") == "sibling"
    assert kind(text, site="qinghe", published_at="2024-03-13", title="义诊活动再度举行") == "sibling"
    assert kind(text, site="portal", published_at="2024-03-13") == "sibling"


def test_texts_of_the_same_phrases_about_other_things_have_nothing_to_do_with_each_other() -> None:
    other = (
        "近日，医院工会组织职工趣味运动会，十二支队伍在拔河、跳绳和接力跑中一决高下。经过一天的角逐，后勤保障部拔得头"
        "筹。"
        "工会主席表示，今后要多办这样的活动，让职工在繁忙的工作之余放松身心。家属发现浮肿、泡沫尿等情况，要及时陪同就"
        "医。"
    )

    assert verdict(other) is None


def test_short_texts_need_the_same_title() -> None:
    old = dataclasses.replace(ARTICLE, text="点击图片查看大图。")

    assert kind("点击图片查看大图。", old=old) == "copy"
    assert kind("点击图片查看大图。", old=old, title="别的标题") is None
    assert verdict("", old=dataclasses.replace(ARTICLE, text=""), title="别的标题") is None


def test_keys_are_few_small_and_shared_by_damaged_wrapped_and_unpunctuated_copies() -> None:
    plain = keys(prepare(ARTICLE))
    wrapped = "\n".join(ARTICLE.text[at : at + 38] for at in range(0, len(ARTICLE.text), 38))
    bare = "".join(char for char in ARTICLE.text if char not in "，。、；！？\n")

    assert 0 < len(plain) <= 20
    assert all(0 <= key < 1 << KEY_BITS for key in plain)
    for text in (wrapped, bare, inject(ARTICLE.text, density=0.6, seed=3), "\n".join(PARAGRAPHS[1:])):
        assert set(plain) & set(keys(prepare(dataclasses.replace(ARTICLE, text=text))))


def as_compared(document: Document) -> tuple[object, ...]:
    words = (document.title, document.body, document.ends, document.hashes, document.breaks)
    return (*words, document.exact, document.damage, document.numbers, keys(document))


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(alphabet="一二三。，\n1.5:?(ā)医院的 ", max_size=300)), max_size=6)
)
@settings(max_examples=60, deadline=None)
def test_articles_prepared_together_are_what_they_are_alone(texts: list[tuple[str, str]]) -> None:
    articles = [dataclasses.replace(ARTICLE, title=title, text=text) for title, text in texts]
    articles.insert(1, dataclasses.replace(ARTICLE, text=f"{ARTICLE.text}\n{ARTICLE.text}"))

    together = [as_compared(document) for document in prepare_all(articles)]

    assert together == [as_compared(prepare(article)) for article in articles]


def test_numbers_alone_tell_most_bulletins_apart_but_no_preview_from_its_whole() -> None:
    figures = "门诊{}人次，住院{}人次，手术{}例，体检{}人次，义诊{}场，培训{}人，随访{}人。"
    one, other = (dataclasses.replace(ARTICLE, text=figures.format(*range(at, at + 7))) for at in (120, 340))
    preview = dataclasses.replace(ARTICLE, text="健康网3月14日电" + ARTICLE.text[:130])

    assert not may_be_one(prepare(one), prepare(other))
    assert may_be_one(prepare(preview), prepare(ARTICLE))


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["drop", "insert", "replace", "number"]),
        st.integers(0, len(ARTICLE.text) - 40),
        st.text(alphabet="的一是12年月日王李医院?，。\n", min_size=1, max_size=12),
    ),
    max_size=5,
)


@given(EDITS)
@settings(max_examples=60, deadline=None)
def test_comparing_is_symmetric(edits: list[tuple[str, int, str]]) -> None:
    text = ARTICLE.text
    for how, at, words in edits:
        end = {"drop": at + 30, "insert": at, "replace": at + len(words), "number": at + 1}[how]
        text = text[:at] + ("" if how == "drop" else "7" if how == "number" else words) + text[end:]
    one, other = prepare(dataclasses.replace(ARTICLE, text=text, site="portal")), prepare(ARTICLE)

    there, back = compare(one, other), compare(other, one)

    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert there.kind == back.kind
        assert (there.share_new, there.share_old) == (back.share_old, back.share_new)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_prepared_keyed_and_compared(one: str, other: str, title: str) -> None:
    documents = [prepare(dataclasses.replace(ARTICLE, text=text, title=title)) for text in (one, other)]

    assert all(0 <= key < 1 << KEY_BITS for document in documents for key in keys(document))
    compare(*documents)


@pytest.mark.parametrize(
    "text",
    ["医" * 300_000, "医院" * 150_000, "?" * 300_000, "\n" * 300_000, "12," * 100_000, "(ā" * 99_000, "来源：" * 9_000],
)
def test_a_huge_text_costs_no_more_than_a_moment(text: str) -> None:
    one = prepare(dataclasses.replace(ARTICLE, text=text))
    other = prepare(dataclasses.replace(ARTICLE, text=text[:200_001] + "。" + text[7:]))
    started = time.process_time()

    compare(one, other)
    keys(one)

    assert time.process_time() - started < 2


def test_the_representative_is_official_then_undamaged_then_the_earliest_of_the_long_ones() -> None:
    late = Candidate(1, 1000, published=30)
    early = Candidate(2, 950, published=10)
    short = Candidate(3, 700, published=5)
    damaged = Candidate(4, 1400, damage=7, published=1)
    hijacked = Candidate(5, 1000, official=True, spoiled=True)
    official = Candidate(6, 980, official=True, published=40)
    undated = Candidate(7, 1000)

    assert representative([late, early, short, damaged, hijacked, official, undated]) == 6
    assert representative([late, early, short, damaged, hijacked, undated]) == 2
    assert representative([late, undated]) == 1
    assert representative([hijacked, damaged]) == 4
    assert representative([hijacked]) == 5
    assert representative([Candidate(8, 100, official=True), late]) == 1  # an excerpt stands for nothing


def test_only_a_document_that_has_most_of_both_bridges_two_clusters() -> None:
    whole, part = Verdict("copy", 0.9, 0.9), Verdict("excerpt", 1.0, 0.3)

    assert bridges(whole, Verdict("excerpt", 0.3, 1.0))
    assert not bridges(whole, part)
    assert not bridges(whole, Verdict("sibling", 0.9, 0.9))
