"""What a crawl has still to ask for: in go the pages that were found, out comes the next one.

One thing is asked of a site at a time: articles first, as they are found, then the next list page; articles whose link
bore no date wait until the lists are read, since another list may print one; looks at articles that are had come last.
Nothing of this is kept on disk: what was captured is, and a crawl that was killed is run again.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Iterable
from typing import Literal

from spiders.crawl import SURVEY_ARTICLES
from spiders.known import Known, Listing

MAXIMUM_CHAINS = 200  # lists of one site
SURVEY_LISTS = 10  # lists that a survey reads
MAXIMUM_LIST_PAGES = 2_000  # pages of one list
MAXIMUM_LATE = 200  # articles that wait for a list to print their date


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One page to ask for."""

    url: str
    role: Literal["list", "article", "attachment"]
    chain: str = ""  # the list that a list page is part of, by its first URL
    number: int = 1  # the page's place in that list
    depth: int = 0  # 0: a start page, of which sections are followed
    start: str = ""  # the start URL that this answers
    hops: int = 0
    origin: str = ""  # the URL that redirected here, the first one
    conditional: bool = True
    listing: Listing | None = None  # how an article was found
    look: bool = False  # at an article that is had
    article: str = ""  # whose attachment this is
    further: bool = False  # page of an article that is spread over several


class Frontier:
    """The pages of one site that are still to be asked for, each once. A `survey` reads the lists first."""

    def __init__(self, known: Known, *, survey: bool = False) -> None:
        self.known, self.survey = known, survey
        self._lists: collections.deque[Task] = collections.deque()
        self._articles: collections.deque[Task] = collections.deque()
        self._late: dict[str, Task] = {}  # articles without a date
        self._looks: collections.deque[Task] = collections.deque()
        self._asked: set[str] = set()
        self._chains: dict[str, set[str]] = {}  # the articles that were seen on a list, by its first URL

    def __bool__(self) -> bool:
        return bool(self._articles or self._lists or self._late or self._looks)

    def take(self) -> Task | None:
        """The next page to ask for."""
        if self.survey and self._lists:
            return self._lists.popleft()
        if self._articles:
            return self._articles.popleft()
        if self._lists and len(self._late) <= MAXIMUM_LATE:
            return self._lists.popleft()
        if self._late:
            return self._late.pop(next(iter(self._late)))
        return self._looks.popleft() if self._looks else None

    def clear(self) -> None:
        """Ask for nothing more."""
        for waiting in (self._articles, self._lists, self._late, self._looks):
            waiting.clear()

    def was_asked(self, url: str) -> bool:
        """Whether a page was asked for by this crawl, or waits."""
        return url in self._asked

    def add_list(self, task: Task) -> None:
        """Ask for a page of a list, when it was not asked for before."""
        most = SURVEY_LISTS if self.survey else MAXIMUM_CHAINS
        if task.url in self._asked or len(self._chains) > most or task.number > MAXIMUM_LIST_PAGES:
            return
        self._asked.add(task.url)
        self._chains.setdefault(task.chain, set())
        self._lists.append(task)

    def add_article(self, url: str, listing: Listing | None = None) -> None:
        """Ask for an article, when it is not had."""
        dated = bool(listing and listing.date)
        waits = self._late.get(url)
        if waits is not None and (dated or waits.listing is None):
            del self._late[url]
        elif url in self._asked or self.known.had(url):
            return
        self._asked.add(url)
        task = Task(url=url, role="article", listing=listing)
        if dated or self.survey:
            self._articles.append(task)
        else:
            self._late[url] = task

    def add_look(self, url: str, listing: Listing | None) -> None:
        """Ask at the end for an article that is had."""
        self._looks.append(Task(url=url, role="article", listing=listing, look=True))

    def add_parts(self, pages: Iterable[str], files: Iterable[str], task: Task) -> None:
        """Ask next for the further pages of an article, in their order, and for its files after other articles."""
        for url in reversed([url for url in pages if self._is_wanted(url)]):
            self._articles.appendleft(Task(url=url, role="article", listing=task.listing, further=True))
        for url in files:
            if self._is_wanted(url):
                self._articles.append(Task(url=url, role="attachment", article=task.url))

    def _is_wanted(self, url: str) -> bool:
        if url in self._asked or self.known.had(url):
            return False
        self._asked.add(url)
        return True

    def ask_first(self, task: Task) -> None:
        """Ask for a page before all others: where a redirect leads, or the same page without condition."""
        self._asked.add(task.url)
        (self._lists if task.role == "list" else self._articles).appendleft(task)

    def new_on(self, chain: str, urls: Iterable[str]) -> list[str]:
        """Those of a list page's articles that no earlier page of the list showed."""
        seen = self._chains.setdefault(chain, set())
        new = [url for url in urls if url not in seen]
        seen.update(new)
        return new

    def thin_out(self) -> None:
        """Of a survey's articles keep a few, from every list in turn."""
        by_list: dict[str, list[Task]] = {}
        for task in self._articles:
            by_list.setdefault(task.listing.url if task.listing else "", []).append(task)
        turns = itertools.zip_longest(*by_list.values())
        chosen = [task for turn in turns for task in turn if task is not None][:SURVEY_ARTICLES]
        self._articles = collections.deque(chosen)
