"""A task that waits lends its slot to its inner groups, and has it back in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from support.coroutines import Meter, after, fail, forever
from taskgraph_core.engine.events import TaskFinal
from taskgraph_core.parallel import Rate, Resource, Retry, TaskCancelledError, parallel
from taskgraph_core.parallel.conductor import GroupConductor

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_slots_that_the_outer_group_leaves_free_are_used_before_the_task_waits(run: Run, meter: Meter) -> None:
    async def outer() -> int:
        async with parallel(9) as inner:
            for _ in range(6):
                inner.add(forever)
            await asyncio.sleep(0.02)
            begun = sum(inner.opened().progress.entries[name].running for name in inner.opened().progress.entries)
            inner.opened().stop("that is enough")
        return begun

    async def main() -> int:
        async with parallel(4) as group:
            return await group.add(outer)

    assert run(main()) == 3  # the fourth is the task that opened the group


def test_a_stream_is_read_result_by_result_with_a_single_slot(run: Run, meter: Meter) -> None:
    seen: list[tuple[int, int]] = []

    async def outer() -> None:
        async with parallel(1) as inner:
            for _ in range(4):
                inner.add(meter.work, 2)
            async for result in inner.stream():
                with meter:
                    await asyncio.sleep(0)
                    seen.append((result.index, meter.begun))

    async def main() -> None:
        async with parallel(1) as group:
            group.add(outer)

    run(main())

    assert [index for index, _ in seen] == [0, 1, 2, 3]
    assert [begun for _, begun in seen] == [2, 4, 6, 8]  # each read before the next task began
    assert meter.most == 1


def test_a_task_has_its_slot_back_as_soon_as_any_is_free(run: Run) -> None:
    story: list[str] = []

    async def main() -> None:
        release, over = asyncio.Event(), asyncio.Event()

        async def occupy(bound: asyncio.Timeout) -> None:
            bound.reschedule(0)  # now that this is in its slot, the host gives up
            await release.wait()

        async def host() -> None:
            async with parallel(2) as inner:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(None) as bound:
                        await inner.add(occupy, bound)
                watch = [lambda event: over.set() if isinstance(event, TaskFinal) else None]
                async with parallel(2, timeout=0.01, observers=watch) as hopeless:
                    with pytest.raises(TaskCancelledError):
                        await hopeless.add(asyncio.sleep, 0)
                story.append("the host goes on")
                release.set()

        async def other() -> None:
            await over.wait()
            await after(5)
            story.append("the other ends")

        async with parallel(2) as group:
            group.add(host)
            group.add(other)
            await group.gather(raise_errors=True)

    run(main())

    assert story == ["the other ends", "the host goes on"]


def test_a_task_that_gave_up_waiting_lends_nothing_any_more(run: Run, meter: Meter) -> None:
    async def host() -> None:
        api = Resource(name="api", rate=Rate(amount=1, seconds=60))
        async with parallel(2, resources=[api]) as inner:
            await inner.add(asyncio.sleep, 0, claims="api")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await inner.add(asyncio.sleep, 0, claims="api")
            inner.add(meter.work, 3)
            await meter.work(9)
            assert meter.begun == 1
            inner.opened().stop("that is enough")

    async def main() -> None:
        async with parallel(1) as group:
            await group.add(host)

    run(main())


def test_groups_that_wait_for_time_or_for_slots_do_not_spin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    polls: list[float] = []
    poll = GroupConductor.poll
    monkeypatch.setattr(GroupConductor, "poll", lambda self, now: polls.append(now) or poll(self, now))  # type: ignore[func-returns-value]

    async def host() -> None:
        async with parallel(2) as inner:
            inner.add(fail, ValueError(), retry=Retry(attempts=2, delay=0.1))
            for _ in range(4):
                inner.add(asyncio.sleep, 0.05)

    async def main() -> None:
        async with parallel(5) as group:
            for _ in range(2):
                group.add(host)

    run(main())

    assert len(polls) < 150


@pytest.mark.parametrize("first", [0, 1])
def test_two_groups_opened_by_one_task_share_its_slot(run: Run, meter: Meter, first: int) -> None:
    async def outer() -> None:
        async with parallel(2) as one, parallel(2) as two:
            for _ in range(4):
                one.add(meter.work, 2)
                two.add(meter.work, 2)
            for group in (one, two, one)[first : first + 2]:
                await group.gather()

    async def main() -> None:
        async with parallel(1) as group:
            for _ in range(2):
                group.add(outer)

    run(main())

    assert (meter.begun, meter.most) == (16, 1)


def test_a_task_that_waits_in_several_places_at_once_is_not_stuck(run: Run, meter: Meter) -> None:
    async def half() -> None:
        async with parallel(2) as inner:
            for _ in range(3):
                inner.add(meter.work, 2)

    async def outer() -> None:
        await asyncio.gather(half(), half(), half())

    async def main() -> None:
        async with parallel(1) as group:
            group.add(outer)
            group.add(outer)

    run(main())

    assert (meter.begun, meter.most) == (18, 1)


def test_work_left_behind_by_a_task_keeps_within_the_limit(run: Run, meter: Meter) -> None:
    left: list[asyncio.Future[None]] = []

    async def behind() -> None:
        async with parallel(3) as inner:
            for _ in range(6):
                inner.add(meter.work, 5)

    async def outer() -> None:
        left.append(asyncio.ensure_future(behind()))
        await asyncio.sleep(0.01)

    async def main() -> None:
        async with parallel(2) as group:
            for _ in range(2):
                group.add(outer)
            for _ in range(20):
                group.add(meter.work, 3)
            await group.gather()
        await asyncio.gather(*left)

    run(main())

    assert (meter.begun, meter.most) == (32, 2)
