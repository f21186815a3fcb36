"""Saved searches tell of what is new once, on the command line and as a feed."""

from __future__ import annotations

import asyncio
import datetime
import json
from pathlib import Path

import pytest
from archive_samples import article
from datasette.app import Datasette
from lxml import etree

from archive import Archive
from archive.watch import FILE, add_watch, load_watches, run_watches
from cli.main import run
from pipeline.errors import ArchiveError, QueryError

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
WEB = Path(__file__).parent.parent / "archive" / "web"
ATOM = "{http://www.w3.org/2005/Atom}"


def call(*arguments: str | Path) -> tuple[int, list[str]]:
    lines: list[str] = []
    return run([str(argument) for argument in arguments], lines.append), lines


def fill(data: Path, *numbers: int, **fields: str) -> None:
    with Archive(data / "archive.db") as archive:
        archive.add([article(n, f"义诊{n}", f"第{n}场", **fields) for n in numbers])


def test_a_watch_lists_what_came_since_it_was_looked_at_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    fill(tmp_path, 1, 2)
    assert call("watch", "add", "yizhen", "义诊 -招聘", "--data", tmp_path)[0] == 0
    fill(tmp_path, 3, published_at="2001-01-01")  # an old article that was found late is new, too
    capsys.readouterr()

    assert call("watch", "run", "--json", "--data", tmp_path)[0] == 0
    first = json.loads(capsys.readouterr().out)
    assert call("watch", "run", "--json", "--data", tmp_path)[0] == 0
    second = json.loads(capsys.readouterr().out)

    assert [hit["title"] for hit in first[0]["new"]] == ["义诊3"]
    assert first[0]["query"] == "义诊 -招聘"
    assert second[0]["new"] == []


def test_a_watch_is_listed_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    fill(tmp_path, 1)
    call("watch", "add", "a", "义诊", "--data", tmp_path)
    call("watch", "add", "b", "党建", "--data", tmp_path)

    assert call("watch", "remove", "a", "--data", tmp_path)[0] == 0
    capsys.readouterr()
    call("watch", "list", "--nl", "--data", tmp_path)

    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == ["b"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "yizhen", "党建"), "already"),
        (("add", "../x", "党建"), "no name"),
        (("add", "x", "title:"), "colon"),
        (("remove", "x"), "no watch x"),
        (("run", "x"), "no watch x"),
    ],
)
def test_what_makes_no_sense_is_explained_and_changes_nothing(tmp_path: Path, arguments: tuple[str, ...], said: str):
    fill(tmp_path, 1)
    call("watch", "add", "yizhen", "义诊", "--data", tmp_path)
    before = (tmp_path / FILE).read_bytes()

    code, lines = call("watch", *arguments, "--data", tmp_path)

    assert code == 2
    assert said in lines[0]
    assert (tmp_path / FILE).read_bytes() == before


def test_more_news_than_are_told_at_once_come_with_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("archive.watch.TOLD_AT_ONCE", 2)
    with Archive(tmp_path / "archive.db") as archive:
        add_watch(tmp_path, "w", "义诊", archive)
        archive.add([article(n, "义诊") for n in range(1, 6)])

        told = [[hit.id for hit in hits] for _ in range(4) for _, hits in run_watches(tmp_path, archive, NOW)]

    assert told == [[1, 2], [3, 4], [5], []]


def test_a_wrong_query_or_a_broken_file_is_no_watch(tmp_path: Path):
    with Archive(tmp_path / "archive.db") as archive, pytest.raises(QueryError):
        add_watch(tmp_path, "w", "flag:nice", archive)
    assert load_watches(tmp_path) == {}

    (tmp_path / FILE).write_text('[{"nome": 1}]')
    with pytest.raises(ArchiveError, match="mend it"):
        load_watches(tmp_path)


def get(data: Path, path: str) -> tuple[int, bytes, str]:
    async def ask() -> tuple[int, bytes, str]:
        served = Datasette(
            [str(data / "archive.db")], plugins_dir=str(WEB / "plugins"), template_dir=str(WEB / "templates")
        )
        response = await served.client.get(path)
        return response.status_code, response.content, response.headers["content-type"]

    return asyncio.run(ask())


def test_each_watch_has_a_feed_that_a_reader_can_parse(tmp_path: Path):
    with Archive(tmp_path / "archive.db") as archive:
        archive.add([article(1, "义诊 & <b>\x0b", "A&B ]]> 义诊"), article(2, "义诊二")])
        add_watch(tmp_path, "义诊", "义诊 OR A&B", archive)

    status, body, kind = get(tmp_path, "/feed/%E4%B9%89%E8%AF%8A.atom")
    feed = etree.fromstring(body)

    assert (status, kind) == (200, "application/atom+xml; charset=utf-8")
    assert [node.text for node in feed.iter(f"{ATOM}title")][1:] == ["义诊二", "义诊 & <b>\ufffd"]
    assert [node.text for node in feed.findall(f"{ATOM}entry/{ATOM}id")] == [
        "http://localhost/article/2",
        "http://localhost/article/1",
    ]
    assert feed.findtext(f"{ATOM}updated") == "2024-03-01T08:00:00Z"


def test_a_feed_that_is_not_there_says_so(tmp_path: Path):
    fill(tmp_path, 1)

    status, body, _ = get(tmp_path, "/feed/none.atom")

    assert status == 404
    assert "watch list" in body.decode()
