"""The links of a page with what stands around them: in goes a parsed page, out come `Anchor`s.

An anchor has its URL, its words, the block of links that it belongs to and the day beside it. Links by script
(`onclick="window.open('…')"`) are links as well. A day may stand in two or three elements: `<b>22</b><i>2022-08</i>`.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from typing import Any

from pipeline.dates import Printed, first_date
from pipeline.records import Site
from spiders.links import beside_site, clean_url, on_site
from spiders.scripts import built, opened

MAXIMUM_LIST = 4 * 1024 * 1024  # bytes of a page that is read for links; a larger one is kept all the same
# Words, slashes and equals signs of a page, together: no tag can have more attributes than that, and the parser's work
# is quadratic in them (measured: 60,000 in one tag 3.6 s, 200,000 62 s; a real page has 4,000, the largest 60,000).
MAXIMUM_MARKS = 70_000
MAXIMUM_LINKS = 5_000  # anchors of a page that are looked at
RECORD = "<record><![CDATA["
MAXIMUM_RECORDS = 500  # links that a page keeps in a script
PIECES = 60  # text pieces of an element that are read
MAXIMUM_BESIDE = 6  # letters and numerals that may stand with a date: 发布日期
LONGEST_ROW = 400  # characters around a link in which its date is looked for
LONGEST_TITLE = 200  # characters
LONG_TEXT = 60  # characters from which a link's text is more than a title
FRAME = re.compile(r"nav|menu|header|foot|crumb|friend|flink|copyright|login|toolbar|position|location", re.IGNORECASE)
# What is different from row to row within a block, in a class or an id.
ROW_MARK = re.compile(r"\d+|\b(?:odd|even|first|last|cur|current|active|on|hover|top|new)\b")
DATE = re.compile(r"(?a:(?<!\d)((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d))")
YEAR = re.compile(r"(?a:(?<!\d)(?:19|20)\d\d(?!\d))|[一二][〇○零]")
SHORT_DATE = re.compile(
    r"(?a:^[\[(（【]?(?:\d\d\s?[-/.年]\s?)?\d{1,2}\s?[-/.月]\s?\d{1,2}日?[\])）】]?$)|^\d{1,2}\s?(?:分钟|小时|天)前$|^[昨今前]天$"
)
# A day whose parts are elements of their own, joined by "|".
SPLIT_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?a:(?:^|\|)(?P<day>\d{1,2})日?\|(?P<year>(?:19|20)\d\d)\s?[-/.年]\s?(?P<month>\d{1,2})月?(?:$|\|))",
        r"(?a:(?:^|\|)(?P<year>(?:19|20)\d\d)\s?[-/.年]\s?(?P<month>\d{1,2})月?[-/.]?\|(?P<day>\d{1,2})日?(?:$|\|))",
        r"(?a:(?:^|\|)(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})日?\|(?P<year>(?:19|20)\d\d)年?(?:$|\|))",
        r"(?a:(?:^|\|)(?P<year>(?:19|20)\d\d)年?\|(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})日?(?:$|\|))",
        r"(?a:(?:^|\|)(?P<day>\d{1,2})日?\|[-/]?(?P<month>\d{1,2})月\|(?P<year>(?:19|20)\d\d)年?(?:$|\|))",
        r"(?a:(?:^|\|)(?P<year>(?:19|20)\d\d)年?\|(?P<month>\d{1,2})月?\|(?P<day>\d{1,2})日?(?:$|\|))",
    )
)
SHORT_PIECE = 10  # characters of a part of such a day


@dataclasses.dataclass(slots=True)
class Anchor:
    """A link: `group` is where it stands; `date` is a day in ISO 8601, `printed` as printed, `dated`: there is some."""

    url: str
    text: str
    element: Any
    group: tuple[str, ...]
    own: bool = True  # on the site's hosts
    date: str = ""
    printed: str = ""
    dated: bool = False
    framed: bool = False  # in a menu, a footer
    script: str = ""  # what it does when it leads nowhere: javascript:page(2)


def too_costly(body: bytes) -> str:
    """Why a page must not be parsed in the crawler's own process, or an empty string."""
    if len(body) > MAXIMUM_LIST:
        return f"larger than {MAXIMUM_LIST // 1024**2} MiB"
    marks = len(body.split()) + body.count(b"/") + body.count(b"=")
    return f"{marks} words and attributes" if marks > MAXIMUM_MARKS else ""


