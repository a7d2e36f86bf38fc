"""Laws of groups, for random trees of tasks that open groups of tasks, and for random ends of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from taskgraph_core.engine.events import RunEnded, RunStarted, TaskAdded, TaskFinal
from taskgraph_core.parallel import Group, Retry, TaskResult, parallel

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event

Way = Literal["gather", "stream", "leave", "handles"]


@dataclass(frozen=True)
class Plan:
    """A task: it works for some turns, fails that often first, and may open a group of others."""

    turns: int
    failures: int
    limit: int | None
    way: Way
    children: tuple[Plan, ...]


def plans(depth: int = 3) -> st.SearchStrategy[Plan]:
    children = st.just(()) if not depth else st.lists(st.deferred(lambda: plans(depth - 1)), max_size=3).map(tuple)
    return st.builds(
        Plan,
        turns=st.integers(0, 4),
        failures=st.integers(0, 2),
        limit=st.one_of(st.none(), st.integers(1, 3)),
        way=st.sampled_from(["gather", "stream", "leave", "handles"]),
        children=children,
    )


class World:
    """Carries plans out and watches."""

    def __init__(self) -> None:
        self.at_work: Counter[int] = Counter()
        self.limits: dict[int, int] = {}
        self.too_many: list[int] = []
        self.events: list[Event] = []

    async def work(self, groups: tuple[int, ...], turns: int) -> None:
        """Be at work, for one's own group and all around it."""
        self.at_work.update(groups)
        self.too_many += [group for group in groups if self.at_work[group] > self.limits[group]]
        try:
            for _ in range(turns):
                await asyncio.sleep(0)
        finally:
            self.at_work.subtract(groups)

    async def task(self, plan: Plan, around: tuple[int, ...], tries: list[int]) -> int:
        tries.append(1)
        await self.work(around, plan.turns)
        if len(tries) <= plan.failures:
            raise ValueError
        if plan.children:
            await self.group(plan, around)
        await self.work(around, 1)
        return plan.turns

    async def group(self, plan: Plan, around: tuple[int, ...]) -> None:
        group = parallel(plan.limit, observers=[self.events.append])
        async with group:
            number = len(self.limits)
            self.limits[number] = group.opened().slots.limit
            inside = (*around, number)
            handles = [self.add(group, child, inside) for child in plan.children]
            await self.work(around, 1)
            if plan.way == "gather":
                assert [result.index for result in await group.gather()] == list(range(len(handles)))
            elif plan.way == "stream":
                seen = []
                async for result in group.stream():
                    await self.work(around, 1)
                    seen.append(result.index)
                assert sorted(seen) == list(range(len(handles)))
            elif plan.way == "handles":
                for handle in reversed(handles):
                    await handle
                    await self.work(around, 1)
        await self.work(around, 1)
        assert [result.value for result in group.results] == [child.turns for child in plan.children]

    def add(self, group: Group, plan: Plan, inside: tuple[int, ...]) -> Any:
        return group.add(self.task, plan, inside, [], retry=Retry(attempts=plan.failures + 1))


def every_task_ended_once(events: list[Event]) -> bool:
    added = sum(isinstance(event, TaskAdded) for event in events)
    final = sum(isinstance(event, TaskFinal) for event in events)
    begun = sum(isinstance(event, RunStarted) for event in events)
    ended = sum(isinstance(event, RunEnded) for event in events)
    return added == final and begun == ended


@settings(max_examples=40)
@given(plans())
def test_no_limit_is_exceeded_at_any_depth_and_results_are_in_order(plan: Plan) -> None:
    world = World()

    async def main() -> None:
        await asyncio.wait_for(world.group(plan, ()), 30)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())

    assert world.too_many == []
    assert set(world.at_work.values()) <= {0}
    assert every_task_ended_once(world.events)


@settings(max_examples=40)
@given(plans(), st.integers(0, 40))
def test_cancelling_at_any_moment_leaves_nothing_running(plan: Plan, moment: int) -> None:
    world = World()

    async def main() -> None:
        whole = asyncio.ensure_future(world.group(plan, ()))
        for _ in range(moment):
            await asyncio.sleep(0)
        whole.cancel()
        await asyncio.wait([whole], timeout=30)
        assert whole.done()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())

    assert set(world.at_work.values()) <= {0}
    assert every_task_ended_once(world.events)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["success", "failed"])), max_size=12),
    st.integers(1, 4),
    st.sampled_from(["continue", "stop"]),
)
def test_every_task_has_one_result_and_it_is_what_happened(
    tasks: list[tuple[int, str]], limit: int, on_error: Literal["continue", "stop"]
) -> None:
    ended: Counter[int] = Counter()

    async def one(number: int, turns: int, outcome: str) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        ended[number] += 1
        if outcome == "failed":
            raise KeyError(number)
        return number

    async def main() -> tuple[list[TaskResult[Any]], list[TaskResult[Any]]]:
        async with parallel(limit, on_error=on_error) as group:
            for number, (turns, outcome) in enumerate(tasks):
                group.add(one, number, turns, outcome)
            streamed = [result async for result in group.stream()]
            return streamed, await group.gather()

    streamed, gathered = asyncio.run(main())

    assert [result.index for result in gathered] == list(range(len(tasks)))
    assert sorted(streamed, key=lambda result: result.index) == gathered
    for result, (_, outcome) in zip(gathered, tasks, strict=True):
        if result.state == "cancelled":
            assert on_error == "stop"
            assert "failed" in {other.state for other in gathered}
            continue
        assert ended[result.index] == 1
        assert result.state == outcome
        assert (result.value == result.index) if result.ok else isinstance(result.error, KeyError)
