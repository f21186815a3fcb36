"""Run a crawl: in go the names of sites, out come their statistics, by which the crawl is judged.

One Scrapy process crawls a batch of sites (`run_crawl`); it is a child that dies with us. Scrapy ends with exit code 0
whatever happened, so a crawl is judged by what it counted: it was finished, every start URL answered, enough articles
were seen, every page could be kept. `survey` looks at a site before it is added. No Scrapy is imported here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import ipaddress
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import SiteError
from pipeline.records import Article, Capture, Site
from spiders.sites import load_site, open_at, parse_site

ROOT = Path(__file__).resolve().parent.parent
MARK = "yixun-stats "  # begins the line on which the child hands over the statistics of a site
GRACE = 60.0  # seconds that a crawl has to end after SIGTERM
LAST = "last.json"
SURVEY_PAGES = 24  # requests of a survey
SURVEY_ARTICLES = 10
LIMITS = ("maximum_pages", "maximum_time", "outside hours")  # reasons to stop that are no failure: the next goes on
PORTS = {"http": 80, "https": 443}


def utc_now() -> datetime.datetime:
    """The time, in UTC."""
    return datetime.datetime.now(datetime.UTC)


@dataclasses.dataclass(kw_only=True, slots=True)
class SiteStats:
    """What one crawl of one site did: also the content of `captures/<site>/last.json`.

    Times are ISO 8601 in UTC. `finish_reason` is "finished", or what ended it before: maximum_pages, maximum_time,
    outside hours, captures_failed, asked to wait, blocked, changed hands, unreachable, shutdown, killed, running.
    `pending` are pages that did not answer properly, with the number of tries: the next crawl asks for them again.
    `complete_at` is when the last crawl ended that saw everything.
    """

    site: str
    started_at: str
    finished_at: str = ""
    finish_reason: str = "running"
    requests: int = 0
    captured: int = 0  # responses kept in full
    revisits: int = 0  # responses whose payload was known
    bytes: int = 0  # of all bodies, as received
    articles_seen: int = 0  # different article links on list pages
    articles_new: int = 0  # article pages captured for the first time
    looks: int = 0  # article pages looked at again for a revision
    lists_cut: int = 0  # lists that were not read to their end, because nothing on them was new
    errors: dict[str, int] = dataclasses.field(default_factory=dict)
    unanswered: list[str] = dataclasses.field(default_factory=list)  # start URLs that did not answer, with the reason
    notes: list[str] = dataclasses.field(default_factory=list)
    warcs: list[str] = dataclasses.field(default_factory=list)  # file names
    pending: dict[str, int] = dataclasses.field(default_factory=dict)
    complete_at: str = ""
    findings: list[str] = dataclasses.field(default_factory=list)  # what a person should look at: changed hands …
    blocked_in_a_row: int = 0  # crawls that a firewall ended, this one included
    interval_hours: float = 0.0  # between two crawls, by the site's own rhythm
    failure: str = ""  # what ended the crawl early, in words
    ok: bool = False
    problem: str = ""  # why it is not ok, in words

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)


def stats_of(fields: dict[str, Any]) -> SiteStats:
    """Statistics from JSON; keys of another version are left out."""
    names = {field.name for field in dataclasses.fields(SiteStats)}
    return SiteStats(**{key: value for key, value in fields.items() if key in names})


def load_last(folder: Path) -> SiteStats | None:
    """The statistics of the last crawl from a site's captures folder; None when there was none."""
    try:
        return stats_of(json.loads((folder / LAST).read_text("utf-8")))
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def save_last(folder: Path, stats: SiteStats) -> None:
    """Write `last.json` whole or not at all. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{LAST}.tmp"  # one name: the crawl holds the folder's lock
    temporary.write_text(json.dumps(stats.as_dict(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    temporary.replace(folder / LAST)


def judge(stats: SiteStats, site: Site) -> SiteStats:
    """Set `ok` and `problem` from what was counted."""
    problem = ""
    if stats.failure:
        problem = stats.failure
    elif stats.finish_reason != "finished" and stats.finish_reason not in LIMITS:
        problem = f"ended before it was finished: {stats.finish_reason}; crawl it again, nothing is fetched twice"
    elif stats.unanswered:
        problem = "; ".join(stats.unanswered[:3])
    elif stats.finish_reason == "outside hours":
        problem = ""  # the next crawl goes on
    elif stats.articles_seen < site.minimum_articles and not (stats.lists_cut and stats.articles_seen):
        problem = f"saw {stats.articles_seen} articles, minimum_articles is {site.minimum_articles}"
    return dataclasses.replace(stats, ok=not problem, problem=problem)


def run_crawl(
    sites: Sequence[str],
    *,
    data: Path,
    sites_folder: Path,
    now: Callable[[], datetime.datetime] = utc_now,
    on_line: Callable[[str], None] = lambda _: None,
    all_pages: bool = False,
    since: datetime.date | None = None,
    any_hour: bool = False,
    settings: Mapping[str, object] | None = None,
) -> dict[str, SiteStats]:
    """Crawl sites in one Scrapy process and hand back the statistics of each, by name.

    `data` is the data folder, `sites_folder` the one of the TOML files. Every line that the crawl prints goes to
    `on_line` as it comes. With `all_pages`, lists are read to their end although nothing on them is new; with `since`,
    articles whose list gives an earlier day are left out, and a list ends with the page that has only such. A site is
    crawled in its own `hours` unless `any_hour` says otherwise; outside them nothing is asked and nothing written.
    `settings` are settings of Scrapy that differ from `spiders.settings`.
    Raises `SiteError` for a site that is not there or whose TOML is wrong; a site that cannot be crawled is no error
    but has `ok` false. SIGTERM and Ctrl-C end the crawl in order, then do what they do.
    """
    loaded = {name: load_site(sites_folder / f"{name}.toml") for name in sites}
    if not loaded:
        return {}
    closed = {name: site for name, site in loaded.items() if not any_hour and not open_at(site.hours, now())}
    wanted = {name: site for name, site in loaded.items() if name not in closed}
    arguments = [f"all_pages={int(all_pages)}", f"since={since or ''}", f"any_hour={int(any_hour)}"]
    found = {name: _closed(name, site, now(), on_line) for name, site in closed.items()}
    if wanted:
        found |= _run(
            wanted,
            data=data,
            sites_folder=sites_folder,
            now=now,
            on_line=on_line,
            arguments=arguments,
            settings=settings or {},
        )
    return {name: found[name] for name in loaded}


def _closed(name: str, site: Site, now: datetime.datetime, on_line: Callable[[str], None]) -> SiteStats:
    """The statistics of a site whose hours it is not."""
    on_line(f"{name}: not crawled: only in its hours, {site.hours} in China")
    moment = now.isoformat(timespec="seconds")
    stats = SiteStats(site=name, started_at=moment, finished_at=moment, finish_reason="outside hours")
    return judge(stats, site)


def _run(
    sites: dict[str, Site],
    *,
    data: Path,
    sites_folder: Path,
    now: Callable[[], datetime.datetime],
    on_line: Callable[[str], None],
    arguments: Sequence[str],
    settings: Mapping[str, object],
) -> dict[str, SiteStats]:
    started_at = now()
    found: dict[str, SiteStats] = {}
    last_line = ""
    command = [
        *(sys.executable, "-m", "scrapy", "crawl", "news"),
        *("-a", f"sites={','.join(sites)}", "-a", f"folder={sites_folder.resolve()}", "-a", f"data={data.resolve()}"),
        *(word for argument in arguments for word in ("-a", argument)),
        *(word for name, value in settings.items() for word in ("-s", f"{name}={value}")),
        *("-s", f"NAMED_HOSTS={','.join(sorted(named_hosts(sites.values())))}"),
        *("-s", f"INSECURE_HOSTS={','.join(sorted(insecure_hosts(sites.values())))}"),
    ]
    with _child(command) as child:
        assert child.stdout is not None
        for line in child.stdout:
            line = line.rstrip("\n")
            if line.startswith(MARK):
                with contextlib.suppress(ValueError, TypeError):
                    stats = stats_of(json.loads(line.removeprefix(MARK)))
                    found[stats.site] = stats
            elif line:
                last_line = line
                on_line(line)
    for name, site in sites.items():
        if name not in found:
            found[name] = _never_reported(name, site, child.returncode, last_line, started_at, now())
    return {name: found[name] for name in sites}


def _never_reported(
    name: str, site: Site, code: int, line: str, started_at: datetime.datetime, now: datetime.datetime
) -> SiteStats:
    """The statistics of a site whose crawl died."""
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    stats = SiteStats(
        site=name,
        started_at=started_at.isoformat(timespec="seconds"),
        finished_at=now.isoformat(timespec="seconds"),
        finish_reason="killed",
        failure=f"the crawler ended with {how} before {name} was finished; crawl it again, nothing is fetched twice"
        + (f" ({line[:200]})" if line else ""),
    )
    return judge(stats, site)


def named_hosts(sites: Sequence[Site] | Any) -> set[str]:
    """host:port that may have a private address, because a TOML names them: with a port, or as an address.

    A plain name, as every public site has one, is not enough: it could be pointed at the inside by whoever owns it.
    """
    named = set()
    for site in sites:
        for netloc in site.all_hosts:
            parts = urlsplit(f"//{netloc}")
            host = (parts.hostname or "").lower()
            if parts.port is not None:
                named.add(f"{host}:{parts.port}")
            elif host == "localhost" or host.replace(".", "").isdigit() or ":" in host:
                named |= {f"{host}:{port}" for port in PORTS.values()}
    return named


def insecure_hosts(sites: Sequence[Site] | Any) -> set[str]:
    """host:port whose certificates are not verified, because a TOML says so. `www.` makes no difference."""
    names = set()
    for netloc in {netloc for site in sites if site.insecure_tls for netloc in site.all_hosts}:
        parts = urlsplit(f"//{netloc}")
        host, port = (parts.hostname or "").removeprefix("www."), parts.port or PORTS["https"]
        names |= {f"{host}:{port}", f"www.{host}:{port}"}
    return names


def _environment() -> dict[str, str]:
    """Ours without Airflow's settings (they hold its keys) and proxies (they would connect past the guard)."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("AIRFLOW") and not key.lower().endswith("_proxy") and not key.startswith("SCRAPY_")
    }
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
    return kept | {
        "SCRAPY_SETTINGS_MODULE": "spiders.settings",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "YIXUN_PARENT": str(os.getpid()),  # the child asks to be ended with this process
    }


