"""Judge an article: quality flags, each with its evidence.

In: an `Article` as cleaned, its `Site`, the text of the whole page. Out: the article with its flags, and without the
advertisement or disclaimer at its end, which is kept in `cut`. Nothing else is changed and nothing is thrown away for
being flagged: a flagged article is archived and searchable, it only never stands for a cleaner copy of itself.

Every flag carries what was found and where. `hijacked` adds up signals; `THRESHOLD` is what flags. The signals and
their weights come from 75 bad and 90 clean pages of the web (a brand with a code: 21 of 75 bad, 0 of 90 clean; swapped
roles 6 and 0; a line of porn keywords 11 and 0 …). Patterns are searched in folded text, so that they are written once
for both scripts; the evidence is the printed text.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence

from pipeline.fold import fold, fold_map, script_of
from pipeline.records import Article, Evidence, Flag, FlagName, Site, netloc_of
from pipeline.repair import assess

THRESHOLD = 3.0  # sum of the weights that makes a page hijacked
SHORTEST = 60  # characters without blanks; a text below that is `short`
MOST_EVIDENCE = 20  # pieces kept for one flag
ENOUGH = 2.0  # kinds of advertising in the lines at the end that make them an advertisement
TAIL = 8  # paragraphs at the end in which an advertisement is looked for
LONGEST_TAIL_LINE = 240  # characters; a longer paragraph is body

# -- hijacked -------------------------------------------------------------------------------------------------------

# Names that betting sites trade under and that others bear as well: they need a code or a betting word beside them.
_SHARED_BRANDS = (
    "银河|永利|金沙|葡京|威尼斯人?|太阳城|太阳集团|太阳国际|美高梅|皇冠|云顶|百乐门|星际|利来|凯发|澳门|沙巴|新宝"
)
# Names that nobody else bears.
_BOOKMAKERS = (
    "(?:万博|亚博|三亿|开云|乐鱼|必威|爱游戏|星空|九游|米兰|半岛|江南|天博|欧宝|伟德|明升|完美|杏彩|火狐|银河)体育(?:\\(中国\\)|app|官网|下载|平台|在线|登录)"
    "|(?:万博|亚博|三亿|开云|乐鱼|必威|欧宝|天博|爱游戏)体育|华体会|博天堂|千亿国际|雷火电竞|金宝博|新葡京|葡京赌场|太阳城申博"
    "|bet365|188bet|suncitygroup|ag真人|pg电子|澳门(?:新葡京|金沙|银河|永利)(?:官网|网址|app|线上|平台)"
)
_BETTING = "线路|娱乐城|官网|网址|平台|登录|注册|app|下载|棋牌|电玩|手机版|真人|投注|开户|备用|博彩|体育"
# 金沙医院, 银河街道, 永利路: what makes the name a place or an honest firm.
_HONEST = (
    "医院|医药|街道|路|街|镇|乡|村|社区|小区|大厦|大桥|广场|中学|小学|区|县|湖|江|河|山|证券|基金|系|计划|奖"
    "|酒店|花园|学院|遗址"
)
_CODE = r"(?:(?<![a-z0-9.])(?!(?:19|20)\d\d(?![\da-z]))\d{3,8}[a-z]{0,4}|(?<![a-z0-9.])[a-z]{1,4}\d{2,8})"

CODED_BRAND = re.compile(
    rf"{_CODE} ?(?:{_SHARED_BRANDS})(?!{_HONEST})(?:集团|国际)?(?:{_BETTING})?(?!{_HONEST})"
    rf"|(?:{_SHARED_BRANDS})(?:集团|国际|线路)?\d{{3,8}}[a-z]{{0,4}}(?![a-z0-9.%]|年|月|日|人|名|号|元|万|亿|台|张|平方|米|例|个|余|多|-\d)"
)
BOOKMAKER = re.compile(_BOOKMAKERS)
BETTING_BRAND = re.compile(
    rf"(?:{_SHARED_BRANDS})(?:集团|国际)?(?:线路|娱乐城|网址|登录|棋牌|电玩|真人|投注|开户|备用)"
)
# one of these stands in every match of the three above
_ANY_BRAND = re.compile(rf"{_SHARED_BRANDS}|体育|华体会|博天堂|千亿国际|雷火电竞|金宝博|bet|suncity|ag真人|pg电子")
GAMBLING = re.compile("百家乐|六合彩|时时彩|老虎机|赌场|博彩公司|电子游艺|彩票平台")
CODED_SOURCE = re.compile(r"^(?=[a-z]*\d)(?:[a-z]{1,4}\d{5,12}|\d{3,6}[a-z]{2,4}(?=[\u4e00-\u9fff]).{0,12})$")
# The police and the courts write about the same brands.
_REPORTED = re.compile("赌博|禁赌|涉赌|诈骗|警方|公安|法院|反诈|违法犯罪")
REPORTED_AROUND = 60  # characters before and after a brand

SWAPPED_ROLES = re.compile(
    "(?<![兽中牙名西良御])医公司|(?:住|出|入|转)公司(?:治疗|患者|病人|部|楼|指征|手续)|公司(?:感染管理科|感科|门诊|急诊科|病房|护理部)"
    "|医(?:学|务)公司(?:附属|第[一二三]|院长)|(?:人民|中心|附属|中医|第[一二三四])医院(?:总)?经理"
)
TEMPLATE_HOLE = re.compile(
    r"\[db:[^\[\]\s]{1,12}\]|\[!--[a-z.]{2,30}--\]|\{(?:dede|pboot|eyou|aspcms|cms):[^{}]{1,40}\}|\{\$[a-z_.]{2,30}\}|<%=[^%]{1,40}%>"
)
_PORN = (
    "一区二区|久久久|无码|人妻|毛片|黄片|偷拍|成人视频|成人电影|自拍视频|亚洲精品|国产精品|日韩精品|欧美性|三级片|伦理片|黄色网站|色情|成人网站|av在线"
    "|精品视频|免费视频在线观看|高清无|激情视频|福利姬|大香蕉|草榴"
)
PORN = re.compile(_PORN)
FEWEST_PORN_WORDS = 3  # different ones in one line
LINK_FARM = re.compile("蜘蛛池|站群系统|黑链代发|快排系统")
RANDOM_QUERY = re.compile(r"\?[A-Za-z]{4,8}=[A-Za-z]{1,2}\.html?$")
_HOSPITAL = re.compile(
    "[\u4e00-\u9fff]{2,12}?(?:人民医院|中医医院|中医院|中西医结合医院|妇幼保健院|附属医院|第[一二三四五六七八九十]{1,2}医院|中心医院|总医院|肿瘤医院|儿童医院|专科医院|医学院|卫生院)"
)
FEWEST_NAMINGS = 4  # of another hospital, when the site's own is not named once
MAINLAND = re.compile(
    "党支部|党委|党建|党组织|卫健委|卫生健康委|不忘初心|中国特色社会主义|习近平|共产党员|主题党日|三级甲等|新农合"
)
ELSEWHERE = (".hk", ".mo", ".tw", ".sg", ".my")  # where traditional characters, or Chinese of any kind, are at home
PUBLIC_HOSTS = (".gov.cn", ".edu.cn", "mp.weixin.qq.com")  # they repost a hospital's text by right

# -- spam and truncated ---------------------------------------------------------------------------------------------

PREVIEW = re.compile(
    "预览(?:阅读)?(?:已|到此)?结束|试读(?:已|部分)?(?:到此)?结束|免费(?:试读|预览)(?:已|到此)?结束|未完[,,]?(?:请)?(?:下载|购买|付费)"
)
REST = re.compile(
    "(?:点击|继续|展开|查看|阅读|下载)(?:查看|阅读|展开)?(?:剩余|余下|完整)?全文|全文(?:请|需)(?:下载|登录|付费|购买)|余下全文|剩余\\d{1,3}%|登录后(?:可)?(?:查看|阅读)"
    "|未完待续|付费(?:后)?(?:阅读|查看|下载)|展开(?:剩余|更多)(?:内容)?|还有\\d{1,3}%(?:的)?(?:精彩)?内容|read more"
)
GHOST_WRITING = re.compile(
    "代笔|代写|代发论文|论文(?:代发|发表服务|润色服务)|原创(?:代写|稿件定制|文章定制)|写作服务|(?:同类|类似)(?:材料|范文)(?:代|定制)|公文(?:写作)?(?:定制|代)|包过|枪手"
)
FOR_SALE = re.compile(
    "代开(?:各类)?发票|(?:办理|代办)(?:各类)?(?:文凭|证件|学历|资格证)|刻章办证|低价(?:出售|转让)|高价回收(?:药品|医保)|代考|货到付款|招代理|全国招商"
)
CONTACT = re.compile(
    "(?:加|添加|联系|咨询|扫码加)(?:老师|客服|我们?的?|专员|编辑)*(?:微信|qq|v信|薇信|企鹅|v:)"
    "|微信(?:号)?[: ]{0,2}[a-z][\\w-]{4,19}|(?:qq|扣扣)(?:号)?[: ]{0,2}\\d{5,11}"
    "|联系(?:老师|客服|写手)|[👉👈📞💰]|v(?:x|信)[: ]{0,2}[a-z0-9_-]{5,20}"
)
# Hospitals have accounts too, and the ministries write against the trade.
_OFFICIAL = re.compile("公众号|官方微信|服务号|视频号|预约挂号|互联网医院|小程序")
_AGAINST = re.compile("严禁|禁止|整治|查处|打击|杜绝|不得|治理|抵制|举报|严肃|违规|学术不端|警惕|谨防|取缔|通报|处理")
DISCLAIMER = re.compile(
    "(?:以上|本)(?:文章|文|内容|稿件)?[^。\n]{0,8}(?:仅|只)代表作者(?:个人|本人)?(?:的)?观点|免责声明[:]|版权声明[:]|(?:本网|本站|本平台)(?:站)?(?:只|仅)?(?:是|为)?转载"
    "|如(?:有|涉及)[^。\n]{0,16}(?:侵权|版权|稿酬)[^。\n]{0,20}(?:联系|删除)|声明:(?:本文|以上|转载)"
)
OPEN_END = re.compile("[,、;:“‘(《][\\s]*$|(?:…|\\.\\.\\.)[\\s]*$")
DANGLING = frozenset("的和与及在对为把被将并是以向从由让使于或而但")
_ENDING = '。！？!?.…”’"』」）)】》〉；;：:'  # what a finished paragraph ends in
SHORTEST_CLAUSE = 12  # characters; a last line below that is a name or a date
LONG_PARAGRAPH = 40  # characters; shorter lines are headings, signatures, captions
# The writer's name behind the last full stop: (…)。记者祝勇, 文/图 张三
_SIGNED = re.compile(
    r"[。！？”)）][\s]*(?:(?:本报|通讯员|记者|作者|撰稿|供稿|文|图|编辑|摄影|来源)[^。！？，,]{0,12}|[^。！？，,]{2,3})$"
)
FEWEST_FINISHED = 2  # other long paragraphs, all finished, before a missing full stop means a cut
BLOCKED = re.compile(
    "请输入验证码|访问(?:过于)?频繁|您的(?:请求|访问)(?:已)?被(?:拦截|拒绝)|网站防火墙|安全验证|正在进行人机"
    "|enable javascript|access denied"
)
LONGEST_BLOCKED = 300  # characters


def judge(article: Article, site: Site | None, page_text: str = "") -> Article:
    """Set the flags of an article, and cut the advertisement or disclaimer at its end.

    `site`: None or one without a hospital's name, when it is not known who should publish here. `page_text`: the text
    of the whole page, for what stands beside the article. Judging twice gives the same.
    """
    article, advertised = _without_tail(article)
    pages = _Page(article, site, page_text)
    found: list[tuple[FlagName, Iterable[Evidence]]] = [
        ("annotated", _annotated(article)),
        ("damaged", _damaged(article)),
        ("repeated", (e for e in article.cut if e.rule.startswith("repeat:"))),
        ("hijacked", _hijacked(pages)),
        ("spam", advertised),
        ("truncated", _truncated(article)),
        ("undated", _undated(article)),
        ("short", _short(article)),
        ("blocked", _blocked(article)),
    ]
    flags = [Flag(name=name, evidence=tuple(evidence)[:MOST_EVIDENCE]) for name, evidence in found]
    flags = [flag for flag in flags if flag.evidence]
    names = {flag.name for flag in flags}
    kept = [flag for flag in article.flags if flag.name not in names and flag.name in ("repeated", "blocked")]
    return dataclasses.replace(article, flags=(*flags, *kept))


# -- what the repair found ------------------------------------------------------------------------------------------


def _annotated(article: Article) -> Iterator[Evidence]:
    for where, repair in article.repairs.items():
        for start, end in repair.removed[:MOST_EVIDENCE]:
            yield Evidence(rule="pinyin", where=where, text=repair.original[max(0, start - 1) : end], start=start)
    if not article.repairs and assess(article.text).annotated:
        yield Evidence(rule="pinyin", where="text", text=article.text[:40], start=0)


def _damaged(article: Article) -> Iterator[Evidence]:
    spots = [(where, spot) for where, repair in article.repairs.items() for spot in repair.spots]
    if spots:
        statuses = [spot.status for _, spot in spots]
        counts = ", ".join(f"{name} {statuses.count(name)}" for name in ("fixed", "guess", "lost"))
        yield Evidence(rule="slipped bytes", where="page", text=counts)
    for where, spot in spots:
        yield Evidence(rule=f"slipped: {spot.status}", where=where, text=spot.before, start=spot.start)
    for where in ("title", "text"):
        value = getattr(article, where)
        place = value.find("\ufffd")
        if place >= 0:
            yield Evidence(rule="undecodable", where=where, text=value[max(0, place - 5) : place + 6], start=place)


# -- hijacked -------------------------------------------------------------------------------------------------------


class _Page:
    """The places to look in, folded once, with the way back to what was printed."""

    def __init__(self, article: Article, site: Site | None, page_text: str) -> None:
        self.article, self.site = article, site
        self.port_host = netloc_of(article.url)
        self.host = self.port_host.rpartition("@")[2].partition(":")[0]
        values = {"title": article.title, "source": article.source, "author": article.author, "text": article.text}
        values["page"] = page_text
        self.printed = {where: value for where, value in values.items() if value}
        self.folded = {where: fold(value) for where, value in self.printed.items()}
        self.branded = [where for where, text in self.folded.items() if _ANY_BRAND.search(text)]

    def search(
        self, pattern: re.Pattern[str], places: Sequence[str], *, limit: int = 5
    ) -> Iterator[tuple[str, int, int]]:
        """Matches in these places, the page last and only where the article does not have them already."""
        seen: set[str] = set()
        for where in places:
            if where in self.folded:
                folded = self.folded[where]
                for count, match in enumerate(pattern.finditer(folded)):
                    if count >= limit:
                        break
                    if where == "page" and match[0] in seen:
                        continue
                    seen.add(match[0])
                    yield where, match.start(), match.end()

    def evidence(self, rule: str, where: str, start: int, end: int) -> Evidence:
        offsets = fold_map(self.printed[where])[1]  # only for what is found: most pages have nothing
        return Evidence(
            rule=rule, where=where, text=self.printed[where][offsets[start] : offsets[end]], start=offsets[start]
        )

    def around(self, where: str, start: int, end: int) -> str:
        return self.folded[where][max(0, start - REPORTED_AROUND) : end + REPORTED_AROUND]


PLACES = ("title", "source", "author", "text", "page")


def _hijacked(page: _Page) -> tuple[Evidence, ...]:
    signals = [*_brands(page), *_holes(page), *_porn(page), *_owner(page)]
    if sum(weight for weight, _ in signals) < THRESHOLD:
        return ()
    return tuple(evidence for _, evidence in sorted(signals, key=lambda signal: -signal[0]))


def _brands(page: _Page) -> Iterator[tuple[float, Evidence]]:
    rules = (
        ("brand with a code", CODED_BRAND, 3.0),
        ("bookmaker", BOOKMAKER, 2.0),
        ("betting brand", BETTING_BRAND, 1.5),
    )
    taken: set[tuple[str, int]] = set()
    for rule, pattern, weight in rules:
        for where, start, end in page.search(pattern, [where for where in PLACES if where in page.branded]):
            if _REPORTED.search(page.around(where, start, end)) or (where, start) in taken:
                continue
            taken.add((where, start))
            by_line = 3.0 if where in ("title", "source", "author") else weight
            yield by_line, page.evidence(rule, where, start, end)
    for where, start, end in page.search(GAMBLING, ("title", "text"), limit=3):
        if not _REPORTED.search(page.around(where, start, end)):
            yield 1.0, page.evidence("gambling", where, start, end)
    for where, start, end in page.search(CODED_SOURCE, ("source",)):
        yield 3.0, page.evidence("source is a code", where, start, end)
    for where, start, end in page.search(SWAPPED_ROLES, PLACES):
        yield 3.0, page.evidence("swapped roles", where, start, end)


def _holes(page: _Page) -> Iterator[tuple[float, Evidence]]:
    for where, start, end in page.search(TEMPLATE_HOLE, PLACES):
        yield 3.0, page.evidence("template hole", where, start, end)
    for where, start, end in page.search(LINK_FARM, ("text", "page")):
        yield 3.0, page.evidence("link farm", where, start, end)
    match = RANDOM_QUERY.search(page.article.url)
    if match:
        yield 1.5, Evidence(rule="random query", where="url", text=match[0], start=match.start())


def _porn(page: _Page) -> Iterator[tuple[float, Evidence]]:
    for where in ("title", "text", "page"):
        if where not in page.folded or len(set(PORN.findall(page.folded[where]))) < FEWEST_PORN_WORDS:
            continue
        start = 0
        for line in page.folded[where].split("\n"):
            if len(set(PORN.findall(line))) >= FEWEST_PORN_WORDS:
                yield 3.0, page.evidence("porn keywords", where, start, start + min(len(line), 80))
                return
            start += len(line) + 1


def _owner(page: _Page) -> Iterator[tuple[float, Evidence]]:
    """Who really published it: the site's host and hospital against the page's."""
    site, article = page.site, page.article
    if page.host and not page.host.endswith((*ELSEWHERE, *PUBLIC_HOSTS)) and script_of(article.text) == "hant":
        found = list(page.search(MAINLAND, ("title", "text"), limit=6))
        if len({page.folded[where][start:end] for where, start, end in found}) >= 2:
            where, start, end = found[0]
            yield 1.5, page.evidence("mainland text in traditional characters", where, start, end)
    if site is None or not site.hospital:
        return
    names = [fold(name) for name in site.names if len(name) > 3]
    named = [(where, text.find(name)) for where, text in page.folded.items() for name in names if name in text]
    hosts = {host.split(":")[0] for host in site.all_hosts} - {""}
    if page.host and hosts and not _belongs(page.host, hosts) and not page.host.endswith(PUBLIC_HOSTS) and named:
        yield 3.0, Evidence(rule="foreign host", where="url", text=page.host, start=article.url.find(page.host))
    if not named and "text" in page.folded:
        yield from _other_hospital(page)


def _belongs(host: str, hosts: Iterable[str]) -> bool:
    """Whether a host is one of the site's, or one below or beside it under the same name (www.)."""
    return any(host == own or host.endswith("." + own.removeprefix("www.")) or own == "www." + host for own in hosts)


