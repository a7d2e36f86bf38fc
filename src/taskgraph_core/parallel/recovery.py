"""A group that is taken up again: what its journal has as success, with its value, is not done again.

Names are the identity of tasks. A value that JSON gives back as it was is in the journal with the end of its attempt;
a task with any other is computed again in the next life, like one that failed or never ended.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from taskgraph_core.engine.events import RunResumed, TaskAdded, TaskEnded
from taskgraph_core.engine.history import History, still_counting
from taskgraph_core.engine.rundir import JOURNAL, RunDirectory, new_run_id
from taskgraph_core.errors import EngineError
from taskgraph_core.parallel.conductor import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from taskgraph_core.engine.journal.store import JournalFile
    from taskgraph_core.engine.journal.story import Story
    from taskgraph_core.ir import Task, TaskGraph


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier lives of a group left: tasks that are done, by name, and their values."""

    run_id: str = field(default_factory=new_run_id)
    tasks: dict[str, Task] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    history: History | None = None
    resumed: RunResumed | None = None


class Recovery(NamedTuple):
    """What a group goes on with."""

    past: Past
    graph: TaskGraph
    journal: JournalFile
    directory: RunDirectory


def past_of(story: Story, now: float) -> Past:
    """What still counts of a story when a group goes on with it."""
    counting = still_counting(story.events)
    ends = [event for event in counting if isinstance(event, TaskEnded) and event.attempt.outcome == "success"]
    values = {
        event.task_id: event.attempt.result["value"]
        for event in ends
        if isinstance(event.attempt.result, dict) and "value" in event.attempt.result
    }
    added = {event.task.id: event.task for event in story.events if isinstance(event, TaskAdded)}
    # Claims are of no use any more, and what they claimed may have become another thing.
    tasks = {name: added[name].model_copy(update={"claims": ()}) for name in values}
    kept = [event for event in counting if getattr(event, "task_id", None) in values]
    forget = tuple(name for name in added if name not in values)
    resumed = RunResumed(max(now, story.last), again=True, forget=forget)
    return Past(story.run_id, tasks, values, History(story.started, 0.0, [*kept, resumed]), resumed)


@contextmanager
def recovered(folder: Path, graph_of: Callable[[Past], TaskGraph], max_parallel: int) -> Iterator[Recovery]:
    """Take up what lies in a folder, or begin there, alone.

    Raises:
        EngineError: another program uses the folder, its journal is damaged or that of another group, or the disk
            refuses.
    """
    # Imported here, because not every group has a journal.
    from taskgraph_core.engine.journal.reading import contents  # noqa: PLC0415 - see above
    from taskgraph_core.engine.journal.store import JournalFile, create  # noqa: PLC0415 - see above
    from taskgraph_core.engine.journal.story import Life  # noqa: PLC0415 - see above
    from taskgraph_core.engine.resuming.lock import boot_id, locked  # noqa: PLC0415 - see above

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the group's folder cannot be made: {error.strerror}"
        raise EngineError(
            msg, where=str(folder), fix="make its parent writable, or name another with state="
        ) from error
    with locked(folder):
        before = contents(folder) if (folder / JOURNAL).exists() else None
        past = past_of(before.story, time.time()) if before is not None else Past()
        graph = graph_of(past)
        if before is not None and before.story.graph_id != graph.id:
            msg = f"it holds the state of the group {before.story.graph_id!r}, not of {graph.id!r}"
            raise EngineError(msg, where=str(folder), fix="give each group a folder of its own")
        life = Life(time.time(), past.run_id, graph.id, graph.fingerprint, SYSTEM, max_parallel, boot_id())
        with JournalFile(folder, before or create(folder, life)) as journal:
            if past.resumed is not None:
                journal.write_life(life, [past.resumed])
            yield Recovery(past, graph, journal, RunDirectory(folder.absolute()))
