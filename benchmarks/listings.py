"""Hospital sites of our own making, in the forms that content systems give their lists, to measure finding links on.

In: the addresses under which a site is served. Out: a `Listing`: its pages by path, and what stands on each of its list
pages: the articles with the day printed beside them, and the next page. The markup was written for this project after
the habits of the systems named in each function; titles come from `benchmarks.material`.

A list page also has what surrounds a real one: menus with drop-downs, departments, doctors, partners, a footer.
"""

# ruff: noqa: E501, ARG001, ARG005  markup is read best in one line, and every template takes the same arguments
from __future__ import annotations

import dataclasses
import datetime
import random
import zlib
from collections.abc import Callable, Sequence

from benchmarks.material import LISTS, story

TITLES = (
    "我院召开{月}份医疗质量与安全工作会议",
    "我院{科}成功开展首例{术}",
    "关于{动}期间门诊安排的通知",
    "喜讯！我院荣获“{誉}”称号",
    "{名}同志任我院{职}",
    "市卫生健康委领导到我院调研指导工作",
    "我院党委组织开展{动}活动",
    "{科}举办“走进{村}”大型义诊",
    "医者仁心 | {名}：十年如一日守护患者",
    "{备}采购项目招标公告",
    "停诊通知",
    "院务公开",
    "【党建引领】第{小}党支部赴{村}开展{动}",
    "我院与{村}卫生院签订医联体合作协议",
    "{病}患者的福音——我院引进{备}",
    "2022年公开招聘工作人员面试公告",
    "致全院职工的一封信",
    "我院在全市{动}中荣获一等奖",
    "巡察工作动员会召开",
    "{科}：用心服务 让爱延伸",
    "专家谈{病}的早期预防",
    "我院顺利通过国家{病}中心认证",
)
NEWS = "新闻中心"
NOTICES = "通知公告"
DEPARTMENTS = LISTS["科"][:18]
LONGEST = 24  # characters of a title before a system cuts it


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An article of a list: its address, its title, and its day."""

    url: str
    title: str
    day: datetime.date

    @property
    def cut(self) -> str:
        """The title as systems cut it for a narrow list."""
        return self.title if len(self.title) <= LONGEST else self.title[: LONGEST - 1] + "…"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Stands:
    """What stands on a list page. `days` are those printed beside articles, by URL; `allowed` may be taken or left."""

    articles: frozenset[str]
    days: dict[str, str] = dataclasses.field(default_factory=dict)
    next_page: str = ""  # empty: there is none, or none that can be followed
    pages: frozenset[str] = frozenset()  # every page of the same list: any of them may be given as a further one
    allowed: frozenset[str] = frozenset()


@dataclasses.dataclass(kw_only=True, slots=True)
class Listing:
    """A site: pages by URL as (content type, bytes), and what stands on its list pages. `about` says what is odd."""

    name: str
    about: str
    hospital: str
    home: str
    news: str
    pages: dict[str, tuple[str, bytes]] = dataclasses.field(default_factory=dict)
    lists: dict[str, Stands] = dataclasses.field(default_factory=dict)
    hosts: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True)
class Maker:
    """Puts a site together: what its template says about addresses, rows and pagers is given as functions."""

    base: str
    seed: int
    charset: str = "utf-8"
    declared: bool = True
    menu: Callable[[], str] | None = None
    listing: Listing = dataclasses.field(init=False)

    def start(self, name: str, about: str, home: str, news: str) -> Listing:
        """Begin the site."""
        hospital = story(self.seed).hospital
        self.listing = Listing(name=name, about=about, hospital=hospital, home=self.base + home, news=self.base + news)
        return self.listing

    def rows(self, count: int, address: Callable[[int, datetime.date], str], first: int = 0) -> list[Row]:
        """So many articles, newest first, each with a page of its own."""
        chance = random.Random(self.seed * 1000 + first)
        day, made = datetime.date(2022, 8, 30) - datetime.timedelta(days=first % 7), []
        for number in range(count):
            day -= datetime.timedelta(days=chance.choice((0, 1, 1, 2, 5, 9)))
            title = title_of(chance)
            row = Row(url=address(3456 - number * 3 + first * 1000, day), title=title, day=day)
            made.append(row)
            self.article(row)
        return made

    def article(self, row: Row) -> None:
        """The page of an article."""
        text = "".join(f"<p>{one}</p>" for one in story(zlib.crc32(row.title.encode()) % 10_000, length=3).paragraphs)
        place = f'<div class="position">当前位置：<a href="{self.base}/">首页</a> &gt; <a href="{self.listing.news}">{NEWS}</a></div>'
        body = f'{place}<div class="article"><h1>{row.title}</h1><p class="info">发布时间：{row.day} 来源：宣传科 浏览：126</p><div class="content">{text}</div></div>'
        self.page(row.url, self.framed(body, row.title))

    def framed(self, body: str, title: str, head: str = "") -> str:
        """A page with the site's head, menu and footer around `body`."""
        charset = (
            f'<meta http-equiv="Content-Type" content="text/html; charset={self.charset}">' if self.declared else ""
        )
        hospital = self.listing.hospital
        return f"""<!DOCTYPE html><html><head>{charset}<title>{title}-{hospital}</title>{head}</head><body>
<div class="top"><span>欢迎访问{hospital}官方网站！</span><a href="/en/">English</a><a href="http://mail.example.test/">院内邮箱</a></div>
{self.menu() if self.menu else ""}{body}
<div class="footer"><div class="links">友情链接：<a href="http://wsjkw.province.test/">省卫生健康委员会</a>
<a href="http://www.nhc.test/">国家卫生健康委员会</a><a href="http://www.ylzyxh.test/art/2022/1/2/art_12_34.html">省医师协会</a></div>
<p>版权所有 © {hospital} 地址：解放路{self.seed}号 急诊电话：0539-4271120 邮编：276200</p>
<p><a href="https://beian.miit.test/">鲁ICP备1203456{self.seed % 10}号-1</a> <a href="http://www.beian.test/portal?recordcode=37132802000123">鲁公网安备 37132802000123号</a> 技术支持：<a href="http://www.softcompany.test/">某某科技</a></p></div></body></html>"""

    def page(self, url: str, html: str, mime: str = "text/html") -> None:
        """Keep a page in the site's charset."""
        self.listing.pages[url] = (mime, html.encode(self.charset, "xmlcharrefreplace"))

    def list_page(
        self,
        url: str,
        html: str,
        rows: Sequence[Row],
        *,
        title: str = NEWS,
        head: str = "",
        dated: bool = True,
        next_page: str = "",
        pages: Sequence[str] = (),
        allowed: Sequence[str] = (),
    ) -> None:
        """Keep a list page with what stands on it."""
        self.page(url, self.framed(html, title, head), "text/html")
        self.listing.lists[url] = Stands(
            articles=frozenset(row.url for row in rows),
            days={row.url: row.day.isoformat() for row in rows} if dated else {},
            next_page=next_page,
            pages=frozenset(pages),
            allowed=frozenset(allowed),
        )


