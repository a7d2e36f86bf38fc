"""The flow's task runner: how it is written in the flow file, and what is worth knowing about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, NamedTuple

from taskgraph_core.errors import TargetError
from taskgraph_core.findings import Finding
from taskgraph_core.ir import Command, Python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import TaskGraph

RunnerName = Literal["threads", "processes", "dask", "ray"]

ADDRESS = r"^([A-Za-z0-9+.-]+://)?[A-Za-z0-9.:_\[\]-]*$"
"""What the address of a cluster looks like."""


class Runner(NamedTuple):
    """A task runner in a flow file: what it imports, and what it says."""

    import_line: str
    expression: str


def runner(name: RunnerName, address: str = "") -> Runner:
    """How a task runner is written.

    Args:
        name: which.
        address: of a cluster that is there already; without one, a run brings up its own, on its machine.

    Raises:
        TargetError: that runner has no clusters.
    """
    if address and name not in ("dask", "ray"):
        msg = f"the task runner {name!r} has no cluster, so it cannot have the address {address!r}"
        raise TargetError(msg, fix="leave out --address, or choose --runner dask or --runner ray")
    there = json.dumps(address)
    match name:
        case "threads":
            return _of_prefect("ThreadPoolTaskRunner")
        case "processes":
            return _of_prefect("ProcessPoolTaskRunner")
        case "dask":
            # One task a worker, as many workers as tasks at once: so a task never shares its process.
            sizes = '"n_workers": MAX_PARALLEL, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"'
            own = f"\n        cluster_kwargs={{{sizes}}},\n    "
            return Runner(
                "from prefect_dask import DaskTaskRunner",
                f"DaskTaskRunner({f'address={there}' if address else own})",
            )
        case "ray":
            own = 'init_kwargs={"num_cpus": MAX_PARALLEL, "include_dashboard": False}'
            return Runner(
                "from prefect_ray import RayTaskRunner",
                f"RayTaskRunner({f'address={there}' if address else own})",
            )


def runner_remarks(graph: TaskGraph, name: RunnerName, address: str = "") -> Iterator[Finding]:
    """What is worth knowing about this graph on that runner."""
    if name in ("dask", "ray") and address:
        tasks = tuple(task.id for task in graph.tasks if isinstance(task.action, Command | Python))
        yield Finding(
            "TG610",
            "info",
            "the workers are those of a cluster: tasks find the project only where it lies in the same folder, and "
            "Prefect, Taskgraph and their versions must be those of the flow; claims, max_parallel and the server's "
            "limits hold across machines, and waits look at the flow's own machine",
            "run",
            tasks,
            "share the folder, or install the project on every worker",
        )


def _of_prefect(name: str) -> Runner:
    return Runner(f"from prefect.task_runners import {name}", f"{name}(max_workers=MAX_PARALLEL)")
