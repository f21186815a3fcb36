"""What leaves the archive is one line an article, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from archive_samples import article

from archive import Archive
from archive.export import bibtex, cell, json_lines, markdown, safe_cell, write_csv
from cli.main import run


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


CITED = {
    "id": 7,
    "title": "50% {C_1} [义诊](x) & <b>",
    "author": "王芳、李 四",
    "hospital": "A&B",
    "source": "宣传科",
    "published_at": "2022-06-30T10:00:00+08:00",
    "url": "https://a.example/x y(1).htm",
    "captured_at": "2024-03-01T08:00:00Z",
    "digest": "sha256:ab",
}
PERMALINK = "http://127.0.0.1:8001/article/7"


def test_a_bibtex_entry_names_permalink_capture_and_digest_and_closes_its_braces() -> None:
    entry = bibtex(CITED, PERMALINK)

    assert entry.startswith("@online{yixun7,\n")
    assert entry.count("{") == entry.count("}")
    assert r"title = {{50\% C\_1 [义诊](x) \& <b>}}" in entry
    assert "author = {{王芳} and {李} and {四}}" in entry
    assert "date = {2022-06-30}" in entry
    assert "url = {https://a.example/x%20y%281%29.htm}" in entry
    assert f"note = {{{PERMALINK}, captured 2024-03-01T08:00:00Z, sha256:ab}}" in entry


def test_a_markdown_citation_is_one_line_in_which_the_title_is_only_text() -> None:
    line = markdown(CITED | {"title": "a\n# b](javascript:x) `c`"}, PERMALINK)

    assert line.count("\n") == 1
    assert line.startswith(r"- [a \# b\]\(javascript:x\) \`c\`](https://a.example/x%20y%281%29.htm)")
    assert f"[archived]({PERMALINK})，captured 2024-03-01T08:00:00Z，`sha256:ab`" in line
    assert "](javascript" not in markdown(CITED | {"url": "javascript:alert(1)"}, PERMALINK)


def test_what_is_not_known_is_left_out_of_a_citation() -> None:
    bare = CITED | {"author": "", "source": "", "hospital": "", "published_at": None, "captured_at": None, "title": ""}

    assert "author" not in bibtex(bare, PERMALINK)
    assert "date = " not in bibtex(bare, PERMALINK).replace("urldate", "")
    assert markdown(bare, PERMALINK).startswith(r"- [\(no title\)](https://a.example/")


def test_a_query_is_exported_as_citations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        archive.add([article(1, "义诊"), article(2, "停电"), article(3, "义诊三")])
    problems: list[str] = []
    call = ["export", "义诊", "--data", str(tmp_path)]

    assert run([*call, "--bibtex", "--permalinks", "https://yixun.example/"], problems.append) == 0
    entries = capsys.readouterr().out
    assert run([*call, "--nl"], problems.append) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert run(["export", "flag:nice", "--data", str(tmp_path)], problems.append) == 2

    assert re.findall("@online{(.*),", entries) == ["yixun1", "yixun3"]
    assert "https://yixun.example/article/3," in entries
    assert [row["id"] for row in rows] == [1, 3]
    assert "there is no flag nice" in problems[0]
