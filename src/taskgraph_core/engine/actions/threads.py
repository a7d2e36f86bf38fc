"""Daemon threads for functions that block, as many as are busy at once.

Not a ``ThreadPoolExecutor``: a function that never returns would keep a slot of the pool for the
rest of the run, and the interpreter from exiting. Here it only keeps its own thread, which is
forgotten. There is no bound of its own: the scheduler bounds how many tasks run.

Waking the event loop takes longer than a short function, so it is woken once for all that ended meanwhile.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _Answer(asyncio.Future[Any]):
    """What a call will come to; ``abandoned`` is said by the error of those who wait when it is cancelled."""

    __slots__ = ("abandoned",)

    def __init__(self, abandoned: str | None) -> None:
        super().__init__()
        self.abandoned = abandoned

    def cancel(self, msg: object = None) -> bool:
        return super().cancel(self.abandoned if msg is None else msg)


class _Job(NamedTuple):
    function: Callable[[], Any]
    context: contextvars.Context
    answer: _Answer


class Threads:
    """Idle threads are used again; ``close`` lets them end. All calls come from one event loop."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._done: deque[tuple[_Answer, Any, BaseException | None]] = deque()
        self._waking = False
        self._idle = 0
        self._closed = False

    def call(self, function: Callable[[], T], *, abandoned: str | None = None) -> asyncio.Future[T]:
        """Call a function in a thread, in a copy of the current context.

        Cancelling the future abandons the call; the function itself goes on, unheard. The error of whoever
        waits says so with the words ``abandoned``.
        """
        answer = _Answer(abandoned)
        if self._idle:
            self._idle -= 1
        else:
            threading.Thread(target=self._work, name="taskgraph", daemon=True).start()
        self._jobs.put(_Job(function, contextvars.copy_context(), answer))
        return answer

    def close(self) -> None:
        """Let idle threads end; those still busy end when their function does."""
        self._closed = True
        for _ in range(self._idle + len(self._done)):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            function, context, answer = job
            result, error = None, None
            try:
                result = context.run(function)
            except BaseException as raised:  # noqa: BLE001 - whatever it is belongs to the caller
                error = raised
            self._done.append((answer, result, error))
            if not self._waking:  # looked at after the answer is there, and taken back before answers are given out
                self._waking = True
                try:
                    answer.get_loop().call_soon_threadsafe(self._deliver)
                except RuntimeError:  # the loop is closed: nobody listens any more
                    return
            if self._closed:
                return
            del job, function, context, answer, result, error

    def _deliver(self) -> None:
        self._waking = False
        while self._done:
            answer, result, error = self._done.popleft()
            if self._closed:
                self._jobs.put(None)
            else:
                self._idle += 1
            if answer.cancelled():
                continue
            if error is None:
                answer.set_result(result)
            elif isinstance(error, StopIteration | asyncio.CancelledError):  # these mean something else to a future
                answer.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))
            else:
                answer.set_exception(error)
