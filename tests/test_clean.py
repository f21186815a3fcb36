"""Pages in, articles and rejections out: saved pages with what is expected of them, and the behaviour around them."""

from __future__ import annotations

import dataclasses
import datetime
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import forms
from pipeline.clean import CLEANER, REASONS, clean, clean_page
from pipeline.records import Article, Capture, Layout, Rejection, Site

PAGES = sorted((Path(__file__).parent / "pages").glob("*/*.html"))
URL = "http://www.qcyy.example/info/1018/2001.htm"
SENTENCE = "为了方便群众就医，我院自下周一起开设午间门诊，市民可以通过电话和微信预约，首日共接诊一百余人。"
TITLE = "我院开设午间门诊方便群众就医"


def page(body: str, *, title: str = TITLE, head: str = "") -> bytes:
    html = f"<html><head><meta charset=utf-8><title>{title}</title>{head}</head><body>{body}</body></html>"
    return html.encode()


def article(html: bytes, **more: Any) -> Article:
    read = clean_page(html, URL, **more)
    assert isinstance(read, Article), read
    return read


def rejection(html: bytes, **more: Any) -> Rejection:
    read = clean_page(html, URL, **more)
    assert isinstance(read, Rejection), read
    assert read.reason in REASONS
    return read


def capture(body: bytes, **more: Any) -> Capture:
    given_fields: dict[str, Any] = {
        "site": "qingchuan",
        "url": URL,
        "captured_at": datetime.datetime(2022, 9, 1, tzinfo=datetime.UTC),
        "status": 200,
        "body": body,
        "digest": "sha256:00",
        "warc": "qingchuan/a.warc.gz",
        "offset": 17,
    }
    return Capture(**(given_fields | more))


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_a_saved_page_is_read_as_expected(path: Path) -> None:
    saved = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))

    read = clean_page(path.read_bytes(), saved["url"])

    if isinstance(read, Rejection):
        assert {"rejection": read.reason} == saved["expected"]
        return
    fields = {name: getattr(read, name) for name in saved["expected"] if hasattr(read, name)}
    fields |= {
        "text": read.text.split("\n") if read.text else [],
        "captions": list(read.captions),
        "images": [link.url for link in read.images],
        "attachments": [link.url for link in read.attachments],
        "repeated": read.flagged("repeated"),
    }
    assert fields == saved["expected"]


def test_there_are_saved_pages() -> None:
    assert len(PAGES) >= 25


def test_everything_that_stood_around_the_body_is_named_with_its_rule() -> None:
    read = article(
        page(
            f"<div><h1>{TITLE}</h1><p>发布时间：2022-08-22 点击：88</p><p>{SENTENCE}</p><p>{SENTENCE[::-1]}</p>"
            "<p>【打印本页】【关闭窗口】</p><p>上一篇：某条新闻</p></div>"
        )
    )

    cuts = {cut.text: cut.rule for cut in read.cut}
    assert cuts["发布时间：2022-08-22 点击：88"] == "cut:metadata"
    assert cuts["【打印本页】【关闭窗口】"].startswith("cut:")
    assert cuts["上一篇：某条新闻"].startswith("cut:")
    assert read.cut[0].rule == "container"


def test_the_visitor_counter_changes_nothing() -> None:
    def visited(times: int) -> Article:
        return article(
            page(f"<div><h1>{TITLE}</h1><p>2022-08-22 来源：门诊部 点击：{times}次</p><p>{SENTENCE}</p></div>")
        )

    assert visited(8).digest == visited(9).digest
    assert visited(8).digest.startswith("sha256:")


def test_another_word_changes_the_digest() -> None:
    changed = SENTENCE.replace("一百", "二百")

    assert (
        article(page(f"<h1>{TITLE}</h1><p>{SENTENCE}</p>")).digest
        != article(page(f"<h1>{TITLE}</h1><p>{changed}</p>")).digest
    )


