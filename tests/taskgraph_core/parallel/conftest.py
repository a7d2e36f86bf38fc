"""Groups in an event loop of their own, and a count of how many tasks are at work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

PATIENCE = 30
"""Seconds after which a test that hangs is a failure."""


@dataclass
class Meter:
    """How many pieces of work go on at once."""

    now: int = 0
    most: int = 0
    begun: int = 0

    def __enter__(self) -> None:
        self.begun += 1
        self.now += 1
        self.most = max(self.most, self.now)

    def __exit__(self, *exception: object) -> None:
        self.now -= 1

    async def work(self, turns: int = 1) -> int:
        """Work that takes some turns of the event loop."""
        with self:
            for _ in range(turns):
                await asyncio.sleep(0)
        return turns


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine to its end in a new event loop, in which nothing may be left."""

    def run_it(coroutine: Coroutine[Any, Any, Any]) -> Any:
        async def main() -> Any:
            before = asyncio.all_tasks()
            try:
                return await asyncio.wait_for(coroutine, PATIENCE)
            finally:
                await asyncio.sleep(0)
                left = asyncio.all_tasks() - before
                assert not left, left

        return asyncio.run(main())

    return run_it
