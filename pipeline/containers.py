"""The blocks of a page in, the container of its article out: a range of blocks, and how it was found.

    choose(page, headline) -> Choice(start, end, node, how)

Every block has a signed weight: prose counts for what it is long, links, footers and the page's controls count against.
The best container is the one with the largest sum, and that is all there is to it: no tree is walked twice, since a
container is a range of blocks and its sum the difference of two prefix sums.
"""

from __future__ import annotations

import dataclasses
import itertools
import re

from pipeline.blocks import Block, Node, Page
from pipeline.labels import is_label
from pipeline.lines import Line, is_ui, read_line
from pipeline.marks import DISCLAIMER, END, FOOTER, GREETING, HARD_END, NUMBER, is_prose
from pipeline.pairs import line_at
from pipeline.titles import fold_title, site_parts

_KNOWN_SHARE = 0.6  # of the best sum: what a container known from a CMS must reach to be preferred
_TIGHT = 0.96  # of the prose: what a child must keep to be taken instead of its parent
_READ_SOME = 20  # characters of prose under the headline, after which a heading such as 相关阅读 devalues what follows
_READ_ENOUGH = 60  # characters of prose under the headline, after which links and end marks devalue what follows
_BEFORE_HEADLINE = 0.3  # what stands before the headline counts for
_BEFORE_READ = 0.1  # … when sentences follow it
_BEFORE_DATED = 0.03  # … when a line with a date stands under it
_DATE_WITHIN = 7  # blocks after the headline
_METADATA_WITHIN = 8  # blocks after the headline
_DATED_LINK = 0.3  # share of link text in a line with a bare date: more is an item of a list
_DATED = frozenset({"published", "time", "updated"})
_LEAST_BOX = 8  # characters of text under the headline: the shortest article
_OUTSIDE = 0.3  # what stands outside the part of the page with headline, date and text counts for
_OUTSIDE_CLOSED = 0.05  # … when 上一篇 stands in it as well
_MUCH_OUTSIDE = 250.0  # weight of the prose below it with which that part is not the article's
_LINKS_WITHIN = 12  # blocks after a heading over links
_ASIDE = 0.1  # what stands in a box beside the article counts for
_LONGEST_ASIDE = 10  # characters of the heading of such a box
_ASIDE_HEADING = re.compile(
    "(?:本院|医院|我院|中心|科室|学校|公司)?(?:简介|概况|介绍)|关于(?:我们|.{0,8}医院)|走进[\u3400-\u9fff]{2,6}|联系(?:我们|方式|医院)|(?:推荐|名医|知名|特色|"
    "热门|本院|出诊|首席)?(?:专家|名医|医生)(?:推荐|介绍|团队|风采|门诊|一览)?|(?:推荐|热门|最新|热点|相关|精彩|图片|近期|"
    "随机|猜你喜欢|点击|本类|本栏目?)(?:文章|新闻|资讯|推荐|信息|动态|阅读|内容|公告|排行|图文|评论|视频|专题)?(?:排行榜?|"
    "TOP\\d{0,2})?|在线(?:咨询|客服|预约|留言)|就医(?:指南|流程)|来院路线|乘车路线|快速(?:导航|通道|链接)|友情链接|特色(?:科室|专科|医疗|技术)|"
    "重点(?:科室|专科)|科室(?:导航|介绍)|(?:通知|医院)公告|公告栏|健康(?:科普|讲堂|知识)|院长(?:寄语|致辞|信箱)|微信公众号|扫一扫|"
    "(?:网友|用户|最新|全部|热门|读者|我要|发表|参与)?(?:评论|留言|点评|跟[帖贴])(?:板|区|列表)?(?:[（(]?共?\\d{0,5}条?[)）]?)|标签云?|归档|分类(?:目录)?|文章(?:分类|归档|导航)|近期(?:文章|评论)|功能|搜索|登录"
)
_LINK_DECAY = 0.8  # for each block of links
_FEW_WORDS = 60.0  # weight of the best container, under which no container stands out
FEWEST_ROWS = 3  # of a data table
_CELL_WEIGHT = 0.6  # for each character of a data table's cell
LONGEST_CELL = 120  # characters of a data table's cell
# Containers that content management systems put an article's body in (class or id): 博达/vsb, TRS, UCAP, dede,
# siteserver, ewebeditor, 正方, JCMS, WeChat, discuz, phpcms …
_KNOWN = re.compile(
    r"(?<![\w-])(?:v_news_content|vsb_content(?:_\d+)?|trs_editor|trs_ueditor|ucap-content|ucapcontent|zoom|zoomcon|"
    r"wp_articlecontent|js_content|articlecontent|article-content|article_content|content_body|newscontent|"
    r"news_content|"
    r"news-content|newstext|newsbody|artibody|artical_real|cnt-main-article|post_text|endtext|con_text|conttext|"
    r"infocontent|"
    r"detail-content|detail_content|detailcontent|news_detail|fontzoom|bszoom|ewebeditor|xxgk_content|pages_content|"
    r"text_content|textbody|art_con|article-body|articlebody|article_body|entry-content|rich_media_content|nr_con|"
    r"arc_body|"
    r"content_txt|txtcont|contenttext|mainbody|artcontent|art_content|rm_txt_con|box_con|textcontent|articletext|"
    r"articleeditor-container|t_f|postmessage_\d+|tpc_content|the_content|main-aticle|left_zw|zwcontent|show_content|content-article)(?![\w-])"
)
_CONTAINERS = frozenset(
    {"html", "body", "div", "section", "article", "main", "form", "center", "fieldset", "table", "tbody", "tr", "td"}
    | {"dl", "dd", "blockquote", "ul", "ol", "pre"}
)


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """The range of blocks that holds the article, and how it was found."""

    start: int
    end: int
    node: int
    how: str


