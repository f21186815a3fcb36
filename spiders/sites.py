"""The sites that are crawled: in goes a folder of TOML files, out come checked `Site` records.

One file a site; its name is the site's name. An error names the file, the key and the cure.
"""

from __future__ import annotations

import datetime
import functools
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import SiteError
from pipeline.records import Site

FOLDER = Path(__file__).parent / "sites"
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
ADAPTIVE = "adaptive"
SCHEDULES = {"hourly": 1, "daily": 24, "weekly": 7 * 24, ADAPTIVE: 24}  # hours
HOURS = re.compile(r"(?a:([01]?\d|2[0-3])-([01]?\d|2[0-4]))")
CHINA = datetime.timezone(datetime.timedelta(hours=8))
SCHEDULE = re.compile(r"(?a:([1-9]\d{0,3})([hd]))")
SLACK = datetime.timedelta(minutes=30)  # a daily crawl that began at 02:10 is due again when the clock says 02:00
MAXIMUM_TOML = 256 * 1024  # bytes
CURES = {
    "hospital": 'add hospital = "…", the name that the hospital itself uses',
    "start_urls": 'add start_urls = ["https://…"], its news or home page',
}


def sites_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the sites' TOML files: `YIXUN_SITES`, or `spiders/sites` of this project."""
    return Path(environ["YIXUN_SITES"]).expanduser() if environ.get("YIXUN_SITES") else FOLDER


def load_sites(folder: Path, problems: list[str] | None = None) -> dict[str, Site]:
    """Every site of a folder, by name, in the order of their names.

    A file that is wrong is left out and told in `problems`; without that list its `SiteError` is raised. Raises
    `SiteError` when there is no such folder.
    """
    if not folder.is_dir():
        raise SiteError(f"{folder}: no such folder; make it, or name another in YIXUN_SITES")
    sites = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            sites[path.stem] = load_site(path)
        except SiteError as error:
            if problems is None:
                raise
            problems.append(str(error))
    return sites