def title_of(chance: random.Random) -> str:
    """A title, of one to several dozen characters."""
    pattern = chance.choice(TITLES)
    for slot in ("月", "科", "术", "动", "誉", "职", "村", "病", "备"):
        pattern = pattern.replace(f"{{{slot}}}", chance.choice(LISTS[slot]))
    pattern = pattern.replace("{名}", chance.choice(LISTS["姓"]) + chance.choice(LISTS["名"]))
    return pattern.replace("{小}", chance.choice("一二三四五六七八九"))


def chunks(rows: Sequence[Row], size: int) -> list[Sequence[Row]]:
    """The rows of each page."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def vsb(base: str, other: str) -> Listing:
    """博达 VSB: links that climb folders, pages that count down, a drop-down menu of departments in the same form."""
    make = Maker(base, 11)
    listing = make.start("vsb", "博达: ../info/1011/3456.htm, pages counted downwards, 下页", "/", "/xwzx/yyxw.htm")
    drop = "".join(f'<li><a href="/info/1033/{1500 + n}.htm">{name}</a></li>' for n, name in enumerate(DEPARTMENTS))
    make.menu = lambda: (
        f"""<div class="nav"><ul><li><a href="/index.htm">首页</a></li><li><a href="/yygk.htm">医院概况</a><ul>
