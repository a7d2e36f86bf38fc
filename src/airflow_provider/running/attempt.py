"""One attempt at a task, carried out by the core as on this machine: process tree, timeout, output, result.

The core's actions run in an event loop, an operator of Airflow does not; this is where the two meet.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from airflow_provider.running.following import Following
from taskgraph_core.engine.actions.perform import perform
from taskgraph_core.engine.actions.python import importable
from taskgraph_core.engine.actions.workspace import Workspace, idempotency_key
from taskgraph_core.engine.options import GRACE, OUTPUT_LIMIT
from taskgraph_core.engine.rundir import RunDirectory, tail
from taskgraph_core.engine.underway import UnderWay
from taskgraph_core.ir import Python, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from taskgraph_core.engine.actions.entry_point import Function
    from taskgraph_core.engine.attempt import Call, Result

PATIENCE = 3.0
"""Seconds that a program gets to end by itself when Airflow wants it ended: it kills this process after five."""

LOOK_EVERY = 0.2
"""Seconds between two looks at what a program has printed."""

TAIL_LINES = 10
"""Lines of a failed program's output that its error ends with."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which task instance this is, and where its project lies."""

    dag_id: str
    run_id: str
    map_index: int
    project: Path


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended, whether because its time was up, and the last lines it printed."""

    result: Result
    timed_out: bool
    last_lines: list[str]


class _Workspace(Workspace):
    """Tells programs a key of its own."""

    def __init__(self, where: Where, directory: RunDirectory, key: str) -> None:
        # An id as Airflow has it may be none of the plan's; it is only ever told to programs.
        super().__init__(TaskGraph.model_construct(id=where.dag_id), where.run_id, directory, where.project, GRACE)
        self._key = key.encode()

    def variables(self, call: Call, added: Mapping[str, str]) -> dict[bytes, bytes]:
        return super().variables(call, added) | {b"TASKGRAPH_IDEMPOTENCY_KEY": self._key}


class Attempt:
    """Carries out one attempt; ``run`` it once. Its ``key`` is the same for all attempts at the task.

    Args:
        call: what to do, and which attempt this is.
        where: the task instance.
        tell: told each line of output.
        function: called instead of the entry point of a Python action.
    """

    def __init__(
        self,
        call: Call,
        where: Where,
        tell: Callable[[str], None],
        function: Function | None = None,
    ) -> None:
        self.number = call.attempt
        # Airflow repeats run ids from DAG to DAG, and tells mapped tasks apart by a number only.
        instance = f"{where.dag_id}\0{where.run_id}\0{where.map_index}"
        self.key = idempotency_key(instance, call.task.id, undo=call.undo)
        self._call = call
        self._where = where
        self._tell = tell
        self._function = function
        self._stop: Callable[[], object] | None = None
        self._stopped = False

    def run(self) -> Ended:
        """Carry it out; nothing that belongs to it runs any more afterwards, but what a success left on purpose."""
        with TemporaryDirectory(prefix="taskgraph-", ignore_cleanup_errors=True) as scratch:
            directory = RunDirectory.create(self._where.project, "attempt", Path(scratch) / "run")
            since = time.monotonic()
            with importable(self._where.project):
                result = asyncio.run(self._run(directory))
            log = directory.log(self._call.task.id, self._call.attempt, undo=self._call.undo)
            return Ended(result, self._timed_out(result, time.monotonic() - since), tail(log, TAIL_LINES))

    def stop(self) -> None:
        """End it, also from a signal's handler: ``run`` returns when that is done."""
        self._stopped = True
        if self._stop is not None:
            self._stop()

    def _timed_out(self, result: Result, seconds: float) -> bool:
        limit = self._call.task.timeout
        return limit is not None and seconds >= limit and result.outcome == "failed" and result.exit_code is None

    async def _run(self, directory: RunDirectory) -> Result:
        loop = asyncio.get_running_loop()
        news = asyncio.Event()
        with _Workspace(self._where, directory, self.key) as workspace:
            if self._function is not None and isinstance(self._call.action, Python):
                workspace.functions[self._call.action.entry_point] = self._function
            under_way = UnderWay(partial(perform, workspace), time.time, news.set)
            following = Following(workspace.log(self._call), OUTPUT_LIMIT, self._tell)

            def end() -> None:
                under_way.stop(self._call.task.id)
                loop.call_later(PATIENCE, workspace.host.kill)

            self._stop = partial(loop.call_soon_threadsafe, end)
            try:
                under_way.start(self._call)
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
        return result


async def _happens(news: asyncio.Event, patience: float) -> None:
    try:
        await asyncio.wait_for(news.wait(), patience)
    except TimeoutError:
        return
