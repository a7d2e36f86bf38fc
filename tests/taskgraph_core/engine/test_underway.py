"""What becomes of one attempt, whatever its performer does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from taskgraph_core.engine.attempt import DONE, SUCCESS, Call, Perform, Result
from taskgraph_core.engine.underway import End, UnderWay
from taskgraph_core.ir import Task

if TYPE_CHECKING:
    from collections.abc import Callable

TASK = Task(id="1")


async def ended(perform: Perform, interfere: Callable[[UnderWay], None] = lambda _: None, **fields: object) -> End:
    """How one attempt ends; ``interfere`` comes once it runs."""
    news = asyncio.Event()
    under_way = UnderWay(perform, lambda: 7.0, news.set)
    under_way.start(Call(TASK.model_copy(update=fields), 1))
    if not news.is_set():
        await asyncio.sleep(0.01)
    interfere(under_way)
    await asyncio.wait_for(news.wait(), 60)
    assert not under_way
    return under_way.ended.popleft()


def carried_out(perform: Perform, **fields: object) -> Result:
    return asyncio.run(ended(perform, **fields))[1]


def test_a_performer_that_raises_is_a_failure_with_type_and_message() -> None:
    async def perform(call: Call) -> Result:
        raise ValueError("two\nlines")  # noqa: EM101, TRY003

    assert carried_out(perform) == Result("failed", None, "ValueError: two lines")


def test_an_exception_that_cannot_be_shown_is_a_failure_like_any_other() -> None:
    class Broken(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise RuntimeError

    async def perform(call: Call) -> Result:
        raise Broken

    assert carried_out(perform).error.startswith("Broken: ")


def test_an_attempt_past_its_timeout_failed_and_says_after_how_long() -> None:
    async def perform(call: Call) -> Result:
        await asyncio.sleep(60)
        return SUCCESS

    assert carried_out(perform, timeout=0.05) == Result("failed", None, "timed out after 50 ms")


def test_what_could_not_be_stopped_is_said_with_the_timeout() -> None:
    async def perform(call: Call) -> Result:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise asyncio.CancelledError("it may still run") from None  # noqa: EM101, TRY003
        return SUCCESS

    assert carried_out(perform, timeout=0.05).error == "timed out after 50 ms; it may still run"


def test_a_timeout_error_of_the_task_itself_is_not_ours() -> None:
    async def perform(call: Call) -> Result:
        raise TimeoutError("the server slept")  # noqa: EM101, TRY003

    assert carried_out(perform, timeout=60.0).error == "TimeoutError: the server slept"


def test_a_result_that_is_known_at_once_needs_no_turn_of_the_loop() -> None:
    async def main() -> End:
        under_way = UnderWay(lambda _: DONE, lambda: 7.0, lambda: None)
        under_way.start(Call(TASK, 1))
        return under_way.ended.popleft()

    assert asyncio.run(main()) == ("1", DONE, 7.0)


def test_a_performer_that_raises_before_there_is_anything_to_await_is_a_failure_too() -> None:
    def perform(call: Call) -> Result:
        raise ValueError

    assert carried_out(perform) == Result("failed", None, "ValueError")


def test_whatever_can_be_awaited_is_awaited() -> None:
    class Work:
        def __await__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - a generator
            yield from asyncio.sleep(0).__await__()
            return SUCCESS

    assert carried_out(lambda _: Work()) is SUCCESS


def test_an_attempt_that_is_stopped_is_cancelled_and_says_what_could_not_be_ended() -> None:
    async def perform(call: Call) -> Result:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise asyncio.CancelledError("its process 7 could not be ended") from None  # noqa: EM101, TRY003
        return SUCCESS

    found = asyncio.run(ended(perform, UnderWay.stop_all))[1]
    assert found == Result("cancelled", error="its process 7 could not be ended")


def test_what_finishes_although_it_was_stopped_has_finished() -> None:
    async def perform(call: Call) -> Result:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return SUCCESS
        return DONE

    assert asyncio.run(ended(perform, lambda under_way: under_way.stop("1")))[1] is SUCCESS


def test_stopping_what_does_not_run_changes_nothing() -> None:
    async def perform(call: Call) -> Result:
        await asyncio.sleep(0.03)
        return SUCCESS

    assert asyncio.run(ended(perform, lambda under_way: under_way.stop("2")))[1] is SUCCESS


def test_a_timeout_leaves_no_timer_behind() -> None:
    async def main() -> None:
        await ended(lambda _: asyncio.sleep(0.01, DONE), timeout=3600.0)
        handles = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
        assert all(handle.cancelled() for handle in handles)

    asyncio.run(main())


def test_what_takes_longer_to_stop_than_its_timeout_was_stopped_and_did_not_time_out() -> None:
    async def perform(call: Call) -> Result:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.3)
        return SUCCESS

    assert asyncio.run(ended(perform, UnderWay.stop_all, timeout=0.2))[1] == Result("cancelled")
