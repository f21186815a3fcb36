"""A captured page in, an `Article` or a `Rejection` out.

    clean(capture, site) -> Article | Rejection
    clean_page(html, url) -> Article | Rejection      # the same for bytes without a capture

The steps: decode the bytes, read the blocks, undo what a clone site injected, choose the container of the article, read
its lines and the metadata around it, judge the result. What is no article gets the reason; nothing is dropped silently,
and every line that was left out is in `Article.cut` with its rule.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping

from pipeline.blocks import MAXIMUM_BYTES, Block, Page, TooCostlyError, parse
from pipeline.body import Body, joined_lines, metadata_lines, read_body
from pipeline.containers import Choice, choose, dates_page
from pipeline.dates import first_date
from pipeline.decode import Decoded, decode
from pipeline.fold import fold, script_of
from pipeline.headlines import Headline, find_headlines, nearest
from pipeline.kinds import REASONS, no_article, wrong_bytes, wrong_status
from pipeline.labels import is_label
from pipeline.lines import every, first, is_ui, read_line
from pipeline.marks import GREETING, is_prose
from pipeline.media import frames_of, media_of
from pipeline.metadata import SECTION_WORD, Reading, credits_of, published_of, section_of, source_of, title_of
from pipeline.parts import NONE, may_have_pages, pages_of
from pipeline.quality import judge
from pipeline.records import Article, Capture, Evidence, Layout, Rejection, Repair, Site, netloc_of
from pipeline.repair import Damage, assess, repair
from pipeline.repeat import drop_repeats
from pipeline.stored import stored_lines
from pipeline.titles import is_site_name, says_nothing, without_site

__all__ = ["CLEANER", "REASONS", "clean", "clean_page"]

CLEANER = "2"  # raise it when the rules change: articles of an older number are cleaned again from their captures
_SCRIPT_SAMPLE = 500  # characters that tell whether a page is traditional
_RESCUED_TEXT = 60  # characters that trafilatura has to find then
_SHORT_FIELDS = ("source", "author", "contributor", "editor", "reviewer", "section")
_LONGEST_METADATA = 10  # blocks of metadata between a headline and its date
_SHORT_TITLE = 6  # characters of a `<title>` that may be a section's name
_LEAST_TEXT = 20  # characters of body below which trafilatura is asked as well


def clean(capture: Capture, site: Site | None = None) -> Article | Rejection:
    """Read the article out of a captured page; `site` is the one that the capture belongs to."""
    read = (
        _by_crawler(capture)
        or _by_status(capture)
        or clean_page(
            capture.body,
            capture.url,
            site=site,
            headers=capture.headers or [("Content-Type", capture.mime)],
            captured_at=capture.captured_at,
        )
    )
    read = dataclasses.replace(
        read, site=capture.site, captured_at=capture.captured_at, warc=capture.warc, offset=capture.offset
    )
    if isinstance(read, Article):
        return dataclasses.replace(_dated_by_list(read, capture), capture_digest=capture.digest)
    return dataclasses.replace(read, digest=capture.digest)


def clean_page(
    html: bytes,
    url: str,
    *,
    site: Site | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
    captured_at: datetime.datetime | None = None,
) -> Article | Rejection:
    """Read the article out of the bytes of a page.

    `headers` are those of the HTTP response, as a mapping or as pairs; only Content-Type is looked at. `captured_at` is
    noted in the record and otherwise keeps a date from lying in the future.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    content_type = next((value for name, value in pairs if name.lower() == "content-type"), "")
    name = site.name if site else netloc_of(url)
    outcome = _read(html, url, site, content_type, captured_at)
    if isinstance(outcome, Article):
        return dataclasses.replace(
            outcome, site=name, hospital=site.hospital if site else "", captured_at=captured_at, cleaner=CLEANER
        )
    reason, detail = outcome
    return Rejection(site=name, url=url, reason=reason, detail=detail[:300], captured_at=captured_at)


def _by_crawler(capture: Capture) -> Rejection | None:
    """What the crawler said of a page that is not the site's own: `blocked: …`, `changed hands: …`."""
    reason, _, detail = capture.verdict.partition(": ")
    return Rejection(site=capture.site, url=capture.url, reason=reason, detail=detail) if reason in REASONS else None


