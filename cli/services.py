"""`up`, `down`, `serve`, `airflow`: Airflow and the search pages, on loopback."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import click

from cli import airflow as airflow_settings
from cli import processes
from cli.main import Command, data_folder
from cli.output import console, notes
from pipeline.errors import ServiceError
from pipeline.records import DataFolder
from spiders.sites import sites_folder

WEB_PORT = 8001

a_port = click.IntRange(1, 65535)
web_port = click.option("--port", default=WEB_PORT, type=a_port, show_default=True, help="Port of the search pages.")


def datasette(data: DataFolder, port: int) -> list[str]:
    """The command line that serves the archive read-only; the archive is made when there is none yet."""
    from archive import Archive

    if not data.archive.exists():
        with Archive(data.archive):
            pass
    web = airflow_settings.ROOT / "archive" / "web"
    return [
        *(sys.executable, "-m", "datasette", "serve", str(data.archive)),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--metadata", str(web / "metadata.json"), "--plugins-dir", str(web / "plugins")),
        *("--template-dir", str(web / "templates"), "--static", f"yixun:{web / 'static'}"),
        *("--setting", "default_allow_sql", "off", "--setting", "allow_download", "off"),
    ]


@click.command(cls=Command, example="./yixun up\n./yixun up --port 8101 --airflow-port 8180")
@web_port
@click.option(
    "--airflow-port", default=airflow_settings.PORT, type=a_port, show_default=True, help="Port of Airflow's pages."
)
def up(port: int, airflow_port: int) -> None:
    """Start Airflow and the search pages on this machine's loopback address, and print where they are.

    The two DAGs begin to work at once: every site that is due is crawled, and what was captured is archived.
    """
    data = data_folder()
    if processes.running(data):
        raise ServiceError(f"already up for {data.root}; `./yixun down` stops it")
    processes.check_port(port, "the search pages", "--port")
    processes.check_port(airflow_port, "Airflow", "--airflow-port")
    env = airflow_settings.environment(data, sites=sites_folder(os.environ), port=airflow_port)
    with notes.status("preparing Airflow's database …") as status:
        airflow_settings.prepare(data, env)
        status.update("starting Airflow and the search pages (about 20 seconds) …")
        try:
            _start_all(data, env, port, airflow_port)
        except BaseException:
            processes.stop(data)  # half a service is none
            raise
    console.print(f"search pages  http://127.0.0.1:{port}/")
    console.print(f"Airflow       http://127.0.0.1:{airflow_port}/")
    console.print(f"logs          {data.airflow / 'logs'}")
    console.print(f"stop          ./yixun down --data {shlex.quote(str(data.root))}", soft_wrap=True)


def _start_all(data: DataFolder, env: dict[str, str], port: int, airflow_port: int) -> None:
    """Start the search pages and Airflow's API first: a task that runs before the API answers fails."""
    logs = {name: data.airflow / f"{name}.log" for name in ("web", *airflow_settings.COMPONENTS)}
    started = {"web": processes.start(datasette(data, port), env, data, logs["web"])}

    def start(name: str) -> None:
        arguments = airflow_settings.command(*airflow_settings.COMPONENTS[name])
        started[name] = processes.start(arguments, env, data, logs[name])

    health = f"http://127.0.0.1:{airflow_port}/api/v2/monitor/health"
    start("api-server")
    processes.wait_for(f"http://127.0.0.1:{port}/", started["web"], logs["web"])
    processes.wait_for(health, started["api-server"], logs["api-server"])
    for name in airflow_settings.COMPONENTS.keys() - started.keys():
        start(name)
    processes.wait_for(health, started["api-server"], logs["api-server"], answer=_all_healthy)
    for name, process in started.items():
        processes.check_alive(name, process, logs[name])


def _all_healthy(body: bytes) -> bool:
    return all(part["status"] == "healthy" for part in json.loads(body).values())


@click.command(cls=Command, example="./yixun down")
def down() -> None:
    """Stop what `up` started for this data folder, and everything that it started in turn."""
    data = data_folder()
    with notes.status("stopping (Airflow takes up to 30 seconds) …"):
        stopped = processes.stop(data)
    console.print(f"stopped {stopped} processes" if stopped else f"nothing was running for {data.root}")


@click.command(cls=Command, example="./yixun serve --port 8101")
@web_port
def serve(port: int) -> None:
    """Serve the search pages until Ctrl-C."""
    data = data_folder()
    processes.check_port(port, "the search pages", "--port")
    arguments = datasette(data, port)
    console.print(f"search pages  http://127.0.0.1:{port}/  (Ctrl-C stops them)")
    sys.stdout.flush()
    os.execv(arguments[0], arguments)  # noqa: S606  our own Python, no shell


@click.command(
    cls=Command,
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    example="./yixun airflow dags list",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def airflow(arguments: tuple[str, ...]) -> int:
    """Run an Airflow command with Yixun's settings and database."""
    data = data_folder()
    env = airflow_settings.environment(data, sites=sites_folder(os.environ))
    with notes.status("preparing Airflow's database …"):
        airflow_settings.prepare(data, env)
    return subprocess.run(airflow_settings.command(*arguments), env=env, check=False).returncode
