"""The services that `up` starts and `down` stops: long-running processes marked with the data folder they serve.

A process is found again by the mark in its environment, which its children inherit, so nothing is left behind when
a parent has died first, and a process number that was given to another program is never signalled.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from pipeline.errors import ServiceError
from pipeline.records import DataFolder

MARK = "YIXUN_SERVICE"  # in the environment of a service and of all that it starts: the data folder
GRACE = 30.0  # seconds until a service that does not stop is killed; Airflow takes 15–23


def check_port(port: int, what: str, option: str) -> None:
    """Raise a ServiceError when something already listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ServiceError(
                f"port {port} for {what} is in use; stop what uses it, or choose another with {option} PORT"
            ) from error


def start(arguments: Sequence[str], env: Mapping[str, str], data: DataFolder, log: Path) -> psutil.Process:
    """Start a service in a session of its own, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            # Airflow renames its processes over their environment, and the mark with it, unless SPT_NOENV forbids it
            env={**env, MARK: str(data.root), "SPT_NOENV": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # a shell that starts us in the background makes SIGINT ignored, and Airflow only stops on SIGINT
            preexec_fn=_take_interrupts,
        )
    return psutil.Process(process.pid)


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def running(data: DataFolder) -> list[psutil.Process]:
    """Every live process that serves this data folder, our own excepted."""
    return list(_marked(str(data.root)))


def _marked(root: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if (
                process.pid != os.getpid()
                and process.environ().get(MARK) == root
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                yield process


def stop(data: DataFolder, *, grace: float = GRACE) -> int:
    """Stop everything that serves this data folder and count it.

    The leaders of their sessions get SIGINT, on which Airflow and Datasette stop what they started; whoever is still
    there after `grace` seconds is killed.
    """
    processes = running(data)
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == process.pid:
                process.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(processes, timeout=grace)
    for process in {*alive, *running(data)}:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    return len(processes)


def wait_for(
    url: str,
    process: psutil.Process,
    log: Path,
    *,
    seconds: float = 180.0,
    answer: Callable[[bytes], bool] = lambda _: True,
) -> None:
    """Wait until a service answers (and `answer` is content with the body), or raise a ServiceError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback, whatever proxy is set
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        check_alive(url, process, log)
        with contextlib.suppress(urllib.error.URLError, OSError), opener.open(url, timeout=5) as response:
            if answer(response.read()):
                return
        time.sleep(0.3)
    raise ServiceError(f"{url} did not answer within {seconds:.0f} s; its log is {log}")


def check_alive(name: str, process: psutil.Process, log: Path) -> None:
    """Raise a ServiceError with the last line of its log when a service has ended."""
    if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
        raise ServiceError(f"{name} ended at once: {last_line(log)}; its log is {log}")


def last_line(log: Path) -> str:
    """The last line of a log that is not empty."""
    lines: Iterable[str] = log.read_text(errors="replace").splitlines() if log.exists() else []
    return next((line.strip() for line in reversed(list(lines)) if line.strip()), "no output")
