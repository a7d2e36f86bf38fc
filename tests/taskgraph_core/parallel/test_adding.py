"""What can be added to a group, and where."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from support.coroutines import after
from taskgraph_core.errors import EngineError
from taskgraph_core.parallel import (
    Retry,
    parallel,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Run = Callable[[Coroutine[Any, Any, Any]], Any]


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
