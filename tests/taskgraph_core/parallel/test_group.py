"""A group: what is added is carried out, and its results are there in every order wanted."""

from __future__ import annotations

import asyncio
import threading
import time
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph_core.engine.events import RunEnded, RunStopping, TaskRetrying
from taskgraph_core.errors import EngineError
from taskgraph_core.parallel import (
    Breaker,
    Claim,
    Rate,
    Resource,
    Retry,
    TaskCancelledError,
    TaskResult,
    parallel,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from conftest import Meter  # type: ignore[import-not-found]

    Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def after(turns: int, value: object = None) -> object:
    for _ in range(turns):
        await asyncio.sleep(0)
    return value


async def fail(error: BaseException) -> None:
    raise error


async def forever() -> None:
    await asyncio.Event().wait()


# --- results --------------------------------------------------------------------------------


def test_results_come_in_the_order_of_adding(run: Run) -> None:
    async def main() -> list[TaskResult[Any]]:
        async with parallel(3) as group:
            for turns in (9, 3, 0):
                group.add(after, turns, turns, name=f"t{turns}")
            return await group.gather()

    results = run(main())

    assert [(result.name, result.index, result.value) for result in results] == [("t9", 0, 9), ("t3", 1, 3), ("t0", 2, 0)]
    assert all(result.ok and result.error is None and result.attempts == 1 for result in results)
    assert all(result.started is not None and result.duration >= 0 for result in results)


def test_a_stream_yields_in_the_order_of_ending_and_gather_still_has_everything(run: Run) -> None:
    async def main() -> tuple[list[object], list[object]]:
        async with parallel(3) as group:
            for turns in (30, 15, 0):
                group.add(after, turns, turns)
            first = [result.value async for result in group.stream()]
            return first, [result.value for result in await group.gather()]

    assert run(main()) == ([0, 15, 30], [30, 15, 0])


def test_a_stream_can_be_left_and_taken_up_anew(run: Run) -> None:
    async def main() -> tuple[object, list[object]]:
        async with parallel(1) as group:
            for value in "abc":
                group.add(after, 1, value)
            async for result in group.stream():
                first = result.value
                break
            return first, [result.value async for result in group.stream()]

    assert run(main()) == ("a", ["a", "b", "c"])


def test_a_stream_has_what_is_added_while_it_is_read(run: Run) -> None:
    async def main() -> list[object]:
        async with parallel() as group:
            group.add(after, 0, 3)
            seen = []
            async for result in group.stream():
                seen.append(result.value)
                if result.value:
                    group.add(after, 0, result.value - 1)
            return seen

    assert run(main()) == [3, 2, 1, 0]


def test_results_by_name(run: Run) -> None:
    async def main() -> dict[str, TaskResult[Any]]:
        async with parallel() as group:
            group.add(after, 2, "x", name="a")
            group.add(after, 0, "y")
            return await group.gather_dict()

    assert {name: result.value for name, result in run(main()).items()} == {"a": "x", "after-1": "y"}


def test_a_handle_gives_the_value_as_often_as_wanted(run: Run) -> None:
    async def main() -> None:
        async with parallel() as group:
            handle = group.add(after, 2, 7, name="seven")
            assert not handle.done()
            with pytest.raises(ValueError, match="has not ended"):
                handle.result()
            assert await asyncio.gather(*(_value(handle) for _ in range(3))) == [7, 7, 7]
            assert (handle.done(), handle.result().value, handle.name) == (True, 7, "seven")
            assert repr(handle) == "<task 'seven': success>"

    async def _value(handle: Any) -> object:
        return await handle

    run(main())


def test_a_waiter_that_gives_up_does_not_disturb_the_others(run: Run) -> None:
    async def main() -> None:
        async with parallel() as group:
            gate = asyncio.Event()
            handle = group.add(gate.wait)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(_value(handle), 0.01)
            gate.set()
            assert await handle is True

    async def _value(handle: Any) -> object:
        return await handle

    run(main())


def test_leaving_without_gather_waits_for_everything_and_results_stay(run: Run) -> None:
    async def main() -> list[object]:
        async with parallel(1) as group:
            for value in range(5):
                group.add(after, 3, value)
        assert group.record is not None
        assert group.record.state == "success"
        return [result.value for result in group.results]

    assert run(main()) == [0, 1, 2, 3, 4]


def test_tasks_may_add_tasks_also_while_the_group_is_being_left(run: Run) -> None:
    async def main() -> list[object]:
        async def descend(level: int) -> int:
            await asyncio.sleep(0)
            if level:
                group.add(descend, level - 1)
            return level

        async with parallel(2) as group:
            group.add(descend, 4)
        return [result.value for result in group.results]

    assert run(main()) == [4, 3, 2, 1, 0]


def test_an_empty_group_ends_at_once(run: Run) -> None:
    async def main() -> None:
        async with parallel() as group:
            assert await group.gather() == []
            assert [result async for result in group.stream()] == []

    run(main())


# --- what can be added ----------------------------------------------------------------------


def test_plain_functions_are_called_in_threads(run: Run) -> None:
    async def main() -> list[object]:
        barrier = threading.Barrier(2, timeout=10)  # two at once, or it breaks
        async with parallel(2) as group:
            for _ in range(2):
                group.add(barrier.wait)
            return sorted(result.value for result in await group.gather(raise_errors=True))

    assert run(main()) == [0, 1]


def test_a_function_that_returns_something_to_await_is_awaited(run: Run) -> None:
    async def main() -> list[object]:
        async with parallel() as group:
            group.add(lambda: after(1, "lambda"))
            group.add(partial(after, 1), "partial")
            group.add(after(1, "coroutine"))
            group.add(asyncio.ensure_future(after(1, "future")))
            return [result.value for result in await group.gather(raise_errors=True)]

    assert run(main()) == ["lambda", "partial", "coroutine", "future"]


def test_an_object_with_a_coroutine_for_a_call_runs_on_the_loop(run: Run) -> None:
    class Fetcher:
        async def __call__(self, value: int) -> tuple[int, str]:
            return value, threading.current_thread().name

    async def main() -> object:
        async with parallel() as group:
            return await group.add(Fetcher(), 3)

    assert run(main()) == (3, "MainThread")


def test_a_task_sees_the_context_in_which_it_was_added(run: Run) -> None:
    var: ContextVar[str] = ContextVar("var", default="none")

    async def read() -> str:
        before = var.get()
        var.set("changed inside")
        return before

    async def main() -> list[object]:
        async with parallel() as group:
            var.set("one")
            group.add(read)
            group.add(var.get)
            var.set("two")
            group.add(read)
            return [result.value for result in await group.gather()]

    assert run(main()) == ["one", "one", "two"]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"retry": Retry(attempts=2)}, "only once"),
        ({"text": "x"}, "no arguments"),
    ],
)
def test_a_coroutine_object_takes_neither_retries_nor_arguments(run: Run, extra: dict[str, Any], words: str) -> None:
    async def main() -> None:
        async with parallel() as group:
            with pytest.raises(EngineError, match=words):
                group.add(after(1), **extra)
            assert group.results == []

    run(main())