@contextlib.contextmanager
def _child(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process of its own session that is ended in order when we are."""
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    terminated = False

    def end(*_: object) -> None:
        nonlocal terminated
        if not terminated:  # a second SIGTERM would make Scrapy drop everything
            terminated = True
            child.terminate()
            killer = threading.Timer(GRACE, child.kill)
            killer.daemon = True
            killer.start()

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, end) if main else None
    try:
        yield child
        child.wait()
    except BaseException:  # Ctrl-C, an Airflow time-out, a failing on_line
        end()
        child.wait()
        raise
    finally:
        if child.stdout is not None:
            child.stdout.close()
        if main:
            signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
    if terminated:
        os.kill(os.getpid(), signal.SIGTERM)  # what it would have done


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """An article that a survey read."""

    url: str
    title: str
    published_at: str | None
    source: str
    words: str  # its first ones


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What a look at a site found: enough to write its TOML and to see whether a crawl would work."""

    url: str
    name: str
    hospital: str
    sections: tuple[tuple[str, str], ...]  # name and URL of the news sections
    articles_seen: int
    samples: tuple[Sample, ...]
    unsure: tuple[str, ...]
    stats: SiteStats
    toml: str  # the proposed TOML, checked; empty when nothing could be fetched


def survey(
    url: str,
    *,
    site: Site | None = None,
    now: Callable[[], datetime.datetime] = utc_now,
    on_line: Callable[[str], None] = lambda _: None,
) -> Survey:
    """Look at a site: its start page, the first page of its news sections and some articles, and keep nothing.

    `url` is its home or news page; a URL on a private address is allowed exactly that host and port, since the operator
    gave it. With `site`, the existing TOML is what is tried. Raises `SiteError` for what is no URL.
    """
    from spiders.discovery import propose_site, site_name

    url = check_url(url)
    name = site.name if site else site_name(url)
    delay = 0.0 if _is_loopback(url) else 1.0
    probe = site or parse_site(propose_site(url, "?", [url], delay=delay), f"{name}.toml")
    probe = dataclasses.replace(probe, maximum_pages=SURVEY_PAGES, minimum_articles=0)
    with tempfile.TemporaryDirectory(prefix="yixun-survey-") as scratch:
        folder = Path(scratch) / "sites"
        folder.mkdir()
        (folder / f"{name}.toml").write_text(_as_toml(probe), "utf-8")
        data = Path(scratch) / "data"
        stats = _run(
            {name: probe},
            data=data,
            sites_folder=folder,
            now=now,
            on_line=on_line,
            arguments=["survey=1", "any_hour=1"],
            settings={},
        )[name]
        captures = _captures(data / "captures" / name, data / "captures")
    return _surveyed(url, site, probe, stats, captures, delay)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _as_toml(site: Site) -> str:
    """A site as TOML with the keys that a crawl uses."""
    lines = []
    for field in dataclasses.fields(Site):
        value = getattr(site, field.name)
        if field.name in ("name", "layout") or value is None or value == field.default:
            continue
        if isinstance(value, bool):
            lines.append(f"{field.name} = {str(value).lower()}")
        else:
            lines.append(f"{field.name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _captures(folder: Path, root: Path) -> list[Capture]:
    from pipeline.warc import read_captures

    return [capture for path in sorted(folder.glob("*.warc.gz")) for capture in read_captures(path, root=root)]


def _surveyed(
    url: str, site: Site | None, probe: Site, stats: SiteStats, captures: list[Capture], delay: float
) -> Survey:
    from pipeline.clean import clean
    from spiders.discovery import Listed, PageLinks, hospital_name, propose_site, read_list

    pages = [c for c in captures if c.status == 200 and c.body and not c.url.endswith("/robots.txt")]
    lists: dict[str, PageLinks] = {}
    listed: dict[str, Listed] = {}
    for page in pages:
        if page.url not in listed:  # captured in the order of the crawl: a list comes before its articles
            lists[page.url] = read_list(page.body, page.url, probe, content_type=page.header("content-type"))
            listed |= {link.url: link for link in lists[page.url].articles}
    cleaned = [(page, clean(page, probe)) for page in pages if page.url in listed]
    articles = [record for _, record in cleaned if isinstance(record, Article)]
    hospital = (
        site.hospital if site else hospital_name((page.body for page in pages if page.url in lists), probe.charset)
    )
    sections = _sections(lists)
    unsure = _doubts(stats, hospital, articles, len(cleaned), lists)
    toml = ""
    if site is None and lists:
        starts = [link for _, link in sections] or list(probe.start_urls)
        toml = propose_site(url, hospital or probe.name, starts, delay=delay)
        parse_site(toml, f"{probe.name}.toml")  # raises what would be wrong with it
    return Survey(
        url=url,
        name=probe.name,
        hospital=hospital,
        sections=tuple(sections),
        articles_seen=len(listed),
        samples=tuple(_sample(article) for article in articles[:SURVEY_ARTICLES]),
        unsure=tuple(unsure),
        stats=stats,
        toml=toml,
    )


def _sections(lists: dict[str, Any]) -> list[tuple[str, str]]:
    """The pages that list articles; the home page only when there is no other."""
    names = {link.url: link.title for page in lists.values() for link in page.sections}
    found = []
    for url, page in lists.items():
        home = urlsplit(url).path in ("", "/") and len(lists) > 1
        if len(page.articles) >= 3 and not home:
            found.append((names.get(url) or page.title or url, url))
    return found if found else [(page.title, url) for url, page in lists.items() if page.articles][:1]


def _doubts(
    stats: SiteStats, hospital: str, articles: Sequence[Article], tried: int, lists: dict[str, Any]
) -> list[str]:
    doubts = []
    if not stats.ok:
        doubts.append(stats.problem)
    if not hospital:
        doubts.append("no hospital's name was found in titles and footers: write it into the TOML")
    if lists and not any(page.articles for page in lists.values()):
        doubts.append("no article links were found: give article_urls, or the URL of a list page")
    if tried and len(articles) < tried:
        doubts.append(f"{tried - len(articles)} of {tried} pages taken for articles could not be read as such")
    undated = sum(article.published_at is None for article in articles)
    if undated:
        doubts.append(f"{undated} of {len(articles)} articles show no date")
    return doubts + [f"{url}: {page.problem}" for url, page in lists.items() if page.problem]


def _sample(article: Article) -> Sample:
    words = " ".join(article.text.split())[:60]
    return Sample(
        url=article.url,
        title=article.title,
        published_at=article.published_at,
        source=article.source,
        words=words,
    )


def check_url(url: str) -> str:
    """A URL as an operator types it, completed. Raises `SiteError` for what is none."""
    text = url.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise SiteError(f"{url}: no http:// or https:// URL; give the site's home page or its news page")
    return text if parts.path else f"{text}/"
