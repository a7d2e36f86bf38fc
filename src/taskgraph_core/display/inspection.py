"""A run looked at from outside, by what is in its folder: one that goes on, broke off or ended.

Nothing is changed, and an engine at work is not disturbed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from taskgraph_core.display.progress import Progress
from taskgraph_core.engine.events import RunStarted, TaskAdded, TaskFinal
from taskgraph_core.engine.history import replay
from taskgraph_core.engine.journal import read
from taskgraph_core.engine.resuming.lock import holder
from taskgraph_core.errors import EngineError
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from taskgraph_core.engine.journal import Story
    from taskgraph_core.engine.resuming.lock import Holder
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import Task, TaskGraph

State = Literal["running", "interrupted", "success", "failed"]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found.

    Attributes:
        directory: the run's folder.
        state: ``interrupted`` if no engine carries it out, though it has not ended.
        engine: who carries it out now.
        story: its journal.
        progress: every task's state and what it waits for, up to the last event on record.
    """

    directory: RunDirectory
    state: State
    engine: Holder | None
    story: Story
    progress: Progress

    @property
    def tasks(self) -> list[Task]:
        """All tasks, in the graph's order."""
        return list(self.progress.tasks.values())

    def seconds(self, now: float) -> float:
        """For how long it was carried out, interruptions left out; up to now if it goes on."""
        since = max(0.0, now - self.story.last) if self.state == "running" else 0.0
        return self.story.active + since


def inspect(directory: RunDirectory) -> Inspection:
    """Look at a run.

    Raises:
        EngineError: its journal or its graph is missing or damaged.
    """
    engine = holder(directory.path)  # first: a run that ends meanwhile has ended, and was not interrupted
    story = read(directory.path)
    graph = _grown(directory.read_graph(), story)
    return Inspection(
        directory=directory,
        state=story.ended or ("running" if engine is not None else "interrupted"),
        engine=engine if story.ended is None else None,
        story=story,
        progress=_progress(directory, graph, story),
    )


def _grown(graph: TaskGraph, story: Story) -> TaskGraph:
    """The graph with the tasks that joined the run."""
    added = {event.task.id: event.task for event in story.events if isinstance(event, TaskAdded)}
    new = tuple(task for task in added.values() if task.id not in graph.by_id)
    return graph.model_copy(update={"tasks": (*graph.tasks, *new)}) if new else graph


def _progress(directory: RunDirectory, graph: TaskGraph, story: Story) -> Progress:
    """What displays know of a run, from its events and from a scheduler that went through the same."""
    try:
        scheduler = scheduler_for(graph, max_parallel=story.max_parallel)
        replay(story.events, scheduler)
    except (KeyError, ValueError) as error:
        msg = f"its journal does not fit its graph: {error}"
        raise EngineError(msg, where=str(directory.path), fix="start a new run of the plan") from error
    events = [event for event in story.events if not isinstance(event, TaskAdded)]
    finals = [TaskFinal(story.last, task_id, state) for task_id, state in scheduler.take_final()]
    return Progress(
        RunStarted(
            story.started,
            story.run_id,
            story.system,
            graph,
            story.max_parallel,
            directory,
            scheduler.waits_for,
            [*events, *finals],
        )
    )