def test_paragraphs_come_from_line_breaks_cells_and_unclosed_tags_alike() -> None:
    second = "讲座结束后，专家现场解答了大家的问题，并发放了宣传资料。"
    for body in (
        f"<p>{SENTENCE}</p><p>{second}</p>",
        f"<div>　　{SENTENCE}<br><br>　　{second}</div>",
        f"<table><tr><td>{SENTENCE}</td></tr><tr><td>{second}</td></tr></table>",
        f"<div><font size=3><font color=red>{SENTENCE}<p>{second}</div>",
    ):
        assert article(page(f"<h1>{TITLE}</h1>{body}")).text == f"{SENTENCE}\n{second}"


def test_a_stray_end_of_the_document_loses_nothing() -> None:
    read = article(page(f"<div><h1>{TITLE}</h1></body></html><p>2022-08-22</p><p>{SENTENCE}</p></div>"))

    assert read.text == SENTENCE


def test_a_page_that_hides_everything_until_a_script_has_run_is_read() -> None:
    assert article(page(f"<div style='display: none'><h1>{TITLE}</h1><p>{SENTENCE}</p></div>")).text == SENTENCE


def test_what_is_hidden_beside_the_article_is_left_out() -> None:
    read = article(page(f"<h1>{TITLE}</h1><p>{SENTENCE}</p><p style='display:none'>{SENTENCE[::-1]}</p>"))

    assert read.text == SENTENCE


def test_addresses_are_absolute_and_only_those_that_can_be_fetched() -> None:
    read = article(
        page(
            f"<div><h1>{TITLE}</h1><p>{SENTENCE}</p><p><img src='data:image/png;base64,AAAA'><img src='/up/1.jpg'>"
            "<img src='//cdn.example/2.jpg'></p><p><a href='javascript:down(1).pdf'>甲</a><a "
            "href='../a/附件.docx'>附件</a></p></div>"
        )
    )

    assert [link.url for link in read.images] == ["http://www.qcyy.example/up/1.jpg", "http://cdn.example/2.jpg"]
    assert [link.url for link in read.attachments] == ["http://www.qcyy.example/info/a/附件.docx"]


def test_a_year_is_taken_from_the_address_only_when_it_names_the_same_day() -> None:
    html = page(f"<h1>{TITLE}</h1><p>日期：08-22</p><p>{SENTENCE}</p>")

    agreeing = clean_page(html, "http://www.qcyy.example/2022/0822/1.htm")
    other = clean_page(html, "http://www.qcyy.example/2022/0901/1.htm")

    assert isinstance(agreeing, Article)
    assert isinstance(other, Article)
    assert agreeing.published_at == "2022-08-22"
    assert other.published_at is None
    assert other.published_raw == "08-22"


def test_a_date_in_the_future_of_the_capture_is_not_believed() -> None:
    html = page(f"<h1>{TITLE}</h1><p>发布时间：2032-08-22</p><p>{SENTENCE}</p>")

    assert article(html, captured_at=datetime.datetime(2022, 9, 1, tzinfo=datetime.UTC)).published_at is None


def test_headers_may_be_a_mapping_or_pairs() -> None:
    html = f"<html><title>{TITLE}</title><h1>{TITLE}</h1><p>{SENTENCE}</p></html>".encode("gb18030")

    for headers in ({"content-type": "text/html; charset=gbk"}, [("Content-Type", "text/html; charset=gbk")], None):
        assert article(html, headers=headers).text == SENTENCE


