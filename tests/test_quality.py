"""Quality flags: what is flagged, with which evidence, and what is not."""

from __future__ import annotations

import dataclasses
import time

import pytest

from benchmarks.material import story
from demo.damage import FARM_TAIL, inject, porn_line, swap_brand, swap_roles, traditional
from pipeline.quality import judge
from pipeline.records import Article, Evidence, Site
from pipeline.repair import repair

STORY = story(7)
SITE = Site(name="own", hospital=STORY.hospital, start_urls=("https://www.own-hospital.cn/news/",))
CLEAN = Article(
    site="own",
    url="https://www.own-hospital.cn/news/1.html",
    title=STORY.title,
    text=STORY.text,
    source=STORY.hospital,
    published_at=STORY.published,
)


def _flags(article: Article, page_text: str = "") -> list[str]:
    return [flag.name for flag in judge(article, SITE, page_text).flags]


def _changed(**fields: object) -> Article:
    return dataclasses.replace(CLEAN, **fields)  # type: ignore[arg-type]


def test_a_clean_article_has_no_flag_and_stays_as_it_is() -> None:
    assert judge(CLEAN, SITE) == CLEAN


def test_annotated_and_damaged_carry_the_places_in_the_printed_text() -> None:
    repaired = repair(inject(STORY.text, density=1, markers=1))
    article = judge(_changed(text=repaired.text, repairs={"text": repaired}), SITE)

    flags = {flag.name: flag.evidence for flag in article.flags}
    first = flags["annotated"][0]

    assert repaired.original[first.start :].startswith(first.text[1:])
    assert flags["damaged"][0].text.startswith("fixed ")
    assert all(repaired.original[e.start :].startswith(e.text) for e in flags["damaged"][1:])


@pytest.mark.parametrize("brand", ["6163am银河线路", "304am永利", "9728太阳集团", "威尼斯987", "yl23455永利"])
def test_a_brand_in_the_place_of_the_hospital_is_a_hijack(brand: str) -> None:
    article = _changed(text=swap_brand(STORY.text, STORY.hospital, brand), source=brand)

    judged = judge(article, SITE)

    evidence = next(flag.evidence for flag in judged.flags if flag.name == "hijacked")
    assert {"source", "text"} <= {e.where for e in evidence}
    assert brand[:4] in evidence[0].text
    assert judged.text == article.text


@pytest.mark.parametrize(
    "article",
    [
        _changed(source="sp20241119"),
        _changed(source="[db:来源]"),
        _changed(source="${article.origin}"),
        _changed(author="{{ item.writer }}"),
        _changed(source="乐鱼体育官网"),
        _changed(source="半岛bob在线登录"),
        _changed(title="ag真人国际厅-" + STORY.title),
        _changed(text=swap_roles(STORY.text)),
        _changed(text=porn_line(STORY.text)),
        _changed(title="万博体育app官网-" + STORY.title),
        _changed(url="https://www.cheap-shoes.example/news/1.html"),
    ],
    ids=[
        "code",
        "template hole",
        "dollar",
        "braces",
        "sport",
        "letters",
        "hall",
        "roles",
        "porn",
        "bookmaker",
        "foreign host",
    ],
)
def test_other_signs_of_a_hijack(article: Article) -> None:
    assert "hijacked" in _flags(article)


@pytest.mark.parametrize(
    "sentence",
    [
        "金沙医院与银河街道社区卫生服务中心签订协议，永利路128号的新院区将于年底启用。",
        "医院屋顶安装了皇明太阳能集团捐赠的热水器，每年节约用电2万度。",
        "澳門鏡湖醫院為永利、美高梅員工開展體檢，銀河娛樂集團贊助了活動。",
        "警方通报，参与6163银河网络赌博的3名嫌疑人被抓获，医院组织职工观看禁赌宣传片。",
        "我院开展论文代写、代投专项整治，严禁医务人员买卖论文，发现线索请联系纪检监察室。",
        "患者可添加医院官方微信公众号预约挂号，也可拨打0539-1234567咨询。",
        "国产精品药械展上，亚洲视频脑电图仪受到关注，免费视频教学同步上线。",
        "兽医公司与我院联合开展人畜共患病防治培训，中医公司捐赠了药材。",
        "39健康网、120急救中心和36氪对此进行了报道。",
        "开元寺社区的棋牌室里，江南体育学院的学生陪老人下棋，凤凰120急救站在旁待命。",
        "澳门博彩业从业人员体检结果公布，半岛中心医院体育医学科参与其中。",
        "保卫科提醒：“无抵押贷款”“刷单返利”都是骗局，电话13800001111。",
        "信息科拟采购网站建设与SEO优化服务，联系人QQ：100200301。",
        "登录后查看检验结果，点击“阅读全文”可见医生的解读。",
        "民警教学生抵制偷拍、拒绝黄色视频。",
        "天亮了，大家慢慢走回病房……",
    ],
)
def test_honest_sentences_are_no_evidence(sentence: str) -> None:
    assert _flags(_changed(text=f"{STORY.text}\n{sentence}")) == []


