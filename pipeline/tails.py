"""The end of a text: advertisements and disclaimers that stand behind the article, texts that break off.

In: an `Article`. Out: the article without such a tail, which is kept in `cut`, with the evidence of the advertisement;
the evidence that a text is only the beginning of one. Ghost-writing farms, paper mills, forgers and lenders offer
something and name a contact: a sentence that does both is an advertisement, unless it warns of the trade. Patterns are
searched in folded text.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from pipeline.brands import GAMBLING
from pipeline.fold import fold
from pipeline.records import Article, Evidence

ENOUGH = 2.0  # kinds of advertising in the lines at the end that make them an advertisement
TAIL = 8  # paragraphs at the end in which an advertisement is looked for
LONGEST_TAIL_LINE = 240  # characters; a longer paragraph is body
FEWEST_LINKS = 2  # different words of gambling among the links behind an article
FEWEST_OFFERS = 3  # different offers in one tail, which need no contact
SEVERAL = 1.0  # what so many count

PREVIEW = re.compile(
    "预览(?:阅读)?(?:已|到此)?结束|试读(?:已|部分)?(?:到此)?结束|免费(?:试读|预览)(?:已|到此)?结束"
    "|未完[,,]?(?:请)?(?:下载|购买|付费)"
)
REST = re.compile(
    "(?:点击|继续|展开|查看|阅读|下载)(?:查看|阅读|展开)?(?:剩余|余下|完整)?全文|全文(?:请|需)(?:点击|下载|登录|付费"
    "|购买)|余下全文|剩余\\d{1,3}%"
    "|登录后(?:可)?(?:继续)?(?:查看|阅读)(?:全文|剩余|完整|更多|内容|$)|登录后继续(?:查看|阅读)|只(?:能"
    "|显示)[^,。]{0,6}(?:浏览|第1页|前\\d页|部分内容)"
    "|未完待续|付费(?:后)?(?:阅读|查看|下载)|展开(?:阅读)?(?:剩余|更多)(?:内容)?|还有\\d{1,3}%(?:的)?(?:精彩)?内容"
    "|read more"
    "|[\\[(](?:详细|更多|全文|查看更多|阅读更多)[\\])]\\s*$|打开app(?:阅读|查看)"
)
_QUOTED = re.compile('[“「"][^”」"\n]{1,30}[”」"]')  # a button that is only named: 点击“阅读全文”
GHOST_WRITING = re.compile(
    "代笔|代写|代发(?:表)?(?:职称)?论文|论文(?:代发|发表服务|润色服务)|原创(?:代写|稿件定制|文章定制)|写作(?:服务"
    "|团队)|(?:同类|类似)(?:材料|范文)(?:代|定制)"
    "|公文(?:写作)?(?:定制|代)|包过|枪手|保录用|包发表|定制[^,。]{0,8}(?:材料|报告|讲稿|文稿|方案|总结|范文)|(?:需要"
    "|更多)[^。]{0,16}(?:讲稿|发言材料|述职[^,。]{0,4}报告|范文|心得)"
    "|(?:完整|word)版(?:请|联系|加|可)|下载需\\d+元|由网友上传|本文完整版|提供word版"
)
FOR_SALE = re.compile(
    "代开(?:各类|各种|正规)?(?:增值税)?发票|(?:办理|代办|制作)(?:各类|各种)?[^,。]{0,10}(?:文凭|毕业证|学历|资格证"
    "|医师证|驾驶证)|刻章办证|低价(?:出售|转让)|高价回收(?:药品|医保)|代考|货到付款|招代理|全国招商"
    "|无抵押(?:贷款)?|黑户(?:可办)?|急用钱|信用卡(?:套现|代还)|刷单|日赚|日结\\d+|私家侦探|婚外情(?:取证|调查)|寻人查址"
    "|(?:网站建设|seo)[^。]{0,8}(?:优化|排名)|百度首页|外链代发|站群|蜘蛛池|快速收录|包成功|包生男"
    "|祖传秘方|壮阳|无效退款|棋牌app|(?:送|元)彩金|首存送|注册(?:即)?送\\d+"
)
CONTACT = re.compile(
    "(?:加|添加|联系|咨询|扫码加)(?:老师|客服|我们?的?|专员|编辑|在线)*(?:微信|qq|v信|薇信|企鹅|扣扣|v:)"
    "|微信(?:号)?[: ]{0,2}[a-z][\\w-]{4,19}|(?:qq|扣扣)(?:号|群)?[: ]{0,2}\\d{5,11}|电话微信|微信同(?:号|电话)|(?:tg"
    "|telegram|电报)[: @]{1,3}\\w{4,20}"
    "|联系(?:老师|客服|写手)|[👉👈📞💰]|v(?:x|信)[: ]{0,2}[a-z0-9_-]{5,20}|(?<!\\d)1[3-9]\\d{9}(?!\\d)|在线客服"
    "|客服(?:qq|24小时)|24小时(?:热线|在线)|(?<![a-z])www\\.[a-z0-9.-]{4,40}"
)
# Hospitals have accounts too, and the ministries write against the trade.
_OFFICIAL = re.compile("我院|本院|比选|招标|采购|投标|公众号|官方微信|服务号|视频号|预约挂号|互联网医院|小程序")
_AGAINST = re.compile(
    "严禁|禁止|整治|查处|打击|杜绝|不得|治理|抵制|举报|严肃|违规|学术不端|警惕|谨防|取缔|通报|处理|诈骗|骗局|反诈|切勿|请勿|提醒"
)
DISCLAIMER = re.compile(
    "(?:以上|本)(?:文章|文|内容|稿件)?[^。\n]{0,8}(?:仅|只)代表作者(?:个人|本人)?(?:的)?观点|免责声明[:]|版权声明[:]"
    "|(?:本网|本站|本平台)(?:站)?(?:只|仅)?(?:是|为)?转载"
    "|如(?:有|涉及)[^。\n]{0,16}(?:侵权|版权|稿酬)[^。\n]{0,20}(?:联系|删除)|声明:(?:本文|以上|转载)"
)
# A writer ends with …… on purpose; three dots, or one …, are what a list of headlines leaves of a text.
OPEN_END = re.compile("[,、;:“‘(《][\\s]*$|(?<!…)…[\\s]*$|(?<!\\.)\\.\\.\\.[\\s]*$")
SHORTEST_OPEN = 6  # characters of a last line that ends in a comma
DANGLING = frozenset("的和与及在对为把被将并是以向从由让使于或而但")
_ENDING = '。！？!?.…”’"』」）)】》〉；;：:'  # what a finished paragraph ends in
SHORTEST_CLAUSE = 12  # characters; a last line below that is a name or a date
LONG_PARAGRAPH = 40  # characters; shorter lines are headings, signatures, captions
# The writer's name behind the last full stop: (…)。记者祝勇, 文/图 张三
_SIGNED = re.compile(
    r"[。！？”)）][\s]*(?:(?:本报|通讯员|记者|作者|撰稿|供稿|文|图|编辑|摄影|来源)[^。！？，,]{0,12}"
    r"|[^。！？，,]{2,3})$"
)
FEWEST_FINISHED = 2  # other long paragraphs, all finished, before a missing full stop means a cut


def without_tail(article: Article) -> tuple[Article, tuple[Evidence, ...]]:
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
    folded = fold(_QUOTED.sub("", text))  # what is quoted is somebody else's offer
    if _AGAINST.search(folded) or _OFFICIAL.search(folded):
        return 0.0
    rules = ((PREVIEW, 1.0), (GHOST_WRITING, 1.0), (FOR_SALE, 1.0), (CONTACT, 1.0), (REST, 0.5))
    several = len(set(FOR_SALE.findall(folded))) >= FEWEST_OFFERS
    return sum(weight for pattern, weight in rules if pattern.search(folded)) + (SEVERAL if several else 0.0)


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
    for evidence in article.cut:  # links behind the article
        if evidence.rule.startswith("cut:") and len(set(GAMBLING.findall(fold(evidence.text)))) >= FEWEST_LINKS:
            yield Evidence(rule="spam: gambling links", where=evidence.where, text=evidence.text, start=evidence.start)
    place = 0
    for line in article.text.split("\n"):
        if len(line) <= LONGEST_TAIL_LINE and CONTACT.search(fold(line)) and _score(line) >= ENOUGH:
            yield Evidence(rule="spam: for sale", where="text", text=line, start=place)
        place += len(line) + 1


def _without_disclaimer(text: str) -> tuple[str, list[Evidence]]:
    cut: list[Evidence] = []
    for _ in range(3):
        head, newline, last = text.rpartition("\n")
        if not newline or len(last) > LONGEST_TAIL_LINE or not DISCLAIMER.search(fold(last)):
            break
        cut.insert(0, Evidence(rule="disclaimer", where="text", text=last, start=len(head) + 1))
        text = head.rstrip()
    return text, cut


def truncated(article: Article) -> Iterator[Evidence]:
    """Why the text seems to go on elsewhere: it says so, or it ends inside a sentence."""
    lines = [line.strip() for line in article.text.split("\n") if line.strip()]
    places = [("text", line) for line in lines[-3:] if len(line) <= LONGEST_TAIL_LINE]
    places += [("text", e.text) for e in article.cut if e.rule.startswith("spam")]
    broken = bool(lines) and lines[-1].endswith(("…", "...")) and len(lines[-1]) >= SHORTEST_OPEN
    for where, line in places:
        folded = fold(_QUOTED.sub("", line))
        match = PREVIEW.search(folded) or REST.search(folded)
        if match:
            yield Evidence(rule="preview", where=where, text=line, start=_place(article.text, line))
    for evidence in article.cut:
        if evidence.rule.startswith(("spam", "repeat:")):
            continue
        folded = fold(evidence.text)
        # Links to other articles have 阅读全文 as well: only what speaks of this one, or follows a broken line, counts.
        of_this = evidence.rule == "cut:metadata" or (evidence.rule == "cut:controls" and broken)
        if PREVIEW.search(folded) or (of_this and REST.search(folded)):
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
    if len(last) < SHORTEST_OPEN:
        return False
    if OPEN_END.search(last.translate({0xFF0C: ",", 0xFF1B: ";", 0xFF1A: ":", 0xFF08: "("})) and not last.endswith(
        (":", "：")
    ):
        return True
    if len(last) < SHORTEST_CLAUSE or last[-1] in _ENDING or not "\u4e00" <= last[-1] <= "\u9fff":
        return False
    if _SIGNED.search(last):
        return False
    if last[-1] in DANGLING and len(last) >= LONG_PARAGRAPH // 2:
        return True
    others = [line for line in lines[:-1] if len(line) >= LONG_PARAGRAPH]
    finished = all(line[-1] in _ENDING for line in others)
    inside = any(sign in last for sign in "。！？，,；")
    return inside and finished and len(others) >= FEWEST_FINISHED
