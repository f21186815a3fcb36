"""The front door: help, errors and exit codes."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from cli.main import VERBS, Command, root, run


def commands() -> dict[str, click.Command]:
    context = click.Context(root)
    found = {}
    for name in VERBS:
        command = root.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= {f"{name} {sub}": command.commands[sub] for sub in command.commands}
        else:
            found[name] = command
    return found


COMMANDS = commands()


def call(*arguments: str | Path) -> tuple[int, list[str]]:
    lines: list[str] = []
    code = run([str(argument) for argument in arguments], lines.append)
    return code, lines


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_in_an_example_that_the_command_accepts(name: str, capsys: pytest.CaptureFixture[str]):
    command = COMMANDS[name]
    assert isinstance(command, Command)

    code, _ = call(*name.split(), "--help") if name != "airflow" else (0, [])

    assert code == 0
    printed = capsys.readouterr().out
    if name != "airflow":  # its --help is Airflow's own
        assert printed.rstrip().endswith(command.example.strip().splitlines()[-1].strip())
    for line in command.example.strip().splitlines():
        words = shlex.split(line.split(">")[0])
        assert words[0] == "./yixun"
        assert words[1 : 1 + len(name.split())] == name.split()
        arguments = words[1 + len(name.split()) :]
        context = click.Context(command, **command.context_settings)
        files = "saved-pages/", ".gz", ".jsonl"  # they are not there
        command.parse_args(context, [argument for argument in arguments if not argument.endswith(files)])


def test_an_unknown_command_names_the_nearest_one():
    code, lines = call("serch")

    assert code == 2
    assert lines == ["no command 'serch'; did you mean `search`?; see `./yixun --help`"]


def test_a_wrong_option_is_wrong_use_and_points_at_the_help():
    code, lines = call("search", "--colour", "卫健委")

    assert code == 2
    assert "--colour" in lines[0]
    assert "./yixun search --help" in lines[0]


def test_searching_where_there_is_no_archive_says_how_to_make_one(tmp_path: Path):
    code, lines = call("search", "卫健委", "--data", tmp_path)

    assert code == 2
    assert str(tmp_path) in lines[0]
    assert "./yixun ingest" in lines[0]
    assert not list(tmp_path.iterdir())


def test_a_word_to_be_left_out_is_no_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lines = tmp_path / "articles.jsonl"
    texts = "义诊活动在石桥镇举行，群众反响热烈。", "义诊之后发布招聘公告，欢迎踊跃报名。"
    rows = [f'{{"url": "https://a.example/{number}", "text": "{text}"}}' for number, text in enumerate(texts)]
    lines.write_text("\n".join(rows), encoding="utf-8")
    assert call("ingest", lines, "--data", tmp_path / "data") == (0, [])
    capsys.readouterr()

    code, _ = call("search", "义诊", "-招聘", "--data", tmp_path / "data")

    assert code == 0
    assert capsys.readouterr().out.startswith("1 found")
