"""Laws of the driver, with attempts that end when and how the test says."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.attempts import at_once, for_ever, outcomes, without_pauses
from support.graphs import graph_of, graphs
from taskgraph_core.engine.attempt import DONE, Call, Perform, Result
from taskgraph_core.engine.conductor import Conductor
from taskgraph_core.engine.driver import Driver
from taskgraph_core.engine.events import (
    RunAborted,
    RunEnded,
    RunStarted,
    RunStopping,
    TaskEnded,
    TaskFinal,
    TaskRetrying,
    TaskStarted,
    UndoEnded,
    UndoStarted,
)
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Policy, Retry, TaskGraph
from taskgraph_core.scheduler import WHOLE
from taskgraph_core.scheduling import scheduler_for, slots_claimed

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.record import RunRecord
    from taskgraph_core.scheduler import Outcome, Scheduler


def driven(
    graph: TaskGraph, perform: Perform, *, act: Callable[[Driver, Event], None] = lambda *_: None
) -> tuple[RunRecord, list[Event]]:
    """A run with injected attempts; ``act`` may interfere at every event."""
    events: list[Event] = []

    async def main() -> RunRecord:
        driver: Driver

        def observe(event: Event) -> None:
            events.append(event)
            act(driver, event)

        driver = Driver(Conductor(graph, [observe], run_id="test", system="test"), perform)
        return await driver.run()

    return asyncio.run(main()), events


def one_by_one(graph: TaskGraph, outcome: Callable[[str, int, bool], Outcome]) -> Scheduler:
    """The scheduler itself, told the same outcomes, each attempt ending before the next begins."""
    scheduler = scheduler_for(graph, max_parallel=1, seed="test")
    while not (step := scheduler.poll(0.0)).done:
        for task_id, attempt in step.start:
            scheduler.finished(task_id, outcome(task_id, attempt, False), 0.0)  # noqa: FBT003
        for task_id, attempt in step.undo:
            scheduler.finished(task_id, outcome(task_id, attempt, True), 0.0)  # noqa: FBT003
    return scheduler


@settings(deadline=None)
@given(graphs(), st.integers(0, 999))
def test_a_run_ends_in_the_states_the_scheduler_gives_for_the_same_outcomes(graph: TaskGraph, seed: int) -> None:
    graph = without_pauses(graph)
    if graph.policy.on_failure == "stop":  # then what has started by the first failure matters
        graph = graph.model_copy(update={"policy": graph.policy.model_copy(update={"max_parallel": 1})})
    outcome = outcomes(seed)
    lengths = random.Random(seed)  # noqa: S311 - no secret

    async def perform(call: Call) -> Result:
        for _ in range(lengths.randrange(4)):
            await asyncio.sleep(0)
        return Result(outcome(call.task.id, call.attempt, call.undo))

    record, _ = driven(graph, perform)
    oracle = one_by_one(graph, outcome)
    assert record.states == oracle.states
    assert record.state == oracle.run_state
    assert {task.id: task.undo == "undone" for task in record.tasks if task.undo} == oracle.undone


@settings(deadline=None)
@given(graphs(), st.integers(0, 999))
def test_no_capacity_is_ever_exceeded_and_the_order_is_kept(graph: TaskGraph, seed: int) -> None:
    graph = without_pauses(graph)
    outcome = outcomes(seed)
    lengths = random.Random(seed)  # noqa: S311 - no secret
    used: Counter[str] = Counter()
    running: set[str] = set()
    ended: set[str] = set()

    async def perform(call: Call) -> Result:
        claims = slots_claimed(call.task, graph.capacities)
        used.update(claims)
        running.add(call.task.id)
        assert all(slots <= graph.capacities.get(name, WHOLE) for name, slots in used.items())
        assert len(running) <= (graph.policy.max_parallel or 1000)
        if call.task.trigger_rule == "all_done":
            assert call.undo or ended.issuperset(call.task.depends_on)
        for _ in range(lengths.randrange(4)):
            await asyncio.sleep(0)
        running.remove(call.task.id)
        used.subtract(claims)
        return Result(outcome(call.task.id, call.attempt, call.undo))

    def watch(_: Driver, event: Event) -> None:
        if isinstance(event, TaskFinal):
            ended.add(event.task_id)

    record, events = driven(graph, perform, act=watch)
    broken = [
        event for event in events if isinstance(event, TaskEnded | UndoEnded) and "Assertion" in event.attempt.error
    ]
    assert not broken
    assert not running
    assert len(record.tasks) == len(graph.tasks)


@settings(deadline=None)
@given(graphs(), st.integers(0, 999), st.integers(0, 30), st.integers(1, 2))
def test_an_interrupted_run_ends_with_every_task_final_and_a_well_formed_story(
    graph: TaskGraph, seed: int, moment: int, times: int
) -> None:
    graph = without_pauses(graph)
    outcome = outcomes(seed)
    seen = 0

    async def perform(call: Call) -> Result:
        await asyncio.sleep(0)
        return Result(outcome(call.task.id, call.attempt, call.undo))

    def interrupt(driver: Driver, event: Event) -> None:
        nonlocal seen
        seen += 1
        if seen - 1 == moment and not isinstance(event, RunEnded):
            for _ in range(times):
                driver.interrupt()

    record, events = driven(graph, perform, act=interrupt)
    assert set(record.states) == set(graph.by_id)
    assert isinstance(events[0], RunStarted)
    assert [event for event in events if isinstance(event, RunEnded | RunAborted)] == [events[-1]]
    for started, ended in ((TaskStarted, TaskEnded), (UndoStarted, UndoEnded)):
        story = [(type(event), event.task_id) for event in events if isinstance(event, started | ended)]
        for task_id in graph.by_id:
            kinds = [kind for kind, other in story if other == task_id]
            assert kinds == [started, ended] * (len(kinds) // 2)
    assert Counter(event.task_id for event in events if isinstance(event, TaskFinal)) == Counter(list(graph.by_id))


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_three_hundred_tasks_can_run_at_once() -> None:
    everybody = asyncio.Barrier(300)

    async def perform(call: Call) -> Result:
        await everybody.wait()
        return DONE

    graph = graph_of(*map(str, range(300)), policy=Policy(max_parallel=300))
    record, _ = driven(graph, perform)
    assert record.state == "success"


def test_a_task_that_fails_once_is_tried_again_and_succeeds() -> None:
    async def perform(call: Call) -> Result:
        return Result.failed("not yet") if call.attempt == 1 else DONE

    graph = graph_of("a", tasks={"a": {"retry": Retry(attempts=3, delay=0.01)}})
    record, events = driven(graph, perform)
    assert record.states == {"a": "success"}
    assert [(attempt.number, attempt.outcome) for attempt in record.tasks[0].attempts] == [
        (1, "failed"),
        (2, "success"),
    ]
    assert kinds(events) == [
        "RunStarted",
        "TaskStarted",
        "TaskEnded",
        "TaskRetrying",
        "TaskStarted",
        "TaskEnded",
        "TaskFinal",
        "RunEnded",
    ]
    assert record.tasks[0].attempts[1].started - record.tasks[0].attempts[0].ended >= 0.0099


def test_a_resting_task_leaves_its_place_to_others() -> None:
    async def perform(call: Call) -> Result:
        return Result.failed("no") if (call.task.id, call.attempt) == ("a", 1) else DONE

    retry = Retry(attempts=2, delay=0.05)
    graph = graph_of("a", "b", "c", tasks={"a": {"retry": retry, "estimate": 9.0}}, policy=Policy(max_parallel=1))
    _, events = driven(graph, perform)
    assert [event.task_id for event in events if isinstance(event, TaskStarted)] == ["a", "b", "c", "a"]


def test_rollback_runs_in_reverse_order_and_is_on_the_record() -> None:
    async def perform(call: Call) -> Result:
        if call.undo:
            return Result.failed("cannot") if call.task.id == "b" else DONE
        return Result.failed("broken") if call.task.id == "d" else DONE

    undo = {"rollback": Command(argv=("undo",))}
    graph = graph_of(
        "a",
        "b < a",
        "c < b",
        "d < c",
        "e",
        tasks={"a": undo, "b": undo, "c": undo, "d": undo},
        policy=Policy(rollback=True),
    )
    record, events = driven(graph, perform)
    assert [event.task_id for event in events if isinstance(event, UndoStarted)] == ["c", "b", "a"]
    assert {task.id: (task.undo, task.undo_error) for task in record.tasks} == {
        "a": ("undone", ""),
        "b": ("failed", "cannot"),
        "c": ("undone", ""),
        "d": (None, ""),
        "e": (None, ""),
    }


def test_a_first_interrupt_cancels_and_rolls_back() -> None:
    async def perform(call: Call) -> Result:
        return DONE if call.undo or call.task.id == "a" else await for_ever(call)

    def interrupt(driver: Driver, event: Event) -> None:
        if isinstance(event, TaskStarted) and event.task_id == "b":
            driver.interrupt()

    undo = {"rollback": Command(argv=("undo",))}
    graph = graph_of("a", "b < a", "c < b", tasks={"a": undo, "b": undo}, policy=Policy(rollback=True))
    record, events = driven(graph, perform, act=interrupt)
    assert record.states == {"a": "success", "b": "cancelled", "c": "cancelled"}
    assert record.by_id["a"].undo == "undone"
    assert kinds(events).count("RunStopping") == 1


def test_a_second_interrupt_ends_a_rollback_at_once() -> None:
    async def perform(call: Call) -> Result:
        if call.undo:
            return await for_ever(call)
        return Result.failed("broken") if call.task.id == "b" else DONE

    def interrupt(driver: Driver, event: Event) -> None:
        if isinstance(event, UndoStarted):
            driver.interrupt()
        if isinstance(event, RunStopping):
            driver.interrupt()

    undo = {"rollback": Command(argv=("undo",))}
    graph = graph_of("first", "a < first", "b < a", tasks={"first": undo, "a": undo}, policy=Policy(rollback=True))
    record, _ = driven(graph, perform, act=interrupt)
    assert [(task.id, task.undo) for task in record.tasks] == [("first", None), ("a", "failed"), ("b", None)]


def test_after_the_run_timeout_the_rollback_still_takes_the_time_it_needs() -> None:
    async def perform(call: Call) -> Result:
        if call.undo:
            await asyncio.sleep(0.1)
            return DONE
        return DONE if call.task.id == "a" else await for_ever(call)

    graph = graph_of(
        "a", "b < a", tasks={"a": {"rollback": Command(argv=("undo",))}}, policy=Policy(rollback=True, timeout=0.05)
    )
    record, events = driven(graph, perform)
    assert record.states == {"a": "success", "b": "cancelled"}
    assert record.by_id["a"].undo == "undone"
    assert [event.reason for event in events if isinstance(event, RunStopping)] == ["it timed out after 50 ms"]


def test_a_run_timeout_that_falls_into_a_rollback_changes_nothing() -> None:
    async def perform(call: Call) -> Result:
        if call.undo:
            await asyncio.sleep(0.15)
            return DONE
        return Result.failed("broken") if call.task.id == "b" else DONE

    undo = {"a": {"rollback": Command(argv=("undo",))}}
    record, events = driven(graph_of("a", "b < a", tasks=undo, policy=Policy(rollback=True, timeout=0.05)), perform)
    assert record.by_id["a"].undo == "undone"
    assert "RunStopping" not in kinds(events)


def test_an_attempt_stopped_before_its_first_step_is_cancelled() -> None:
    def interrupt(driver: Driver, event: Event) -> None:
        if isinstance(event, TaskStarted):
            driver.interrupt()

    record, _ = driven(graph_of("a"), for_ever, act=interrupt)
    assert record.states == {"a": "cancelled"}


def test_an_observer_that_raises_ends_the_run_and_hears_no_more() -> None:
    heard: list[Event] = []

    def act(_: Driver, event: Event) -> None:
        heard.append(event)
        if isinstance(event, TaskFinal):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        driven(graph_of("a", "b < a"), at_once, act=act)
    assert kinds(heard)[-2:] == ["TaskFinal", "RunAborted"]


def test_an_observer_that_raises_when_the_run_is_told_to_stop_ends_it_too() -> None:
    def act(driver: Driver, event: Event) -> None:
        if isinstance(event, TaskStarted):
            driver.interrupt()
        if isinstance(event, RunStopping):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        driven(graph_of("a"), for_ever, act=act)


def test_an_unsound_graph_is_refused_before_anything_happens() -> None:
    with pytest.raises(EngineError, match="taskgraph check"):
        Conductor(graph_of("a < b", "b < a"), [], run_id="test", system="test")


def test_an_empty_graph_succeeds() -> None:
    record, _ = driven(TaskGraph(id="empty"), at_once)
    assert (record.state, record.tasks) == ("success", ())


def test_an_event_of_a_retry_says_how_long_the_pause_is() -> None:
    async def perform(call: Call) -> Result:
        return Result.failed("no")

    graph = graph_of("a", tasks={"a": {"retry": Retry(attempts=3, delay=0.01, factor=2.0)}})
    _, events = driven(graph, perform)
    assert [(event.attempt, event.pause) for event in events if isinstance(event, TaskRetrying)] == [
        (2, pytest.approx(0.01, abs=1e-6)),
        (3, pytest.approx(0.02, abs=1e-6)),
    ]


def test_what_a_task_needs_no_time_for_leaves_others_their_turn() -> None:
    turns = 0

    async def main() -> None:
        nonlocal turns
        names = [f"t{number}" for number in range(50)]
        graph = graph_of(*names, policy=Policy(max_parallel=1))
        running = asyncio.ensure_future(Driver(Conductor(graph, [], run_id="r", system="s"), lambda _: DONE).run())
        while not running.done():
            await asyncio.sleep(0)
            turns += 1
        assert running.result().state == "success"

    asyncio.run(main())
    assert turns > 50


def test_after_a_run_the_collector_looks_at_everything_again() -> None:
    driven(graph_of("a"), at_once)
    assert gc.get_freeze_count() == 0


def test_an_observer_hears_only_what_it_heeds() -> None:
    class Curious:
        heeds = (TaskFinal,)

        def __init__(self) -> None:
            self.heard: list[Event] = []

        def __call__(self, event: Event) -> None:
            self.heard.append(event)

    curious = Curious()

    async def main() -> RunRecord:
        return await Driver(Conductor(graph_of("a"), [curious], run_id="r", system="s"), at_once).run()

    asyncio.run(main())
    assert kinds(curious.heard) == ["TaskFinal"]
