"""The sentinel: one more last task that makes Airflow see a failed run where one is.

Airflow judges a run by its last tasks alone, the leaves. A failure before them is lost
* where a clean-up that runs after everything is the leaf, and succeeds;
* where a leaf was skipped already, because another task before it was, when the failure came;
* where the DAG fails fast, because that skips whatever has not begun.

In the first two cases the sentinel does nothing, under the rule ``none_failed``: it fails the run
without ever reaching a worker. A DAG that fails fast would skip that one as well. There the sentinel
is a teardown, which is spared, and it asks how the tasks of the run have ended.

It watches as few tasks as possible. Plans in which a failure reaches a leaf by itself need none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider.generating.policy import fails_fast
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.ir import Command, Noop

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph

_SKIPS_WITH_UPSTREAM = frozenset({"all_success", "none_failed_min_one_success"})
_NEVER_SKIPS = frozenset({"all_done", "always", "none_failed"})
_PASSES_FAILURE_ON = frozenset({"none_failed", "none_failed_min_one_success"})


@dataclass(frozen=True, slots=True)
class Sentinel:
    """What the sentinel waits for, and whether it then has to ask how the run went."""

    watches: tuple[Task, ...]
    asks: bool = False


def sentinel_of(graph: TaskGraph) -> Sentinel | None:
    """The sentinel a graph needs, if it needs one."""
    topology = Topology.of(graph)
    hidden = _hidden(graph, topology)
    if not fails_fast(graph):
        return Sentinel(_tasks(graph, hidden)) if hidden else None
    leaves = {number for number, downstream in enumerate(topology.downstream) if not downstream}
    return Sentinel(_tasks(graph, leaves | hidden), asks=True) if len(leaves) < len(graph.tasks) else None


def _tasks(graph: TaskGraph, numbers: set[int]) -> tuple[Task, ...]:
    return tuple(graph.tasks[number] for number in sorted(numbers))


def _hidden(graph: TaskGraph, topology: Topology) -> set[int]:
    """The tasks whose failure no leaf would show, less those whose failure another one of them shows."""
    may_skip = _may_skip(graph, topology)
    skips_before = [sum(may_skip[other] for other in upstream) for upstream in topology.upstream]
    hidden: set[int] = set()
    for number in reversed(topology.order):
        task, downstream = graph.tasks[number], topology.downstream[number]
        may_fail = bool(task.depends_on) or not isinstance(task.action, Noop)
        shown = not downstream or any(
            _shows(graph.tasks[other], skips_beside=skips_before[other] - may_skip[number]) for other in downstream
        )
        if may_fail and not shown:
            hidden.add(number)
    return hidden


def _shows(task: Task, *, skips_beside: int) -> bool:
    """Whether a task ends as ``upstream_failed`` if an upstream task failed, whatever came before from beside it."""
    return task.trigger_rule in _PASSES_FAILURE_ON or (task.trigger_rule == "all_success" and not skips_beside)


def _may_skip(graph: TaskGraph, topology: Topology) -> list[bool]:
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
