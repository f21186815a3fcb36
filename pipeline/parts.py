"""Articles that a site spreads over several pages: in comes a page, out go the addresses of all of them; and the join.

    pages_of(root, url) -> Pages(number, urls)      by the page's own pager; number 0: the article has this page only
    join(parts) -> Article                          the article from those of its pages that are had

A pager is believed only where the address itself says that the pages are of one article: the first page's address and a
number after it (`3456_2.html`, `3456-2.html`, `/3456/2/`, `?id=3456&page=2`). 下一页 that leads to another article's
address is none. Some systems (TRS) begin to count at the second page: what the links are labelled with decides.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from pipeline.records import Article, Evidence, Flag, Link, Repair, Spot

MAXIMUM_PAGES = 50  # of one article; the longest seen has 12
_REPEATED = 0.8  # share of a page's characters that stand on earlier pages: its pager was that of the comments
_NEXT = frozenset(["下一页", "下页", "接下一页", "后一页", "下一頁", "下頁", "接下一頁", "後一頁", "next", "nextpage"])
_PREVIOUS = frozenset(["上一页", "上页", "前一页", "上一頁", "上頁", "前一頁", "prev", "previous"])
_FIRST = frozenset(["首页", "第一页", "首頁", "第一頁", "first", "1"])
_LABEL = re.compile(r"[\s\[\]()（）【】<>«»‹›＜＞第頁页»«>…\.]+")
_MAY_BE_LABEL = re.compile(r"(?i)[\s\[(（【<«‹…]{0,20}(?:\d|[下上首第后後接前]|next|prev|first|$)")
_HINTS = ("下一页", "下页", "下一頁", "下頁", "后一页", "後一頁", "createPageHTML", "countPage")
_HINT = re.compile(r">\s{0,9}(?:\[?2\]?\s{0,9}</(?:a|span|b|font)>|(?i:next))")
_NUMBERED = re.compile(r"(?P<base>.*[^/_-])[_-](?P<number>\d{1,2})(?P<ending>\.\w{2,6})?")
_FOLDED = re.compile(r"(?P<base>.*[^/])/(?P<number>\d{1,2})/?")
_PARAMETER = re.compile(
    r"(?i)(?:^|&)(?:page|p|pn|pageno|pagenum|page_no|pageindex|page_index|cpage|curpage|currentpage)=(\d{1,2})(?=&|$)"
)
# TRS writes its pager by script: createPageHTML(3, 0, "t20220822_3456", "html"); older ones count in variables
_SCRIPTED = re.compile(
    r"createPageHTML\w*\(\s*['\"]?(?P<pages>\d{1,3})['\"]?\s*,\s*['\"]?(?P<at>\d{1,3})['\"]?\s*,"
    r"\s*['\"](?P<name>[\w-]{1,60})['\"]\s*,\s*['\"](?P<ending>\w{1,8})['\"]"
)
_COUNTED = re.compile(
    r"countPage\s*=\s*(?P<pages>\d{1,3})\b[\s\S]{1,2000}?[\"'](?P<name>[\w-]{1,60})[\"']\s*\+\s*[\"']_[\"']"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Pages:
    """Where a page stands among those of its article: its number from 1, and the addresses of all, in order."""

    number: int = 0
    urls: tuple[str, ...] = ()


NONE = Pages()


def may_have_pages(text: str) -> bool:
    """Whether anything on a page looks like a pager; costs one scan."""
    return any(hint in text for hint in _HINTS) or _HINT.search(text) is not None


def pages_of(root: Any, url: str, base: str = "") -> Pages:
    """The pages of the article that `url` is one of, by the pager of this page; NONE when there is no other.

    `root` is the page as lxml has it, `base` the address that its links are relative to (`<base href>`).
    """
    own = _plain(url)
    if not own:
        return NONE
    links = list(_links(root, urljoin(url, base) if base else url, own))
    for first, at in _families(own):
        found = _by_links(first, at, links, own) or _by_script(first, at, root)
        if found:
            return found
    return NONE


def join(parts: Sequence[Article]) -> Article:
    """One article from its pages: texts one after the other, each field from the first page that gives it.

    `parts` are in order and have `part` and `pages`. A page that only repeats earlier ones (the pager was that of its
    comments) adds nothing. Missing pages are evidence for the flag `truncated`.
    """
    kept, cuts = _without_repeaters(parts)
    first = kept[0]
    urls = max((part.pages for part in parts), key=len)
    given = {
        name: next((value for part in kept if (value := getattr(part, name))), getattr(first, name))
        for name in ("title", "source", "author", "contributor", "editor", "reviewer", "section", "hospital", "script")
    }
    dated = next((part for part in kept if part.published_at), first)
    joined = dataclasses.replace(
        first,
        **given,
        url=urls[0],
        published_at=dated.published_at,
        published_raw=dated.published_raw,
        text="\n".join(part.text for part in kept),
        captions=tuple(caption for part in kept for caption in part.captions),
        attachments=_once(part.attachments for part in kept),
        images=_once(part.images for part in kept),
        repairs=_repairs(kept),
        flags=_flags(parts, kept, urls, bool(dated.published_at)),
        cut=(*(cut for part in kept for cut in part.cut), *cuts),
        part=0,
        pages=urls,
    )
    return dataclasses.replace(joined, digest=joined.content_digest())


# -- the pager --------------------------------------------------------------------------------------------------------


def _plain(url: str) -> str:
    """The address without its fragment; empty for one that is none."""
    try:
        return urlunsplit(urlsplit(url.strip())._replace(fragment=""))
    except ValueError:
        return ""


def _links(root: Any, base: str, own: str) -> Iterator[tuple[str, str]]:
    """Label and address of every link that may be of a pager: with a number, or a word for one."""
    host = urlsplit(own).netloc
    for element in root.iter("a"):
        if not _MAY_BE_LABEL.match(element.text or next(element.itertext(), "")):
            continue
        label = _LABEL.sub("", "".join(element.itertext())[:20]).lower()
        if not ((label.isdecimal() and len(label) <= 2) or label in _NEXT or label in _PREVIOUS or label in _FIRST):
            continue
        try:
            target = _plain(urljoin(base, (element.get("href") or "").strip()))
        except ValueError:
            continue
        if target and urlsplit(target).netloc == host:
            yield label, target


def _families(own: str) -> Iterator[tuple[str, int | None]]:
    """What the first page's address may be, with the number that ours has after it (None: ours is the first page's)."""
    yield own, None
    yield from _markers(own)


def _markers(url: str) -> Iterator[tuple[str, int]]:
    """Every way to read an address as a first page's and a number."""
    parts = urlsplit(url)
    for pattern in (_NUMBERED, _FOLDED):
        if found := pattern.fullmatch(parts.path):
            ending = found.groupdict().get("ending") or ""
            yield urlunsplit(parts._replace(path=found["base"] + ending)), int(found["number"])
            if pattern is _FOLDED:
                yield urlunsplit(parts._replace(path=found["base"] + "/")), int(found["number"])
    if found := _PARAMETER.search(parts.query):
        query = (parts.query[: found.start()] + parts.query[found.end() :]).removeprefix("&")
        yield urlunsplit(parts._replace(query=query)), int(found[1])