def parse(text: str) -> Any:
    """The tree of a page; None when there is nothing in it."""
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        return lxml.html.document_fromstring(_with_records(text).encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        return None


def _with_records(text: str) -> str:
    """The page with the rows that Hanweb's lists keep in a script: <record><![CDATA[<li>…</li>]]></record>."""
    found: list[str] = []
    at = 0
    while len(found) < MAXIMUM_RECORDS and (at := text.find(RECORD, at)) >= 0:
        end = text.find("]]>", at)
        if end < 0:
            break
        found.append(text[at + len(RECORD) : end])
        at = end
    if not found:
        return text
    place = text.rfind("</body")  # the parser drops what comes after it
    place = place if place >= 0 else len(text)
    return f"{text[:place]}<ul>{''.join(found)}</ul>{text[place:]}"


def base_of(document: Any, url: str, encoding: str) -> str:
    """What the links of a page are relative to."""
    for element in itertools.islice(document.iter("base"), 1):
        return clean_url(element.get("href") or "", url, encoding) or url
    return url


def anchors(document: Any, text: str, base: str, site: Site, encoding: str) -> list[Anchor]:
    """The links of a page in their order: those on the site, beside it (a subdomain), and those by script."""
    found = []
    clicked = document.xpath("//a | //*[@onclick]") if "onclick" in text else document.iter("a")
    for element in itertools.islice(clicked, MAXIMUM_LINKS):
        href, click = element.get("href") or "", element.get("onclick") or ""
        if element.tag != "a" and any(True for _ in element.iter("a")):
            continue  # a row with links of its own
        url = clean_url(href, base, encoding) or _scripted(element, text, base, encoding)
        own = bool(url) and on_site(url, site)
        if url and not own and not beside_site(url, site):
            continue
        found.append(_anchor(element, url, own, "" if url else click or href))
    return found


def _scripted(element: Any, text: str, base: str, encoding: str) -> str:
    """Where a link leads that is a script, by what a click does."""
    for script in (element.get("href") or "", element.get("onclick") or ""):
        for address in [one] if (one := opened(script)) else built(script, text) if "(" in script else ():
            if url := clean_url(address, base, encoding):
                return url
    return ""


def _anchor(element: Any, url: str, own: bool, script: str) -> Anchor:
    text = _title(element)
    full = " ".join((element.get("title") or "").split())[:LONGEST_TITLE]
    if len(full) > len(text) or (text.endswith(("…", "...", "..")) and len(full) >= 6):
        text = full  # the list shows a shortened title
    group = _group(element)
    anchor = Anchor(url, text, element, group, own=own, script=script)
    anchor.framed = any(FRAME.search(part) for part in group)
    if url:
        anchor.date, anchor.printed, anchor.dated = _date_beside(element)
    return anchor


def _title(element: Any) -> str:
    """The words of a link; of a whole card its heading, or its first words that are more than a date."""
    text = words(element, LONGEST_TITLE)
    if not text:
        images = itertools.islice(element.iter("img"), 1)
        return next((" ".join((image.get("alt") or image.get("title") or "").split()) for image in images), "")[:80]
    if len(element) == 0 or (len(text) <= LONG_TEXT and not text[0].isdigit()):
        return text
    for heading in itertools.islice(element.iter("h1", "h2", "h3", "h4", "h5", "h6", "dt", "strong"), 1):
        if found := words(heading, LONGEST_TITLE):
            return found
    long = (" ".join(piece.split()) for piece in pieces(element) if length(piece) >= 5)
    return next(long, text)[:LONGEST_TITLE]


def _group(element: Any) -> tuple[str, ...]:
    """Where a link stands: tag and class of the elements around it. The links of one block have this in common."""
    group = []
    for around in itertools.islice(element.iterancestors(), 6):
        name = around.tag if isinstance(around.tag, str) else ""
        marks = f"{(around.get('class') or '')[:60]}#{(around.get('id') or '')[:60]}"
        group.append(f"{name}.{' '.join(ROW_MARK.sub('', marks).split())}")
    return tuple(group)


def pieces(element: Any) -> list[str]:
    """The first pieces of text in an element. Counted in steps, not in pieces: there may be depth without text."""
    from lxml.etree import iterwalk

    found = []
    for event, node in itertools.islice(iterwalk(element, events=("start", "end")), 3 * PIECES):
        piece = node.text if event == "start" else node.tail if node is not element else None
        if piece and not (piece := piece[: LONGEST_ROW + 1]).isspace():
            found.append(piece)
    return found[:PIECES]


def words(element: Any, limit: int) -> str:
    """The text of an element in one line, of at most `limit` characters."""
    if element is None:
        return ""
    return " ".join(" ".join(piece[:limit] for piece in pieces(element)).split())[:limit]


def length(text: str) -> int:
    """Letters and numerals of a text, without a date that stands in it."""
    return sum(char.isalnum() for char in DATE.sub("", text))


def _date_beside(element: Any) -> tuple[str, str, bool]:
    """The day beside a link, the same as printed, and whether there is any date at all (a month and day will do)."""
    around, inside = element, ""
    for _ in range(4):
        found = pieces(around)
        term = next(around.itersiblings("dt", preceding=True), None) if around.tag == "dd" else None
        if term is not None:
            found = [words(term, 80), *found]
        text = " ".join(found)
        if len(text) > LONGEST_ROW or len(found) >= PIECES:
            return inside, "", bool(inside)
        printed = next(filter(None, map(_date_alone, found)), None)
        day = (printed.iso or "")[:10] if printed else _split_date(found)
        if day and not _has_another(around, element):
            return day, printed.raw if printed else day, True
        match = DATE.search(text)
        if match and 1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31:
            inside = inside or f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"  # the title's; is another beside it?
        if any(SHORT_DATE.match(piece.strip()) for piece in found):
            return inside, "", True
        around = around.getparent()
        if around is None or len(set(_hrefs(around))) > 3:  # a block of links: the date would be another's
            return inside, "", bool(inside)
    return inside, "", bool(inside)


def _split_date(found: list[str]) -> str:
    """A day whose parts are elements of their own, in ISO 8601: 22 | 2022-08, 2022 | 08-22, 22 | 08月 | 2022."""
    parts = [piece.strip(" \t\r\n[]()（）/-.") for piece in found]
    if not any(1 <= len(part) <= 2 or SHORT_DATE.match(part) for part in parts):
        return ""
    joined = "|".join(part if len(part) <= SHORT_PIECE else "…" for part in parts)
    for form in SPLIT_DATES:
        match = form.search(joined)
        if match and 1 <= int(match["month"]) <= 12 and 1 <= int(match["day"]) <= 31:
            return f"{match['year']}-{int(match['month']):02}-{int(match['day']):02}"
    return ""


def _has_another(around: Any, element: Any) -> bool:
    """Whether the link to another article stands there too, whose date it may be; the link of a category is short."""
    links = itertools.islice(around.iter("a"), 8)
    return any(link.get("href") != element.get("href") and length(words(link, 80)) >= 8 for link in links)


def _date_alone(piece: str) -> Printed | None:
    """The date that a piece of text consists of, but for a few words: 发布时间：2022-08-22, [2022年8月22日]."""
    if YEAR.search(piece) is None:
        return None
    printed = first_date(piece)
    if printed is None or sum(map(str.isalnum, piece[: printed.start] + piece[printed.end :])) > MAXIMUM_BESIDE:
        return None
    return printed


def _hrefs(element: Any) -> Iterator[str]:
    return ((link.get("href") or "").partition("#")[0] for link in itertools.islice(element.iter("a"), 8))
