"""What leaves the archive is one line an article, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

import pytest

from archive.export import cell, json_lines, safe_cell, write_csv


def test_json_lines_stay_lines_and_chinese() -> None:
    rows = [{"title": "卫健委\u2028通知\n二", "flags": ["spam"]}, {"title": ""}]

    text = "".join(json_lines(rows))

    assert "卫健委" in text
    assert [json.loads(line) for line in text.split("\n")[:-1]] == rows


@pytest.mark.parametrize("value", ["=HYPERLINK(1)", "+86", "-1", "@sum", "\tx", "\rx"])
def test_a_formula_is_only_a_text(value: str) -> None:
    assert safe_cell(value) == "'" + value


@pytest.mark.parametrize("value", [-1, 2.5, "", "医院", "1-2", "'="])
def test_what_is_no_formula_stays_as_it_is(value: str | float) -> None:
    assert safe_cell(value) == value


def test_lists_and_objects_fit_into_a_cell() -> None:
    assert cell(["spam", "undated"]) == "spam; undated"
    assert cell([{"url": "u"}]) == '[{"url": "u"}]'
    assert cell({"text": 1}) == '{"text": 1}'
    assert (cell(None), cell([]), cell(True)) == ("", "", "true")


def test_a_csv_is_read_back_as_it_was_written() -> None:
    stream = io.StringIO()

    count = write_csv([{"id": 1, "title": '引"号,\n换行', "flags": ["=x"]}], stream, ("id", "title", "flags"))

    assert count == 1
    rows = list(csv.reader(io.StringIO(stream.getvalue())))
    assert rows == [["id", "title", "flags"], ["1", '引"号,\n换行', "'=x"]]
