"""One attempt at a task, carried out by the actions of this machine: process tree, timeout, output, result."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from taskgraph_core.engine.actions.perform import perform
from taskgraph_core.engine.actions.python import importable
from taskgraph_core.engine.actions.workspace import Workspace, idempotency_key
from taskgraph_core.engine.attempt import Result
from taskgraph_core.engine.options import GRACE, OUTPUT_LIMIT
from taskgraph_core.engine.rundir import RunDirectory, tail
from taskgraph_core.engine.single.following import Following
from taskgraph_core.engine.underway import UnderWay
from taskgraph_core.ir import Python, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.actions.entry_point import Function
    from taskgraph_core.engine.attempt import Call

LOOK_EVERY = 0.2
"""Seconds between two looks at what a program has printed."""

TAIL_LINES = 10
"""Lines of a failed program's output that are kept apart."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which run an attempt is of, and where its project lies; ``key`` tells apart runs with the same id."""

    graph_id: str
    run_id: str
    project: Path
    key: str = ""

    @property
    def graph(self) -> TaskGraph:
        """A graph of that id, for programs to be told; an id as another system has it may be none of a plan's."""
        return TaskGraph.model_construct(id=self.graph_id)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended, whether because its time was up, and the last lines it printed."""

    result: Result
    timed_out: bool = False
    last_lines: tuple[str, ...] = ()


class Attempt:
    """Carries out one attempt; run it once. Its ``key`` is the same for all attempts at the task.

    Args:
        call: what to do, and which attempt this is.
        origin: the run it is of.
        tell: told each line of output; called by the thread of the event loop.
        function: called instead of the entry point of a Python action.
        patience: seconds after ``stop`` when what has not ended is killed, whatever time it would get
            otherwise; only where ``run`` gives it a workspace of its own.
        output_limit: bytes of output that are told.
    """

    def __init__(
        self,
        call: Call,
        origin: Origin,
        tell: Callable[[str], None],
        *,
        function: Function | None = None,
        patience: float | None = None,
        output_limit: int = OUTPUT_LIMIT,
    ) -> None:
        self.call = call
        self.origin = origin
        self.key = idempotency_key(origin.key or origin.run_id, call.task.id, undo=call.undo)
        self._tell = tell
        self._function = function
        self._patience = patience
        self._output_limit = output_limit
        self._stop: Callable[[], object] | None = None
        self._stopped = False

    def run(self) -> Ended:
        """Carry it out here; nothing of it runs any more afterwards, but what a success left on purpose."""
        with TemporaryDirectory(prefix="taskgraph-", ignore_cleanup_errors=True) as scratch, importable(self._project):
            return asyncio.run(self._run_alone(self.directory(Path(scratch))))

    def stop(self) -> None:
        """End it, from any thread, also from a signal's handler; whoever carries it out returns when that is done."""
        self._stopped = True
        if self._stop is not None:
            self._stop()

    def directory(self, scratch: Path) -> RunDirectory:
        """A folder for its files.

        Raises:
            EngineError: the disk refuses.
        """
        return RunDirectory.create(self._project, "attempt", scratch / "run")

    async def carry_out(self, workspace: Workspace) -> Ended:
        """Carry it out in a workspace."""
        if self._stopped:
            return Ended(Result("cancelled"))
        loop = asyncio.get_running_loop()
        news = asyncio.Event()
        task = self.call.task
        if self._function is not None and isinstance(self.call.action, Python):
            workspace.functions[self.call.action.entry_point] = self._function
        under_way = UnderWay(partial(perform, workspace), time.time, news.set)
        log = workspace.log(self.call)
        following = Following(log, self._output_limit, self._tell)

        def end() -> None:
            under_way.stop(task.id)
            if self._patience is not None:
                loop.call_later(self._patience, workspace.host.kill)

        self._stop = partial(loop.call_soon_threadsafe, end)
        since = time.monotonic()
        try:
            under_way.start(self.call)
            if self._stopped:
                end()
            while not under_way.ended:
                await _happens(news, LOOK_EVERY)
                following.look()
        finally:
            self._stop = None
            under_way.stop_all()
            await under_way.emptied()
            following.finish()
        ((_, result, _),) = under_way.ended
        late = task.timeout is not None and time.monotonic() - since >= task.timeout
        timed_out = late and result.outcome == "failed" and result.exit_code is None
        return Ended(result, timed_out, tuple(tail(log, TAIL_LINES)))

    @property
    def _project(self) -> Path:
        return self.origin.project

    async def _run_alone(self, directory: RunDirectory) -> Ended:
        origin = self.origin
        with Workspace(origin.graph, origin.run_id, directory, origin.project, GRACE, self._output_limit) as workspace:
            workspace.key = self.key
            return await self.carry_out(workspace)


async def _happens(news: asyncio.Event, patience: float) -> None:
    try:
        await asyncio.wait_for(news.wait(), patience)
    except TimeoutError:
        return
