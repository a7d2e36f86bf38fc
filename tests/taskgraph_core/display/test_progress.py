from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.display.progress import Progress
from taskgraph_core.display.words import held
from taskgraph_core.engine.events import (
    LimitChanged,
    RunResumed,
    RunStarted,
    TaskAdded,
    TaskEnded,
    TaskFinal,
    TaskLost,
    TaskRetrying,
    TaskStarted,
)
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Breaker, Claim, Resource, Retry, Task
from taskgraph_core.record import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.scheduler import Outcome

    from .conftest import Standing


@settings(deadline=None)
@given(graphs(), st.integers(0, 50))
def test_every_task_is_in_exactly_one_place_at_every_moment(graph: TaskGraph, seed: int) -> None:
    def outcome(task: Task, attempt: int) -> Outcome:
        return "failed" if (7 * int(task.id) + 3 * attempt + seed) % 4 == 0 else "success"

    progress: Progress | None = None

    def check(event: Event) -> None:
        nonlocal progress
        if isinstance(event, RunStarted):
            progress = Progress(event)
        assert progress is not None
        progress.note(event)
        assert 0 <= progress.final <= progress.total
        assert progress.waiting >= 0 or progress.undoing
        assert len(progress.ready) <= max(0, progress.waiting)
        assert sum(number for _, number in progress.waits()) == max(0, progress.waiting)

    simulate_run(graph, observers=[check], outcome=outcome, max_parallel=2)
    assert progress is not None
    assert progress.final == progress.total
    assert not progress.running
    assert not progress.resting
    assert not progress.ready


def ends(task_id: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, TaskEnded) and event.task_id == task_id


def test_waiting_tasks_say_what_they_wait_for() -> None:
    claim = {"claims": (Claim(resource="db"),)}
    graph = graph_of(
        "a",
        "b",
        "c",
        "d",
        "e",
        "f < a",
        tasks={"a": claim, "c": claim, "d": claim},
        resources=(Resource(name="db", capacity=1),),
    )
    found: list[tuple[int, list[tuple[str | None, int]]]] = []

    def follow(event: Event) -> None:
        if isinstance(event, RunStarted):
            kept.append(Progress(event))
        kept[0].note(event)
        if isinstance(event, TaskStarted) and event.task_id == "b":  # the last event of its step
            found.append((kept[0].waiting, kept[0].waits()))

    kept: list[Progress] = []
    simulate_run(graph, observers=[follow], max_parallel=2)
    assert found == [(4, [("", 1), ("db", 2), (None, 1)])]


def test_groups_count_their_members(standing: Standing) -> None:
    graph = graph_of("1", "1.1", "1.2 < 1.1", tasks={"1.1": {"group": "1"}, "1.2": {"group": "1"}})
    group = standing(graph, ends("1.2")).groups["1"]
    assert (group.total, group.final, group.running, group.failed) == (2, 1, 1, 0)


def test_a_resting_task_neither_waits_nor_runs(standing: Standing) -> None:
    graph = graph_of("a", "b < a", tasks={"a": {"retry": Retry(attempts=2, delay=30.0)}})
    progress = standing(graph, lambda event: event.time > 1.0, failing="a")
    assert (progress.resting, progress.waiting, progress.running) == ({"a": (2, 31.0)}, 1, {})


def started(graph: TaskGraph, *past: Event) -> RunStarted:
    return RunStarted(0.0, "run-1", "local", graph, 4, None, lambda _: [], past)


def ended(task_id: str, at: float, outcome: Outcome = "success") -> TaskEnded:
    return TaskEnded(at, task_id, Attempt(number=1, started=at - 1, ended=at, outcome=outcome))


def test_earlier_lives_of_a_run_count() -> None:
    graph = graph_of("a", "b < a", "c", "d", tasks={"d": {"group": "g"}})
    past = (
        TaskStarted(1.0, "a", 1),
        TaskStarted(1.0, "c", 1),
        TaskStarted(1.0, "d", 1),
        ended("a", 2.0),
        ended("d", 2.0),
        TaskFinal(2.0, "a", "success"),
        TaskFinal(2.0, "d", "success"),
        RunResumed(500.0),
        TaskFinal(2.0, "a", "success"),  # said again by whoever resumes
    )
    progress = Progress(started(graph, *past))
    assert (progress.done_before, progress.final, progress.counts["success"]) == (2, 2, 2)
    assert progress.origin == 500.0
    assert progress.groups["g"].final == 1
    assert (set(progress.ready), set(progress.running)) == ({"b"}, {"c"})

    progress.note(TaskLost(501.0, "c", Attempt(number=1, started=1.0, ended=501.0, outcome="cancelled")))
    assert (set(progress.ready), set(progress.running), progress.waiting) == ({"b", "c"}, set(), 2)


def test_what_a_resumption_forgets_is_not_done() -> None:
    past = (TaskStarted(1.0, "a", 1), ended("a", 2.0, "failed"), TaskFinal(2.0, "a", "failed"))
    progress = Progress(started(graph_of("a"), *past, RunResumed(9.0, again=True, forget=("a",))))
    assert (progress.final, progress.waiting, list(progress.failures)) == (0, 1, [])


def test_a_growing_run_counts_what_is_added() -> None:
    progress = Progress(started(graph_of("a")))
    progress.note(TaskAdded(1.0, Task(id="b", depends_on=("a",), group="g")))
    assert (progress.total, progress.waiting, set(progress.ready)) == (2, 2, {"a"})
    progress.note(TaskStarted(1.0, "a", 1))
    progress.note(ended("a", 2.0))
    progress.note(TaskFinal(2.0, "a", "success"))
    progress.note(TaskAdded(3.0, Task(id="c", depends_on=("a",))))
    assert (progress.total, progress.groups["g"].total, set(progress.ready)) == (3, 1, {"b", "c"})


def test_a_limit_counts_until_the_next() -> None:
    progress = Progress(started(graph_of("a")))
    progress.note(TaskRetrying(1.0, "a", 2, 30.0))
    progress.note(LimitChanged(1.0, 0, "it was paused"))
    assert (progress.parallel, held(progress)) == (0, "nothing new starts, because it was paused")
    progress.note(LimitChanged(1.0, 1, "91 % of the memory is in use"))
    assert held(progress) == "only 1 at a time, because 91 % of the memory is in use"
    progress.note(LimitChanged(2.0, 3))
    assert (progress.parallel, held(progress)) == (3, "")


def test_circuits_open_by_what_happens() -> None:
    shaky = Resource(name="shaky", breaker=Breaker(failures=1, open=30.0))
    graph = graph_of("a", tasks={"a": {"claims": (Claim(resource="shaky"),)}}, resources=(shaky,))
    progress = Progress(started(graph, TaskStarted(1.0, "a", 1), RunResumed(2.0)))
    assert progress.gates.describe("shaky", 2.0) == "shaky"
    progress.note(ended("a", 2.0, "failed"))
    assert progress.gates.describe("shaky", 2.0) == "shaky (circuit open, 0:30)"
