"""Laws of a run that dies, anywhere and any number of times, and goes on from what it recorded."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.engine.attempt import Result
from taskgraph_core.engine.conductor import Conductor
from taskgraph_core.engine.events import (
    RunEnded,
    RunResumed,
    RunStarted,
    RunStopping,
    TaskEnded,
    TaskFinal,
    TaskLost,
    TaskStarted,
    UndoEnded,
    UndoStarted,
)
from taskgraph_core.engine.history import LOST, History, in_flight, still_counting
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Policy, Retry
from taskgraph_core.record import Attempt
from taskgraph_core.scheduler import WHOLE
from taskgraph_core.scheduling import slots_claimed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.record import RunRecord
    from taskgraph_core.scheduler import Outcome

Fate = dict[tuple[str, bool], "Outcome"]
"""How every attempt at a task ends, and with True at its rollback."""


class PowerCutError(Exception):
    """The engine dies here."""


@dataclass
class Paper:
    """A journal that is cut off behind so many events, in the middle of a batch too."""

    events: list[Event] = field(default_factory=list)
    room: int = 1_000_000

    def write(self, events: Sequence[Event]) -> None:
        fitting = list(events[: self.room])
        self.room -= len(fitting)
        self.events += [event for event in fitting if not isinstance(event, RunStarted | RunEnded)]
        if len(fitting) < len(events):
            raise PowerCutError


@dataclass
class World:
    """What really happens to tasks, whatever engine asks for it."""

    graph: TaskGraph
    fate: Fate
    seed: int = 0
    done: list[tuple[str, bool, int]] = field(default_factory=list)

    def live(self, paper: Paper, now: float, history: History | None = None) -> RunRecord:
        """One life of the engine, on a virtual clock."""
        conductor = Conductor(self.graph, [], run_id="test", system="test")
        conductor.journal = paper
        conductor.begin(now, history)
        lengths = random.Random(f"{self.seed}{now}")  # noqa: S311 - no secret
        ends: list[tuple[float, str, Result]] = []
        running: dict[str, Task] = {}
        while not (step := conductor.poll(now)).done:
            for undo, starts in ((False, step.start), (True, step.undo)):
                for task_id, number in starts:
                    self._begin(paper, (task_id, undo, number))
                    running[task_id] = self.graph.by_id[task_id]
                    self._watch(running)
                    result = Result(self.fate[task_id, undo])
                    heappush(ends, (now + lengths.randrange(4), task_id, result))
            now = min(moment for moment in (ends[0][0] if ends else None, step.wake_at) if moment is not None)
            while ends and ends[0][0] <= now:
                _, task_id, result = heappop(ends)
                del running[task_id]
                conductor.ended(task_id, result, now)
        record = conductor.record(now)
        conductor.end(record)
        return record

    def _begin(self, paper: Paper, call: tuple[str, bool, int]) -> None:
        task_id, undo, _ = call
        kind = UndoEnded if undo else TaskEnded
        for event in paper.events:
            if isinstance(event, kind) and event.task_id == task_id:
                assert event.attempt.outcome == "failed", f"{call} was done already"
        assert call not in self.done, "no two attempts have the same number"
        self.done.append(call)

    def _watch(self, running: dict[str, Task]) -> None:
        used: Counter[str] = Counter()
        for task in running.values():
            used.update(slots_claimed(task, self.graph.capacities))
        assert all(slots <= self.graph.capacities.get(name, WHOLE) for name, slots in used.items())
        assert len(running) <= (self.graph.policy.max_parallel or 1_000)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A graph whose end does not depend on who is first, and how each of its tasks ends."""
    graph = draw(graphs(max_tasks=8))
    policy = graph.policy.model_copy(update={"on_failure": "continue"})
    fate: Fate = {}
    for task in graph.tasks:
        fate[task.id, False] = draw(st.sampled_from(["success", "success", "failed", "skipped"]))
        fate[task.id, True] = draw(st.sampled_from(["success", "failed"]))
    return World(graph.model_copy(update={"policy": policy}), fate, draw(st.integers(0, 99)))


@settings(deadline=None, max_examples=200)
@given(worlds(), st.lists(st.integers(0, 40), max_size=4))
def test_a_run_that_dies_ends_like_one_that_does_not_and_repeats_nothing_that_is_recorded(
    world: World, cuts: list[int]
) -> None:
    unbroken = World(world.graph, world.fate, world.seed).live(Paper(), 0.0)
    paper, now = Paper(), 0.0
    history: History | None = None
    for cut in [*cuts, 1_000_000]:
        paper.room = cut
        try:
            record = world.live(paper, now, history)
            break
        except PowerCutError:
            now = 100.0 + max([now, *(event.time for event in paper.events)])
            paper.events.append(RunResumed(now))
            history = History(0.0, 0.0, list(paper.events))
    assert record.states == unbroken.states
    assert record.state == unbroken.state
    assert {task.id: task.undo for task in record.tasks} == {task.id: task.undo for task in unbroken.tasks}
    assert not in_flight(paper.events).attempts
    for task in record.tasks:
        numbers = [attempt.number for attempt in task.attempts]
        assert numbers == sorted(set(numbers))
        counting = [attempt for attempt in task.attempts if attempt.outcome != "cancelled"]
        assert len(counting) <= world.graph.by_id[task.id].retry.attempts
        assert all(attempt.error == LOST for attempt in task.attempts if attempt.outcome == "cancelled")


