"""How well the repair undoes the pinyin injection, and what it costs.

    python -m benchmarks.repair --paragraphs 1000 --real ../shared/eval

The paragraphs are of our own writing (`benchmarks.material`) and are damaged by `demo.damage`: all of this is
synthetic, except with `--real`, which damages the bodies of labelled real pages in the same way and judges them alone.
Half of the paragraphs are hospital news, on which the weights were set, half are of other topics, on which nothing
was. One sentence in seven is what somebody says, because `。”` is where most bytes slip on real pages; so these texts
have three times the slips of real pages (1.7 in 1,000 characters). The columns "as dense as real pages" have no speech
and fewer marker bytes. The table is also written to `benchmarks/results/repair.md`.

A spot is right when what the repair puts there, fixed or guessed, is what stood there, an eaten digit, letter or blank
being a `?`, for these are never guessed; distinct spots differ in what was printed or in what stood there. Of real
bodies the characters that GBK lacks are taken out first: a clone's text has been GBK before it was damaged.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import resource
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.material import OTHER_TOPICS, SENTENCES, paragraphs
from benchmarks.report import machine, write
from demo.damage import Slip, inject_traced, traditional
from pipeline.annotations import ANNOTATION
from pipeline.fold import fold, script_of
from pipeline.lexicon import lexicon
from pipeline.records import Repair
from pipeline.repair import assess, repair

DENSITIES = (0.2, 0.6, 1.0)
PAGE = 5  # paragraphs of a page
SENTENCES_EACH = 5  # of a paragraph
QUOTED = 0.15  # of the sentences are what somebody says
SPARSE = 0.25  # share of the places with a marker byte that makes our texts as dense as real pages
GENUINE = ["(PET-CT)", "(杨克强)", "(所)", "2010(3)", "(a)款", "三聚氰(qíng)胺(àn)", "骨骼(gé)", "鼾(hān)声"]
PINYIN = "三聚氰(qíng)胺(àn) 春(chūn)天(tiān) 龋(qǔ)齿 肌酐(gān) 嘌呤(piào) 胼胝(zhī) 髋(kuān) 踝(huái) 鼾(hān) 癔(yì)"


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paragraphs", type=int, default=1000)
    parser.add_argument("--real", type=Path, help="folder of the labelled pages (pages.jsonl.gz)")
    options = parser.parse_args()
    before = _resident()
    lexicon()
    words = _resident() - before
    half = options.paragraphs // 2
    news = _pages(paragraphs(half, seed=1, sentences=SENTENCES_EACH, quoted=QUOTED))
    others = _pages(paragraphs(half, seed=2, sentences=SENTENCES_EACH, written=OTHER_TOPICS, quoted=QUOTED))
    plain = paragraphs(half, seed=1, written=[*SENTENCES, *OTHER_TOPICS])
    columns = {
        "hospital news": damaged_pages(news),
        "other topics": damaged_pages(others),
        "both": damaged_pages([*news, *others]),
        "hospital news, as dense as real pages": damaged_pages(_sparse(1, half, SENTENCES), markers=SPARSE),
        "other topics, as dense as real pages": damaged_pages(_sparse(2, half, OTHER_TOPICS), markers=SPARSE),
    }
    if options.real:
        columns["real bodies"] = damaged_pages(list(real_bodies(options.real)))
    figures = {
        **undamaged_texts(plain),
        **speed(_pages(plain)),
        "word lists in memory, MB": round(words),
        "peak of the process, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    command = f"python -m benchmarks.repair --paragraphs {options.paragraphs}" + (
        " --real FOLDER" if options.real else ""
    )
    write("repair", _table(command, columns, figures))


def _table(command: str, columns: Mapping[str, Mapping[str, object]], figures: Mapping[str, object]) -> str:
    rows = list(next(iter(columns.values())))
    lines = ["# Repair", "", f"    {command}", "", machine(), ""]
    lines.append("All of it synthetic: texts of our own, and labelled bodies of real pages, damaged by `demo.damage`.")
    lines += ["", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {row} | {' | '.join(str(column[row]) for column in columns.values())} |" for row in rows]
    return "\n".join([*lines, "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in figures.items())])


def _resident() -> float:
    """Memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _sparse(seed: int, count: int, written: Sequence[str]) -> list[str]:
    """Pages of as many paragraphs, without speech."""
    return _pages(paragraphs(count, seed=seed, sentences=SENTENCES_EACH, written=written))


def _pages(texts: Sequence[str]) -> list[str]:
    return ["\n".join(texts[start : start + PAGE]) for start in range(0, len(texts), PAGE)]


def damaged_pages(pages: Sequence[str], markers: float = 0.6) -> dict[str, object]:
    """Annotations, parentheses, characters and spots over all pages and densities."""
    counts: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for seed, page in enumerate(pages):
        for density in DENSITIES:
            genuine = GENUINE[seed % len(GENUINE)]
            clean = f"{page}\n附注{genuine}。"
            damaged, slips = inject_traced(clean, density=density, seed=seed, markers=markers)
            _count_page(traditional(clean), traditional(genuine), damaged, slips, counts, seen)

    def share(part: str, whole: str) -> str:
        return f"{counts[part]:,} of {counts[whole]:,} = {100 * counts[part] / max(1, counts[whole]):.3f} %"

    return {
        "pages x densities": f"{len(pages)} x {len(DENSITIES)}",
        "spots in 1,000 characters": f"{1000 * counts['spots'] / counts['characters']:.1f}",
        "annotations removed": share("annotations removed", "annotations"),
        "genuine parentheses kept": share("genuine kept", "genuine"),
        "distinct spots exactly right (fixed or guess)": share("distinct right", "distinct"),
        "all spots exactly right": share("right", "spots"),
        "of `fixed` right": share("fixed right", "fixed"),
        "spots fixed": share("fixed", "spots"),
        "spots found where none was": counts["false spots"],
        "characters right, guesses applied": share("searched right", "characters"),
        "characters right, as repaired (.text)": share("characters right", "characters"),
    }


