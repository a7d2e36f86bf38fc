from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_integration.running.dispatch import Dispatcher
from support.graphs import graph_of, graphs
from taskgraph_core.ir import Command, Policy, Retry, TaskGraph
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect_integration.running.dispatch import Report
    from taskgraph_core.scheduler import Outcome, Scheduler, State


class Clock:
    """A clock that goes on by itself whenever somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


class Instant:
    """Task runs that end at once, as they are told; a note of everything asked for."""

    def __init__(self, outcome: Callable[[str, int], Outcome]) -> None:
        self.outcome = outcome
        self.calls: list[tuple[str, str]] = []

    def start(self, task_id: str, attempt: int, report: Report) -> None:
        self.calls.append(("start", task_id))
        report(task_id, self.outcome(task_id, attempt))

    def undo(self, task_id: str, attempt: int, report: Report) -> None:
        self.calls.append(("undo", task_id))
        report(task_id, "success")

    def stop(self, task_id: str) -> None:
        self.calls.append(("stop", task_id))

    def show(self, task_id: str, state: State) -> None:
        self.calls.append((state, task_id))

    def stop_everything(self) -> None:
        self.calls.append(("stop everything", ""))


class Endless(Instant):
    """Task runs that end only when they are stopped."""

    def __init__(self) -> None:
        super().__init__(lambda task_id, attempt: "success")
        self.reports: dict[str, Report] = {}

    def start(self, task_id: str, attempt: int, report: Report) -> None:
        self.calls.append(("start", task_id))
        self.reports[task_id] = report

    def stop(self, task_id: str) -> None:
        super().stop(task_id)
        threading.Thread(target=self.reports[task_id], args=(task_id, "cancelled")).start()


def drive(scheduler: Scheduler, runs: Instant, **options: Any) -> str:
    """Carry out a run; why it was cut short, if it was."""
    dispatcher = Dispatcher(scheduler, runs, **options)
    dispatcher.to_the_end()
    return dispatcher.cut_short


def oracle(graph: TaskGraph, outcome: Callable[[str, int], Outcome]) -> Scheduler:
    """The scheduler driven by hand, one event after the other."""
    scheduler = scheduler_for(graph)
    now, running = 0.0, []
    while True:
        step = scheduler.poll(now)
        running += step.start + step.undo
        if step.done:
            return scheduler
        if running:
            task_id, attempt = running.pop(0)
            undoing = task_id in scheduler.states
            scheduler.finished(task_id, "success" if undoing else outcome(task_id, attempt), now)
        elif step.wake_at is not None:
            now = step.wake_at


def without_delays(graph: TaskGraph) -> TaskGraph:
    """The same graph without what takes time, or depends on who ends first."""
    tasks = [task.model_copy(update={"retry": Retry(attempts=task.retry.attempts)}) for task in graph.tasks]
    policy = graph.policy.model_copy(update={"on_failure": "continue"})
    return graph.model_copy(update={"tasks": tuple(tasks), "policy": policy})


@given(graphs().map(without_delays), st.randoms(use_true_random=False))
def test_states_and_undoing_are_those_of_the_scheduler(graph: TaskGraph, chance: object) -> None:
    outcomes = {
        (task.id, attempt): chance.choice(["success", "failed", "skipped"])  # type: ignore[attr-defined]
        for task in graph.tasks
        for attempt in (1, 2, 3)
    }
    scheduler = scheduler_for(graph)
    drive(scheduler, Instant(lambda task_id, attempt: outcomes[task_id, attempt]))
    expected = oracle(graph, lambda task_id, attempt: outcomes[task_id, attempt])

    assert scheduler.states == expected.states
    assert scheduler.undone == expected.undone


@given(graphs().map(without_delays), st.randoms(use_true_random=False))
def test_every_task_is_either_started_or_shown(graph: TaskGraph, chance: object) -> None:
    outcomes = {task.id: chance.choice(["success", "failed", "skipped"]) for task in graph.tasks}  # type: ignore[attr-defined]
    runs = Instant(lambda task_id, attempt: outcomes[task_id])
    scheduler = scheduler_for(graph)
    drive(scheduler, runs)
    started = {task_id for call, task_id in runs.calls if call == "start"}
    shown = {task_id: call for call, task_id in runs.calls if call in ("skipped", "upstream_failed", "cancelled")}

    assert started.isdisjoint(shown)
    assert started | set(shown) == set(scheduler.states)
    assert all(scheduler.states[task_id] == state for task_id, state in shown.items())


def test_what_never_ran_is_shown_before_what_comes_after_it() -> None:
    graph = graph_of("a", "b < a", "c < b", tasks={"c": {"trigger_rule": "all_done"}})
    runs = Instant(lambda task_id, attempt: "failed" if task_id == "a" else "success")
    drive(scheduler_for(graph), runs)

    assert runs.calls == [("start", "a"), ("upstream_failed", "b"), ("start", "c")]


def test_a_failed_attempt_is_started_again() -> None:
    graph = graph_of("a", tasks={"a": {"retry": Retry(attempts=3, delay=0.01)}})
    runs = Instant(lambda task_id, attempt: "success" if attempt == 2 else "failed")
    scheduler = scheduler_for(graph)
    drive(scheduler, runs)

    assert runs.calls == [("start", "a"), ("start", "a")]
    assert scheduler.states == {"a": "success"}


def test_a_task_cancelled_while_it_rests_before_a_retry_is_shown() -> None:
    graph = graph_of("a", "b", tasks={"a": {"retry": Retry(attempts=2, delay=3600)}}, policy=Policy(on_failure="stop"))
    runs = Instant(lambda task_id, attempt: "failed")
    scheduler = scheduler_for(graph, max_parallel=1)
    drive(scheduler, runs)

    assert scheduler.states == {"a": "cancelled", "b": "failed"}
    assert runs.calls == [("start", "a"), ("start", "b"), ("cancelled", "a")]


def test_what_succeeded_is_undone_from_the_end() -> None:
    undo = {"rollback": Command(argv=("undo",))}
    graph = graph_of("a", "b < a", "c < b", tasks={"a": undo, "b": undo}, policy=Policy(rollback=True))
    runs = Instant(lambda task_id, attempt: "failed" if task_id == "c" else "success")
    drive(scheduler_for(graph), runs)

    assert runs.calls[-2:] == [("undo", "b"), ("undo", "a")]


def test_the_run_s_timeout_stops_what_runs_and_starts_nothing_more() -> None:
    runs = Endless()
    scheduler = scheduler_for(graph_of("a", "b < a"))

    assert drive(scheduler, runs, timeout=0.05) == "the run's timeout has passed"
    assert scheduler.states == {"a": "cancelled", "b": "cancelled"}
    assert runs.calls == [("start", "a"), ("cancelled", "b"), ("stop", "a")]


def test_a_run_in_time_is_not_cut_short() -> None:
    runs = Instant(lambda task_id, attempt: "success")

    assert drive(scheduler_for(graph_of("a")), runs, timeout=1000.0, clock=Clock()) == ""


def test_a_cancelled_run_ends_what_runs_and_is_undone() -> None:
    undo = {"rollback": Command(argv=("undo",))}
    scheduler = scheduler_for(graph_of("a", "b < a", "c < b", tasks={"a": undo}, policy=Policy(rollback=True)))

    class CancelledInB(Endless):
        def start(self, task_id: str, attempt: int, report: Report) -> None:
            super().start(task_id, attempt, report)
            if task_id == "a":
                report(task_id, "success")
            else:
                dispatcher.cancel()

    runs = CancelledInB()
    dispatcher = Dispatcher(scheduler, runs)
    dispatcher.to_the_end()

    assert dispatcher.cut_short == "the run was interrupted"
    assert runs.calls == [("start", "a"), ("start", "b"), ("cancelled", "c"), ("stop", "b"), ("undo", "a")]
    assert scheduler.undone == {"a": True}


def test_a_run_that_waits_asks_its_clock_only_when_something_happens() -> None:
    """Whoever polls looks at the clock all the time."""
    runs = Endless()
    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        return time.monotonic()

    def end() -> None:
        runs.reports["a"]("a", "success")

    threading.Timer(0.3, end).start()
    drive(scheduler_for(graph_of("a")), runs, timeout=1000.0, clock=clock)

    assert looks < 20


def test_an_interruption_ends_everything_that_runs() -> None:
    class Broken(Instant):
        def start(self, task_id: str, attempt: int, report: Report) -> None:
            raise KeyboardInterrupt

    runs = Broken(lambda task_id, attempt: "success")
    with pytest.raises(KeyboardInterrupt):
        drive(scheduler_for(graph_of("a")), runs)

    assert runs.calls == [("stop everything", "")]


def test_a_graph_without_tasks_ends_at_once() -> None:
    assert drive(scheduler_for(graph_of()), Instant(lambda task_id, attempt: "success")) == ""
