"""The crawl of one site: in go answers, out come captures, statistics and what to ask for next.

A `SiteCrawl` keeps every answer on the disk, judges whether it is the site's own, reads lists for articles and further
pages, and ends the crawl when the site refuses, is somebody else's, or all is had. What is asked for next is in its
`Frontier`: list pages, which are asked conditionally, and articles, which are asked for when they are not had, and
again, conditionally, a day, a week and a month later.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import http
import json
import time
from collections.abc import Iterable
from pathlib import Path

from scrapy.http import Response

from pipeline.errors import WarcError
from pipeline.records import Site
from pipeline.warc import decode_body
from spiders.attachments import attachments_of
from spiders.captures import ACCESSORY, PASSING, CaptureWriter, Headers, Listing, crawl_lock, load_known, recover
from spiders.crawl import MARK, SiteStats, judge, load_last, save_last, utc_now
from spiders.discovery import Listed, PageLinks, clean_url, further_pages, on_site, read_list, sitemaps_of
from spiders.frontier import Frontier, Task
from spiders.known import Known
from spiders.middlewares import header_pairs
from spiders.schedule import listed_day, look_due, rhythm_of
from spiders.sites import ADAPTIVE, open_at
from spiders.verdicts import LARGEST_CHALLENGE, challenge, changed_hands

HOPS = 5  # redirects that are followed
MAXIMUM_PENDING = 500
LOOKS_SHARE = 4  # one request in so many may be a look at an article that is had
TRIES = 5  # crawls that ask for a page that does not answer properly
BLOCKED = frozenset({403, 405, 412, 418, 429, 521})  # what web application firewalls answer
CHALLENGES = frozenset({412, 521})  # scripts that want a cookie
PATIENCE = 6  # such answers, or lost connections, in a row
CHALLENGE_PATIENCE = 3  # the same for challenges: they do not go away by asking
ROBOTS_KEPT = datetime.timedelta(hours=24)  # RFC 9309 2.4
PROGRESS = 25  # responses between two lines of progress
UNREACHABLE = frozenset(
    {"connection refused", "connection lost", "not HTTP", "no answer in time", "name not found"}
    | {"certificate not trusted"}
)
DOCUMENT = "text/html; charset=utf-8"  # of what a browser made
REDIRECTS = (301, 302, 303, 307, 308)


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
        self.known = Known()
        self.frontier = Frontier(self.known, survey=survey)
        self._listed: set[str] = set()
        self._in_a_row = self._challenges = 0
        self.costly = 0.0  # seconds that its costly pages took
        self._beside: set[str] = set()  # hosts that articles lie on as well and that are not asked
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
        self.known = self.frontier.known = load_known(self.folder)
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
            self.frontier.add_list(Task(url=target, role="list", chain=target, start=url))
        if not self.survey:
            for url, tries in (self._before.pending if self._before else {}).items():
                self.stats.pending[url] = tries
                self.frontier.add_article(url)
            self._add_looks(utc_now())

    def _add_looks(self, now: datetime.datetime) -> None:
        """Look again at articles whose time has come, those first that were not looked at for longest."""
        due = []
        for url, page in self.known.items():
            if page.listing is None or page.location or not on_site(url, self.site):
                continue
            if look_due(page.first_at, page.captured_at, now, listed_day(page)):
                due.append((page.captured_at, url, page.listing))
        for _, url, listing in sorted(due, key=lambda one: one[:2])[: self.site.maximum_pages // LOOKS_SHARE]:
            self.frontier.add_look(url, listing)

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
        if self.stats.requests >= self.site.maximum_pages and self.frontier:
            self.stop("maximum_pages")
        elif self.frontier and not self.any_hour and not open_at(self.site.hours, utc_now()):
            self.stop("outside hours")
        elif time.monotonic() - self._started > self._maximum_seconds:
            self.stop("maximum_time")
        elif (task := self.frontier.take()) is not None:
            return task
        else:
            self.stop("finished")
        return None

    def stop(self, reason: str, failure: str = "") -> None:
        """Ask for nothing more. `failure` says in words what went wrong."""
        if self.stats.finish_reason == "running":
            self.stats.finish_reason, self.stats.failure = reason, failure
        self.frontier.clear()

    def add_sitemaps(self, robots: str, base: str) -> None:
        """Read the sitemaps that a robots.txt names as well."""
        if not self.survey:
            for url in sitemaps_of(robots, self.site, base):
                self.frontier.add_list(Task(url=url, role="list", chain=url, depth=1))

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
        if task is not None and task.role == "attachment":
            return f"{ACCESSORY}attachment of {task.article}"
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
        ip: str = "",
        asked: Headers | None = None,
    ) -> None:
        """Put a response on the disk, and how it was `asked` for. Raises `WarcError` when it cannot be put there."""
        listing, now = task.listing if task else None, utc_now()
        ref = self.writer.write_response(
            url, now, status, "", headers, body, truncated, listing=listing, verdict=verdict, ip=ip, asked=asked
        )
        self.stats.requests += 1
        self.stats.bytes += len(body)
        if ref.kind == "revisit":
            self.stats.revisits += 1
        else:
            self.stats.captured += 1
        if self.stats.requests % PROGRESS == 0:
            self.say(f"{self.stats.requests} requests, {self.stats.articles_new} articles so far")

    def keep_document(self, task: Task, html: str) -> None:
        """Put what a browser made of a page on the disk, unless it is what it made before. Raises `WarcError`."""
        body = html.encode("utf-8", "replace")
        if self.known.document(task.url) != f"sha256:{hashlib.sha256(body).hexdigest()}":
            self.writer.write_resource(task.url, utc_now(), DOCUMENT, body, listing=task.listing)
            self.stats.documents += 1

    @property
    def spent(self) -> bool:
        """Whether nothing more may be asked for: the budget is used up, or the crawl was stopped."""
        return self.stats.requests >= self.site.maximum_pages or self.stats.finish_reason != "running"

    def answered(self, task: Task, response: Response, document: str = "") -> None:
        """Take in an answer: what it leads to is asked for next.

        `document` is what a browser made of the page, where the site's words come by script.
        """
        status = response.status
        verdict = response.meta.get("verdict", "")
        if status in REDIRECTS:
            self._redirected(task, response)
        elif verdict and not verdict.startswith(ACCESSORY):
            self._not_its_own(task, verdict)
        elif 200 <= status < 300 or (status == http.HTTPStatus.NOT_MODIFIED and self.known.page(task.url)):
            self._in_a_row = self._challenges = 0
            self.stats.pending.pop(task.origin or task.url, None)
            if task.role == "list":
                self._read(task, response, document)
            elif task.role == "attachment":
                self.stats.attachments += 1
            elif task.look:
                self.stats.looks += 1
            elif status != http.HTTPStatus.NOT_MODIFIED:
                self.stats.articles_new += not task.further
            if task.role == "article" and status != http.HTTPStatus.NOT_MODIFIED:
                self._follow_pages(task, response, document)
        else:
            self._refused(task, status)

    def failed(self, task: Task, problem: str) -> None:
        """Take in that a page could not be asked for, for a reason in words (`kind: detail`)."""
        if self.stats.finish_reason == "captures_failed":
            return  # said already
        kind = problem.partition(":")[0]
        self.count(kind)
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
        self.count(kind)
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
        self.count(f"status {status}")
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
        elif task.role == "article" and (self.frontier.was_asked(target) or self.known.had(target)):
            self.stats.pending.pop(task.origin or task.url, None)  # that page comes, or is had
        else:
            origin = task.origin or task.url
            self.frontier.ask_first(dataclasses.replace(task, url=target, hops=task.hops + 1, origin=origin))

    def _read(self, task: Task, response: Response, document: str) -> None:
        """Find on a list page what to ask for next."""
        content_type = (response.headers.get(b"Content-Type") or b"").decode("latin-1")
        if document:
            body, content_type = document.encode("utf-8", "replace"), DOCUMENT
        elif response.status == http.HTTPStatus.NOT_MODIFIED:
            kept = self.known.payload(task.url, self.folder)
            if kept is None:  # the file is gone: ask once more, without condition
                if task.conditional:
                    self.frontier.ask_first(dataclasses.replace(task, conditional=False))
                return
            body, content_type = kept.body, kept.header("content-type")
        else:
            body = decode_body(response.body, header_pairs(response)).body
        links = read_list(body, task.url, self.site, content_type=content_type, number=task.number)
        if links.problem:
            self.count("list not read")
            self.stats.notes.append(f"{task.url}: {links.problem}")
            self._unanswered(task, links.problem)
        if links.unfollowed and task.number == 1:
            self.stats.notes.append(f"{task.url}: {links.unfollowed}")
        self._beside.update(links.elsewhere)
        self._follow(task, links)

    def _follow(self, task: Task, links: PageLinks) -> None:
        wanted = [link for link in links.articles if not self._is_older(link)]
        ended = bool(self.since) and bool(links.articles) and not wanted
        fresh = self._is_fresh(task.chain, [link.url for link in wanted])
        self._listed.update(link.url for link in links.articles)
        self.stats.articles_seen = len(self._listed)
        for link in wanted:
            self.frontier.add_article(link.url, Listing(url=task.url, date=link.printed))
        for url in links.lists:
            self.frontier.add_list(
                Task(url=url, role="list", chain=url, depth=task.depth + (url not in self.site.start_urls))
            )
        if task.depth == 0 and task.number == 1:
            for link in links.sections:
                if link.url not in self._listed:
                    self.frontier.add_list(Task(url=link.url, role="list", chain=link.url, depth=1))
        if self.survey:
            self.frontier.thin_out()
        elif not ended:
            self._follow_list(task, links.next_pages, fresh)

    def _follow_list(self, task: Task, pages: Iterable[str], fresh: bool) -> None:
        """Ask for the next page of a list, unless this one showed nothing new."""
        url = next((page for page in pages if not self.frontier.was_asked(page)), None)
        if url is None:
            return
        if fresh or self.all_pages:
            following = dataclasses.replace(task, url=url, number=task.number + 1, start="", hops=0, origin="")
            self.frontier.add_list(following)
        else:
            self.stats.lists_cut += 1

    def _follow_pages(self, task: Task, response: Response, document: str) -> None:
        """Ask next for the other pages of an article that is spread over several, and for the files it offers."""
        if self.survey:
            return
        content_type = (response.headers.get(b"Content-Type") or b"").decode("latin-1")
        body = decode_body(response.body, header_pairs(response)).body
        if document:
            body, content_type = document.encode("utf-8", "replace"), DOCUMENT
        pages = further_pages(body, task.url, self.site, content_type=content_type)
        files = attachments_of(body, task.url, self.site, content_type=content_type) if self.site.attachments else ()
        self.frontier.add_parts(pages, files, task)

    def _is_older(self, link: Listed) -> bool:
        """Whether the list says that an article is from before the day that the crawl goes back to."""
        return bool(self.since and link.date) and link.date < self.since

    def _is_fresh(self, chain: str, urls: Iterable[str]) -> bool:
        """Whether a page of a list shows anything that the last complete crawl, or an earlier page, did not."""
        return any(self._is_new(url) for url in self.frontier.new_on(chain, urls))

    def _is_new(self, url: str) -> bool:
        page = self.known.page(url)
        if page is None or self._complete_at is None or not self.known.had(url):
            return True
        return page.first_at > self._complete_at  # by a crawl that was killed, or by this one

    def _unanswered(self, task: Task, problem: str) -> None:
        if task.start:
            self.stats.unanswered.append(problem if task.url in problem else f"{problem} ({task.start})")

    def count(self, kind: str) -> None:
        """Count something that went wrong, by its kind."""
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
        if self.site.schedule == ADAPTIVE and hasattr(self, "writer"):
            stats.interval_hours = rhythm_of([page for _, page in self.known.items()], utc_now())
        stats.notes += [
            f"articles lie on {host} as well: name it in hosts if it is yours" for host in sorted(self._beside)
        ]
        del stats.notes[20:]
        self.stats = judge(stats, self.site)
        if self.stats.finish_reason != "already running":
            with contextlib.suppress(OSError):
                save_last(self.folder, self.stats)
        self._stack.close()
        self.say(self._summary())
        print(MARK + json.dumps(self.stats.as_dict(), ensure_ascii=False), flush=True)

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
