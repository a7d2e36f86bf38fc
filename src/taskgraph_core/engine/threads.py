"""Daemon threads for functions that block, as many as are busy at once.

Not a ``ThreadPoolExecutor``: a function that never returns would keep a slot of the pool for the
rest of the run, and the interpreter from exiting. Here it only keeps its own thread, which is
forgotten. There is no bound of its own: the scheduler bounds how many tasks run.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(slots=True)
class _Job:
    function: Callable[[], Any]
    context: contextvars.Context
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Threads:
    """Idle threads are used again; ``close`` lets them end."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._idle = 0
        self._closed = False

    def call(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Call a function in a thread, in a copy of the current context.

        Cancelling the future abandons the call; the function itself goes on, unheard.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._idle:
            self._idle -= 1
        else:
            threading.Thread(target=self._work, name="taskgraph", daemon=True).start()
        self._jobs.put(_Job(function, contextvars.copy_context(), future, loop))
        return future

    def close(self) -> None:
        """Let idle threads end; those still busy end when their function does."""
        self._closed = True
        for _ in range(self._idle):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            result, error = None, None
            try:
                result = job.context.run(job.function)
            except BaseException as raised:  # noqa: BLE001 - whatever it is belongs to the caller
                error = raised
            try:
                job.loop.call_soon_threadsafe(self._deliver, job.future, result, error)
            except RuntimeError:  # the loop is closed: nobody listens any more
                return
            del job, result, error

    def _deliver(self, future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
        if self._closed:
            self._jobs.put(None)
        else:
            self._idle += 1
        if future.cancelled():
            return
        if error is None:
            future.set_result(result)
        elif isinstance(error, StopIteration | asyncio.CancelledError):  # a future gives these a meaning of its own
            future.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))
        else:
            future.set_exception(error)
