"""Groups inside groups share the outer limit, and never wait for each other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from support.coroutines import Meter, forever
from taskgraph_core.errors import EngineError
from taskgraph_core.parallel import Group, TaskResult, parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Run = Callable[[Coroutine[Any, Any, Any]], Any]


def tree(meter: Meter, width: int, *, limit: int | None = None) -> Callable[[int], Coroutine[Any, Any, int]]:
    """A task that works, opens a group of such tasks one level down, works, waits, and works again."""

    async def task(depth: int) -> int:
        await meter.work(9)
        if not depth:
            return 1
        async with parallel(limit or width) as inner:
            for _ in range(width):
                inner.add(task, depth - 1)
            await meter.work()
            results = await inner.gather(raise_errors=True)
            await meter.work()
        await meter.work()
        return sum(result.value or 0 for result in results)

    return task


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_the_outer_limit_holds_at_any_depth_and_nothing_is_stuck(run: Run, meter: Meter, limit: int) -> None:
    task = tree(meter, 3)

    async def main() -> list[TaskResult[int]]:
        async with parallel(limit) as group:
            for _ in range(3):
                group.add(task, 3)
            return await group.gather(raise_errors=True)

    results = run(main())

    assert [result.value for result in results] == [27, 27, 27]
    assert meter.most == limit


def test_an_inner_limit_holds_as_well(run: Run, meter: Meter) -> None:
    async def outer() -> None:
        async with parallel(2) as inner:
            for _ in range(9):
                inner.add(meter.work, 3)

    async def main() -> None:
        async with parallel(10) as group:
            group.add(outer)

    run(main())

    assert meter.most == 2


def test_an_inner_group_without_a_limit_has_that_of_the_outer_one(run: Run, meter: Meter) -> None:
    async def outer() -> None:
        async with parallel() as inner:
            for _ in range(9):
                inner.add(meter.work, 3)

    async def main() -> None:
        async with parallel(4) as group:
            group.add(outer)

    run(main())

    assert meter.most == 4


def test_a_group_can_share_the_limit_of_one_it_is_told_of(run: Run, meter: Meter) -> None:
    async def use(outer: Group) -> None:
        async with parallel(5, outer=outer) as group:
            for _ in range(5):
                group.add(meter.work, 4)

    async def main() -> None:
        async with parallel(2) as outer:
            for _ in range(3):
                outer.add(meter.work, 4)
            await asyncio.gather(use(outer), use(outer))

    run(main())

    assert (meter.begun, meter.most) == (13, 2)


def test_a_group_shared_by_others_may_end_before_them(run: Run, meter: Meter) -> None:
    async def use(outer: Group) -> None:
        async with parallel(5, outer=outer) as group:
            for _ in range(5):
                group.add(meter.work, 4)

    async def main() -> None:
        outer = parallel(1)
        async with outer:
            users = [asyncio.ensure_future(use(outer)) for _ in range(3)]
            await asyncio.sleep(0)
        await asyncio.gather(*users)

    run(main())

    assert (meter.begun, meter.most) == (15, 1)


def test_a_timeout_inside_a_task_stops_its_inner_group_only(run: Run, meter: Meter) -> None:
    async def outer() -> str:
        try:
            async with asyncio.timeout(0.02), parallel(2) as inner:
                for _ in range(3):
                    inner.add(forever)
        except TimeoutError:
            pass
        await meter.work()
        return "went on"

    async def main() -> list[TaskResult[str]]:
        async with parallel(1) as group:
            for _ in range(2):
                group.add(outer)
            return await group.gather(raise_errors=True)

    assert [result.value for result in run(main())] == ["went on", "went on"]
    assert meter.most == 1


def test_stopping_the_outer_group_stops_everything_inside(run: Run, meter: Meter) -> None:
    async def leaf() -> None:
        with meter:
            await forever()

    async def outer(depth: int) -> None:
        async with parallel() as inner:
            for _ in range(2):
                inner.add(outer, depth - 1) if depth else inner.add(leaf)

    async def main() -> None:
        async with parallel(4, timeout=0.1) as group:
            group.add(outer, 2)
            (result,) = await group.gather()
            assert result.state == "cancelled"

    run(main())

    assert meter.most == 4
    assert meter.now == 0


def test_inner_failures_fail_the_task_that_raises_them(run: Run) -> None:
    async def bad() -> None:
        msg = "deep"
        raise ValueError(msg)

    async def outer() -> None:
        async with parallel() as inner:
            inner.add(bad)
            await inner.gather(raise_errors=True)

    async def main() -> TaskResult[Any]:
        async with parallel(1) as group:
            group.add(outer)
            return (await group.gather())[0]

    error = run(main()).error

    assert isinstance(error, ExceptionGroup)
    assert repr(error.exceptions[0]) == "ValueError('deep')"


def test_a_task_that_would_wait_for_its_own_group_is_told(run: Run) -> None:
    async def main() -> list[TaskResult[Any]]:
        async def waits_for_all() -> None:
            await group.gather()

        async def waits_for_a_sibling() -> None:
            await sibling

        async def waits_deep_inside() -> None:
            async with parallel() as inner:
                await inner.add(waits_for_all)

        async with parallel(1) as group:
            group.add(waits_for_all)
            group.add(waits_for_a_sibling)
            group.add(waits_deep_inside)
            sibling = group.add(asyncio.sleep, 0)
            return await group.gather()

    *bad, good = run(main())

    assert all(isinstance(result.error, EngineError) and "part of" in str(result.error) for result in bad)
    assert good.ok


def test_the_outer_group_of_a_task_is_that_of_the_task(run: Run) -> None:
    async def main() -> None:
        async def opens(other: Group) -> None:
            async with parallel(outer=other):
                raise AssertionError

        async with parallel() as other, parallel() as group:
            with pytest.raises(EngineError, match="another group than outer="):
                await group.add(opens, other)

    run(main())


def test_a_function_in_a_thread_may_have_a_loop_and_groups_of_its_own(run: Run, meter: Meter) -> None:
    def blocking() -> int:
        async def inner() -> int:
            async with parallel(2) as group:
                for _ in range(4):
                    group.add(asyncio.sleep, 0)
                return len(await group.gather(raise_errors=True))

        return asyncio.run(inner())

    async def main() -> int:
        async with parallel(1) as group:
            return await group.add(blocking)

    assert run(main()) == 4