def _by_links(first: str, at: int | None, links: Iterable[tuple[str, str]], own: str) -> Pages | None:
    """The pages as the links tell, when these are of the family of `first`; `at` is the number in our own address."""
    members = {} if at is None else {at: own}
    offsets: set[int] = set()  # number of a page minus the number in its address
    leads_to_first = at is None
    for label, target in links:
        if target == first:
            leads_to_first = leads_to_first or label in _FIRST or label in _PREVIOUS
            if at is not None and label in _PREVIOUS:
                offsets.add(2 - at)
            continue
        number = next((number for base, number in _markers(target) if base == first), None)
        if number is None:
            continue
        members[number] = target
        if label.isdecimal():
            offsets.add(int(label) - number)
        elif label in _NEXT and at is None:
            offsets.add(2 - number)
    if at is not None and not offsets:
        offsets.add(1 if at == 1 else 0)
    if not members or not leads_to_first or len(offsets) != 1 or not offsets <= {0, 1}:
        return None
    offset = offsets.pop()
    return _pages(
        first, 1 if at is None else at + offset, {number + offset: url for number, url in members.items()}, offset
    )


def _pages(first: str, own: int, known: dict[int, str], offset: int) -> Pages | None:
    """All addresses from the first to the last known; one that no link names is made as its neighbours are."""
    last = max(known)
    if not 1 <= own <= last <= MAXIMUM_PAGES or last < 2:
        return None
    number, model = next((number, url) for number, url in known.items() if number > 1)
    others = [known.get(page) or _renumbered(model, number - offset, page - offset) for page in range(2, last + 1)]
    return Pages(own, (first, *others))


