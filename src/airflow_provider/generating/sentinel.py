"""The sentinel: one more last task that makes Airflow see a failed run where one is.

Airflow judges a run by its last tasks alone, the leaves. A failure before them is lost
* where a clean-up that runs after everything is the leaf, and succeeds;
* where a leaf was skipped already, because another task before it was, when the failure came;
* where the DAG fails fast, because that skips whatever has not begun;
* where somebody ends a run that has teardowns, because that does the same, and then lets those decide.

In the first two cases the sentinel does nothing, under the rule ``none_failed``: it fails the run
without ever reaching a worker. In the others it would be skipped as well. There the sentinel is a
teardown, which is spared, and it asks how the tasks of the run have ended. A run may also be ended
while nothing runs, so that nothing has failed; therefore the sentinel then comes after one more task,
which waits for all others whatever became of them, and is skipped only where a run was ended.

It watches as few tasks as possible. Plans in which a failure reaches a leaf by itself need none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider.generating.outcomes import may_fail, may_skip
from airflow_provider.generating.policy import fails_fast, rolls_back
from taskgraph_core.analysis.topology import Topology

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph

_PASSES_FAILURE_ON = frozenset({"none_failed", "none_failed_min_one_success"})


@dataclass(frozen=True, slots=True)
class Sentinel:
    """What the sentinel waits for, and whether it then has to ask how the run went: all that ends last, if so."""

    watches: tuple[Task, ...]
    asks: bool = False


def sentinel_of(graph: TaskGraph) -> Sentinel | None:
    """The sentinel a graph needs, if it needs one."""
    topology = Topology.of(graph)
    if rolls_back(graph) or (fails_fast(graph) and topology.edges):
        return Sentinel(_tasks(graph, _last(graph, topology)), asks=True)
    hidden = set() if fails_fast(graph) else _hidden(graph, topology)
    return Sentinel(_tasks(graph, hidden)) if hidden else None


def _tasks(graph: TaskGraph, numbers: set[int]) -> tuple[Task, ...]:
    return tuple(graph.tasks[number] for number in sorted(numbers))


def _last(graph: TaskGraph, topology: Topology) -> set[int]:
    """The tasks to wait for until all have ended: those that no other is sure to outlast.

    Most rules need not wait for all upstream tasks: one that failed may settle what becomes of a task.
    """
    return {
        number
        for number, downstream in enumerate(topology.downstream)
        if not any(_outlasts(graph.tasks[other], len(topology.upstream[other])) for other in downstream)
    }


def _outlasts(task: Task, upstream: int) -> bool:
    """Whether a task ends after everything it waits for, in any case."""
    return task.trigger_rule == "all_done" or (upstream == 1 and task.trigger_rule != "always")


def _hidden(graph: TaskGraph, topology: Topology) -> set[int]:
    """The tasks whose failure no leaf would show, less those whose failure another one of them shows."""
    skips = may_skip(graph, topology)
    skips_before = [sum(skips[other] for other in upstream) for upstream in topology.upstream]
    hidden: set[int] = set()
    for number in reversed(topology.order):
        task, downstream = graph.tasks[number], topology.downstream[number]
        shown = not downstream or any(
            _shows(graph.tasks[other], skips_beside=skips_before[other] - skips[number]) for other in downstream
        )
        if may_fail(task) and not shown:
            hidden.add(number)
    return hidden


def _shows(task: Task, *, skips_beside: int) -> bool:
    """Whether a task ends as ``upstream_failed`` if an upstream task failed, whatever came before from beside it."""
    return task.trigger_rule in _PASSES_FAILURE_ON or (task.trigger_rule == "all_success" and not skips_beside)