def _count_page(
    truth: str, genuine: str, damaged: str, slips: Sequence[Slip], counts: Counter[str], seen: set[tuple[str, str]]
) -> None:
    repaired = repair(damaged)
    counts["annotations"] += len(ANNOTATION.findall(damaged)) - len(ANNOTATION.findall(genuine))
    counts["annotations removed"] += repaired.annotations
    counts["genuine"] += 1
    counts["genuine kept"] += genuine in repaired.text
    wrong = Counter[str]()
    for low, high, real, found in _groups(slips, repaired):
        if not real:
            counts["false spots"] += 1
            continue
        stood = _between(repaired, low, high, [(s.start, s.end, s.original) for s in real])
        read = _between(repaired, low, high, [(s.start, s.end, s.after or s.before) for s in found])
        applied = [(s.start, s.end, s.after) for s in found if s.status == "fixed"]
        fixed = bool(found) and all(spot.status == "fixed" for spot in found)
        right = _same(read, stood)
        counts.update(spots=1, right=right, fixed=fixed)
        counts["fixed right"] += fixed and right
        key = (damaged[low:high], stood)
        counts["distinct"] += key not in seen
        counts["distinct right"] += key not in seen and right
        seen.add(key)
        wrong["text"] += _differing(stood, _between(repaired, low, high, applied))
        wrong["search"] += _differing(stood, read)
    counts["characters"] += len(truth)
    counts["characters right"] += len(truth) - wrong["text"]
    counts["searched right"] += len(truth) - wrong["search"]


def _same(read: str, stood: str) -> bool:
    """Whether this was read, a `?` being any ASCII character that the decoder ate."""
    pattern = "".join("[\\x21-\\x7e\\s]?" if character == "?" else re.escape(character) for character in read)
    return read == stood or ("?" in read and bool(re.fullmatch(pattern, stood)))


def _groups(slips: Sequence[Slip], repaired: Repair) -> Iterable[tuple[int, int, list, list]]:
    """True and found spots that touch each other: (from, to, true ones, found ones)."""
    every = [(s.start, s.end, 0, s) for s in slips] + [(s.start, s.end, 1, s) for s in repaired.spots]
    every.sort(key=lambda entry: entry[:3])
    groups: list[tuple[int, int, list, list]] = []
    for start, end, kind, spot in every:
        if groups and start < groups[-1][1]:
            low, high, *both = groups[-1]
            groups[-1] = (low, max(high, end), *both)
        else:
            groups.append((start, end, [], []))
        groups[-1][2 + kind].append(spot)
    return groups


def _between(repaired: Repair, low: int, high: int, changes: Iterable[tuple[int, int, str]]) -> str:
    """The damaged text from `low` to `high` with these changes and without annotations."""
    gone = [(start, end, "") for start, end in repaired.removed if low <= start and end <= high]
    parts, place = [], low
    for start, end, text in sorted([*changes, *gone]):
        if start >= place:
            parts += (repaired.original[place:start], text)
            place = end
    return "".join([*parts, repaired.original[place:high]])


def _differing(stood: str, read: str) -> int:
    """Characters of `stood` that `read` does not have in the same order, counted from both ends."""
    start = 0
    while start < min(len(stood), len(read)) and stood[start] == read[start]:
        start += 1
    end = 0
    while end < min(len(stood), len(read)) - start and stood[-1 - end] == read[-1 - end]:
        end += 1
    return len(stood) - start - end


def undamaged_texts(texts: Sequence[str]) -> dict[str, object]:
    """Texts that the injection has never been over, with real pinyin, in both scripts."""
    pinyin = PINYIN.split()
    samples = [f"{texts[n]}{pinyin[n % len(pinyin)]}，{pinyin[(n * 3 + 1) % len(pinyin)]}。" for n in range(60)]
    samples += [traditional(sample) for sample in samples]
    changed = sum(repair(sample).text != sample for sample in samples)
    return {"texts with real pinyin": len(samples), "of them changed": changed}


def speed(pages: Sequence[str]) -> dict[str, object]:
    """CPU time on one core, the better of two runs."""
    clean = "\n".join(pages[:40]) * 5
    fold(clean)
    began = time.process_time()
    repair(clean)
    fold(clean)
    figures: dict[str, object] = {
        "clean text, repair and fold, MB/s": round(len(clean.encode()) / 1e6 / (time.process_time() - began), 1)
    }
    for name, markers in (("as dense as real pages", SPARSE), ("stress", 0.6)):
        traced = [inject_traced(page, density=0.6, seed=n, markers=markers) for n, page in enumerate(pages[:100])]
        size = sum(map(len, pages[:100]))
        spots = 1000 * sum(len(slips) for _, slips in traced) / size
        damaged = [text for text, _ in traced]
        seconds = min(_seconds(damaged) for _ in range(3))  # the first fills the tables
        label = f"damaged pages a second, {name} ({size // 100} characters a page, {spots:.1f} spots in 1,000)"
        figures[label] = round(len(damaged) / seconds)
    return figures


def _seconds(damaged: Sequence[str]) -> float:
    began = time.process_time()
    for page in damaged:
        repair(page, damage=assess(page))
    return time.process_time() - began


def real_bodies(folder: Path) -> Iterable[str]:
    """The labelled bodies of real simplified pages."""
    with gzip.open(folder / "pages.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["truth"]["text"] or ""
            if len(text) > 200 and script_of(text) == "hans":
                yield text[:3000].encode("gbk", "ignore").decode("gbk")


if __name__ == "__main__":
    main()
