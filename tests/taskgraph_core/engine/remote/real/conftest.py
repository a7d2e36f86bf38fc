"""A real Dask and a real Ray cluster on loopback, one of each for all tests here.

Collected only where both are installed.
"""

from __future__ import annotations

import os
import time
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.remote import cluster
from taskgraph_core.engine.run import resume_graph, run_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taskgraph_core.engine.events import Observer
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord

PRESENT = find_spec("distributed") is not None and find_spec("ray") is not None
if not PRESENT:
    collect_ignore_glob = ["test_*.py"]
else:
    # Read by Ray when it is imported, and by the processes it starts.
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_enable_metrics_collection": "0",
        "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical",
    }

LEASE = 4.0
"""Seconds, so that tests of its end do not take long; enough for a machine that is busy."""


@dataclass
class Setup:
    """A project, and a cluster that carries its runs out."""

    path: Path
    url: str
    lives: Callable[[int], bool]
    lease: float = LEASE

    def run(self, graph: TaskGraph, *observers: Observer, **options: Any) -> RunRecord:
        return run_graph(graph, self.options(options), observers)

    def resume(self, directory: RunDirectory, note: Callable[[str], None] = str, **options: Any) -> RunRecord:
        return resume_graph(directory, None, self.options(options), note=note)

    def options(self, options: dict[str, Any]) -> RunOptions:
        return RunOptions(**{"project": self.path, "grace": 0.5, "max_parallel": 4, "executor": self.url, **options})

    def log(self, record: RunRecord, name: str) -> str:
        return (self.path / ".taskgraph" / "runs" / record.run_id / "logs" / name).read_text()

    def pids(self, count: int) -> list[int]:
        """Wait until tasks have written so many numbers of processes to the file ``pids``."""
        place = self.path / "pids"
        while not place.exists() or len(place.read_text().split()) < count:
            time.sleep(0.02)
        return [int(pid) for pid in place.read_text().split()]

    def parent(self, pid: int) -> int:
        """The process above another."""
        return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])

    def wait_for_end(self, pids: list[int]) -> None:
        """Wait until none of them lives; the test's own timeout is the only bound."""
        while any(self.lives(pid) for pid in pids):
            time.sleep(0.02)


@pytest.fixture(scope="session")
def dask_url() -> Iterator[str]:
    from distributed import LocalCluster  # noqa: PLC0415 - not where it is not installed

    with LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as local:
        yield local.scheduler_address.replace("tcp://", "dask://")


@pytest.fixture(scope="session")
def ray_url() -> Iterator[str]:
    import ray  # noqa: PLC0415

    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, configure_logging=False, _node_ip_address="127.0.0.1")
    yield "ray://auto"
    ray.shutdown()


@pytest.fixture(params=["dask", "ray"])
def setup(
    request: pytest.FixtureRequest, tmp_path: Path, lives: Callable[[int], bool], monkeypatch: pytest.MonkeyPatch
) -> Setup:
    from taskgraph_core.engine.remote import on_dask, on_ray  # noqa: PLC0415

    for module, name in ((on_dask, "DaskCluster"), (on_ray, "RayCluster")):
        found = getattr(module, name)
        monkeypatch.setattr(found.connect.__func__, "__defaults__", (LEASE,))
    monkeypatch.setattr(cluster, "LEASE", LEASE)
    return Setup(tmp_path, request.getfixturevalue(f"{request.param}_url"), lives)