def load_site(path: Path) -> Site:
    """Read and check one site's TOML. Raises `SiteError` naming the file, the key and the cure."""
    try:
        if path.stat().st_size > MAXIMUM_TOML:
            raise SiteError(f"{path.name}: larger than {MAXIMUM_TOML // 1024} KiB; a site is a few lines")
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise SiteError(
            f"{path.stem}: no such site ({path} is missing); `./yixun sites` lists those there are"
        ) from error
    except UnicodeDecodeError as error:
        raise SiteError(f"{path.name}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except OSError as error:
        raise SiteError(f"{path.name}: {error.strerror or error}") from error
    return parse_site(text, path.name)


def parse_site(text: str, file: str) -> Site:
    """Check the text of a site's TOML; `file` is its file name, from which the site has its name."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # its message ends in the line and column
        raise SiteError(f"{file}: {error}; correct it there") from error
    name = file.removesuffix(".toml")
    if not NAME.fullmatch(name):
        raise SiteError(f"{file}: the file's name is the site's: use a-z, 0-9 and hyphens only, like mengyin.toml")
    if table.setdefault("name", name) != name:
        raise SiteError(f"{file}: name: is {table['name']!r} but the file says {name!r}; leave the key out")
    return _check(_validate(table, file), file)


def is_due(
    site: Site,
    last: datetime.datetime | None,
    now: datetime.datetime,
    rhythm: datetime.timedelta | None = None,
) -> bool:
    """Whether a site is to be crawled again, `last` being the start of its last crawl (None: never crawled).

    `rhythm` is the interval of a site whose schedule is `adaptive`, as its last crawl found it.
    """
    usual = interval(site.schedule)
    if site.schedule == ADAPTIVE and rhythm is not None:
        return last is None or now - last >= rhythm
    return last is None or now - last >= usual - min(SLACK, usual / 8)


def open_at(hours: str, now: datetime.datetime) -> bool:
    """Whether a site may be crawled at this time: `hours` are of the day in China, "22-6"; empty: always."""
    if not hours:
        return True
    start, end = hours_of(hours)
    hour = now.astimezone(CHINA).hour
    return start <= hour < end if start < end else hour >= start or hour < end


def hours_of(hours: str) -> tuple[int, int]:
    """The first hour and the one that ends it, of "22-6". Raises ValueError for what is no such span."""
    match = HOURS.fullmatch(hours)
    if match is None or int(match[1]) == int(match[2]):
        raise ValueError(hours)
    return int(match[1]) % 24, int(match[2]) % 24


def interval(schedule: str) -> datetime.timedelta:
    """The time between two crawls. Raises ValueError for what is no schedule. `adaptive` is a day until it is known."""
    if schedule in SCHEDULES:
        return datetime.timedelta(hours=SCHEDULES[schedule])
    match = SCHEDULE.fullmatch(schedule)
    if match is None:
        raise ValueError(schedule)
    return datetime.timedelta(hours=int(match[1]) * (24 if match[2] == "d" else 1))


@functools.cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # takes 60 ms: only when a site is read

    return TypeAdapter(Site)


def _validate(table: dict[str, Any], file: str) -> Site:
    from pydantic import ValidationError

    try:
        return _adapter().validate_python(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SiteError(f"{file}: {key}: {_cure(key, first)}") from error


def _cure(key: str, fault: Mapping[str, Any]) -> str:
    if fault["type"] == "missing":
        return f"missing; {CURES.get(key, f'add {key} = …')}"
    if fault["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"no such key; did you mean {_nearest(key)}?"
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{message}; it is {fault['input']!r} now"


def _nearest(key: str) -> str:
    import dataclasses
    import difflib

    names = [field.name for field in dataclasses.fields(Site)]
    return (difflib.get_close_matches(key, names, n=1, cutoff=0.5) or [f"one of {', '.join(names)}"])[0]


def _check(site: Site, file: str) -> Site:
    """What types cannot say: URLs, regular expressions, the schedule, numbers."""

    def wrong(key: str, text: str) -> SiteError:
        return SiteError(f"{file}: {key}: {text}")

    if not site.hospital.strip():
        raise wrong("hospital", f"empty; {CURES['hospital']}")
    if not site.start_urls:
        raise wrong("start_urls", f"empty; {CURES['start_urls']}")
    for url in site.start_urls:
        if not _fetchable(url):
            raise wrong("start_urls", f"{url!r} is no http:// or https:// URL; write it in full")
    for host in site.hosts:
        if not host.strip() or "/" in host or not _fetchable(f"http://{host}/"):
            raise wrong("hosts", f"{host!r} is no host; write it like www.example.cn or 127.0.0.1:8001")
    patterns = {"article_urls": site.article_urls, "next_pages": site.next_pages, "date_pattern": site.date_pattern}
    for number, layout in enumerate(site.layout):
        patterns[f"layout.{number}.article_urls"] = layout.article_urls
        patterns[f"layout.{number}.date_pattern"] = layout.date_pattern
    for key, pattern in patterns.items():
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise wrong(key, f"{pattern!r} is no regular expression ({error})") from error
    try:
        interval(site.schedule)
    except ValueError as error:
        cure = 'write hourly, daily, weekly, adaptive or like "6h" or "3d"'
        raise wrong("schedule", f"{site.schedule!r}; {cure}") from error
    try:
        open_at(site.hours, datetime.datetime.fromtimestamp(0, datetime.UTC))
    except ValueError as error:
        raise wrong("hours", f'{site.hours!r}; hours of the day in China, like "22-6"') from error
    if not 0 <= site.delay <= 3600:
        raise wrong("delay", f"{site.delay}; seconds from 0 to 3600")
    if site.maximum_pages < 1:
        raise wrong("maximum_pages", f"{site.maximum_pages}; at least 1")
    if site.minimum_articles < 0:
        raise wrong("minimum_articles", f"{site.minimum_articles}; 0 or more")
    return site


def _fetchable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
