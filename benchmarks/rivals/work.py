"""The Python functions that are timed: they do nothing, so all the time is the system's."""

from __future__ import annotations


def nothing() -> None:
    """A function."""


async def nothing_async() -> None:
    """A coroutine function."""
