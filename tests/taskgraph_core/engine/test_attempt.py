from __future__ import annotations

import asyncio

import pytest

from taskgraph_core.engine.attempt import DONE, ERROR_LIMIT, Call, Result, one_line
from taskgraph_core.ir import Command, Task

TASK = Task(id="1")


def test_a_result_can_be_awaited_and_is_itself() -> None:
    async def main() -> Result:
        return await DONE

    assert asyncio.run(main()) is DONE


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