def weigh(block: Block) -> float:
    """How much a block speaks for its container holding the article: prose for, links and controls against."""
    length = len(block.text)
    if block.hidden:
        return -1.0
    if block.noise:
        return -0.3 * min(length, 100) - 5
    plain = length - block.linked
    if block.linked > 0.5 * length:
        return -min(length, 60) - 4 if length < 120 else -20.0
    if length < 200 and FOOTER.search(block.key):
        return -60.0
    if block.links >= 4 and block.linked > 0.25 * length and block.stops < block.links:
        return -40.0  # keywords, each a link
    if length < 400 and DISCLAIMER.search(block.key):
        return -10.0
    if length < 60 and GREETING.search(block.key):
        return -5.0
    if length < 60 and is_ui(block.key):
        return 0.0 if NUMBER.fullmatch(block.key) else -5.0
    if block.stops and plain >= 20:
        return plain + 3.0 * block.stops
    if plain >= 40:
        return 0.6 * plain
    return 0.3 * plain


def choose(page: Page, headline: int | None) -> Choice | None:
    """The container of the article, or None when no block speaks for any."""
    blocks, nodes = page.blocks, page.nodes
    if not blocks or not nodes:
        return None
    beside = {index for start, end in asides(page, headline) for index in range(start, end)}
    weights = _weights(page, headline, beside)
    sums = [0.0, *itertools.accumulate(weights)]
    cells = _table_blocks(page)
    prose = [
        0.0,
        *itertools.accumulate(
            weight if is_prose(block) or (cells and weight > 0) else 0.0
            for weight, block in zip(weights, blocks, strict=True)
        ),
    ]
    best, top = _best(nodes, sums, _CONTAINERS)
    if top <= 0:
        best, top = _best(nodes, sums, None)
    if top <= 0:
        return None
    if top < _FEW_WORDS and headline is not None and nodes[best].start > headline:
        return _under_headline(page, weights, headline, beside)
    known = _known(nodes, sums, top)
    if known is not None:
        return Choice(nodes[known].start, nodes[known].end, known, f"known container {nodes[known].name[:40]}")
    best = _tighten(nodes, best, prose, weights)
    return Choice(nodes[best].start, nodes[best].end, best, "text density")


def _under_headline(page: Page, weights: list[float], headline: int, beside: set[int]) -> Choice:
    """Of an article of a few words no container stands out: it is what follows the headline up to links or a footer."""
    shown = (i for i in range(headline + 1, len(weights)) if weights[i] > 0 and not _is_beside(page.blocks[i]))
    end = next(shown, headline) + 1
    site = site_parts(page.title)
    while end < len(weights) and weights[end] > -4 and not page.blocks[end].hidden and end not in beside:
        if fold_title(page.blocks[end].text) in site:
            break
        end += 1
    return Choice(headline + 1, end, page.blocks[headline].node, "the lines under the headline")