def test_what_is_neither_callable_nor_awaitable_is_refused(run: Run) -> None:
    async def main() -> None:
        async with parallel() as group:
            with pytest.raises(EngineError, match="neither be called nor awaited: int"):
                group.add(3)  # type: ignore[call-overload]

    run(main())


def test_a_name_is_used_once(run: Run) -> None:
    async def main() -> None:
        async with parallel() as group:
            group.add(after, 0, name="a")
            with pytest.raises(EngineError, match="there is a task 'a' already"):
                group.add(after, 0, name="a")
            group.add(after, 0, name="after-3")
            group.add(after, 0)
            group.add(after, 0)
            results = await group.gather()
            assert [result.name for result in results] == ["a", "after-3", "after-2", "after-3+"]

    run(main())


def test_a_group_is_used_inside_its_body_and_its_loop_only(run: Run) -> None:
    group = parallel()
    with pytest.raises(EngineError, match="is not open"):
        group.add(after, 0)

    async def main() -> None:
        async with group:
            with pytest.raises(EngineError, match="thread"):
                await asyncio.to_thread(group.add, after, 0)
        with pytest.raises(EngineError, match="no task can be added"):
            group.add(after, 0)
        with pytest.raises(EngineError, match="opened before"):
            await group.__aenter__()

    run(main())


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(EngineError, match="none at all"):
        parallel(0)
    with pytest.raises(ValueError, match="timeout"):
        parallel(timeout=-1)


