"""`up` and `down` for real: Airflow and the search pages on loopback, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli import processes
from pipeline.records import DataFolder

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def yixun(data: DataFolder, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", *arguments, "--data", str(data.root)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def read(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as response:
        return bytes(response.read())


def listeners(data: DataFolder) -> Iterator[Any]:
    for process in processes.running(data):
        with contextlib.suppress(psutil.Error):  # gone in the meantime
            yield from (one for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN)


def session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return 0


@pytest.fixture
def data(tmp_path: Path, airflow_env: DataFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataFolder]:
    """A data folder with an Airflow database that is ready, and no sites."""
    folder = DataFolder(tmp_path / "data")
    folder.airflow.mkdir(parents=True)
    for name in ("airflow.db", "prepared"):
        shutil.copy(airflow_env.airflow / name, folder.airflow / name)
    (tmp_path / "sites").mkdir()
    monkeypatch.setenv("YIXUN_SITES", str(tmp_path / "sites"))
    yield folder
    processes.stop(folder, grace=2)


def test_up_starts_everything_on_loopback_and_down_leaves_nothing(data: DataFolder):
    web, airflow = free_port(), free_port()

    up = yixun(data, "up", "--port", str(web), "--airflow-port", str(airflow))

    assert up.returncode == 0, up.stderr
    assert f"http://127.0.0.1:{web}/" in up.stdout
    assert f"http://127.0.0.1:{airflow}/" in up.stdout
    health = json.loads(read(f"http://127.0.0.1:{airflow}/api/v2/monitor/health"))
    assert health["scheduler"]["status"] == "healthy"
    assert "Yixun" in read(f"http://127.0.0.1:{web}/").decode()
    listening = {connection.laddr.ip for connection in listeners(data)}
    assert listening == {"127.0.0.1"}

    sessions = {session(process) for process in processes.running(data)} - {0}
    assert len(sessions) == 5  # the search pages and the four parts of Airflow

    again = yixun(data, "up")
    assert again.returncode == 2
    assert "./yixun down" in again.stderr

    down = yixun(data, "down")
    assert down.returncode == 0
    assert [one for one in psutil.process_iter() if session(one) in sessions] == []
    assert "nothing was running" in yixun(data, "down").stdout


def test_a_port_in_use_is_named_and_nothing_is_started(data: DataFolder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        up = yixun(data, "up", "--port", str(port))
        serve = yixun(data, "serve", "--port", str(port))

    assert up.returncode == serve.returncode == 2
    assert f"port {port}" in up.stderr
    assert "--port" in up.stderr
    assert f"port {port}" in serve.stderr
    assert processes.running(data) == []
