"""A run that may be carried out: it has a folder, is locked, and its journal is open."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.engine.journal.store import JournalFile, create
from taskgraph_core.engine.journal.story import Life
from taskgraph_core.engine.options import parallel_tasks
from taskgraph_core.engine.resuming.lock import boot_id, locked
from taskgraph_core.engine.rundir import RunDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.engine.history import History
    from taskgraph_core.engine.options import RunOptions
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord


@dataclass(frozen=True, slots=True)
class Begun:
    """What a run has when an engine takes it up.

    A ``history`` if it is not for the first time, and its record if it ``ended`` and nothing is left to do.
    """

    run_id: str
    graph: TaskGraph
    directory: RunDirectory
    journal: JournalFile | None = None
    history: History | None = None
    ended: RunRecord | None = None


@contextmanager
def begun(graph: TaskGraph, run_id: str, options: RunOptions) -> Iterator[Begun]:
    """A new run.

    Raises:
        EngineError: it exists already, or the disk refuses.
    """
    directory = RunDirectory.create(options.project, run_id, options.directory)
    with ExitStack() as stack:
        journal = None
        if options.journal:
            stack.enter_context(locked(directory.path))
            directory.write_graph(graph)
            first = create(directory.path, life_of(graph, run_id, options, time.time()))
            journal = stack.enter_context(JournalFile(directory.path, first, durable=options.durable))
        yield Begun(run_id, graph, directory, journal)


def life_of(graph: TaskGraph, run_id: str, options: RunOptions, now: float) -> Life:
    """What the journal says of this engine."""
    return Life(
        time=now,
        run_id=run_id,
        graph_id=graph.id,
        fingerprint=graph.fingerprint,
        system=options.system,
        max_parallel=parallel_tasks(graph, options.max_parallel),
        boot=boot_id(),
        durable=options.durable,
    )
