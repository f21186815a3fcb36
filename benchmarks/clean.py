"""Measure cleaning on labelled pages, side by side with other extractors in one run.

    python -m benchmarks.clean [../shared/eval] [--peers trafilatura gne …] [--limit N]
    python -m benchmarks.clean --own tests/pages

In: a folder with `pages.jsonl.gz` (one JSON object a line: id, url, html, encoding, truth) and `score.py`. Out: the
predictions of each extractor (`.cache/clean-<name>.jsonl`, which git ignores: they are other people's sentences), and a
table of F1, fields and documents per CPU-second, printed and written to `.cache/clean.md` with its command.

Yixun is measured as it is used: from the bytes of the page to the finished `Article`, with repair, flags and digest. A
peer gets the text already decoded, which spares it the decoding. Peers that are not installed are left out
(`uv pip install gne newspaper4k readability-lxml`).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import unpack

Row = dict[str, Any]
Extractor = Callable[[Row], Row]


def yixun(page: Row) -> Row:
    """Ours: bytes in, Article out."""
    from pipeline.clean import clean_page
    from pipeline.records import Article

    read = clean_page(page["bytes"], page["url"] or f"file:{page['id']}.html")
    if not isinstance(read, Article):
        return {"rejection": read.reason}
    fields = {"text": read.text, "title": read.title, "published": read.published_at}
    return fields | {"source": read.source, "author": read.author}


def by_trafilatura(page: Row) -> Row:
    """trafilatura, default settings, with metadata."""
    import trafilatura

    read = trafilatura.bare_extraction(page["html"], url=page["url"] or None, with_metadata=True)
    if read is None:
        return {}
    return {
        "text": read.text,
        "title": read.title,
        "published": read.date,
        "source": read.sitename,
        "author": read.author,
    }


def by_gne(page: Row) -> Row:
    """GNE 0.4, made for Chinese news."""
    from gne import GeneralNewsExtractor

    read = GeneralNewsExtractor().extract(page["html"])
    return {
        "text": read["content"],
        "title": read["title"],
        "published": read["publish_time"],
        "author": read["author"],
    }


def by_newspaper(page: Row) -> Row:
    """newspaper4k with its Chinese word list."""
    import newspaper

    read = newspaper.article(page["url"] or "http://page.example/", input_html=page["html"], language="zh")
    published = str(read.publish_date or "")
    return {"text": read.text, "title": read.title, "published": published, "author": " ".join(read.authors)}


def by_readability(page: Row) -> Row:
    """readability-lxml."""
    from lxml import html
    from readability import Document

    read = Document(page["html"])
    return {"text": html.fromstring(read.summary()).text_content(), "title": read.short_title()}


PEERS: dict[str, tuple[str, Extractor]] = {  # name -> (module that has to be there, extractor)
    "trafilatura": ("trafilatura", by_trafilatura),
    "gne": ("gne", by_gne),
    "newspaper4k": ("newspaper", by_newspaper),
    "readability-lxml": ("readability", by_readability),
}


def measure(extract: Extractor, pages: list[Row]) -> tuple[list[Row], float]:
    """The predictions, and documents per CPU-second of this process; a page that makes a peer fail counts as empty."""
    extract(pages[0])  # imports and tables are made once, not per page
    predictions = []
    started = time.process_time()
    for page in pages:
        try:
            read = extract(page)
        except Exception as error:  # a peer's failure is a result, whatever it raises
            read = {"error": repr(error)[:200]}
        predictions.append({"id": page["id"], **read})
    return predictions, len(pages) / (time.process_time() - started)


def score(folder: Path, predictions: list[Row], path: Path) -> dict[str, Row]:
    """What the labels' own score.py says of the predictions, by group of pages."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in predictions), encoding="utf-8")
    command = [sys.executable, str(folder / "score.py"), str(path), "--json"]
    report: dict[str, Row] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return report


FIELDS = (
    "title", "published_at", "source", "author", "contributor", "editor", "reviewer", "section", "text", "captions",
    "images", "attachments",
)  # fmt: skip


def own(folder: Path) -> str:
    """How many of the saved pages of the tests are read exactly as written down, by field, where the field is given."""
    from pipeline.clean import clean_page
    from pipeline.records import Article

    given: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for path in sorted(folder.glob("*/*.json")):
        saved = json.loads(path.read_text(encoding="utf-8"))
        read = clean_page(path.with_suffix(".html").read_bytes(), saved["url"])
        expected = saved["expected"]
        found = "" if isinstance(read, Article) else read.reason
        given["kind"] += 1
        right["kind"] += found == expected.get("rejection", "")
        if not isinstance(read, Article) or "rejection" in expected:
            continue
        values = {name: getattr(read, name) for name in FIELDS}
        values |= {
            "text": read.text.split("\n") if read.text else [],
            "captions": list(read.captions),
            "images": [link.url for link in read.images],
            "attachments": [link.url for link in read.attachments],
        }
        for name in FIELDS:
            if expected[name]:
                given[name] += 1
                right[name] += values[name] == expected[name]
    rows = [f"| {name} | {right[name]} of {given[name]} |" for name in ("kind", *FIELDS)]
    return "\n".join(["| field | exact, where given |", "|---|---|", *rows])


COLUMNS = ("F1", "P", "R", "F1<.5", "title", "date", "date wrong", "source", "author")


def table(reports: dict[str, tuple[dict[str, Row], float]]) -> str:
    """The reports as a Markdown table: a row for all pages and one for those of hospitals and governments."""
    lines = [
        f"| extractor | pages | {' | '.join(COLUMNS)} | documents per CPU-second |",
        "|---" * (len(COLUMNS) + 3) + "|",
    ]
    for name, (report, speed) in reports.items():
        for group in ("hospital+government", "all"):
            row = report[group]
            cells = ["–" if row[column] is None else str(row[column]) for column in COLUMNS]
            lines.append(f"| {name} | {group} ({row['pages']}) | {' | '.join(cells)} | {speed:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Run the extractors one after the other over the same pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument(
        "--limit", type=int, help="only so many pages, for a quick look; the score counts the rest as empty"
    )
    parser.add_argument("--out", type=Path, default=Path(".cache"))
    parser.add_argument("--predictions", type=Path, default=Path(".cache"))
    parser.add_argument("--own", type=Path, metavar="FOLDER", help="only the saved pages of the tests, field by field")
    options = parser.parse_args()
    if options.own:
        print(own(options.own))
        return
    logging.disable(logging.ERROR)  # trafilatura logs every page that it discards
    pages = list(unpack.pages(options.folder / "pages.jsonl.gz"))[: options.limit]
    for page in pages:
        page["bytes"] = unpack.body_of(page)
    extractors = {"yixun": yixun}
    extractors |= {name: PEERS[name][1] for name in options.peers if importlib.util.find_spec(PEERS[name][0])}
    for folder in (options.out, options.predictions):
        folder.mkdir(parents=True, exist_ok=True)
    reports = {}
    for name, extract in extractors.items():
        predictions, speed = measure(extract, pages)
        reports[name] = score(options.folder, predictions, options.predictions / f"clean-{name}.jsonl"), speed
    note = f"`python -m benchmarks.clean {options.folder}` · Python {platform.python_version()} · {platform.machine()}"
    text = f"{table(reports)}\n\n{note}\n"
    (options.out / "clean.md").write_text(f"# Cleaning\n\n{text}", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
