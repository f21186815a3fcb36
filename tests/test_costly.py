"""Pages that are made to stop a parser: each ends in time and memory, as an article or with the reason for none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from archive_samples import DAY

from pipeline.records import Article, Capture, Rejection
from pipeline.workers import FAILED, TOO_COSTLY, clean_all

SECONDS = 10
MEGABYTES = 300
TITLE = "我院开设午间门诊方便群众就医"
SENTENCE = "为了方便群众就医，我院自下周一起开设午间门诊，市民可以通过电话和微信预约，首日共接诊一百余人。"
META = "发布时间：2022-08-22　来源：门诊部　作者：张达　编辑：李敏　审核：王强"


def page(body: str, head: str = "") -> bytes:
    return (
        f"<html><head><meta charset=utf-8><title>{TITLE}</title>{head}</head><body><h1>{TITLE}</h1>"
        f"<p>{META}</p>{body}</body></html>"
    ).encode()


def deep(tag: str, depth: int = 100_000) -> str:
    """Text at every thousandth level of the nesting, and at its bottom."""
    levels = (f"<{tag}>" + (f"第{level}层的一句话，不能丢失。" if level % 1000 == 0 else "") for level in range(depth))
    return "".join(levels) + SENTENCE


NESTED = ("div", "font", "span", "b><i", "section", "ul><li", "table><tr><td")
# name -> the page; the text of an article has to have SENTENCE
KEPT: dict[str, Callable[[], bytes]] = {
    "500,000 attributes in one tag": lambda: page(
        "<p " + " ".join(f"a{n}='{n}'" for n in range(500_000)) + f">{SENTENCE}</p>"
    ),
    **{f"100,000 nested {tag}": lambda tag=tag: page(deep(tag, 200_000 // (tag.count("<") + 2))) for tag in NESTED},  # type: ignore[misc]
    "one text node of 3 MB": lambda: page("<p>" + SENTENCE * 20_000 + "</p>"),
    "a comment without an end": lambda: page(f"<p>{SENTENCE}</p><!-- " + "甲" * 3_000_000),
    "stray ends of the document": lambda: page("</body></html>" * 100_000 + f"<p>{SENTENCE}</p>"),
    "50,000 meta tags": lambda: page(f"<p>{SENTENCE}</p>", head="<meta name=author content=张三>" * 50_000),
    "an image of 8 MB in the page": lambda: page(
        f"<img src='data:image/png;base64,{'QUJD' * 2_000_000}'><p>{SENTENCE}</p>"
    ),
    "a script of 3 MB": lambda: page("<script>var a='" + "x\\'" * 1_000_000 + f"</script><p>{SENTENCE}</p>"),
    "a NUL between all characters": lambda: "\x00".join(page(f"<p>{SENTENCE * 200}</p>").decode()).encode(),
    "half a character at the end of UTF-16": lambda: (
        b"\xff\xfe" + page(f"<p>{SENTENCE}</p>").decode().encode("utf-16-le")[:-1]
    ),
    "crossed tags": lambda: page("<b><p><i></b></p>" * 40_000 + SENTENCE),
}
# what may end either way
ENDED: dict[str, Callable[[], bytes]] = {
    "100,000 attributes with <": lambda: page(
        "<p " + " ".join(f"a{n}='<'" for n in range(100_000)) + f">{SENTENCE}</p>"
    ),
    "36 MB in one text node": lambda: page("<p>" + SENTENCE * 250_000 + "</p>"),
    "15 MB in one text node": lambda: page("<p>" + SENTENCE * 100_000 + "</p>"),
    "a million links": lambda: page("<a href=/x>链接</a>" * 1_000_000),
    "50,000 links": lambda: page("".join(f"<a href=/{n}>链接{n}</a>" for n in range(50_000))),
    "30,000 files": lambda: page(
        f"<p>{SENTENCE}</p>" + "".join(f"<a href=/{n}.pdf>附件{n}</a>" for n in range(30_000))
    ),
    "a table of 500,000 rows": lambda: page("<table>" + "<tr><td>甲</td><td>乙</td></tr>" * 500_000 + "</table>"),
    "a table of 10,000 rows": lambda: page("<table>" + "<tr><td>甲医生</td><td>主任</td></tr>" * 10_000 + "</table>"),
    "a million line breaks": lambda: page(f"<p>{SENTENCE}" + "<br>" * 1_000_000 + "</p>"),
    "300,000 lines": lambda: page("<p>" + "行<br>" * 300_000 + f"{SENTENCE}</p>"),
    "100,000 headlines": lambda: page(f"<h1>{TITLE}</h1>" * 50_000),
    "50,000 dates": lambda: page("".join(f"<p>2022-08-{n % 28 + 1:02} 张三</p>" for n in range(50_000))),
    "entities escaped twice": lambda: page("<p>" + "&amp;nbsp;&#20013;&ldquo;" * 100_000 + "</p>"),
    "broken entities": lambda: page("<p>" + "&#x;&#;&" * 400_000 + "</p>"),
    "escaped markup that never closes": lambda: page("<p>" + "&lt;p " * 300_000 + "&lt;/p&gt;&lt;/p&gt;</p>"),
    "100,000 scripts": lambda: page("<script>document.write('</script>" * 100_000 + f"<p>{SENTENCE}</p>"),
    "lines like metadata": lambda: page(f"<div>{META}</div>" * 50_000),
    "labels in a line": lambda: page("<p>" + "来源：作者：" * 100_000 + "</p>"),
    "labels in elements": lambda: page("<p>" + "<b>来源</b><i>张三</i>" * 30_000 + "</p>"),
    "a title of 2 MB": lambda: page(f"<p>{SENTENCE}</p>", head=f"<title>{TITLE * 50_000}</title>"),
    "unclosed comments": lambda: page("<!--" * 1_000_000 + SENTENCE),
    "angle brackets": lambda: page("<" * 3_000_000),
    "closing tags": lambda: page("</div>" * 500_000 + f"<p>{SENTENCE}</p>"),
    "parentheses": lambda: page("<p>" + "（" * 300_000 + "</p>"),
    "blanks": lambda: page("<p>来源" + " " * 3_000_000 + "：张三</p>"),
    "separators": lambda: page("<p>" + "甲 > " * 200_000 + "</p>"),
    "frames and forms": lambda: page("<iframe src=/a></iframe><select><option>甲</select>" * 30_000 + SENTENCE),
    "instructions": lambda: page("<![CDATA[" * 200_000 + "<?php " * 200_000 + SENTENCE),
    "bytes of any kind": lambda: bytes((n * n * 31 + n * 7) % 251 for n in range(500_000)),
    "one byte a million times": lambda: b"\x81" * 1_000_000,
}
CASES = KEPT | ENDED


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Article | Rejection]:
    """What became of every page in a worker with the limits that ingest sets."""
    captures = (
        Capture(site="costly", url=f"https://a.example/{n}", captured_at=DAY, status=200, body=made(), offset=n)
        for n, made in enumerate(CASES.values())
    )
    names = list(CASES)
    done = clean_all(captures, {}, processes=2, seconds=SECONDS, megabytes=MEGABYTES)
    return {names[capture.offset]: read for capture, read in done}


@pytest.mark.parametrize("name", KEPT)
def test_a_page_that_only_looks_costly_keeps_its_text(name: str, outcomes: dict[str, Article | Rejection]) -> None:
    read = outcomes[name]

    assert isinstance(read, Article), read
    assert SENTENCE in read.text
    assert "\x00" not in read.text


@pytest.mark.parametrize("name", ENDED)
def test_any_page_ends_as_an_article_or_with_its_reason(name: str, outcomes: dict[str, Article | Rejection]) -> None:
    read = outcomes[name]

    assert isinstance(read, Article) or read.reason != FAILED, read


def test_few_pages_have_to_be_ended_from_outside(outcomes: dict[str, Article | Rejection]) -> None:
    ended = [
        name
        for name, read in outcomes.items()
        if isinstance(read, Rejection) and read.reason == TOO_COSTLY and "page has" in read.detail
    ]

    assert len(ended) <= 3, ended


@pytest.mark.parametrize("tag", ["div", "font", "span"])
def test_no_text_is_lost_in_the_depth(tag: str, outcomes: dict[str, Article | Rejection]) -> None:
    read = outcomes[f"100,000 nested {tag}"]

    assert isinstance(read, Article)
    assert all(f"第{level}层的一句话" in read.text for level in range(0, 100_000, 1000))
