"""Airflow as Yixun runs it: SQLite metadata, LocalExecutor, loopback only, no password, all in the data folder.

Airflow itself is only ever started as a subprocess, with the environment that `environment` gives.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import ServiceError
from pipeline.records import DataFolder

ROOT = Path(__file__).parent.parent
PORT = 8080
POOL = "archive_writer"  # one slot: the archive has one writer
# `airflow standalone` would also open two log servers on every network interface. On one machine the pages read the
# logs from the disk, so its four parts are started one by one without them
COMPONENTS = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
PARALLELISM = 4  # the default preforks 32 idle workers


def environment(data: DataFolder, *, sites: Path | None = None, port: int = PORT) -> dict[str, str]:
    """The environment of every Airflow process.

    The settings of the caller's own Airflow, if there is one, are left out, so that they cannot leak in.
    """
    home = data.airflow
    own = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
    own |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # everyone who reaches the port is admin: it is only ever bound to loopback
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API_AUTH__JWT_SECRET": _jwt_secret(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(home / "bundles"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "YIXUN_DATA": str(data.root),
    }
    if sites is not None:
        own["YIXUN_SITES"] = str(sites)
    own["PYTHONPATH"] = str(ROOT)
    own["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), own.get("PATH", os.defpath)])
    own["NO_PROXY"] = own["no_proxy"] = "127.0.0.1,localhost"
    return own


def _jwt_secret(home: Path) -> str:
    path = home / "jwt_secret"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


def command(*arguments: str) -> list[str]:
    """The command line that starts Airflow with this venv's Python."""
    return [sys.executable, "-m", "airflow", *arguments]


def prepare(data: DataFolder, env: dict[str, str]) -> None:
    """Migrate the metadata database and make the pool, once for each version of Airflow."""
    from importlib.metadata import version

    stamp = data.airflow / "prepared"
    if stamp.exists() and stamp.read_text() == version("apache-airflow"):
        return
    for arguments in (("db", "migrate"), ("pools", "set", POOL, "1", "the archive has one writer")):
        done = subprocess.run(command(*arguments), env=env, capture_output=True, text=True)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise ServiceError(
                f"`airflow {' '.join(arguments)}` failed: {lines[-1] if lines else 'no message'}; "
                f"delete {data.airflow} and run it again (it holds no captures and no articles)"
            )
    stamp.write_text(version("apache-airflow"))


def test_dag(dag: str, env: dict[str, str], parameters: dict[str, Any] | None = None) -> Iterator[str]:
    """Run a DAG to its end without a scheduler (`airflow dags test`), giving its output line by line."""
    arguments = ["dags", "test", dag]
    if parameters:
        arguments += ["--conf", json.dumps(parameters)]
    with subprocess.Popen(
        command(*arguments), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        yield from (line.rstrip("\n") for line in process.stdout)