def _other_hospital(page: _Page) -> Iterator[tuple[float, Evidence]]:
    text = page.folded["text"]
    counts: dict[str, list[int]] = {}
    for match in _HOSPITAL.finditer(text):
        counts.setdefault(match[0][-6:], []).append(match.start())
    if counts:
        places = max(counts.values(), key=len)
        if len(places) >= FEWEST_NAMINGS:
            named = _HOSPITAL.match(text, places[0])
            if named:
                yield 1.5, page.evidence("another hospital", "text", named.start(), named.end())


# -- the tail -------------------------------------------------------------------------------------------------------


def _without_tail(article: Article) -> tuple[Article, tuple[Evidence, ...]]:
    """The article without advertisement and disclaimer at its end, and the evidence of the advertisement."""
    earlier = tuple(e for e in article.cut if e.rule.startswith("spam"))
    lines = article.text.split("\n")
    first = _tail_begins(lines)
    cut: list[Evidence] = []
    text = article.text
    if first is not None:
        number, offset = first
        start = sum(len(line) + 1 for line in lines[:number]) + offset
        cut.append(Evidence(rule="spam: advertisement", where="text", text=text[start:], start=start))
        text = text[:start].rstrip()
    found = tuple(cut) or earlier or tuple(_advertised(article))
    text, disclaimers = _without_disclaimer(text)
    if text == article.text:
        return article, found
    return dataclasses.replace(article, text=text, cut=(*article.cut, *cut, *disclaimers)), found


