"""Runs a graph on this machine, from the options to the record on disk.

``run`` is for programs that have an event loop, ``run_graph`` for those that have none: it makes one and
turns Ctrl-C into an orderly end.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from taskgraph_core.durations import estimates
from taskgraph_core.engine.actions.capture import captured_streams
from taskgraph_core.engine.actions.perform import perform
from taskgraph_core.engine.actions.python import importable
from taskgraph_core.engine.actions.workspace import Workspace
from taskgraph_core.engine.conductor import Conductor
from taskgraph_core.engine.driver import Driver
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.resuming.begin import begun
from taskgraph_core.engine.resuming.resume import taken_up
from taskgraph_core.engine.rundir import new_run_id
from taskgraph_core.engine.signals import stop_signals
from taskgraph_core.engine.steering.admission import Admission
from taskgraph_core.engine.steering.governor import Governor
from taskgraph_core.engine.steering.machine import Machine
from taskgraph_core.engine.stopwatch import Stopwatch
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Python

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskgraph_core.engine.events import Observer
    from taskgraph_core.engine.remote.cluster import Cluster
    from taskgraph_core.engine.resuming.begin import Begun
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord


async def run(graph: TaskGraph, options: RunOptions | None = None, observers: Sequence[Observer] = ()) -> RunRecord:
    """Carry out a graph, tell the observers, and write the record into the run's folder.

    Cancelling this coroutine stops everything that runs, with the grace period and without a rollback.

    Raises:
        EngineError: the graph is unsound, the run's folder cannot be made, or the record not be written.
        Exception: whatever an observer raises, after everything that ran was stopped.
    """
    return await _run(graph, options or RunOptions(), observers)


def run_graph(graph: TaskGraph, options: RunOptions | None = None, observers: Sequence[Observer] = ()) -> RunRecord:
    """``run`` in an event loop of its own, from the main thread, with signals handled.

    The first Ctrl-C (or SIGTERM, or a closed terminal) cancels the run, the second kills it:
    ``Driver.interrupt`` says exactly what that means.

    Raises:
        EngineError: as for ``run``.
    """
    return asyncio.run(_run(graph, options or RunOptions(), observers, signals=True))


def resume_graph(
    directory: RunDirectory,
    plan: TaskGraph | None = None,
    options: RunOptions | None = None,
    observers: Sequence[Observer] = (),
    *,
    accept_changes: bool = False,
    note: Callable[[str], None] = lambda _: None,
) -> RunRecord:
    """Go on with a run that broke off, or that failed, as ``run_graph`` would have; see ``resume.taken_up``.

    Of one that ended in success, this is the record, and nothing is done.

    Raises:
        EngineError: as for ``taken_up`` and ``run``.
    """
    options = options or RunOptions()
    with taken_up(directory, plan, options, accept_changes=accept_changes, note=note) as before:
        if before.ended is not None:
            return _retold(before, before.ended, observers)
        return asyncio.run(_run(before.graph, options, observers, before, signals=True))


def _retold(before: Begun, record: RunRecord, observers: Sequence[Observer]) -> RunRecord:
    """Tell the observers of a run that ended; nothing is recorded again."""
    conductor = Conductor(before.graph, observers, run_id=before.run_id, system=record.system)
    conductor.directory = before.directory
    conductor.begin(record.ended, before.history)
    conductor.end(record)
    return record


async def _run(
    graph: TaskGraph,
    options: RunOptions,
    observers: Sequence[Observer],
    before: Begun | None = None,
    *,
    signals: bool = False,
) -> RunRecord:
    """Have a cluster, if one is named, before anything is on disk."""
    if not options.project.is_dir():
        msg = "the project folder does not exist"
        raise EngineError(msg, where=str(options.project), fix="name an existing folder")
    if not options.executor:
        return await _carry_out(graph, options, observers, before, signals=signals)
    from taskgraph_core.engine.remote import connected  # noqa: PLC0415 - few runs need one

    async with connected(options.executor) as cluster:
        parallel = options.max_parallel or graph.policy.max_parallel or max(1, cluster.places)
        options = replace(options, max_parallel=parallel)
        return await _carry_out(graph, options, observers, before, cluster, signals=signals)


async def _carry_out(
    graph: TaskGraph,
    options: RunOptions,
    observers: Sequence[Observer],
    before: Begun | None,
    cluster: Cluster | None = None,
    *,
    signals: bool,
) -> RunRecord:
    run_id = before.run_id if before is not None else options.run_id or new_run_id()
    governor = Governor(Admission(graph.policy, Machine()))
    conductor = Conductor(
        graph,
        (governor, Stopwatch(options.project), *observers),
        run_id=run_id,
        system=options.system,
        max_parallel=options.max_parallel,
        worker=os.uname().nodename if cluster is None else "",  # there, whoever carries out knows where
        estimates=estimates(graph, options.project),
    )
    async with AsyncExitStack() as stack:
        if before is None:  # only now: a graph that is refused leaves nothing on disk
            before = stack.enter_context(begun(graph, run_id, options))
        directory = conductor.directory = before.directory
        conductor.journal = before.journal
        workspace = stack.enter_context(
            Workspace(graph, run_id, directory, options.project, options.grace, options.output_limit)
        )
        workspace.host.spawner.alone = signals and not any(isinstance(task.action, Python) for task in graph.tasks)
        stack.enter_context(importable(workspace.project))
        stack.enter_context(captured_streams())
        here = partial(perform, workspace)
        if cluster is None:
            driver = Driver(conductor, here, kill=workspace.host.kill)
        else:
            from taskgraph_core.engine.remote.executor import Remote  # noqa: PLC0415 - few runs need it

            remote = Remote(cluster, workspace, here, options.output_limit)
            driver = Driver(conductor, remote, kill=workspace.host.kill)
            await stack.enter_async_context(remote.over(driver, options.executor))

        def spawned(task_id: str, pid: int, born: int) -> None:
            driver.order(partial(conductor.spawned, task_id, pid, born, driver.clock()))

        workspace.spawned = spawned
        stack.enter_context(governor.over(conductor, driver))
        if signals:
            stack.enter_context(stop_signals(driver.interrupt))
        return await driver.run(before.history)