def test_a_subdomain_or_a_public_host_is_not_foreign() -> None:
    assert _flags(_changed(url="https://news.own-hospital.cn/1.html")) == []
    assert _flags(_changed(url="https://wjw.example.gov.cn/1.html")) == []


def test_the_genuine_page_of_a_hong_kong_hospital_has_no_flag() -> None:
    article = _changed(
        text=traditional(STORY.text), title=traditional(STORY.title), url="https://www.hospital.example.hk/1"
    )

    assert [flag.name for flag in judge(article, None).flags] == []


def test_a_farm_tail_is_cut_and_kept_as_evidence() -> None:
    tail = "\n".join(FARM_TAIL)
    article = judge(_changed(text=f"{STORY.text}\n{tail}", published_at=None), SITE)

    assert article.text == STORY.text
    assert [flag.name for flag in article.flags] == ["spam", "truncated", "undated"]
    assert article.cut[-1].text == tail
    assert article.cut[-1].start == len(STORY.text) + 1


def test_a_tail_that_is_glued_to_the_last_paragraph_is_cut_at_its_sentence() -> None:
    article = judge(_changed(text=STORY.text + "".join(FARM_TAIL)), SITE)

    assert article.text == STORY.text
    assert article.flagged("spam")


def test_judging_twice_gives_the_same() -> None:
    once = judge(_changed(text=STORY.text + "\n" + "\n".join(FARM_TAIL), source="6163am银河线路"), SITE)

    assert judge(once, SITE) == once


def test_a_disclaimer_at_the_end_is_cut_without_a_flag() -> None:
    line = "免责声明：本站只是转载，如涉及版权问题请联系我们删除。"
    article = judge(_changed(text=f"{STORY.text}\n{line}"), SITE)

    assert article.text == STORY.text
    assert [e.rule for e in article.cut] == ["disclaimer"]
    assert article.flags == ()


@pytest.mark.parametrize(
    "tail",
    [
        "代开正规发票，先验后付，微信同号13700001234",
        "黑户可办，当天放款，客服QQ：55667788",
        "蜘蛛池出租、外链代发、快速收录，联系TG：@paiming1",
        "祖传秘方专治顽疾，无效退款，电话微信13612340000",
        "本站提供word版下载，如需定制工作总结，请加客服微信：wendang66",
        "点击下载棋牌app，注册即送88元彩金，24小时在线客服",
    ],
)
def test_an_offer_with_a_contact_at_the_end_is_spam_and_cut(tail: str) -> None:
    article = judge(_changed(text=f"{STORY.text}\n{tail}"), SITE)

    assert article.flagged("spam")
    assert article.text == STORY.text


@pytest.mark.parametrize(
    "end",
    [
        "\n介绍了有关情况...[详细]",
        "\n下一步，医院将继续（",
        "\n点击阅读全文",
        "\n未完待续",
        "\n剩余60%内容登录后可查看",
    ],
)
def test_a_preview_is_truncated(end: str) -> None:
    assert _flags(_changed(text=STORY.text + end)) == ["truncated"]


def test_a_text_that_stops_in_a_sentence_is_truncated_and_a_signature_is_not() -> None:
    stopped = "\n".join([*STORY.paragraphs[:3], STORY.paragraphs[3][:70].rstrip("，。、！？；：“”") + "，并"])

    assert _flags(_changed(text=stopped)) == ["truncated"]
    assert _flags(_changed(text=STORY.text + "（宣传科 王海燕）")) == []
    assert _flags(_changed(text=STORY.text + "\n通讯员 王海燕")) == []


def test_repeats_that_the_cleaner_cut_make_the_flag() -> None:
    cut = (Evidence(rule="repeat:block", where="text", text="……"),)

    assert _flags(_changed(cut=cut)) == ["repeated"]


def test_a_text_of_one_line_is_short_and_one_without_a_date_undated() -> None:
    assert _flags(_changed(text="我院举行义诊。", published_at=None)) == ["undated", "short"]


def test_a_hostile_page_is_judged_in_linear_time() -> None:
    text = "6163am银河" * 100_000 + "加微信" * 100_000
    began = time.process_time()

    judge(_changed(text=text), SITE, text)

    assert time.process_time() - began < 4
