"""A month of a site's life through the command line: what is asked for again, and when.

The clock is the system's; so that time passes, what the crawls wrote down is moved into the past.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_crawl import Server, add_site, fill

from cli.main import run
from pipeline.warc import read_captures

DAY = datetime.timedelta(days=1)
STAMP = re.compile(r"(?<= )\d{14}(?= \{)")
TIMES = ("started_at", "finished_at", "complete_at")


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.server.shutdown()
    started.server.server_close()


def pass_time(captures: Path, time: datetime.timedelta) -> None:
    """Move what was written down about a site into the past."""
    for index in captures.glob("*.cdxj"):
        text = index.read_text("utf-8")
        index.write_text(STAMP.sub(lambda stamp: earlier(stamp[0], "%Y%m%d%H%M%S", time), text), "utf-8")
    last = json.loads((captures / "last.json").read_text("utf-8"))
    moved = {key: earlier(last[key], "%Y-%m-%dT%H:%M:%S%z", time) for key in TIMES if last[key]}
    moved = {key: f"{value[:-2]}:{value[-2:]}" for key, value in moved.items()}
    (captures / "last.json").write_text(json.dumps(last | moved), "utf-8")


def earlier(moment: str, form: str, time: datetime.timedelta) -> str:
    return (datetime.datetime.strptime(moment, form) - time).strftime(form)


def test_a_month_of_a_site(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIXUN_SITES", str(tmp_path / "sites"))
    monkeypatch.setenv("YIXUN_DATA", str(tmp_path / "data"))
    captures = tmp_path / "data" / "captures" / "demo"
    fill(server, pages=3, each=4)
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    for path in ("/news/",):  # the other pages' articles are old
        status, headers, body = server.pages[path]
        server.pages[path] = (
            status,
            headers,
            body.replace(b"2022-08-22", today.encode()) if path == "/news/" else body,
        )
    add_site(tmp_path / "sites", "demo", f"{server.url}/news/", schedule="adaptive")

    def crawl_due() -> list[str]:
        """The articles and lists that a crawl of the due sites asked for, but for robots.txt."""
        server.asked.clear()
        said: list[str] = []
        assert run(["crawl", "--due"], said.append) == 0, said
        return sorted(path for path in server.paths() if path != "/robots.txt")

    new = ["/info/1018/100.html", "/info/1018/101.html", "/info/1018/102.html", "/info/1018/103.html"]
    assert len(crawl_due()) == 3 + 12  # everything
    assert crawl_due() == []  # not due

    pass_time(captures, 1.1 * DAY)
    server.html("/info/1018/102.html", "<h1>会议102</h1><p>我院召开会议，内容有更正。</p>")
    asked = crawl_due()
    assert [path for path in asked if "/info/" in path] == new  # a day old: looked at for a revision
    assert "/news/index_3.html" not in asked  # nothing new on the first page
    kinds = [(one.url[-8:], one.kind) for path in sorted(captures.glob("*.warc.gz"))[1:] for one in read_captures(path)]
    assert ("102.html", "response") in kinds
    assert ("101.html", "revisit") in kinds

    pass_time(captures, 6.5 * DAY)
    assert [path for path in crawl_due() if "/info/" in path] == new

    pass_time(captures, 24 * DAY)
    asked = crawl_due()
    assert len([path for path in asked if "/info/" in path]) == 12  # after a month the old ones as well
    hours = json.loads((captures / "last.json").read_text("utf-8"))["interval_hours"]
    assert 1 <= hours <= 7 * 24

    pass_time(captures, 60 * DAY)
    assert not any("/info/" in path for path in crawl_due())  # looked at three times, and left alone