def test_what_the_operator_knows_of_a_site_is_used() -> None:
    html = page(
        f"<h1>{TITLE}</h1><div class=a><p>{SENTENCE * 3}</p></div><div class=b><p>{SENTENCE}</p><p "
        f"class=x>一句广告，请勿理会。</p></div>"
    )
    site = Site(name="qingchuan", hospital="青川县人民医院", start_urls=(), body="div.b", noise=(".x",))
    old = dataclasses.replace(site, layout=(Layout(until=datetime.date(2020, 1, 1), body="div.a"),))

    read = article(html, site=site)

    assert read.text == SENTENCE
    assert (read.site, read.hospital) == ("qingchuan", "青川县人民医院")
    then = datetime.datetime(2019, 1, 1, tzinfo=datetime.UTC)
    assert article(html, site=old, captured_at=then).text == SENTENCE * 3


def test_a_site_may_print_its_dates_in_a_form_of_its_own() -> None:
    html = page(f"<h1>{TITLE}</h1><p>第22卷8月22号刊</p><p>{SENTENCE}</p>")
    pattern = r"第(?P<year>\d\d)卷(?P<month>\d+)月(?P<day>\d+)号"
    site = Site(name="qingchuan", hospital="青川县人民医院", start_urls=(), date_pattern=pattern)

    read = article(html, site=site)

    assert (read.published_at, read.published_raw) == ("2022-08-22", "第22卷8月22号")
    assert article(html).published_at is None


def test_where_a_record_comes_from_is_kept() -> None:
    read = clean(capture(page(f"<h1>{TITLE}</h1><p>{SENTENCE}</p>")))
    lost = clean(capture(b"", status=404))

    assert isinstance(read, Article)
    assert isinstance(lost, Rejection)
    assert (read.site, read.capture_digest, read.warc, read.offset, read.cleaner) == (
        "qingchuan", "sha256:00", "qingchuan/a.warc.gz", 17, CLEANER,
    )  # fmt: skip
    assert (lost.site, lost.digest, lost.warc, lost.offset) == ("qingchuan", "sha256:00", "qingchuan/a.warc.gz", 17)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "not found"),
        (410, "not found"),
        (500, "error status"),
        (412, "blocked"),
        (521, "blocked"),
        (302, "redirect"),
    ],
)
def test_the_status_of_an_answer_gives_the_reason(status: int, reason: str) -> None:
    read = clean(capture(page(f"<h1>{TITLE}</h1><p>{SENTENCE}</p>"), status=status))

    assert isinstance(read, Rejection)
    assert read.reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"\x00" * 500, "empty"),
        (b"%PDF-1.7 ...", "not html"),
        (b"PK\x03\x04 docx", "not html"),
        (b"\x89PNG\r\n", "not html"),
        (page("", title=""), "empty"),
        (page("<div id=app></div><script src=/app.js></script>"), "empty"),
        (page("<p>您访问的页面不存在，或已被删除</p>"), "soft 404"),
        (page("<p>对不起，该文章不存在！</p>", title="提示信息"), "soft 404"),
        (page("<p>您的请求带有不合法参数，已被拦截</p>", title="网站防火墙"), "blocked"),
        (page("<script>$_ts=window['$_ts'];</script>", title=""), "blocked"),
        (page("<form>用户名<input> 密码<input type=password></form>", title="登录"), "blocked"),
        (page("", title="", head="<meta http-equiv=refresh content='0;url=/index.html'>"), "redirect"),
        (page("<script>window.location.href='/index.html'</script>", title=""), "redirect"),
    ],
)
def test_what_is_no_article_is_rejected_with_its_reason(body: bytes, reason: str) -> None:
    assert rejection(body).reason == reason


