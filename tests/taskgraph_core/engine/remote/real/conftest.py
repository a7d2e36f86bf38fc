"""A real Dask and a real Ray cluster on loopback, one of each for all tests here.

Collected only where both are installed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from support.clusters import LEASE, LOOPBACK, OnCluster
from taskgraph_core.engine.remote import cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

if find_spec("distributed") is None or find_spec("ray") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    # Read by Ray when it is imported, and by the processes it starts. Without a token it leaves one in the user's home.
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }


@pytest.fixture(scope="session")
def dask_url() -> Iterator[str]:
    from distributed import LocalCluster  # noqa: PLC0415 - not where it is not installed

    with LocalCluster(n_workers=2, **LOOPBACK) as local:
        yield local.scheduler_address.replace("tcp://", "dask://")


@pytest.fixture(scope="session")
def ray_url() -> Iterator[str]:
    import ray  # noqa: PLC0415 - likewise

    quiet = {"include_dashboard": False, "log_to_driver": False, "configure_logging": False}
    ray.init(num_cpus=4, _node_ip_address="127.0.0.1", **quiet)
    yield "ray://auto"
    ray.shutdown()


@pytest.fixture(params=["dask", "ray"])
def setup(
    request: pytest.FixtureRequest, tmp_path: Path, lives: Callable[[int], bool], monkeypatch: pytest.MonkeyPatch
) -> OnCluster:
    monkeypatch.setattr(cluster, "LEASE", LEASE)
    monkeypatch.setattr(cluster, "MARGIN", 1.0)
    return OnCluster(tmp_path, request.getfixturevalue(f"{request.param}_url"), lives)


@pytest.fixture
def later() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Do something in a thread, beside the test."""
    threads = []

    def begin(work: Callable[[], object]) -> None:
        threads.append(threading.Thread(target=work))
        threads[-1].start()

    yield begin
    for thread in threads:
        thread.join()


@pytest.fixture(scope="session")
def home_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def home(home_of_all: Path) -> Path:
    """A folder whose name is always the same, and empty."""
    shutil.rmtree(home_of_all)
    home_of_all.mkdir()
    return home_of_all
