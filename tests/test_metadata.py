"""What lines say: labels glued or not, credits, breadcrumbs, titles."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.bylines import are_names, byline, is_credit, lead_byline
from pipeline.lines import is_ui, read_line
from pipeline.metadata import last_step
from pipeline.titles import without_site, without_spaces


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("发布时间：2022-08-22 10:14", {"published": "2022-08-22 10:14"}),
        ("发布时间:2019-07-15来源:原创点击:9369次", {"published": "2019-07-15", "source": "原创"}),
        (
            "时间:2020-04-02作者:文图:张兴来源:宣传部阅读:3957",
            {"time": "2020-04-02", "author": "张兴", "source": "宣传部"},
        ),
        ("供稿:未知 编辑:某县人民医院 阅读:次", {"editor": "某县人民医院"}),
        (
            "发布日期:2012-07-05\xa0\xa0\xa0\xa0作者: \xa0\xa0\xa0\xa0来源: 宣传科  \xa0\xa0点击:",
            {"published": "2012-07-05", "source": "宣传科"},
        ),
        ("來源：健康新聞網　編輯：王強", {"source": "健康新聞網", "editor": "王強"}),
        ("作　　者：李明远　　审       核：赵刚", {"author": "李明远", "reviewer": "赵刚"}),
        ("稿件来源：门诊部｜责任编辑：王强", {"source": "门诊部", "editor": "王强"}),
        ("本文来源于\x1f深圳商报\x1f　\x1f2018-05-22\x1f", {"source": "深圳商报"}),
        ("\x1f责编 何建川\x1f", {"editor": "何建川"}),
        ("摄影/张艳 编辑/苏芳", {"editor": "苏芳"}),
        ("来源：本站", {}),
        ("作者：admin　来源：未知", {}),
        ("来源：　　时间：", {}),
        ("【编辑：李敏】", {"editor": "李敏"}),
        ("(责任编辑：何一华 HN110)", {"editor": "何一华 HN110"}),
    ],
)
def test_labelled_values_are_read_in_every_form(line: str, fields: dict[str, str]) -> None:
    read = read_line(line)

    values = {kind: value for kind, value in read.fields if value and kind != "photographer"}
    assert values == fields
    assert read.is_metadata


@pytest.mark.parametrize(
    "line",
    [
        "活动时间：2022年9月1日",
        "联系电话：0000-1234567",
        "（2007年6月29日第十届全国人民代表大会常务委员会第二十八次会议通过）",
        "医院自2022年8月22日起开设午间门诊。",
        "记者从会议上获悉，明年将新建门诊楼一座。",
        "",
    ],
)
def test_lines_of_the_article_are_no_metadata(line: str) -> None:
    assert not read_line(line).is_metadata


@pytest.mark.parametrize(
    "line",
    [
        "字号：大 中 小",
        "【打印本页】【关闭窗口】",
        "分享到：微信 微博",
        "960 次浏览",
        "阅读 ( 446 )",
        "[大] [中] [小]",
        "上一页 1 2 3 下一页",
    ],
)
def test_the_controls_of_a_page_are_known(line: str) -> None:
    assert is_ui(line)


@pytest.mark.parametrize("line", ["大会", "小组讨论", "中心简介", "评论员文章", "喜讯"])
def test_words_that_begin_like_controls_are_none(line: str) -> None:
    assert not is_ui(line)


@pytest.mark.parametrize(
    ("text", "author", "contributor"),
    [
        ("……守护患者的生命安全。（张达）", "张达", ""),
        ("……守护患者的生命安全。(楊克強)", "楊克強", ""),
        ("（党办供稿）", "", "党办"),
        ("……受到好评。（苏云/文 钱杰/图）", "苏云", ""),
        ("（宣传科）", "", "宣传科"),
        ("……十天（图）", "", ""),
        ("……共计四项（一）", "", ""),
        ("……世界卫生组织（WHO）", "", ""),
        ("医技药剂党支部、药剂科供稿 摄影/张艳 编辑/苏芳", "", "医技药剂党支部、药剂科"),
    ],
)
def test_credits_at_the_end_are_read(text: str, author: str, contributor: str) -> None:
    assert byline(text) == (author, contributor)


def test_the_lead_names_its_reporters() -> None:
    assert lead_byline("本报讯（记者 张三 通讯员 李四）近日，我院举办讲座。")[0] == "张三"
    assert lead_byline("本站讯（通讯员 李琴雯 刘会）为深入推进工作。")[1] == "李琴雯 刘会"
    assert lead_byline("近日（8月22日），我院举办讲座。") == ("", "")


def test_names_begin_with_a_family_name() -> None:
    assert are_names("张三、李四")
    assert are_names("张 达")
    assert not are_names("未完待续")
    assert not are_names("国家卫生健康委员会")


@pytest.mark.parametrize(
    ("crumbs", "section"),
    [
        ("首页 > 新闻中心 > 医院新闻 > 正文", "医院新闻"),
        ("首页 >> 医院动态", "医院动态"),
        ("首页医院动态医院新闻正文", "医院新闻"),
        ("首页 > 新闻中心 > 我院举办心肺复苏技能培训", "新闻中心"),
        ("首页", ""),
    ],
)
def test_the_breadcrumb_ends_in_the_section(crumbs: str, section: str) -> None:
    assert last_step(crumbs, ["医院新闻"], "我院举办心肺复苏技能培训") == section


@pytest.mark.parametrize(
    ("printed", "title"),
    [
        ("我院举办培训-新闻中心-某县人民医院", "我院举办培训"),
        ("我院举办培训_某某网", "我院举办培训"),
        ("我院举办培训 | 某某大学", "我院举办培训"),
        ("我院举办培训--健康--人民网", "我院举办培训"),
        ("某县人民医院-我院举办培训", "我院举办培训"),
        ("网络医院建设的三大任务--财经--人民网", "网络医院建设的三大任务"),
        ("COVID-19疫苗接种须知", "COVID-19疫苗接种须知"),
        ("5—6月停诊通知", "5—6月停诊通知"),
    ],
)
def test_the_site_is_no_part_of_the_title(printed: str, title: str) -> None:
    assert without_site(printed) == title


def test_decorative_blanks_are_closed_and_others_stay() -> None:
    assert without_spaces("创 先 争 优 立 潮 头") == "创先争优立潮头"
    assert without_spaces("凝心聚力  再创佳绩") == "凝心聚力 再创佳绩"


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("来源:：作者编辑 \x1f\xa0　2022-08-1张三|（）/、abc。"), max_size=300))
def test_no_line_makes_it_raise_and_no_value_is_made_up(line: str) -> None:
    read = read_line(line)

    printed = "".join(line.split())
    assert all("".join(value.split()) in printed.replace("\x1f", "") for _, value in read.fields)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (
            "Posted on March 3, 2021 by International Office",
            {"published": "March 3, 2021", "author": "International Office"},
        ),
        (
            "公告日期：112/09/18　公告單位：教學部　點閱數：921",
            {"published": "112/09/18", "source": "教學部", "views": ""},
        ),
        ("供稿：党办　团委编辑：许诺", {"contributor": "党办 团委", "editor": "许诺"}),
        ("记者 齐敏 通讯员 卞文静", {"author": "齐敏", "contributor": "卞文静"}),
        ("来源 | 皮肤科", {"source": "皮肤科"}),
        ("standby: 3", {}),
    ],
)
def test_labels_of_other_places_are_known(line: str, fields: dict[str, str]) -> None:
    assert dict(read_line(line).fields) == fields


def test_a_stock_phrase_in_parentheses_is_no_credit() -> None:
    assert is_credit("（党办供稿）")
    assert is_credit("（张达）")
    assert not is_credit("（此件公开发布）")
    assert byline("冬天要早睡晚起。（治未病科 包容）") == ("包容", "")


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("[发布日期]2023-03-01 [作者]张达 [编辑]李敏", {"published": "2023-03-01", "author": "张达", "editor": "李敏"}),
        ("\x1f发布部门\x1f\x1f采购办\x1f", {"poster": "采购办"}),
        ("作者：张达 科室核稿：李敏", {"author": "张达", "reviewer": "李敏"}),
        ("编辑：毛　豆　审核：王强", {"editor": "毛 豆", "reviewer": "王强"}),
        ("一审丨庾亮 二审丨狄青 校对丨阳光", {"reviewer": "狄青", "proofreader": "阳光"}),
        ("发布日期：20230309 供稿：党办", {"published": "20230309", "contributor": "党办"}),
        ("日期：23-03-09 已有899人浏览", {"time": "23-03-09"}),
        ("作者：张达时间：2023-03-09", {"author": "张达", "time": "2023-03-09"}),
    ],
)
def test_labels_of_every_make_are_read(line: str, fields: dict[str, str]) -> None:
    assert dict(read_line(line).fields) == fields
    assert read_line(line).is_metadata


@pytest.mark.parametrize(
    "line", ["义诊时间：2023-03-15", "作者：鲁迅的《药》曾写过人血馒头，今天读来仍令人警醒，迷信偏方害人害己。"]
)
def test_what_only_begins_like_a_label_is_the_articles(line: str) -> None:
    assert not read_line(line).is_metadata


@pytest.mark.parametrize(
    ("printed", "title"),
    [
        ("监控系统改造项目招标公告_招标信息_某市医院", "监控系统改造项目招标公告"),
        ("“小小哨兵”走进医院 - 某区妇幼保健院", "“小小哨兵”走进医院"),
        ("通知公告_关于放假的通知_某市医院", "关于放假的通知"),
        ("心血管内科-某市中心医院", "心血管内科"),
    ],
)
def test_sections_and_sites_are_told_from_headlines(printed: str, title: str) -> None:
    assert without_site(printed) == title
