"""The programs of one run: started, awaited, stopped, and none of them left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from taskgraph_core.engine.process import Process

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence
    from pathlib import Path

    from taskgraph_core.engine.threads import Threads

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Program:
    """What to start: arguments, the file to load, folder, whole environment and the file for its output."""

    argv: Sequence[str]
    executable: str | None
    folder: Path
    environment: Mapping[bytes, bytes]
    log: Path


class Host:
    """What the programs of a run share: how they are stopped, and which of them live.

    ``kill`` ends all of them at once and shortens every grace period to nothing; ``close`` is
    the last resort for whatever still lives when a run breaks off.
    """

    def __init__(self, grace: float, threads: Threads) -> None:
        self.grace = grace
        self.threads = threads
        self.hurry = asyncio.Event()
        self._living: set[Process] = set()
        self._nothing = os.open(os.devnull, os.O_RDONLY)

    async def run(self, program: Program) -> int:
        """Run a program to its end: its exit code, or minus the number of the signal that ended it.

        Raises:
            OSError: it cannot be started.
            ValueError: an argument or a variable cannot be given to a program.
        """
        process = self._start(program)
        self._living.add(process)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            if not await to_the_end(process.end_group(self.grace, self.hurry)):
                msg = f"its process {process.pid} could not be ended"
                raise asyncio.CancelledError(msg) from None
            raise
        else:
            if process.group_lives():
                await to_the_end(process.end_group(self.grace, self.hurry))
            return code
        finally:
            self._living.discard(process)

    def kill(self) -> None:
        """Kill everything that runs, without grace."""
        self.hurry.set()
        for process in self._living:
            process.signal(signal.SIGKILL)

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        os.close(self._nothing)

    def _start(self, program: Program) -> Process:
        log = os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            popen = subprocess.Popen(  # noqa: S603 - running what the profile says is what this is for
                program.argv,
                executable=program.executable,
                cwd=program.folder,
                env=program.environment,
                stdin=self._nothing,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)
        return Process(popen, self.threads)


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await something that must be completed, also when the caller is cancelled meanwhile.

    Such a cancellation is dropped: the caller is ending anyway.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    return task.result()
