"""The container of an article in, its lines out, with what was left out and why.

read_body(page, choice, headline) -> Body            the lines of the article, captions, cuts
metadata_lines(page, headline, body) -> (before, after)
"""

from __future__ import annotations

import dataclasses
import re

from pipeline.blocks import Block, Page
from pipeline.bylines import is_credit
from pipeline.containers import LONGEST_CELL, Choice, asides, heads_links
from pipeline.labels import is_label
from pipeline.lines import LONGEST_LINE, Line, is_ui, read_line
from pipeline.marks import DISCLAIMER, EDITOR_LINE, END, FOOTER, HARD_END, NUMBER, is_prose
from pipeline.pairs import line_at, lines_at
from pipeline.records import Evidence
from pipeline.titles import fold_title, site_parts

LONGEST_CUT = 200  # characters of a cut line that are kept as evidence
MOST_CUTS = 60  # lines left out that are kept as evidence
_CAPTIONED = 150  # characters of prose; under it a line such as 图为… is the article itself
_CENTRED = 60  # characters of prose, when the line under the picture is centred as well
_LONGEST_CAPTION = 40  # characters of a line that counts as a caption only because it stands under a picture
_CAPTION_TAGS = frozenset({"p", "div", "center", "td", "section", "span"})
_HEADINGS = frozenset({"h1", "h2", "h3"})
_LEAST_SUMMARY = 20  # characters
_NUMBERED = re.compile(r"[（(]?[一二三四五六七八九十\d]{1,3}[、.．)）]")  # a sub-heading, not a caption
_LONGEST_PARTICULARS = 24  # blocks
_FIELD_TAGS = frozenset({"th", "dt"})
_FIELD_NAMES = frozenset(
    {"内容", "正文", "标题", "附件", "主旨", "详细内容", "公告内容", "新闻内容", "信息内容", "相关附件"}
)
_LONGEST_SUBTITLE = 30  # characters
_CONTENT_AFTER = 25  # blocks between the headline and the body at most
_CAPTION = re.compile(
    r"^[▲△▼↑↓◆●■(（【\[]*\s*(?:图为|上图|下图|左图|右图|图[一二三四五六七八九十\d]{0,3}\s?[:：]|图片说明|图片来源|"
    r"图说|资料(?:图|照片))"
)
_CAPTION_NAME = re.compile(r"caption|figcaption|tuzhu|img-?desc|pic-?desc|photo-?desc|picinfo|img_?note")
_STOP = re.compile("[。！？!?；;…：:，,]$")


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


@dataclasses.dataclass(frozen=True, slots=True)
class _Around:
    """What is known of a container's blocks before its lines are read."""

    noise_share: float  # of the characters, in nodes named like noise
    beside: set[int]  # blocks of boxes such as 医院简介
    pictures: set[int]  # blocks with a picture right before them
    under: set[int]  # blocks of a row of captions
    attached: set[int]  # blocks with a link to a file
    prose: int  # characters


def read_body(page: Page, choice: Choice, headline: int | None) -> Body:
    """The lines of the article between the ends of its container."""
    body = Body([], [], [], [], choice.start, choice.start, choice.end)
    start, end = choice.start, choice.end
    if headline is not None and start <= headline < end:
        start = headline + 1
    around = _around(page, start, end, headline)
    read = 0
    counted = -1  # the number of a visitor counter whose label has just been left out
    kept: list[int] = []
    for index in range(start, end):
        block = page.blocks[index]
        rule = "cut:controls" if index == counted else _rule(page, index, around, read, bool(kept))
        if rule == "cut:end":
            body.end = index
            for after in range(index, end):
                _cut(body, "cut:after the article", page.blocks[after].text)
            break
        if rule:
            _cut(body, rule, block.text)
            counted = index + 1 if rule == "cut:controls" and line_at(page, index)[1] > 1 else counted
        elif _is_caption(page, index, around):
            body.captions.append(block.text)
        else:
            kept.append(index)
            read += len(block.text) if is_prose(block) else 0
    kept = _without_first_title(page, kept, body, headline)
    kept = _without_edges(page, kept, body)
    kept = _without_title(page, kept, body, headline)
    kept = _without_last_captions(page, kept, body)
    body.blocks = kept
    body.lines = joined_lines(page, kept)
    if kept:
        body.first, body.last = kept[0], kept[-1]
    return body