def _tail_begins(lines: Sequence[str]) -> tuple[int, int] | None:
    """(line, offset in it) at which the advertisement at the end begins; None when there is none."""
    begins: tuple[int, int] | None = None
    for number in range(len(lines) - 1, max(0, len(lines) - TAIL) - 1, -1):
        if not lines[number].strip():
            continue
        offset = _glued(lines[number])
        if offset is None:
            break
        begins = (number, offset)
        if offset:  # the beginning of the line is body
            break
    if begins is None or begins == (0, 0):
        return None
    number, offset = begins
    advertised = "\n".join([lines[number][offset:], *lines[number + 1 :]])
    return begins if _score(advertised) >= ENOUGH else None


def _is_advertising(line: str) -> bool:
    folded = fold(line)
    if _AGAINST.search(folded) or _OFFICIAL.search(folded):
        return False
    return any(pattern.search(folded) for pattern in (PREVIEW, REST, GHOST_WRITING, FOR_SALE, CONTACT))


def _score(text: str) -> float:
    """How much some lines look like an advertisement for texts or papers: 2 is enough."""
    folded = fold(text)
    if _AGAINST.search(folded) or _OFFICIAL.search(folded):
        return 0.0
    rules = ((PREVIEW, 1.0), (GHOST_WRITING, 1.0), (FOR_SALE, 1.0), (CONTACT, 1.0), (REST, 0.5))
    return sum(weight for pattern, weight in rules if pattern.search(folded))


