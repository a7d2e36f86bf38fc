"""What a run needs of a cluster, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.remote.worker.job import Order, Reply

LEASE = 30.0
"""Seconds that work on the cluster goes on without a word of the engine; after that it is known to have ended."""

MARGIN = 2.0
"""Seconds that pass between the end of a lease and the end of the last process."""


class LostError(Exception):
    """Nobody knows how an attempt ended, and nobody will; it has certainly ended now, or cannot be stopped."""


class UnreachableError(Exception):
    """There is no connection to the cluster."""


class Job(Protocol):
    """An order that was sent."""

    stoppable: bool
    """Whether it can be ended from outside once it has begun."""

    async def reply(self) -> Reply:
        """How it ended.

        Raises:
            LostError: its worker is gone.
            UnreachableError: the cluster is.
        """

    def say(self, word: str) -> None:
        """Have it end: ``stop`` with grace, ``kill`` without. What has not begun never will."""

    def close(self) -> None:
        """Nobody will ask for the reply any more."""


class Cluster(Protocol):
    """An open connection; whoever has it closes it."""

    system: str
    places: int
    lease: float

    def send(self, order: Order) -> Job:
        """Have an order carried out once, or not at all."""

    async def watch(self, lost: Callable[[], None]) -> None:
        """Keep the leases until cancelled; tell if the connection is lost."""

    async def close(self) -> None:
        """Close the connection; whatever still runs there ends with its lease."""
