from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.analysis.bounds import bounds
from taskgraph_core.analysis.predict import predict
from taskgraph_core.ir import Claim, Resource

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def claiming(**claims: Claim) -> dict[str, dict[str, object]]:
    return {task_id: {"claims": (claim,), "estimate": 10.0} for task_id, claim in claims.items()}


def test_work_is_shared_among_workers() -> None:
    found = bounds(graph_of("a", "b", "c", "d < a"), 3)

    assert (found.critical_path, found.workers, found.sequential) == (2.0, 4 / 3, 4.0)
    assert found.seconds == 2.0


def test_without_a_limit_on_workers_only_the_path_counts() -> None:
    assert bounds(graph_of("a", "b", "c")).seconds == 1.0


@pytest.mark.parametrize(
    ("capacity", "slots", "expected"),
    [
        (4, [1, 1, 1, 1], 10.0),
        (4, [2, 2, 2, 1], 17.5),
        (3, [2, 2, 2, 2], 40.0),
        (5, [3, 3, 2, 2], 20.0),
        (5, [4, 4, 2, 2], 30.0),
        (5, [3, 5, 2, 1], 22.0),
    ],
)
def test_a_resource_is_used_to_its_capacity_at_best(capacity: int, slots: list[int], expected: float) -> None:
    claims = {task_id: Claim(resource="db", slots=number) for task_id, number in zip("abcd", slots, strict=True)}
    graph = graph_of(*"abcd", tasks=claiming(**claims), resources=(Resource(name="db", capacity=capacity),))

    assert bounds(graph).resources == {"db": expected}


def test_writers_run_one_after_another_and_readers_beside_each_other_but_not_beside_writers() -> None:
    write, read = Claim(resource="file:x", mode="write"), Claim(resource="file:x", mode="read")

    assert bounds(graph_of(*"abcd", tasks=claiming(a=write, b=write, c=read, d=read))).seconds == 30.0


def test_no_tasks_take_no_time() -> None:
    assert bounds(graph_of(), 1).seconds == 0.0


@given(graphs(), st.integers(1, 5))
def test_no_prediction_is_below_the_bound(graph: TaskGraph, workers: int) -> None:
    found = bounds(graph, workers)

    assert predict(graph, workers).seconds >= found.seconds - 1e-9
    assert predict(graph).seconds >= bounds(graph).seconds - 1e-9
    assert predict(graph, 1).seconds == pytest.approx(found.sequential)
