"""A group: what is added is carried out, and its results are there in every order wanted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from support.coroutines import after
from taskgraph_core.parallel import (
    TaskResult,
    parallel,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_results_come_in_the_order_of_adding(run: Run) -> None:
    async def main() -> list[TaskResult[Any]]:
        async with parallel(3) as group:
            for turns in (9, 3, 0):
                group.add(after, turns, turns, name=f"t{turns}")
            return await group.gather()

    results = run(main())

    assert [(result.name, result.index, result.value) for result in results] == [
        ("t9", 0, 9),
        ("t3", 1, 3),
        ("t0", 2, 0),
    ]
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
