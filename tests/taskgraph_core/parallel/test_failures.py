"""Failures, cancellations and timeouts of groups: what is stopped, what is kept, what is said."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.coroutines import Meter, after, fail, forever
from taskgraph_core.engine.events import TaskRetrying
from taskgraph_core.errors import EngineError
from taskgraph_core.parallel import (
    Retry,
    TaskCancelledError,
    TaskResult,
    parallel,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Run = Callable[[Coroutine[Any, Any, Any]], Any]


class OddError(BaseException):
    """What is no ``Exception`` is a failure as well."""


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
            with pytest.raises(OddError):
                await group.add(fail, OddError())
            with pytest.raises(BaseExceptionGroup, match="3 tasks"):
                await group.gather(raise_errors=True)

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
        with pytest.raises(KeyError, match="body"):  # noqa: PT012 - the body is what raises
            async with parallel(1) as group:
                group.add(stubborn)
                group.add(never)
                await asyncio.sleep(0.01)
                msg = "body"
                raise KeyError(msg)
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
            msg = "observer"
            raise OSError(msg)

    async def main() -> None:
        group = parallel(observers=[object_to])
        with pytest.raises(OSError, match="observer"):  # noqa: PT012 - leaving the group is what raises
            async with group:
                group.add(forever, name="runs")
                group.add(fail, ValueError(), retry=Retry(attempts=2))
                with pytest.raises(OSError, match="observer"):
                    await group.gather()
                with pytest.raises(EngineError, match="broke off: OSError: observer"):
                    group.add(forever)
        assert [result.state for result in group.results] == ["cancelled", "cancelled"]
        assert "broke off: OSError: observer" in str(group.results[0].error)

    run(main())


def test_an_observer_that_raises_at_once_keeps_the_group_from_opening(run: Run) -> None:
    def object_to(_: object) -> None:
        msg = "observer"
        raise OSError(msg)

    async def main() -> None:
        with pytest.raises(OSError, match="observer"):
            async with parallel(observers=[object_to]):
                raise AssertionError

    run(main())
