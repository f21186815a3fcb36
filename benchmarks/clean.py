"""Measure cleaning on labelled pages and on pages of our own making, side by side with other extractors in one run.

    python -m benchmarks.clean ../shared/eval --peers trafilatura gne newspaper4k readability-lxml
    python -m benchmarks.clean --own tests/pages

In: a folder with `pages.jsonl.gz` (one JSON object a line: id, url, html, encoding, truth) and `score.py`. Out: the
predictions of each extractor (`.cache/clean-<name>.jsonl`, which git ignores: other people's sentences), and one
table, printed and written to `benchmarks/results/clean.md`: body F1, fields, page kinds, documents per CPU-second of
this process. Kinds and persons are measured on the pages that `benchmarks.forms` makes, since the labels have few.

Yixun is measured as it is used: from the bytes of the page to the finished `Article`, with repair, flags and digest. A
peer gets the text already decoded, which spares it the decoding. The extractors take turns every few pages, so that a
busy machine is as slow for all. Peers that are not installed are left out:
`uv pip install --target /tmp/peers-clean gne newspaper4k readability-lxml lxml_html_clean`, then PYTHONPATH.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import forms, report, unpack
from pipeline.clean import clean_page
from pipeline.records import Article, Rejection

TURN = 13  # pages
FIRST_SEED = 20_000  # of the made pages; those below were looked at
SHORTEST_TEXT = 15  # characters of an article that is no picture or file
NOTE = """One page is below .5: `wx_hexun_34`, whose label begins with the third paragraph of the article, leaves out
the first two and the last two, and has the portal's disclaimer as its last line. Of the other pages below .8 the labels
leave out paragraphs (`wx_hexun_76`, `wx_cjw_80`, `wx_people_47`, all of finance pages), or take the date line, the
disclaimer (`wx_nbd_111`) or the note of where it was first printed for text. None of this was fitted."""

Row = dict[str, Any]
Extractor = Callable[[Row], Row]


def yixun(page: Row) -> Row:
    """Ours: bytes in, Article out."""
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
    """newspaper4k with its Chinese word list; it would fetch every image of a page to find the largest."""
    import newspaper

    address = page["url"] or "http://page.example/"
    read = newspaper.article(address, input_html=page["html"], language="zh", fetch_images=False)
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


def measure(extractors: dict[str, Extractor], pages: list[Row]) -> dict[str, tuple[list[Row], float]]:
    """The predictions of each, and its documents per CPU-second; a page that makes one fail counts as empty."""
    seconds = dict.fromkeys(extractors, 0.0)
    found: dict[str, list[Row]] = {name: [] for name in extractors}
    for extract in extractors.values():
        extract(pages[0])  # imports and tables are made once, not per page
    for turn in range(0, len(pages), TURN):
        for name, extract in extractors.items():
            started = time.process_time()
            for page in pages[turn : turn + TURN]:
                try:
                    read = extract(page)
                except Exception as error:  # a peer's failure is a result, whatever it raises
                    read = {"error": repr(error)[:200]}
                found[name].append({"id": page["id"], **read})
            seconds[name] += time.process_time() - started
    return {name: (found[name], len(pages) / seconds[name]) for name in extractors}


def score(folder: Path, predictions: list[Row], path: Path) -> dict[str, Row]:
    """What the labels' own score.py says of the predictions, by group of pages."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in predictions), encoding="utf-8")
    command = [sys.executable, str(folder / "score.py"), str(path), "--json"]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


FIELDS = (
    "title", "published_at", "source", "author", "contributor", "editor", "reviewer", "section", "text", "captions",
    "images", "attachments",
)  # fmt: skip


def own(folder: Path) -> str:
    """How many of the saved pages of the tests are read exactly as written down, by field, where the field is given."""
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


def kind_of(read: Article | Rejection) -> str:
    """What a page was taken for: article, list, pictures, attachments, error."""
    if not isinstance(read, Article):
        return "list" if read.reason == "list page" else "error"
    if len(read.text) >= SHORTEST_TEXT:
        return "article"
    return "pictures" if read.images else "attachments" if read.attachments else "article"