def _around(page: Page, start: int, end: int, headline: int | None) -> _Around:
    blocks = range(start, end)
    beside = {index for first, last in asides(page, headline) for index in range(first, last)}
    return _Around(
        noise_share=_noise_share(page, start, end),
        beside=beside if any(index not in beside for index in blocks) else set(),
        pictures={image.at for image in page.images if not page.nodes[image.node].noise},
        under=_row_of_captions(page, start, end),
        attached={attachment.at for attachment in page.attachments},
        prose=sum(len(page.blocks[index].text) for index in blocks if is_prose(page.blocks[index])) or 1,
    )


def _rule(page: Page, index: int, around: _Around, read: int, begun: bool) -> str:
    """The rule by which a block is no part of the article, or an empty string; `read` prose stands before it."""
    if index in around.beside:
        return "cut:beside the article"
    rule = _why_cut(page, index, read / around.prose, begun, around.noise_share)
    return "" if rule == "cut:links" and index in around.attached else rule


def _cut(body: Body, rule: str, text: str) -> None:
    if len(body.cuts) < MOST_CUTS:
        body.cuts.append(Evidence(rule=rule, where="page", text=text[:LONGEST_CUT]))


def _noise_share(page: Page, start: int, end: int) -> float:
    """Share of the characters of a range in nodes named like noise; a container that is all noise is none."""
    total = noise = 0
    for block in page.blocks[start:end]:
        total += len(block.text)
        noise += len(block.text) if block.noise else 0
    return noise / total if total else 0.0


def _why_cut(page: Page, index: int, read: float, begun: bool, noise_share: float) -> str:
    """The rule by which a block is no part of the article, or an empty string; `read` is a share of the prose."""
    block = page.blocks[index]
    text = block.key
    if block.hidden:
        return "cut:hidden"
    if block.noise and noise_share < 0.5:
        return "cut:beside the article"
    if begun and len(text) <= 60 and END.match(text) and (read >= 0.4 or heads_links(page, index)):
        return "cut:end" if block.stops < 2 else "cut:disclaimer"
    if begun and read >= 0.6 and HARD_END.match(text):
        return "cut:end" if len(text) <= 100 and block.stops < 3 else "cut:disclaimer"
    if begun and read >= 0.6 and len(text) <= 40 and not block.stops and EDITOR_LINE.match(text):
        return "cut:end"
    if len(text) <= 60 and HARD_END.match(text):
        return "cut:controls"
    if is_ui(text) and not NUMBER.fullmatch(text):
        return "cut:controls"
    if block.linked > 0.8 * len(text) and len(text) < 150 and not block.row:
        return "cut:links"
    if block.tag in _FIELD_TAGS and text.rstrip(":： ") in _FIELD_NAMES:
        return "cut:controls"
    if len(text) < 300 and FOOTER.search(text) and block.stops < 4:
        return "cut:footer"
    if len(text) < 300 and DISCLAIMER.search(text) and (read >= 0.9 or not begun):
        return "cut:disclaimer"
    return ""


def _row_of_captions(page: Page, start: int, end: int) -> set[int]:
    """The blocks of rows that hold a caption for each picture of the row above."""
    rows: dict[int, list[int]] = {}
    for index in range(start, end):
        if page.blocks[index].row:
            rows.setdefault(page.blocks[index].row, []).append(index)
    above: dict[int, int] = {}
    for image in page.images:
        above[image.at] = above.get(image.at, 0) + 1
    return {
        index
        for row in rows.values()
        if len(row) > 1 and above.get(row[0]) == len(row) == len({page.blocks[i].cell for i in row})
        for index in row
        if len(page.blocks[index].text) <= _LONGEST_CAPTION and not page.blocks[index].stops
    }


def _is_centred(page: Page, block: Block) -> bool:
    element = page.nodes[block.node].element
    style = (element.get("style") or "").replace(" ", "").lower()
    return element.tag == "center" or element.get("align") == "center" or "text-align:center" in style


def _is_caption(page: Page, index: int, around: _Around) -> bool:
    """Whether a block stands under a picture and tells what is on it. In a very short text it is the article itself."""
    block, under_picture = page.blocks[index], index in around.pictures
    if index in around.under:
        return True
    if around.prose < _CAPTIONED and not (
        around.prose >= _CENTRED and under_picture and not block.stops and _is_centred(page, block)
    ):
        return False
    # 供稿：产科 under the last picture is none
    return _looks_like_caption(page, block, under_picture) and not any(
        kind != "photographer" for kind, _ in read_line(block.pieces).fields
    )


def _looks_like_caption(page: Page, block: Block, under_picture: bool) -> bool:
    name = page.nodes[block.node].name
    if block.tag == "figcaption" or (name and _CAPTION_NAME.search(name)):
        return True
    if under_picture and len(block.text) <= _LONGEST_CAPTION and not block.linked and block.tag in _CAPTION_TAGS:
        return not _STOP.search(block.text) and not _NUMBERED.match(block.text)
    return len(block.text) <= 80 and bool(_CAPTION.match(block.key))