# --- failures -------------------------------------------------------------------------------


def test_errors_stand_in_the_results_and_do_not_raise(run: Run) -> None:
    error = ValueError("no")

    async def main() -> list[TaskResult[Any]]:
        async with parallel() as group:
            group.add(fail, error)
            group.add(after, 3, "fine")
            return await group.gather()

    bad, good = run(main())

    assert (bad.state, bad.error, bad.value, bad.ok) == ("failed", error, None, False)
    assert (good.state, good.value) == ("success", "fine")


def test_all_errors_can_be_raised_together_with_notes_that_name_the_tasks(run: Run) -> None:
    async def main() -> None:
        async with parallel() as group:
            group.add(fail, ValueError("one"), name="a")
            group.add(after, 0, name="b")
            group.add(fail, KeyError("two"), name="c", retry=Retry(attempts=3))
            for _ in range(2):
                with pytest.raises(ExceptionGroup, match="2 tasks did not succeed") as caught:
                    await group.gather(raise_errors=True)
            assert [(repr(error), error.__notes__) for error in caught.value.exceptions] == [
                ("ValueError('one')", ["in task 'a', attempt 1"]),
                ("KeyError('two')", ["in task 'c', attempt 3"]),
            ]

    run(main())


def test_an_awaited_handle_raises_what_its_task_raised(run: Run) -> None:
    async def main() -> None:
        async with parallel() as group:
            with pytest.raises(ValueError, match="no"):
                await group.add(fail, ValueError("no"))
            with pytest.raises(SystemExit):
                await group.add(fail, SystemExit(3))

    run(main())


def test_the_first_failure_stops_a_group_that_is_told_so(run: Run) -> None:
    async def main() -> list[TaskResult[Any]]:
        async with parallel(2, on_error="stop") as group:
            group.add(forever, name="runs")
            group.add(fail, ValueError("no"), name="fails")
            group.add(after, 0, name="waits")
            results = await group.gather()
            late = group.add(after, 0, name="late")
            with pytest.raises(TaskCancelledError):
                await late
            return results

    runs, fails, waits = run(main())

    assert [result.state for result in (runs, fails, waits)] == ["cancelled", "failed", "cancelled"]
    assert str(runs.error) == "task 'runs': it was cancelled because task 'fails' failed"
    assert (waits.started, waits.attempts, str(waits.error)[:35]) == (None, 0, "task 'waits': it was cancelled beca")


def test_only_the_failure_is_raised_not_what_it_cancelled(run: Run) -> None:
    async def main() -> None:
        async with parallel(2, on_error="stop") as group:
            group.add(forever)
            group.add(fail, ValueError("no"))
            with pytest.raises(ExceptionGroup) as caught:
                await group.gather(raise_errors=True)
            assert [repr(error) for error in caught.value.exceptions] == ["ValueError('no')"]

    run(main())


def test_a_threshold_of_failures_starts_nothing_new(run: Run) -> None:
    async def main() -> list[TaskResult[Any]]:
        async with parallel(1, failure_threshold=2) as group:
            for number in range(4):
                group.add(fail, ValueError(number))
            return await group.gather()

    results = run(main())

    assert [result.state for result in results] == ["failed", "failed", "cancelled", "cancelled"]
    assert "too many tasks failed" in str(results[-1].error)


