"""Coroutines to run in groups, and a meter of how many of them are at work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


async def after(turns: int, value: object = None) -> object:
    """A value, after some turns of the event loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
    return value


async def fail(error: BaseException) -> None:
    """Raise an error."""
    raise error


async def forever() -> None:
    """Go on until cancelled."""
    await asyncio.Event().wait()


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
