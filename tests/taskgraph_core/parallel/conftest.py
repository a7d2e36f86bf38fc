"""Groups in an event loop of their own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from support.coroutines import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

PATIENCE = 30
"""Seconds after which a test that hangs is a failure."""


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