def test_a_task_that_cancels_itself_says_so(run: Run) -> None:
    async def main() -> TaskResult[Any]:
        async with parallel() as group:
            handle = group.add(fail, asyncio.CancelledError())
            await group.gather()
            return handle.result()

    result = run(main())

    assert result.state == "cancelled"
    assert "it cancelled itself" in str(result.error)


def test_an_attempt_that_takes_too_long_is_a_timeout(run: Run) -> None:
    async def main() -> list[TaskResult[Any]]:
        async with parallel() as group:
            group.add(forever, timeout=0.02, retry=Retry(attempts=2))
            group.add(time.sleep, 0.3, timeout=0.02)
            return await group.gather()

    loop, thread = run(main())

    assert (loop.state, loop.attempts, type(loop.error), str(loop.error)) == (
        "failed",
        2,
        TimeoutError,
        "timed out after 20 ms",
    )
    assert "may still be running" in str(thread.error)


def test_a_group_that_takes_too_long_keeps_what_is_done_and_says_why_the_rest_is_not(run: Run) -> None:
    async def main() -> list[TaskResult[Any]]:
        async with parallel(1, timeout=0.1) as group:
            group.add(after, 1, "done")
            group.add(forever)
            group.add(after, 1)
            with pytest.raises(ExceptionGroup) as caught:
                await group.gather(raise_errors=True)
            assert all(isinstance(error, TaskCancelledError) for error in caught.value.exceptions)
            return await group.gather()

    results = run(main())

    assert [result.state for result in results] == ["success", "cancelled", "cancelled"]
    assert results[0].value == "done"
    assert "because it timed out after 100 ms" in str(results[1].error)
    assert "because it timed out after 100 ms" in str(results[2].error)


def test_a_body_that_raises_stops_everything_and_waits_for_it(run: Run, meter: Meter) -> None:
    async def stubborn() -> None:
        with meter:
            try:
                await forever()
            finally:
                await asyncio.sleep(0.02)

    async def main() -> None:
        never = after(0)
        with pytest.raises(KeyError, match="body"):
            async with parallel(1) as group:
                group.add(stubborn)
                group.add(never)
                await asyncio.sleep(0.01)
                raise KeyError("body")
        assert (meter.begun, meter.now) == (1, 0)
        assert [result.state for result in group.results] == ["cancelled", "cancelled"]
        assert "raised KeyError" in str(group.results[0].error)

    run(main())


@pytest.mark.parametrize("waiting", ["gather", "stream", "handle", "leaving", "something else"])
def test_cancelling_whoever_uses_a_group_leaves_nothing_running(run: Run, meter: Meter, waiting: str) -> None:
    async def use() -> None:
        async with parallel() as group:
            handle = group.add(work)
            if waiting == "gather":
                await group.gather()
            elif waiting == "stream":
                async for _ in group.stream():
                    pass
            elif waiting == "handle":
                await handle
            elif waiting == "something else":
                await forever()

    async def work() -> None:
        with meter:
            await forever()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(use(), 0.02)
        assert (meter.begun, meter.now) == (1, 0)

    run(main())


def test_an_observer_that_raises_ends_the_group_and_is_heard(run: Run, meter: Meter) -> None:
    def object_to(event: object) -> None:
        if isinstance(event, TaskRetrying):
            raise OSError("observer")

    async def main() -> None:
        group = parallel(observers=[object_to])
        with pytest.raises(OSError, match="observer"):
            async with group:
                group.add(forever, name="runs")
                group.add(fail, ValueError(), retry=Retry(attempts=2))
                await group.gather()
        assert [result.state for result in group.results] == ["cancelled", "cancelled"]
        assert "broke off: OSError: observer" in str(group.results[0].error)

    run(main())


def test_an_observer_that_raises_at_once_keeps_the_group_from_opening(run: Run) -> None:
    def object_to(_: object) -> None:
        raise OSError("observer")

    async def main() -> None:
        with pytest.raises(OSError, match="observer"):
            async with parallel(observers=[object_to]):
                raise AssertionError

    run(main())


# --- limits ---------------------------------------------------------------------------------


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


# --- what is told ---------------------------------------------------------------------------


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
