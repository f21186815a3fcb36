"""Run a crawl: in go the names of sites, out come their statistics, by which the crawl is judged.

One Scrapy process crawls a batch of sites (`run_crawl`); it is a child that dies with us. Scrapy ends with exit code 0
whatever happened, so a crawl is judged by what it counted: it was finished, every start URL answered, enough articles
were seen, every page could be kept. No Scrapy is imported here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import SiteError
from pipeline.records import Site
from spiders.sites import load_site, open_at

ROOT = Path(__file__).resolve().parent.parent
MARK = "yixun-stats "  # begins the line on which the child hands over the statistics of a site
GRACE = 60.0  # seconds that a crawl has to end after SIGTERM
LAST = "last.json"
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
    outside hours, captures_failed, asked to wait, blocked, changed hands, unreachable, no browser, shutdown, killed,
    running.
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
    documents: int = 0  # made by a browser of pages whose words come by script
    attachments: int = 0  # files that articles offer
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
        found |= run_sites(
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


def run_sites(
    sites: dict[str, Site],
    *,
    data: Path,
    sites_folder: Path,
    now: Callable[[], datetime.datetime],
    on_line: Callable[[str], None],
    arguments: Sequence[str],
    settings: Mapping[str, object],
) -> dict[str, SiteStats]:
    """Crawl checked sites in one Scrapy process; their TOML files are in `sites_folder`. See `run_crawl`."""
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
