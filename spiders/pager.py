"""The further pages of a list: in go the links of one page, out come the URLs of the next, nearest first.

Told by words (下一页), by signs and numbers, by a choice (`<option value="list_2.html">`), or by a script whose pattern
stands in the page: `createPageHTML(25, 0, "index", "html")`, `function page(n) { location.href = "list?page=" + n }`.
What cannot be followed (a post-back, a script from elsewhere) is said in words.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from pipeline.records import Site
from spiders.links import TRAP, clean_url, on_site, page_key
from spiders.rows import Anchor
from spiders.scripts import called

NEXT_WORDS = re.compile(
    r"\W*(?:下\s*一?\s*[页頁]|[后後]一?[页頁]|(?:[较較]早|更早|[较較]?[旧舊])的?文章|next(?:\s*page)?|older(?:\s*(?:posts?|entries))?)"
    r"(?:\W|\d)*",
    re.IGNORECASE,
)
NEXT_SIGNS = frozenset((">", "›", "»", "→", ">>", "＞"))
TRS_PAGER = re.compile(
    r"createPageHTML\w{0,20}\(\s{0,9}['\"]?(\d{1,5})['\"]?\s{0,9},\s{0,9}['\"]?(\d{1,5})['\"]?\s{0,9},"
    r"\s{0,9}['\"]([\w/.-]{1,80})['\"]\s{0,9},\s{0,9}['\"](\w{1,8})['\"]"
)
OPTIONS = 500  # choices of a page that are looked at
POST_BACK = "its further pages are a post-back (__doPostBack), which is not followed"
UNKNOWN = "its further pages are asked for by a script ({name}) that is not in the page; give next_pages, or javascript"


def next_pages(
    anchors: Sequence[Anchor], document: Any, text: str, own: str, base: str, site: Site, number: int
) -> tuple[list[str], str]:
    """The further pages of the list whose page `number` is `own`, and why they cannot be followed, or an empty string.

    `base` is what the page's links are relative to, `text` its source, in which scripts stand.
    """
    if site.next_pages:
        rule = re.compile(site.next_pages)
        matching = {anchor.url for anchor in anchors if anchor.own and rule.search(anchor.url)} - {own}
        return sorted(matching, key=lambda url: (_page_number(url) <= _page_number(own), _page_number(url), url)), ""
    named = [a for a in anchors if NEXT_WORDS.fullmatch(a.text) or "next" in (a.element.get("rel") or "").split()]
    numbered = [a for a in anchors if a.text == str(number + 1)]
    signed = [a for a in anchors if a.text in NEXT_SIGNS]
    key = page_key(own)
    found = [a.url for a in named if a.own]
    found += [a.url for a in (*numbered, *signed) if a.own and page_key(a.url) == key]
    found = [url for url in found if url != own and not TRAP.search(url)]
    if not found:
        candidates = (*_trs(text, base), *_chosen(document, base, number))
        found = [url for url in candidates if url and url != own and on_site(url, site) and page_key(url) == key]
    return list(dict.fromkeys(found)), "" if found else _why_not(anchors, number)


def _page_number(url: str) -> int:
    """The last number of a URL, which is its page's; 1 when it has none."""
    numbers = re.findall(r"(?a:\d{1,9})", urlsplit(url).path.rpartition("/")[2] + urlsplit(url).query)
    return int(numbers[-1]) if numbers else 1


def _trs(text: str, base: str) -> Iterator[str]:
    match = TRS_PAGER.search(text)
    if match and int(match[2]) + 1 < int(match[1]):
        yield clean_url(f"{match[3]}_{int(match[2]) + 1}.{match[4]}", base)


def _chosen(document: Any, base: str, number: int) -> Iterator[str]:
    """A choice of pages: <option value="list_9_2.html">2</option>."""
    for option in itertools.islice(document.iter("option"), OPTIONS):
        words = re.sub(r"\D", "", option.text or "")
        if words == str(number + 1) and "." in (option.get("value") or ""):
            yield clean_url(option.get("value"), base)


def _why_not(anchors: Sequence[Anchor], number: int) -> str:
    for anchor in anchors:
        if anchor.script and (anchor.text == str(number + 1) or NEXT_WORDS.fullmatch(anchor.text)):
            name, _ = called(anchor.script)
            if name:
                return POST_BACK if name == "__doPostBack" else UNKNOWN.format(name=name)
    return ""