def _best(nodes: list[Node], sums: list[float], tags: frozenset[str] | None) -> tuple[int, float]:
    """The node with the largest sum, of several the innermost, and its sum."""
    numbers = [n for n, node in enumerate(nodes) if tags is None or node.tag in tags]
    if not numbers:
        return 0, 0.0
    best = max(numbers, key=lambda n: (sums[nodes[n].end] - sums[nodes[n].start], n))
    return best, sums[nodes[best].end] - sums[nodes[best].start]


def _weights(page: Page, headline: int | None, beside: set[int]) -> list[float]:
    """The weights of the blocks, text right under the headline in full.

    What stands before the headline counts for less, and so does what follows an end mark or, the more there were of
    them, blocks of links: the summaries of other articles are longer than many an article. So do boxes beside it, such
    as 医院简介, and, where the part of the page that holds the headline holds text of its own, all other parts.
    """
    weights = [weigh(block) for block in page.blocks]
    listed: set[int] = set()
    for index in _table_blocks(page):
        weights[index] = max(weights[index], _CELL_WEIGHT * len(page.blocks[index].text) + 1)
    for at in sorted({attachment.at for attachment in page.attachments if attachment.at < len(weights)}):
        near = page.blocks[max(0, at - 1) : at]
        if not page.blocks[at].noise and (any(map(is_prose, near)) or (at and at - 1 in listed)):
            listed.add(at)  # 现将文件汇编如下： and the files
            weights[at] = max(weights[at], 0.3 * len(page.blocks[at].text))
    dated = headline is not None and is_dated(page, headline)
    for index in beside:
        weights[index] *= _ASIDE if weights[index] > 0 and not dated else weights[index] <= 0
    if headline is None:
        return weights
    if dated:
        _by_box(page, headline, weights, beside)
    read, factor = 0.0, 1.0
    for index in range(headline + 1, len(weights)):
        block = page.blocks[index]
        if (
            (read >= _READ_SOME or (read and heads_links(page, index)))
            and len(block.text) <= 40
            and END.match(block.key)
        ):
            factor = min(factor, 0.15)
        elif read >= _READ_ENOUGH and weights[index] <= -5:
            factor = max(0.1, factor * _LINK_DECAY)
        if weights[index] > 0:
            weights[index] *= factor
            if is_prose(block):
                read += weights[index]
    before = _BEFORE_DATED if dated else _BEFORE_READ if read >= _READ_SOME else _BEFORE_HEADLINE
    for index in range(headline):
        if weights[index] > 0:
            weights[index] *= before
    return weights


def is_dated(page: Page, headline: int) -> bool:
    """Whether a line of metadata with a date stands right under a headline."""
    return any(dates_page(page, i) for i in range(headline + 1, min(len(page.blocks), headline + _DATE_WITHIN)))


def dates_page(page: Page, index: int) -> bool:
    """Whether the line at a block says when the page was published; the date of a list's link is not that."""
    line = line_at(page, index)[0]
    return says_when(line) and (bool(line.fields) or page.blocks[index].link_share <= _DATED_LINK)


def says_when(line: Line) -> bool:
    """Whether a line of metadata has the date of the page, and not that of the visitor's clock."""
    if not line.is_metadata or any(kind == "clock" for kind, _ in line.fields):
        return False
    return bool(line.dates) or any(kind in _DATED and value for kind, value in line.fields)


def _by_box(page: Page, headline: int, weights: list[float], beside: set[int]) -> None:
    """Give the words of the innermost part with the headline and text their full weight, those outside less."""
    number = page.blocks[headline].node
    node, end = page.nodes[number], headline + 1
    inside: list[int] = []
    top = headline + 1 + _METADATA_WITHIN  # below it a line is taken for the article's without being read
    while number >= 0 and sum(len(page.blocks[i].text) for i in inside) < _LEAST_BOX:
        node = page.nodes[number]
        new = (i for i in range(end, node.end) if weights[i] > 0 and i not in beside)
        inside += (i for i in new if not (_is_beside(page.blocks[i]) if i < top else END.match(page.blocks[i].key)))
        number, end = node.parent, max(end, node.end)
    if not inside:
        return
    for index in inside:
        block = page.blocks[index]
        weights[index] = max(weights[index], len(block.text) - block.linked + 3.0 * block.stops)
    closed = any(HARD_END.match(page.blocks[i].key) for i in range(inside[0], node.end))
    within = sum(len(page.blocks[i].text) for i in inside)
    without = sum(weights[i] for i in range(node.end, len(weights)) if is_prose(page.blocks[i]) and weights[i] > 0)
    if not closed and without >= max(_MUCH_OUTSIDE, 4 * within):
        return  # the headline's part holds a summary, not the article
    for index in (*range(node.start), *range(node.end, len(weights))):
        if weights[index] > 0:
            weights[index] *= _OUTSIDE_CLOSED if closed else _OUTSIDE


