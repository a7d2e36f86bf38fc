"""Who waits for something in a group; a task that waits lends its slot to its inner groups."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.parallel.slots import Seat


class Waiters:
    """Futures that are all resolved by the next ``notify``, each with the slot of the task that waits, if one does."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], Seat | None] = {}

    async def wait(self, seat: Seat | None) -> None:
        """Wait for the next ``notify``, and then for the slot that was lent meanwhile.

        Who is cancelled while waiting goes on at once, with or without the slot: to end what works in it may be
        just what comes next.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[future] = seat
        if seat is not None:
            seat.lend()
        try:
            await future
        except asyncio.CancelledError:
            if self._waiting.pop(future, None) is not None and seat is not None:
                seat.keep()
            raise
        if seat is not None:
            await seat.have_back()

    def notify(self) -> None:
        """What they wait for may have come."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        for future, seat in waiting.items():
            if seat is not None:
                seat.keep()
            if not future.done():
                future.set_result(None)
