"""`ingest` through the front door: saved pages, WARC files of others, exported articles, and what is none of these."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cli.main import run

PAGE = """<html><head><meta charset="{charset}"><title>{title}_清溪县人民医院</title></head><body>
<div class="nav"><a href="/">首页</a> <a href="/xwzx/">新闻中心</a></div>
<h1>{title}</h1><div class="info">发布时间：2023-04-{day:02} 10:30　来源：宣传科　浏览次数：17</div>
<div id="vsb_content"><p>4月{day}日上午，清溪县人民医院组织{count}名医护人员到石桥镇卫生院开展健康义诊活动。</p>
<p>活动现场，来自心血管内科、骨科和中医科的专家为群众测量血压、解答疑问，共接诊{people}人次，发放宣传资料三百余份。</p>
<p>医院负责人表示，今后将把这样的活动坚持下去，让群众在家门口就能看上专家。</p></div>
<div class="footer">版权所有 清溪县人民医院</div></body></html>"""


def page(title: str, day: int, *, charset: str = "utf-8") -> bytes:
    html = PAGE.format(title=title, day=day, count=day + 5, people=day * 11, charset=charset)
    return html.encode("gb18030" if charset == "gb2312" else charset)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Two sites of saved pages: one with a description, one page in GBK."""
    folder = tmp_path / "saved"
    for site in ("qingxi", "shiqiao"):
        (folder / site).mkdir(parents=True)
    (folder / "qingxi" / "a.html").write_bytes(page("我院赴石桥镇开展义诊", 6))
    description = {
        "url": "https://www.qingxi-hospital.example/info/1018/1312.htm",
        "captured_at": "2023-05-01T08:00:00+08:00",
        "headers": {"Content-Type": "text/html; charset=utf-8"},
    }
    (folder / "qingxi" / "a.json").write_text(json.dumps(description))
    (folder / "shiqiao" / "b.html").write_bytes(page("护理部举办急救技能比赛", 19, charset="gb2312"))
    return folder


@pytest.fixture(autouse=True)
def no_sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sites").mkdir()
    monkeypatch.setenv("YIXUN_SITES", str(tmp_path / "sites"))


def yixun(*arguments: str | Path) -> tuple[int, str]:
    lines: list[str] = []
    code = run([str(argument) for argument in arguments], lines.append)
    return code, "\n".join(lines)