def _without_first_title(page: Page, kept: list[int], body: Body, headline: int | None) -> list[int]:
    """The lines without the title when it stands over them once more, perhaps above a date line."""
    if len(kept) < 2 or headline is None:
        return kept
    if fold_title(page.blocks[kept[0]].text) != fold_title(page.blocks[headline].text):
        return kept
    _cut(body, "cut:title", page.blocks[kept[0]].text)
    return kept[1:]


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
    dropped = set(again)
    return [i for i in kept if i not in dropped] if len(again) < len(kept) else kept


def _without_last_captions(page: Page, kept: list[int], body: Body) -> list[int]:
    """Short lines without a full stop after a caption at the end of the article are captions as well."""
    if not body.captions:
        return kept
    last_caption = max(i for i in range(body.first, len(page.blocks)) if page.blocks[i].text == body.captions[-1])
    while kept and kept[-1] > last_caption and len(page.blocks[kept[-1]].text) <= 40:
        block = page.blocks[kept[-1]]
        if block.stops or _STOP.search(block.text) or read_line(block.pieces).is_metadata:
            break
        body.captions.append(block.text)
        kept = kept[:-1]
    return kept


def _without_edges(page: Page, kept: list[int], body: Body) -> list[int]:
    """Metadata lines off the beginning and the end of the lines."""
    begin, end = _after_date_line(page, kept), len(kept)
    for index in kept[:begin]:
        _cut(body, "cut:metadata", page.blocks[index].text)
    while begin < end and (blocks := _edge(page, kept[begin : min(begin + 2, end)], first=True)):
        for index in kept[begin : begin + blocks]:
            _cut(body, "cut:metadata", page.blocks[index].text)
        begin += blocks
    while end > begin and (blocks := _edge(page, kept[max(begin, end - 2) : end], first=False)):
        for index in reversed(kept[end - blocks : end]):
            _cut(body, "cut:metadata", page.blocks[index].text)
        end -= blocks
    while end > begin and _is_site(page, kept[max(begin, end - 2) : end]):
        end -= 1
        _cut(body, "cut:footer", page.blocks[kept[end]].text)
    return kept[begin:end]


def _is_site(page: Page, kept: list[int]) -> bool:
    """Whether the last line is the site's name in a part of the page of its own: no signature, a footer."""
    last = page.blocks[kept[-1]]
    if fold_title(last.text) not in site_parts(page.title):
        return False
    before = page.blocks[kept[-2]] if len(kept) > 1 else None
    return before is None or (
        before.node != last.node and page.nodes[before.node].parent != page.nodes[last.node].parent
    )


def _after_date_line(page: Page, kept: list[int]) -> int:
    """How many lines to leave out when one of the first is a date line: what is above it is no more than a name."""
    for number, index in enumerate(kept[:4]):
        block = page.blocks[index]
        if len(block.text) > 80:
            return 0
        line = read_line(block.pieces)
        if line.is_metadata and line.dates and (line.dates[0].time or line.fields):
            return number + 1
        if block.stops or len(block.text) > _LONGEST_SUBTITLE:
            return 0
    return 0


def _edge(page: Page, kept: list[int], *, first: bool) -> int:
    """How many of the first or last two blocks are a line of metadata: 0, 1, or a label and its value."""
    line, blocks = line_at(page, kept[0])
    together = blocks == 2 and kept[-1] == kept[0] + 1
    if (first or together) and _is_edge(page.blocks[kept[0]], line, first=first):
        return 2 if together else 1
    return 0 if first else int(_is_edge(page.blocks[kept[-1]], line_at(page, kept[-1])[0], first=False))


def _is_edge(block: Block, line: Line, *, first: bool) -> bool:
    if len(block.text) > LONGEST_LINE or (len(block.text) > 120 and block.stops > 4):
        return False
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
    return {row for row, lengths in cells.items() if len(lengths) > 1 and max(lengths.values()) <= LONGEST_CELL}


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
    return lines_at(page, before), lines_at(page, after)


def _above(page: Page, begin: int) -> int:
    """Where the lines above the headline begin: a few blocks, or the table of a public document's particulars."""
    first = max(0, begin - 6)
    while (
        first and begin - first < _LONGEST_PARTICULARS and all(map(_is_particular, page.blocks[first - 1 : first + 1]))
    ):
        first -= 1
    return first


def _is_particular(block: Block) -> bool:
    return block.row > 0 or block.tag in {"dt", "dd"} or is_label(block.key)