def ended(task_id: str, number: int, outcome: Outcome, time: float = 1.0) -> TaskEnded:
    return TaskEnded(time, task_id, Attempt(number=number, started=0.0, ended=time, outcome=outcome))


def resumed(graph: TaskGraph, *events: Event, again: bool = False, forget: tuple[str, ...] = ()) -> RunRecord:
    """A run with this past goes on, and everything succeeds."""
    world = World(graph, {(task_id, undo): "success" for task_id in graph.by_id for undo in (False, True)})
    now = max([0.0, *(event.time for event in events)])
    paper = Paper([*events, RunResumed(now, again, forget)])
    return world.live(paper, now, History(0.0, 0.0, list(paper.events)))


def test_an_attempt_without_an_end_is_lost_and_made_again_without_being_counted() -> None:
    record = resumed(graph_of("a"), TaskStarted(0.0, "a", 1))
    assert [(attempt.number, attempt.outcome, attempt.error) for attempt in record.tasks[0].attempts] == [
        (1, "cancelled", LOST),
        (2, "success", ""),
    ]
    assert record.state == "success"


def test_a_pause_before_a_retry_goes_on_where_it_was() -> None:
    graph = graph_of("a", tasks={"a": {"retry": Retry(attempts=2, delay=10.0)}})
    record = resumed(graph, TaskStarted(0.0, "a", 1), ended("a", 1, "failed", 4.0))
    assert record.tasks[0].attempts[1].started == 14.0


def test_a_run_that_was_being_stopped_is_still_stopped() -> None:
    record = resumed(graph_of("a", "b < a"), TaskStarted(0.0, "a", 1), RunStopping(1.0, "it was interrupted"))
    assert record.states == {"a": "cancelled", "b": "cancelled"}
    assert record.stopped == "it was interrupted"


def test_a_run_that_goes_on_again_forgets_that_it_was_stopped_and_what_is_to_run_anew() -> None:
    events = (
        TaskStarted(0.0, "a", 1),
        ended("a", 1, "success"),
        TaskStarted(1.0, "b", 1),
        ended("b", 1, "failed", 2.0),
        RunStopping(2.0, "it was interrupted"),
    )
    record = resumed(graph_of("a", "b < a", "c < b"), *events, again=True, forget=("b", "c"))
    assert record.states == {"a": "success", "b": "success", "c": "success"}
    assert [attempt.number for attempt in record.by_id["b"].attempts] == [1, 2]
    assert record.stopped == ""


def test_a_rollback_that_was_under_way_is_completed_and_not_repeated() -> None:
    undo = {"rollback": Command(argv=("undo",))}
    graph = graph_of("a", "b < a", "c < b", tasks={"a": undo, "b": undo}, policy=Policy(rollback=True))
    done = Attempt(number=1, started=0.0, ended=1.0, outcome="success")
    events = (
        *(event for name in "ab" for event in (TaskStarted(0.0, name, 1), ended(name, 1, "success"))),
        TaskStarted(1.0, "c", 1),
        ended("c", 1, "failed"),
        TaskFinal(1.0, "c", "failed"),
        UndoStarted(1.0, "b", 1),
        UndoEnded(1.0, "b", done),
        UndoStarted(1.0, "a", 1),
    )
    record = resumed(graph, *events)
    assert [(task.undo, [attempt.outcome for attempt in task.undo_attempts]) for task in record.tasks] == [
        ("undone", ["cancelled", "success"]),
        ("undone", ["success"]),
        (None, []),
    ]


def test_what_was_lost_in_a_life_before_the_last_is_not_lost_again() -> None:
    lost = Attempt(number=1, started=0.0, ended=5.0, outcome="cancelled", error=LOST)
    events = (TaskStarted(0.0, "a", 1), RunResumed(5.0), TaskLost(5.0, "a", lost))
    record = resumed(graph_of("a"), *events)
    assert [attempt.number for attempt in record.tasks[0].attempts] == [1, 2]


def test_only_what_still_counts_is_kept() -> None:
    events: list[Event] = [
        ended("a", 1, "failed"),
        ended("b", 1, "success"),
        RunResumed(2.0, again=True, forget=("a",)),
    ]
    assert still_counting(events) == events[1:]


def test_the_history_of_another_graph_is_refused() -> None:
    with pytest.raises(EngineError, match="does not fit the plan"):
        resumed(graph_of("a"), TaskStarted(0.0, "x", 1))