def export(data: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert yixun("export", "--nl", "--data", data)[0] == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_saved_pages_become_articles_that_name_their_capture(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data = tmp_path / "data"

    code, _ = yixun("ingest", saved, "--data", data)

    assert code == 0
    first, second = sorted(export(data, capsys), key=lambda one: one["site"])
    assert first["url"] == "https://www.qingxi-hospital.example/info/1018/1312.htm"
    assert first["captured_at"] == "2023-05-01T00:00:00Z"
    assert (first["title"], first["published_at"]) == ("我院赴石桥镇开展义诊", "2023-04-06T10:30:00+08:00")
    assert first["source"] == "宣传科"
    assert second["url"] == "file:shiqiao/b.html"
    assert second["title"] == "护理部举办急救技能比赛"
    for one in (first, second):
        assert (data / "captures" / one["warc"]).stat().st_size > one["offset"]


def test_ingesting_twice_changes_nothing(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    data = tmp_path / "data"
    yixun("ingest", saved, "--data", data)
    before = export(data, capsys)
    files = sorted((data / "captures").rglob("*"))
    os.utime(saved / "shiqiao" / "b.html", (0, 0))  # copied anew, with another time

    code, _ = yixun("ingest", saved, "--data", data)

    assert code == 0
    assert export(data, capsys) == before
    assert sorted((data / "captures").rglob("*")) == files


def test_two_pages_of_one_url_are_two_versions_and_stay_so(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data = tmp_path / "data"
    changed = page("我院赴石桥镇开展义诊", 7)
    (saved / "qingxi" / "c.html").write_bytes(changed)
    (saved / "qingxi" / "c.json").write_bytes((saved / "qingxi" / "a.json").read_bytes())
    yixun("ingest", saved, "--data", data)
    before = export(data, capsys)

    yixun("ingest", saved, "--data", data)

    assert len(before) == 2
    assert export(data, capsys) == before


def test_a_warc_file_of_another_crawler_is_copied_and_archived_by_its_hosts(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    yixun("ingest", saved / "qingxi", "--data", tmp_path / "one")
    (warc,) = (tmp_path / "one" / "captures").rglob("*.warc.gz")
    site = 'hospital = "清溪县人民医院"\nstart_urls = ["https://www.qingxi-hospital.example/"]\n'
    (tmp_path / "sites" / "qx.toml").write_text(site, encoding="utf-8")

    code, _ = yixun("ingest", warc, "--data", tmp_path / "two")
    yixun("ingest", warc, "--data", tmp_path / "two")

    assert code == 0
    (article,) = export(tmp_path / "two", capsys)
    assert article["hospital"] == "清溪县人民医院"
    assert article["site"] == "qx"
    assert len(list((tmp_path / "two" / "captures").rglob("*.warc.gz"))) == 1


def test_an_export_moves_in_and_out_unchanged(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    yixun("ingest", saved, "--data", tmp_path / "one")
    articles = export(tmp_path / "one", capsys)
    lines = tmp_path / "articles.jsonl"
    lines.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in articles), encoding="utf-8")

    code, _ = yixun("ingest", lines, "--data", tmp_path / "two")

    assert code == 0
    kept = ("site", "url", "title", "published_at", "published_raw", "source", "text", "captured_at", "flags")
    moved = {one["url"]: one for one in export(tmp_path / "two", capsys)}
    for one in articles:
        assert {key: moved[one["url"]][key] for key in kept} == {key: one[key] for key in kept}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"hello", "not a WARC file"),
        ("broken.warc", b"hello", "not a WARC file"),
        ("broken.warc.gz", b"\x1f\x8bhello", "broken.warc.gz"),
        ("articles.jsonl", b'{"url": "https://a.example/1"}\n', "line 1: text"),
        ("articles.jsonl", b"{\n", "line 1"),
    ],
)
def test_what_is_none_of_the_kinds_is_named_and_nothing_is_written(
    name: str, content: bytes, said: str, saved: Path, tmp_path: Path
):
    (tmp_path / name).write_bytes(content)

    code, line = yixun("ingest", saved, tmp_path / name, "--data", tmp_path / "data")

    assert code == 2
    assert said in line
    assert name in line
    assert not (tmp_path / "data").exists()


def test_a_description_that_is_wrong_is_named(saved: Path, tmp_path: Path):
    (saved / "qingxi" / "a.json").write_text('{"captured_at": "yesterday"}')

    code, line = yixun("ingest", saved, "--data", tmp_path / "data")

    assert code == 2
    assert "a.json" in line


def test_a_cut_warc_file_is_archived_as_far_as_it_goes_and_the_damage_is_a_finding(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for number in range(3):
        (saved / "qingxi" / f"p{number}.html").write_bytes(page(f"第{number}次义诊", 10 + number))
    yixun("ingest", saved / "qingxi", "--data", tmp_path / "one")
    (warc,) = (tmp_path / "one" / "captures").rglob("*.warc.gz")
    cut = tmp_path / "cut.warc.gz"
    cut.write_bytes(warc.read_bytes()[:-40])

    code, _ = yixun("ingest", cut, "--data", tmp_path / "two")

    assert code == 1
    assert "cut.warc.gz" in capsys.readouterr().err
    assert len(export(tmp_path / "two", capsys)) == 3


def test_articles_of_elsewhere_pass_repair_and_flags_like_any_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    paragraph = (
        "院党委組織全體黨員到烈士陵園開展主題黨日活動，重溫入黨誓詞，參觀革命歷史展覽，接受了一次深刻的黨性教育。"
    )
    article = {
        "url": "https://a.example/1",
        "text": "\n".join(
            [
                paragraph,
                "市衛(wèi)健委領導(dǎo)到醫(yī)院調(diào)研。",
                "醫(yī)院發(fā)展迅速，衛(wèi)健委肯定。",
                paragraph,
            ]
        ),
        "published_at": "2024-03-05 09:30",
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(article), encoding="utf-8")

    code, _ = yixun("ingest", tmp_path / "a.jsonl", "--data", tmp_path / "data")

    assert code == 0
    (kept,) = export(tmp_path / "data", capsys)
    assert kept["text"].splitlines() == [paragraph, "市衛健委領導到醫院調研。", "醫院發展迅速，衛健委肯定。"]
    assert set(kept["flags"]) >= {"annotated", "repeated"}
    assert (kept["title"], kept["published_at"]) == ("", "2024-03-05T09:30:00+08:00")


def test_a_flipped_byte_costs_the_records_from_there_on_and_no_other(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (saved / "qingxi" / "d.html").write_bytes(page("第二次义诊", 12))
    yixun("ingest", saved / "qingxi", "--data", tmp_path / "one")
    first, second = sorted(export(tmp_path / "one", capsys), key=lambda one: one["offset"])
    (warc,) = (tmp_path / "one" / "captures").rglob("*.warc.gz")
    flipped = bytearray(warc.read_bytes())
    flipped[second["offset"] + 200] ^= 0xFF
    (tmp_path / "flipped.warc.gz").write_bytes(flipped)

    code, _ = yixun("ingest", tmp_path / "flipped.warc.gz", "--data", tmp_path / "two")

    assert code == 1
    assert "flipped.warc.gz" in capsys.readouterr().err
    assert [one["url"] for one in export(tmp_path / "two", capsys)] == [first["url"]]


def test_a_site_that_is_wrong_is_told_and_keeps_nothing_from_being_archived_or_read(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "sites" / "wrong.toml").write_text("hospital = ")

    code, _ = yixun("ingest", saved, "--data", tmp_path / "data")

    assert code == 1
    assert "wrong.toml" in capsys.readouterr().err
    assert len(export(tmp_path / "data", capsys)) == 2


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ('{"url": 5}', "url"),
        ('{"url": "javascript:alert(1)"}', "javascript"),
        ('{"url": "http://a.example:99999/"}', "ort"),
        ('{"status": 99999}', "status"),
        ('{"headers": "text/html"}', "headers"),
        ('{"captured_at": "9999-12-31T23:59:59-12:00"}', "a.json"),
        ("[]", "a.json"),
    ],
)
def test_every_field_of_a_description_is_checked(description: str, said: str, saved: Path, tmp_path: Path):
    (saved / "qingxi" / "a.json").write_text(description)

    code, line = yixun("ingest", saved, "--data", tmp_path / "data")

    assert code == 2
    assert said in line
    assert "a.json" in line
    assert not (tmp_path / "data").exists()


def test_a_page_beyond_all_measure_is_kept_and_rejected_and_stops_no_other(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    huge = b'<html><meta charset="utf-8"><p>' + "医院".encode() * 3_000_000 + b"</p></html>"
    (saved / "qingxi" / "huge.html").write_bytes(huge)

    code, _ = yixun("ingest", saved, "--data", tmp_path / "data")

    assert code == 0
    assert len(export(tmp_path / "data", capsys)) == 2
    assert yixun("rejections", "--nl", "--data", tmp_path / "data")[0] == 0
    rejected = json.loads(capsys.readouterr().out)
    assert (rejected["url"], rejected["reason"]) == ("file:qingxi/huge.html", "too costly")
