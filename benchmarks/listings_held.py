"""Further list pages of our own making, written after the rules were settled on those of `benchmarks.listings`.

In: the addresses under which a site is served. Out: a `Listing`, as there. A template here is its addresses, its row and
its pager; home page, menu and second page are put together in one way. What the first reading of these missed is told in
`benchmarks/README.md`; the rules were then mended, so that these too are templates that the rules know by now.
"""

# ruff: noqa: E501, ARG005  markup is read best in one line, and every template takes the same arguments
from __future__ import annotations

import dataclasses
import datetime
import random
from collections.abc import Callable
from urllib.parse import quote

from benchmarks.listings import Listing, Maker, Row, chunks


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a system writes a list. Addresses are paths; `pages` are those of the list's pages."""

    name: str
    about: str
    seed: int
    article: Callable[[int, datetime.date], str]
    pages: tuple[str, ...]
    row: Callable[[str, Row, int], str]  # path, article, number within the page
    pager: Callable[[int], str]  # of the page of this number, from 0
    around: str = "<div class='main'><ul class='list'>{rows}</ul>{pager}</div>"
    menu: str = ""
    dated: bool = True
    charset: str = "utf-8"
    each: int = 12
    follows: bool = True


def build(form: Form, base: str) -> Listing:
    """The site of a form: a list of two or three pages and a home page with its first rows."""
    make = Maker(base, form.seed, charset=form.charset)
    listing = make.start(form.name, form.about, "/", form.pages[0])
    make.menu = lambda: (
        f'<div class="menu"><ul><li><a href="/">首页</a></li>{form.menu}<li><a href="{form.pages[0]}">新闻中心</a></li><li><a href="/contact.html">联系我们</a></li></ul></div>'
    )
    rows = make.rows(form.each * len(form.pages), lambda n, day: base + form.article(n, day))
    urls = [base + page for page in form.pages]
    for number, part in enumerate(chunks(rows, form.each)):
        lines = "".join(form.row(row.url.removeprefix(base), row, n) for n, row in enumerate(part))
        following = urls[number + 1] if number + 1 < len(urls) and form.follows else ""
        html = form.around.replace("{rows}", lines).replace("{pager}", form.pager(number))
        make.list_page(urls[number], html, part, dated=form.dated, next_page=following, pages=urls)
    lines = "".join(
        f'<li><a href="{row.url.removeprefix(base)}" title="{row.title}">{row.cut}</a></li>' for row in rows[:7]
    )
    make.list_page(
        f"{base}/",
        f'<div class="box"><h3>新闻中心</h3><a class="more" href="{form.pages[0]}">查看更多</a><ul>{lines}</ul></div>',
        rows[:7],
        title="首页",
        dated=False,
    )
    return listing


def following(pages: tuple[str, ...], link: str) -> Callable[[int], str]:
    """A pager whose `link` has {url} and {n} of the next page; nothing on the last."""
    return lambda number: (
        f'<div class="pages">{link.format(url=pages[number + 1], n=number + 2)}</div>'
        if number + 1 < len(pages)
        else ""
    )


POWER = ("/Html/News/Columns/2/Index.html", "/Html/News/Columns/2/2.html", "/Html/News/Columns/2/3.html")
PBOOT = ("/?news_3/", "/?news_3_2/")
CMF = ("/portal/list/index/id/4.html", "/portal/list/index/id/4.html?page=2")
FKW = ("/h-col-105.html", "/h-col-105.html?m31pageno=2")
EMPIRE = ("/e/action/ListInfo/?classid=3", "/e/action/ListInfo/index.php?page=1&classid=3")
HANWEB = ("/col/col1123/index.html",)
ROWS = ("/yyxw", "/yyxw?pageIndex=2")
MONTHS = ("/news/dynamic.html", "/news/dynamic_2.html")
SLUGS = ("/news", "/news/p2")
JEE = ("/xwdt/index.jhtml", "/xwdt/index_2.jhtml")
SUDY = ("/1234/list.htm", "/1234/list2.htm")
SLUG_WORDS = (
    "staff",
    "safety",
    "meeting",
    "ward",
    "award",
    "visit",
    "team",
    "care",
    "open",
    "day",
    "nurse",
    "heart",
    "clinic",
)
OPENED = ("/plat/news/list.do?cid=8", "/plat/news/list.do?cid=8&curPage=2")

