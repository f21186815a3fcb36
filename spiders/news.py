"""One spider for every site: in go the names of sites, out come their captures and statistics.

A site has one thing asked of it at a time. Its `SiteCrawl` holds what is still to be asked for: list pages, which are
asked conditionally, and articles, which are asked for when they are not had, and again, conditionally, a day, a week
and a month later. An article whose link bore no date waits until the lists are read: another list may print one.
Nothing of this is kept on disk: what was captured is, and a crawl that was killed is run again.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import dataclasses
import datetime
import http
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import scrapy
from scrapy.http import Request, Response

from pipeline.dates import first_date
from pipeline.errors import WarcError
from pipeline.records import Site
from pipeline.warc import decode_body
from spiders.captures import PASSING, CaptureWriter, Headers, Listing, crawl_lock, load_known, recover
from spiders.crawl import MARK, SURVEY_ARTICLES, SiteStats, judge, load_last, save_last, utc_now
from spiders.discovery import Listed, PageLinks, clean_url, on_site, read_list, sitemaps_of
from spiders.middlewares import header_pairs, in_words
from spiders.schedule import HOUR, adaptive_interval, look_due
from spiders.sites import ADAPTIVE, load_site, open_at
from spiders.verdicts import LARGEST_CHALLENGE, challenge, changed_hands

HOPS = 5  # redirects that are followed
MAXIMUM_CHAINS = 200  # lists of one site
MAXIMUM_LIST_PAGES = 2_000  # pages of one list
MAXIMUM_PENDING = 500
MAXIMUM_LATE = 200  # articles that wait for a list to print their date
LOOKS_SHARE = 4  # one request in so many may be a look at an article that is had
TRIES = 5  # crawls that ask for a page that does not answer properly
BLOCKED = frozenset({403, 405, 412, 418, 429, 521})  # what web application firewalls answer
CHALLENGES = frozenset({412, 521})  # scripts that want a cookie
PATIENCE = 6  # such answers, or lost connections, in a row
CHALLENGE_PATIENCE = 3  # the same for challenges: they do not go away by asking
ROBOTS_KEPT = datetime.timedelta(hours=24)  # RFC 9309 2.4
PROGRESS = 25  # responses between two lines of progress
UNREACHABLE = frozenset(
    {"connection refused", "connection lost", "no answer in time", "name not found", "certificate not trusted"}
)
REDIRECTS = (301, 302, 303, 307, 308)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One page to ask for."""

    url: str
    role: Literal["list", "article"]
    chain: str = ""  # the list that a list page is part of, by its first URL
    number: int = 1  # the page's place in that list
    depth: int = 0  # 0: a start page, of which sections are followed
    start: str = ""  # the start URL that this answers
    hops: int = 0
    origin: str = ""  # the URL that redirected here, the first one
    conditional: bool = True
    listing: Listing | None = None  # how an article was found
    look: bool = False  # at an article that is had


