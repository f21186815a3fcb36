"""The five real pages that this project was created from, when they are there: every field that their README lists."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from pipeline.clean import clean_page
from pipeline.fold import fold
from pipeline.records import Article

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"
pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="the five pages are not part of the repository")

WRAPPERS = {
    "paragraphs": lambda lines: "<div>" + "".join(f"<p>{line}</p>" for line in lines) + "</div>",
    "line breaks in a div": lambda lines: "<div>" + "<br>\n".join(lines) + "</div>",
    "line breaks in a cell": lambda lines: "<table><tr><td>" + "<br/>".join(lines) + "</td></tr></table>",
}


@pytest.fixture(params=WRAPPERS, ids=str)
def wrapped(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(number: str, how: str) -> Article:
    path = next(SEEDS.glob(f"{number}_*.txt"))
    lines = [html.escape(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    page = f"<html><head><meta charset=utf-8></head><body>{WRAPPERS[how](lines)}</body></html>"
    article = clean_page(page.encode(), f"file:seeds/{number}.html")
    assert isinstance(article, Article), article
    return article


def test_annotations_go_and_an_event_is_no_publication(wrapped: str) -> None:
    article = read("000", wrapped)

    assert article.flagged("annotated")
    assert article.flagged("undated")
    assert article.published_at is None
    assert article.repairs["text"].annotations == 176
    assert "卫健委" in fold(article.text)


def test_a_repost_keeps_its_source_editor_and_author(wrapped: str) -> None:
    article = read("001", wrapped)

    assert article.published_at == "2024-02-29T14:31:38+08:00"
    assert fold(article.source) == "各界新闻网"
    assert fold(article.editor) == "意杨"
    assert fold(article.author) == "杨克强"
    assert article.flagged("damaged")
    assert "029-63903870" not in article.text


def test_glued_metadata_is_read_and_the_body_stands_once(wrapped: str) -> None:
    article = read("002", wrapped)

    assert article.title == "喜讯!我院党委被命名为全市公立医院党建工作示范点"
    assert article.section == "医院动态"
    assert article.published_at == "2022-08-22T10:14:00+08:00"
    assert article.editor == "蒙阴县人民医院"
    assert article.contributor == ""
    assert article.text.count("\n") == 3
    assert article.flagged("repeated")


def test_the_advertisement_of_a_text_farm_is_no_part_of_the_text(wrapped: str) -> None:
    article = read("003", wrapped)

    assert "mooonya" not in article.text
    assert article.flagged("spam")
    assert article.flagged("truncated")
    assert article.flagged("undated")


def test_a_hijacked_mirror_keeps_its_fields_and_its_captions_apart(wrapped: str) -> None:
    article = read("004", wrapped)

    assert article.title == "创先争优立潮头"
    assert article.section == "医院新闻"
    assert article.published_at == "2012-07-05"
    assert article.source == "6163am银河线路"
    assert article.author == ""
    assert len(article.captions) == 4
    assert not any(caption in article.text for caption in article.captions)
    assert article.flagged("hijacked")
    assert article.flagged("repeated")
