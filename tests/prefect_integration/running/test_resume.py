from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_integration.running.dispatch import Dispatcher
from prefect_integration.running.resume import life, recall
from support.graphs import graph_of, graphs
from taskgraph_core.engine.clock import SteadyClock
from taskgraph_core.engine.journal.codec import ENDED, encode
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Policy, Retry, TaskGraph
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prefect_integration.running.dispatch import Report
    from prefect_integration.running.resume import Earlier
    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.journal.codec import Row
    from taskgraph_core.scheduler import Outcome, Scheduler, State

UNDO: dict[str, Any] = {"rollback": Command(argv=("undo",))}


class Killed(BaseException):
    """The flow's process dies."""


class Kept:
    """A journal in memory; after so many events nothing reaches it any more."""

    def __init__(self, rows: list[Row], room: float = float("inf")) -> None:
        self.rows = rows
        self.room = room

    def add(self, *events: Event) -> None:
        for row in encode(events):
            self._add(row)

    def flush(self) -> None:
        pass

    def end(self, time: float, state: str) -> None:
        self._add([ENDED, time, state])

    def _add(self, row: Row) -> None:
        if self.room <= 0:
            raise Killed
        self.room -= 1
        self.rows.append(row)


class Runs:
    """Task runs that end at once."""

    def __init__(self, outcome: Callable[[str, int], Outcome], undoing: Callable[[str], Outcome]) -> None:
        self.outcome = outcome
        self.undoing = undoing
        self.started: list[tuple[str, int]] = []
        self.undone: list[tuple[str, int]] = []

    def start(self, task_id: str, attempt: int, report: Report) -> None:
        self.started.append((task_id, attempt))
        report(task_id, self.outcome(task_id, attempt))

    def undo(self, task_id: str, attempt: int, report: Report) -> None:
        self.undone.append((task_id, attempt))
        report(task_id, self.undoing(task_id))

    def stop(self, task_id: str) -> None:
        pass

    def show(self, task_id: str, state: State) -> None:
        pass

    def stop_everything(self) -> None:
        pass


class Life:
    """One life of a run: what an earlier one left in ``rows`` is recalled, then it goes on to its end or its death."""

    def __init__(
        self,
        graph: TaskGraph,
        rows: list[Row],
        outcome: Callable[[str, int], Outcome] = lambda task_id, attempt: "success",
        *,
        undoing: Callable[[str], Outcome] = lambda task_id: "success",
        room: float = float("inf"),
    ) -> None:
        self.scheduler: Scheduler = scheduler_for(graph, max_parallel=1)
        self.runs = Runs(outcome, undoing)
        clock = SteadyClock()
        self.earlier: Earlier | None = recall(list(rows), graph, self.scheduler) if rows else None
        rows.append(life(graph, "run", clock(), 1))
        if self.earlier is not None:
            rows.extend(row if isinstance(row, list) else encode([row])[0] for row in self.earlier.going_on)
        dispatcher = Dispatcher(self.scheduler, self.runs, journal=Kept(rows, room), clock=clock)
        self.died = False
        try:
            dispatcher.to_the_end()
        except Killed:
            self.died = True

    @property
    def started(self) -> list[str]:
        return [task_id for task_id, _ in self.runs.started]

    @property
    def undone(self) -> list[str]:
        return [task_id for task_id, _ in self.runs.undone]

    @property
    def found(self) -> Mapping[str, State]:
        return {} if self.earlier is None else self.earlier.final


def fails(*wrong: str) -> Callable[[str, int], Outcome]:
    return lambda task_id, attempt: "failed" if task_id in wrong else "success"


def test_a_retry_does_only_what_was_not_done() -> None:
    graph = graph_of("a", "b < a", "c < b", "d")
    rows: list[Row] = []
    Life(graph, rows, lambda task_id, _: {"b": "failed", "d": "skipped"}.get(task_id, "success"))
    second = Life(graph, rows)

    assert second.found == {"a": "success", "d": "skipped"}
    assert second.runs.started == [("b", 2), ("c", 1)]
    assert second.scheduler.run_state == "success"


def test_a_retry_of_a_success_does_nothing() -> None:
    rows: list[Row] = []
    Life(graph_of("a", "b < a"), rows)
    second = Life(graph_of("a", "b < a"), rows)

    assert second.started == []
    assert second.scheduler.states == {"a": "success", "b": "success"}


def test_what_was_undone_runs_again() -> None:
    graph = graph_of("a", "b < a", "c < b", tasks={"a": UNDO}, policy=Policy(rollback=True))
    rows: list[Row] = []
    first = Life(graph, rows, fails("c"))
    second = Life(graph, rows)

    assert first.undone == ["a"]
    assert second.found == {"b": "success"}
    assert second.started == ["a", "c"]