def _dated_by_list(article: Article, capture: Capture) -> Article:
    """The article with the date that a list page printed beside its link, when the page itself prints none."""
    listed = first_date(capture.listed_date) if article.published_at is None else None
    if listed is None or listed.iso is None or listed.iso[:10] > _day_in_china(capture.captured_at):
        return article
    dated = dataclasses.replace(
        article,
        published_at=listed.iso,
        published_raw=capture.listed_date,
        flags=tuple(flag for flag in article.flags if flag.name != "undated"),
        cut=(
            *article.cut,
            Evidence(rule="date:list", where="page", text=f"{capture.listed_date} on {capture.listed_on}"),
        ),
    )
    return dataclasses.replace(dated, digest=dated.content_digest())


def _day_in_china(moment: datetime.datetime) -> str:
    return (moment + datetime.timedelta(hours=8)).date().isoformat()


def _by_status(capture: Capture) -> Rejection | None:
    reason = wrong_status(capture.status)
    detail = f"HTTP {capture.status}"
    return Rejection(site=capture.site, url=capture.url, reason=reason, detail=detail) if reason else None


def _read(
    html: bytes, url: str, site: Site | None, content_type: str, captured_at: datetime.datetime | None
) -> Article | tuple[str, str]:
    """The article, or the reason and the detail of why there is none."""
    wrong = wrong_bytes(html, content_type)
    if wrong:
        return wrong
    if len(html) > MAXIMUM_BYTES:
        return "too costly", f"{len(html):,} bytes"
    decoded = decode(html, content_type, site.charset if site else None)
    try:
        page = parse(decoded.text)
    except TooCostlyError as error:
        return "too costly", str(error)
    return _article(page, decoded, url, site, captured_at)


def _article(
    page: Page, decoded: Decoded, url: str, site: Site | None, captured_at: datetime.datetime | None
) -> Article | tuple[str, str]:
    page_text = "\n".join([page.title, *(block.text for block in page.blocks)])
    damage = assess(page_text, (*site.names, site.region) if site else ())
    printed = _mend(page, damage)
    if script_of(page_text[:_SCRIPT_SAMPLE]) == "hant":
        for block in page.blocks:
            block.key = fold(block.text)
    reading = _look(page, decoded, url, site, captured_at, printed)
    images, attachments = media_of(reading)
    lines = joined_lines(page, reading.body.blocks, reading.printed) if printed else reading.body.lines
    pictured = bool(images or attachments or frames_of(reading))
    if sum(map(len, lines)) < _LEAST_TEXT and not pictured:
        lines = _stored(reading) or _rescue(reading, page_text) or lines
    problem = no_article(reading, page_text, sum(map(len, lines)), pictured)
    if problem:
        return problem
    lines, repeats = drop_repeats(lines)
    text = repair("\n".join(lines), damage=damage)
    article = _with_metadata(reading, text, repair(title_of(reading)[1], damage=damage))
    cuts = [*_header_cuts(reading), *reading.body.cuts]
    cuts += (dataclasses.replace(evidence, rule=f"repeat:{evidence.rule}") for evidence in repeats)
    pages = pages_of(page.root, url, page.base) if may_have_pages(decoded.text) else NONE
    article = dataclasses.replace(
        article,
        images=images,
        attachments=attachments,
        part=pages.number,
        pages=pages.urls,
        cut=(_how(reading.choice, decoded), *cuts),
    )
    if printed:
        article = dataclasses.replace(article, repairs={**article.repairs, **_field_repairs(article, printed, damage)})
    article = judge(article, site, page_text)
    return dataclasses.replace(article, digest=article.content_digest())


def _mend(page: Page, damage: Damage) -> dict[int, str]:
    """Undo in place what was injected into a page; the blocks' printed texts, with -1 for that of the `<title>`."""
    if not damage.annotated:
        return {}
    printed = {-1: page.title}
    for index, block in enumerate(page.blocks):
        printed[index] = block.text
        block.pieces = repair(block.pieces, damage=damage).text
        block.text = block.key = repair(block.text, damage=damage).text
    page.title = repair(page.title, damage=damage).text
    return printed


def _field_repairs(article: Article, printed: Mapping[int, str], damage: Damage) -> dict[str, Repair]:
    """The repair of every short field, found again in the printed lines: 来源：衛(wèi)生局 -> source: 衛(wèi)生局."""
    mended = [made for text in printed.values() if (made := repair(text, damage=damage)).removed]
    found = {}
    for field in _SHORT_FIELDS:
        parts = [_as_printed(part, mended) for part in getattr(article, field).split("、") if part]
        whole = repair("、".join(parts), damage=damage)
        if whole.removed and whole.text == getattr(article, field):
            found[field] = whole
    return found


