"""Limits, retries, resources and breakers are those of the engine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from support.coroutines import Meter, after, fail
from taskgraph_core.engine.events import RunEnded, RunStopping
from taskgraph_core.errors import EngineError
from taskgraph_core.parallel import (
    Breaker,
    Claim,
    Rate,
    Resource,
    Retry,
    TaskResult,
    parallel,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_no_more_than_the_limit_at_once(run: Run, meter: Meter) -> None:
    async def main() -> None:
        async with parallel(3) as group:
            for _ in range(20):
                group.add(meter.work, 5)

    run(main())

    assert (meter.begun, meter.most) == (20, 3)


def test_a_task_that_rests_before_a_retry_holds_no_slot(run: Run) -> None:
    order: list[str] = []

    async def flaky() -> str:
        order.append("flaky")
        if len(order) == 1:
            raise ValueError
        return "at last"

    async def other() -> None:
        order.append("other")

    async def main() -> None:
        async with parallel(1) as group:
            handle = group.add(flaky, retry=Retry(attempts=2, delay=0.05))
            group.add(other)
            assert await handle == "at last"
            assert (handle.result().attempts, handle.result().error) == (2, None)
            assert handle.result().duration >= 0.05

    run(main())

    assert order == ["flaky", "other", "flaky"]


def test_a_resource_bounds_those_who_claim_it(run: Run, meter: Meter) -> None:
    async def main() -> None:
        async with parallel(8, resources=[Resource(name="db", capacity=2)]) as group:
            for number in range(6):
                group.add(meter.work, 5, claims="db" if number % 2 else (Claim(resource="db"),))
            for _ in range(6):
                group.add(after, 5)

    run(main())

    assert meter.most == 2


def test_readers_and_writers_of_a_thing_are_kept_apart_without_declaring_it(run: Run, meter: Meter) -> None:
    async def main() -> None:
        async with parallel(8) as group:
            for _ in range(4):
                group.add(meter.work, 3, claims=Claim(resource="file:out", mode="write"))

    run(main())

    assert meter.most == 1


def test_a_rate_spreads_the_starts(run: Run) -> None:
    starts: list[float] = []

    async def note() -> None:
        starts.append(time.monotonic())

    async def main() -> None:
        api = Resource(name="api", rate=Rate(amount=2, seconds=0.1))
        async with parallel(8, resources=[api]) as group:
            for _ in range(5):
                group.add(note, claims="api")

    run(main())

    assert all(later - earlier > 0.09 for earlier, later in zip(starts, starts[2:], strict=False))


def test_a_breaker_of_the_whole_group_lets_it_rest(run: Run) -> None:
    calls: list[float] = []

    async def down() -> None:
        calls.append(time.monotonic())
        if len(calls) <= 2:
            raise ConnectionError

    async def main() -> list[TaskResult[Any]]:
        async with parallel(1, name="service", breaker=Breaker(failures=2, open=0.1)) as group:
            for _ in range(4):
                group.add(down)
            return await group.gather()

    results = run(main())

    assert [result.state for result in results] == ["failed", "failed", "success", "success"]
    assert calls[2] - calls[1] > 0.09


def test_resources_are_declared_and_named_once(run: Run) -> None:
    async def main() -> None:
        async with parallel(name="docs") as group:
            with pytest.raises(EngineError, match="no resource 'dbb'"):
                group.add(after, 0, claims="dbb")
        with pytest.raises(EngineError, match="same name"):
            async with parallel(name="db", breaker=Breaker(), resources=[Resource(name="db")]):
                raise AssertionError

    run(main())


def test_tasks_that_wait_begin_by_priority_then_in_the_order_of_adding(run: Run) -> None:
    order: list[str] = []

    async def note(name: str) -> None:
        order.append(name)

    async def main() -> None:
        async with parallel(1) as group:
            group.add(note, "m1")
            group.add(note, "low", priority="low")
            group.add(note, "m2")
            group.add(note, "critical", priority="critical")
            group.add(note, "high", priority="high")

    run(main())

    assert order == ["critical", "high", "m1", "m2", "low"]


# --- what is told ---


def test_observers_hear_a_run_like_any_other(run: Run) -> None:
    events: list[Any] = []

    async def main() -> None:
        async with parallel(1, name="The docs!", observers=[events.append], on_error="stop") as group:
            group.add(fail, ValueError("no"), name="a")
            group.add(after, 0, name="b")

    run(main())

    kinds = [type(event).__name__ for event in events]
    assert kinds[0] == "RunStarted"
    assert kinds[-1] == "RunEnded"
    assert kinds.count("TaskAdded") == kinds.count("TaskFinal") == 2
    assert events[0].graph.id == "The-docs"
    assert events[0].graph.title == "The docs!"
    assert [event.reason for event in events if isinstance(event, RunStopping)] == ["task 'a' failed"]
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.record.states == {"a": "failed", "b": "cancelled"}
    assert ended.record.stopped == "task 'a' failed"
