from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.display import outlook
from taskgraph_core.display.outlook import BASIS, FEWEST_SECONDS, Outlook, expectations
from taskgraph_core.display.progress import Progress
from taskgraph_core.display.words import left
from taskgraph_core.engine.events import LimitChanged, RunStarted, RunStopping, TaskAdded
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Command, Policy, Rate, Resource, Task
from taskgraph_core.record import Attempt

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import TaskGraph

WORK = {"action": Command(argv=("work",))}


def working(graph: TaskGraph) -> TaskGraph:
    return graph.model_copy(update={"tasks": tuple(task.model_copy(update=WORK) for task in graph.tasks)})


def predictions(graph: TaskGraph, *, known: bool, speed: float = 1.0) -> tuple[list[tuple[float, float]], float]:
    """(when, when it will end) at every moment of a run whose tasks take ``speed`` times their estimates; its end."""
    kept: list[Progress] = []
    found: list[tuple[float, float]] = []
    last = 0.0

    def follow(event: Event) -> None:
        nonlocal last
        if isinstance(event, RunStarted):
            estimates = {task.id: task.estimate / speed for task in graph.tasks} if known else {}
            planned = tuple(task.model_copy(update={"estimate": task.estimate / speed}) for task in graph.tasks)
            told = graph.model_copy(update={"tasks": planned})
            kept.append(Progress(replace(event, graph=told, estimates=estimates)))
        if event.time > last:  # everything of the moment before was told
            seconds = Outlook(kept[0]).left(last)
            found.extend([(last, last + seconds)] if seconds is not None else [])
            last = event.time
        kept[0].note(event)

    return found, simulate_run(graph, observers=[follow], max_parallel=3).ended


@settings(deadline=None)
@given(graphs(rules=False))
def test_with_true_estimates_it_foresees_the_end(graph: TaskGraph) -> None:
    found, end = predictions(working(graph), known=True)
    assert all(predicted == pytest.approx(end) for _, predicted in found)


CHAIN = graph_of(*(f"{number} < {number - 1}" if number else "0" for number in range(20)))


def test_estimates_are_corrected_by_what_was_measured() -> None:
    found, end = predictions(working(CHAIN), known=False, speed=7.5)
    assert len(found) > 10
    assert all(predicted == pytest.approx(end) for _, predicted in found)


def attempt(seconds: float) -> Attempt:
    return Attempt(number=1, started=0.0, ended=seconds, outcome="success")


def test_without_estimates_the_mean_of_what_was_measured_is_expected() -> None:
    graph = working(graph_of(*"abcde", tasks={name: {"estimate": 0.0} for name in "abcde"}))
    measured = {"a": attempt(2.0), "b": attempt(4.0), "c": attempt(6.0)}
    assert expectations(graph.by_id, measured, set(measured), {}) == {"d": 4.0, "e": 4.0}


def test_what_earlier_runs_took_and_what_the_plan_says_are_corrected_apart() -> None:
    graph = working(graph_of(*"abcdef", tasks={name: {"estimate": 60.0} for name in "abcdef"}))
    measured = {"a": attempt(6.0), "b": attempt(6.0), "c": attempt(4.0)}
    assert expectations(graph.by_id, measured, set(measured), {"c": 2.0, "d": 10.0}) == {"d": 20.0, "e": 6.0, "f": 6.0}


def test_a_task_that_outlasts_what_was_expected_is_not_over_yet() -> None:
    progress = halfway()
    first = Outlook(progress).left(5.0)
    later = Outlook(progress).left(95.0)
    assert first is not None
    assert later is not None
    assert later > first


def test_nothing_is_said_before_there_is_a_basis() -> None:
    found, _ = predictions(working(CHAIN), known=False)
    assert min(when for when, _ in found) >= max(BASIS, FEWEST_SECONDS)


def test_a_rate_is_foreseen() -> None:
    claims = {str(at): {"claims": ({"resource": "api"},)} for at in range(30)}
    api = Resource(name="api", rate=Rate(amount=2, seconds=10.0))
    found, end = predictions(working(graph_of(*map(str, range(30)), tasks=claims, resources=(api,))), known=True)
    assert end > 100
    assert all(predicted == pytest.approx(end) for _, predicted in found)


def test_large_runs_go_by_their_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlook, "SIMULATED", 0)
    found, end = predictions(working(CHAIN), known=False, speed=3.0)
    assert all(predicted == pytest.approx(end, rel=0.1) for _, predicted in found)


def halfway(**policy: Any) -> Progress:
    graph = working(graph_of(*map(str, range(10)), policy=Policy(**policy)))
    kept: list[Progress] = []

    def follow(event: Event) -> None:
        if isinstance(event, RunStarted):
            kept.append(Progress(event))
        if event.time < 5.0:
            kept[0].note(event)

    simulate_run(graph, observers=[follow], max_parallel=1)
    return kept[0]


def test_a_run_that_is_paused_stopped_or_undone_has_no_outlook() -> None:
    assert Outlook(halfway()).left(5.0) is not None
    for event in (LimitChanged(5.0, 0, "it was paused"), RunStopping(5.0, "it was interrupted")):
        progress = halfway()
        progress.note(event)
        assert Outlook(progress).left(5.0) is None


def test_what_is_added_counts() -> None:
    progress = halfway(rollback=True)
    before = Outlook(progress).left(5.0)
    progress.note(TaskAdded(5.0, Task(id="new", estimate=3.0, **WORK)))
    after = Outlook(progress).left(5.0)
    assert before is not None
    assert after == pytest.approx(before + 3.0)


def test_a_run_that_is_held_back_takes_as_long_as_it_then_takes() -> None:
    estimates = {str(at): 1.0 for at in range(20)}
    graph = working(graph_of(*estimates))
    progress = Progress(RunStarted(0.0, "r", "local", graph, 10, None, lambda _: [], (), estimates))
    assert Outlook(progress).left(5.0) == pytest.approx(2.0)
    progress.note(LimitChanged(5.0, 1, "the memory is full"))
    assert Outlook(progress).left(5.0) == pytest.approx(20.0)


@given(st.floats(1.0, 10_000_000.0))
def test_an_estimate_is_said_about_right(seconds: float) -> None:
    words = left(seconds).split()
    assert (words[0], words[-1]) == ("about", "left")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.4, ""), (7.3, "about 7 s left"), (63.0, "about 1 min 5 s left"), (4000.0, "about 1 h 10 min left")],
)
def test_an_estimate_is_as_rough_as_it_is(seconds: float | None, text: str) -> None:
    assert left(seconds) == text
