from __future__ import annotations

import datetime
import gzip
import io
import random
import subprocess
import zlib
from pathlib import Path

import brotli
import pytest
from backports import zstd
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline import warc
from pipeline.errors import WarcError
from pipeline.warc import read_capture, read_captures, scan
from spiders.captures import CaptureWriter, recover

NOW = datetime.datetime(2026, 11, 21, 2, 0, tzinfo=datetime.UTC)
PAGE = "<p>我院召开年度工作会议，各科室负责人参加。</p>".encode("gb18030") * 40

GZIPPED = (("Content-Encoding", "gzip"),)


def written(folder: Path, pages: int = 3, body: bytes = PAGE, headers: tuple[tuple[str, str], ...] = ()) -> Path:
    with CaptureWriter(folder / "demo", "demo", started_at=NOW, software="test") as writer:
        for number in range(pages):
            url = f"http://demo.test/{number}.html"
            fields = (("Content-Type", "text/html; charset=gbk"), *headers)
            writer.write_response(url, NOW, 200, "OK", fields, body + b"%d" % number if not headers else body)
    return next((folder / "demo").glob("*.warc.gz"))


def test_reads_back_what_was_written(tmp_path: Path) -> None:
    path = written(tmp_path)

    captures = list(read_captures(path, root=tmp_path))

    assert [capture.url for capture in captures] == [f"http://demo.test/{n}.html" for n in range(3)]
    assert captures[2].body == PAGE + b"2"
    assert captures[0].warc == f"demo/{path.name}"
    assert (captures[0].site, captures[0].status, captures[0].mime) == ("demo", 200, "text/html")
    assert captures[0].captured_at == NOW
    assert captures[0].header("content-type") == "text/html; charset=gbk"
    assert captures[-1].offset + captures[-1].length == path.stat().st_size


def test_a_record_is_found_by_its_offset(tmp_path: Path) -> None:
    path = written(tmp_path)
    last = list(read_captures(path))[-1]

    assert read_capture(path, last.offset).body == last.body
    assert [capture.url for capture in read_captures(path, start=last.offset)] == [last.url]
    with pytest.raises(WarcError, match="offset 7"):
        read_capture(path, 7)


def test_a_file_cut_anywhere_is_found_out_and_what_stands_before_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, pages=3, body=random.Random(1).randbytes(700))
    whole = path.read_bytes()
    ends = [capture.offset for capture in read_captures(path)] + [len(whole)]
    cut = tmp_path / "cut.warc.gz"

    for length in {*range(3, len(whole), 41), *range(len(whole) - 9, len(whole)), *(end + 1 for end in ends[:-1])}:
        cut.write_bytes(whole[:length])
        found = scan(cut)
        read = []
        with pytest.raises(WarcError, match=r"cut\.warc\.gz"):
            for capture in read_captures(cut):
                read.append(capture)

        assert found.problem, length
        assert found.good_bytes == max([0, *(end for end in ends if end <= length)]), length
        assert len(read) <= sum(end <= length for end in ends[1:])


def test_a_file_cut_between_two_records_is_whole(tmp_path: Path) -> None:
    path = written(tmp_path)
    third = list(read_captures(path))[2].offset
    path.write_bytes(path.read_bytes()[:third])

    assert scan(path).problem == ""
    assert len(list(read_captures(path))) == 2


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    path = written(tmp_path, pages=2, body=random.Random(2).randbytes(3000))
    whole = path.read_bytes()
    chance = random.Random(3)

    for _ in range(40):
        damaged = bytearray(whole)
        damaged[chance.randrange(12, len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        judged = subprocess.run(["gzip", "-t", path], capture_output=True, check=False)  # a judge that is not ours

        assert bool(scan(path).problem) == bool(judged.returncode)


def test_a_damaged_record_is_the_only_one_that_is_lost(tmp_path: Path) -> None:
    path = written(tmp_path, pages=6, body=random.Random(2).randbytes(900))
    whole = path.read_bytes()
    sound = {capture.offset: capture for capture in read_captures(path)}
    starts = [*sound, len(whole)]
    chance = random.Random(4)

    for _ in range(120):
        damaged = bytearray(whole)
        places = sorted(chance.sample(range(starts[0], len(whole)), chance.randint(1, 2)))
        for place in places:
            damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        hurt = {max(start for start in starts if start <= place) for place in places}

        read, problem = [], ""
        try:
            for capture in read_captures(path):
                read.append(capture)
        except WarcError as error:
            problem = str(error)

        assert {capture.offset for capture in read} >= set(sound) - hurt, places
        assert all(capture.body == sound[capture.offset].body for capture in read), places
        assert bool(problem) == bool(scan(path).problem)
        if problem:
            assert str(path) in problem and "restore the file from a copy" in problem


def test_a_file_with_a_torn_tail_is_mended_as_the_message_says(tmp_path: Path) -> None:
    path = written(tmp_path, pages=3)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(WarcError, match=r"the last record is cut.*name it .*\.warc\.gz\.open and crawl its site"):
        list(read_captures(path))
    path.rename(f"{path}.open")
    recover(path.parent)

    assert len(list(read_captures(path))) == 2


def test_what_is_no_warc_is_refused_by_name(tmp_path: Path) -> None:
    for content in (b"", b"hello", gzip.compress(b"hello"), b"<html></html>", b"\x1f\x8b junk"):
        path = tmp_path / "page.warc.gz"
        path.write_bytes(content)

        with pytest.raises(WarcError, match=r"page\.warc\.gz"):
            list(read_captures(path))
    with pytest.raises(WarcError, match="missing"):
        list(read_captures(tmp_path / "missing.warc"))


def other_warc(path: Path, block: bytes, *, compressed: bool = True, copies: int = 1) -> Path:
    """A WARC/1.0 file as another tool writes it."""
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=compressed)
        writer.write_record(writer.create_warcinfo_record("other.warc", {"software": "other"}))
        for number in range(copies):
            head, _, body = block.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            fields = StatusAndHeaders(
                first.partition(" ")[2], [tuple(line.split(": ", 1)) for line in lines], protocol="HTTP/1.1"
            )
            url = f"http://other.test:8080/{number}"
            request = StatusAndHeaders("GET / HTTP/1.1", [("Host", "other.test")], is_http_request=True)
            writer.write_record(writer.create_warc_record(url, "request", http_headers=request))
            writer.write_record(
                writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=fields)
            )
    return path


