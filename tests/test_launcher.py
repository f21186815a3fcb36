"""The launcher, where it can be tried without installing anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = "sh", "dirname", "cksum", "cat", "mkdir", "rm", "sleep"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("yixun", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def start(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(clone / "bin")}
    return subprocess.run([str(clone / "yixun"), *arguments], env=env, capture_output=True, text=True)


def test_without_a_python_it_says_which_one_is_needed_and_leaves_nothing_behind(clone: Path):
    done = start(clone, "demo")

    assert done.returncode == 2
    assert "Python 3.11" in done.stderr
    assert not (clone / ".venv").exists()
    assert not (clone / ".venv.lock").exists()


def test_an_old_python_is_passed_over(clone: Path):
    old = clone / "bin" / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what `sys.exit(sys.version_info < (3, 11))` gives
    old.chmod(0o755)

    done = start(clone, "demo")

    assert done.returncode == 2
    assert "Python 3.11" in done.stderr


def test_it_runs_from_any_folder_through_a_path_with_blanks(tmp_path: Path):
    link = tmp_path / "a folder" / "clone"
    link.parent.mkdir()
    link.symlink_to(ROOT)

    done = subprocess.run([str(link / "yixun"), "--version"], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("yixun, version ")
