"""Replay our captures with pywb and compare every byte: in goes pywb's folder, out comes a table.

    uv venv /tmp/pywb && uv pip install --python /tmp/pywb/bin/python pywb setuptools
    python -m benchmarks.replay /tmp/pywb/bin

pywb is a judge that we did not write: it makes its own index of our WARC files and serves what they hold. Captures of
every kind are written as a crawl writes them (pages, redirects, errors, GBK, compressed, cut off, empty; the same again
a day later, unchanged by digest and by 304; a saved page), given to pywb, and each is asked for as it was received
(`id_`) and compared with what the archive reads of it. A revisit has to come out with the body that it refers to.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import gzip
import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipeline.records import Capture
from pipeline.warc import read_captures
from spiders.captures import CaptureWriter, load_known

RESULTS = Path(__file__).parent / "results" / "replay.md"
FIRST = datetime.datetime(2026, 11, 20, 2, 0, 7, tzinfo=datetime.UTC)
AGAIN = FIRST + datetime.timedelta(days=1)
HTML = (("Content-Type", "text/html; charset=utf-8"),)
ASKED = (("User-Agent", "Yixun/test"), ("Accept", "text/html"))
TEXT = "<html><p>我院组织党员医务人员前往乡镇卫生院开展义诊。</p></html>"


def write(folder: Path) -> None:
    """Two crawls of one site, the second of which finds most of it unchanged."""
    packed = gzip.compress(TEXT.encode())
    pages: list[tuple[str, int, tuple[tuple[str, str], ...], bytes, str]] = [
        ("page", 200, (*HTML, ("ETag", '"1"')), TEXT.encode(), ""),
        ("gbk", 200, (("Content-Type", "text/html; charset=gbk"),), TEXT.encode("gbk"), ""),
        ("gzip", 200, (*HTML, ("Content-Encoding", "gzip")), packed, ""),
        ("cut", 200, (*HTML, ("Content-Length", "9000")), TEXT.encode()[:50], "disconnect"),
        ("long", 200, HTML, random.Random(3).randbytes(300_000), "length"),
        ("moved", 302, (("Location", "/page"),), b"", ""),
        ("gone", 404, HTML, b"<p>gone", ""),
        ("error", 500, HTML, b"<p>error", ""),
        ("%E7%A9%BA%20%E9%A1%B5?b=%E9&a=1", 200, HTML, TEXT.encode(), ""),
        ("file.pdf", 200, (("Content-Type", "application/pdf"),), b"%PDF-1.7 " + bytes(range(256)), ""),
    ]
    for moment in (FIRST, AGAIN):
        with CaptureWriter(
            folder, "demo", started_at=moment, software="Yixun/test", known=load_known(folder)
        ) as writer:
            for path, status, headers, body, truncated in pages:
                url = f"http://demo.test/{path}"
                writer.write_response(url, moment, status, "", headers, body, truncated, ip="192.0.2.7", asked=ASKED)
            if moment is AGAIN:
                conditional = (*ASKED, ("If-None-Match", '"1"'))
                later = moment + datetime.timedelta(hours=1)
                writer.write_response("http://demo.test/page", later, 304, "", (), b"", asked=conditional)
            else:
                writer.write_resource("http://demo.test/saved.html", moment, "text/html", TEXT.encode())


def replay(folder: Path, tools: Path, captures: list[Capture]) -> list[tuple[Capture, int, bytes]]:
    """Every capture with the status and body that pywb serves for it."""
    home = folder / "pywb"
    home.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    for command in (["init", "demo"], ["add", "demo", *map(str, sorted((folder / "captures").glob("*.warc.gz")))]):
        subprocess.run([tools / "wb-manager", *command], cwd=home, env=environment, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(tools / "wayback"), "-b", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(150):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        return [(capture, *_fetch(port, capture)) for capture in captures]
    finally:
        server.terminate()
        server.wait()


def _fetch(port: int, capture: Capture) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    place = f"/demo/{capture.captured_at:%Y%m%d%H%M%S}id_/{capture.url}"
    connection.putrequest("GET", place, skip_accept_encoding=True)
    connection.endheaders()
    answer = connection.getresponse()
    pieces = []
    with contextlib.suppress(TimeoutError, http.client.IncompleteRead):  # a page may say a length that it does not have
        while piece := answer.read1(65_536):
            pieces.append(piece)
    return answer.status, b"".join(pieces)


def main() -> int:
    """Read the command line; 1 when pywb serves something else than what was captured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path, help="the folder with pywb's wayback and wb-manager")
    arguments = parser.parse_args()
    if not (arguments.tools / "wayback").exists():
        raise SystemExit(f"{arguments.tools}: no pywb there; --help says how to install it")
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="yixun-replay-") as scratch:
        folder = Path(scratch)
        write(folder / "captures")
        captures = [c for path in sorted((folder / "captures").glob("*.warc.gz")) for c in read_captures(path)]
        payloads = {capture.digest: capture for capture in captures if capture.kind != "revisit"}
        rows = []
        for capture, status, body in replay(folder, arguments.tools, captures):
            original = payloads[capture.digest]
            wanted = (304, b"") if capture.status == 304 else (original.status or 200, original.body)
            same = (status, body) == wanted  # pywb undoes a content encoding; a 304 it serves as the 304 that it was
            wrong += not same
            rows.append(
                f"| {capture.captured_at:%m-%d %H:%M} {capture.url[16:]} | {capture.kind} | {capture.status} "
                f"| {status} | {len(body)} | {'yes' if same else 'NO'} |"
            )
    said = f"{len(captures) - wrong} of {len(captures)} captures come out of pywb as they were received."
    head = ["| captured | kind | status | pywb's status | bytes | the same |", "|---|---|---|---|---|---|"]
    text = "\n".join([*head, *rows, "", said]) + "\n"
    print(text)
    command = f"    python -m benchmarks.replay PYWB      # {datetime.date.today()}"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(f"# Replay by pywb\n\n{command}\n\n{text}", "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
