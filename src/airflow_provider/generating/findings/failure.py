"""What happens after a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider.generating.policy import fails_fast, rolls_back, run_time
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
    if not rolls_back(graph):
        return
    tasks = tuple(task.id for task in graph.tasks if task.rollback is not None)
    yield Finding(
        "TG505",
        "info",
        "a run that somebody marks as failed, or as successful, before its end has failed and is rolled back",
        "run.rollback",
        tasks,
        "to let it pass, mark its last tasks as successful instead",
    )
    if run_time(graph) is not None:
        yield Finding(
            "TG505",
            "info",
            "nothing is undone in a run that Airflow ends by itself, so each task keeps to the run's timeout instead; "
            "one that waits, for a pool or for its next attempt, notices only when its turn comes",
            "run.timeout",
            tasks,
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
