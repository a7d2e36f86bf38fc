"""What tasks took, from one run to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.graphs import graph_of
from taskgraph_core.durations import estimates, remember
from taskgraph_core.engine.events import RunEnded, RunResumed, RunStarted, TaskEnded, TaskStarted
from taskgraph_core.engine.stopwatch import Stopwatch
from taskgraph_core.ir import Command, Noop, Retry
from taskgraph_core.record import Attempt, RunRecord, TaskRecord

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.engine.events import Event

    from .conftest import Project

ATTEMPT = Attempt(number=1, started=1.0, ended=2.0, outcome="success")
LATER = Attempt(number=1, started=4.0, ended=5.0, outcome="success")
QUICK = {"action": Command(shell="true")}


def test_a_run_remembers_the_attempts_that_succeeded(project: Project) -> None:
    twice = "sleep 0.3; [ -e tried ] && exec sleep 0; touch tried; exit 1"
    graph = graph_of(
        "good",
        "bad",
        "second",
        "nothing",
        tasks={
            "good": {"action": Command(shell="sleep 0.2")},
            "bad": {"action": Command(shell="exit 1")},
            "second": {"action": Command(shell=twice), "retry": Retry(attempts=2, delay=0.0)},
            "nothing": {"action": Noop()},
        },
    )
    project.run(graph)

    found = estimates(graph, project.path)
    assert found.keys() == {"good", "second"}
    assert found["good"] >= 0.2
    assert found["second"] >= 0.3
    assert project.events[0].estimates == {}


def test_the_next_run_starts_first_what_took_longest(project: Project) -> None:
    graph = graph_of("a", "b", "c", tasks=dict.fromkeys("abc", QUICK))
    project.run(graph, max_parallel=1)
    assert [event.task_id for event in project.of(TaskStarted)] == ["a", "b", "c"]

    for _ in range(5):
        remember(project.path, graph.id, [(graph.by_id["b"], 50.0), (graph.by_id["c"], 90.0)])
    record = project.run(graph, max_parallel=1)

    assert [event.task_id for event in project.of(TaskStarted)] == ["c", "b", "a"]
    assert project.events[0].estimates.keys() == {"a", "b", "c"}
    assert project.events[0].graph == graph
    assert record.fingerprint == graph.fingerprint


def test_a_place_that_cannot_be_written_is_no_reason_to_fail(project: Project) -> None:
    (project.path / ".taskgraph/durations.json").mkdir(parents=True)

    assert project.run(graph_of("a", tasks={"a": QUICK})).state == "success"


@pytest.mark.parametrize(
    ("resumed", "remembered"),
    [
        (RunResumed(3.0), {"a": 1.0, "b": 1.0}),
        (RunResumed(3.0, forget=("a",)), {"b": 1.0}),
        (RunResumed(3.0, again=True), {"b": 1.0}),
    ],
)
def test_what_was_measured_before_an_interruption_counts_once(
    tmp_path: Path, resumed: RunResumed, remembered: dict[str, float]
) -> None:
    (tmp_path / ".taskgraph").mkdir()
    graph = graph_of("a", "b", tasks=dict.fromkeys("ab", QUICK))
    records = (
        TaskRecord(id="a", state="success", attempts=(ATTEMPT,)),
        TaskRecord(id="b", state="success", attempts=(LATER,)),
    )
    ended = RunRecord(
        run_id="r", graph_id=graph.id, fingerprint="", system="", state="success", started=0, ended=9, tasks=records
    )
    events: list[Event] = [
        RunStarted(0.0, "r", "local", graph, 1, None, lambda _: [], [TaskEnded(2.0, "a", ATTEMPT), resumed]),
        TaskEnded(5.0, "b", LATER),
        RunEnded(9.0, ended),
    ]

    stopwatch = Stopwatch(tmp_path)
    for event in events:
        stopwatch(event)

    assert estimates(graph, tmp_path) == remembered
