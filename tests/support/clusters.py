"""Runs on a cluster of a test's own, and what the tests look at afterwards."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import resume_graph, run_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Observer
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord

PATIENCE = 30.0
"""Seconds after which what a test waits for will not come."""

LEASE = 3.0
"""Seconds, so that tests of its end do not take long; enough for a machine that is busy."""

LOOPBACK: dict[str, Any] = {
    "threads_per_worker": 2,
    "processes": True,
    "host": "127.0.0.1",
    "dashboard_address": "127.0.0.1:0",
    "silence_logs": 50,
}
"""How a Dask cluster is made that nobody else sees."""


@dataclass
class OnCluster:
    """A project, and a cluster that carries its runs out."""

    path: Path
    url: str
    lives: Callable[[int], bool]

    def run(self, graph: TaskGraph, *observers: Observer, **options: Any) -> RunRecord:
        return run_graph(graph, self.options(options), observers)

    def resume(
        self, directory: RunDirectory, note: Callable[[str], None] = lambda _: None, **options: Any
    ) -> RunRecord:
        return resume_graph(directory, None, self.options(options), note=note)

    def options(self, options: dict[str, Any]) -> RunOptions:
        return RunOptions(**{"project": self.path, "grace": 0.5, "max_parallel": 4, "executor": self.url, **options})

    def log(self, record: RunRecord, name: str) -> str:
        return (self.path / ".taskgraph" / "runs" / record.run_id / "logs" / name).read_text()

    def pids(self, count: int = 0) -> list[int]:
        """Wait until tasks have written at least so many numbers of processes to the file ``pids``."""
        place = self.path / "pids"
        place.touch()
        deadline = time.monotonic() + PATIENCE
        while len(place.read_text().split()) < count:
            assert time.monotonic() < deadline, f"no {count} processes in {PATIENCE} s"
            time.sleep(0.02)
        return [int(pid) for pid in place.read_text().split()]

    def interrupt(self, count: int) -> None:
        """Press Ctrl-C once there are so many."""
        self.pids(count)
        os.kill(os.getpid(), signal.SIGINT)

    def parent(self, pid: int) -> int:
        """The process above another."""
        return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])

    def wait_for_end(self, pids: list[int]) -> None:
        """Wait until none of them lives."""
        deadline = time.monotonic() + PATIENCE
        while any(self.lives(pid) for pid in pids):
            assert time.monotonic() < deadline, f"they live after {PATIENCE} s"
            time.sleep(0.02)
