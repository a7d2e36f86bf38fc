"""The attempts that are under way: each is started, bounded by its task's timeout, stopped, and its end noted.

Whatever happens to an attempt becomes a result. There is no asyncio task here but the one that a coroutine
needs, and no timer but for a task with a timeout: most of what a run of small tasks takes would be theirs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

from taskgraph_core.duration import human
from taskgraph_core.engine.attempt import Result, describe, one_line
from taskgraph_core.engine.processes.host import to_the_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.attempt import Call, Perform


End = tuple[str, Result, float]
"""The task whose attempt ended, how and when."""


class UnderWay:
    """What runs now, and what has ended but is not yet passed on; make it inside an event loop.

    Args:
        perform: what carries out an attempt; cancelling it stops the attempt.
        clock: the time of an end.
        news: called when ``ended`` has grown.
    """

    def __init__(self, perform: Perform, clock: Callable[[], float], news: Callable[[], None]) -> None:
        self.ended: deque[End] = deque()
        self._perform = perform
        self._clock = clock
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()  # one for all callbacks, which asyncio would otherwise copy for each
        self._live: dict[str, asyncio.Future[Result]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._late: set[str] = set()

    def __bool__(self) -> bool:
        """Whether anything is under way."""
        return bool(self._live)

    def start(self, call: Call) -> None:
        """Begin an attempt; one that has nothing to wait for has ended when this returns."""
        task = call.task
        try:
            work = self._perform(call)
        except Exception as error:  # noqa: BLE001 - one broken attempt must not take the whole run down
            work = Result.failed(describe(error))
        if isinstance(work, Result):
            self._note(task.id, work)
            return
        future = work if isinstance(work, asyncio.Future) else asyncio.ensure_future(work)
        self._live[task.id] = future
        future.add_done_callback(partial(self._finished, call), context=self._context)
        if task.timeout is not None:
            self._timers[task.id] = self._loop.call_later(task.timeout, self._time_out, task.id)

    def stop(self, task_id: str) -> None:
        """Ask an attempt to end, if it has not ended yet."""
        if task_id in self._live:
            self._live[task_id].cancel()
        if task_id in self._timers:  # whatever time it takes to end, it did not time out
            self._timers[task_id].cancel()

    def stop_all(self) -> None:
        """Ask every attempt to end."""
        for task_id in list(self._live):
            self.stop(task_id)

    async def emptied(self) -> None:
        """Wait until nothing is under way, also when the caller is cancelled meanwhile."""
        while self._live:
            await to_the_end(asyncio.wait(list(self._live.values())))

    def _time_out(self, task_id: str) -> None:
        self._late.add(task_id)
        self._live[task_id].cancel()

    def _finished(self, call: Call, future: asyncio.Future[Result]) -> None:
        task = call.task
        del self._live[task.id]
        late = False
        if task.timeout is not None:
            self._timers.pop(task.id).cancel()
            late = task.id in self._late
            self._late.discard(task.id)
        try:
            result = future.result()
        except asyncio.CancelledError as error:
            remark = str(error.args[0]) if error.args else ""
            if late:
                after = f"timed out after {human(task.timeout or 0)}"
                result = Result.failed(f"{after}; {remark}" if remark else after)
            else:
                result = Result("cancelled", error=one_line(remark))
        except BaseException as error:  # noqa: BLE001 - as in ``start``; an end must be noted
            result = Result.failed(describe(error))
        self._note(task.id, result)

    def _note(self, task_id: str, result: Result) -> None:
        self.ended.append((task_id, result, self._clock()))
        self._news()
