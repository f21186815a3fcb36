"""The blocks of a page in, the article's headline and lines out, with what was left out and why.

    headlines = find_headlines(page)            # runs of blocks that are the title
    choice = choose(page, headline)             # the container: a range of blocks, and how it was found
    body = read_body(page, choice, headline)    # the lines of the article, captions, cuts

Every block has a signed weight: prose counts for what it is long, links, footers and the page's controls count against.
The best container is the one with the largest sum, and that is all there is to it: no tree is walked twice, since a
container is a range of blocks and its sum the difference of two prefix sums.
"""

from __future__ import annotations

import dataclasses
import re
from itertools import accumulate

from pipeline.blocks import SEPARATOR, Block, Node, Page
from pipeline.bylines import is_credit
from pipeline.lines import LONGEST_LINE, Line, is_ui, read_line
from pipeline.records import Evidence
from pipeline.titles import first_part, fold_title, is_site_name, without_site

LONGEST_CUT = 200  # characters of a cut line that are kept as evidence
MOST_CUTS = 60  # lines left out that are kept as evidence
_KNOWN_SHARE = 0.6  # of the best sum: what a container known from a CMS must reach to be preferred
_TIGHT = 0.96  # of the prose: what a child must keep to be taken instead of its parent
_READ_SOME = 20  # characters of prose under the headline, after which a heading such as 相关阅读 devalues what follows
_READ_ENOUGH = 60  # characters of prose under the headline, after which links and end marks devalue what follows
_LINK_DECAY = 0.8  # for each block of links
_SAME_TITLE = 0.85  # of the best headline's score: another place that may be the headline too
_FEW_WORDS = 60.0  # weight of the best container, under which no container stands out
_CAPTIONED = 150  # characters of prose; under it a line such as 图为… is the article itself
_CENTRED = 60  # characters of prose, when the line under the picture is centred as well
_LONGEST_CAPTION = 40  # characters of a line that counts as a caption only because it stands under a picture
_CAPTION_TAGS = frozenset({"p", "div", "center", "td", "section", "span"})
_HEADINGS = frozenset({"h1", "h2", "h3"})
_LEAST_SUMMARY = 20  # characters
_NUMBERED = re.compile(r"[（(]?[一二三四五六七八九十\d]{1,3}[、.．)）]")  # a sub-heading, not a caption
FEWEST_ROWS = 3  # of a data table
_CELL_WEIGHT = 0.6  # for each character of a data table's cell
_LONGEST_CELL = 120  # characters of a data table's cell
_LONGEST_PARTICULARS = 24  # blocks
_CONTENT_AFTER = 25  # blocks between the headline and the body at most

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
    r"articleeditor-container|the_content|main-aticle|left_zw|zwcontent|show_content|content-article)(?![\w-])"
)
_CONTAINERS = frozenset(
    {"html", "body", "div", "section", "article", "main", "form", "center", "fieldset", "table", "tbody", "tr", "td"}
    | {"dl", "dd", "blockquote", "ul", "ol", "pre"}
)
_FOOTER = re.compile(
    r"版权所有|copyright|©|ICP备|icp备|公网安备|技术支持|All Rights Reserved|网站标识码|主办单位[:：]|承办单位[:：]|"
    r"建议使用.{0,12}浏览器|最佳浏览|未经.{0,10}(?:授权|许可|同意).{0,30}(?:转载|复制)|邮政编码|邮编[:：]|"
    r"网站地图|违法和不良信息|增值电信",
    re.IGNORECASE,
)
# What ends an article when enough of it has been read; the line begins with it.
_END = re.compile(
    r"(?:[【\[(（<《■◆●▲▼☆★·|\s>]*)(?:"
    r"(?:相关|推荐|热门|最新|更多|精彩|延伸|扩展|往期|热点|编辑精选|猜你)(?:阅读|新闻|链接|连结|文章|内容|报道|"
    r"资讯|推荐|回顾|专题|评论|"
    r"信息|视频|图片|稿件|主题|话题|喜欢|精彩|消息|知识|产品|股票|搜索|标签|公司|概念股|行情|资料|博文|微博|商品|"
    r"图集|帖子|词条|热点|关注|文档|政策|解读|政务|关于)"
    r"|上一篇|下一篇|上一条|下一条|上一则|下一则|上一页[:：]|下一页[:：]|前一篇|后一篇|上篇[:：]|下篇[:：]|"
    r"分享到|分享至|分享让更多|分享工具|打印本页|关闭窗口|打印|我要评论|我要留言|我来说两句|发表评论|网友评论|"
    r"网友留言|最新评论|全部评论|评论列表|热门评论|"
    r"文章评论|用户评论|查看评论|看过本文的人|读了这篇文章|喜欢这篇|猜你喜欢|您可能(?:还|也|感兴趣)|你可能(?:还|也|"
    r"感兴趣)|大家都在看|其他人也在看|看全文$|更多关于|"
    r"版权声明|版权与免责|版权及免责|免责声明|特别声明|郑重声明|法律声明|本网声明|声明[:：]?$|(?:网上)?调查[:：]?$|"
    r"投票[:：]?$|"
    r"(?:本文)?相关(?:标签|主题|话题)|关键字[:：]|关键词阅读|扫描二维码|扫一扫|微信扫一扫|长按.{0,6}二维码|"
    r"本?文(?:章)?(?:地址|链接|网址|连结)[:：]|原文(?:链接|地址)[:：]|"
    r"返回(?:顶部|列表|首页|上页)|新闻排行|点击排行|排行榜|今日(?:热点|头条|要闻)|24小时|48小时|一周(?:热|新闻|排行)|"
    r"您看到此篇文章时的感受|看完这篇文章|新闻表情|本文引用地址|附近新闻|网站地图|编辑推荐|小编推荐|热图|图片新闻|"
    r"友情链接"
    r")"
)
_HARD_END = re.compile(  # these end it even when the line goes on
    r"^[【\[(（\s]*(?:上一篇|下一篇|上一条|下一条|上一则|下一则|前一篇|后一篇|免责声明|版权声明|特别声明|"
    r"版权与免责声明|郑重声明)"
)
_EDITOR_LINE = re.compile(r"[\s(（\[【]*(?:责任编辑|责编)[：:\s]")
_DISCLAIMER = re.compile(
    r"(?:以上|本|此)(?:文章|文|稿|内容|网站?|信息|稿件|作品).{0,20}(?:仅代表|不代表|只是转载|纯属个人观点|仅供参考|"
    r"版权归)|(?:仅代表|不代表)(?:作者|本网|本站|个人).{0,30}(?:观点|立场)|"
    r"(?:凡本网|凡注明|凡来源|本网(?:站)?(?:凡|所有|未|注明|转载)).{0,60}(?:转载|作品|版权|来源)|如(?:涉及|有侵权|"
    r"有侵犯).{0,40}(?:联系|删除)|转载(?:请|时请|务必)注明|内容由.{2,16}提供|未经.{0,12}(?:授权|许可|"
    r"允许).{0,12}不得(?:转载|复制|使用)|"
    r"请(?:在|于).{0,12}内?.{0,6}(?:联系|来电|来函)本网|本网(?:站)?(?:只是|仅)?转载.{0,40}(?:目的|赞同)"
)
_CAPTION = re.compile(
    r"^[▲△▼↑↓◆●■(（【\[]*\s*(?:图为|上图|下图|左图|右图|图[一二三四五六七八九十\d]{0,3}\s?[:：]|图片说明|图片来源|"
    r"图说|资料(?:图|照片))"
)
GREETING = re.compile(r"^.{0,30}欢迎(?:您|你|光临|访问)|今天是|您是第.{1,16}位")  # over the page, never of an article
_CAPTION_NAME = re.compile(r"caption|figcaption|tuzhu|img-?desc|pic-?desc|photo-?desc|picinfo|img_?note")
_NUMBER = re.compile(r"[\s\d,.%\-+/:|]*")
_STOP = re.compile("[。！？!?；;…：:，,]$")


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """The range of blocks that holds the article, and how it was found."""

    start: int
    end: int
    node: int
    how: str


