"""The events of a group for whoever iterates over them, however slowly."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self
from weakref import ref

from taskgraph_core.engine.events import RunAborted, RunEnded, RunStarted

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event

MOST_KEPT = 10_000
"""Events kept for a listener that does not come for them."""


_LAST = (RunEnded, RunAborted)


class Listener:
    """An asynchronous iterator over events, from ``RunStarted`` to the end of the run.

    The run never waits for a listener. One that is more than ``most`` events behind loses the oldest of those it
    has not seen; ``missed`` counts them. What comes last is never lost.
    """

    def __init__(self, most: int) -> None:
        self.missed = 0
        self._most = most
        self._events: deque[Event] = deque()
        self._news: asyncio.Future[None] | None = None
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._over:
                raise StopAsyncIteration
            if self._news is None:
                self._news = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._news)
        return self._events.popleft()

    def tell(self, event: Event) -> None:
        """Keep an event until it is asked for."""
        if len(self._events) >= self._most:
            self._events.popleft()
            self.missed += 1
        self._events.append(event)
        self._over = self._over or isinstance(event, _LAST)
        if self._news is not None:
            self._news.set_result(None)
            self._news = None


class Bus:
    """Passes events on to any number of listeners; one that nobody holds any more is forgotten."""

    def __init__(self) -> None:
        self._listeners: list[ref[Listener]] = []
        self._first: Event | None = None
        self._last: Event | None = None

    def listen(self, most: int = MOST_KEPT) -> Listener:
        """A new listener: it hears how the run began, and whatever happens from now on.

        Raises:
            ValueError: nothing would be kept for it.
        """
        if most < 1:
            msg = "a listener for whom no event is kept hears nothing: keep at least 1"
            raise ValueError(msg)
        listener = Listener(most)
        for event in (self._first, self._last):
            if event is not None:
                listener.tell(event)
        self._listeners.append(ref(listener, self._listeners.remove))
        return listener

    def __call__(self, event: Event) -> None:
        """Pass an event on."""
        kind = type(event)
        if kind is RunStarted:
            self._first = event
        elif kind in _LAST:
            self._last = event
        for one in tuple(self._listeners):
            if (listener := one()) is not None:
                listener.tell(event)
