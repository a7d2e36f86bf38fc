from __future__ import annotations

import asyncio

import pytest

from taskgraph_core.engine.attempt import ERROR_LIMIT, SUCCESS, Call, Result, attempt, one_line
from taskgraph_core.ir import Command, Task

TASK = Task(id="1")


def carried_out(perform: object, **fields: object) -> Result:
    return asyncio.run(attempt(perform, Call(TASK.model_copy(update=fields), 1)))  # type: ignore[arg-type]


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


def test_a_call_asks_for_the_action_or_for_the_rollback() -> None:
    task = Task(id="1", action=Command(argv=("do",)), rollback=Command(argv=("undo",)))
    assert Call(task, 1).action == Command(argv=("do",))
    assert Call(task, 1, undo=True).action == Command(argv=("undo",))


def test_a_call_for_a_rollback_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no rollback"):
        _ = Call(TASK, 1, undo=True).action


def test_errors_are_one_line_of_bounded_length() -> None:
    assert one_line("a\n\tb\r\n c") == "a b c"
    assert len(one_line("x" * 100_000)) == ERROR_LIMIT