@dataclasses.dataclass(frozen=True, slots=True)
class Headline:
    """A run of blocks that is the title, from `first` to `last`."""

    score: float
    first: int
    last: int


@dataclasses.dataclass(slots=True)
class Body:
    """The article's lines as printed, with what stood in its container and was left out."""

    lines: list[str]
    blocks: list[int]  # the blocks of these lines
    captions: list[str]
    cuts: list[Evidence]
    first: int  # index of the first kept block
    last: int  # index of the last kept block
    end: int = 0  # where the container ends, or what closes the article begins


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
    if length < 200 and _FOOTER.search(block.key):
        return -60.0
    if block.links >= 4 and block.linked > 0.25 * length and block.stops < block.links:
        return -40.0  # keywords, each a link
    if length < 400 and _DISCLAIMER.search(block.key):
        return -10.0
    if length < 60 and GREETING.search(block.key):
        return -5.0
    if length < 60 and is_ui(block.key):
        return 0.0 if _NUMBER.fullmatch(block.key) else -5.0
    if block.stops and plain >= 20:
        return plain + 3.0 * block.stops
    if plain >= 40:
        return 0.6 * plain
    return 0.3 * plain


def is_prose(block: Block) -> bool:
    """Whether a block is a sentence or more, and not mostly links."""
    return block.stops >= 1 and len(block.text) - block.linked >= 20 and block.linked <= 0.5 * len(block.text)


