"""Taking a run up again: what its journal says, what still runs is ended, what the plan changed is forgotten."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from taskgraph_core.engine.history import History
from taskgraph_core.engine.journal.reading import contents
from taskgraph_core.engine.journal.store import JournalFile
from taskgraph_core.engine.processes.leftovers import end_leftovers
from taskgraph_core.engine.remote.fence import wait_for_leases
from taskgraph_core.engine.resuming.begin import Begun, life_of
from taskgraph_core.engine.resuming.changes import changes, outdated
from taskgraph_core.engine.resuming.leftovers import trees
from taskgraph_core.engine.resuming.lock import boot_id, locked
from taskgraph_core.engine.resuming.onward import is_rolling_back, resumed
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taskgraph_core.engine.journal.story import Story
    from taskgraph_core.engine.options import RunOptions
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import TaskGraph


@contextmanager
def taken_up(
    directory: RunDirectory,
    plan: TaskGraph | None,
    options: RunOptions,
    *,
    accept_changes: bool = False,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[Begun]:
    """A run that began before, ready to go on.

    Args:
        directory: the run's folder.
        plan: the graph as the plan has it now; None if it is not to be compared.
        options: ``max_parallel`` and ``durable`` may differ from before.
        accept_changes: go on with ``plan``, and forget what was done for what changed.
        note: is told what was found and done on the way.

    Raises:
        EngineError: another engine carries the run out, its journal is damaged, the plan changed, or what the run
            left behind cannot be ended.
    """
    with locked(directory.path):
        before = contents(directory.path)
        story = before.story
        stored = _stored_graph(directory, story)
        if story.ended == "success":
            note(f"run {story.run_id} ended in success: nothing is left to do")
            history = History(story.started, story.active, story.events)
            record = story.record(stored)
            directory.write_record(record)  # the engine may have died before it could
            yield Begun(story.run_id, stored, directory, None, history, record)
            return
        graph, forget = stored, list[str]()
        if plan is not None and not is_rolling_back(story):
            graph, forget = _agreed(stored, plan, story, accept_changes=accept_changes)
        if story.torn:
            note("the end of the journal was not completely written: whatever began last may be done again")
        if story.boot == boot_id() and (ended := end_leftovers(trees(story.run_id, story.events))):
            note(f"processes that the earlier engine had left running, and that were ended: {ended}")
        wait_for_leases(story.system, story.events, note)
        going_on = resumed(story, stored, forget)
        with JournalFile(directory.path, before, durable=options.durable) as journal:
            journal.write_life(life_of(graph, story.run_id, options, going_on.time), [going_on])
            # Only now: before, a crash here would leave the new graph beside successes of the old one.
            if graph is not stored:
                directory.write_graph(graph)
            directory.record.unlink(missing_ok=True)  # that of an end which was none
            history = History(story.started, 0.0 if going_on.again else story.active, [*story.events, going_on])
            yield Begun(story.run_id, graph, directory, journal, history)


def _agreed(stored: TaskGraph, plan: TaskGraph, story: Story, *, accept_changes: bool) -> tuple[TaskGraph, list[str]]:
    """The graph to go on with, and what to forget for it.

    Raises:
        EngineError: the plan changed, and nobody accepted that.
    """
    found = changes(stored, plan)
    if not found:
        return stored, []
    if accept_changes:
        return plan, outdated(stored, plan, found)
    msg = f"the plan changed since the run began: {found.explained()}"
    fix = "--accept-changes goes on with the plan as it is now, and does again what is no longer the same"
    raise EngineError(msg, where=f"run {story.run_id}", fix=fix)


def _stored_graph(directory: RunDirectory, story: Story) -> TaskGraph:
    graph = directory.read_graph()
    if graph.fingerprint not in story.fingerprints:
        msg = "the run's graph is not the one it was begun with"
        raise EngineError(msg, where=str(directory.graph), fix="bring the file back, or start a new run")
    return graph