def test_a_rollback_that_broke_off_is_brought_to_its_end_and_then_the_run_can_be_tried_anew() -> None:
    graph = graph_of("a", "b < a", "c < b", tasks={"a": UNDO, "b": UNDO}, policy=Policy(rollback=True))
    rows: list[Row] = []
    first = Life(graph, rows, fails("c"), room=7)  # three starts, three ends, and the start of undoing b
    second = Life(graph, rows)
    third = Life(graph, rows)

    assert first.died
    assert first.undone == ["b"]
    assert (second.started, second.undone) == ([], ["b", "a"])
    assert second.scheduler.run_state == "failed"
    assert (third.started, third.undone) == (["a", "b", "c"], [])


def test_a_rollback_that_failed_leaves_its_task_to_be_done_again() -> None:
    graph = graph_of("a", "b < a", tasks={"a": UNDO}, policy=Policy(rollback=True))
    rows: list[Row] = []
    Life(graph, rows, fails("b"), undoing=lambda task_id: "failed")

    assert Life(graph, rows).started == ["a", "b"]


def test_a_crash_uses_up_no_attempt_and_numbers_go_on() -> None:
    graph = graph_of("a", tasks={"a": {"retry": Retry(attempts=2)}})
    rows: list[Row] = []
    Life(graph, rows, fails("a"), room=3)  # one attempt that failed, and the start of the second
    second = Life(graph, rows, fails("a"))

    assert second.runs.started == [("a", 3)]
    assert second.scheduler.states == {"a": "failed"}


@given(graphs(), st.randoms(use_true_random=False), st.integers(0, 40))
def test_whenever_the_flow_is_killed_nothing_recorded_is_done_twice(graph: TaskGraph, chance: Any, room: int) -> None:
    tasks = [task.model_copy(update={"retry": Retry(attempts=task.retry.attempts)}) for task in graph.tasks]
    policy = graph.policy.model_copy(update={"rollback": False})
    graph = graph.model_copy(update={"tasks": tuple(tasks), "policy": policy})
    outcomes = {
        (task.id, attempt): chance.choice(["success", "failed", "skipped"])
        for task in graph.tasks
        for attempt in range(1, 9)
    }
    rows: list[Row] = []
    first = Life(graph, rows, lambda task_id, attempt: outcomes[task_id, attempt], room=room)
    done = {row[2] for row in rows if row[0] == "end" and row[3][3] in ("success", "skipped")}
    second = Life(graph, rows, lambda task_id, attempt: outcomes[task_id, attempt])

    assert done.isdisjoint(second.started)
    assert {task_id: second.scheduler.states[task_id] for task_id in done} == {
        task_id: second.found[task_id] for task_id in done
    }
    assert set(second.scheduler.states) == {task.id for task in graph.tasks}
    assert not set(first.runs.started) & set(second.runs.started)


@given(graphs(), st.randoms(use_true_random=False), st.integers(0, 60))
def test_whenever_a_rollback_is_killed_the_rest_is_undone_and_nothing_else_is_done(
    graph: TaskGraph, chance: Any, room: int
) -> None:
    tasks = [task.model_copy(update={"retry": Retry()}) for task in graph.tasks]
    policy = graph.policy.model_copy(update={"rollback": True})
    graph = graph.model_copy(update={"tasks": tuple(tasks), "policy": policy})
    outcomes = {task.id: chance.choice(["success", "failed", "skipped"]) for task in graph.tasks}
    whole = Life(graph, [], lambda task_id, _: outcomes[task_id])
    rows: list[Row] = []
    Life(graph, rows, lambda task_id, _: outcomes[task_id], room=room)
    broken_off = any(row[0] == "undo" for row in rows) and rows[-1][0] != ENDED
    second = Life(graph, rows, lambda task_id, _: outcomes[task_id])

    if broken_off:
        assert second.started == []
        assert second.scheduler.undone == whole.scheduler.undone
        assert second.scheduler.states == whole.scheduler.states


def test_a_plan_that_lost_a_task_cannot_take_the_run_up() -> None:
    rows: list[Row] = []
    Life(graph_of("a", "b"), rows, room=2)

    with pytest.raises(EngineError, match="cannot be read"):
        recall(rows, graph_of("c"), scheduler_for(graph_of("c")))


def test_time_that_an_earlier_life_took_counts_for_the_timeout() -> None:
    graph = graph_of("a")
    rows: list[Row] = [life(graph, "run", 100.0, 1), ["start", 107.0, "a", 1]]

    assert recall(rows, graph, scheduler_for(graph)).active == 7.0
