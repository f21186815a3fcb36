"""Pages of our own making in the forms that hospital sites print them in, with what a reader finds on them.

    make(seed) -> Made(kind, html, expected)      the same seed gives the same page

Every page is drawn from the tables below: a shell (head, menus, boxes beside the article, what follows it, foot), a
kind (article, list, pictures, attachments, error), a text in one of the mark-ups of the content management systems, and
the metadata under labels of every form, in lines, elements, tables, lists and brackets. What is drawn is what is
expected, so nothing is labelled by hand. The pages know no site; they tell whether a form is read, wherever it stands.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence


def _words(text: str) -> list[str]:
    return text.split()


TITLE = "我院成功救治一名急性心肌梗死患者"
SITE = "安河县人民医院"
URL = "http://www.ahyy.example/info/1001/3456.htm"
DAY = "2023-03-09"

LABELS = {
    "published_at": _words("发布时间 发布日期 发表时间 时间 日期 更新时间 发布于 添加时间 录入时间 上传时间 发稿时间"),
    "source": _words("来源 稿件来源 本文来源 信息来源 文章来源 来自 出处 资料来源 新闻来源 稿源 转自"),
    "author": _words(
        "作者 本文作者 撰稿人 撰稿 拟稿人 文 文/图 撰文 图文 记者 文字 本网记者 发布人 文章录入 撰写 署名"
    ),
    "contributor": _words("供稿 供稿人 供稿单位 供稿部门 供稿科室 通讯员 投稿 来稿单位 报送单位 信息员"),
    "editor": _words("编辑 责任编辑 责编 网络编辑 编审 本网编辑 执行编辑 值班编辑 文字编辑"),
    "reviewer": _words("审核 审核人 审稿 审稿人 终审 审定 审签 签发 初审 复审 审阅 核稿 审批"),
}
VALUES = {
    "source": _words("宣传科 院办 护理部 市卫生健康委员会 健康报 医院办公室 党委办公室 新华网 人力资源部 骨科一病区"),
    "author": ["张立民", "李晓燕", "王强", "赵敏 刘洋", "陈静、杨帆", "欧阳雪", "孙 丽", "马骏", "徐雯雯", "林小芳"],
    "contributor": ["急诊科", "党办", "护理部 李静", "王海涛", "心内科", "工会", "后勤保障部"],
    "editor": ["周倩", "吴迪", "郑爽", "冯 琳", "蒋欣"],
    "reviewer": ["韩冰", "杨光", "朱建国", "许 诺", "何勇"],
}
VIEWS = (
    "点击：123",
    "浏览次数：",
    "阅读：23次",
    "浏览量：[ 88 ]",
    "点击数：<script src=/count.js></script>",
    "已有66人浏览",
)
OVER = (
    ("published_at", "source"), ("published_at", "author"), ("published_at", "source", "author"),
    ("source", "published_at", "author", "editor"), ("published_at", "author", "editor", "reviewer"),
    ("contributor", "editor", "published_at"), ("published_at", "contributor"), ("author", "reviewer", "published_at"),
)  # fmt: skip
UNDER = (
    (), (), ("author",), ("editor",), ("contributor",), ("author", "editor", "reviewer"), ("contributor", "author"),
    ("editor", "reviewer"), ("contributor", "editor", "reviewer"),
)  # fmt: skip
DATES = (
    "{d}",
    "{d} 08:05",
    "2023年3月9日",
    "2023/03/09",
    "2023.03.09",
    "[{d}]",
    "2023年03月09日 08:05",
    "20230309",
    "23-03-09",
)

STORY = (
    "3月8日清晨，一名五十六岁的男性患者因突发胸痛被家属送到我院急诊科。",
    "值班医生李明立即完成心电图检查，确诊为急性下壁心肌梗死，随即启动胸痛中心绿色通道。",
    "经过心内科团队四十分钟的紧张手术，患者闭塞的血管恢复血流，胸痛症状明显缓解。",
    "目前患者生命体征平稳，已转入普通病房继续治疗。",
    "医院提醒市民，若出现持续胸痛超过十五分钟，应立即拨打急救电话，切勿自行驾车就医。",
)
TEXTS: tuple[tuple[str, ...], ...] = (
    STORY,
    STORY[:2],
    STORY[:1],
    ("喜讯：我院护理部获评全国巾帼文明岗。",),
    (
        "各科室：", "为做好清明节期间值班工作，现将有关事项通知如下：", "一、4月3日至5日放假，共3天。",
        "二、各科室要安排好值班人员，确保医疗安全。", "三、总值班电话：0000-6123456。", "特此通知。", SITE,
        "2023年3月28日",
    ),
    (
        "为普及健康知识，我院将举办健康大讲堂，欢迎广大市民参加。", "讲座时间：2023年3月18日上午9:00",
        "讲座地点：门诊楼五楼会议室", "主讲人：内分泌科主任 周敏", "联系电话：0000-6123457",
    ),
    (
        "问：什么是高血压？", "答：高血压是指以体循环动脉血压增高为主要特征的临床综合征。",
        "问：日常生活中应注意什么？",
        "答：低盐饮食，适量运动，戒烟限酒，保持心理平衡，按时服药。",
    ),
    ("经评审，以下同志被评为2022年度先进工作者：", "王强 李敏 张伟", "刘洋 陈静 杨帆", "赵磊 黄丽 周杰"),
    (
        "尊敬的院领导：", "我是一名普通患者，上月因病住进贵院骨科，受到了医护人员的精心照料。",
        "在此，我向全体医护人员表示衷心的感谢！", "患者家属：孙明", "2023年3月6日",
    ),
)  # fmt: skip
MARKUPS: tuple[Callable[[Sequence[str]], str], ...] = (
    lambda lines: "".join(f"<p>　　{line}</p>" for line in lines),
    lambda lines: "<div>" + "<br><br>".join(f"&nbsp;&nbsp;&nbsp;&nbsp;{line}" for line in lines) + "</div>",
    lambda lines: "".join(f"<div style='text-indent:2em'>{line}</div>" for line in lines),
    lambda lines: "".join(
        f"<section><section><p><span>{line[:8]}</span><span>{line[8:]}</span></p></section></section>" for line in lines
    ),
    lambda lines: "".join(
        f"<p class=MsoNormal><span lang=EN-US><o:p></o:p></span><span style='font-family:仿宋'>{line}</span></p>"
        for line in lines
    ),
    lambda lines: "<font size=3><font color=#333>" + "".join(f"<p>{line}" for line in lines) + "</font></font>",
    lambda lines: "<table><tr><td>" + "".join(f"<p>{line}</p>" for line in lines) + "</td></tr></table>",
    lambda lines: "<p><span>" + "<br/>".join(lines) + "</span></p>",
    lambda lines: "<pre>" + "\n".join(lines) + "</pre>",
)

Item = tuple[str, str]
SETTINGS: tuple[Callable[[list[Item], str], str], ...] = (  # of labels and values, with a colon
    lambda items, colon: "<div class=info>" + "&nbsp;&nbsp;".join(f"{a}{colon}{b}" for a, b in items) + "</div>",
    lambda items, colon: "<p>" + " | ".join(f"{a}{colon}{b}" for a, b in items) + "</p>",
    lambda items, colon: "<p>" + "".join(f"<span>{a}{colon}{b}</span>" for a, b in items) + "</p>",
    lambda items, colon: "<div>" + "".join(f"<em>{a}{colon}</em><b>{b}</b>" for a, b in items) + "</div>",
    lambda items, colon: (
        "<table><tr>" + "".join(f"<td>{a}{colon}</td><td>{b}</td>" for a, b in items) + "</tr></table>"
    ),
    lambda items, _: "<table>" + "".join(f"<tr><th>{a}</th><td>{b}</td></tr>" for a, b in items) + "</table>",
    lambda items, colon: "<ul>" + "".join(f"<li>{a}{colon}{b}</li>" for a, b in items) + "</ul>",
    lambda items, colon: "".join(f"<p>{a}{colon}{b}</p>" for a, b in items),
    lambda items, colon: "<dl>" + "".join(f"<dt>{a}{colon}</dt><dd>{b}</dd>" for a, b in items) + "</dl>",
    lambda items, colon: "<div>" + "<br>".join(f"{a}{colon}{b}" for a, b in items) + "</div>",
    lambda items, colon: "<p>（" + "　".join(f"{a}{colon}{b}" for a, b in items) + "）</p>",
    lambda items, colon: "<p>" + " ".join(f"【{a}{colon}{b}】" for a, b in items) + "</p>",
    lambda items, _: "<p>" + " ".join(f"[{a}]{b}" for a, b in items) + "</p>",
    lambda items, colon: "<p>" + " ".join(f"{a}{colon}<a href=/s>{b}</a>" for a, b in items) + "</p>",
    lambda items, colon: "<div>" + "".join(f"<div>{a}{colon}</div><div>{b}</div>" for a, b in items) + "</div>",
)

PROSE = (  # fmt: skip
    "我院始建于1951年，是一所集医疗、教学、科研、预防保健为一体的三级综合医院，开放床位一千二百张，"
    "年门诊量九十万人次，先后荣获省级文明单位等称号。"
)
MENU = _words("首页 医院概况 新闻中心 科室导航 专家介绍 就医指南 党建园地 护理天地 人才招聘 联系我们")
HEADS = (
    "<ul class=nav>" + "".join(f"<li><a href=/{n}>{word}</a></li>" for n, word in enumerate(MENU)) + "</ul>",
    "<table><tr><td>" + " | ".join(f"<a href=/{n}>{word}</a>" for n, word in enumerate(MENU)) + "</td></tr></table>",
    f"<div id=top>您好，欢迎访问{SITE}官方网站！今天是2026年11月22日 星期日</div>"
    "<div><a href=/>网站首页</a><a href=/x>医院新闻</a></div>",
    "<header><p>服务热线：0000-6123456 急救电话：0000-6120120</p><form><input><button>搜索</button></form></header>",
)
BESIDE = (
    "", "",
    "<div class=left><h3>新闻中心</h3><ul><li><a href=/x>医院新闻</a></li><li><a href=/g>通知公告</a></li></ul>"
    "<div><h3>联系我们</h3><p>地址：安河县人民路18号</p><p>乘车路线：乘1路、5路公交车到县医院站下车即到。</p></div></div>",
    f"<div class=side><h3>医院简介</h3><p>{PROSE}<a href=/gk>[详细]</a></p></div>",
    "<div class=fl><h2>推荐专家</h2><dl><dt><a href=/d/1>王建国</a></dt><dd>主任医师，擅长冠心病、心力衰竭的诊治，"
    "从事临床工作三十余年。</dd><dt><a href=/d/2>李淑芬</a></dt><dd>副主任医师，擅长糖尿病的诊治。</dd></dl></div>",
    "<div class=kefu><p>您好，欢迎来到我院，请问有什么可以帮您？</p><a>在线咨询</a></div>",
    f"<div style='display:none'><p>{PROSE}</p></div>",
)  # fmt: skip
CRUMBS = (
    "",
    "<div class=pos>当前位置：<a href=/>首页</a> &gt; <a href=/x>新闻中心</a> &gt; <a href=/y>医院新闻</a></div>",
)
HEADLINES = (
    "<h1>{}</h1>",
    "<div class=title>{}</div>",
    "<h2 align=center>{}</h2>",
    "<p align=center><font size=5><b>{}</b></font></p>",
)
RELATED = "<li><a href=/r{0}>我院举办第{0}期医务人员培训班</a><span>2023-02-1{0}</span></li>"
RECOMMENDED = (
    "<dt><a href=/r{0}>专家提醒：春季谨防第{0}类过敏</a></dt>"
    "<dd>春季气温多变，过敏性疾病进入高发期，专家提醒市民注意防护……</dd>"
)
AFTER = (
    "", "<p>上一篇：<a href=/1>我院召开安全生产会议</a></p><p>下一篇：<a href=/2>我院开展义诊活动</a></p>",
    "<div class=page><span>上一条：没有了</span><span>下一条：<a href=/2>我院开展义诊活动</a></span></div>",
    "<div><h3>相关新闻</h3><ul>" + "".join(map(RELATED.format, range(6))) + "</ul></div>",
    "<div><h3>热门推荐</h3><dl>" + "".join(map(RECOMMENDED.format, range(3))) + "</dl></div>",
    "<p>【打印本页】【关闭窗口】</p>", "<p>免责声明：本网站部分内容来源于网络，如有侵权请联系我们删除。</p>",
)  # fmt: skip
FEET = (
    f"<div class=footer><p>版权所有：{SITE}　地址：安河县人民路18号</p><p>皖ICP备00000000号-1</p></div>",
    f"<table><tr><td align=center>Copyright © 2023 {SITE}<br>您是第 123456 位访问者</td></tr></table>",
    "<footer><div>友情链接：<a href=http://a.example>国家卫健委</a> <a href=http://b.example>省卫健委</a></div></footer>",
)
TITLES = (f"{TITLE}-{SITE}", TITLE, SITE, f"{TITLE}_医院新闻_{SITE}", f"新闻详情-{SITE}")
LISTED = _words(
    "我院召开安全生产会议 关于清明节放假的通知 护理部举办技能竞赛 专家下乡义诊受好评 我院新增两台血液透析机 "
    "体检中心搬迁公告 "
    "援疆医生载誉归来 我院举行消防演练 健康大讲堂走进社区 新门诊楼正式启用"
)
LISTS = (
    "<ul>{}</ul><div>共 12 页 <a href=?2>下一页</a></div>",
    "<table>{}</table>",
    "<div class=list>{}</div>",
)
ROWS = (
    "<li><a href=/info/{n}.htm>{title}</a><span>2023-03-{day:02}</span></li>",
    "<tr><td>·<a href=/info/{n}.htm>{title}</a></td><td>[2023-03-{day:02}]</td></tr>",
    "<dl><dt><a href=/info/{n}.htm>{title}</a></dt><dd>{title}。近日，医院……</dd><dd>2023-03-{day:02}</dd></dl>",
    "<div><a href=/info/{n}.htm>{title}</a> (23) <i>23-3-{day}</i></div>",
)
ERRORS = (
    "<p>您访问的页面不存在或已被删除</p>", "<div>未找到您要的内容，3秒后返回首页</div>",
    "<p>访问过于频繁，请完成安全验证</p>",
    "<h2>网站升级维护中</h2><p>本网站正在进行系统升级，期间将暂停访问。</p>", "", "<p>该内容已被发布者删除</p>",
    "<form>用户名<input> 密码<input type=password><button>登录</button></form>",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """A page and what is on it: `expected` holds title, lines and the fields of the metadata that were printed."""

    kind: str  # article, list, pictures, attachments, error
    html: bytes
    expected: dict[str, object] = dataclasses.field(default_factory=dict)


def make(seed: int) -> Made:
    """The page of a seed; two of three are articles with text."""
    draw = random.Random(seed)
    kind = draw.choice(("article", "article", "article", "article", "list", "pictures", "attachments", "error"))
    if kind == "list":
        return Made(kind=kind, html=_page(draw, f"医院新闻-{SITE}", _list(draw), beside=False))
    if kind == "error":
        return Made(kind=kind, html=_page(draw, SITE, draw.choice(ERRORS), beside=False))
    expected: dict[str, object] = {"title": TITLE}
    over = _metadata(draw, draw.choice(OVER), expected, views=True)
    text = draw.choice(TEXTS)
    if kind == "article":
        used = set(expected)
        left = tuple(field for field in draw.choice(UNDER) if field not in used)
        under = _metadata(draw, left, expected, views=False) if left else ""
        content = draw.choice(MARKUPS if len(text) > 1 else MARKUPS[:3])(text)
        expected["lines"] = list(text)
    elif kind == "pictures":
        content, under = "<p><img src=/up/2023/1.jpg></p><p><img data-src=/up/2023/2.jpg src=/i/loading.gif></p>", ""
    else:
        content, under = (
            "<p>附件：<a href=/system/_content/download.jsp?wbfileid=12>报名表</a> <a href=/up/1.pdf>公告</a></p>",
            "",
        )
    inside = draw.random() < 0.6
    holder = draw.choice(
        ("<div class=content>{}</div>", "<div id=zoom>{}</div>", "<div>{}</div>", "<article>{}</article>")
    )
    body = holder.format(content + under) if inside else holder.format(content) + under
    article = draw.choice(CRUMBS) + draw.choice(HEADLINES).format(TITLE) + over + body
    article += "".join(draw.sample(AFTER, draw.randint(0, 2)))
    return Made(kind=kind, html=_page(draw, draw.choice(TITLES), article, beside=True), expected=expected)


def _page(draw: random.Random, title: str, main: str, *, beside: bool) -> bytes:
    box = draw.choice(BESIDE) if beside else ""
    main = f"<div class=main>{main}</div>"
    body = draw.choice(HEADS) + (box + main if draw.random() < 0.6 else main + box) + draw.choice(FEET)
    charset = draw.choice(("utf-8", "gb18030"))
    html = f"<html><head><meta charset={charset}><title>{title}</title></head><body>{body}</body></html>"
    return html.encode(charset)


def _list(draw: random.Random) -> str:
    row = draw.choice(ROWS)
    rows = "".join(row.format(n=n, day=n + 1, title=title) for n, title in enumerate(LISTED))
    return draw.choice(LISTS).format(rows)


def _metadata(draw: random.Random, fields: Sequence[str], expected: dict[str, object], *, views: bool) -> str:
    """The lines of a page's metadata; what they say is written into `expected`."""
    items: list[Item] = []
    for field in fields:
        label = draw.choice(LABELS[field])
        if field == "published_at":
            form = draw.choice(DATES)
            value = form.format(d=DAY)
            expected[field] = f"{DAY}T08:05:00+08:00" if ":" in form else DAY
        else:
            value = draw.choice(VALUES[field])
            expected[field] = value
        if len(label) == 2 and draw.random() < 0.1:
            label = f"{label[0]}　　{label[1]}"
        items.append((label, value))
    line = draw.choice(SETTINGS)(items, draw.choice(("：", ":", "： ", " : ")))
    return line + (f"<div>{draw.choice(VIEWS)}</div>" if views and draw.random() < 0.4 else "")
