from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.analysis.report import report
from taskgraph_core.ir import Claim, Policy, TaskGraph

WRITE = {"claims": (Claim(resource="file:x", mode="write"),)}
EXAMPLE = graph_of("a", "b", "c < a", "d", tasks={"a": {"estimate": 2.0}, "b": WRITE, "d": WRITE})


def test_the_machine_form_says_everything() -> None:
    assert report(EXAMPLE, 3).as_dict() == {
        "tasks": 4,
        "edges": 1,
        "critical_path": ["a", "c"],
        "critical_path_seconds": 3.0,
        "max_parallelism": 3,
        "workers": 3,
        "predicted_seconds": 3.0,
        "lower_bound_seconds": 3.0,
        "sequential_seconds": 5.0,
        "conflicts": [{"tasks": ["b", "d"], "resource": "file:x", "kind": "write/write"}],
        "conflict_count": 1,
        "waves": [["a", "b", "d"], ["c"]],
        "slack": {"a": 0.0, "b": 2.0, "c": 0.0, "d": 2.0},
        "best_workers": 2,
        "best_seconds": 3.0,
        "speed_up": 5 / 3,
        "reduction": pytest.approx(0.4),
        "widest": ["b", "c", "d"],
        "measured_estimates": 0,
        "gantt": [
            {"id": "a", "start": 0.0, "end": 2.0},
            {"id": "b", "start": 0.0, "end": 1.0},
            {"id": "d", "start": 1.0, "end": 2.0},
            {"id": "c", "start": 2.0, "end": 3.0},
        ],
    }


@pytest.mark.parametrize(("asked_for", "of_the_policy", "expected"), [(4, 3, 4), (None, 3, 3), (None, None, 2)])
def test_workers_are_those_asked_for_then_the_policys_then_the_best(
    asked_for: int | None, of_the_policy: int | None, expected: int
) -> None:
    graph = EXAMPLE.model_copy(update={"policy": Policy(max_parallel=of_the_policy)})

    assert report(graph, asked_for).prediction.workers == expected


def test_a_plan_without_tasks_has_a_report_too() -> None:
    found = report(TaskGraph(id="empty"))

    assert found.reduction == 0.0
    assert found.as_dict()["critical_path"] == []


@given(graphs(), st.none() | st.integers(1, 4))
def test_the_numbers_agree_with_each_other(graph: TaskGraph, workers: int | None) -> None:
    found: dict[str, Any] = json.loads(json.dumps(report(graph, workers).as_dict(), allow_nan=False))

    assert found["lower_bound_seconds"] <= found["predicted_seconds"] + 1e-9
    assert found["critical_path_seconds"] <= found["lower_bound_seconds"]
    assert found["predicted_seconds"] == max((bar["end"] for bar in found["gantt"]), default=0.0)
    assert found["best_seconds"] <= report(graph, len(graph.tasks)).prediction.seconds
    assert max(map(len, found["waves"])) <= found["max_parallelism"] == len(found["widest"])
    assert sorted(task_id for wave in found["waves"] for task_id in wave) == sorted(graph.by_id)
    assert found["slack"].keys() == {bar["id"] for bar in found["gantt"]}
    assert 0 <= found["reduction"] <= 1
