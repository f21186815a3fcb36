"""Undoing the pinyin injection: what goes, what stays, what is put back."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.material import paragraphs
from demo.damage import inject, traditional
from pipeline.annotations import ANNOTATION
from pipeline.repair import assess, repair, searchable

SEEDS = Path(__file__).parent.parent.parent / "shared" / "seeds"
CLEAN = "\n".join(paragraphs(8, seed=3))
GENUINE = (
    "检查采用(PET-CT)，执笔（杨克强），我院(所)承担，见2010(3)期，三聚氰(qíng)胺(àn)超标，骨骼(gé)标本，(a)款适用。"
)


@pytest.mark.parametrize("density", [0.2, 0.6, 1.0])
def test_every_injected_annotation_goes(density: float) -> None:
    damaged = inject(CLEAN, density=density, markers=0)

    repaired = repair(damaged)

    assert repaired.annotations == len(ANNOTATION.findall(damaged)) > 50
    assert not ANNOTATION.search(repaired.text)


@pytest.mark.parametrize("density", [0.2, 0.6, 1.0])
def test_genuine_parentheses_stay_in_a_damaged_text(density: float) -> None:
    damaged = inject(CLEAN + "\n" + GENUINE, density=density, markers=0)

    text = repair(damaged).text

    for part in ("(PET-CT)", "（楊克強）", "(所)", "2010(3)", "氰(qíng)", "胺(àn)", "骼(gé)", "(a)"):
        assert part in text


UNDAMAGED = [f"{text}{word}。" for text, word in zip(paragraphs(15, seed=5), (
    "春(chūn)天(tiān)", "龋(qǔ)齿", "肌酐(gān)", "嘌呤(piào lìng)", "胼胝(zhī)", "髋(kuān)关节", "踝(huái)",
    "打鼾(hān)", "癔(yì)症", "粳(jīng)米", "皲(jūn)裂", "谵(zhān)妄", "痱(fèi)子", "瘘(lòu)管", "蛔(huí)虫",
), strict=True)]  # fmt: skip


@pytest.mark.parametrize("text", [*UNDAMAGED, *map(traditional, UNDAMAGED)])
def test_real_pinyin_stays_in_both_scripts(text: str) -> None:
    assert repair(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "三聚氰(qíng)胺(àn)是一种化工原料，不得用于食品。",
        "今天我们学习春(chūn)天(tiān)来(lái)了，花(huā)儿(ér)开(kāi)了。" * 3,
        "髖(kuān)關節置換術後，患者應注意踝(huái)關節與膝(xī)關節的鍛煉。",
        "他姓仇(qiú)，不姓仇(chóu)；尉迟(yù chí)先生与单(shàn)女士也在场。",
        "肌酐(gān)、嘌呤(piào lìng)、胼胝(pián zhī)、龋(qǔ)齿这些字常被读错。",
        "衛生署提醒市民：鬱(yù)症並非意志薄弱，請及早求診。",
    ],
)
def test_real_pinyin_in_an_undamaged_text_stays(text: str) -> None:
    assert repair(text).text == text


def test_clean_text_comes_back_as_it_is() -> None:
    assert repair(CLEAN).text is CLEAN
    assert repair(traditional(CLEAN)).spots == ()


def test_full_width_brackets_and_annotations_without_tones_go_too() -> None:
    wide = repair(inject(CLEAN, markers=0, brackets="（）")).text
    toneless = repair(inject(CLEAN, markers=0, toneless=True)).text

    assert wide == toneless == repair(inject(CLEAN, markers=0)).text


def test_visible_markers_before_punctuation_go_too() -> None:
    damaged = inject(CLEAN, visible=True, density=0.3)

    repaired = repair(damaged)

    assert ",，" in damaged
    assert ",，" not in repaired.text
    assert ",、" not in repaired.text


def test_blanks_become_blanks_again_and_masked_characters_are_named_as_lost() -> None:
    damaged = inject(CLEAN, density=0.3, markers=0) + "\n王志强? ? ?院*導出席，高效**地工作。"

    repaired = repair(damaged)

    assert "王志强 院*導出席，高效**地工作。" in repaired.text
    assert [spot.before for spot in repaired.spots if spot.status == "lost"][-2:] == ["*", "**"]


def test_a_short_field_is_repaired_by_the_verdict_on_its_page() -> None:
    page = inject(CLEAN)

    assert repair("市衛(wèi)健委", damage=assess(page)).text == "市衛健委"
    assert repair("中醫(yī)堂(táng)", damage=assess(CLEAN)).text == "中醫(yī)堂(táng)"


def test_both_kinds_of_slipped_bytes_are_put_back() -> None:
    clean = CLEAN + "\n团队更加团结。康复医学科获奖，当地群众的总人数增加。"
    damaged = inject(clean, density=1, markers=1)

    repaired = repair(damaged)

    assert "??" in damaged or "?？" in damaged
    assert "團結。康復醫學科" in repaired.text
    assert "總人數" in repaired.text
    assert {spot.status for spot in repaired.spots} <= {"fixed", "guess", "lost"}


def test_every_spot_names_its_place_and_what_was_printed() -> None:
    damaged = inject(CLEAN, density=1, markers=1)

    repaired = repair(damaged)

    assert repaired.original == damaged
    assert repaired.spots
    for spot in repaired.spots:
        assert damaged[spot.start : spot.end] == spot.before
    for start, end in repaired.removed:
        assert ANNOTATION.fullmatch(damaged[start:end])


def test_names_of_people_and_what_stands_behind_a_quotation_are_put_back() -> None:
    clean = CLEAN + "\n“一定尽力。”张志强说。出院后，患者仍可复查。康小红表示，冬季气温变化大，要注意保暖。"
    damaged = inject(clean, density=1, markers=1)

    text = searchable(repair(damaged))

    assert "盡力。”張志強說" in text
    assert "復查。康小紅表示，冬季氣溫" in text


def test_a_question_mark_of_half_width_and_a_formula_are_no_damage() -> None:
    damaged = inject(CLEAN, density=0.6, markers=0) + "\n為何要這樣做?因為需要。收益=本金*年化利率。\n院*導出席。"

    repaired = repair(damaged)

    assert [spot.before for spot in repaired.spots] == ["*"]
    assert "=本金*年化利率" in repaired.text


def test_a_page_on_which_only_the_first_character_of_the_list_is_annotated() -> None:
    damaged = traditional("疾病发生前应及早发现，发生后应及时治疗，这样才能减轻负担。") * 2

    assert repair(damaged.replace("發", "發(fā)")).text == damaged


def test_the_names_that_a_site_gives_decide_between_readings() -> None:
    damaged = inject(CLEAN + "\n“我们都很高兴。”白湖镇卫生院的护士说。", density=1, markers=1)

    without = searchable(repair(damaged))
    named = searchable(repair(damaged, damage=assess(damaged, ["白湖镇卫生院"])))

    assert "。”白湖鎮衛生院" in named
    assert len(named) == len(without) or "白湖鎮" not in without


def test_a_short_field_is_read_with_the_words_of_its_page() -> None:
    page = inject(CLEAN + "\n瞿昙寺卫生院开诊。瞿昙寺镇的群众都来了。", density=1, markers=0)
    title = inject("“好！”瞿昙寺卫生院", density=1, markers=1)

    assert "”瞿曇寺衛生院" in searchable(repair(title, damage=assess(page)))


def test_a_figure_beside_an_asterisk_is_a_measure_and_a_page_of_half_width_questions_has_no_lost_mark() -> None:
    damaged = inject(CLEAN, density=0.6, markers=0) + "\n盈利50点*做多。怎样创新?半年来效果如何?记者作了调查。"

    assert repair(damaged).spots == ()


def test_an_eaten_line_end_is_put_back_as_one() -> None:
    clean = "\n".join(f"{line}“工作很顺利。”" for line in paragraphs(12, seed=8))
    damaged = inject(clean, density=1, markers=1)

    eaten = [spot for spot in repair(damaged).spots if spot.after.endswith("\n")]

    assert all(spot.after.endswith("。”\n") and spot.status == "guess" for spot in eaten)


def test_an_eaten_digit_is_never_guessed() -> None:
    clean = CLEAN + "\n" + "".join(f"总部{word}的{n}天里，患者接受了{n}次治疗。" for n, word in enumerate("安平和", 11))
    damaged = inject(clean, density=1, markers=1)

    for spot in repair(damaged).spots:
        if re.search(r"\d", spot.after) and not re.search(r"\d", spot.before):
            pytest.fail(f"a digit out of nothing: {spot}")


def test_a_guess_is_in_the_searched_text_only() -> None:
    damaged = "\n".join(inject(CLEAN, density=1, markers=1, seed=n) for n in range(3))
    repaired = repair(damaged)
    guesses = [spot for spot in repaired.spots if spot.status == "guess" and "?" not in spot.after]

    assert guesses
    assert all(spot.after in searchable(repaired) for spot in guesses)
    assert searchable(repaired) != repaired.text


def test_what_is_marked_as_fixed_is_right() -> None:
    right = wrong = 0
    for number, paragraph in enumerate(paragraphs(200, seed=11)):
        damaged = inject(paragraph, density=1, markers=1, seed=number)
        text, truth = repair(damaged), traditional(paragraph)
        for spot in text.spots:
            if spot.status == "fixed":
                right, wrong = right + (spot.after in truth), wrong + (spot.after not in truth)

    assert right > 30
    assert wrong <= 0.02 * (right + wrong)


@given(st.text("衛醫國統(wèiyī)guó?？，。a1健康\n", max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_can_be_repaired(text: str) -> None:
    repaired = repair(text)

    assert repaired.original == text
    assert all(0 <= spot.start < spot.end <= len(text) for spot in repaired.spots)


@pytest.mark.parametrize(
    "text",
    [
        "(a)" * 330_000,
        "??" * 500_000,
        "衛(wèi)醫(yī)國(guó)" * 200 + "??" * 200_000,
        "衛(wèi)醫(yī)國(guó)" * 200 + "？，" * 200_000,
    ],
    ids=["brackets", "marks", "marks on a damaged page", "punctuation on a damaged page"],
)
def test_hostile_text_costs_little(text: str) -> None:
    repair(inject(CLEAN, density=1, markers=1))  # the tables are built once
    began = time.process_time()

    repair(text)

    assert time.process_time() - began < 2


@pytest.mark.skipif(not SEEDS.exists(), reason="the real pages are not here")
class TestSeeds:
    def test_the_annotations_go_and_the_genuine_parentheses_stay(self) -> None:
        first = repair(_seed("000"))
        second = repair(_seed("001"))

        assert first.annotations == 176
        assert second.annotations in (234, 235)
        assert first.text.count("(所)") == _seed("000").count("(所)") > 0
        assert "(楊克強)" in second.text
        assert "(國家衛生健康委)" in second.text
        assert not ANNOTATION.search(first.text)

    def test_the_three_slipped_places_are_found(self) -> None:
        repaired = repair(_seed("001"))

        assert [spot.after for spot in repaired.spots] == ["。康復", "專科治療及發", "同志積"]
        assert "團隊。康復中醫" in repaired.text
        assert "武小崗同志積極" in searchable(repaired)

    @pytest.mark.parametrize("number", ["002", "003", "004"])
    def test_the_others_are_untouched(self, number: str) -> None:
        text = _seed(number)

        assert repair(text).text == text


def _seed(number: str) -> str:
    return next(SEEDS.glob(f"{number}_*.txt")).read_text(encoding="utf-8")