FORMS = (
    Form(
        name="power",
        about="PowerEasy: /Html/News/Articles/1234.html, doctors and departments in the same manner",
        seed=31,
        article=lambda n, day: f"/Html/News/Articles/{n}.html",
        pages=POWER,
        row=lambda path, row, n: (
            f'<li class="{"odd" if n % 2 else "even"}"><span class="date">{row.day}</span><a href="{path}" title="标题：{row.title}&#10;点击数：{n * 31}&#10;发表时间：{row.day}">{row.cut}</a></li>'
        ),
        pager=following(
            POWER,
            '<a href="{url}">下一页</a> <select name="page" onchange="location=this.value"><option value="{url}">第{n}页</option></select>',
        ),
        menu='<li><a href="/Html/Hospitals/Main/Overview.html">医院介绍</a></li><li><a href="/Html/Departments/Main/Index_12.html">心内科</a></li><li><a href="/Html/Doctors/Main/Index_77.html">李海燕主任医师</a></li>',
    ),
    Form(
        name="pboot",
        about="PbootCMS: /?news_3/123.html, a day of 22 over 2022-08 at the left",
        seed=32,
        article=lambda n, day: f"/?news_3/{n}.html",
        pages=PBOOT,
        row=lambda path, row, n: (
            f'<dl class="clearfix"><dt><strong>{row.day:%d}</strong><span>{row.day:%Y-%m}</span></dt><dd><h4><a href="{path}">{row.title}</a></h4><p>医院坚持以患者为中心……</p></dd></dl>'
        ),
        pager=following(PBOOT, '<a href="javascript:;">1</a><a href="{url}">{n}</a><a href="{url}">下一页</a>'),
        around="<div class='list'>{rows}</div>{pager}",
    ),
    Form(
        name="cmf",
        about="ThinkCMF: /portal/article/index/id/123/cid/4.html, a pager of «, numbers and »",
        seed=33,
        article=lambda n, day: f"/portal/article/index/id/{n}/cid/4.html",
        pages=CMF,
        row=lambda path, row, n: (
            f'<div class="list-item"><div class="media-body"><h3 class="media-heading"><a href="{path}">{row.title}</a></h3><div class="meta"><i class="fa fa-user"></i> 宣传科 <i class="fa fa-clock-o"></i> {row.day:%Y-%m-%d} 09:30 <i class="fa fa-eye"></i> {n * 17}</div></div></div>'
        ),
        pager=following(
            CMF,
            '<ul class="pagination"><li class="disabled"><span>«</span></li><li class="active"><span>1</span></li><li><a href="{url}">{n}</a></li><li><a href="{url}">»</a></li></ul>',
        ),
        around="<div class='container'>{rows}{pager}</div>",
        menu='<li><a href="/portal/page/index/id/2.html">医院概况</a></li><li><a href="/portal/article/index/id/9/cid/6.html">心内科介绍</a></li>',
    ),
    Form(
        name="fkw",
        about="a site from a kit: /h-nd-123.html, ?m31pageno=2, titles in divs",
        seed=34,
        article=lambda n, day: f"/h-nd-{n}.html",
        pages=FKW,
        row=lambda path, row, n: (
            f'<div class="line" topclassname="top{n}"><div class="newsTitle"><a href="{path}" hidefocus="true" target="_blank">{row.title}</a></div><div class="newsDate"><a href="{path}">{row.day}</a></div></div>'
        ),
        pager=following(
            FKW,
            '<span class="pageNo"><span>1</span></span><span class="pageNo"><a href="{url}"><span>{n}</span></a></span><span class="pageNext"><a href="{url}"><span>下一页</span></a></span>',
        ),
        around="<div class='newsList'>{rows}</div>{pager}",
    ),
    Form(
        name="empire",
        about="帝国 CMS: /e/action/ShowInfo.php?classid=3&id=12, GBK, pages counted from 0",
        seed=35,
        charset="gbk",
        article=lambda n, day: f"/e/action/ShowInfo.php?classid=3&id={n}",
        pages=EMPIRE,
        row=lambda path, row, n: (
            f'<tr><td height="25"><font color="#666">[<a href="/e/action/ListInfo/?classid=3">医院动态</a>]</font> <a href="{path.replace("&", "&amp;")}" target="_blank">{row.cut}</a></td><td><div align="right">{row.day:%Y-%m-%d}</div></td></tr>'
        ),
        pager=following(
            EMPIRE,
            '<b>24</b> 条记录 <b>1</b>&nbsp;<a href="/e/action/ListInfo/index.php?page=1&amp;classid=3">2</a>&nbsp;<a href="/e/action/ListInfo/index.php?page=1&amp;classid=3">下一页</a>&nbsp;<a href="/e/action/ListInfo/index.php?page=1&amp;classid=3">尾页</a>',
        ),
        around="<table>{rows}</table><div>{pager}</div>",
    ),
    Form(
        name="hanweb",
        about="大汉 jpage: the rows stand in a script, further pages come by another script",
        seed=36,
        follows=False,
        each=15,
        article=lambda n, day: f"/art/{day.year}/{day.month}/{day.day}/art_1123_{n}.html",
        pages=HANWEB,
        row=lambda path, row, n: (
            f"<record><![CDATA[<li><a href='{path}' title='{row.title}' target='_blank'>{row.cut}</a><span class='bt_time'>{row.day}</span></li>]]></record>"
        ),
        pager=lambda number: "",
        around="<div id='div1'><script type='text/xml'><datastore><nextgroup><![CDATA[<a href='/module/web/jpage/dataproxy.jsp?page=1&columnid=1123'></a>]]></nextgroup><recordset>{rows}</recordset></datastore></script></div>",
    ),
    Form(
        name="rows",
        about="the whole row is the link: date in two parts, title and summary; ids of 19 digits",
        seed=37,
        article=lambda n, day: f"/yyxw/{1549876543210980000 + n}",
        pages=ROWS,
        row=lambda path, row, n: (
            f'<li><a href="{path}"><div class="time"><p>{row.day:%d}</p><span>{row.day:%Y-%m}</span></div><div class="txt"><h3>{row.title}</h3><p>近日，我院在门诊大厅开展相关活动，院领导出席并讲话，各科室负责人参加了活动。</p></div></a></li>'
        ),
        pager=following(
            ROWS,
            '<a class="num cur">1</a><a class="num" href="{url}">{n}</a><a class="next" href="{url}"><i class="icon-right"></i></a>',
        ),
        menu='<li><a href="/yygk">医院概况</a></li><li><a href="/zjtd/12">专家团队</a></li>',
    ),
    Form(
        name="months",
        about="rows below a heading of the month, 22日 beside; no year in the row",
        seed=38,
        dated=False,
        article=lambda n, day: f"/news/dynamic/{n}.html",
        pages=MONTHS,
        row=lambda path, row, n: (
            (f"<h4>{row.day.year}年{row.day.month}月</h4>" if n % 4 == 0 else "")
            + f'<p class="item"><em>{row.day.day}日</em><a href="{path}">{row.title}</a></p>'
        ),
        pager=following(MONTHS, '<a href="{url}"><img src="/i/next.gif" alt="下一页" border="0"></a>'),
        around="<div class='timeline'>{rows}</div>{pager}",
    ),
    Form(
        name="slugs",
        about="addresses without numbers: /news/hospital-wins-award, dates like Aug 22, 2022",
        seed=39,
        dated=True,
        each=8,
        article=lambda n, day: "/news/" + "-".join(random.Random(n).sample(SLUG_WORDS, 4)),
        pages=SLUGS,
        row=lambda path, row, n: (
            f'<article><a href="{path}"><img src="/u/{n}.jpg" alt=""></a><h2><a href="{path}">{row.title}</a></h2><time>{row.day:%b} {row.day.day}, {row.day.year}</time></article>'
        ),
        pager=following(SLUGS, '<a rel="next" href="{url}">加载更多</a>'),
        around="<main>{rows}</main>{pager}",
    ),
    Form(
        name="jee",
        about="JEECMS: /xwdt/1234.jhtml, a day as 22/08-30 in brackets, 下一页 by onclick",
        seed=40,
        dated=False,
        article=lambda n, day: f"/xwdt/{n}.jhtml",
        pages=JEE,
        row=lambda path, row, n: f'<li>[{row.day:%y/%m-%d}] <a href="{path}" style="color:red">{row.title}</a></li>',
        pager=following(
            JEE,
            "共 2 页 <input type='button' value='下一页' onclick=\"location.href='index_2.jhtml';\"> <a href=\"javascript:void(0)\" onclick=\"location.href='index_2.jhtml'\">下一页</a>",
        ),
    ),
    Form(
        name="sudy",
        about="Sudy: a table in each row, /_redirect?articleId=, 1234/list2.htm",
        seed=41,
        article=lambda n, day: (
            f"/_redirect?siteId=5&columnId=1234&articleId={n}" if n % 2 else f"/{day:%Y/%m%d}/c1234a{n}/page.htm"
        ),
        pages=SUDY,
        row=lambda path, row, n: (
            f'<table width="100%" class="wp_article_list_table"><tr><td><table><tr><td width="10"><img src="/dot.gif"></td><td align="left"><a href=\'{path.replace("&", "&amp;")}\' target=\'_blank\' title=\'{row.title}\'><font color=\'\'>{row.title}</font></a></td><td align="right"><div style="white-space:nowrap">{row.day}</div></td></tr></table></td></tr></table>'
        ),
        pager=lambda number: (
            '<span class="pages">页码 <em class="curr_page">1</em>/<em class="all_pages">2</em></span> <a class="next" href="/1234/list2.htm" target="_self"><span>下一页&gt;&gt;</span></a>'
            if number == 0
            else ""
        ),
        around="<div>{rows}{pager}</div>",
    ),
    Form(
        name="opened",
        about="rows that are clicked on, not linked: <tr onclick=\"openNews('12')\"> with its pattern in a script",
        seed=42,
        article=lambda n, day: f"/plat/news/view.do?newsId={n}",
        pages=OPENED,
        row=lambda path, row, n: (
            f'<tr class="tr{n % 2}" onclick="openNews(\'{path.rpartition("=")[2]}\')"><td>{row.title}</td><td>{row.day}</td></tr>'
        ),
        pager=following(OPENED, '<a href="#" onclick="gotoPage({n});return false;">下一页</a>'),
        around="<script>function openNews(id){{ window.open('/plat/news/view.do?newsId=' + id); }}\nfunction gotoPage(p){{ location.href = '/plat/news/list.do?cid=8&curPage=' + p; }}</script><table>{rows}</table>{pager}".replace(
            "{{", "{"
        ).replace("}}", "}"),
    ),
)