LISTED = "".join(
    f"<li><a href=/n{i}.htm>关于举办第{i}期健康讲座的通知</a><span>2022-0{i}-11</span></li>" for i in range(1, 9)
)
DATED_ROW = "<tr><td>·<a href=/n{}.htm>我院开展第{}期护理技能培训活动</a></td><td>[2022-0{}-12]</td></tr>"
SUMMARY = (
    "<div><h3><a href=/n{}.htm>我院开展第{}期健康讲座活动</a></h3><p>近日，我院开展第{}期讲座，现场气氛热烈……</p>"
    "<span>2022-0{}-12</span></div>"
)
SHELLS = (
    "<ul class=nav><li><a href=/>首页</a></li><li><a href=/gk>医院概况</a></li></ul>{}<div class=foot>版权所有 "
    "某县人民医院</div>",
    "<table><tr><td><a href=/>首页</a> <a "
    "href=/xw>新闻中心</a></td></tr><tr><td>{}</td></tr><tr><td>蜀ICP备00000000号</td></tr></table>",
    "<form>用户名<input>密码<input type=password></form><div class=main>{}</div><div class=side><h3>最新</h3><ul>"
    + LISTED
    + "</ul></div>",
    "<div class=pos>当前位置：<a href=/>首页</a> &gt; <a href=/xw>医院新闻</a></div><div "
    "class=content>{}</div><p>上一篇：没有了</p>",
    "{}",
)
KINDS = {
    "article": (
        f"<h1>{TITLE}</h1><p>发布时间：2022-08-22</p><p>{SENTENCE}</p><p>{SENTENCE[:20]}。</p>",
        f"<h2>{TITLE}</h2><div>2022-08-22 来源：门诊部</div><div>门诊楼停电一天，敬请谅解。</div>",
        f"<div class=title>{TITLE}</div><div>{SENTENCE}<br>{SENTENCE[::-1]}</div>",
        f"<h1>{TITLE}</h1><p>作者：张达 "
        f"2022-08-22</p><table><tr><td>科室</td><td>周一</td></tr><tr><td>内科</td><td>王强</td></tr></table>",
        f"<h1>{TITLE}</h1><p>发布时间：2022-08-22</p><p>名单如下：</p><p>张达　王强　李明</p><p>刘洋　陈静　杨帆</p>",
        f"<p>{TITLE}</p><p>日期：2022/8/22</p><div>{SENTENCE * 4}</div>",
        f"<h1>{TITLE}</h1><p>2022年8月22日</p><p>{SENTENCE}</p><p>{SENTENCE[:-1]}；以上页面如不存在，请与我们联系。</p>",
    ),
    "article of pictures": (
        f"<h1>{TITLE}</h1><p>发布时间：2022-08-22</p><p><img src=/up/1.jpg></p><p><img src=/up/2.jpg></p>",
        f"<h2>{TITLE}</h2><div>时间：2022-08-22 点击：3</div><div><img src=/u/a.png width=700></div>",
    ),
    "article of attachments": (
        f"<h1>{TITLE}</h1><p>发布时间：2022-08-22</p><p>附件：<a href=/up/1.docx>报名表.docx</a></p>",
        f"<h1>{TITLE}</h1><p>来源：人事科 时间：2022-08-22</p><p><a href=/up/1.pdf>公告全文.pdf</a></p>",
    ),
    "list page": (
        f"<h2>医院新闻</h2><ul>{LISTED}</ul><p>共 12 页 <a href=?2>下一页</a></p>",
        "<table>" + "".join(map(DATED_ROW.format, range(1, 9), range(1, 9), range(1, 9))) + "</table>",
        "".join(map(SUMMARY.format, range(1, 9), range(1, 9), range(1, 9), range(1, 9))),
    ),
    "error": (
        "<p>您访问的页面不存在或已被删除</p>",
        "<div>未找到您要的内容，3秒后返回首页</div>",
        "<p>访问过于频繁，请完成安全验证</p>",
        "",
    ),
}  # fmt: skip


def kind_of_page(read: Article | Rejection) -> str:
    kind = kind_of(read)
    return {"list page": "list", "article of pictures": "pictures", "article of attachments": "attachments"}.get(
        kind, kind
    )


def kind_of(read: Article | Rejection) -> str:
    if isinstance(read, Rejection):
        return "list page" if read.reason == "list page" else "error"
    if len(read.text) >= 15:
        return "article"
    return "article of pictures" if read.images else "article of attachments" if read.attachments else "article"


