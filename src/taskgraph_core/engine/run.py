"""Runs a graph on this machine, from the options to the record on disk.

``run`` is for programs that have an event loop, ``run_graph`` for those that have none: it makes one and
turns Ctrl-C into an orderly end.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from taskgraph_core.engine.actions import perform
from taskgraph_core.engine.capture import captured_streams
from taskgraph_core.engine.conductor import Conductor
from taskgraph_core.engine.driver import Driver
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.python import importable
from taskgraph_core.engine.rundir import RunDirectory, new_run_id
from taskgraph_core.engine.signals import stop_signals
from taskgraph_core.engine.workspace import Workspace
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.engine.events import Observer
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord

SYSTEM = "local"
"""What the record of a run on this machine names as its system."""


async def run(graph: TaskGraph, options: RunOptions | None = None, observers: Sequence[Observer] = ()) -> RunRecord:
    """Carry out a graph, tell the observers, and write the record into the run's folder.

    Cancelling this coroutine stops everything that runs, with the grace period and without a rollback.

    Raises:
        EngineError: the graph is unsound, the run's folder cannot be made, or the record not be written.
        Exception: whatever an observer raises, after everything that ran was stopped.
    """
    return await _run(graph, options or RunOptions(), observers, signals=False)


def run_graph(graph: TaskGraph, options: RunOptions | None = None, observers: Sequence[Observer] = ()) -> RunRecord:
    """``run`` in an event loop of its own, from the main thread, with signals handled.

    The first Ctrl-C (or SIGTERM, or a closed terminal) cancels the run, the second kills it:
    ``Driver.interrupt`` says exactly what that means.

    Raises:
        EngineError: as for ``run``.
    """
    records: list[RunRecord] = []

    async def main() -> None:
        # Not returned: ``signal`` formats the finished main task, result and all, twice and for nothing.
        records.append(await _run(graph, options or RunOptions(), observers, signals=True))

    asyncio.run(main())
    return records[0]


async def _run(graph: TaskGraph, options: RunOptions, observers: Sequence[Observer], *, signals: bool) -> RunRecord:
    if not options.project.is_dir():
        msg = "the project folder does not exist"
        raise EngineError(msg, where=str(options.project), fix="name an existing folder")
    run_id = options.run_id or new_run_id()
    conductor = Conductor(
        graph,
        observers,
        run_id=run_id,
        system=SYSTEM,
        max_parallel=options.max_parallel,
        worker=os.uname().nodename,
    )
    # Only now: a graph that is refused leaves nothing on disk.
    directory = conductor.directory = RunDirectory.create(options.project, run_id, options.directory)
    with ExitStack() as stack:
        workspace = stack.enter_context(Workspace(graph, run_id, directory, options.project, options.grace))
        stack.enter_context(importable(workspace.project))
        stack.enter_context(captured_streams())
        driver = Driver(conductor, partial(perform, workspace), kill=workspace.host.kill)
        if signals:
            stack.enter_context(stop_signals(driver.interrupt))
        return await driver.run()