<li><a href="/yygk/yyjj.htm">医院简介</a></li><li><a href="/yygk/ldbz.htm">领导班子</a></li></ul></li>
<li><a href="/xwzx.htm">新闻中心</a><ul><li><a href="/xwzx/yyxw.htm">医院新闻</a></li><li><a href="/xwzx/tzgg.htm">通知公告</a></li></ul></li>
<li><a href="/ksjs.htm">科室介绍</a><ul>{drop}</ul></li><li><a href="/lxwm.htm">联系我们</a></li></ul></div>"""
    )
    rows = make.rows(48, lambda n, day: f"{base}/info/1011/{n}.htm")
    notes = make.rows(8, lambda n, day: f"{base}/info/1012/{n}.htm", 1)
    urls = [f"{base}/xwzx/yyxw.htm", *(f"{base}/xwzx/yyxw/{n}.htm" for n in (3, 2, 1))]
    for number, part in enumerate(chunks(rows, 12)):
        up = "../" if number == 0 else "../../"
        line = "".join(
            f'<li id="line_u8_{n}"><a href="{up}{row.url.removeprefix(base + "/")}" target="_blank" title="{row.title}">'
            f"<em>{row.cut}</em><span>{row.day}</span></a></li>"
            for n, row in enumerate(part)
        )
        following = urls[number + 1] if number < 3 else ""
        down = following.replace(f"{base}/xwzx/", "") if number == 0 else following.rpartition("/")[2]
        pager = (
            '<div class="pb_sys_common pb_sys_normal"><span class="p_t">共48条</span><span class="p_pages">'
            + (f'<span class="p_next p_fun"><a href="{down}">下页</a></span>' if following else "")
            + (
                f'<span class="p_last p_fun"><a href="{"yyxw/" if number == 0 else ""}1.htm">尾页</a></span>'
                if following
                else ""
            )
            + "</span></div>"
        )
        make.list_page(
            urls[number],
            f'<div class="main"><div class="list"><ul>{line}</ul></div>{pager}</div>',
            rows=part,
            next_page=following,
            pages=urls,
        )
    lines = "".join(
        f'<li><a href="{row.url.removeprefix(base + "/")}">{row.cut}</a><span>{row.day:%m-%d}</span></li>'
        for row in rows[:7]
    )
    other_lines = "".join(f'<li><a href="info/1012/{row.url.rpartition("/")[2]}">{row.cut}</a></li>' for row in notes)
    doctors = "".join(
        f'<li><a href="info/1044/{1700 + n}.htm"><img src="/d/{n}.jpg"><p>{name}</p></a></li>'
        for n, name in enumerate(("王志强", "李海燕", "赵晓峰", "陈文静"))
    )
    make.list_page(
        f"{base}/",
        f'<div class="news"><h2>医院新闻<a href="xwzx/yyxw.htm">更多&gt;&gt;</a></h2><ul>{lines}</ul></div><div class="notice"><h2>通知公告<a href="xwzx/tzgg.htm">更多</a></h2><ul>{other_lines}</ul></div><div class="zj"><h2>专家风采</h2><ul>{doctors}</ul></div>',
        [*rows[:7], *notes],
        title="首页",
        dated=False,
    )
    return listing


def dede(base: str, other: str) -> Listing:
    """织梦 DedeCMS: GBK, summaries under the titles, list_9_2.html, a right column of hot articles."""
    make = Maker(base, 12, charset="gbk")
    listing = make.start("dede", "织梦: GBK, summaries, list_9_2.html, hot articles at the right", "/", "/yydt/")
    make.menu = lambda: (
        '<div id="navMenu"><ul><li><a href="/">首页</a></li><li><a href="/yygk/">医院概况</a></li><li><a href="/yydt/">医院动态</a></li><li><a href="/zjjs/">专家介绍</a></li><li><a href="/ksdh/">科室导航</a></li></ul></div>'
    )
    rows = make.rows(36, lambda n, day: f"{base}/yydt/{day:%Y/%m%d}/{n}.html")
    urls = [f"{base}/yydt/", f"{base}/yydt/list_9_2.html", f"{base}/yydt/list_9_3.html"]
    hot = "".join(f'<li><a href="{row.url.removeprefix(base)}">{row.cut}</a></li>' for row in rows[20:30])
    for number, part in enumerate(chunks(rows, 12)):
        line = "".join(
            f'<li><b>[<a href="/yydt/">医院动态</a>]</b> <a href="{row.url.removeprefix(base)}" class="title">{row.title}</a>'
            f'<span class="info"><small>日期：</small>{row.day} 10:2{n % 10}:1{n % 9} <small>点击：</small>{n * 7 + 31}<small>好评：</small>0</span>'
            f'<p class="intro">{story(n, length=1).paragraphs[0][:90]}...</p></li>'
            for n, row in enumerate(part)
        )
        following = urls[number + 1] if number < 2 else ""
        pager = "<li>首页</li>" + "".join(
            f'<li class="thisclass">{n + 1}</li>'
            if n == number
            else f"<li><a href='list_9_{n + 1}.html'>{n + 1}</a></li>"
            for n in range(3)
        )
        if following:
            pager += f"<li><a href='list_9_{number + 2}.html'>下一页</a></li><li><a href='list_9_3.html'>末页</a></li>"
        pager += '<li><span class="pageinfo">共 <strong>3</strong>页<strong>36</strong>条</span></li>'
        html = f'<div class="listbox"><ul class="e2">{line}</ul></div><div class="dede_pages"><ul class="pagelist">{pager}</ul></div><div class="pright"><dl class="tbox"><dt><strong>热点内容</strong></dt><dd><ul class="c1 ico2">{hot}</ul></dd></dl></div>'
        make.list_page(
            urls[number],
            html,
            part,
            next_page=following,
            pages=[*urls, f"{base}/yydt/list_9_1.html"],
            allowed=[row.url for row in rows],
        )
    lines = "".join(
        f'<li><span>{row.day:%m-%d}</span><a href="{row.url.removeprefix(base)}">{row.cut}</a></li>' for row in rows[:8]
    )
    make.list_page(
        f"{base}/",
        f'<dl class="tbox"><dt><strong><a href="/yydt/">医院动态</a></strong><span class="more"><a href="/yydt/">更多...</a></span></dt><dd><ul class="d1 ico3">{lines}</ul></dd></dl>',
        rows[:8],
        title="首页",
        dated=False,
    )
    return listing


def siteserver(base: str, other: str) -> Listing:
    """SiteServer on ASP.NET: addresses with PageIndex, a table, a day of the form 2022/8/3 0:00:00."""
    make = Maker(base, 13)
    listing = make.start(
        "siteserver", "SiteServer: a table, PageIndex in the address, 2022/8/3 0:00:00", "/", "/news.aspx?ChannelID=12"
    )
    make.menu = lambda: (
        '<ul id="menu"><li><a href="/index.aspx">网站首页</a></li><li><a href="/about.aspx?ChannelID=3">走进医院</a></li><li><a href="/news.aspx?ChannelID=12">新闻中心</a></li><li><a href="/news.aspx?ChannelID=13">通知公告</a></li><li><a href="/expert.aspx?ChannelID=20">名医荟萃</a></li></ul>'
    )
    rows = make.rows(45, lambda n, day: f"{base}/content.aspx?ChannelID=12&ContentID={n}")
    urls = [f"{base}/news.aspx?ChannelID=12", *(f"{base}/news.aspx?ChannelID=12&PageIndex={n}" for n in (2, 3))]
    for number, part in enumerate(chunks(rows, 15)):
        line = "".join(
            f'<tr><td width="20"><img src="/images/dot.gif"></td><td align="left"><a href="content.aspx?ChannelID=12&amp;ContentID={row.url.rpartition("=")[2]}" target="_blank">{row.cut}</a></td>'
            f'<td align="right">{row.day.year}/{row.day.month}/{row.day.day} 0:00:00</td></tr>'
            for row in part
        )
        following = urls[number + 1] if number < 2 else ""
        links = "".join(
            f'<a href="news.aspx?ChannelID=12&amp;PageIndex={n}">{n}</a> ' for n in (1, 2, 3) if n != number + 1
        )
        pager = (
            f'<table><tr><td>{links}<a href="news.aspx?ChannelID=12&amp;PageIndex={number + 2}">&gt;</a></td></tr></table>'
            if following
            else f"<div>{links}</div>"
        )
        make.list_page(
            urls[number],
            f'<table width="700"><tbody>{line}</tbody></table>{pager}',
            part,
            next_page=following,
            pages=[*urls, f"{urls[0]}&PageIndex=1"],
        )
    tables = "".join(
        f'<tr><td>·<a href="content.aspx?ChannelID=12&amp;ContentID={row.url.rpartition("=")[2]}">{row.cut}</a></td><td>[{row.day:%m-%d}]</td></tr>'
        for row in rows[:6]
    )
    make.list_page(
        f"{base}/",
        f'<table><tr><td class="title">新闻中心</td><td><a href="news.aspx?ChannelID=12"><img src="more.gif" alt="更多"></a></td></tr>{tables}</table>',
        rows[:6],
        title="首页",
        dated=False,
    )
    return listing


def phpcms(base: str, other: str) -> Listing:
    """phpcms: everything is index.php, lists and articles differ in a=lists and a=show; 上一页 and 下一页 always stand."""
    make = Maker(base, 14)
    query = "/index.php?m=content&c=index&a="
    listing = make.start(
        "phpcms", "phpcms: index.php?m=content&c=index&a=show, a pager of class a1", "/", f"{query}lists&catid=7"
    )
    link = "index.php?m=content&amp;c=index&amp;a="
    make.menu = lambda: (
        f'<div class="nav-site"><a href="/">首页</a><a href="/{link}lists&amp;catid=2">医院介绍</a><a href="/{link}lists&amp;catid=7">新闻动态</a><a href="/{link}lists&amp;catid=8">通知公告</a><a href="/{link}lists&amp;catid=9">科室导航</a><a href="/{link}show&amp;catid=9&amp;id=11">儿科介绍</a></div>'
    )
    rows = make.rows(40, lambda n, day: f"{base}{query}show&catid=7&id={n}")
    urls = [f"{base}{query}lists&catid=7", f"{base}{query}lists&catid=7&page=2"]
    for number, part in enumerate(chunks(rows, 20)):
        line = "".join(
            f'<li><span class="rt">{row.day}</span>·<a href="{base}/{link}show&amp;catid=7&amp;id={row.url.rpartition("=")[2]}" target="_blank">{row.title}</a></li>'
            + ('<li class="bk20 hr"></li>' if n % 5 == 4 else "")
            for n, row in enumerate(part)
        )
        page = f"/{link}lists&amp;catid=7&amp;page="
        pager = (
            f'<div id="pages" class="text-c"><a class="a1">40条</a> <a href="{page}{max(1, number)}" class="a1">上一页</a> '
            + (
                f'<span>1</span> <a href="{page}2">2</a> <a href="{page}2" class="a1">下一页</a></div>'
                if number == 0
                else f'<a href="{page}1">1</a> <span>2</span> <a href="{page}2" class="a1">下一页</a></div>'
            )
        )
        make.list_page(
            urls[number],
            f'<div class="main"><div class="col-left"><div class="crumbs"><a href="/">首页</a> &gt; <a href="/{link}lists&amp;catid=7">新闻动态</a> &gt; 列表</div><ul class="list lh24 f14">{line}</ul>{pager}</div></div>',
            part,
            next_page=urls[1] if number == 0 else "",
            pages=[*urls, f"{urls[0]}&page=1"],
        )
    lines = "".join(
        f'<li><a href="{base}/{link}show&amp;catid=7&amp;id={row.url.rpartition("=")[2]}" title="{row.title}">{row.cut}</a></li>'
        for row in rows[:8]
    )
    make.list_page(
        f"{base}/",
        f'<div class="box"><h5><a href="/{link}lists&amp;catid=7" class="more">更多&gt;&gt;</a><strong>新闻动态</strong></h5><ul>{lines}</ul></div>',
        rows[:8],
        title="首页",
        dated=False,
    )
    return listing


def postback(base: str, other: str) -> Listing:
    """ASP.NET: a GridView whose pages are a post-back, which a crawl cannot follow; NewsShow.aspx?id=GUID."""
    make = Maker(base, 15)
    listing = make.start(
        "postback",
        "ASP.NET GridView: further pages by __doPostBack only, articles by GUID",
        "/Default.aspx",
        "/NewsList.aspx?type=1",
    )
    make.menu = lambda: (
        '<div class="menu"><a href="Default.aspx">首页</a><a href="About.aspx?id=1">医院简介</a><a href="NewsList.aspx?type=1">院内新闻</a><a href="DoctorList.aspx">专家队伍</a><a href="Contact.aspx">联系我们</a></div>'
    )
    rows = make.rows(
        15, lambda n, day: f"{base}/NewsShow.aspx?id={random.Random(n).getrandbits(32):08x}-4b2e-4f11-9c3d-{n:012x}"
    )
    lines = "".join(
        f'<tr style="height:30px"><td><a id="GridView1_ctl{n:02}_HyperLink1" href="NewsShow.aspx?id={row.url.rpartition("=")[2]}">{row.title}</a></td><td><span id="GridView1_ctl{n:02}_Label1">{row.day.year}-{row.day.month}-{row.day.day}</span></td></tr>'
        for n, row in enumerate(rows, 2)
    )
    pager = "".join(
        f"<td><a href=\"javascript:__doPostBack('GridView1','Page${n}')\">{n}</a></td>" for n in range(2, 11)
    )
    html = f'<form method="post" action="./NewsList.aspx?type=1" id="form1"><input type="hidden" name="__VIEWSTATE" value="{"dDw" * 400}"><table id="GridView1">{lines}<tr class="pager"><td colspan="2"><table><tr><td><span>1</span></td>{pager}<td><a href="javascript:__doPostBack(\'GridView1\',\'Page$11\')">...</a></td></tr></table></td></tr></table></form>'
    make.list_page(listing.news, html, rows, title="院内新闻")
    short = "".join(
        f'<div class="item"><a href="NewsShow.aspx?id={row.url.rpartition("=")[2]}">{row.cut}</a> <span>({row.day.month}月{row.day.day}日)</span></div>'
        for row in rows[:6]
    )
    make.list_page(
        listing.home,
        f'<div class="left"><div class="hd">院内新闻 <a href="NewsList.aspx?type=1">MORE</a></div>{short}</div>',
        rows[:6],
        title="首页",
        dated=False,
    )
    return listing


def sessions(base: str, other: str) -> Listing:
    """An old JSP site in GB2312: tables within tables, ?id= with a session, (08-22) beside, 下一页 with the session too."""
    make = Maker(base, 16, charset="gb2312", declared=False)
    listing = make.start(
        "sessions",
        "old JSP: nested tables, ?id= with a changing session, no charset",
        "/index.jsp",
        "/newslist.jsp?classid=3",
    )
    rows = make.rows(30, lambda n, day: f"{base}/shownews.jsp?id={n}")
    urls = [f"{base}/newslist.jsp?classid=3", f"{base}/newslist.jsp?classid=3&page=2"]
    make.menu = lambda: (
        '<table><tr><td><a href="index.jsp">首页</a>|<a href="about.jsp?id=1">医院简介</a>|<a href="newslist.jsp?classid=3">医院新闻</a>|<a href="newslist.jsp?classid=4">健康教育</a>|<a href="ksjs.jsp">科室介绍</a></td></tr></table>'
    )
    for number, part in enumerate(chunks(rows, 15)):
        line = "".join(
            f'<table width="98%"><tr><td width="15" height="24">·</td><td><a href="shownews.jsp;jsessionid=8F3{number}C{n:02}?id={row.url.rpartition("=")[2]}" target=_blank><font color="#333333">{row.cut}</font></a></td><td width="60">({row.day:%m-%d})</td></tr></table>'
            for n, row in enumerate(part)
        )
        pager = (
            '<tr><td align=center>共30条 第1/2页 首页 上一页 <a href="newslist.jsp;jsessionid=8F3AC?classid=3&page=2">下一页</a> <a href="newslist.jsp;jsessionid=8F3AC?classid=3&page=2">末页</a></td></tr>'
            if number == 0
            else '<tr><td align=center>共30条 第2/2页 <a href="newslist.jsp?classid=3&page=1">首页</a> <a href="newslist.jsp?classid=3&page=1">上一页</a> 下一页 末页</td></tr>'
        )
        make.list_page(
            urls[number],
            f"<table><tr><td><table><tr><td>{line}</td></tr>{pager}</table></td></tr></table>",
            part,
            dated=False,
            next_page=urls[1] if number == 0 else "",
            pages=[*urls, f"{urls[0]}&page=1"],
        )
    short = "".join(
        f'<tr><td><img src="a.gif"><a href="shownews.jsp?id={row.url.rpartition("=")[2]}">{row.cut}</a></td></tr>'
        for row in rows[:8]
    )
    make.list_page(
        listing.home,
        f'<table><tr><td background="bt.gif">医院新闻</td><td><a href="newslist.jsp?classid=3">more</a></td></tr></table><table>{short}</table>',
        rows[:8],
        title="首页",
        dated=False,
    )
    return listing


def cards(base: str, other: str) -> Listing:
    """A new design: cards with picture, title, summary and a split date; every card links three times."""
    make = Maker(base, 17)
    listing = make.start(
        "cards", "picture cards, <b>22</b><i>2022-08</i>, three links a card, page numbers and ›", "/", "/news/list"
    )
    make.menu = lambda: (
        '<header><nav><a href="/">首页</a><a href="/about">关于我们</a><a href="/news/list">新闻资讯</a><a href="/doctor/list">专家团队</a><a href="/contact">联系方式</a></nav></header>'
    )
    rows = make.rows(27, lambda n, day: f"{base}/news/detail/{n}")
    urls = [f"{base}/news/list", f"{base}/news/list?page=2", f"{base}/news/list?page=3"]

    def card(row: Row, summary: bool = True) -> str:
        path = row.url.removeprefix(base)
        words = f"<p>{story(len(row.title), length=1).paragraphs[0][:60]}…</p>" if summary else ""
        return f'<div class="card"><a href="{path}" class="pic"><img src="/up/{row.url[-4:]}.jpg" alt=""></a><div class="date"><b>{row.day:%d}</b><i>{row.day:%Y-%m}</i></div><h3><a href="{path}">{row.title}</a></h3>{words}<a href="{path}" class="btn">查看详情</a></div>'

    for number, part in enumerate(chunks(rows, 9)):
        numbers = "".join(f'<a class="{"on" if n == number + 1 else ""}" href="?page={n}">{n}</a>' for n in (1, 2, 3))
        following = urls[number + 1] if number < 2 else ""
        arrow = f'<a href="?page={number + 2}">›</a>' if following else "<span>›</span>"
        html = (
            f'<section class="list">{"".join(map(card, part))}</section><div class="pagination">{numbers}{arrow}</div>'
        )
        make.list_page(urls[number], html, part, next_page=following, pages=[*urls, f"{urls[0]}?page=1"])
    make.list_page(
        f"{base}/",
        f'<section><h2>新闻资讯</h2>{"".join(card(row, False) for row in rows[:4])}<a class="more" href="/news/list">查看更多</a></section>',
        rows[:4],
        title="首页",
    )
    return listing


def undated(base: str, other: str) -> Listing:
    """Lists without dates, beside a column of thirty departments whose addresses have the same form."""
    make = Maker(base, 18)
    listing = make.start(
        "undated", "no dates; a column of departments and doctors in the same form of address", "/", "/xwdt/"
    )
    side = "".join(f'<li><a href="/ksjs/{30 + n}.html">{name}</a></li>' for n, name in enumerate(LISTS["科"][:30]))
    make.menu = lambda: (
        '<div class="menu"><ul><li><a href="/">首页</a></li><li><a href="/yygk/1.html">医院概况</a></li><li><a href="/xwdt/">新闻动态</a></li><li><a href="/jyzn/5.html">就医指南</a></li><li><a href="/zjtd/">专家团队</a></li></ul></div>'
    )
    rows = make.rows(40, lambda n, day: f"{base}/xwdt/{n}.html")
    urls = [f"{base}/xwdt/", f"{base}/xwdt/index_2.html"]
    for number, part in enumerate(chunks(rows, 20)):
        line = "".join(
            f'<li><a href="{row.url.removeprefix(base)}" title="{row.title}">{row.cut}</a></li>' for row in part
        )
        pager = (
            '<div class="page"><a>1</a><a href="/xwdt/index_2.html">2</a><a href="/xwdt/index_2.html">下页</a></div>'
            if number == 0
            else '<div class="page"><a href="/xwdt/">上页</a><a href="/xwdt/">1</a><a>2</a></div>'
        )
        make.list_page(
            urls[number],
            f'<div class="side"><h3>科室导航</h3><ul>{side}</ul></div><div class="right"><ul class="newslist">{line}</ul>{pager}</div>',
            part,
            dated=False,
            next_page=urls[1] if number == 0 else "",
            pages=urls,
        )
    short = "".join(f'<li><a href="{row.url.removeprefix(base)}">{row.cut}</a></li>' for row in rows[:6])
    doctors = "".join(
        f'<li><a href="/zjtd/{80 + n}.html"><img src="/p{n}.jpg"><span>{name} 主任医师</span></a></li>'
        for n, name in enumerate(("王志强", "李海燕", "赵晓峰", "陈文静", "徐国栋"))
    )
    make.list_page(
        f"{base}/",
        f'<div class="news"><div class="tit">新闻动态<a href="/xwdt/">+</a></div><ul>{short}</ul></div><div class="ks"><ul>{side}</ul></div><div class="zj"><ul>{doctors}</ul></div>',
        rows[:6],
        title="首页",
        dated=False,
    )
    return listing


def scripted(base: str, other: str) -> Listing:
    """Further pages and articles by script: javascript:page(2), onclick="window.open('…')"."""
    make = Maker(base, 19)
    tree = "urltype=tree.TreeTempUrl&wbtreeid=1021"
    listing = make.start(
        "scripted", "javascript:page(2) with its pattern in a script, articles by window.open", "/", f"/list.jsp?{tree}"
    )
    make.menu = lambda: (
        f'<div class="menu"><a href="/">首页</a><a href="list.jsp?urltype=tree.TreeTempUrl&amp;wbtreeid=1004">医院概况</a><a href="list.jsp?{tree.replace("&", "&amp;")}">医院新闻</a><a href="list.jsp?urltype=tree.TreeTempUrl&amp;wbtreeid=1022">公告通知</a></div>'
    )
    rows = make.rows(30, lambda n, day: f"{base}/content.jsp?urltype=news.NewsContentUrl&wbtreeid=1021&wbnewsid={n}")
    urls = [f"{base}/list.jsp?{tree}", f"{base}/list.jsp?{tree}&PAGENUM=2", f"{base}/list.jsp?{tree}&PAGENUM=3"]
    script = f'<script>function page(n){{ window.location.href = "list.jsp?{tree}&PAGENUM=" + n; }}</script>'
    for number, part in enumerate(chunks(rows, 10)):
        line = "".join(
            f'<li><a href="#" onclick="window.open(\'content.jsp?{row.url.partition("?")[2].replace("&", "&amp;")}\')">{row.title}</a><i>{row.day:%Y.%m.%d}</i></li>'
            for row in part
        )
        pager = "".join(f'<a href="javascript:page({n})">{n}</a>' for n in (1, 2, 3))
        following = urls[number + 1] if number < 2 else ""
        pager += f'<a href="javascript:page({number + 2})">下一页</a>' if following else ""
        make.list_page(
            urls[number],
            f'{script}<ul class="news">{line}</ul><div class="pages">{pager}</div>',
            part,
            next_page=following,
            pages=[*urls, f"{urls[0]}&PAGENUM=1"],
        )
    short = "".join(
        f'<li><a href="content.jsp?{row.url.partition("?")[2].replace("&", "&amp;")}">{row.cut}</a><i>{row.day:%Y.%m.%d}</i></li>'
        for row in rows[:5]
    )
    make.list_page(
        f"{base}/",
        f'<h3>医院新闻<a href="list.jsp?{tree.replace("&", "&amp;")}">更多</a></h3><ul>{short}</ul>',
        rows[:5],
        title="首页",
    )
    return listing


def tabs(base: str, other: str) -> Listing:
    """Three lists under tabs on one page, some of whose entries lead to WeChat, and a ticker that repeats them."""
    make = Maker(base, 20)
    listing = make.start("tabs", "three lists under tabs, WeChat links between them, a ticker", "/", "/xwzx.html")
    make.menu = lambda: (
        '<div class="head-nav"><a href="/">首页</a><a href="/yyjs.html">医院介绍</a><a href="/xwzx.html">新闻中心</a><a href="/zyks.html">重点专科</a><a href="/rczp.html">人才招聘</a></div>'
    )
    kinds = (("yyyw", "医院要闻"), ("mtgz", "媒体关注"), ("tzgg", "通知公告"))
    rows = [
        make.rows(10, lambda n, day, kind=kind: f"{base}/{kind}/show-{n}.html", number)
        for number, (kind, _) in enumerate(kinds)
    ]  # type: ignore[misc]
    heads = "".join(f'<li class="tab"><a href="#t{n}">{name}</a></li>' for n, (_, name) in enumerate(kinds))
    panes = ""
    for number, (kind, _) in enumerate(kinds):
        line = "".join(
            f'<li><a href="/{row.url.removeprefix(base + "/")}">{row.title}</a><span>{row.day}</span></li>'
            for row in rows[number]
        )
        line += f'<li><a href="https://mp.weixin.example/s?__biz=MzA4&amp;mid=265{number}">【媒体看我院】一场与死神的赛跑</a><span>2022-08-0{number + 1}</span></li>'
        panes += f'<div class="tab-pane" id="t{number}"><ul>{line}</ul><a class="more" href="/{kind}/">MORE+</a></div>'
    ticker = "".join(f'<a href="/{row.url.removeprefix(base + "/")}">{row.cut}</a>' for row in rows[2][:3])
    both = [row for part in rows for row in part]
    make.list_page(listing.news, f'<ul class="tabs">{heads}</ul>{panes}', both)
    make.list_page(f"{base}/", f'<marquee>{ticker}</marquee><ul class="tabs">{heads}</ul>{panes}', both, title="首页")
    for number, (kind, name) in enumerate(kinds):
        line = "".join(
            f'<dd><a href="show-{row.url.rpartition("-")[2]}">{row.title}</a><em>{row.day:%y/%m/%d}</em></dd>'
            for row in rows[number]
        )
        make.list_page(f"{base}/{kind}/", f"<dl><dt>{name}</dt>{line}</dl>", rows[number], title=name, dated=False)
    return listing


def based(base: str, other: str) -> Listing:
    """A <base href> under which all links are relative, and a day and month in two elements."""
    make = Maker(base, 21)
    listing = make.start(
        "based",
        "<base href>, relative links, 22 and 2022/08 in two elements, createPageHTML",
        "/cms/",
        "/cms/html/xwzx/index.html",
    )
    head = f'<base href="{base}/cms/">'
    make.menu = lambda: (
        '<div id="nav"><a href="index.html">首页</a><a href="html/yygk/index.html">医院概况</a><a href="html/xwzx/index.html">新闻中心</a><a href="html/ylfw/index.html">医疗服务</a></div>'
    )
    rows = make.rows(30, lambda n, day: f"{base}/cms/html/xwzx/{day:%Y%m%d}/{n}.html")
    urls = [f"{base}/cms/html/xwzx/index.html", f"{base}/cms/html/xwzx/index_1.html"]

    def line(row: Row) -> str:
        return f'<li><div class="time"><span class="day">{row.day:%d}</span><span class="ym">{row.day:%Y/%m}</span></div><a href="{row.url.removeprefix(base + "/cms/")}">{row.title}</a></li>'

    for number, part in enumerate(chunks(rows, 15)):
        pager = f'<script>createPageHTML(2, {number}, "html/xwzx/index", "html");</script>'
        make.list_page(
            urls[number],
            f'<ul class="txtlist">{"".join(map(line, part))}</ul><div class="fy">{pager}</div>',
            part,
            head=head,
            next_page=urls[1] if number == 0 else "",
            pages=urls,
        )
    make.list_page(
        listing.home,
        f'<div><h2>新闻中心 <a href="html/xwzx/index.html">更多</a></h2><ul>{"".join(map(line, rows[:5]))}</ul></div>',
        rows[:5],
        title="首页",
        head=head,
    )
    return listing


def hosts(base: str, other: str) -> Listing:
    """Lists on the hospital's own host, articles on its Party-building host; sudy's addresses; list1.htm pages."""
    make = Maker(base, 22)
    listing = make.start(
        "hosts", "articles on another host of the hospital, /2022/0822/c12a345/page.htm", "/", "/djgz/list.htm"
    )
    make.menu = lambda: (
        f'<div class="wp-menu"><a href="/main.htm">首页</a><a href="/yygk/list.htm">医院概况</a><a href="/djgz/list.htm">党建工作</a><a href="{other}/">党建网</a><a href="/ylfw/list.htm">医疗服务</a></div>'
    )
    listing.hosts = (other.partition("://")[2],)
    rows = make.rows(28, lambda n, day: f"{other}/{day:%Y/%m%d}/c{12}a{n}/page.htm")
    urls = [f"{base}/djgz/list.htm", f"{base}/djgz/list2.htm"]
    for number, part in enumerate(chunks(rows, 14)):
        line = "".join(
            f'<li class="news n{n}"><span class="news_title"><a href="{row.url}" target="_blank" title="{row.title}">{row.title}</a></span><span class="news_meta">{row.day}</span></li>'
            for n, row in enumerate(part, 1)
        )
        next_link = (
            '<a class="next" href="/djgz/list2.htm"><span>下一页&gt;&gt;</span></a><a class="last" href="/djgz/list2.htm"><span>尾页</span></a>'
            if number == 0
            else '<a class="next" href="javascript:void(0);"><span>下一页&gt;&gt;</span></a>'
        )
        pager = f'<div id="wp_paging_w6"><ul class="wp_paging clearfix"><li class="pages_count"><span class="per_count">每页<em>14</em>记录</span></li><li class="page_nav"><a class="first" href="/djgz/list1.htm"><span>第一页</span></a>{next_link}</li></ul></div>'
        make.list_page(
            urls[number],
            f'<div id="wp_news_w6"><ul class="news_list list2">{line}</ul></div>{pager}',
            part,
            title="党建工作",
            next_page=urls[1] if number == 0 else "",
            pages=[*urls, f"{base}/djgz/list1.htm"],
        )
    short = "".join(f'<li><a href="{row.url}">{row.cut}</a><span>{row.day:%m-%d}</span></li>' for row in rows[:7])
    make.list_page(
        f"{base}/",
        f'<div class="post"><div class="tt"><span>党建工作</span><a href="/djgz/list.htm">更多+</a></div><ul>{short}</ul></div>',
        rows[:7],
        title="首页",
        dated=False,
    )
    return listing


def feeds(base: str, other: str) -> Listing:
    """WordPress: a feed that the page names, an index of sitemaps that robots.txt names, /archives/123, 较早文章."""
    make = Maker(base, 23)
    listing = make.start(
        "feeds", "WordPress: a feed, a sitemap index, /archives/123, « 较早文章", "/", "/category/news"
    )
    make.menu = lambda: (
        '<nav id="site-navigation"><a href="/">首页</a><a href="/about">关于医院</a><a href="/category/news">医院新闻</a><a href="/category/notice">公告</a></nav>'
    )
    rows = make.rows(20, lambda n, day: f"{base}/archives/{n}")
    urls = [f"{base}/category/news", f"{base}/category/news/page/2"]
    head = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    for number, part in enumerate(chunks(rows, 10)):
        line = "".join(
            f'<article class="post"><header><h2 class="entry-title"><a href="{row.url}" rel="bookmark">{row.title}</a></h2><time datetime="{row.day}T10:11:12+08:00">{row.day.year}年{row.day.month}月{row.day.day}日</time> <a href="/author/admin">admin</a> <a href="{row.url}#respond">发表评论</a></header><div class="entry-summary"><p>{story(1, length=1).paragraphs[0][:80]} <a href="{row.url}" class="more-link">阅读全文</a></p></div></article>'
            for row in part
        )
        pager = (
            '<div class="nav-previous"><a href="/category/news/page/2">&laquo; 较早文章</a></div>'
            if number == 0
            else '<div class="nav-next"><a href="/category/news">较新文章 &raquo;</a></div>'
        )
        make.list_page(
            urls[number],
            f"<main>{line}</main>{pager}",
            part,
            head=head,
            next_page=urls[1] if number == 0 else "",
            pages=urls,
        )
    make.list_page(
        f"{base}/",
        "<main>"
        + "".join(
            f'<article><h3><a href="{row.url}">{row.title}</a></h3><time>{row.day}</time></article>' for row in rows[:5]
        )
        + "</main>",
        rows[:5],
        title="首页",
        head=head,
    )
    items = "".join(
        f"<item><title>{row.title}</title><link>{row.url}</link><pubDate>{row.day:%a, %d %b %Y} 02:11:12 +0000</pubDate></item>"
        for row in rows[:10]
    )
    make.page(
        f"{base}/feed",
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>新闻</title><link>{base}/</link>{items}</channel></rss>',
        "application/rss+xml",
    )
    listing.lists[f"{base}/feed"] = Stands(
        articles=frozenset(row.url for row in rows[:10]), days={row.url: row.day.isoformat() for row in rows[:10]}
    )
    entries = "".join(f"<url><loc>{row.url}</loc><lastmod>{row.day}</lastmod></url>" for row in rows)
    make.page(
        f"{base}/post-sitemap.xml",
        f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{base}/</loc></url>{entries}</urlset>',
        "text/xml",
    )
    listing.lists[f"{base}/post-sitemap.xml"] = Stands(articles=frozenset(row.url for row in rows))
    make.page(
        f"{base}/sitemap.xml",
        f'<?xml version="1.0" encoding="UTF-8"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>{base}/post-sitemap.xml</loc></sitemap></sitemapindex>',
        "text/xml",
    )
    make.page(f"{base}/robots.txt", f"User-agent: *\nDisallow: /wp-admin/\nSitemap: {base}/sitemap.xml\n", "text/plain")
    return listing


TEMPLATES = (vsb, dede, siteserver, phpcms, postback, sessions, cards, undated, scripted, tabs, based, hosts, feeds)