def test_the_kind_of_two_hundred_pages_is_told() -> None:
    wrong = []
    count = 0
    for kind, bodies in KINDS.items():
        for body in bodies:
            for shell in SHELLS:
                if kind == "error" and "最新" in shell:
                    continue  # an error text beside a full list of news is a list
                title = {"list page": "医院新闻-某县人民医院", "error": "某县人民医院"}.get(
                    kind, f"{TITLE}-某县人民医院"
                )
                for charset in ("utf-8", "gb18030", "utf-8-sig"):
                    html = f"<html><head><title>{title}</title></head><body>{shell.format(body)}</body></html>"
                    read = clean_page(html.encode(charset), URL)
                    count += 1
                    if kind_of(read) != kind:
                        wrong.append((kind, body[:60], shell[:40], read))
    assert count >= 200
    assert len(wrong) <= 0.03 * count, wrong


@pytest.mark.parametrize(
    "body",
    [
        "<p " + " ".join(f"a{i}='{i}'" for i in range(500_000)) + f">{SENTENCE}</p>",
        "<p title='<' " + " ".join(f"a{i}='<{i}'" for i in range(100_000)) + f">{SENTENCE}</p>",
        "<a href=/x>链接</a>" * 1_000_000,
        "<" * 3_000_000,
        "<!--" * 500_000,
        "<p>" + SENTENCE * 200_000 + "</p>",
        "<p>" + "来 " * 100_000 + "</p>",
        "<p>" + "（" * 200_000 + "</p>",
        "<table>" + ("<tr>" + "<td>1</td>" * 50 + "</tr>") * 200 + "</table>",
        ("<p>" + "2022-08-22 " * 20 + "</p>") * 500,
    ],
    ids=[
        "attributes",
        "attributes-with-lt",
        "links",
        "lt",
        "comments",
        "one-text",
        "blanks",
        "parentheses",
        "cells",
        "dates",
    ],
)
def test_no_page_takes_long(body: str) -> None:
    started = time.process_time()

    clean_page(page(f"<h1>{TITLE}</h1>{body}"), URL)

    assert time.process_time() - started < 5  # seconds, on a busy machine; most take a tenth


@pytest.mark.parametrize("tag", ["font", "div", "span", "table><tr><td"])
@pytest.mark.parametrize("depth", [300, 1_500, 20_000])
def test_nesting_loses_no_text(tag: str, depth: int) -> None:
    read = article(page(f"<h1>{TITLE}</h1>" + f"<{tag}>" * depth + f"<p>{SENTENCE}</p>"))

    assert read.text == SENTENCE


SOUP = (
    "<p>", "</p>", "<td>", "<table>", "</div>", "<div class=nav>", "<br>", "<a href=x.pdf>", "</a>", "<img src=1.jpg>",
    "<h1>", "2022-08-22", "来源：", "首页 > 新闻", SENTENCE, TITLE, "\x00", "<!--", "<script>", "&#0;", "&nbsp;",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SOUP), max_size=40))
def test_no_tag_soup_makes_it_raise(parts: list[str]) -> None:
    read = clean_page("".join(parts).encode(), URL)

    assert isinstance(read, Article) or read.reason in REASONS
    if isinstance(read, Article):
        assert "\x00" not in read.text
        assert "\x1f" not in read.text + read.title + read.source
        assert "\n\n" not in read.text


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(body: bytes) -> None:
    assert clean_page(body, URL).url == URL


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"User-agent: *\nDisallow: /admin/\n", "text/plain; charset=utf-8"),
        (
            b'<?xml version="1.0"?>\n<!-- made at night -->\n<urlset><url><loc>https://a.example/</loc></url></urlset>',
            "",
        ),
        (b"\xef\xbb\xbf<rss><channel><title>" + "医院新闻".encode() + b"</title></channel></rss>", "text/html"),
        (b'{"code": 0, "data": []}', "application/json"),
    ],
)
def test_what_is_no_page_is_rejected_whatever_it_calls_itself(body: bytes, content_type: str):
    read = clean_page(body, "https://a.example/x", headers={"Content-Type": content_type})

    assert isinstance(read, Rejection)
    assert read.reason == "not html"


