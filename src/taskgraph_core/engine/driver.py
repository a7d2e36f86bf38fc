"""Makes a run happen in time: starts what the scheduler says, and wakes it when something ends or its alarm is due.

Everything that ended between two looks is passed on at once, then the scheduler is asked once: what is decided
together is recorded together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from taskgraph_core.duration import human
from taskgraph_core.engine.attempt import Call
from taskgraph_core.engine.clock import SteadyClock
from taskgraph_core.engine.heap import standing_heap
from taskgraph_core.engine.underway import UnderWay
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.attempt import Perform
    from taskgraph_core.engine.conductor import Conductor
    from taskgraph_core.engine.history import History
    from taskgraph_core.record import RunRecord
    from taskgraph_core.scheduler import Step


class Driver:
    """One run in an event loop; make it inside one, and call it from there.

    Args:
        conductor: what decides and tells.
        perform: what carries out an attempt; cancelling it stops the attempt.
        kill: ends at once whatever ``perform`` still gives time to end by itself.
    """

    def __init__(self, conductor: Conductor, perform: Perform, *, kill: Callable[[], None] = lambda: None) -> None:
        self._conductor = conductor
        self._kill = kill
        self._loop = asyncio.get_running_loop()
        self._clock = SteadyClock()
        self._news = asyncio.Event()
        self._under_way = UnderWay(perform, self._clock, self._news.set)
        self._orders: deque[Callable[[], None]] = deque()
        self._interrupts = 0

    async def run(self, history: History | None = None) -> RunRecord:
        """Drive the run to its end, write its record, and announce it; one that has a history goes on from there.

        Raises:
            EngineError: the record cannot be written, or nothing can ever start.
            BaseException: an observer's, or the caller's cancellation, after everything was stopped.
        """
        if history is not None and history.events:
            self._clock.go_on_from(history.events[-1].time)
        with standing_heap():
            return await self._run(history)

    def interrupt(self) -> None:
        """Stop the run: at the first call in order, at the second at once; nothing is left running.

        In order: what runs gets TERM, a grace period, KILL; what waits is cancelled; a rollback
        follows if the policy wants one, and one that has begun is completed. At once: KILL, and no
        rollback, begun or not.
        """
        self._interrupts += 1
        if self._interrupts == 1:
            self.cancel("it was interrupted", "once more to kill at once")
        elif self._interrupts == 2:
            self.order(self._hurry)

    def order(self, order: Callable[[], None]) -> None:
        """Have something done by the run itself, so that what observers raise about it ends the run."""
        self._orders.append(order)
        self._news.set()

    def cancel(self, reason: str, hint: str = "") -> None:
        """Stop the run in order, as the first ``interrupt`` does."""
        self.order(partial(self._cancel, reason, hint))

    @property
    def clock(self) -> Callable[[], float]:
        """Seconds since the epoch, steadily."""
        return self._clock

    async def _run(self, history: History | None) -> RunRecord:
        try:
            self._conductor.begin(self._clock(), history)
            await self._drive(history.active if history is not None else 0.0)
            record = self._conductor.record(self._clock())
        except BaseException as error:
            self._under_way.stop_all()
            await self._under_way.emptied()
            self._conductor.abort(error, self._clock(), self._under_way.ended)
            raise
        try:
            if self._conductor.directory is not None:
                self._conductor.directory.write_record(record)
        finally:
            self._conductor.end(record)
        return record

    async def _drive(self, active_before: float) -> None:
        limit = self._conductor.graph.policy.timeout
        if limit is not None:
            reason = f"it timed out after {human(limit)}"
            timer = self._loop.call_later(limit - active_before, self.order, partial(self._time_out, reason))
        try:
            while not (step := self._conductor.poll(self._clock())).done:
                self._act(step)
                await self._listen(step.wake_at)
        finally:
            if limit is not None:
                timer.cancel()

    def _act(self, step: Step) -> None:
        for task_id in step.stop:
            self._under_way.stop(task_id)
        tasks = self._conductor.tasks
        start = self._under_way.start
        for task_id, number in step.start:
            start(Call(tasks[task_id], number))
        for task_id, number in step.undo:
            start(Call(tasks[task_id], number, undo=True))

    async def _listen(self, wake_at: float | None) -> None:
        """Wait for an end, an order or the alarm, and pass on all there is."""
        if self._news.is_set():  # something ended as it began: let others have a turn, then go on
            await asyncio.sleep(0)
        else:
            await self._wait(wake_at)
        self._news.clear()
        ended = self._under_way.ended
        while ended:
            self._conductor.ended(*ended.popleft())
        while self._orders:
            self._orders.popleft()()

    async def _wait(self, wake_at: float | None) -> None:
        if wake_at is not None:
            alarm = self._loop.call_later(wake_at - self._clock(), self._news.set)
        elif not (self._under_way or self._conductor.may_rest):
            msg = "nothing runs and nothing can start"
            raise EngineError(msg, where=self._conductor.why_stuck(), fix="report this: it should be impossible")
        try:
            await self._news.wait()
        finally:
            if wake_at is not None:
                alarm.cancel()

    def _cancel(self, reason: str, hint: str = "") -> None:
        self._conductor.cancel(reason, self._clock(), hint)

    def _time_out(self, reason: str) -> None:
        if not self._conductor.undoing:
            self._cancel(reason)

    def _hurry(self) -> None:
        self._conductor.hurry("it was interrupted again", self._clock())
        self._kill()
        self._under_way.stop_all()
