from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from support.graphs import graph_of, graphs
from taskgraph_core.engine.events import RunEnded, RunStarted, TaskEnded
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Claim, Command, Policy, Resource, Retry, Task

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.scheduler import Outcome


def test_time_passes_by_the_estimates() -> None:
    graph = graph_of("a", "b < a", "c < a", tasks={"a": {"estimate": 3.0}, "b": {"estimate": 5.0}})
    record = simulate_run(graph, max_parallel=2, started=100.0)
    assert (record.system, record.state, record.started, record.ended) == ("simulation", "success", 100.0, 108.0)
    assert {task.id: (task.attempts[0].started, task.attempts[0].ended) for task in record.tasks} == {
        "a": (100.0, 103.0),
        "b": (103.0, 108.0),
        "c": (103.0, 104.0),
    }


def test_resources_make_tasks_take_turns() -> None:
    claim = {"claims": (Claim(resource="db"),), "estimate": 2.0}
    graph = graph_of("a", "b", "c", tasks=dict.fromkeys("abc", claim), resources=(Resource(name="db", capacity=1),))
    assert simulate_run(graph, max_parallel=9).seconds == 6.0


def test_outcomes_can_be_told_and_retries_rest_on_the_virtual_clock() -> None:
    def outcome(task: Task, attempt: int) -> Outcome:
        return "failed" if task.id == "a" and attempt < 3 else "success"

    graph = graph_of("a", tasks={"a": {"estimate": 1.0, "retry": Retry(attempts=3, delay=100.0, factor=2.0)}})
    record = simulate_run(graph, outcome=outcome)
    assert [(a.started, a.ended, a.outcome) for a in record.tasks[0].attempts] == [
        (0.0, 1.0, "failed"),
        (101.0, 102.0, "failed"),
        (302.0, 303.0, "success"),
    ]


def test_a_failed_simulation_rolls_back() -> None:
    graph = graph_of(
        "a", "b < a", tasks={"a": {"rollback": Command(argv=("undo",)), "estimate": 4.0}}, policy=Policy(rollback=True)
    )
    record = simulate_run(graph, outcome=lambda task, _: "failed" if task.id == "b" else "success")
    assert (record.by_id["a"].undo, record.ended) == ("undone", 9.0)


@settings(deadline=None)
@given(graphs())
def test_a_simulation_is_repeatable_and_takes_what_the_estimates_say(graph: TaskGraph) -> None:
    events: list[Event] = []
    record = simulate_run(graph, max_parallel=3, observers=[events.append])
    assert record == simulate_run(graph, max_parallel=3)
    assert isinstance(events[0], RunStarted)
    assert events[-1] == RunEnded(record.ended, record)
    assert sum(isinstance(event, TaskEnded) for event in events) == sum(len(task.attempts) for task in record.tasks)
    for task in record.tasks:
        for attempt in task.attempts:
            assert attempt.seconds == graph.by_id[task.id].estimate


def test_an_unsound_graph_cannot_be_simulated() -> None:
    with pytest.raises(EngineError):
        simulate_run(graph_of("a < nobody"))