def _glued(line: str) -> int | None:
    """Where in a line the sentence begins from which on all is advertisement; None when its end is none."""
    sentences = [match.span() for match in re.finditer("[^。！？!?]{1,400}[。！？!?”]{0,3}", line)]
    begins = None
    for start, end in reversed(sentences):
        if not _is_advertising(line[start:end]):
            break
        begins = start
    return begins


def _advertised(article: Article) -> Iterator[Evidence]:
    """Advertisements that the cleaner has cut already, or that fill the whole text."""
    texts = [(e.where, e.text, e.start) for e in article.cut if not e.rule.startswith("repeat:")]
    joined = "\n".join(text for _, text, _ in texts if len(text) <= LONGEST_TAIL_LINE)
    if joined and _score(joined) >= ENOUGH:
        for where, text, start in texts:
            if _is_advertising(text):
                yield Evidence(rule="spam: advertisement", where=where, text=text, start=start)
    whole = fold(article.text)
    sale, contact = FOR_SALE.search(whole), CONTACT.search(whole)
    if sale and contact and not _AGAINST.search(whole) and not _OFFICIAL.search(whole):
        offsets = fold_map(article.text)[1]
        for match in (sale, contact):
            start, end = offsets[match.start()], offsets[match.end()]
            yield Evidence(rule="spam: for sale", where="text", text=article.text[start:end], start=start)