def _named(names: str, path: str) -> str:
    """A block of links that are no news, in the same form of address."""
    return (
        "<ul class='block'>"
        + "".join(f"<li><a href='{path.format(n=1500 + n)}'>{name}</a></li>" for n, name in enumerate(names.split()))
        + "</ul>"
    )


CLINICS = "呼吸与危重症医学科 心血管内科一病区 内分泌代谢病科 肝胆胰脾外科 神经内科（卒中中心） 重症医学科 健康管理中心 血液透析中心 介入血管外科"
GUIDE = "门诊就诊流程 住院患者须知 医保报销政策解答 预约挂号服务说明 专家门诊出诊时间表 急诊绿色通道就诊须知 检查检验预约流程"
ABOUT = "医院简介 现任领导班子 历史沿革与大事记 医院文化与愿景 组织机构设置图 医院荣誉展示 院区环境风采"
DOCTORS = "王志强 主任医师 教授|李海燕 副主任医师 硕士生导师|赵晓峰 主治医师|陈文静 主任医师 省级名中医|徐国栋 主任医师 博士生导师".replace(
    " ", "&nbsp;"
).replace("|", " ")
DEVICES = "西门子3.0T磁共振成像系统 飞利浦256排螺旋CT 数字减影血管造影机 全自动生化免疫流水线 高压氧舱治疗系统"
BESIDE = ("/xw/yw.htm", "/xw/yw/2.htm")
TAGGED = ("/news/", "/news/index_2.html")
CROWD = (
    Form(
        name="beside",
        about="departments, doctors, guides and machines in the same form of address, around an undated list",
        seed=51,
        dated=False,
        article=lambda n, day: f"/info/1011/{n}.htm",
        pages=BESIDE,
        row=lambda path, row, n: f'<li><a href="{path}" title="{row.title}">{row.cut}</a></li>',
        pager=following(BESIDE, '<a href="{url}" class="Next">下页</a>'),
        around=f"<div class='l'><h3>医院概况</h3>{_named(ABOUT, '/info/1002/{n}.htm')}</div><div class='m'><ul class='list'>{{rows}}</ul>{{pager}}</div><div class='r'><h3>科室导航</h3>{_named(CLINICS, '/info/1033/{n}.htm')}<h3>专家介绍</h3>{_named(DOCTORS, '/info/1044/{n}.htm')}<h3>就医指南</h3>{_named(GUIDE, '/info/1055/{n}.htm')}<h3>设备展示</h3>{_named(DEVICES, '/info/1066/{n}.htm')}</div>",
    ),
    Form(
        name="tagged",
        about="tags, authors, a search, files to download and a share bar around a dated list",
        seed=52,
        article=lambda n, day: f"/news/{n}.html",
        pages=TAGGED,
        row=lambda path, row, n: (
            f'<li><a class="cat" href="/news/yiyuan/">医院新闻</a><a href="{path}">{row.title}</a><span>{row.day}</span><a href="/author/{n % 3}.html">宣传科通讯员{n % 3}</a><a href="{path}#comments">评论({n})</a></li>'
        ),
        pager=following(TAGGED, '<a href="{url}">下一页</a>'),
        around="<div class='m'><ul class='list'>{rows}</ul>{pager}</div><div class='r'><h3>热门标签</h3><a href='/tag/12.html'>优质护理服务示范工程活动</a><a href='/tag/13.html'>义诊</a><a href='/tag/14.html'>党史学习教育专题活动</a><h3>下载中心</h3><ul><li><a href='/upload/2022/08/1.doc'>2022年度职称申报表格下载</a>2022-08-01</li><li><a href='/upload/2022/08/2.pdf'>药品采购目录（公示版）全文</a>2022-08-02</li></ul><a href='/search.php?q=1234'>高级搜索请点击这里进入页面</a></div>",
    ),
)
GROUP = ("/site/channel/3", "/site/channel/3?page=2")
PLUS = ("/xinwen/list.php?tid=3", "/xinwen/list.php?tid=3&TotalResult=24&PageNo=2")
ASP = ("/Article_Class.asp?ClassID=3", "/Article_Class.asp?ClassID=3&page=2")
TOPAGE = ("/web/xwzx/yyxw/index.html", "/web/xwzx/yyxw/index_2.html")
PLAIN = ("/?cat=3", "/?cat=3&paged=2")
DTDD = ("/xwdt.html", "/xwdt_2.html")
MVC = ("/News/Index/3", "/News/Index/3?pageIndex=2")
METINFO = ("/cn/news.php?lang=cn", "/cn/news.php?lang=cn&page=2")
LAST = (
    Form(
        name="group",
        about="Bootstrap: the link is the row, its date a badge",
        seed=61,
        article=lambda n, day: f"/site/content/{n}",
        pages=GROUP,
        row=lambda path, row, n: (
            f'<a class="list-group-item" href="{path}"><span class="badge pull-right">{row.day}</span>{row.title}</a>'
        ),
        pager=following(GROUP, '<ul class="pager"><li><a href="{url}">下一页 &rarr;</a></li></ul>'),
        around="<div class='list-group'>{rows}</div>{pager}",
    ),
    Form(
        name="plus",
        about="dede by view.php?aid=12, 2022 over 08-22, TotalResult and PageNo",
        seed=62,
        charset="gbk",
        article=lambda n, day: f"/plus/view.php?aid={n}",
        pages=PLUS,
        row=lambda path, row, n: (
            f'<li><em>{row.day.year}<br>{row.day:%m-%d}</em><p class="tit"><a href="{path}">{row.title}</a></p><p>摘要文字摘要文字</p></li>'
        ),
        pager=following(PLUS, "<a href='{url}'>2</a><a href='{url}'>下一页</a>"),
    ),
    Form(
        name="asp",
        about="动易: Article_Show.asp?ArticleID=12, a number before and a count behind, 8月22日 beside",
        seed=63,
        charset="gb2312",
        article=lambda n, day: f"/Article_Show.asp?ArticleID={n}",
        pages=ASP,
        row=lambda path, row, n: (
            f'<tr><td>{n + 1}</td><td><a class="listA" href="{path}" title="文章标题：{row.title}\n作者：佚名\n更新时间：{row.day}">{row.cut}</a>（<font color="gray">{row.day.month}月{row.day.day}日</font>）</td><td>{n * 3}</td></tr>'
        ),
        pager=following(ASP, "<a href='{url}'>下一页</a> <a href='{url}'>尾页</a>"),
        dated=False,
    ),
    Form(
        name="topage",
        about="toPage('…') with the address, ids of a millisecond clock",
        seed=64,
        article=lambda n, day: f"/web/xwzx/yyxw/{day:%Y%m%d}/{1600000000000 + n}.html",
        pages=TOPAGE,
        row=lambda path, row, n: (
            f'<li><a href="{path}" target="_blank"><span class="fl">{row.cut}</span><span class="fr">{row.day}</span></a></li>'
        ),
        pager=following(
            TOPAGE,
            "<a href='javascript:;' onclick=\"toPage('{url}')\">下一页</a><script>function toPage(u){{location.href=u;}}</script>",
        ),
    ),
    Form(
        name="plainwp",
        about="WordPress without names: /?p=12, 8月 22, 2022, 继续阅读",
        seed=65,
        article=lambda n, day: f"/?p={n}",
        pages=PLAIN,
        row=lambda path, row, n: (
            f'<div class="post"><h2><a href="{path}">{row.title}</a></h2><span class="meta">{row.day.month}月 {row.day.day}, {row.day.year} | <a href="/?cat=3">新闻</a></span><p>…… <a href="{path}">继续阅读</a></p></div>'
        ),
        pager=following(PLAIN, "<a href='{url}'>下一页 »</a>"),
        dated=False,
    ),
    Form(
        name="dtdd",
        about="dt with the day, dd with the link, Chinese words in the address",
        seed=66,
        article=lambda n, day: f"/xwdt/{quote('我院新闻')}-{n}.html",
        pages=DTDD,
        row=lambda path, row, n: f'<dt>{row.day}</dt><dd><a href="{path}">{row.title}</a></dd>',
        pager=following(DTDD, "<a href='{url}'>&gt;</a>"),
        around="<dl>{rows}</dl>{pager}",
    ),
    Form(
        name="mvc",
        about="ASP.NET MVC: /News/Details/GUID, PagedList",
        seed=67,
        article=lambda n, day: f"/News/Details/{n:08x}-0000-4000-8000-0000{n:08d}",
        pages=MVC,
        row=lambda path, row, n: (
            f'<div class="row"><div class="col-md-9"><a href="{path}"><i class="icon"></i>{row.title}</a></div><div class="col-md-3 text-right">{row.day:%Y/%m/%d}</div></div>'
        ),
        pager=following(
            MVC,
            '<div class="pagination-container"><ul><li class="active"><a>1</a></li><li><a href="{url}">2</a></li><li class="PagedList-skipToNext"><a href="{url}" rel="next">»</a></li></ul></div>',
        ),
        around="<div>{rows}</div>{pager}",
    ),
    Form(
        name="metinfo",
        about="MetInfo: shownews.php?lang=cn&id=12, a NextSpan",
        seed=68,
        article=lambda n, day: f"/cn/shownews.php?lang=cn&id={n}",
        pages=METINFO,
        row=lambda path, row, n: (
            f'<li class="media"><div class="media-left"><a href="{path}" title="{row.title}"><img src="/t/{n}.jpg"></a></div><div class="media-body"><h4><a href="{path}">{row.title}</a></h4><p class="des">描述</p><p class="info"><span>{row.day}</span><span>admin</span><span><i></i>{n * 9}</span></p></div></li>'
        ),
        pager=following(METINFO, "<div class='met_pager'><a class='NextSpan' href='{url}'>&gt;</a></div>"),
    ),
)
TEMPLATES = tuple((lambda base, other, form=form: build(form, base)) for form in (*FORMS, *CROWD, *LAST))