def _as_printed(value: str, mended: Iterable[Repair]) -> str:
    """A repaired value as the first line that has it printed it, or the value when none was repaired there."""
    for made in mended:
        start = made.text.find(value)
        if start >= 0 and not made.spots:
            holes = {place for first, last in made.removed for place in range(first, last)}
            places = [place for place in range(len(made.original)) if place not in holes]
            after = places[start + len(value)] if start + len(value) < len(places) else len(made.original)
            return made.original[places[start] : after]
    return value


def _look(
    page: Page,
    decoded: Decoded,
    url: str,
    site: Site | None,
    captured_at: datetime.datetime | None,
    printed: dict[int, str],
) -> Reading:
    """Find the headline, the container, the body's lines and the lines around it."""
    headlines = find_headlines(page)
    if not headlines or is_site_name(page.blocks[headlines[0].first].text):
        above = _over_date_line(page, len(page.blocks))
        headlines = [Headline(0.0, above, above)] if above is not None else headlines
    layout = _as_built_then(site, captured_at) if site else None
    choice = (_by_selector(page, layout) if layout else None) or choose(page, headlines[0].last if headlines else None)
    run = nearest(headlines, choice)
    if run is None or is_site_name(page.blocks[run.first].text):
        above = _unnamed_headline(page, choice)
        run = Headline(0.0, above, above) if above is not None else run
    headline = run.last if run else None
    body = read_body(page, choice, headline) if choice else Body([], [], [], [], 0, 0)
    before, after = metadata_lines(page, headline, body) if page.blocks else ([], [])
    return Reading(
        url=url,
        captured_at=captured_at,
        date_pattern=layout.date_pattern if layout else None,
        page=page,
        html=decoded.text,
        printed=printed,
        run=run,
        headline=headline,
        choice=choice,
        body=body,
        before=before,
        after=after,
    )


def _stored(reading: Reading) -> list[str]:
    """The lines of a page whose article a script puts in its place."""
    stored = stored_lines(reading.page)
    if stored:
        reading.choice = Choice(0, len(reading.page.blocks), 0, "a text that a script shows")
    return stored


def _rescue(reading: Reading, page_text: str) -> list[str]:
    """The lines of a page on which no container has text of its own, as trafilatura reads it."""
    rescued = _by_trafilatura(reading.page) if len(page_text) >= _RESCUED_TEXT else []
    if rescued:
        reading.choice = Choice(0, len(reading.page.blocks), 0, "trafilatura, on the whole page")
    return rescued


def _with_metadata(reading: Reading, text: Repair, title: Repair) -> Article:
    """The article with what the page says about it."""
    lines = [*reading.before, *reading.after]
    published, published_raw = published_of(reading)
    author, contributor = credits_of(reading)
    shown_title = title_of(reading)[0]
    return Article(
        site="",
        url=reading.url,
        title=shown_title,
        text=text.text,
        published_at=published,
        published_raw=published_raw,
        source=source_of(reading),
        author=author,
        contributor=contributor,
        editor=first([*reading.after, *reading.before], "editor"),
        reviewer="、".join(every(lines, "reviewer") or every(lines, "proofreader")),
        section=section_of(reading, shown_title),
        captions=tuple(reading.body.captions),
        script=script_of(text.text[:_SCRIPT_SAMPLE] or shown_title),
        repairs={field: made for field, made in (("text", text), ("title", title)) if made.removed or made.spots},
    )


def _how(choice: Choice | None, decoded: Decoded) -> Evidence:
    how = choice.how if choice else "no container"
    return Evidence(rule="container", where="page", text=f"{how}; {decoded.encoding} by {decoded.how}")


def _as_built_then(site: Site, captured_at: datetime.datetime | None) -> Layout:
    """What the site's TOML says of its pages' build on the day of the capture, older layouts before the present one."""
    day = captured_at.date() if captured_at else datetime.date.max
    old = next((layout for layout in sorted(site.layout, key=lambda layout: layout.until) if day <= layout.until), None)
    return Layout(
        until=old.until if old else datetime.date.max,
        body=(old and old.body) or site.body,
        noise=(old and old.noise) or site.noise,
        date_pattern=(old and old.date_pattern) or site.date_pattern,
    )


def _by_selector(page: Page, layout: Layout) -> Choice | None:
    """The container that the operator names, after what they call noise has been hidden."""
    for selector in layout.noise:
        for node in _selected(page, selector):
            page.nodes[node].hidden = True
            for block in page.blocks[page.nodes[node].start : page.nodes[node].end]:
                block.hidden = True
    for node in _selected(page, layout.body) if layout.body else ():
        if page.nodes[node].end > page.nodes[node].start:
            return Choice(page.nodes[node].start, page.nodes[node].end, node, f"selector {layout.body}")
    return None


