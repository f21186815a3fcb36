"""The command line: finds the module of a verb, and turns errors into one line and an exit code.

Exit codes: 0 done, 1 findings or failures, 2 wrong use or something that a person has to put right, 70 a fault of
Yixun's own, 130 interrupted.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.errors import YixunError
from pipeline.records import DataFolder

WRONG_USE = 2
INTERRUPTED = 130
OUR_FAULT = 70  # EX_SOFTWARE of sysexits.h

# verb → (module, what it is for); a module is imported when one of its verbs is asked for, so that help stays quick
VERBS: dict[str, tuple[str, str]] = {
    "demo": ("cli.demo", "Crawl, archive and search five demo sites, all on this machine"),
    "up": ("cli.services", "Start Airflow and the search pages"),
    "down": ("cli.services", "Stop what `up` started"),
    "sites": ("cli.operators", "List the sites"),
    "site": ("cli.operators", "Add a site, or test one"),
    "crawl": ("cli.operators", "Crawl sites now"),
    "status": ("cli.operators", "What was crawled and archived, and what failed"),
    "airflow": ("cli.services", "Run an Airflow command in Yixun's environment"),
    "ingest": ("cli.archivists", "Archive captures, WARC files, saved pages or articles"),
    "search": ("cli.archivists", "Search the archive"),
    "watch": ("cli.archivists", "Save searches, and list what is new in each"),
    "show": ("cli.archivists", "Show an article with its evidence"),
    "diff": ("cli.archivists", "Compare two versions of an article"),
    "cluster": ("cli.archivists", "Show the copies of an article"),
    "rejections": ("cli.archivists", "List the captures that are no articles, and why"),
    "export": ("cli.archivists", "Write the articles out"),
    "check": ("cli.archivists", "Check that nothing is lost or damaged"),
    "backup": ("cli.archivists", "Copy the archive while it is in use"),
    "index": ("cli.archivists", "Make the search index again"),
    "dedupe": ("cli.archivists", "Find the copies again"),
    "serve": ("cli.services", "Serve the search pages"),
    "test": ("cli.develop", "Run the tests, ruff and mypy"),
    "lock": ("cli.develop", "Make requirements.txt from requirements.in"),
}
GROUPS = {
    "Start here": ("demo", "up", "down"),
    "Operators": ("sites", "site", "crawl", "status", "airflow"),
    "Archivists": ("ingest", "search", "watch", "show", "diff", "cluster", "rejections", "export", "serve"),
    "Keepers": ("check", "backup", "index", "dedupe"),
    "Developers": ("test", "lock"),
}


def _remember_data(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.find_root().meta["data"] = value


def data_option() -> click.Option:
    """`--data DIR`, which every command takes, before or after the verb."""
    return click.Option(
        ["--data"],
        type=click.Path(file_okay=False, path_type=Path),
        expose_value=False,
        callback=_remember_data,
        metavar="DIR",
        help="Where captures and the archive are kept.  [YIXUN_DATA; default: data/ beside ./yixun]",
    )


class Command(click.Command):
    """A command whose help ends in an example and which takes `--data`.

    `example` is one shell line or several; tests run them.
    """

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.append(data_option())

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example as it is to be typed."""
        if self.example:
            with formatter.section("Example"):
                for line in self.example.strip().splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


class Group(click.Group):
    """A group of such commands (`site add`, `site test`)."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(data_option())


class Yixun(click.Group):
    """The root: loads a verb's module when it is called."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Every verb, in the order of the help."""
        return list(VERBS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import the module of a verb and take the command of that name from it."""
        if name not in VERBS:
            return None
        return getattr(importlib.import_module(VERBS[name][0]), name.replace("-", "_"))

    def resolve_command(self, context: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Name the nearest verb when there is none of this name."""
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f"did you mean `{near[0]}`?" if near else "`./yixun --help` lists the commands"
            raise click.UsageError(f"no command {args[0]!r}; {hint}", context) from error

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs by whom they are for."""
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, VERBS[name][1]) for name in names])


@click.command(
    cls=Yixun,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    params=[data_option()],
)
@click.version_option("0.1.0", prog_name="yixun")
def root() -> None:
    """Yixun 医讯 crawls the news pages of Chinese hospitals, keeps every page as it was fetched, cleans it into an
    article, recognises copies, and archives all of it for search.

    Begin with `./yixun demo`.
    """


def data_folder() -> DataFolder:
    """The data folder of this call: `--data`, else YIXUN_DATA, else `data` beside the code."""
    context = click.get_current_context(silent=True)
    chosen = context.find_root().meta.get("data") if context else None
    return DataFolder(Path(chosen or os.environ.get("YIXUN_DATA") or Path(__file__).parent.parent / "data").absolute())


def _explain_os_error(error: OSError) -> str:
    cures = {
        errno.ENOSPC: "free some space and run it again; nothing that was kept is lost",
        errno.EROFS: "the file system is read-only; choose another folder with --data",
        errno.EACCES: "no permission; choose another folder with --data or change its owner",
        errno.EMFILE: "too many open files; raise the limit with `ulimit -n`",
    }
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}" + (f"; {cures[error.errno]}" if error.errno in cures else "")


def run(arguments: list[str] | None, report: Callable[[str], None]) -> int:
    """Run one command and give its exit code; `report` takes the one line about an error."""
    try:
        result = root.main(arguments, prog_name="yixun", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        report("interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see `{context.command_path.replace('yixun', './yixun', 1)} --help`" if context else ""
        report(error.format_message().rstrip(".") + hint)
        return WRONG_USE
    except YixunError as error:
        report(str(error))
        return WRONG_USE
    except BrokenPipeError:
        # the reader has gone (`| head`); keep Python from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        report(_explain_os_error(error))
        return WRONG_USE
    except Exception as error:
        traceback.print_exc()
        report(
            f"this is a fault of Yixun's own, please report it with the lines above: {type(error).__name__}: {error}"
        )
        return OUR_FAULT


def main() -> None:
    """Run the command line."""
    sys.exit(run(None, lambda line: print(f"yixun: {line}", file=sys.stderr)))