def _renumbered(model: str, number: int, wanted: int) -> str:
    """An address with another page's number in the place of its own, the last that stands alone."""
    head, _, tail = model.rpartition(str(number))
    return f"{head}{wanted}{tail}"


def _by_script(first: str, at: int | None, root: Any) -> Pages | None:
    """The pages as a pager's script counts them; its second page has the number 1."""
    for script in root.iter("script"):
        text = (script.text or "")[:20_000]
        if "countPage" not in text and "createPageHTML" not in text:
            continue
        for found in (*_SCRIPTED.finditer(text), *_COUNTED.finditer(text)):
            pages, stem = int(found["pages"]), found["name"]
            head, _, name = urlsplit(first).path.rpartition("/")
            bare, dot, ending = name.rpartition(".")
            if bare != stem or not 2 <= pages <= MAXIMUM_PAGES:
                continue
            rest = [f"{head}/{stem}_{number}{dot}{ending}" for number in range(1, pages)]
            own = 1 if at is None else at + 1
            if own <= pages:
                parts = urlsplit(first)
                return Pages(own, (first, *(urlunsplit(parts._replace(path=path)) for path in rest)))
    return None


# -- the join ---------------------------------------------------------------------------------------------------------


def _without_repeaters(parts: Sequence[Article]) -> tuple[list[Article], list[Evidence]]:
    kept, cuts = [parts[0]], []
    seen = set(parts[0].text.split("\n"))
    for part in parts[1:]:
        lines = part.text.split("\n")
        repeated = sum(len(line) for line in lines if line in seen)
        if repeated >= _REPEATED * max(1, len(part.text)):
            cuts.append(Evidence(rule="pages:repeats", where="page", text=part.url))
        else:
            kept.append(part)
            seen.update(lines)
    return kept, cuts


def _once(lists: Iterable[tuple[Link, ...]]) -> tuple[Link, ...]:
    links: dict[str, Link] = {}
    for link in (link for one in lists for link in one):
        links.setdefault(link.url, link)
    return tuple(links.values())


def _repairs(parts: Sequence[Article]) -> dict[str, Repair]:
    """The first repair of each short field, and the texts' repairs one after the other."""
    repairs: dict[str, Repair] = {}
    for part in parts:
        for field, repair in part.repairs.items():
            if field != "text":
                repairs.setdefault(field, repair)
    if not any("text" in part.repairs for part in parts):
        return repairs
    original, text = "", ""
    removed: list[tuple[int, int]] = []
    spots: list[Spot] = []
    for part in parts:
        repair = part.repairs.get("text") or Repair(original=part.text, text=part.text)
        shift = len(original) + 1 if original else 0
        original = f"{original}\n{repair.original}" if original else repair.original
        text = f"{text}\n{repair.text}" if text else repair.text
        removed += ((start + shift, end + shift) for start, end in repair.removed)
        spots += (dataclasses.replace(s, start=s.start + shift, end=s.end + shift) for s in repair.spots)
    repairs["text"] = Repair(original=original, text=text, removed=tuple(removed), spots=tuple(spots))
    return repairs


def _flags(parts: Sequence[Article], kept: Sequence[Article], urls: Sequence[str], dated: bool) -> tuple[Flag, ...]:
    """The flags of all pages; what only says that a page is not the whole article is left out."""
    found: dict[Any, list[Evidence]] = {}
    whole = len(kept) > 1
    for part in kept:
        for flag in part.flags:
            if (flag.name == "undated" and dated) or (flag.name == "short" and whole):
                continue
            if flag.name == "truncated" and part.part < len(urls):
                continue  # it goes on on the next page
            found.setdefault(flag.name, []).extend(flag.evidence)
    had = {part.part for part in parts}
    for number, url in enumerate(urls, 1):
        if number not in had:
            missing = Evidence(rule="pages", where="page", text=f"page {number} of {len(urls)} is missing: {url}")
            found.setdefault("truncated", []).append(missing)
    return tuple(Flag(name=name, evidence=tuple(evidence)) for name, evidence in found.items())
