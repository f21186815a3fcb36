"""What stands twice is kept once."""

from __future__ import annotations

import time

import pytest

from benchmarks.material import paragraphs
from demo.damage import near_repeat
from pipeline.repeat import drop_repeats

TEXT = paragraphs(6, seed=5)


def _rules(text: list[str]) -> list[str]:
    return [evidence.rule for evidence in drop_repeats(text)[1]]


def test_a_text_without_repeats_stays_as_it_is() -> None:
    assert drop_repeats(TEXT) == (TEXT, [])


def test_a_body_that_stands_twice_is_kept_once() -> None:
    kept, evidence = drop_repeats(TEXT + TEXT)

    assert kept == TEXT
    assert [e.rule for e in evidence] == ["block"]
    assert evidence[0].text == "\n".join(TEXT)


def test_the_last_paragraphs_that_stand_again_are_dropped() -> None:
    assert drop_repeats(TEXT + TEXT[3:])[0] == TEXT


def test_a_copy_in_the_other_script_is_a_repeat_too() -> None:
    from demo.damage import traditional

    assert drop_repeats([*TEXT, traditional(TEXT[0])])[0] == TEXT


def test_a_body_glued_into_one_line_twice_is_kept_once() -> None:
    whole = "".join(TEXT)

    kept, evidence = drop_repeats([whole + whole])

    assert kept == [whole]
    assert [(e.rule, e.text) for e in evidence] == [("glued", whole)]


def test_paragraphs_that_stand_again_in_one_line_are_dropped() -> None:
    kept, evidence = drop_repeats([*TEXT, "".join(TEXT)])

    assert kept == TEXT
    assert [e.rule for e in evidence] == ["glued"]


def test_a_near_repeat_is_kept_and_named() -> None:
    again = near_repeat(TEXT[1])

    kept, evidence = drop_repeats([*TEXT, again])

    assert kept == [*TEXT, again]
    assert [(e.rule, e.text) for e in evidence] == [("near", again)]


def test_headings_refrains_and_stock_sentences_are_no_repeats() -> None:
    assert _rules(["一、工作目标", TEXT[0], "一、工作目标", TEXT[1]]) == []
    assert _rules(["已落实终末消毒措施。", TEXT[0], "已落实终末消毒措施。"]) == []
    row = "患者{}：男，{}岁，居住于东屏镇{}号，经社区转诊到院，完善相关检查后，目前已康复出院，费用由医保按规定支付。"
    rows = [row.format(number, number + 30, number * 7) * 2 for number in range(6)]
    assert "paragraph" not in _rules(rows)


@pytest.mark.parametrize(
    "text",
    [[TEXT[0]] * 7000, [TEXT[0] * 7000], ["a" * 1_000_000], ["一二"] * 300_000],
    ids=["paragraphs", "one paragraph", "one letter", "short paragraphs"],
)
def test_hostile_text_costs_little(text: list[str]) -> None:
    began = time.process_time()

    drop_repeats(text)

    assert time.process_time() - began < 2
