"""What happens after a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider.generating.policy import fails_fast
from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import TaskGraph


def stopping(graph: TaskGraph) -> Iterator[Finding]:
    """TG503 and TG504: what comes of ``on_failure = "stop"``."""
    if graph.policy.on_failure != "stop":
        return
    if fails_fast(graph):
        yield Finding(
            "TG503",
            "info",
            "a run stops at its first failure, and Airflow then also ends what is running at that moment",
            "run.on_failure",
        )
        return
    yield Finding(
        "TG504",
        "warning",
        "a run does not stop at its first failure: Airflow can do that only where all trigger rules are all_success",
        "run.on_failure",
        tuple(task.id for task in graph.tasks if task.trigger_rule != "all_success"),
        "remove the trigger rules, or set on_failure to continue",
    )


def rollback(graph: TaskGraph) -> Iterator[Finding]:
    """TG505: what rolling back means in Airflow."""
    tasks = tuple(task.id for task in graph.tasks if task.rollback is not None)
    if graph.policy.rollback and tasks:
        yield Finding(
            "TG505",
            "warning",
            "nothing is rolled back after a failed run: rollbacks are not generated for Airflow yet",
            "run.rollback",
            tasks,
            "undo by hand, or run the plan with 'taskgraph run'",
        )


def failure_threshold(graph: TaskGraph) -> Iterator[Finding]:
    """TG506: no end after so many failures."""
    threshold = graph.policy.failure_threshold
    if threshold is not None and not fails_fast(graph):
        yield Finding(
            "TG506",
            "warning",
            f"a run goes on after {threshold} failures: Airflow has no counterpart of failure_threshold",
            "run.failure_threshold",
            fix="remove it, or set on_failure to stop",
        )


def failure_rate(graph: TaskGraph) -> Iterator[Finding]:
    """TG512: no end after too large a share of failures."""
    if graph.policy.failure_rate is not None and not fails_fast(graph):
        yield Finding(
            "TG512",
            "warning",
            "a run goes on however many of its tasks fail: Airflow has no counterpart of failure_rate",
            "run.failure_rate",
            fix="remove it, or set on_failure to stop",
        )
