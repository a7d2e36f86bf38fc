"""Runs that break off: what is recorded of them, and how they go on."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.attempts import Paper, at_once, for_ever, outcomes, without_pauses
from support.graphs import graph_of, graphs
from taskgraph_core.engine.attempt import DONE, Call, Perform, Result
from taskgraph_core.engine.conductor import Conductor
from taskgraph_core.engine.driver import Driver
from taskgraph_core.engine.events import RunAborted, RunResumed, RunStarted, TaskEnded, TaskStarted, UndoEnded
from taskgraph_core.engine.history import History
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Policy

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord


def broken(paper: Paper, perform: Perform, graph: TaskGraph, *, cancel: list[asyncio.Future[Any]]) -> list[Event]:
    """A run that breaks off; what its observer heard. ``cancel`` is given the run, for the performer to cancel."""
    heard: list[Event] = []

    async def main() -> None:
        conductor = Conductor(graph, [heard.append], run_id="test", system="test")
        conductor.journal = paper
        running = asyncio.ensure_future(Driver(conductor, perform).run())
        cancel.append(running)
        await asyncio.wait_for(asyncio.wait([running]), 60)
        with pytest.raises((EngineError, asyncio.CancelledError)):
            running.result()

    asyncio.run(main())
    assert isinstance(heard[-1], RunAborted)
    return heard


def test_what_is_done_when_a_run_breaks_off_is_recorded_and_what_was_stopped_is_not() -> None:
    paper = Paper()
    runs: list[asyncio.Future[Any]] = []
    ends: dict[str, Result] = {"good": DONE, "skip": Result("skipped"), "bad": Result.failed("no")}

    async def perform(call: Call) -> Result:
        if call.task.id == "long":
            return await for_ever(call)
        if call.task.id == "late":
            try:
                return await for_ever(call)
            except asyncio.CancelledError:
                return DONE
        runs[0].cancel()
        return ends[call.task.id]

    graph = graph_of(*ends, "long", "late", "next < good", policy=Policy(max_parallel=9))
    heard = broken(paper, perform, graph, cancel=runs)
    assert sorted(paper.ends) == [("good", "success"), ("late", "success"), ("skip", "skipped")]
    assert not [event for event in heard if isinstance(event, TaskEnded)]
    assert not [event for event in paper.events if isinstance(event, TaskStarted) and event.task_id == "next"]


def test_a_batch_that_could_not_be_recorded_is_offered_once_more_for_what_is_done_in_it() -> None:
    refused = 0

    def refuses(events: list[Event]) -> bool:
        nonlocal refused
        now = not refused and any(isinstance(event, TaskEnded) for event in events)
        refused += now
        return now

    paper = Paper(refuses)
    broken(paper, at_once, graph_of("a", "b < a"), cancel=[])
    assert paper.ends == [("a", "success")]
    assert [event.task_id for event in paper.events if isinstance(event, TaskStarted)] == ["a"]


def test_what_cannot_be_recorded_as_begun_does_not_begin() -> None:
    begun: list[str] = []

    def perform(call: Call) -> Result:
        begun.append(call.task.id)
        return DONE

    def refuses(events: list[Event]) -> bool:
        return any(isinstance(event, TaskStarted) and event.task_id == "b" for event in events)

    paper = Paper(refuses)
    broken(paper, perform, graph_of("a", "b < a"), cancel=[])
    assert begun == ["a"]
    assert paper.ends == [("a", "success")]


def test_a_journal_that_refuses_everything_changes_nothing_about_the_error() -> None:
    paper = Paper(lambda events: any(isinstance(event, TaskEnded) for event in events))
    heard = broken(paper, at_once, graph_of("a", "b < a"), cancel=[])
    assert not paper.ends
    assert isinstance(heard[-1].error, EngineError)  # type: ignore[union-attr]


@settings(deadline=None)
@given(graphs(), st.integers(0, 999), st.integers(1, 15))
def test_a_run_that_breaks_off_anywhere_goes_on_and_does_nothing_twice_that_is_recorded(
    graph: TaskGraph, seed: int, moment: int
) -> None:
    graph = without_pauses(graph)
    outcome = outcomes(seed)
    lengths = random.Random(seed)  # noqa: S311 - no secret
    paper = Paper()
    calls = 0
    runs: list[asyncio.Future[Any]] = []

    async def perform(call: Call) -> Result:
        nonlocal calls
        calls += 1
        if calls == moment:
            runs[-1].cancel()
        kind = UndoEnded if call.undo else TaskEnded
        past = [event for event in paper.events if isinstance(event, kind) and event.task_id == call.task.id]
        assert all(event.attempt.outcome not in ("success", "skipped") for event in past)
        for _ in range(lengths.randrange(4)):
            await asyncio.sleep(0)
        return Result(outcome(call.task.id, call.attempt, call.undo))

    async def live(history: History | None = None) -> RunRecord | None:
        conductor = Conductor(graph, [], run_id="test", system="test")
        conductor.journal = paper
        runs.append(asyncio.ensure_future(Driver(conductor, perform).run(history)))
        await asyncio.wait(runs[-1:])
        return None if runs[-1].cancelled() else runs[-1].result()

    record = asyncio.run(live())
    if record is None:
        now = paper.events[-1].time
        paper.events[:] = [event for event in paper.events if not isinstance(event, RunStarted)]
        paper.events.append(RunResumed(now))
        record = asyncio.run(live(History(now, 0.0, list(paper.events))))
    assert record is not None
    assert set(record.states) == set(graph.by_id)
    assert not [attempt for task in record.tasks for attempt in task.attempts if "Assertion" in attempt.error]
