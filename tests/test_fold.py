"""Folding: what matches what, and the way back to the printed text."""

from __future__ import annotations

import subprocess
import sys
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fold import fold, fold_map, script_of

TEXTS = st.text(st.sampled_from("衛卫生健康委ABcＡ１①…（），。 \u200bİßéﬁ㎡著着癥麵x9") | st.characters(), max_size=40)


def test_both_scripts_fold_to_the_same() -> None:
    assert fold("衛生健康委員會") == fold("卫生健康委员会") == "卫生健康委员会"
    assert fold("癥狀隨著治療減輕") == fold("症状随着治疗减轻")


def test_the_forms_of_hong_kong_and_taiwan_fold_to_the_same() -> None:
    assert fold("衞健委") == fold("衛健委") == "卫健委"
    assert fold("敍述手痺、化粧、屋簷") == fold("叙述手痹、化妆、屋檐")


def test_width_case_and_compatibility_forms_fold_away() -> None:
    assert fold("ＰＥＴ－ＣＴ①㎡") == "pet-ct1m2"


def test_every_compatibility_form_folds_to_what_is_typed() -> None:
    assert fold("①②Ⅲ㎡㏄ﬁ℃½") == "12iiim2ccfi°c1⁄2"
    assert fold("ｱｲｳ ＡＢＣ１２３") == "アイウ abc123"
    assert fold("\uf9dc\ufa19") == fold("隆神")  # compatibility ideographs
    assert fold("👍🏻") == "👍🏻"


def test_invisible_characters_are_dropped_and_blanks_and_punctuation_stay() -> None:
    assert fold("胸\u200b痛\ufeff中 心。") == "胸痛中 心。"


@given(TEXTS, TEXTS)
@settings(max_examples=200)
def test_folding_a_sum_is_the_sum_of_the_folds(a: str, b: str) -> None:
    assert fold(a + b) == fold(a) + fold(b)


@given(TEXTS)
@settings(max_examples=200)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
@settings(max_examples=200)
def test_every_folded_character_leads_back_to_the_printed_one(text: str) -> None:
    folded, offsets = fold_map(text)

    assert folded == fold(text)
    assert len(offsets) == len(folded) + 1
    assert offsets[-1] == len(text)
    assert all(folded[place] in fold(text[offsets[place]]) for place in range(len(folded)))


def test_a_match_in_the_folded_text_is_found_in_print() -> None:
    printed = "近日…市衛健委召開會議"

    folded, offsets = fold_map(printed)
    place = folded.index("卫健委")

    assert printed[offsets[place] : offsets[place + 3]] == "衛健委"


def test_script_is_told_from_characters_that_only_one_script_has() -> None:
    assert script_of("衛健委召開會議") == "hant"
    assert script_of("卫健委召开会议") == "hans"
    assert script_of("2020 PET-CT 中山") == ""


def test_folding_is_fast_enough_for_every_article() -> None:
    text = "醫院黨委書記王志强出席會議，並講話。" * 20_000
    fold(text[:100])

    began = time.process_time()
    fold(text)

    assert len(text.encode()) / 1e6 / (time.process_time() - began) > 10  # MB/s


def test_importing_fold_and_repair_brings_no_heavy_library() -> None:
    heavy = "{'jieba', 'opencc', 'pypinyin', 'lxml'}"
    code = f"import sys, pipeline.fold, pipeline.repair; print(sorted({heavy} & set(sys.modules)))"

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[]"
