from __future__ import annotations

import datetime
import errno
import gzip
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.errors import WarcError
from pipeline.warc import read_capture, read_captures, scan
from spiders import captures
from spiders.captures import CaptureWriter, Listing, cdxj_line, crawl_lock, load_known, recover, urlkey

NOW = datetime.datetime(2026, 11, 21, 2, 0, 7, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(days=1)
URL = "http://demo.test/news/12.html"
HTML = (("Content-Type", "text/html; charset=utf-8"),)


def writer(folder: Path, moment: datetime.datetime = NOW) -> CaptureWriter:
    return CaptureWriter(folder, "demo", started_at=moment, software="Yixun/test", known=load_known(folder))


def warcs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.warc.gz"))


def index(folder: Path) -> list[dict[str, str]]:
    lines = [line for path in sorted(folder.glob("*.cdxj")) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line[line.index("{") :]) for line in lines]


def test_a_capture_is_kept_as_received_and_judges_that_are_not_ours_agree(tmp_path: Path) -> None:
    body = gzip.compress("<p>我院动态</p>".encode("gb18030"))
    fields = (("content-type", "text/html"), ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked"))
    with writer(tmp_path) as out:
        ref = out.write_response(URL, NOW, 200, "", (*fields, ("X-测试", "值"), (b"X-Raw", b"\xce\xd2")), body)
        out.write_response("http://demo.test/gone", NOW, 404, "Not Found", HTML, b"gone", truncated="disconnect")

    path = warcs(tmp_path)[0]
    assert path.name.startswith("demo-20261121020007-")
    assert len(path.name) == len("demo-20261121020007-3fa1c.warc.gz")
    assert subprocess.run(["gzip", "-t", path], check=False).returncode == 0
    judged = subprocess.run([Path(sys.executable).with_name("fastwarc"), "check", path], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout
    with path.open("rb") as stream:
        info, response, _ = [(r.headers.to_dict(), r.reader.read()) for r in ArchiveIterator(stream, parse_http=False)]
    assert b"software: Yixun/test" in info[1] and b"robots: classic" in info[1] and b"reconstructed" in info[1]
    assert response[0]["WARC-Payload-Digest"] == ref.digest
    assert ref.digest.startswith("sha256:") and len(ref.digest) == 7 + 64
    head, _, kept = response[1].partition(b"\r\n\r\n")
    assert kept == body
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"chunked" not in head
    assert b"X-Raw: \xce\xd2" in head
    assert read_capture(path, ref.offset).body == "<p>我院动态</p>".encode("gb18030")
    assert [c.truncated for c in read_captures(path)] == ["", "disconnect"]


def test_the_index_names_every_capture(tmp_path: Path) -> None:
    with writer(tmp_path) as out:
        out.write_response(URL, NOW, 200, "OK", (*HTML, ("ETag", '"a1"'), ("Last-Modified", "Mon, 22 Aug 2022")), b"x")
        out.write_response("http://demo.test/old", NOW, 301, "", (("Location", "/news/"),), b"")
        out.write_resource("file:demo/页 1.html", NOW, "text/html", b"<p>")

    line = next(tmp_path.glob("*.cdxj")).read_text("utf-8").splitlines()
    assert line == sorted(line)
    assert line[-1].startswith("test,demo)/old 20261121020007 {")
    fields = {entry["url"]: entry for entry in index(tmp_path)}
    assert all(isinstance(value, str) for entry in fields.values() for value in entry.values())
    assert set(fields[URL]) == {
        *("url", "mime", "status", "digest", "length", "offset", "filename", "etag", "last-modified")
    }
    assert fields["http://demo.test/old"]["location"] == "http://demo.test/news/"
    path = warcs(tmp_path)[0]
    for capture in read_captures(path):
        assert fields[capture.url]["offset"] == str(capture.offset)
        assert fields[capture.url]["length"] == str(capture.length)
        assert fields[capture.url]["filename"] == path.name
        assert fields[capture.url]["digest"] == capture.digest


def test_what_is_known_becomes_a_revisit(tmp_path: Path) -> None:
    with writer(tmp_path) as out:
        first = out.write_response(URL, NOW, 200, "OK", (*HTML, ("ETag", '"1"')), b"same")
    with writer(tmp_path, LATER) as out:
        same = out.write_response(URL, LATER, 200, "OK", HTML, b"same")
        unchanged = out.write_response(URL, LATER, 304, "", (), b"")
        elsewhere = out.write_response(URL + "?x", LATER, 200, "OK", HTML, b"same")
        error = out.write_response(URL, LATER, 404, "", HTML, b"same")
        changed = out.write_response(URL, LATER, 200, "OK", HTML, b"other")

    kinds = [ref.kind for ref in (first, same, unchanged, elsewhere, error, changed)]
    assert kinds == ["response", "revisit", "revisit", "response", "response", "response"]
    assert same.digest == unchanged.digest == first.digest
    with warcs(tmp_path)[1].open("rb") as stream:
        revisits = [r.headers.to_dict() for r in ArchiveIterator(stream) if str(r.record_type) == "revisit"]
    assert [r["WARC-Profile"].rpartition("/")[2] for r in revisits] == [
        "identical-payload-digest",
        "server-not-modified",
    ]
    assert all("/warc/1.1/" in r["WARC-Profile"] for r in revisits)
    assert revisits[0]["WARC-Refers-To-Target-URI"] == URL
    assert revisits[0]["WARC-Refers-To-Date"] == "2026-11-21T02:00:07Z"
    read = [c for c in read_captures(warcs(tmp_path)[1]) if c.kind == "revisit"]
    assert [(c.status, c.body, c.digest) for c in read] == [(200, b"", first.digest), (304, b"", first.digest)]


def records(path: Path) -> list[tuple[dict[str, str], bytes]]:
    """The records of a file as FastWARC reads them."""
    with path.open("rb") as stream:
        return [(r.headers.to_dict(), r.reader.read()) for r in ArchiveIterator(stream, parse_http=False)]


def test_a_record_says_what_was_asked_of_whom_and_a_revisit_what_it_refers_to(tmp_path: Path) -> None:
    """WARC 1.1: 5.6 WARC-Concurrent-To, 5.10 WARC-IP-Address, 6.7.2 what a revisit of an identical payload has."""
    asked = ((b"User-Agent", b"Yixun/test"), ("If-None-Match", '"1"'))
    for moment in (NOW, LATER):
        with writer(tmp_path, moment) as out:
            out.write_response(f"{URL}?a=b", moment, 200, "OK", HTML, b"same", ip="192.0.2.7", asked=asked)

    (_, response, request), (_, revisit, second) = (records(path) for path in warcs(tmp_path))
    for one, other in ((response, request), (revisit, second)):
        assert other[0]["WARC-Type"] == "request"
        assert other[0]["WARC-Concurrent-To"] == one[0]["WARC-Record-ID"]
        assert {one[0]["WARC-IP-Address"], other[0]["WARC-IP-Address"]} == {"192.0.2.7"}
        assert one[0]["WARC-Target-URI"] == other[0]["WARC-Target-URI"] == f"{URL}?a=b"
    assert request[1].startswith(b"GET /news/12.html?a=b HTTP/1.1\r\nHost: demo.test\r\nUser-Agent: Yixun/test\r\n")
    assert request[1].endswith(b'If-None-Match: "1"\r\n\r\n')
    assert revisit[0]["WARC-Refers-To"] == response[0]["WARC-Record-ID"]
    assert revisit[0]["WARC-Truncated"] == "length" and "WARC-Truncated" not in response[0]
    read = [list(read_captures(path)) for path in warcs(tmp_path)]
    assert [[(c.kind, c.truncated) for c in one] for one in read] == [[("response", "")], [("revisit", "")]]
    assert "truncated" not in index(tmp_path)[1], "what a revisit leaves out is no loss"
    assert [c.length for one in read for c in one] == [int(line["length"]) for line in index(tmp_path)]


def test_a_page_that_was_cut_stays_known_as_cut_when_it_comes_again(tmp_path: Path) -> None:
    for moment in (NOW, LATER):
        with writer(tmp_path, moment) as out:
            out.write_response(URL, moment, 200, "OK", HTML, b"begins", truncated="time")

    page = load_known(tmp_path).page(URL)

    assert page is not None and (page.captured_at, page.truncated) == (LATER, "time")


def test_an_unasked_304_is_kept_as_it_is(tmp_path: Path) -> None:
    with writer(tmp_path) as out:
        assert out.write_response(URL, NOW, 304, "", (), b"").kind == "response"

    assert not load_known(tmp_path).had(URL), "its payload never came"


def test_the_payload_of_a_known_page_is_found_again(tmp_path: Path) -> None:
    with writer(tmp_path) as out:
        out.write_response(URL, NOW, 200, "OK", (*HTML, ("ETag", '"1"')), b"page")
        assert out.known is not None
        payload = out.known.payload(URL, tmp_path)  # while the file is open
        assert payload is not None and payload.body == b"page"
    with writer(tmp_path, LATER) as out:
        out.write_response(URL, LATER, 304, "", (("ETag", '"2"'),), b"")

    known = load_known(tmp_path)
    page, payload = known.page(URL), known.payload(URL, tmp_path)

    assert payload is not None and payload.body == b"page"
    assert page is not None
    assert (page.captured_at, page.payload_at, page.status, page.etag) == (LATER, NOW, 200, '"2"')
    assert known.payload("http://demo.test/never", tmp_path) is None


def test_a_page_that_did_not_answer_is_not_had(tmp_path: Path) -> None:
    with writer(tmp_path) as out:
        for status in (200, 301, 302, 404, 410, 403, 412, 429, 500, 503, 521):
            location = (("Location", f"/to/{status}"),) if status in (301, 302) else ()
            out.write_response(f"http://demo.test/{status}", NOW, status, "", location, b"")
        out.write_response("http://demo.test/to/302", NOW, 200, "", (), b"target")
        out.write_response("http://demo.test/a", NOW, 302, "", (("Location", "/b"),), b"")
        out.write_response("http://demo.test/b", NOW, 302, "", (("Location", "/a"),), b"")

    known = load_known(tmp_path)

    had = {status for status in (200, 301, 302, 404, 410, 403, 412, 429, 500, 503, 521)
           if known.had(f"http://demo.test/{status}")}  # fmt: skip
    assert had == {200, 302, 404, 410}, "301: its target was never captured"
    assert known.had("http://demo.test/a"), "a loop of redirects"


def test_a_crawl_that_captured_nothing_leaves_no_file(tmp_path: Path) -> None:
    with writer(tmp_path / "demo"):
        pass

    assert not (tmp_path / "demo").exists()


def test_a_full_disk_leaves_whole_files_and_the_crawl_goes_on_after(tmp_path: Path) -> None:
    """The limit on a file's size fails a write in its middle, as a full disk does."""
    chance = random.Random(5)
    bodies = {f"http://demo.test/{n}": chance.randbytes(chance.randrange(200, 9_000)) for n in range(40)}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept, refused = [], 0
    with writer(tmp_path) as out:
        for number, (url, body) in enumerate(bodies.items()):
            if number % 2:
                path = next(tmp_path.glob("*.warc.gz.open"))
                size = path.stat().st_size + chance.randrange(0, len(body))
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
            try:
                out.write_response(url, NOW, 200, "OK", (), body)
                kept.append(url)
            except WarcError as error:
                assert str(tmp_path) in str(error) and "free some room" in str(error)
                assert "\n" not in str(error)
                refused += 1
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert refused >= 15
    path = warcs(tmp_path)[0]
    assert scan(path).problem == ""
    assert [c.url for c in read_captures(path)] == kept
    assert [c.body for c in read_captures(path)] == [bodies[url] for url in kept]
    assert {entry["url"] for entry in index(tmp_path)} == set(kept)


@pytest.mark.parametrize("call", ["write", "fsync", "rename", "ftruncate"])
def test_whichever_call_fails_nothing_that_was_reported_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Fail the n-th write, fsync … for every n until a crawl of three pages meets no failure."""
    for failing in range(1, 60):
        folder = tmp_path / f"{call}{failing}"
        count = 0
        real = Path.rename if call == "rename" else getattr(os, call)

        def fail(*args, real=real, failing=failing, **kwargs):  # type: ignore[no-untyped-def]
            nonlocal count
            count += 1
            if count == failing:
                raise OSError(errno.EIO, "the disk is broken")
            return real(*args, **kwargs)

        reported = []
        with monkeypatch.context() as patch:
            patch.setattr(*((Path, "rename", fail) if call == "rename" else (captures.os, call, fail)))
            try:
                with writer(folder) as out:
                    for number in range(3):
                        if call == "ftruncate":  # is only called after another failure
                            patch.setattr(captures.os, "write", lambda fd, data: os.pwrite(fd, data[:9], 0) and 9)
                        out.write_response(f"http://demo.test/{number}", NOW, 200, "OK", (), b"page %d" % number)
                        reported.append(f"http://demo.test/{number}")
            except WarcError as error:
                assert str(folder) in str(error)
        recover(folder)

        kept = [c.url for path in warcs(folder) for c in read_captures(path)]
        assert set(kept) >= set(reported), failing
        assert len(kept) == len(set(kept))
        assert {entry["url"] for entry in index(folder)} == set(kept)
        assert not list(folder.glob("*.open"))
        if count < failing:
            break
    else:
        pytest.fail("never got through")


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import datetime
from spiders.captures import CaptureWriter
folder = Path(sys.argv[1])
out = CaptureWriter(folder, "demo", started_at=datetime.datetime.now(datetime.UTC), software="test")
for number in range(100000):
    now = datetime.datetime.now(datetime.UTC)
    out.write_response(f"http://demo.test/{number}", now, 200, "OK", (), os.urandom(20000))
    print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_reported(tmp_path: Path) -> None:
    root = str(Path(captures.__file__).parent.parent)
    child = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path, root], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(30):
        child.stdout.readline()
    assert recover(tmp_path) == [], "a file that is being written is left alone"
    child.send_signal(signal.SIGKILL)
    reported = 30 + len(child.stdout.read().split())
    child.wait()
    child.stdout.close()

    said = recover(tmp_path)

    assert len(said) >= 1 and "closed after a crawl that was killed" in said[-1]
    kept = [c.url for path in warcs(tmp_path) for c in read_captures(path)]
    assert kept[:reported] == [f"http://demo.test/{number}" for number in range(reported)]
    assert recover(tmp_path) == []


def test_a_torn_tail_is_cut_wherever_it_was_torn_and_kept_beside(tmp_path: Path) -> None:
    with writer(tmp_path / "whole") as out:
        for number in range(3):
            fields = (*HTML, ("ETag", f'"{number}"'))
            out.write_response(f"http://demo.test/{number}", NOW, 200, "OK", fields, b"page" * 50)
        out.write_response("http://demo.test/r", NOW, 302, "", (("Location", "/1"),), b"")
    path = warcs(tmp_path / "whole")[0]
    whole, lines = path.read_bytes(), (path.parent / path.name.replace(".warc.gz", ".cdxj")).read_bytes()
    ends = [c.offset + c.length for c in read_captures(path)]

    for length in range(1, len(whole), 97):
        folder = tmp_path / str(length)
        folder.mkdir()
        (folder / f"{path.name}.open").write_bytes(whole[:length])
        (folder / path.name.replace(".warc.gz", ".cdxj.open")).write_bytes(lines[: length // 4])

        recover(folder)

        good = max([0, *(end for end in ends if end <= length)])
        if good:
            assert warcs(folder)[0].read_bytes() == whole[:good]
            assert set(next(folder.glob("*.cdxj")).read_bytes().splitlines()) <= set(lines.splitlines())
            assert len(index(folder)) == sum(end <= good for end in ends)
        torn = b"".join(part.read_bytes() for part in folder.glob("*.torn"))
        assert whole[:length].endswith(torn)
        assert not list(folder.glob("*.open"))


def test_only_one_crawl_of_a_site_at_a_time(tmp_path: Path) -> None:
    with crawl_lock(tmp_path / "demo") as first, crawl_lock(tmp_path / "demo") as second:
        assert (first, second) == (True, False)
    with crawl_lock(tmp_path / "demo") as again:
        assert again


def test_two_writers_of_one_site_do_not_meet(tmp_path: Path) -> None:
    with writer(tmp_path) as one, writer(tmp_path) as two:
        for number in range(20):
            one.write_response(f"http://demo.test/{number}", NOW, 200, "OK", (), b"one")
            two.write_response(f"http://demo.test/{number}", NOW, 200, "OK", (), b"two")

    assert [len(list(read_captures(path))) for path in warcs(tmp_path)] == [20, 20]


def test_a_large_file_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "MAXIMUM_FILE", 3_000)
    with writer(tmp_path) as out:
        for number in range(8):
            out.write_response(f"http://demo.test/{number}", NOW, 200, "OK", (), random.Random(number).randbytes(1_000))

    assert len(warcs(tmp_path)) > 1
    assert out.filenames == [path.name for path in warcs(tmp_path)] or len(out.filenames) == len(warcs(tmp_path))
    assert sum(len(list(read_captures(path))) for path in warcs(tmp_path)) == 8


@settings(max_examples=60, deadline=None)
@given(
    url=st.text(max_size=60).map(lambda text: f"http://demo.test/{text}"),
    name=st.text(max_size=12),
    value=st.text(max_size=60),
    body=st.binary(max_size=200),
)
@example(url="http://demo.test/>", name="", value="", body=b"")
def test_no_url_or_header_breaks_a_record(url: str, name: str, value: str, body: bytes) -> None:
    url = url.encode("utf-8", "replace").decode()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with writer(folder) as out:
            out.write_response(url, NOW, 200, "OK", ((name, value), ("Content-Type", "text/plain")), body)
            out.write_response("http://demo.test/after", NOW, 200, "OK", (), b"after")
        read = list(read_captures(warcs(folder)[0]))
        known = load_known(folder)

    assert [c.body for c in read if "content-encoding" not in name.lower()] in ([body, b"after"], [])
    assert read[1].url == "http://demo.test/after"
    assert known.had(read[0].url) and known.had("http://demo.test/after")
    assert len(known) == 2 or read[0].url == read[1].url


def test_keys_of_the_index_have_no_blanks() -> None:
    assert urlkey("http://www.demo.test:80/b?c=1&a=2") == "test,demo)/b?a=2&c=1"
    for url in ("file:demo/页 1.html", "http://[broken/ x", "", "x y\tz"):
        assert " " not in urlkey(url) and urlkey(url)
    line = cdxj_line(
        url="http://demo.test/",
        captured_at=NOW,
        kind="response",
        status=200,
        digest="",
        length=1,
        offset=0,
        filename="f",
    )
    assert line.count(b"\n") == 1


def test_what_the_crawler_knew_of_a_page_is_in_its_record_and_made_again_from_it(tmp_path: Path) -> None:
    listing = Listing(url="http://demo.test/news/", date="2022年8月22日\r\nWARC-Type: warcinfo")
    out = writer(tmp_path)
    out.write_response(URL, NOW, 200, "", HTML, b"<p>", "time", listing=listing)
    out.write_response("http://demo.test/wall", NOW, 200, "", HTML, b"<script>", verdict="blocked: a challenge")
    open_index = next(tmp_path.glob("*.cdxj.open"))
    written = sorted(open_index.read_text("utf-8").splitlines())
    os.close(out._warc)  # the process dies
    os.close(out._cdxj)
    open_index.unlink()

    recover(tmp_path)

    page, wall = read_captures(warcs(tmp_path)[0])
    assert (page.listed_on, page.truncated) == ("http://demo.test/news/", "time")
    assert page.listed_date == "2022年8月22日 WARC-Type: warcinfo", "it stays on its line"
    assert wall.verdict == "blocked: a challenge"
    assert sorted(next(tmp_path.glob("*.cdxj")).read_text("utf-8").splitlines()) == written
    known = load_known(tmp_path)
    kept = known.page(URL)
    assert kept is not None and kept.listing is not None and kept.listing.url == "http://demo.test/news/"
    assert not known.had(wall.url), "a page behind a wall is asked for again"


def test_a_later_look_does_not_forget_how_a_page_was_found(tmp_path: Path) -> None:
    with writer(tmp_path) as out:
        out.write_response(URL, NOW, 200, "", HTML, b"<p>", listing=Listing(url="http://demo.test/", date="2022-08-22"))
    with writer(tmp_path, LATER) as out:
        out.write_response(URL, LATER, 304, "", (), b"")

    page = load_known(tmp_path).page(URL)

    assert page is not None and page.listing == Listing(url="http://demo.test/", date="2022-08-22")
    assert (page.first_at, page.captured_at) == (NOW, LATER)
