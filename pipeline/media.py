"""A read page in, the pictures and the attachments of its article out, with absolute addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin

from pipeline.blocks import Page, Picture
from pipeline.containers import is_dated, says_when
from pipeline.lines import read_line
from pipeline.marks import is_item
from pipeline.metadata import Reading
from pipeline.records import Link

_BELOW = 6  # blocks after the article in which its attachments are still looked for
_FURTHEST = 30  # blocks after the headline in which the pictures of an article without text are looked for
# files that are no content, by their names
_ICON_FOLDER = re.compile(r"/(?:icons?|filetype\w{0,12}|logo|mood|emot\w{0,8}|smil\w{0,4}|face)/", re.IGNORECASE)
_ICON = re.compile(
    r"(?<![a-z])(?:logo|icons?|ico|qrcode|erweima|ewm|weixin|weibo|button|btn|arrow|blank|spacer|loading|share|banner|"
    r"avatar|mood|emot\w{0,6}|smil\w{0,4}|face|qr|dot|line|bg|close|print|top|search|beian|gongan|jiucuo|sitecode|red|blue|dzjg)(?![a-z])",
    re.IGNORECASE,
)


def media_of(reading: Reading) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    """Images and attachments inside the article, with absolute addresses."""
    page = reading.page
    start, end = _media_range(reading)
    # an image in the same line is the file's icon
    linked = {(attachment.at, attachment.node) for attachment in page.attachments}
    images = [
        p for p in page.images if start <= p.at <= end and (p.at, p.node) not in linked and _is_content_image(page, p)
    ]
    last = max(end, reading.choice.end if reading.choice and reading.body.blocks else end) + _BELOW
    attachments = [p for p in page.attachments if start <= p.at <= last and not page.nodes[p.node].noise]
    return _links(page, reading.url, images), _links(page, reading.url, attachments)


def frames_of(reading: Reading) -> int:
    """How many pages, such as videos, are embedded under the headline of a dated article."""
    run = reading.run
    if run is None or run.score <= 0 or not is_dated(reading.page, run.last):
        return 0
    start, end = _media_range(reading)
    return sum(start <= at <= end for at in reading.page.frames)


def _media_range(reading: Reading) -> tuple[int, int]:
    if reading.body.blocks and reading.choice:
        start = (
            reading.headline
            if reading.headline is not None and reading.headline < reading.body.first
            else reading.choice.start
        )
        return start, reading.body.end
    if reading.headline is None:
        return 0, -1
    end = reading.headline + 1
    blocks = reading.page.blocks
    while end < min(len(blocks), reading.headline + _FURTHEST) and (
        not is_item(blocks[end]) or says_when(read_line(blocks[end].pieces))
    ):
        end += 1  # past share bars and credits, up to the first link of a title's length
    return reading.headline + 1, end


def _is_content_image(page: Page, picture: Picture) -> bool:
    path = picture.url.partition("?")[0][-200:]
    name = path.rpartition("/")[2]
    return not (_ICON.search(name) or _ICON_FOLDER.search(path) or page.nodes[picture.node].noise)


def _links(page: Page, url: str, pictures: Iterable[Picture]) -> tuple[Link, ...]:
    links: dict[str, Link] = {}
    base = _joined(url, page.base) if page.base else url
    for picture in pictures:
        address = _joined(base, picture.url)
        if address.startswith(("http://", "https://", "file:")) and len(address) <= 2000:
            links.setdefault(address, Link(url=address, title=picture.title[:200]))
    return tuple(links.values())


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""
