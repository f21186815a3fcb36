"""The five real pages through the front door: ingested, searched, and put beside the pages that they are copies of."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import pytest

from archive import Archive
from cli.main import run
from pipeline.fold import fold
from pipeline.repair import repair

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"
pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="the five pages are not part of the repository")
BRAND, HOSPITAL = "6163am银河线路", "十堰市人民医院"


def page(text: str, title: str = "") -> bytes:
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in text.split("\n") if line.strip())
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title>'
    return f"<html><head>{head}</head><body><div>{lines}</div></body></html>".encode()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """The five, each on a site of its own, and the pages of which three of them are copies."""
    folder = tmp_path_factory.mktemp("seeds")
    seeds = {path.name[:3]: path.read_text(encoding="utf-8") for path in SEEDS.glob("*.txt")}
    originals = {
        "simplified": fold(repair(seeds["000"]).text),
        "genuine": seeds["004"].replace(BRAND, HOSPITAL),
        "clean": "\n".join(seeds["003"].split("\n")[:-2]),
    }
    for name, text in (seeds | originals).items():
        (folder / "saved" / f"s{name}").mkdir(parents=True)
        (folder / "saved" / f"s{name}" / "page.html").write_bytes(page(text))
    assert run(["ingest", str(folder / "saved"), "--data", str(folder / "data")], print) == 0
    return Archive(folder / "data" / "archive.db", readonly=True)


def article(archive: Archive, name: str) -> dict[str, Any]:
    (found,) = archive.articles(site=f"s{name}")
    return found


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("卫健委", "000"),
        ("衛健委", "000"),
        ("先进基层党组织称号", "000"),
        ("。康复中医", "001"),
        ("国家卫生健康委", "001"),
        ("标题:公立医院党建工作示范点", "002"),
        ("一岗双责", "003"),
        ("创先争优立潮头", "004"),
        ("来源:银河线路", "004"),
    ],
)
def test_a_query_finds_its_page(archive: Archive, query: str, name: str):
    found = {hit.id for hit in archive.search(query, expand=True, limit=100).hits}

    assert article(archive, name)["id"] in found


@pytest.mark.parametrize(("copy", "original"), [("000", "simplified"), ("004", "genuine"), ("003", "clean")])
def test_a_damaged_copy_stands_behind_its_original(archive: Archive, copy: str, original: str):
    damaged, clean = article(archive, copy), article(archive, original)

    assert damaged["cluster"] == clean["cluster"] is not None
    assert damaged["representative"] == clean["id"]
    assert {relation["id"] for relation in damaged["relations"]} == {clean["id"]}


def test_what_repairs_and_flags_rest_on_is_kept(archive: Archive):
    hijacked = archive.article(article(archive, "004")["id"], details=True)
    damaged = archive.article(article(archive, "001")["id"], details=True)

    assert hijacked is not None
    assert damaged is not None
    assert BRAND in json.dumps(hijacked["evidence"], ensure_ascii=False)
    assert [spot["status"] for spot in damaged["repairs"]["text"]["spots"]].count("fixed") >= 1
    assert "?fù)痉e" in damaged["repairs"]["text"]["original"]
