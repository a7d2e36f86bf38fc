"""Any number of listeners hear the same events, and none holds up the group."""

from __future__ import annotations

import asyncio
import gc
import io
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph_core.engine.events import RunAborted, RunEnded, RunStarted, TaskFinal
from taskgraph_core.parallel import ParallelEventPrinter, parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def nothing() -> None:
    pass


def test_a_listener_from_the_start_hears_what_an_observer_hears(run: Run) -> None:
    observed: list[Any] = []

    async def main() -> tuple[list[Any], list[Any]]:
        group = parallel(2, observers=[observed.append])

        async def listen() -> list[Any]:
            return [event async for event in group.events()]

        listeners = [asyncio.ensure_future(listen()) for _ in range(2)]
        await asyncio.sleep(0)
        async with group:
            for _ in range(5):
                group.add(nothing)
        return await listeners[0], await listeners[1]

    one, other = run(main())

    assert one == other == observed


def test_a_late_listener_hears_how_it_began_and_how_it_ends(run: Run) -> None:
    async def main() -> list[list[type]]:
        async with parallel() as group:
            await group.add(nothing)
            late = group.events()
            await group.add(nothing)
        afterwards = group.events()
        return [[type(event) async for event in events] for events in (late, afterwards)]

    late, afterwards = run(main())

    assert (late[0], late[-1], late.count(TaskFinal)) == (RunStarted, RunEnded, 1)
    assert afterwards == [RunStarted, RunEnded]


def test_a_slow_listener_loses_the_oldest_and_knows_how_many(run: Run) -> None:
    async def main() -> tuple[list[Any], int, int]:
        group = parallel()
        all_of_them, events = group.events(), group.events(most=3)
        async with group:
            for _ in range(5):
                group.add(nothing)
        return [event async for event in events], events.missed, len([event async for event in all_of_them])

    kept, missed, everything = run(main())

    assert len(kept) == 3
    assert isinstance(kept[-1], RunEnded)
    assert missed == everything - 3


def test_a_listener_ends_with_a_group_that_breaks_off(run: Run) -> None:
    def object_to(event: object) -> None:
        if isinstance(event, TaskFinal):
            raise OSError

    async def main() -> object:
        group = parallel(observers=[object_to])
        events = group.events()
        with pytest.raises(OSError):  # noqa: PT011 - any
            async with group:
                group.add(nothing)
        return [event async for event in events][-1]

    assert isinstance(run(main()), RunAborted)


def test_a_listener_that_nobody_holds_is_forgotten(run: Run) -> None:
    async def main() -> None:
        group = parallel()
        events = group.events()
        assert len(group._bus._listeners) == 1
        del events
        gc.collect()
        assert group._bus._listeners == []

    run(main())


def test_a_listener_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        parallel().events(most=0)


def test_the_displays_of_runs_are_displays_of_groups(run: Run) -> None:
    stream = io.StringIO()

    async def fail() -> None:
        msg = "no [bold]markup[/bold]"
        raise ValueError(msg)

    async def main() -> None:
        async with parallel(2, name="docs", observers=[ParallelEventPrinter(stream=stream)]) as group:
            group.add(nothing, name="good")
            group.add(fail, name="bad")

    run(main())

    assert "bad" in stream.getvalue()
    assert "no [bold]markup[/bold]" in stream.getvalue()