def test_every_repaired_field_has_its_repair() -> None:
    read = article(
        page(
            "<div><p>您的位置：首页 > 醫(yī)院動(dòng)態(tài)</p><h1>我院開(kāi)展義(yì)診(zhěn)活動(dòng)</h1>"
            "<p>2022-08-22 來(lái)源：護(hù)理部 作者：張(zhāng)達(dá)</p>"
            "<p>我院組(zǔ)織(zhī)專(zhuān)家開(kāi)展義(yì)診(zhěn)，為(wèi)群眾(zhòng)測(cè)量血壓(yā)。</p></div>",
            title="我院開(kāi)展義(yì)診(zhěn)活動(dòng)",
        )
    )

    assert {field: made.text for field, made in read.repairs.items() if field != "text"} == {
        "title": "我院開展義診活動",
        "source": "護理部",
        "author": "張達",
        "section": "醫院動態",
    }
    assert read.repairs["source"].original == "護(hù)理部"
    assert (read.source, read.author) == ("護理部", "張達")


@pytest.mark.parametrize(
    "carrier",
    [
        '<script>var content = "<p>{}<\\/p>";</script>',
        "<script>show('<p>{}<\\/p>')</script>",
        "<textarea style='display:none'>&lt;p&gt;{}&lt;/p&gt;</textarea>",
        '<script type=\'application/json\'>{{"content":"\\u003cp\\u003e{}\\u003c/p\\u003e"}}</script>',
    ],
)
def test_a_text_that_a_script_puts_in_place_is_read_where_the_page_has_no_other(carrier: str) -> None:
    stored = carrier.format(SENTENCE)

    assert article(page(f"<h1>{TITLE}</h1><div id=c></div>{stored}")).text == SENTENCE
    beside = article(page(f"<h1>{TITLE}</h1><p>{SENTENCE[::-1]}</p>{stored}"))
    assert beside.text == SENTENCE[::-1]


def test_the_counter_of_an_attachment_is_no_text() -> None:
    def downloaded(times: int) -> Article:
        return article(
            page(
                f"<div><h1>{TITLE}</h1><p>2022-08-22</p><p>{SENTENCE}</p></div><ul><li>附件【<a "
                f"href='/system/_content/download.jsp?wbfileid=1'>名单.xlsx</a>】已下载<span>{times}</span>次</li></ul>"
            )
        )

    assert downloaded(3).digest == downloaded(4).digest
    assert [link.title for link in downloaded(3).attachments] == ["名单.xlsx"]


@pytest.mark.parametrize("url", ["http://[::1", "http://a.example:port/", "", "x", "http://\x00/"])
def test_a_broken_address_is_no_reason_to_fail(url: str):
    html = "<title>我院开展义诊</title><h1>我院开展义诊</h1><p>医院组织专家到石桥镇为群众开展健康义诊活动。</p>"

    read = clean_page(html.encode(), url)

    assert isinstance(read, Article)
    assert read.url == url


def test_a_scrap_without_headline_and_date_is_no_article():
    assert isinstance(clean_page(b"hello", "https://a.example/"), Rejection)


