"""Before a run goes on: what an engine that died had running on a cluster must have ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from taskgraph_core.duration import human
from taskgraph_core.engine.history import in_flight
from taskgraph_core.engine.remote import cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskgraph_core.engine.events import Event

SYSTEMS = ("dask", "ray")


def wait_for_leases(system: str, events: Sequence[Event], note: Callable[[str], None]) -> None:
    """Wait until every lease has run out that the dead engine may have given, if it had anything under way there.

    Nobody knows when it died, so this counts from now; a worker out of reach needs nothing but its own clock.
    """
    if system in SYSTEMS and in_flight(events).attempts:
        pause = cluster.LEASE + cluster.MARGIN
        note(f"what ran on the cluster when the engine ended is ending by itself: going on in {human(pause)}")
        time.sleep(pause)
