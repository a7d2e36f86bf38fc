"""What a graph's policy comes to in Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph

LONGEST = 10 * 365 * 24 * 3600.0
"""Ten years, in seconds: a longer bound is none, and a longer pause would overflow Airflow's clock."""


def fails_fast(graph: TaskGraph) -> bool:
    """Whether Airflow can end a run at its first failure: only where every task has the usual rule."""
    return graph.policy.on_failure == "stop" and all(task.trigger_rule == "all_success" for task in graph.tasks)


def is_undone(graph: TaskGraph, task: Task) -> bool:
    """Whether a task is undone if it succeeded in a failed run."""
    return graph.policy.rollback and task.rollback is not None


def rolls_back(graph: TaskGraph) -> bool:
    """Whether there is anything to undo after a failed run."""
    return any(is_undone(graph, task) for task in graph.tasks)


def run_timeout(graph: TaskGraph) -> float | None:
    """The bound on a run in seconds, unless it is so long that it is none."""
    bound = graph.policy.timeout
    return bound if bound is not None and bound <= LONGEST else None


def run_time(graph: TaskGraph) -> float | None:
    """The same bound where each task has to keep to it, as nothing is undone in a run that Airflow ends by itself."""
    return run_timeout(graph) if rolls_back(graph) else None
