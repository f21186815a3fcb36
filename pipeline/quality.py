"""Judge an article: quality flags, each with its evidence.

In: an `Article` as cleaned, its `Site`, the text of the whole page. Out: the article with its flags, and without the
advertisement or disclaimer at its end, which is kept in `cut`. Nothing else is changed and nothing is thrown away for
being flagged: a flagged article is archived and searchable, it only never stands for a cleaner copy of itself.

Every flag carries what was found and where. What makes a page `hijacked` stands in `pipeline.hijack`, what makes it
`spam` or `truncated` in `pipeline.tails`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator

from pipeline.hijack import Page, hijacked
from pipeline.records import Article, Evidence, Flag, FlagName, Site
from pipeline.repair import assess
from pipeline.tails import truncated, without_tail

SHORTEST = 60  # characters without blanks; a text below that is `short`
MOST_EVIDENCE = 20  # pieces kept for one flag
MOST_ANNOTATIONS = 8  # different ones, of which a damaged page has a hundred
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
    article, advertised = without_tail(article)
    page = Page(article, site, page_text)
    found: list[tuple[FlagName, Iterable[Evidence]]] = [
        ("annotated", _annotated(article)),
        ("damaged", _damaged(article)),
        ("repeated", (e for e in article.cut if e.rule.startswith("repeat:"))),
        ("hijacked", hijacked(page)),
        ("spam", advertised),
        ("truncated", truncated(article)),
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
    seen: set[str] = set()
    for where, repair in article.repairs.items():
        for start, end in repair.removed:
            text = repair.original[max(0, start - 1) : end]
            if text not in seen and len(seen) < MOST_ANNOTATIONS:
                seen.add(text)
                yield Evidence(rule="pinyin", where=where, text=text, start=start)
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


# -- undated, short, blocked -----------------------------------------------------------------------------------------


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
