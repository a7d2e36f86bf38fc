"""How tasks may end in Airflow, as far as a graph tells before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.ir import Command, Noop

if TYPE_CHECKING:
    from taskgraph_core.analysis.topology import Topology
    from taskgraph_core.ir import Task, TaskGraph

_SKIPS_WITH_UPSTREAM = frozenset({"all_success", "none_failed_min_one_success"})
_NEVER_SKIPS = frozenset({"all_done", "always", "none_failed"})


def may_skip(graph: TaskGraph, topology: Topology) -> list[bool]:
    """Which tasks may end as skipped: by exit code 99, or by their rule."""
    may = [False] * len(graph.tasks)
    for number in topology.order:
        task, upstream = graph.tasks[number], topology.upstream[number]
        if isinstance(task.action, Command):
            may[number] = True
        elif task.trigger_rule in _SKIPS_WITH_UPSTREAM:
            may[number] = any(may[other] for other in upstream)
        else:
            may[number] = bool(upstream) and task.trigger_rule not in _NEVER_SKIPS
    return may


def may_fail(task: Task) -> bool:
    """Whether a task may fail, by itself or because of what came before it."""
    return bool(task.depends_on) or not isinstance(task.action, Noop)