def _selected(page: Page, selector: str) -> list[int]:
    elements = set(page.root.cssselect(selector))
    return [n for n, node in enumerate(page.nodes) if node.element in elements]


def _unnamed_headline(page: Page, choice: Choice | None) -> int | None:
    """The headline of a page whose `<title>` is only the site's name.

    The line above the date line, else a heading over the body, else the short line right above its first sentence.
    """
    end = len(page.blocks)
    if choice:
        sentences = (i for i in range(choice.start, choice.end) if _is_sentence(page.blocks[i]))
        end = next(sentences, choice.start)
    above = _over_date_line(page, end)
    if above is not None or choice is None:
        return above
    for index in range(end, max(-1, end - 15), -1):
        block = page.blocks[index]
        if block.tag in {"h1", "h2"} and block.link_share < 0.5 and len(block.text) >= 4:
            return index
    if not says_nothing(page.title) and len(without_site(page.title)) > _SHORT_TITLE:
        return None  # the `<title>` is better than any line that happens to stand there
    near = (i for i in range(end - 1, max(-1, end - 4), -1) if _may_be_headline(page.blocks[i]))
    return next((i for i in near if not _is_value(page, i)), None)


def _over_date_line(page: Page, end: int) -> int | None:
    """The line above the first date line: the headline, whatever the `<title>` says."""
    for index in range(1, min(end + 1, len(page.blocks))):
        block = page.blocks[index]
        if len(block.text) > 200 or block.hidden:
            continue
        if not dates_page(page, index):
            continue
        above = index - 1
        while above > max(0, index - _LONGEST_METADATA) and _is_metadata(page, above):
            above -= 1
        near = (i for i in range(above, max(-1, above - 3), -1) if _may_be_headline(page.blocks[i]))
        headline = next(near, None)
        if headline is not None and not _ends_article(page, headline):
            return headline
    return None


def _is_metadata(page: Page, index: int) -> bool:
    """Whether a block is a line of metadata, a label, or the value of the label before it."""
    labelled = is_label(page.blocks[index].key) or (index > 0 and is_label(page.blocks[index - 1].key))
    return labelled or read_line(page.blocks[index].pieces).is_metadata


def _ends_article(page: Page, index: int) -> bool:
    """Whether a line follows sentences beside it: the last line of an article with its date below."""
    block = page.blocks[index]
    parents = {block.node, page.nodes[block.node].parent}
    return any(
        is_prose(before) and (before.node == block.node or page.nodes[before.node].parent in parents)
        for before in page.blocks[max(0, index - 3) : index]
    )


def _is_value(page: Page, index: int) -> bool:
    """Whether a block is the value of the label in the cell before it: 职称： | 副主任医师."""
    block, before = page.blocks[index], page.blocks[index - 1]
    return block.row > 0 and before.row == block.row and before.text.endswith((":", "："))


def _is_sentence(block: Block) -> bool:
    return is_prose(block) and (len(block.text) >= 50 or block.text[-1] in "。！？；：.!?;:”」")


def _may_be_headline(block: Block) -> bool:
    if not 5 <= len(block.text) <= 80 or block.link_share >= 0.5 or block.noise or block.hidden:
        return False
    line = read_line(block.pieces)
    if GREETING.search(block.key) or block.text.endswith((":", "：")):
        return False
    return not line.fields and not line.dates and not is_ui(block.text) and not SECTION_WORD.fullmatch(block.text)


def _by_trafilatura(page: Page) -> list[str]:
    """What trafilatura reads on a page where no container has text of its own, if that is sentences."""
    import trafilatura  # half a second to import, and rarely needed

    text = trafilatura.extract(page.root, include_comments=False, fast=True) or ""
    if len(text) < _RESCUED_TEXT or sum(map(text.count, "。！？")) < 2:
        return []
    return [line.strip() for line in text.split("\n") if line.strip()]


def _header_cuts(reading: Reading) -> list[Evidence]:
    """The lines between the headline and the body and below it, which became metadata or nothing."""
    page, body = reading.page, reading.body
    if reading.headline is None or not body.blocks:
        return []
    lines = range(reading.headline + 1, min(body.first, reading.headline + 30))
    start = reading.choice.start if reading.choice else 0
    below = range(
        max(body.last + 1, reading.choice.end if reading.choice else 0), min(len(page.blocks), body.last + 12)
    )
    said = [i for i in lines if i < start]
    said += (i for i in below if read_line(page.blocks[i].pieces).is_metadata)
    return [Evidence(rule="cut:metadata", where="page", text=page.blocks[i].text[:200]) for i in said]
