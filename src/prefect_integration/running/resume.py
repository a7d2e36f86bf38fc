"""A flow run that is taken up again: what its earlier lives did is told to the scheduler before anything starts.

How it goes on is the local engine's answer: what succeeded or was skipped stays done, what was
undone or failed is tried anew, a rollback that broke off is brought to its end first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from taskgraph_core.engine.events import TaskEnded, TaskLost
from taskgraph_core.engine.history import LOST, in_flight, replay, still_counting
from taskgraph_core.engine.journal.story import Life, tell
from taskgraph_core.engine.resuming.onward import resumed
from taskgraph_core.errors import EngineError
from taskgraph_core.record import Attempt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.journal.codec import Row
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.scheduler import Scheduler, State

SYSTEM = "prefect"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier lives of a run left.

    Attributes:
        final: tasks that are final by an attempt of their own, with their state; without what was undone.
        derived: tasks that are final without one.
        active: seconds that count for the run's timeout.
        going_on: what the journal has to say first: the new life, how it goes on, and what was lost.
        events: everything before.
    """

    final: Mapping[str, State] = field(default_factory=dict)
    derived: Mapping[str, State] = field(default_factory=dict)
    active: float = 0.0
    going_on: Sequence[Event | Row] = ()
    events: Sequence[Event] = ()


def life(graph: TaskGraph, run_id: str, time: float, max_parallel: int) -> Row:
    """The row that begins each life of a run."""
    return Life(time, run_id, graph.id, graph.fingerprint, SYSTEM, max_parallel).row()


def recall(rows: Sequence[Row], graph: TaskGraph, scheduler: Scheduler) -> Earlier:
    """Bring a fresh scheduler to where the rows of a run lead.

    Raises:
        EngineError: nobody can make sense of the rows.
    """
    try:
        story = tell(rows)
        onward = resumed(story, graph)
        events = [*story.events, onward]
        replay(events, scheduler)
    except (LookupError, TypeError, ValueError) as error:
        msg = f"what is recorded of this run cannot be read: {error}"
        raise EngineError(msg, where=graph.id, fix="start a new run instead of taking this one up again") from error
    lost = _make_again(events, scheduler, onward.time)
    scheduler.take_final()
    ended = {event.task_id for event in still_counting(events) if isinstance(event, TaskEnded)}
    undone = scheduler.undone
    states = scheduler.states
    return Earlier(
        {task_id: state for task_id, state in states.items() if task_id in ended and task_id not in undone},
        {task_id: state for task_id, state in states.items() if task_id not in ended},
        0.0 if onward.again else story.active,
        [onward, *lost],
        story.events,
    )


def _make_again(events: Sequence[Event], scheduler: Scheduler, now: float) -> list[TaskLost]:
    """What was under way when the flow's process ended is made again, and uses up no attempt."""
    counting = in_flight(still_counting(events)).attempts
    lost = []
    for (task_id, undo), (number, started) in in_flight(events).attempts.items():
        attempt = Attempt(number=number, started=started, ended=now, outcome="cancelled", error=LOST)
        lost.append(TaskLost(now, task_id, attempt, undo))
        if (task_id, undo) in counting:
            scheduler.lost(task_id, now)
    return lost