def is_item(block: Block) -> bool:
    """Whether a block is a line of a list: a link of a title's length, perhaps with a date or a dot."""
    beside = len(block.text) - block.linked
    return block.linked >= 8 and block.links <= 2 and len(block.text) <= 120 and beside <= max(block.linked, 24)


def find_headlines(page: Page) -> list[Headline]:
    """The runs of blocks that the `<title>` (or og:title, ArticleTitle) contains, the best first.

    A headline set in two lines is one run: the title goes on where the first line ends.
    """
    titles = _titles(page)
    only_site = is_site_name(page.title) and not any(page.metas.get(name) for name in ("articletitle", "og:title"))
    found: list[Headline] = []
    for index, block in enumerate(page.blocks):
        if not 2 <= len(block.text) <= 150 or block.linked > 0.5 * len(block.text):
            continue
        own = fold_title(block.text)
        if (len(own) < 4 and own not in titles) or not any(own in title or title in own for title in titles if title):
            continue
        if len(block.text) > 60 and "。" in block.text:
            continue  # a description that og:title repeats
        if only_site and own not in titles:
            continue  # 某某医院 信息科维护
        best = Headline(0.0, index, index)
        longest = max(map(len, titles))
        for title in titles:
            last, run = _run(page, index, own, title)
            score = 1.7 * longest if run == title else _title_score(run, title)
            best = max(best, Headline(score, index, last), key=lambda headline: headline.score)
        if best.score:
            found.append(dataclasses.replace(best, score=best.score * _prominence(page, block)))
    return sorted(found, key=lambda headline: -headline.score)


def _titles(page: Page) -> list[str]:
    """What the page calls itself, folded; with and without the name of the site."""
    given = (
        page.metas.get("articletitle", ""),
        page.metas.get("og:title", ""),
        page.title,
        without_site(page.title),
        first_part(page.title),
    )
    return [folded for folded in dict.fromkeys(map(fold_title, given)) if folded]


def _run(page: Page, index: int, own: str, title: str) -> tuple[int, str]:
    """How far a headline goes on in the next blocks, as the title does."""
    last, run = index, own
    while last + 1 < len(page.blocks) and last < index + 3:
        after = page.blocks[last + 1]
        more = fold_title(after.text)
        if len(more) < 3 or after.linked or (run + more) not in title:
            break
        last, run = last + 1, run + more
    return last, run


def _prominence(page: Page, block: Block) -> float:
    name = page.nodes[block.node].name
    factor = 1.0
    if block.tag in {"h1", "h2", "h3"}:
        factor = 1.3
    elif "tit" in name or "headline" in name or "bt" in name.split():
        factor = 1.2
    return factor * (0.5 if block.noise or block.hidden else 1.0)


def _title_score(own: str, title: str) -> float:
    if title.startswith(own):
        return len(own) * 1.5
    if own in title:
        return len(own) * (1.2 if title.endswith(own) else 0.8)
    if len(title) >= 8 and title in own and len(own) < 2 * len(title):
        return len(title) * 1.2
    return 0.0


def nearest(headlines: list[Headline], choice: Choice | None) -> Headline | None:
    """Of several places with the title, the one that stands over the body."""
    if not headlines or choice is None:
        return headlines[0] if headlines else None
    good = [h for h in headlines if h.score >= _SAME_TITLE * headlines[0].score and h.first <= choice.start + 3]
    return max(good, key=lambda headline: headline.first) if good else headlines[0]


