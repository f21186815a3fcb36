"""The rooms and who may import whom, as the README draws it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("pipeline", "spiders", "archive", "dags", "cli", "demo")
MAY_IMPORT = {
    "pipeline": {"pipeline"},
    "spiders": {"pipeline", "spiders"},
    "archive": {"pipeline", "archive"},
    "dags": {"pipeline", "spiders", "archive", "dags"},
    "demo": {"pipeline", "demo"},
    "cli": {"pipeline", "spiders", "archive", "demo", "cli"},
}
ONLY_HOME = {"scrapy": "spiders", "trafilatura": "pipeline", "sqlite_utils": "archive", "airflow": "dags"}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            yield node.module or ""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str):
    for path in modules(room):
        foreign = {name.split(".")[0] for name in imports(path)} & set(ROOMS) - MAY_IMPORT[room]

        assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_library_has_one_home(room: str):
    for path in modules(room):
        for name in imports(path):
            home = ONLY_HOME.get(name.split(".")[0])
            assert home in (None, room), f"{path.relative_to(ROOT)} imports {name}, whose home is {home}/"


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_says_what_it_is_for(room: str):
    for path in modules(room):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path.relative_to(ROOT)}: no docstring"


def test_importing_the_records_is_quick_and_brings_no_heavy_library():
    import subprocess
    import sys

    heavy = "lxml", "trafilatura", "jieba", "pypinyin", "opencc", "numpy", "scrapy", "airflow"
    code = f"import sys, pipeline, pipeline.records; print([name for name in {heavy} if name in sys.modules])"

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
