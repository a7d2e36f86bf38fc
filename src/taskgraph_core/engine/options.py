"""How one run is carried out on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph

SYSTEM = "local"
"""What the record of a run on this machine names as its system."""

GRACE = 5.0
"""Seconds between asking a program to end and killing it."""

OUTPUT_LIMIT = 10 * 2**20
"""Bytes of output kept of each attempt."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the person who starts a run decides.

    Attributes:
        project: the folder in which commands run; relative programs (``./do-task.sh``), ``cwd`` and awaited
            files start from it, Python entry points are importable from it, and ``.taskgraph`` lies in it.
        max_parallel: most tasks at once, instead of what the graph says.
        run_id: the run's name; empty for a new one.
        directory: the run's folder; None for ``<project>/.taskgraph/runs/<run id>``.
        grace: seconds between asking a program to end (TERM) and killing it (KILL).
        journal: keep a journal, so that the run can be resumed and watched; without, only its record stays.
        durable: what the journal has outlives the machine's end as well as the engine's; costs a sync a step.
        output_limit: bytes of output kept of each attempt: of what is longer, the start and the end.
        executor: address of a cluster that carries out the attempts (see ``remote``); empty for this machine.
    """

    project: Path = Path()
    max_parallel: int | None = None
    run_id: str = ""
    directory: Path | None = None
    grace: float = GRACE
    journal: bool = True
    durable: bool = False
    output_limit: int = OUTPUT_LIMIT
    executor: str = ""

    @property
    def system(self) -> str:
        """What the record of the run names as its system."""
        return self.executor.partition(":")[0] or SYSTEM


def parallel_tasks(graph: TaskGraph, override: int | None = None) -> int:
    """Most tasks at once: the override, else the graph's own limit, else the number of CPUs this process may use.

    Raises:
        EngineError: the override lets nothing run.
    """
    if override is not None and override < 1:
        msg = f"at most {override} tasks at a time is none at all"
        raise EngineError(msg, fix="allow at least 1")
    return override or graph.policy.max_parallel or usable_cpus()


def usable_cpus() -> int:
    """CPUs this process may run on, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
