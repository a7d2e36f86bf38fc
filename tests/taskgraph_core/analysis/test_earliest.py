from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from support.graphs import graph_of, graphs
from taskgraph_core.analysis.earliest import earliest
from taskgraph_core.analysis.predict import predict

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph

SECONDS = {"a": 1.0, "b": 5.0}


def task_after(rule: str, *lines: str) -> tuple[bool, float, float]:
    """Whether the last task runs, and from when to when."""
    last = lines[-1].partition("<")[0].strip()
    fields: dict[str, Any] = {task_id: {"estimate": seconds} for task_id, seconds in SECONDS.items()}
    fields["off"] = {"trigger_rule": "one_failed"}
    times = earliest(graph_of(*lines, tasks={**fields, last: {"trigger_rule": rule, "estimate": 2.0}}))
    return times.runs[-1], times.start[-1], times.end[-1]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("all_success", (True, 5.0, 7.0)),
        ("all_done", (True, 5.0, 7.0)),
        ("one_success", (True, 1.0, 3.0)),
        ("one_done", (True, 1.0, 3.0)),
        ("always", (True, 0.0, 2.0)),
        ("one_failed", (False, 5.0, 5.0)),
        ("all_failed", (False, 1.0, 1.0)),
    ],
)
def test_a_task_starts_when_its_rule_is_satisfied(rule: str, expected: tuple[bool, float, float]) -> None:
    assert task_after(rule, "a", "b", "task < b a") == expected


def test_what_is_skipped_takes_no_time_and_is_still_waited_for() -> None:
    assert task_after("none_failed", "b", "off < b", "task < off") == (True, 5.0, 7.0)
    assert task_after("all_success", "b", "off < b", "task < off") == (False, 5.0, 5.0)


def test_a_task_that_starts_early_waits_for_that_one_alone() -> None:
    graph = graph_of("a", "b", "task < a b", tasks={"b": {"estimate": 0.5}, "task": {"trigger_rule": "one_success"}})

    assert earliest(graph).waits_for == [[], [], [1]]


def test_a_task_that_has_to_know_how_all_ended_waits_for_all() -> None:
    graph = graph_of("a", "b", "task < a b", tasks={"task": {"trigger_rule": "all_done"}})

    assert earliest(graph).waits_for == [[], [], [0, 1]]


@given(graphs(claims=False))
def test_it_is_what_the_scheduler_does_without_limits(graph: TaskGraph) -> None:
    times = earliest(graph)
    bars = {bar.id: (bar.start, bar.end) for bar in predict(graph).bars}

    assert bars == {
        task.id: (times.start[number], times.end[number])
        for number, task in enumerate(graph.tasks)
        if times.runs[number]
    }
