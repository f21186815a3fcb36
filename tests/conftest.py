"""What several tests share: the demo's sites served on loopback, and Airflow with a migrated database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from demo import server
from pipeline.records import DataFolder

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def demo_sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the TOML files of the demo's sites, which are served for as long as the tests run."""
    folder = tmp_path_factory.mktemp("demo")
    ports = server.choose_ports(folder)
    server.write_sites(folder / "sites", ports)
    with server.serve(ports):
        yield folder / "sites"


@pytest.fixture(scope="session")
def airflow_env(tmp_path_factory: pytest.TempPathFactory, demo_sites: Path) -> DataFolder:
    """Airflow on the demo's sites in this process, its database copied from one that was migrated once."""
    from cli import airflow

    data = DataFolder(tmp_path_factory.mktemp("data"))
    env = airflow.environment(data, sites=demo_sites)
    cache = ROOT / ".cache" / f"airflow-{version('apache-airflow')}-{version('sqlalchemy')}"
    if not cache.exists():
        airflow.prepare(data, env)
        part = cache.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name in ("airflow.db", "prepared"):
            shutil.copy(data.airflow / name, part / name)
        part.rename(cache)
    else:
        shutil.copytree(cache, data.airflow, dirs_exist_ok=True)
    os.environ.update({key: value for key, value in env.items() if key.startswith(("AIRFLOW", "YIXUN"))})
    return data


@pytest.fixture(scope="session")
def dag_bag(airflow_env: DataFolder) -> Any:
    """The DAGs of this project, as Airflow reads them."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    bag = DagBag(dag_folder=ROOT / "dags", bundle_name="dags-folder")
    assert not bag.import_errors
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, "dags-folder", None)
    return bag
