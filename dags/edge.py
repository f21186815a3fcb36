"""Where the DAGs meet the machine: the clock, the environment, and Yixun's own command line as a subprocess."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.records import DataFolder


def now() -> datetime.datetime:
    """The time, UTC."""
    return datetime.datetime.now(datetime.UTC)


def data_folder() -> DataFolder:
    """The data folder that YIXUN_DATA names."""
    return DataFolder(Path(os.environ["YIXUN_DATA"]))


def sites_folder() -> Path:
    """The folder of the sites' TOML files."""
    from spiders.sites import sites_folder

    return sites_folder(os.environ)


def run_yixun(*arguments: str) -> Any:
    """Run a command that prints JSON, its messages going to the task's log, and give what it printed.

    A process of its own, since a Celery worker lets no task start worker processes. Exit code 1 (findings) is a
    result; anything else but 0 raises RuntimeError.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
    done = subprocess.run([sys.executable, "-m", "cli", *arguments], env=env, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"`yixun {' '.join(arguments)}` ended with exit code {done.returncode}; see the lines above")
    return json.loads(done.stdout)