def _is_beside(block: Block) -> bool:
    """Whether a block under the headline is not the article's: metadata, controls, a heading of links."""
    return bool(END.match(block.key)) or is_ui(block.key) or is_label(block.key) or read_line(block.pieces).is_metadata


def heads_links(page: Page, index: int) -> bool:
    """Whether a block is a heading over links, after which no article goes on."""
    after = page.blocks[index + 1 : index + 1 + _LINKS_WITHIN]
    if not after or after[0].linked <= 0.5 * len(after[0].text):
        return False
    prose = [is_prose(block) for block in after]
    return not any(one and two for one, two in itertools.pairwise(prose))


def asides(page: Page, headline: int | None) -> list[tuple[int, int]]:
    """The ranges of the boxes beside an article, by their headings: 医院简介, 推荐专家, 联系我们."""
    found = []
    for index, block in enumerate(page.blocks):
        if len(block.text) > _LONGEST_ASIDE or not _ASIDE_HEADING.fullmatch(block.key) or index == headline:
            continue
        number = -1
        above = block.node
        while above >= 0 and page.nodes[above].start == index:
            if headline is not None and page.nodes[above].end > headline >= index:
                break
            number, above = above, page.nodes[above].parent
        if number >= 0 and page.nodes[number].end > index + 1:
            found.append((index, page.nodes[number].end))
    outside = set(range(len(page.blocks))).difference(*(range(*one) for one in found)) if found else set()
    return found if any(is_prose(page.blocks[i]) for i in outside) or headline is not None else []


def _table_blocks(page: Page) -> set[int]:
    """The blocks of data tables: at least FEWEST_ROWS rows of several short cells, none of them a link."""
    rows: dict[int, list[int]] = {}
    for index, block in enumerate(page.blocks):
        if block.row:
            rows.setdefault(block.row, []).append(index)
    found: set[int] = set()
    table: list[int] = []  # of its first rows, until there are enough of them
    last = count = 0
    for row in sorted(rows):
        cells = rows[row]
        blocks = [page.blocks[index] for index in cells]
        data = len({b.cell for b in blocks}) > 1 and not any(
            b.linked or b.noise or b.hidden or len(b.text) > LONGEST_CELL or is_label(b.key) or FOOTER.search(b.text)
            for b in blocks
        )
        if not data or row != last + 1:
            table, count = [], 0
        if data:
            table, count, last = table + cells, count + 1, row
            if count >= FEWEST_ROWS:
                found.update(table)
                table = []
    return found


def _known(nodes: list[Node], sums: list[float], top: float) -> int | None:
    candidates = [
        n
        for n, node in enumerate(nodes)
        if node.name
        and not node.noise
        and sums[node.end] - sums[node.start] >= _KNOWN_SHARE * top
        and _KNOWN.search(node.name)
    ]
    return max(candidates, key=lambda n: (round(sums[nodes[n].end] - sums[nodes[n].start]), n)) if candidates else None


def _goes_on(weights: list[float], start: int, end: int) -> bool:
    """Whether two lines follow that speak for the article: 时间：…, 地点：… below its only sentence."""
    return end - start >= 2 and weights[start] > 0 and weights[start + 1] > 0


def _tighten(nodes: list[Node], best: int, prose: list[float], weights: list[float]) -> int:
    """The innermost node that keeps nearly all of the prose."""
    while True:
        whole = prose[nodes[best].end] - prose[nodes[best].start]
        if whole <= 0:
            return best
        for child in range(best + 1, len(nodes)):
            if nodes[child].start >= nodes[best].end and nodes[child].parent < best:
                return best
            if nodes[child].tag not in _CONTAINERS:
                continue
            if nodes[child].parent == best and prose[nodes[child].end] - prose[nodes[child].start] >= _TIGHT * whole:
                if nodes[child].end - nodes[child].start == 1 and _goes_on(weights, nodes[child].end, nodes[best].end):
                    return best
                best = child
                break
        else:
            return best
