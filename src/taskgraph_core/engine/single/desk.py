"""Carries out attempts for callers on any thread, all of them in one event loop in a thread of its own.

What a process does at once costs it one thread, one temporary folder and one ``guardian``, however many
attempts that is, and whoever waits for nothing but time holds no thread at all.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import sys
import tempfile
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from taskgraph_core.engine.actions.workspace import Workspace
from taskgraph_core.engine.options import GRACE
from taskgraph_core.engine.processes.guardian import Guardian
from taskgraph_core.engine.rundir import RunDirectory
from taskgraph_core.ir import Command, Python, TaskGraph, Wait

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

    from taskgraph_core.engine.single.attempt import Attempt, Ended

T = TypeVar("T")

LAST_MOMENT = 10.0
"""Seconds for which the end of a desk waits for its event loop."""


class Desk:
    """Open it with ``with``, or keep it as long as the process: nothing it started outlives that.

    Args:
        grace: seconds between TERM and KILL.
        output_limit: bytes of output kept of each attempt.
    """

    def __init__(self, *, grace: float = GRACE, output_limit: int) -> None:
        self.output_limit = output_limit
        self._grace = grace
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="taskgraph-desk", daemon=True)
        self._numbers = count()
        self._free: list[RunDirectory] = []
        self._scratch = Path()
        self._workspace: Workspace | None = None
        self._guardian: Guardian | None = None

    def __enter__(self) -> Self:
        """Begin; the folder is made at once, because a disk may refuse.

        Raises:
            OSError: it does.
        """
        self._scratch = Path(tempfile.mkdtemp(prefix="taskgraph-"))
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """End what still runs."""
        with suppress(TimeoutError):  # somebody's coroutine never gives way: the guardian will see to the rest
            self.submit(self._close()).result(LAST_MOMENT)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LAST_MOMENT)
        if not self._thread.is_alive():
            self._loop.close()
        if self._guardian is not None:
            self._guardian.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have something done in the event loop, in the context of the caller."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def folder(self) -> Path:
        """A folder for other files, which goes when the process does, however that ends."""

        async def guarded() -> Path:
            self._guard()
            return Path(tempfile.mkdtemp(dir=self._scratch))

        return self.submit(guarded()).result()

    def run(self, attempt: Attempt) -> Ended:
        """Carry out an attempt and wait for its end; whatever interrupts the waiting ends the attempt first."""
        future = self.submit(self.carry_out(attempt))
        try:
            return future.result()
        finally:
            if not future.done():
                attempt.stop()
                future.result()

    async def carry_out(self, attempt: Attempt) -> Ended:
        """Carry out an attempt, in the event loop.

        Raises:
            EngineError: the disk refuses its folder.
        """
        origin = attempt.origin
        make_importable(origin.project)
        directory = self._free.pop() if self._free else attempt.directory(self._scratch / str(next(self._numbers)))
        workspace = self._shared().within(origin.graph, origin.run_id, directory, origin.project, attempt.key)
        guardian = self._guard() if _starts_programs(attempt) else None
        try:
            if guardian is not None:
                guardian.begin(attempt.key, attempt.call.attempt)
            return await attempt.carry_out(workspace)
        finally:
            if guardian is not None:
                guardian.end(attempt.key, attempt.call.attempt)
            if empty(directory.path):
                self._free.append(directory)

    def _shared(self) -> Workspace:
        if self._workspace is None:
            nowhere = RunDirectory(self._scratch)
            graph = TaskGraph.model_construct(id="")
            self._workspace = Workspace(graph, "", nowhere, Path(), self._grace, self.output_limit)
        return self._workspace

    def _guard(self) -> Guardian:
        if self._guardian is None:
            self._guardian = Guardian(self._scratch)
        return self._guardian

    async def _close(self) -> None:
        if self._workspace is not None:
            self._workspace.__exit__()


_lock = threading.Lock()
_desks: dict[int, Desk] = {}


def desk_of_this_process(output_limit: int) -> Desk:
    """The desk that all share who have none of their own; made when somebody asks for it."""
    with _lock:
        desk = _desks.get(os.getpid())
        if desk is None:
            _desks.clear()  # those of a process that this is a fork of
            desk = _desks[os.getpid()] = Desk(output_limit=output_limit).__enter__()
            atexit.register(_close_at_exit, os.getpid())
        return desk


def _close_at_exit(process: int) -> None:
    if process == os.getpid() and (desk := _desks.pop(process, None)) is not None:
        desk.__exit__()


def empty(folder: Path) -> bool:
    """Remove all files below a folder, so that it can be used again; whether that worked.

    Folders stay: to make and remove those of one attempt takes a disk twenty times as long as its files.
    """
    try:
        for place, _, files in os.walk(folder):
            for name in files:
                Path(place, name).unlink()
    except OSError:
        return False
    return True


def _starts_programs(attempt: Attempt) -> bool:
    match attempt.call.action:
        case Command() | Python(process=True) | Wait(what="command"):
            return True
    return False


def make_importable(project: Path) -> None:
    """Have modules looked for in a folder first, as long as this process lasts."""
    place = str(project.absolute())
    if place not in sys.path:
        sys.path.insert(0, place)