class SiteCrawl:
    """The crawl of one site: what is still to be asked for, and what was counted."""

    def __init__(
        self,
        site: Site,
        captures: Path,
        *,
        software: str,
        maximum_seconds: float,
        all_pages: bool = False,
        survey: bool = False,
        since: str = "",
        any_hour: bool = False,
    ) -> None:
        self.site = site
        self.folder = captures / site.name
        self.all_pages, self.survey, self.since, self.any_hour = all_pages, survey, since, any_hour
        self.finished = False
        self._started = time.monotonic()
        self._maximum_seconds = maximum_seconds
        self._stack = contextlib.ExitStack()
        started_at = utc_now()
        self.stats = SiteStats(site=site.name, started_at=started_at.isoformat(timespec="seconds"))
        self._lists: collections.deque[Task] = collections.deque()
        self._articles: collections.deque[Task] = collections.deque()
        self._late: dict[str, Task] = {}  # articles without a date
        self._looks: collections.deque[Task] = collections.deque()
        self._asked: set[str] = set()
        self._listed: set[str] = set()
        self._chains: dict[str, set[str]] = {}
        self._in_a_row = self._challenges = 0
        self._list_missing = False  # a list page did not answer, so something may stand behind it
        self._complete_at: datetime.datetime | None = None
        self._before: SiteStats | None = None
        try:
            self._open(started_at, software)
        except WarcError as error:
            self.stop("captures_failed", str(error))

    def _open(self, started_at: datetime.datetime, software: str) -> None:
        if not self._stack.enter_context(crawl_lock(self.folder)):
            self.stop("already running", f"{self.site.name} is being crawled by another process; wait for it")
            return
        self.stats.notes += recover(self.folder)
        if self.site.insecure_tls:
            self.stats.notes.append("certificates are not verified: insecure_tls = true")
        self.known = load_known(self.folder)
        self.writer = CaptureWriter(
            self.folder, self.site.name, started_at=started_at, software=software, known=self.known
        )
        self._before = load_last(self.folder)
        if self._before is not None:
            self.stats.complete_at = self._before.complete_at
            self.stats.blocked_in_a_row = self._before.blocked_in_a_row
            self.stats.interval_hours = self._before.interval_hours
            with contextlib.suppress(ValueError):
                self._complete_at = datetime.datetime.fromisoformat(self._before.complete_at)
        try:
            running = dataclasses.replace(
                self.stats,
                pending=self._before.pending if self._before else {},
                problem="not finished: running now, or killed; crawl it again, nothing is fetched twice",
            )
            save_last(self.folder, running)
        except OSError as error:
            raise WarcError(f"{self.folder}: {error.strerror or error}; make room, or make it writable") from error
        self._add_start()

    def _add_start(self) -> None:
        for url in self.site.start_urls:
            target = clean_url(url, url) or url
            self._add_list(Task(url=target, role="list", chain=target, start=url))
        if not self.survey:
            for url, tries in (self._before.pending if self._before else {}).items():
                self.stats.pending[url] = tries
                self._add_article(url)
            self._add_looks(utc_now())

    def _add_looks(self, now: datetime.datetime) -> None:
        """Look again at articles whose time has come, those first that were not looked at for longest."""
        due = []
        for url, page in self.known.items():
            if page.listing is None or page.location or not on_site(url, self.site):
                continue
            if look_due(page.first_at, page.captured_at, now, _day(page.listing.date)):
                due.append((page.captured_at, url, page.listing))
        for _, url, listing in sorted(due, key=lambda one: one[:2])[: self.site.maximum_pages // LOOKS_SHARE]:
            self._looks.append(Task(url=url, role="article", listing=listing, look=True))

    @property
    def hosts(self) -> set[str]:
        """host or host:port of everything that may be asked."""
        twins = {f"www.{host}" for host in self.site.all_hosts if ":" not in host}
        return set(self.site.all_hosts) | twins | {host.removeprefix("www.") for host in self.site.all_hosts}

    # what is still to be asked for

    def next(self) -> Task | None:
        """The next page to ask for; None when there is none or the crawl was stopped."""
        if self.stats.finish_reason != "running":
            return None
        waiting = self._articles or self._lists or self._late or self._looks
        if self.stats.requests >= self.site.maximum_pages and waiting:
            self.stop("maximum_pages")
        elif waiting and not self.any_hour and not open_at(self.site.hours, utc_now()):
            self.stop("outside hours")
        elif time.monotonic() - self._started > self._maximum_seconds:
            self.stop("maximum_time")
        elif self._articles:
            return self._articles.popleft()
        elif self._lists and len(self._late) <= MAXIMUM_LATE:
            return self._lists.popleft()
        elif self._late:
            return self._late.pop(next(iter(self._late)))
        elif self._looks:
            return self._looks.popleft()
        else:
            self.stop("finished")
        return None

    def stop(self, reason: str, failure: str = "") -> None:
        """Ask for nothing more. `failure` says in words what went wrong."""
        if self.stats.finish_reason == "running":
            self.stats.finish_reason, self.stats.failure = reason, failure
        for waiting in (self._articles, self._lists, self._late, self._looks):
            waiting.clear()

    def add_sitemaps(self, robots: str, base: str) -> None:
        """Read the sitemaps that a robots.txt names as well."""
        if not self.survey:
            for url in sitemaps_of(robots, self.site, base):
                self._add_list(Task(url=url, role="list", chain=url, depth=1))

    def _add_list(self, task: Task) -> None:
        if task.url in self._asked or len(self._chains) > MAXIMUM_CHAINS or task.number > MAXIMUM_LIST_PAGES:
            return
        self._asked.add(task.url)
        self._chains.setdefault(task.chain, set())
        self._lists.append(task)

    def _add_article(self, url: str, listing: Listing | None = None) -> None:
        dated = bool(listing and listing.date)
        waits = self._late.get(url)
        if waits is not None and (dated or waits.listing is None):
            del self._late[url]
        elif url in self._asked or self.known.had(url):
            return
        if self.survey and len(self._articles) >= SURVEY_ARTICLES:
            return
        self._asked.add(url)
        task = Task(url=url, role="article", listing=listing)
        if dated or self.survey:
            self._articles.append(task)
        else:
            self._late[url] = task

    def conditions(self, task: Task) -> dict[str, str]:
        """The headers that ask for a page that is had only if it has changed."""
        page = self.known.page(task.url)
        asked_again = (task.role == "list" or task.look) and task.conditional
        if not asked_again or page is None or page.status != http.HTTPStatus.OK or page.truncated:
            return {}
        headers = {"If-None-Match": page.etag, "If-Modified-Since": page.last_modified}
        return {name: value for name, value in headers.items() if value and value.isascii()}

    # what came back

    def judge_answer(self, task: Task | None, response: Response) -> str:
        """Why an answer is not the site's own page, or an empty string."""
        small = len(response.body) <= LARGEST_CHALLENGE
        if task is None or not 200 <= response.status < 300 or not (small or task.start):
            return ""
        body = decode_body(response.body, header_pairs(response)).body
        found = challenge(response.status, body)
        if not found and task.start:
            content_type = (response.headers.get(b"Content-Type") or b"").decode("latin-1")
            found = changed_hands(body, self.site, content_type)
        return found

    def keep(
        self,
        url: str,
        status: int,
        headers: Headers,
        body: bytes,
        truncated: str,
        task: Task | None = None,
        verdict: str = "",
    ) -> None:
        """Put a response on the disk. Raises `WarcError` when it cannot be put there."""
        listing = task.listing if task else None
        ref = self.writer.write_response(
            url, utc_now(), status, "", headers, body, truncated, listing=listing, verdict=verdict
        )
        self.stats.requests += 1
        self.stats.bytes += len(body)
        if ref.kind == "revisit":
            self.stats.revisits += 1
        else:
            self.stats.captured += 1
        if self.stats.requests % PROGRESS == 0:
            self.say(f"{self.stats.requests} requests, {self.stats.articles_new} articles so far")

    def answered(self, task: Task, response: Response) -> None:
        """Take in an answer: what it leads to is asked for next."""
        status = response.status
        verdict = response.meta.get("verdict", "")
        if status in REDIRECTS:
            self._redirected(task, response)
        elif verdict:
            self._not_its_own(task, verdict)
        elif status == http.HTTPStatus.NOT_MODIFIED or 200 <= status < 300:
            self._in_a_row = self._challenges = 0
            self.stats.pending.pop(task.origin or task.url, None)
            if task.role == "list":
                self._read(task, response)
            elif task.look:
                self.stats.looks += 1
            elif status != http.HTTPStatus.NOT_MODIFIED:
                self.stats.articles_new += 1
        else:
            self._refused(task, status)

    def failed(self, task: Task, problem: str) -> None:
        """Take in that a page could not be asked for, for a reason in words (`kind: detail`)."""
        if self.stats.finish_reason == "captures_failed":
            return  # said already
        kind = problem.partition(":")[0]
        self._count(kind)
        self._unanswered(task, problem)
        if kind in ("another host", "forbidden by robots.txt"):
            self.stats.pending.pop(task.origin or task.url, None)
            return
        self._postpone(task)
        if kind in UNREACHABLE:
            self._another_in_a_row("unreachable", problem)

    def _not_its_own(self, task: Task, verdict: str) -> None:
        """A challenge, which is not met, or somebody else's start page, after which nothing is asked."""
        kind = verdict.partition(":")[0]
        self._count(kind)
        problem = f"{verdict}, at {task.url}"
        self._unanswered(task, problem)
        if kind == "changed hands":
            self.stats.findings.append(problem)
            self.stop(kind, f"{problem}; look at the site, and take it out or correct its TOML")
            return
        self._postpone(task)
        self._challenged(task, problem)

    def _challenged(self, task: Task, problem: str) -> None:
        self._challenges += 1
        if task.start or self._challenges >= CHALLENGE_PATIENCE:
            self.stop("blocked", f"{problem}; it is asked again after a while, longer each time")

    def _refused(self, task: Task, status: int) -> None:
        self._count(f"status {status}")
        self._unanswered(task, f"status {status}: {task.url}")
        if status >= 500 or status in PASSING:
            self._postpone(task)
        else:
            self.stats.pending.pop(task.origin or task.url, None)
        if status in CHALLENGES:
            self._challenged(task, f"blocked: status {status}, a firewall's challenge, at {task.url}")
        if status in BLOCKED or status >= 500:
            self._another_in_a_row("blocked", f"status {status} again and again, the last time at {task.url}")
        else:
            self._in_a_row = 0

    def _another_in_a_row(self, reason: str, problem: str) -> None:
        self._in_a_row += 1
        if self._in_a_row >= PATIENCE:
            self.stop(reason, problem)

    def _postpone(self, task: Task) -> None:
        """Have the next crawl ask for an article that could not be had; a look is due again by itself."""
        if task.look:
            return
        self._list_missing |= task.role == "list"
        url = task.origin or task.url
        tries = self.stats.pending.get(url, 0) + 1
        if task.role == "article" and tries <= TRIES and len(self.stats.pending) < MAXIMUM_PENDING:
            self.stats.pending[url] = tries
        else:
            self.stats.pending.pop(url, None)

    def _redirected(self, task: Task, response: Response) -> None:
        location = (response.headers.get(b"Location") or b"").decode("utf-8", "replace")
        target = clean_url(location, task.url) if location else ""
        if not target:
            self.failed(task, f"redirect to nowhere: {task.url}")
        elif not on_site(target, self.site):
            self.failed(task, f"another host: {task.url} redirects to {target}")
        elif task.hops >= HOPS:
            self.failed(task, f"too many redirects: {task.origin or task.url}")
        elif task.role == "article" and (target in self._asked or self.known.had(target)):
            self.stats.pending.pop(task.origin or task.url, None)  # that page comes, or is had
        else:
            self._asked.add(target)
            follow = dataclasses.replace(task, url=target, hops=task.hops + 1, origin=task.origin or task.url)
            (self._lists if task.role == "list" else self._articles).appendleft(follow)

    def _read(self, task: Task, response: Response) -> None:
        """Find on a list page what to ask for next."""
        content_type = (response.headers.get(b"Content-Type") or b"").decode("latin-1")
        if response.status == http.HTTPStatus.NOT_MODIFIED:
            kept = self.known.payload(task.url, self.folder)
            if kept is None:  # the file is gone: ask once more, without condition
                if task.conditional:
                    self._lists.appendleft(dataclasses.replace(task, conditional=False))
                return
            body, content_type = kept.body, kept.header("content-type")
        else:
            body = decode_body(response.body, header_pairs(response)).body
        links = read_list(body, task.url, self.site, content_type=content_type, number=task.number)
        if links.problem:
            self._count("list not read")
            self.stats.notes.append(f"{task.url}: {links.problem}")
            self._unanswered(task, links.problem)
        self._follow(task, links)

    def _follow(self, task: Task, links: PageLinks) -> None:
        wanted = [link for link in links.articles if not self._is_older(link)]
        ended = bool(self.since) and bool(links.articles) and not wanted
        fresh = self._is_fresh(task.chain, [link.url for link in wanted])
        self._listed.update(link.url for link in links.articles)
        self.stats.articles_seen = len(self._listed)
        for link in wanted:
            self._add_article(link.url, Listing(url=task.url, date=link.printed))
        for url in links.lists:
            self._add_list(Task(url=url, role="list", chain=url, depth=task.depth + (url not in self.site.start_urls)))
        if task.depth == 0 and task.number == 1:
            for link in links.sections:
                if link.url not in self._listed:
                    self._add_list(Task(url=link.url, role="list", chain=link.url, depth=1))
        if self.survey or ended:
            return
        for url in links.next_pages:
            if url not in self._asked:
                if not (fresh or self.all_pages):
                    self.stats.lists_cut += 1
                    break
                self._add_list(dataclasses.replace(task, url=url, number=task.number + 1, start="", hops=0, origin=""))
                break

    def _is_older(self, link: Listed) -> bool:
        """Whether the list says that an article is from before the day that the crawl goes back to."""
        return bool(self.since and link.date) and link.date < self.since

    def _is_fresh(self, chain: str, urls: Iterable[str]) -> bool:
        """Whether a page of a list shows anything that the last complete crawl, or an earlier page, did not."""
        seen = self._chains.setdefault(chain, set())
        fresh = [url for url in urls if url not in seen and self._is_new(url)]
        seen.update(urls)
        return bool(fresh)

    def _is_new(self, url: str) -> bool:
        page = self.known.page(url)
        if page is None or self._complete_at is None or not self.known.had(url):
            return True
        return page.first_at > self._complete_at  # by a crawl that was killed, or by this one

    def _unanswered(self, task: Task, problem: str) -> None:
        if task.start:
            self.stats.unanswered.append(problem if task.url in problem else f"{problem} ({task.start})")

    def _count(self, kind: str) -> None:
        self.stats.errors[kind] = self.stats.errors.get(kind, 0) + 1

    # the end

    def finish(self, reason: str = "finished") -> None:
        """Close the files, judge the crawl and say how it went. Does nothing the second time."""
        if self.finished:
            return
        self.finished = True
        self.stop(reason)
        stats = self.stats
        try:
            if hasattr(self, "writer"):
                self.writer.close()
                stats.warcs = list(self.writer.filenames)
        except WarcError as error:
            stats.finish_reason, stats.failure = "captures_failed", str(error)
        stats.finished_at = utc_now().isoformat(timespec="seconds")
        if stats.finish_reason == "finished" and not stats.unanswered:
            stats.complete_at = stats.complete_at if self._list_missing else stats.finished_at
        if stats.finish_reason != "outside hours":
            stats.blocked_in_a_row = stats.blocked_in_a_row + 1 if stats.finish_reason == "blocked" else 0
        if self.site.schedule == ADAPTIVE and hasattr(self, "known"):
            stats.interval_hours = self._rhythm(utc_now())
        del stats.notes[20:]
        self.stats = judge(stats, self.site)
        if self.stats.finish_reason != "already running":
            with contextlib.suppress(OSError):
                save_last(self.folder, self.stats)
        self._stack.close()
        self.say(self._summary())
        print(MARK + json.dumps(self.stats.as_dict(), ensure_ascii=False), flush=True)

    def _rhythm(self, now: datetime.datetime) -> float:
        """The hours between two crawls, from when the articles appeared: on their lists, else here."""
        pages = [page for _, page in self.known.items()]
        began = min((page.first_at for page in pages), default=None)
        moments = []
        for page in pages:
            day = _day(page.listing.date) if page.listing else ""
            if day:
                moments.append(datetime.datetime.fromisoformat(f"{day}T12:00:00+08:00"))
            elif page.listing and began and page.first_at - began > 12 * HOUR:  # the first crawl finds all at once
                moments.append(page.first_at)
        return round(adaptive_interval(moments, began, now) / HOUR, 2)

    def kept_robots(self, url: str) -> tuple[int, bytes] | None:
        """Status and content of a robots.txt that was captured within a day; None when it has to be asked for."""
        page = self.known.page(url)
        if page is None or page.location or page.truncated or utc_now() - page.captured_at > ROBOTS_KEPT:
            return None
        if page.status != http.HTTPStatus.OK:
            return page.status, b""
        kept = self.known.payload(url, self.folder)
        return (page.status, kept.body) if kept is not None else None

    def _summary(self) -> str:
        stats = self.stats
        if not stats.ok:
            return f"failed: {stats.problem}"
        limit = f", stopped at {stats.finish_reason}" if stats.finish_reason != "finished" else ""
        kept = f"{stats.captured} pages kept, {stats.revisits} unchanged"
        return f"{kept}, {stats.articles_new} new of {stats.articles_seen} articles{limit}"

    def say(self, text: str) -> None:
        """Print a line of progress."""
        print(f"{self.site.name}: {text}", flush=True)


class NewsSpider(scrapy.Spider):
    """Crawls the sites that `spiders.crawl` names; see there for the arguments."""

    name = "news"

    def __init__(
        self,
        sites: str = "",
        folder: str = "",
        data: str = "",
        all_pages: str = "0",
        survey: str = "0",
        since: str = "",
        any_hour: str = "0",
    ):
        super().__init__()
        self.names = [name for name in sites.split(",") if name]
        self.sites_folder, self.data = Path(folder), Path(data)
        self.options: dict[str, Any] = {
            "all_pages": all_pages == "1",
            "survey": survey == "1",
            "since": since,
            "any_hour": any_hour == "1",
        }
        self.crawls: dict[str, SiteCrawl] = {}

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> NewsSpider:
        """As Scrapy makes it."""
        follow_parent(int(os.environ.get("YIXUN_PARENT") or 0))
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        for name in spider.names:
            spider.crawls[name] = SiteCrawl(
                load_site(spider.sites_folder / f"{name}.toml"),
                spider.data / "captures",
                software=f"Yixun/{settings['VERSION']} Scrapy/{scrapy.__version__}",
                maximum_seconds=settings.getfloat("MAXIMUM_SECONDS"),
                **spider.options,
            )
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Ask every site for its first page."""
        for crawl in self.crawls.values():
            for request in self._next(crawl):
                yield request

    def _next(self, crawl: SiteCrawl) -> Iterator[Request]:
        task = crawl.next()
        if task is None:
            crawl.finish()
            return
        yield Request(
            task.url,
            callback=self.answered,
            errback=self.failed,
            headers=crawl.conditions(task),
            meta={"site": crawl.site.name, "task": task},
            dont_filter=True,
        )

    def answered(self, response: Response) -> Iterator[Request]:
        """Take in an answer and ask the same site for the next page."""
        crawl, task = self.crawls[response.meta["site"]], response.meta["task"]
        try:
            crawl.answered(task, response)
        except Exception as error:  # a page must not end the crawl of its site
            self.logger.exception("%s", task.url)
            crawl.failed(task, f"error in the crawler: {type(error).__name__}: {error} at {task.url}")
        yield from self._next(crawl)

    def failed(self, failure: Any) -> Iterator[Request]:
        """Take in that there was no answer and ask the same site for the next page."""
        request = failure.request
        crawl = self.crawls[request.meta["site"]]
        crawl.failed(request.meta["task"], in_words(failure.value, request.url))
        yield from self._next(crawl)

    def closed(self, reason: str) -> None:
        """Finish what was not: after SIGTERM, or when the memory's limit was reached."""
        for crawl in self.crawls.values():
            crawl.finish(reason if reason != "finished" else "interrupted")


def _day(printed: str) -> str:
    """The day of a printed date in ISO 8601, or an empty string."""
    found = first_date(printed) if printed else None
    return ((found.iso if found else "") or "")[:10]


def follow_parent(parent: int) -> None:
    """Ask Linux to end this process in order when its parent dies; leave at once when it has died already."""
    if not parent or sys.platform != "linux":
        return
    pr_set_pdeathsig = 1  # linux/prctl.h
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the process that started this crawl is gone")
