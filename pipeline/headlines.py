"""The blocks of a page in, the places of its headline out: the runs of blocks that the `<title>` contains.

find_headlines(page) -> [Headline(score, first, last), …]      the best first
nearest(headlines, choice) -> the one that stands over the body
"""

from __future__ import annotations

import dataclasses
import re

from pipeline.blocks import Block, Page
from pipeline.containers import Choice
from pipeline.titles import first_part, fold_title, is_site_name, site_parts, without_site

_HEADINGS = frozenset({"h1", "h2", "h3"})
_CRUMBS = re.compile("(?:网站)?(?:首页|主页)|.{0,6}位置[:：]")
_LONGEST_PREFIX = 4  # characters of a kind of post before a short title
_SAME_TITLE = 0.85  # of the best headline's score: another place that may be the headline too


@dataclasses.dataclass(frozen=True, slots=True)
class Headline:
    """A run of blocks that is the title, from `first` to `last`."""

    score: float
    first: int
    last: int


def find_headlines(page: Page) -> list[Headline]:
    """The runs of blocks that the `<title>` (or og:title, ArticleTitle) contains, the best first.

    A headline set in two lines is one run: the title goes on where the first line ends.
    """
    titles = _titles(page)
    only_site = is_site_name(page.title) and not any(page.metas.get(name) for name in ("articletitle", "og:title"))
    others = site_parts(page.title).difference(titles) if len(titles) > 1 else set()
    found: list[Headline] = []
    letters = set("".join(titles))
    shortest = min(map(len, titles), default=0)
    for index, block in enumerate(page.blocks):
        if not 2 <= len(block.text) <= 150 or block.linked > 0.5 * len(block.text):
            continue
        if len(block.text) < shortest and "\u3400" <= block.text[0] <= "\u9fff" and block.text[0] not in letters:
            continue  # what most blocks are
        own = fold_title(block.text)
        if _CRUMBS.match(block.key):
            continue  # 首页 > 健康科普
        if own in others or not any(own in title or title in own for title in titles if title):
            continue
        if len(own) < 4 and own not in titles and not (block.tag in _HEADINGS and titles[0].startswith(own)):
            continue
        if len(block.text) > 60 and "。" in block.text:
            continue  # a description that og:title repeats
        if only_site and own not in titles:
            continue  # 某某医院 信息科维护
        best = Headline(0.0, index, index)
        longest = max(map(len, titles))
        for title in titles:
            last, run = _run(page, index, own, title)
            score = 1.7 * longest if run == title else _title_score(run, title)
            best = max(best, Headline(score, index, last), key=lambda headline: headline.score)
        if best.score:
            found.append(dataclasses.replace(best, score=best.score * _prominence(page, block)))
    return sorted(found, key=lambda headline: -headline.score)


def _titles(page: Page) -> list[str]:
    """What the page calls itself, folded; with and without the name of the site."""
    given = (
        page.metas.get("articletitle", ""),
        page.metas.get("og:title", ""),
        page.title,
        without_site(page.title),
        first_part(page.title),
    )
    return [folded for folded in dict.fromkeys(map(fold_title, given)) if folded]


def _run(page: Page, index: int, own: str, title: str) -> tuple[int, str]:
    """How far a headline goes on in the next blocks, as the title does."""
    last, run = index, own
    while last + 1 < len(page.blocks) and last < index + 3:
        after = page.blocks[last + 1]
        more = fold_title(after.text)
        if len(more) < 3 or after.linked or (run + more) not in title:
            break
        last, run = last + 1, run + more
    return last, run


def _prominence(page: Page, block: Block) -> float:
    name = page.nodes[block.node].name
    factor = 1.0
    if block.tag in _HEADINGS:
        factor = 1.3
    elif "tit" in name or "headline" in name or "bt" in name.split():
        factor = 1.2
    return factor * (0.5 if block.noise or block.hidden else 1.0)


def _title_score(own: str, title: str) -> float:
    if title.startswith(own):
        return len(own) * 1.5
    if own in title:
        return len(own) * (1.2 if title.endswith(own) else 0.8)
    if title in own and (len(own) < 2 * len(title) if len(title) >= 8 else len(own) <= len(title) + _LONGEST_PREFIX):
        return len(title) * 1.2  # 鹤原市医院监控系统改造公告, [分享]我们科又拿奖啦
    return 0.0


def nearest(headlines: list[Headline], choice: Choice | None) -> Headline | None:
    """Of several places with the title, the one that stands over the body."""
    if not headlines or choice is None:
        return headlines[0] if headlines else None
    good = [h for h in headlines if h.score >= _SAME_TITLE * headlines[0].score and h.first <= choice.start + 3]
    return max(good, key=lambda headline: headline.first) if good else headlines[0]