def _without_disclaimer(text: str) -> tuple[str, list[Evidence]]:
    cut: list[Evidence] = []
    for _ in range(3):
        head, newline, last = text.rpartition("\n")
        if not newline or len(last) > LONGEST_TAIL_LINE or not DISCLAIMER.search(fold(last)):
            break
        cut.insert(0, Evidence(rule="disclaimer", where="text", text=last, start=len(head) + 1))
        text = head.rstrip()
    return text, cut


# -- truncated, undated, short, blocked ------------------------------------------------------------------------------


def _truncated(article: Article) -> Iterator[Evidence]:
    lines = [line.strip() for line in article.text.split("\n") if line.strip()]
    places = [("text", line) for line in lines[-3:] if len(line) <= LONGEST_TAIL_LINE]
    places += [("text", e.text) for e in article.cut if e.rule.startswith("spam")]
    for where, line in places:
        folded = fold(line)
        match = PREVIEW.search(folded) or REST.search(folded)
        if match:
            yield Evidence(rule="preview", where=where, text=line, start=_place(article.text, line))
    for evidence in article.cut:
        if not evidence.rule.startswith(("spam", "repeat:")) and PREVIEW.search(fold(evidence.text)):
            yield Evidence(rule="preview", where=evidence.where, text=evidence.text, start=evidence.start)
    if lines and _is_cut_off(lines):
        yield Evidence(
            rule="mid-sentence", where="text", text=lines[-1][-30:], start=_place(article.text, lines[-1][-30:])
        )


