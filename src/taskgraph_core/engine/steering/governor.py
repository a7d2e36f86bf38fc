"""What changes a run while it goes on: people, by their orders, and the machine, when it is full."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from taskgraph_core.engine.events import RunStarted, RunStopping
from taskgraph_core.engine.steering.control import orders
from taskgraph_core.engine.steering.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.engine.conductor import Conductor
    from taskgraph_core.engine.driver import Driver
    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.steering.admission import Admission
    from taskgraph_core.engine.steering.control import Order

LOOK_EVERY = 0.5
"""Seconds between two looks at the machine."""

CANCELLED = "it was cancelled"


class Governor:
    """Observes a run, and governs it as long as ``over`` is open.

    Every order is answered by an event, also one that changes nothing: whoever gave it waits for that.
    The machine is worth an event only when that changes how many tasks may run.
    """

    heeds = frozenset({RunStarted, RunStopping})

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    @contextmanager
    def over(self, conductor: Conductor, driver: Driver) -> Iterator[None]:
        """Govern a run that has a folder, from inside its event loop."""
        self._conductor, self._driver = conductor, driver
        self._limits = Limits(conductor.max_parallel)
        self._applied = self._limits.effective
        self._seen = ""
        self._next_look: asyncio.TimerHandle | None = None
        try:
            if conductor.directory is None:
                yield
            else:
                with orders(conductor.directory.path, self._heed):
                    yield
        finally:
            if self._next_look is not None:
                self._next_look.cancel()

    def __call__(self, event: Event) -> None:
        """Look at the machine before anything starts; end a pause when the run is being ended.

        A rollback that is due then must not wait for somebody who remembers the pause.
        """
        if isinstance(event, RunStarted) and self._admission.watches:
            self._hold(self._look())
        elif isinstance(event, RunStopping):
            self._driver.order(self._resume)

    def _heed(self, order: Order) -> None:
        if order.kind == "cancel":
            self._driver.cancel(CANCELLED)
        else:
            self._driver.order(partial(self._carry_out, order))

    def _carry_out(self, order: Order) -> None:
        match order.kind:
            case "pause":
                self._limits.pause()
            case "resume":
                self._limits.resume()
            case "limit":
                self._limits.ask(order.parallel)
        self._apply()

    def _look(self) -> str:
        """Look at the machine now, and again later."""
        self._next_look = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look_again)
        self._seen = self._admission.look()
        return self._seen

    def _look_again(self) -> None:
        before = self._seen
        if self._look() != before:
            self._driver.order(partial(self._hold, self._seen))

    def _hold(self, reason: str) -> None:
        self._limits.hold(reason)
        self._settle()

    def _resume(self) -> None:
        self._limits.resume()
        self._settle()

    def _settle(self) -> None:
        if self._limits.effective != self._applied:
            self._apply()

    def _apply(self) -> None:
        self._applied = self._limits.effective
        self._conductor.limit(*self._applied, self._driver.clock())
