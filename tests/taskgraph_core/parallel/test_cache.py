"""Values that are known are not computed again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph_core.parallel import MISSING, Cache, Rate, Resource, Retry, TaskResult, parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Plain:
    def __init__(self) -> None:
        self.content: dict[Any, Any] = {}

    def get(self, key: Any, /) -> Any:
        return self.content.get(key, MISSING)

    def set(self, key: Any, value: Any, /) -> None:
        self.content[key] = value


class Slow(Plain):
    async def get(self, key: Any, /) -> Any:
        await asyncio.sleep(0)
        return super().get(key)

    async def set(self, key: Any, value: Any, /) -> None:
        await asyncio.sleep(0)
        super().set(key, value)


calls: list[int] = []


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


async def compute(value: int) -> int | None:
    calls.append(value)
    return value or None


async def both(cache: Any, **options: Any) -> list[TaskResult[Any]]:
    async with parallel(1, cache=cache, **options) as group:
        for value in (0, 1, 2):
            group.add(compute, value, key=("compute", value) if value < 2 else None)
        return await group.gather(raise_errors=True)


@pytest.mark.parametrize("make", [dict, Plain, Slow])
def test_a_value_is_computed_once_and_found_afterwards(run: Run, make: Callable[[], Cache]) -> None:
    cache = make()

    first, second = run(both(cache)), run(both(cache))

    assert calls == [0, 1, 2, 2]
    assert [(result.value, result.cached, result.attempts) for result in first] == [
        (None, False, 1),
        (1, False, 1),
        (2, False, 1),
    ]
    assert [(result.value, result.cached, result.attempts, result.state) for result in second] == [
        (None, True, 0, "success"),
        (1, True, 0, "success"),
        (2, False, 1, "success"),
    ]


def test_the_same_key_twice_in_one_group_is_computed_once_when_one_waits_for_the_other(run: Run) -> None:
    async def main() -> list[bool]:
        async with parallel(1, cache={}) as group:
            for _ in range(3):
                group.add(compute, 5, key="five")
            return [result.cached for result in await group.gather()]

    assert run(main()) == [False, True, True]
    assert calls == [5]


def test_what_is_known_claims_nothing(run: Run) -> None:
    async def main() -> list[TaskResult[Any]]:
        api = Resource(name="api", rate=Rate(amount=1, seconds=60))
        async with parallel(cache={n: n for n in range(5)}, resources=[api]) as group:
            for number in range(5):
                group.add(compute, number, key=number, claims="api")
            return await group.gather()

    assert all(result.cached for result in run(main()))


def test_a_failure_is_not_kept(run: Run) -> None:
    cache: dict[str, int] = {}

    async def fail() -> None:
        raise ValueError

    async def main() -> None:
        async with parallel(cache=cache) as group:
            group.add(fail, key="x", retry=Retry(attempts=2))

    run(main())

    assert cache == {}


def test_a_cache_that_cannot_keep_a_value_does_not_lose_it(run: Run) -> None:
    class Full(Plain):
        def set(self, key: Any, value: Any, /) -> None:
            msg = "full"
            raise OSError(msg)

    async def main() -> int | None:
        async with parallel(cache=Full()) as group:
            with pytest.warns(RuntimeWarning, match="did not keep 'x'.*full"):
                return await group.add(compute, 3, key="x")

    assert run(main()) == 3


def test_a_cache_that_cannot_be_asked_when_the_turn_comes_is_the_failure_of_the_task(run: Run) -> None:
    class Broken(Plain):
        async def get(self, key: Any, /) -> Any:
            msg = "away"
            raise ConnectionError(msg)

    async def main() -> TaskResult[Any]:
        async with parallel(cache=Broken()) as group:
            group.add(compute, 3, key="x")
            return (await group.gather())[0]

    assert repr(run(main()).error) == "ConnectionError('away')"
