from __future__ import annotations

import time

import pytest

from pipeline.records import Site
from spiders.verdicts import LARGEST_CHALLENGE, challenge, changed_hands

SITE = Site(name="a", hospital="示范县人民医院", aliases=("示范县总医院",), start_urls=("http://a.test/",))


@pytest.mark.parametrize(
    "page",
    [
        "<script>document.cookie='__jsl_clearance_s=1';location.href='/'</script>",
        "<html><head><script>var arg1='0A';/* acw_sc__v2 */</script></head><body></body></html>",
        "<html><body><!-- 12 --><noscript>请开启脚本</noscript><script>$_ts = {};</script></body></html>",
    ],
)
def test_a_page_of_script_that_wants_a_cookie_is_a_challenge(page: str) -> None:
    assert challenge(200, page.encode()).startswith("blocked: ")
    assert challenge(404, page.encode()) == "", "an error is told by its status"


def test_a_page_with_words_is_none() -> None:
    article = f"<p>{'我院开展义诊活动。' * 20}</p><script>// __jsl_clearance</script>"

    assert challenge(200, article.encode()) == ""
    assert challenge(200, article.encode("gb18030")) == ""
    assert challenge(200, b"<script>location.href='/index.htm'</script>") == "", "a redirect by script wants no cookie"


@pytest.mark.parametrize("piece", [b"<", b"<script ", b"<!--", b"document.cookie=", b"<!-- --><script></script>"])
def test_no_page_can_hold_the_judge_up(piece: bytes) -> None:
    body = (b"<html>__jsl_clearance" + piece * LARGEST_CHALLENGE)[:LARGEST_CHALLENGE]
    began = time.process_time()

    challenge(200, body)
    changed_hands(body * 8, SITE)

    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    "page",
    [
        "<title>澳门新葡京官网</title><p>欢迎</p>",
        "<title>首页</title><meta name='keywords' content='真人百家乐,老虎机'><p>欢迎</p>",
        "<title>首页</title><p>百家乐</p><p>老虎机</p><p>六合彩</p>",
    ],
)
def test_a_start_page_of_a_betting_site_is_not_the_hospitals(page: str) -> None:
    assert changed_hands(page.encode(), SITE).startswith("changed hands: ")
    assert changed_hands(page.encode("gb18030"), SITE).startswith("changed hands: ")


@pytest.mark.parametrize(
    "page",
    [
        "<title>示范县人民医院</title><p>百家乐 老虎机 六合彩</p>",  # injected links
        "<title>新闻中心-示范县总医院</title><meta name='keywords' content='百家乐'>",
        "<title>示範縣人民醫院</title><p>澳门新葡京官网</p>",
        "<title>新闻中心</title><p>示范县人民医院</p><p>百家乐</p><p>老虎机</p><p>六合彩</p>",
        "<title>新闻中心</title><p>警方打击赌场</p>",
        "<title></title>",
        "",
    ],
)
def test_a_hospitals_own_start_page_stays_its_own(page: str) -> None:
    assert changed_hands(page.encode(), SITE) == ""
