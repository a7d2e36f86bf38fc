from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.analysis.bounds import bounds
from taskgraph_core.analysis.predict import Bar, best_workers, predict
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Claim, Policy

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def test_a_prediction_says_when_each_task_runs() -> None:
    graph = graph_of("a", "b", "c < a", tasks={"a": {"estimate": 2.0}})
    found = predict(graph, 2)

    assert found.bars == (Bar("a", 0.0, 2.0), Bar("b", 0.0, 1.0), Bar("c", 2.0, 3.0))
    assert (found.seconds, found.sequential_seconds, found.peak) == (3.0, 4.0, 2)
    assert found.speed_up == 4 / 3


def test_claims_count_as_much_as_workers() -> None:
    write = {"claims": (Claim(resource="file:x", mode="write"),)}

    assert predict(graph_of("a", "b", "c", tasks={"a": write, "b": write}), 3).seconds == 2.0


def test_what_ends_at_the_same_moment_is_all_known_before_anything_starts() -> None:
    db = (Claim(resource="file:x", mode="write"),)
    fields = {"short": {"claims": db}, "long": {"claims": db, "estimate": 9.0}, "tail": {"estimate": 20.0}}
    found = predict(graph_of("a", "b", "short < a", "tail < a", "long < b", tasks=fields))

    assert [bar.id for bar in found.bars] == ["a", "b", "tail", "long", "short"]


def test_the_workers_asked_for_count_not_those_of_the_policy() -> None:
    assert predict(graph_of("a", "b", policy=Policy(max_parallel=1)), 2).seconds == 1.0


def test_no_tasks_take_no_time() -> None:
    found = predict(graph_of())

    assert (found.seconds, found.speed_up, found.bars) == (0.0, 1.0, ())
    assert best_workers(graph_of()) == 1


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a"], 1),
        (["a", "b < a"], 1),
        (["a", "b", "c"], 3),
        (["a", "a1 < a", "a2 < a1", "b", "c", "d"], 2),
        ([f"t{number}" for number in range(37)], 37),
    ],
)
def test_the_best_number_of_workers_of_small_graphs(lines: list[str], expected: int) -> None:
    assert best_workers(graph_of(*lines)) == expected


@given(graphs(max_tasks=16))
def test_with_the_best_number_nothing_is_lost_and_with_one_less_something_is(graph: TaskGraph) -> None:
    best = best_workers(graph)

    assert predict(graph, best).seconds <= predict(graph).seconds
    assert best == 1 or predict(graph, best - 1).seconds > predict(graph).seconds


@given(graphs(), st.integers(1, 4))
def test_a_prediction_is_what_a_simulated_run_shows(graph: TaskGraph, workers: int) -> None:
    found = predict(graph, workers)
    record = simulate_run(graph, max_parallel=workers)

    assert found.seconds == record.seconds
    assert {bar.id: (bar.start, bar.end) for bar in found.bars} == {
        task.id: (task.attempts[0].started, task.attempts[0].ended) for task in record.tasks if task.attempts
    }
    assert found.sequential_seconds == bounds(graph).sequential


@given(graphs(claims=False, rules=False), st.integers(1, 4))
def test_it_takes_at_most_twice_the_bound(graph: TaskGraph, workers: int) -> None:
    assert predict(graph, workers).seconds <= 2 * bounds(graph, workers).seconds