def made(count: int) -> dict[str, tuple[int, int]]:
    """(right, given) of page kinds, and of each field on the articles among so many pages of `benchmarks.forms`."""
    right: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        page = forms.make(seed)
        read = clean_page(page.html, forms.URL)
        given["kind"] += 1
        right["kind"] += kind_of(read) == page.kind
        for name, expected in page.expected.items():
            value: Any = "" if not isinstance(read, Article) else getattr(read, "text" if name == "lines" else name)
            given[name] += 1
            right[name] += "".join((value or "").split()) == "".join("".join(expected).split())
    return {name: (right[name], given[name]) for name in given}


# the table's rows: what, of which group of pages, which column of the labels' own score
ROWS = (
    ("body F1, hospital and government pages", "hospital+government", "F1", "≥ .99"),
    ("body F1, all", "all", "F1", "≥ .972"),
    ("pages with F1 < .5", "all", "F1<.5", "0"),
    ("title", "all", "title", "≥ .995"),
    ("date (day)", "all", "date", "1.00"),
    ("wrong dates", "all", "date wrong", "0"),
    ("source", "all", "source", "≥ .93"),
    ("author, where labelled", "all", "author", "≥ .85"),
)
MADE_ROWS = (
    ("page kind", "kind", "≥ .97"), ("author", "author", "≥ .85"), ("contributor", "contributor", "≥ .85"),
    ("editor", "editor", "≥ .85"), ("reviewer", "reviewer", "≥ .85"), ("source", "source", "≥ .93"),
    ("date and time", "published_at", ""), ("title", "title", ""), ("text, without any difference", "lines", ""),
)  # fmt: skip


def table(reports: dict[str, tuple[dict[str, Row], float]], forms_read: dict[str, tuple[int, int]]) -> str:
    """The reports as a Markdown table, a column an extractor; what is measured on made pages is Yixun's alone."""
    names = list(reports)
    groups = next(iter(reports.values()))[0]
    lines = [f"| | {' | '.join(names)} | goal |", "|---" * (len(names) + 2) + "|"]
    for what, group, column, goal in ROWS:
        cells = [reports[name][0][group][column] for name in names]
        shown = ["–" if cell is None else f"{cell:.4g}" for cell in cells]
        lines.append(f"| {what} ({groups[group]['pages']}) | {' | '.join(shown)} | {goal} |")
    rest = " | –" * (len(names) - 1)
    for what, field, goal in MADE_ROWS:
        right, given = forms_read.get(field, (0, 0))
        if given:
            lines.append(f"| {what}, pages of our own making ({given}) | {right / given:.3f}{rest} | {goal} |")
    speeds = [f"{reports[name][1]:.0f}" for name in names]
    lines.append(f"| documents per CPU-second | {' | '.join(speeds)} | |")
    if "trafilatura" in reports:
        times = reports["yixun"][1] / reports["trafilatura"][1]
        lines.append(f"| … times trafilatura's | {times:.2f}{rest} | ≥ 4 |")
    return "\n".join(lines)


def main() -> None:
    """Run the extractors by turns over the same pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--limit", type=int, help="only so many pages, for a quick look; the rest counts as empty")
    parser.add_argument("--made", type=int, default=600, help="pages of our own making")
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
    options.predictions.mkdir(parents=True, exist_ok=True)
    reports = {}
    for name, (predictions, speed) in measure(extractors, pages).items():
        reports[name] = score(options.folder, predictions, options.predictions / f"clean-{name}.jsonl"), speed
    command = f"    python -m benchmarks.clean {options.folder} --peers {' '.join(options.peers)}"
    shown = table(reports, made(options.made))
    report.write("clean", f"# Cleaning\n\n{command}\n\n{report.machine()}\n\n{shown}\n\n{NOTE}\n")


if __name__ == "__main__":
    main()
