"""The programs of one run: started, awaited, stopped, and none of them left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from taskgraph_core.engine.options import OUTPUT_LIMIT
from taskgraph_core.engine.processes import procs
from taskgraph_core.engine.processes.children import Children
from taskgraph_core.engine.processes.output import Outputs
from taskgraph_core.engine.processes.process import Process
from taskgraph_core.engine.processes.spawn import Program, Spawner
from taskgraph_core.engine.processes.tree import Census
from taskgraph_core.engine.processes.usage import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from taskgraph_core.engine.actions.threads import Threads

__all__ = ["Exit", "Host", "Program", "to_the_end"]

T = TypeVar("T")

A_MOMENT = 0.1
"""Seconds that a program must run before anybody is told its number: most do not."""

LAST_RESORT = 1.0
"""Seconds for which ``close`` goes on killing what turns up."""


class Host:
    """What the programs of a run share: how they are stopped, and which of them live. Make it inside an event loop.

    ``kill`` ends all of them at once and shortens every grace period to nothing; ``close`` is
    the last resort for whatever still lives when a run breaks off.

    Args:
        grace: seconds between TERM and KILL.
        threads: where what blocks is done.
        output_limit: bytes of output kept of each attempt.
    """

    def __init__(self, grace: float, threads: Threads, output_limit: int = OUTPUT_LIMIT) -> None:
        self.grace = grace
        self.threads = threads
        self.hurry = asyncio.Event()
        self.spawner = Spawner()
        self._children = Children(threads)
        self._outputs = Outputs(output_limit, threads)
        self._census = Census()
        self._living: set[Process] = set()
        self._unannounced: dict[Process, Callable[[int, int], None]] = {}

    async def run(self, program: Program, spawned: Callable[[int, int], None] | None = None) -> Exit:
        """Run a program to its end.

        Args:
            program: what to start.
            spawned: told its number and its birth (as in ``procs.birth``) if it runs for more than a moment.

        Raises:
            OSError: it cannot be started.
            ValueError: an argument or a variable cannot be given to a program.
            ChildProcessError: how it ended is not known, because something else in this process has waited for it.
        """
        process = self._start(program)
        self._living.add(process)
        log = str(program.log)
        self._outputs.watch(log)
        try:
            if spawned is not None:
                self._announce(process, spawned)
            how = await process.wait()
        except BaseException as error:
            ended = await to_the_end(process.end(self.grace, self.hurry, strays=True))
            if not ended and isinstance(error, asyncio.CancelledError):
                msg = f"its process {process.pid} could not be ended"
                raise asyncio.CancelledError(msg) from None
            raise
        else:
            strays = how.code != 0
            if process.remains(strays=strays):
                await to_the_end(process.end(self.grace, self.hurry, strays=strays))
            return how
        finally:
            self._living.discard(process)
            self._unannounced.pop(process, None)
            if self._outputs.is_too_long(log):
                await to_the_end(self._outputs.finish(log))

    def kill(self) -> None:
        """Kill everything that runs, without grace."""
        self.hurry.set()
        for process in self._living:
            process.kill()

    def close(self) -> None:
        """Leave nothing behind."""
        self.hurry.set()
        deadline = time.monotonic() + LAST_RESORT
        while time.monotonic() < deadline and sum(process.kill() for process in self._living):
            time.sleep(0.01)
        self._outputs.close()
        self._children.close()
        self.spawner.close()

    def _announce(self, process: Process, spawned: Callable[[int, int], None]) -> None:
        if not self._unannounced:
            asyncio.get_running_loop().call_later(A_MOMENT, self._announce_all)
        self._unannounced[process] = spawned

    def _announce_all(self) -> None:
        """Tell of what was started a moment ago and still runs: until it is waited for, its number is its own."""
        for process, spawned in self._unannounced.items():
            spawned(process.pid, procs.birth(process.pid))
        self._unannounced.clear()

    def _start(self, program: Program) -> Process:
        since = procs.ticks()
        pid = self.spawner.start(program)
        try:
            return Process(pid, since, program.environment, self._children, self._census)
        except BaseException:  # nobody could hear of its end: no file, no thread, no memory left
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await something that must be completed, also when the caller is cancelled meanwhile.

    Such a cancellation is dropped: the caller is ending anyway.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    return task.result()
