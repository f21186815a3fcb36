"""Signs that a page is not the hospital's own: a hijacked site, a clone, a page in another name.

In: a page's places (`Page`): title, source, author, body, the whole page, its address, the site it should be of. Out:
evidence, when the weights of what was found come to `THRESHOLD`. The signals and their weights come from 75 bad and 90
clean pages of the web (a brand with a code: 21 of 75 bad, 0 of 90 clean; swapped roles 6 and 0; a line of porn keywords
11 and 0 …). Patterns are searched in folded text, so that they are written once for both scripts; the evidence is the
printed text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from pipeline.brands import (
    ANY_BRAND,
    BETTING_BRAND,
    BOOKMAKER,
    CODED_BRAND,
    FEWEST_PORN_WORDS,
    GAMBLING,
    LETTERED_BRAND,
    NAMED_BRAND,
    PORN,
    REPORTED,
)
from pipeline.fold import fold, fold_map, script_of
from pipeline.records import Article, Evidence, Site, netloc_of

THRESHOLD = 3.0  # sum of the weights that makes a page hijacked
PORN_SENTENCE = 2  # different words in one short sentence
LONGEST_PORN_SENTENCE = 40  # characters
AGAINST = re.compile("扫黄|打击|抵制|拒绝|整治|严禁|禁止|违法|警惕|防范|预防")  # whoever writes against it
CODED_SOURCE = re.compile(r"^(?=[a-z]*\d)(?:[a-z]{1,4}\d{5,12}|\d{3,6}[a-z]{2,4}(?=[\u4e00-\u9fff]).{0,12})$")
NEAR_BRAND = 40  # characters before and after a name in which the rest of a match stands; the longest has 30
REPORTED_AROUND = 60  # characters before and after a brand

SWAPPED_ROLES = re.compile(
    "(?<![兽中牙名西良御])医公司|(?:住|出|入|转)公司(?:治疗|患者|病人|部|楼|指征|手续)|公司(?:感染管理科|感科|门诊"
    "|急诊科|病房|护理部)"
    "|医(?:学|务)公司(?:附属|第[一二三]|院长)|(?:人民|中心|附属|中医|第[一二三四])医院(?:总)?经理"
)
TEMPLATE_HOLE = re.compile(
    r"\[db:[^\[\]\s]{1,12}\]|\[!--[a-z.]{2,30}--\]|\{(?:dede|pboot|eyou|aspcms|cms):[^{}]{1,40}\}|\{\$[a-z_.]{2,30}\}"
    r"|<%=[^%]{1,40}%>|[$#]\{[a-z_][\w.]{1,30}\}|\{\{ ?[a-z_][\w. |]{1,40}\}\}|\[(?:标签|字段|field"
    r"|label):[^\[\]\s]{1,12}\]"
)
# What is a hole only where a value should stand.
BARE_HOLE = re.compile(r"%[a-z_]{3,20}%|\{[a-z][a-z_]{2,20}\}|#[a-z_]{3,20}#")
LINK_FARM = re.compile("蜘蛛池|站群系统|黑链代发|快排系统")
RANDOM_QUERY = re.compile(r"\?[A-Za-z]{4,8}=[A-Za-z]{1,2}\.html?$")
_HOSPITAL = re.compile(
    "[\u4e00-\u9fff]{2,12}?(?:人民医院|中医医院|中医院|中西医结合医院|妇幼保健院|附属医院"
    "|第[一二三四五六七八九十]{1,2}医院|中心医院|总医院|肿瘤医院|儿童医院|专科医院|医学院|卫生院)"
)
FEWEST_NAMINGS = 4  # of another hospital, when the site's own is not named once
MAINLAND = re.compile(
    "党支部|党委|党建|党组织|卫健委|卫生健康委|不忘初心|中国特色社会主义|习近平|共产党员|主题党日|三级甲等|新农合"
)
ELSEWHERE = (".hk", ".mo", ".tw", ".sg", ".my")  # where traditional characters, or Chinese of any kind, are at home
PUBLIC_HOSTS = (".gov.cn", ".edu.cn", "mp.weixin.qq.com")  # they repost a hospital's text by right


class Page:
    """The places to look in, folded once, with the way back to what was printed."""

    def __init__(self, article: Article, site: Site | None, page_text: str) -> None:
        self.article, self.site = article, site
        self.port_host = netloc_of(article.url)
        self.host = self.port_host.rpartition("@")[2].partition(":")[0]
        values = {"title": article.title, "source": article.source, "author": article.author, "text": article.text}
        values["page"] = page_text
        values["site"] = re.split("[-_|–—]", page_text.partition("\n")[0])[-1]  # how the page's own title ends
        values["labels"] = "\n".join(evidence.text for evidence in article.cut if evidence.rule == "cut:metadata")
        self.printed = {where: value for where, value in values.items() if value}
        self.folded = {where: fold(value) for where, value in self.printed.items()}
        self.brands = {where: list(_around_brands(text)) for where, text in self.folded.items()}

    def search(
        self, pattern: re.Pattern[str], places: Sequence[str], *, limit: int = 5, brands: bool = False
    ) -> Iterator[tuple[str, int, int]]:
        """Matches in these places, the page last and only where the article does not have them already.

        With `brands`, only where a name of a brand is near.
        """
        seen: set[str] = set()
        for where in places:
            if where in self.folded:
                folded = self.folded[where]
                spans = self.brands[where] if brands else [(0, len(folded))]
                matches = (match for start, end in spans for match in pattern.finditer(folded, start, end))
                for match in itertools.islice(matches, limit):
                    if where == "page" and match[0] in seen:
                        continue
                    seen.add(match[0])
                    yield where, match.start(), match.end()

    def evidence(self, rule: str, where: str, start: int, end: int) -> Evidence:
        """What stands at this place of the folded text, as printed."""
        offsets = fold_map(self.printed[where])[1]  # only for what is found: most pages have nothing
        return Evidence(
            rule=rule, where=where, text=self.printed[where][offsets[start] : offsets[end]], start=offsets[start]
        )

    def around(self, where: str, start: int, end: int) -> str:
        """The folded text around a match."""
        return self.folded[where][max(0, start - REPORTED_AROUND) : end + REPORTED_AROUND]


def _around_brands(folded: str) -> Iterator[tuple[int, int]]:
    """Where a brand may be named: the spans around every name of one, those that touch as one."""
    begins = ends = 0
    for match in ANY_BRAND.finditer(folded):
        if ends and match.start() - NEAR_BRAND > ends:
            yield begins, ends
            ends = 0
        if not ends:
            begins = max(0, match.start() - NEAR_BRAND)
        ends = min(len(folded), match.end() + NEAR_BRAND)
    if ends:
        yield begins, ends


PLACES = ("title", "source", "author", "site", "text", "page")
NAMES = ("title", "source", "author", "site")  # in these a name stands for the publisher


def hijacked(page: Page) -> tuple[Evidence, ...]:
    """The evidence, the weightiest first; nothing when it does not suffice."""
    signals = [*_brands(page), *_holes(page), *_porn(page), *_owner(page)]
    if sum(weight for weight, _ in signals) < THRESHOLD:
        return ()
    return tuple(evidence for _, evidence in sorted(signals, key=lambda signal: -signal[0]))


def _brands(page: Page) -> Iterator[tuple[float, Evidence]]:
    rules = (
        ("brand with a code", CODED_BRAND, PLACES, 3.0),
        ("bookmaker", BOOKMAKER, PLACES, 3.0),
        ("betting brand", BETTING_BRAND, PLACES, 1.5),
        ("brand with letters", LETTERED_BRAND, PLACES, 1.5),
        ("betting brand as a name", NAMED_BRAND, NAMES[1:], 3.0),
    )
    taken: set[tuple[str, int]] = set()
    for rule, pattern, places, weight in rules:
        for where, start, end in page.search(pattern, places, brands=True):
            if REPORTED.search(page.around(where, start, end)) or (where, start) in taken:
                continue
            taken.add((where, start))
            yield 3.0 if where in NAMES else weight, page.evidence(rule, where, start, end)
    for where, start, end in page.search(GAMBLING, ("title", "text"), limit=3):
        if not REPORTED.search(page.around(where, start, end)):
            yield 1.0, page.evidence("gambling", where, start, end)
    for where, start, end in page.search(CODED_SOURCE, ("source",)):
        yield 3.0, page.evidence("source is a code", where, start, end)
    for where, start, end in page.search(SWAPPED_ROLES, PLACES):
        yield 3.0, page.evidence("swapped roles", where, start, end)


def _holes(page: Page) -> Iterator[tuple[float, Evidence]]:
    for where, start, end in page.search(TEMPLATE_HOLE, PLACES):
        yield 3.0, page.evidence("template hole", where, start, end)
    for where, start, end in page.search(BARE_HOLE, (*NAMES, "labels")):
        yield 3.0, page.evidence("template hole", where, start, end)
    for where, start, end in page.search(LINK_FARM, ("text", "page")):
        yield 3.0, page.evidence("link farm", where, start, end)
    match = RANDOM_QUERY.search(page.article.url)
    if match:
        yield 1.5, Evidence(rule="random query", where="url", text=match[0], start=match.start())


def _porn(page: Page) -> Iterator[tuple[float, Evidence]]:
    for where in ("title", "text", "page"):
        if where not in page.folded or len(set(PORN.findall(page.folded[where]))) < PORN_SENTENCE:
            continue
        start = 0
        for line in page.folded[where].split("\n"):
            words = len(set(PORN.findall(line)))
            if words >= FEWEST_PORN_WORDS or (words and _has_porn_sentence(line) and not AGAINST.search(line)):
                yield 3.0, page.evidence("porn keywords", where, start, start + min(len(line), 80))
                return
            start += len(line) + 1


def _has_porn_sentence(line: str) -> bool:
    """Whether one short sentence of a line is made of such words: honest ones come apart, and in longer sentences."""
    sentences = re.split("[。!?;，,]", line)
    return any(
        len(sentence) <= LONGEST_PORN_SENTENCE and len(set(PORN.findall(sentence))) >= PORN_SENTENCE
        for sentence in sentences
    )


def _owner(page: Page) -> Iterator[tuple[float, Evidence]]:
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


def _other_hospital(page: Page) -> Iterator[tuple[float, Evidence]]:
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