def test_files_of_other_tools_are_read_compressed_and_plain(tmp_path: Path) -> None:
    block = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>gone</p>"
    for compressed in (True, False):
        path = other_warc(tmp_path / f"{compressed}.warc", block, compressed=compressed, copies=2)

        captures = list(read_captures(path))

        assert [(c.status, c.body, c.site) for c in captures] == [(404, b"<p>gone</p>", "other.test")] * 2
        assert read_capture(path, captures[1].offset).url == "http://other.test:8080/1"
        assert scan(path).problem == ""
        whole = path.read_bytes()
        path.write_bytes(whole[:-30])
        assert scan(path).problem
        with pytest.raises(WarcError):
            list(read_captures(path))


def test_records_that_share_one_gzip_member_are_refused_with_the_cure(tmp_path: Path) -> None:
    plain = other_warc(tmp_path / "plain.warc", b"HTTP/1.1 200 OK\r\n\r\nx", compressed=False)
    path = tmp_path / "one.warc.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))

    with pytest.raises(WarcError, match="recompress"):
        list(read_captures(path))


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("label", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("br", brotli.compress),
        ("zstd", zstd.compress),
        ("gzip, br", lambda data: brotli.compress(gzip.compress(data))),
        ("gzip", bytes),  # a server that lies
        ("br", bytes),
        ("zstd", bytes),
        ("deflate", bytes),
        ("unheard-of", bytes),
    ],
)
def test_content_encodings_are_undone_and_lies_are_seen_through(tmp_path: Path, label: str, encode) -> None:  # type: ignore[no-untyped-def]
    path = written(tmp_path, 1, encode(PAGE), (("Content-Encoding", label),))

    capture = next(read_captures(path))

    assert capture.body == PAGE
    assert capture.truncated == ""


def test_a_bomb_is_cut_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "MAXIMUM_BODY", 100_000)
    bomb = bytes(5_000_000)
    for number, (label, body) in enumerate(
        [("gzip", gzip.compress(bomb)), ("br", brotli.compress(bomb, quality=3)), ("zstd", zstd.compress(bomb))]
    ):
        path = written(tmp_path / str(number), 1, body, (("Content-Encoding", label),))

        capture = next(read_captures(path))

        assert (len(capture.body), capture.truncated) == (100_000, "length"), label


@pytest.mark.parametrize("size", [90, 700, 40_000])
def test_a_damaged_body_is_inflated_to_the_damage(tmp_path: Path, size: int) -> None:
    text = bytes(random.Random(7).choices(b"abcdefgh ", k=size))
    packed = gzip.compress(text)

    wrong_sum = next(read_captures(written(tmp_path / "sum", 1, packed[:-8] + bytes(8), GZIPPED)))
    members = next(read_captures(written(tmp_path / "two", 1, gzip.compress(b"first ") + packed, GZIPPED)))
    torn = next(read_captures(written(tmp_path / "torn", 1, gzip.compress(b"first ") + packed[:-9], GZIPPED)))
    tail = next(read_captures(written(tmp_path / "tail", 1, packed + b"garbage", GZIPPED)))
    other = next(read_captures(written(tmp_path / "br", 1, packed, (("Content-Encoding", "br"),))))

    assert (wrong_sum.body, wrong_sum.truncated) == (text, "disconnect")
    assert (members.body, members.truncated) == (b"first " + text, "")
    assert torn.body.startswith(b"first " + text[: size // 2]) and torn.truncated == "disconnect"
    assert (tail.body, tail.truncated) == (text, "")
    assert other.body == text, "it says br and is gzip"


def test_a_body_that_ends_early_is_kept_and_marked(tmp_path: Path) -> None:
    body = gzip.compress(random.Random(4).randbytes(20_000))[:9_000]

    capture = next(read_captures(written(tmp_path, 1, body, (("Content-Encoding", "gzip"),))))

    assert capture.truncated == "disconnect"
    assert 8_000 < len(capture.body) < 9_100


def test_a_chunked_body_of_another_tool_is_put_together(tmp_path: Path) -> None:
    block = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=1\r\n world\r\n0\r\n\r\n"
    joined = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello world"  # undone when it was written

    for number, given in enumerate((block, joined)):
        capture = next(read_captures(other_warc(tmp_path / f"{number}.warc.gz", given)))
        assert capture.body == b"hello world"