@pytest.mark.parametrize(
    ("info", "published_at"),
    [
        ("今天是2026年11月22日 星期日", None),
        ("现在时间：2026-11-22 10:00", None),
        ("2024-03-05 今天是2026年11月22日", "2024-03-05"),
        ("有效期：2023-01-01至2023-12-31", None),
        ("公示期：2023-01-01—2023-01-07", None),
        ("发布时间：2023-02-01 有效期：2023-01-01至2023-12-31", "2023-02-01"),
    ],
)
def test_neither_a_clock_nor_the_end_of_a_span_is_the_publication(info: str, published_at: str | None):
    body = "<p>3月5日，我院组织专家到石桥镇开展义诊活动，接诊群众三百人次，受到群众欢迎和好评。</p>"
    page = f'<meta charset="utf-8"><title>我院开展义诊</title><h1>我院开展义诊</h1><div>{info}</div><div>{body}</div>'

    read = clean_page(page.encode(), "https://a.example/info/1.htm")

    assert isinstance(read, Article)
    assert read.published_at == published_at


def test_made_pages_are_read_whatever_form_they_are_in() -> None:
    kinds = wrong = 0
    fields: dict[str, list[bool]] = {}
    for seed in range(300):
        made = forms.make(seed)
        read = clean_page(made.html, forms.URL)
        kinds += 1
        wrong += kind_of_page(read) != made.kind
        for name, expected in made.expected.items():
            value = getattr(read, "text" if name == "lines" else name, "") or ""
            same = "".join(value.split()) == "".join("".join(expected).split())  # type: ignore[arg-type]
            fields.setdefault(name, []).append(same)

    assert wrong <= 0.03 * kinds
    assert {name: sum(right) / len(right) >= 0.95 for name, right in fields.items()} == dict.fromkeys(fields, True)


SIDE = (
    "<div class=side><h3>医院简介</h3><p>我院始建于1951年，是一所集医疗、教学、科研、预防保健为一体的三级综合医院，"
    "开放床位一千二百张，年门诊量九十万人次，先后荣获省级文明单位等称号。</p></div>"
)


@pytest.mark.parametrize("title", [TITLE, "某县人民医院", "新闻详情-某县人民医院"])
@pytest.mark.parametrize("before", [True, False])
def test_a_box_beside_a_short_article_is_not_the_article(title: str, before: bool) -> None:
    main = f"<div><p>{TITLE}</p><p>2022-08-22</p><div>喜讯：护理部获评巾帼文明岗。</div></div>"

    read = article(page(SIDE + main if before else main + SIDE, title=title))

    assert (read.title, read.text, read.published_at) == (TITLE, "喜讯：护理部获评巾帼文明岗。", "2022-08-22")


def test_a_list_of_summaries_is_a_list() -> None:
    items = "".join(
        f"<div><h3><a href=/n{n}>工会慰问夜班职工</a></h3><p>除夕夜，工会主席为第{n}病区的职工送去祝福……</p></div>"
        for n in range(5)
    )

    assert rejection(page(items, title="医院新闻-某县人民医院")).reason == "list page"


def test_what_scripts_and_attributes_say_of_the_day_is_read() -> None:
    for information in (
        '发布时间：<script>document.write("2022-08-22");</script>',
        '<span id=t></span><script>$("#t").html("2022-08-22");</script>',
        '<time datetime="2022-08-22">8月22日</time>',
    ):
        html = page(f"<h1>{TITLE}</h1><div>来源：门诊部 {information}</div><div><p>{SENTENCE}</p></div>")

        assert article(html).published_at == "2022-08-22"
        assert article(html).text == SENTENCE


def test_markup_that_was_escaped_is_markup() -> None:
    shown = (
        f'&lt;p style="text-indent:2em"&gt;{SENTENCE}&lt;/p&gt;&lt;p&gt;&amp;ldquo;谢谢！&amp;rdquo;他说。&lt;/p&gt;'
    )

    assert article(page(f"<h1>{TITLE}</h1><p>2022-08-22</p><div>{shown}</div>")).text == f"{SENTENCE}\n“谢谢！”他说。"


def test_a_page_with_an_embedded_video_is_an_article() -> None:
    body = f"<h1>{TITLE}</h1><div>2022-08-22 来源：护理部</div><div><iframe src=https://v.example/1></iframe></div>"

    assert article(page(body)).source == "护理部"