def _place(text: str, part: str) -> int | None:
    place = text.rfind(part)
    return place if place >= 0 else None


def _is_cut_off(lines: Sequence[str]) -> bool:
    """Whether the last paragraph ends where no sentence ends."""
    last = lines[-1]
    if len(last) < SHORTEST_CLAUSE:
        return False
    if OPEN_END.search(last.translate({0xFF0C: ",", 0xFF1B: ";", 0xFF1A: ":", 0xFF08: "("})) and not last.endswith(
        (":", "：")
    ):
        return True
    if last[-1] in _ENDING or not "\u4e00" <= last[-1] <= "\u9fff":
        return False
    if _SIGNED.search(last):
        return False
    if last[-1] in DANGLING and len(last) >= LONG_PARAGRAPH // 2:
        return True
    others = [line for line in lines[:-1] if len(line) >= LONG_PARAGRAPH]
    finished = all(line[-1] in _ENDING for line in others)
    inside = any(sign in last for sign in "。！？，,；")
    return inside and finished and len(others) >= FEWEST_FINISHED


def _undated(article: Article) -> Iterator[Evidence]:
    if not article.published_at:
        yield Evidence(rule="no publication date", where="page", text=article.published_raw or "(none)")


def _short(article: Article) -> Iterator[Evidence]:
    text = "".join(article.text.split())
    if len(text) < SHORTEST:
        yield Evidence(rule=f"fewer than {SHORTEST} characters", where="text", text=article.text or "(empty)", start=0)


def _blocked(article: Article) -> Iterator[Evidence]:
    if len(article.text) <= LONGEST_BLOCKED:
        match = BLOCKED.search(article.text.lower())
        if match:
            yield Evidence(rule="blocked", where="text", text=match[0], start=match.start())
