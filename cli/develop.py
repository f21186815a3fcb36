"""The developers' verbs: test, lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from cli.main import Command
from cli.output import console

ROOT = Path(__file__).parent.parent


@click.command(
    cls=Command,
    context_settings={"ignore_unknown_options": True},
    example="./yixun test\n./yixun test tests/test_search.py -k phrase",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> int:
    """Run ruff, mypy and pytest; with ARGUMENTS, only pytest with them."""
    checks = [("pytest", *arguments)]
    if not arguments:
        checks = [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("pytest",)]
    failed = []
    for check in checks:
        if len(checks) > 1:
            console.print(f"[bold]{' '.join(check)}[/bold]")
        if subprocess.run([sys.executable, "-m", *check], cwd=ROOT, check=False).returncode:
            failed.append(check[0])
    if failed and len(checks) > 1:
        console.print(f"failed: {', '.join(failed)}", style="red")
    return 1 if failed else 0


@click.command(cls=Command, example="./yixun lock\n./yixun lock --upgrade")
@click.option("--upgrade", is_flag=True, help="Take the newest versions that requirements.in allows.")
def lock(upgrade: bool) -> int:
    """Make requirements.txt, the full lock with hashes for every platform, from requirements.in."""
    arguments = [
        *(str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--no-header"),
        *("--universal", "--python-version", "3.11", "--generate-hashes"),
        *("requirements.in", "--output-file", "requirements.txt"),
    ]
    return subprocess.run([*arguments, *(["--upgrade"] if upgrade else [])], cwd=ROOT, check=False).returncode