def choose(page: Page, headline: int | None) -> Choice | None:
    """The container of the article, or None when no block speaks for any."""
    blocks, nodes = page.blocks, page.nodes
    if not blocks or not nodes:
        return None
    weights = _weights(page, headline)
    sums = [0.0, *accumulate(weights)]
    cells = _table_blocks(page)
    prose = [
        0.0,
        *accumulate(
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
        return _under_headline(page, weights, headline, nodes[best].end)
    known = _known(nodes, sums, top)
    if known is not None:
        return Choice(nodes[known].start, nodes[known].end, known, f"known container {nodes[known].name[:40]}")
    best = _tighten(nodes, best, prose)
    return Choice(nodes[best].start, nodes[best].end, best, "text density")


def _under_headline(page: Page, weights: list[float], headline: int, least: int) -> Choice:
    """Of an article of a few words no container stands out: it is what follows the headline up to links or a footer."""
    end = least
    while end < len(weights) and weights[end] > -4 and not page.blocks[end].hidden:
        end += 1
    return Choice(headline + 1, end, page.blocks[headline].node, "the lines under the headline")


def _best(nodes: list[Node], sums: list[float], tags: frozenset[str] | None) -> tuple[int, float]:
    """The node with the largest sum, of several the innermost, and its sum."""
    numbers = [n for n, node in enumerate(nodes) if tags is None or node.tag in tags]
    if not numbers:
        return 0, 0.0
    best = max(numbers, key=lambda n: (sums[nodes[n].end] - sums[nodes[n].start], n))
    return best, sums[nodes[best].end] - sums[nodes[best].start]


def _weights(page: Page, headline: int | None) -> list[float]:
    """The weights of the blocks, text right under the headline in full.

    What stands before the headline counts for less, and so does what follows an end mark or, the more there were of
    them, blocks of links: the summaries of other articles are longer than many an article.
    """
    weights = [weigh(block) for block in page.blocks]
    for index in _table_blocks(page):
        weights[index] = max(weights[index], _CELL_WEIGHT * len(page.blocks[index].text) + 1)
    if headline is None:
        return weights
    read, factor = 0.0, 1.0
    for index in range(headline + 1, len(weights)):
        block = page.blocks[index]
        if read >= _READ_SOME and len(block.text) <= 40 and _END.match(block.key):
            factor = min(factor, 0.15)
        elif read >= _READ_ENOUGH and weights[index] <= -5:
            factor = max(0.1, factor * _LINK_DECAY)
        if weights[index] > 0:
            weights[index] *= factor
            if is_prose(block):
                read += weights[index]
    for index in range(headline):
        if weights[index] > 0:
            weights[index] *= 0.3
    return weights


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
            b.linked or b.noise or b.hidden or len(b.text) > _LONGEST_CELL or _FOOTER.search(b.text) for b in blocks
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


def _tighten(nodes: list[Node], best: int, prose: list[float]) -> int:
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
                best = child
                break
        else:
            return best


def read_body(page: Page, choice: Choice, headline: int | None) -> Body:
    """The lines of the article between the ends of its container."""
    body = Body([], [], [], [], choice.start, choice.start, choice.end)
    start, end = choice.start, choice.end
    if headline is not None and start <= headline < end:
        start = headline + 1
    share = _noise_shares(page, start, end)
    pictures = {image.at for image in page.images if not page.nodes[image.node].noise}
    attached = {attachment.at for attachment in page.attachments}
    whole = sum(len(page.blocks[i].text) for i in range(start, end) if is_prose(page.blocks[i])) or 1
    read = 0
    kept: list[int] = []
    for index in range(start, end):
        block = page.blocks[index]
        rule = _why_cut(block, read / whole, bool(kept), share)
        if rule == "cut:links" and index in attached:
            rule = ""
        if rule == "cut:end":
            body.end = index
            for after in range(index, end):
                _cut(body, "cut:after the article", page.blocks[after].text)
            break
        if rule:
            _cut(body, rule, block.text)
            continue
        captioned = whole >= _CAPTIONED or (
            whole >= _CENTRED and index in pictures and not block.stops and _is_centred(page, block)
        )
        if captioned and _is_caption(page, block, index in pictures):
            body.captions.append(block.text)
            continue
        kept.append(index)
        if is_prose(block):
            read += len(block.text)
    kept = _without_edges(page, kept, body)
    kept = _without_title(page, kept, body, headline)
    kept = _without_last_captions(page, kept, body)
    body.blocks = kept
    body.lines = joined_lines(page, kept)
    if kept:
        body.first, body.last = kept[0], kept[-1]
    return body


def _cut(body: Body, rule: str, text: str) -> None:
    if len(body.cuts) < MOST_CUTS:
        body.cuts.append(Evidence(rule=rule, where="page", text=text[:LONGEST_CUT]))


def _noise_shares(page: Page, start: int, end: int) -> float:
    """Share of the characters of a range in nodes named like noise; a container that is all noise is none."""
    total = noise = 0
    for block in page.blocks[start:end]:
        total += len(block.text)
        noise += len(block.text) if block.noise else 0
    return noise / total if total else 0.0


def _why_cut(block: Block, read: float, begun: bool, noise_share: float) -> str:
    """The rule by which a block is no part of the article, or an empty string."""
    text = block.key
    if block.hidden:
        return "cut:hidden"
    if block.noise and noise_share < 0.5:
        return "cut:beside the article"
    if begun and read >= 0.4 and len(text) <= 60 and _END.match(text):
        return "cut:end" if block.stops < 2 else "cut:disclaimer"
    if begun and read >= 0.6 and _HARD_END.match(text):
        return "cut:end" if len(text) <= 100 and block.stops < 3 else "cut:disclaimer"
    if begun and read >= 0.6 and len(text) <= 40 and _EDITOR_LINE.match(text):
        return "cut:end"
    if len(text) <= 60 and _HARD_END.match(text):
        return "cut:controls"
    if is_ui(text) and not _NUMBER.fullmatch(text):
        return "cut:controls"
    if block.linked > 0.8 * len(text) and len(text) < 150 and not block.row:
        return "cut:links"
    if len(text) < 300 and _FOOTER.search(text) and block.stops < 4:
        return "cut:footer"
    if len(text) < 300 and _DISCLAIMER.search(text) and (read >= 0.9 or not begun):
        return "cut:disclaimer"
    return ""


def _is_centred(page: Page, block: Block) -> bool:
    element = page.nodes[block.node].element
    style = (element.get("style") or "").replace(" ", "").lower()
    return element.tag == "center" or element.get("align") == "center" or "text-align:center" in style


def _is_caption(page: Page, block: Block, under_picture: bool) -> bool:
    name = page.nodes[block.node].name
    if block.tag == "figcaption" or (name and _CAPTION_NAME.search(name)):
        return True
    if under_picture and len(block.text) <= _LONGEST_CAPTION and not block.linked and block.tag in _CAPTION_TAGS:
        return not _STOP.search(block.text) and not _NUMBERED.match(block.text)
    return len(block.text) <= 80 and bool(_CAPTION.match(block.key))


def _without_title(page: Page, kept: list[int], body: Body, headline: int | None) -> list[int]:
    """The lines without the title printed again, and without a summary that the first paragraph begins with."""
    title = fold_title(page.blocks[headline].text) if headline is not None else ""
    again = [i for i in kept[1:] if page.blocks[i].tag in _HEADINGS and fold_title(page.blocks[i].text) == title]
    if len(kept) > len(again) + 1 and not again:
        summary = fold_title(page.blocks[kept[0]].text)
        if len(summary) >= _LEAST_SUMMARY and fold_title(page.blocks[kept[1]].text).startswith(summary):
            again = kept[:1] if summary != fold_title(page.blocks[kept[1]].text) else []
    for index in again:
        _cut(body, "cut:title" if index != kept[0] else "cut:summary", page.blocks[index].text)
    return [i for i in kept if i not in again] if len(again) < len(kept) else kept


def _without_last_captions(page: Page, kept: list[int], body: Body) -> list[int]:
    """Short lines without a full stop after a caption at the end of the article are captions as well."""
    if not body.captions:
        return kept
    last_caption = max(i for i in range(body.first, len(page.blocks)) if page.blocks[i].text == body.captions[-1])
    while kept and kept[-1] > last_caption and len(page.blocks[kept[-1]].text) <= 40:
        block = page.blocks[kept[-1]]
        if block.stops or _STOP.search(block.text):
            break
        body.captions.append(block.text)
        kept = kept[:-1]
    return kept


def _without_edges(page: Page, kept: list[int], body: Body) -> list[int]:
    """Metadata lines off the beginning and the end of the lines."""
    begin, end = _after_date_line(page, kept), len(kept)
    for index in kept[:begin]:
        _cut(body, "cut:metadata", page.blocks[index].text)
    while begin < end and _is_edge(page.blocks[kept[begin]], first=True):
        _cut(body, "cut:metadata", page.blocks[kept[begin]].text)
        begin += 1
    while end > begin and _is_edge(page.blocks[kept[end - 1]], first=False):
        end -= 1
        _cut(body, "cut:metadata", page.blocks[kept[end]].text)
    return kept[begin:end]


def _after_date_line(page: Page, kept: list[int]) -> int:
    """How many lines to leave out when one of the first is a date line: what is above it is no more than a name."""
    for number, index in enumerate(kept[:4]):
        block = page.blocks[index]
        if len(block.text) > 80:
            return 0
        line = read_line(block.pieces)
        if line.is_metadata and any(date.time for date in line.dates):
            return number + 1
        if block.stops or len(block.text) > 14:
            return 0
    return 0


def _is_edge(block: Block, *, first: bool) -> bool:
    if len(block.text) > LONGEST_LINE or (len(block.text) > 120 and block.stops > 4):
        return False
    line = read_line(block.pieces)
    if first:
        return line.is_metadata
    if any(kind != "other date" for kind, _ in line.fields) or any(date.time for date in line.dates):
        return line.is_metadata  # but not a date alone: that is the signature's
    return is_credit(block.text)


def joined_lines(page: Page, kept: list[int], printed: dict[int, str] | None = None) -> list[str]:
    """The kept blocks as lines; the cells of a data table's row in one, with ` | ` between them.

    `printed` gives the texts of blocks as they were before repair.
    """
    printed = printed or {}
    rows = _data_rows(page, kept)
    lines: list[str] = []
    last_row = last_cell = 0
    for index in kept:
        block = page.blocks[index]
        text = printed.get(index, block.text)
        if block.row in rows and block.row == last_row:
            lines[-1] += (" " if block.cell == last_cell else " | ") + text
        else:
            lines.append(text)
        last_row, last_cell = block.row, block.cell
    return lines


def _data_rows(page: Page, kept: list[int]) -> set[int]:
    """Rows of data tables: of at least two cells, each short. A layout table's cell is as long as an article."""
    cells: dict[int, dict[int, int]] = {}
    for index in kept:
        block = page.blocks[index]
        if block.row and block.cell:
            row = cells.setdefault(block.row, {})
            row[block.cell] = row.get(block.cell, 0) + len(block.text)
    return {row for row, lengths in cells.items() if len(lengths) > 1 and max(lengths.values()) <= _LONGEST_CELL}


def metadata_lines(page: Page, headline: int | None, body: Body) -> tuple[list[Line], list[Line]]:
    """The lines around the body that may speak of the article: (before it, after it), the nearest first.

    The article's own first and last lines are among those after it: an unlabelled name in them is prose.
    """
    first, last = body.first, body.last
    if not body.blocks and headline is not None:
        first = last = min(len(page.blocks), headline + _CONTENT_AFTER // 2)
    begin = headline if headline is not None and headline < first else max(0, first - _CONTENT_AFTER)
    before = [*range(begin, min(first, begin + _CONTENT_AFTER)), *range(_above(page, begin), begin)]
    after = [*reversed(body.blocks[-3:]), *range(last + 1, min(len(page.blocks), last + 12)), *body.blocks[:2]]
    return [_line(page, i) for i in before], [_line(page, i) for i in after]


def _above(page: Page, begin: int) -> int:
    """Where the lines above the headline begin: a few blocks, or the table of a public document's particulars."""
    first = max(0, begin - 6)
    while first and begin - first < _LONGEST_PARTICULARS and page.blocks[first].row and page.blocks[first - 1].row:
        first -= 1
    return first


def _line(page: Page, index: int) -> Line:
    """The line of a block; that of a cell or a `<dt>` with a label alone goes on in the next one."""
    block = page.blocks[index]
    if block.tag in {"dt", "th"} and len(block.text) <= 8 and index + 1 < len(page.blocks):
        value = page.blocks[index + 1]
        if value.tag in {"dd", "td"} and len(value.text) <= 60:
            return read_line(block.text.rstrip(":：") + "：" + value.pieces)
    if block.row and len(block.text) <= 12 and block.text[-1] in ":：" and index + 1 < len(page.blocks):
        value = page.blocks[index + 1]
        if value.row == block.row and len(value.text) <= 60:
            return read_line(block.pieces + SEPARATOR + value.pieces)
    return read_line(block.pieces)
