"""An article that its site spreads over several pages is one article, whatever order its pages come in."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path

import lxml.html
import pytest

from archive import Archive
from archive.check import check_counts
from pipeline import clean_page
from pipeline.clean import clean
from pipeline.parts import pages_of
from pipeline.records import Article, Capture

FIRST = "https://www.qinghe.example/info/1018/3456.html"
SECOND = "https://www.qinghe.example/info/1018/3456_2.html"
THIRD = "https://www.qinghe.example/info/1018/3456_3.html"
TEXTS = (
    "清河县人民医院日前启用新的门诊楼，门诊楼共有六层，设有四十二间诊室，患者不再需要在两栋楼之间往返，",
    "挂号和缴费都可以在每一层的自助机上办理。新楼的二层是儿科和妇科，三层是内科，候诊区增加了座椅和饮水机。",
    "医院在搬迁前做了三次演练，保证急诊不间断。分管后勤的负责人说，旧楼改造完成以后将作为体检中心使用。",
)


def pager(number: int, urls: tuple[str, ...]) -> str:
    cells = [
        f"<span>{n}</span>" if n == number else f'<a href="{url.rpartition("/")[2]}">{n}</a>'
        for n, url in enumerate(urls, 1)
    ]
    before = f'<a href="{urls[number - 2].rpartition("/")[2]}">上一页</a>' if number > 1 else ""
    after = f'<a href="{urls[number].rpartition("/")[2]}">下一页</a>' if number < len(urls) else ""
    return f'<div class="pages">{before} {" ".join(cells)} {after}</div>'


def page(number: int, urls: tuple[str, ...] = (FIRST, SECOND, THIRD), text: str = "") -> bytes:
    credit = "<p>责任编辑：赵敏</p>" if number == len(urls) else ""
    return (
        "<html><head><title>新门诊楼启用-清河县人民医院</title></head><body><div class=nav><a href=/>首页</a></div>"
        "<h1>新门诊楼启用</h1><div>发布时间：2022-08-22 10:14 来源：清河县人民医院</div>"
        f'<div id="content"><p>{text or TEXTS[number - 1]}</p>{credit}</div>{pager(number, urls)}'
        '<div>上一篇：<a href="3455.html">义诊活动</a></div>'
        '<div>下一篇：<a href="3457.html">表彰大会</a></div></body></html>'
    ).encode()


def captured(number: int, day: int = 1, text: str = "") -> tuple[Capture, Article]:
    capture = Capture(
        site="qinghe",
        url=(FIRST, SECOND, THIRD)[number - 1],
        captured_at=datetime.datetime(2022, 9, day, number, tzinfo=datetime.UTC),
        status=200,
        body=page(number, text=text),
        digest=f"sha256:{number}{day}",
        warc="qinghe/one.warc.gz",
        offset=100 * day + number,
    )
    article = clean(capture)
    assert isinstance(article, Article)
    return capture, article


def links(*pairs: tuple[str, str]) -> str:
    return " ".join(f'<a href="{url}">{label}</a>' for label, url in pairs)


def found(html: str, url: str) -> tuple[int, tuple[str, ...]]:
    pages = pages_of(lxml.html.document_fromstring(html), url)
    return pages.number, pages.urls


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("http://a.example/n/3456.html", "http://a.example/n/3456_2.html", "http://a.example/n/3456_3.html"),
        ("http://a.example/n/3456.html", "http://a.example/n/3456-2.html", "http://a.example/n/3456-3.html"),
        (
            "http://a.example/n/t2022_3456.htm",
            "http://a.example/n/t2022_3456_1.htm",
            "http://a.example/n/t2022_3456_2.htm",
        ),
        ("http://a.example/2022/3456/", "http://a.example/2022/3456/2/", "http://a.example/2022/3456/3/"),
        ("http://a.example/v.asp?id=7", "http://a.example/v.asp?id=7&page=2", "http://a.example/v.asp?id=7&page=3"),
        ("http://a.example/v.php?id=7", "http://a.example/v.php?page=2&id=7", "http://a.example/v.php?page=3&id=7"),
    ],
)
def test_a_pager_of_any_form_gives_the_same_pages_from_each_of_them(first: str, second: str, third: str) -> None:
    html = links(("首页", first), ("1", first), ("[2]", second), ("第3页", third))

    assert found(html, first) == (1, (first, second, third))
    assert found(html, second) == (2, (first, second, third))
    assert found(html, third) == (3, (first, second, third))


@pytest.mark.parametrize(
    ("html", "url"),
    [
        (links(("下一页", "3457.html"), ("上一页", "3455.html")), FIRST),
        (links(("下一篇", "3456_2.html")), FIRST),
        (links(("2", "index_2.html"), ("3", "index_3.html")), FIRST),
        (links(("下一页", "20220822_16.html"), ("上一页", "20220822_14.html")), "http://a.example/20220822_15.html"),
        (links(("2", "https://elsewhere.example/info/1018/3456_2.html")), FIRST),
        (links(("2", "3456_2.html"), ("3", "3456_2.html")), FIRST),
        (links(("90", "3456_90.html")), FIRST),
        ('<a href="http://[bad">2</a><script>createPageHTML(1, 0, "3456", "html");</script>', FIRST),
    ],
)
def test_neighbours_and_lists_are_no_pages_of_an_article(html: str, url: str) -> None:
    assert found(f"<div>{html}</div>", url) == (0, ())


@pytest.mark.parametrize(
    "script",
    [
        'createPageHTML(3, 0, "3456", "html");',
        'var countPage = 3; var nextPage = 1; document.write("<a href=\\"3456"+"_" + nextPage + "."+"html\\">");',
    ],
)
def test_a_pager_that_a_script_writes_is_read(script: str) -> None:
    html = f"<p>正文</p><script>{script}</script>"
    pages = (FIRST, FIRST.replace(".html", "_1.html"), FIRST.replace(".html", "_2.html"))

    assert found(html, FIRST) == (1, pages)
    assert found(html, pages[2]) == (3, pages)


def test_pages_that_no_link_names_are_counted_up_to_the_last() -> None:
    html = links(("2", "3456_2.html"), ("9", "3456_9.html"))

    number, urls = found(html, FIRST)

    assert (number, len(urls), urls[4]) == (1, 9, FIRST.replace(".html", "_5.html"))


def test_a_page_says_which_of_the_articles_pages_it_is() -> None:
    second = clean_page(page(2), SECOND)

    assert isinstance(second, Article)
    assert (second.part, second.pages) == (2, (FIRST, SECOND, THIRD))
    assert second.text == TEXTS[1]


def test_the_archive_holds_one_article_in_any_order_of_its_pages(tmp_path: Path) -> None:
    seen = []
    for order in itertools.permutations((1, 2, 3)):
        with Archive(tmp_path / f"{order}.db") as archive:
            counts = archive.add([captured(number) for number in order])
            assert counts == {"new": 1, "part": 2}
            assert archive.add([captured(number) for number in order]) == {"known": 3}
            (article,) = archive.articles()
            shown = archive.article(1, details=True)
            assert shown is not None
            seen.append(
                {
                    name: article[name]
                    for name in ("url", "title", "text", "editor", "published_at", "flags", "warc", "offset")
                }
            )
            assert not list(check_counts(archive))
            assert archive.search("自助机 体检中心 门诊楼").total == 1
            assert len(shown["captures"]) == 3

    assert all(one == seen[0] for one in seen)
    assert seen[0]["text"] == "\n".join(TEXTS)
    assert (seen[0]["url"], seen[0]["editor"], seen[0]["flags"], seen[0]["offset"]) == (FIRST, "赵敏", [], 101)


def test_an_article_whose_pages_are_not_all_had_says_so(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.db") as archive:
        archive.add([captured(1), captured(3)])

        shown = archive.article(1, details=True)

    assert shown is not None
    assert shown["flags"] == ["truncated"]
    assert shown["evidence"][0]["evidence"][0]["text"] == f"page 2 of 3 is missing: {SECOND}"


def test_a_changed_page_makes_a_version_and_an_unchanged_one_none(tmp_path: Path) -> None:
    changed = "挂号和缴费都可以在每一层的自助机上办理。新楼的二层是儿科，三层改为体检中心，候诊区增加了座椅和饮水机。"
    with Archive(tmp_path / "a.db") as archive:
        archive.add([captured(1), captured(2), captured(3)])

        assert archive.add([captured(1, day=2), captured(2, day=2, text=changed)]) == {"unchanged": 1, "revision": 1}

        newest, oldest = [version["text"] for version in archive.revisions(1)]
        assert newest.split("\n") == [TEXTS[0], changed, TEXTS[2]]
        assert oldest.split("\n") == list(TEXTS)
        assert archive.add([captured(2, day=3)]) == {"unchanged": 1}  # it went back
        assert archive.article(1)["text"].split("\n") == list(TEXTS)  # type: ignore[index]
        assert not list(check_counts(archive))


def test_an_older_text_of_a_page_that_comes_late_is_an_older_version(tmp_path: Path) -> None:
    older = (
        "挂号和缴费要到一楼的窗口办理。新楼的二层是儿科和妇科，三层是内科，候诊区增加了座椅和饮水机，请大家互相转告。"
    )
    with Archive(tmp_path / "a.db") as archive:
        archive.add([captured(1, day=5), captured(2, day=5), captured(3, day=5)])

        assert archive.add([captured(2, day=1, text=older)]) == {"revision": 1}

        assert archive.article(1)["text"].split("\n") == list(TEXTS)  # type: ignore[index]
        assert older in archive.revisions(1)[-1]["text"]
        assert archive.search("窗口办理").total == 1
        assert not list(check_counts(archive))


def test_an_article_that_was_archived_on_one_page_goes_on_when_its_pager_appears(tmp_path: Path) -> None:
    capture, _ = captured(1)
    alone = clean_page(page(1, urls=(FIRST,)), FIRST, captured_at=capture.captured_at)
    assert isinstance(alone, Article)
    with Archive(tmp_path / "a.db") as archive:
        archive.add(alone)

        assert archive.add([captured(2, day=2), captured(3, day=2)]) == {"part": 2}

        assert archive.article(1)["text"].split("\n")[-3:] == list(TEXTS)[-3:]  # type: ignore[index]


def test_a_page_that_only_repeats_the_article_adds_nothing(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.db") as archive:
        archive.add([captured(1), captured(2, text=TEXTS[0]), captured(3)])

        shown = archive.article(1, details=True)

    assert shown is not None
    assert shown["text"].split("\n") == [TEXTS[0], TEXTS[2]]
    assert [cut["text"] for cut in shown["cut"] if cut["rule"] == "pages:repeats"] == [SECOND]
