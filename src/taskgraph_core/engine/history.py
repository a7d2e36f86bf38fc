"""What a run went through before: from the events of its earlier lives to a scheduler and a recorder that know them.

Pure: where the events come from, a journal or a test, does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from taskgraph_core.engine.events import (
    RunResumed,
    RunStopping,
    TaskEnded,
    TaskLost,
    TaskStarted,
    UndoEnded,
    UndoStarted,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taskgraph_core.engine.events import Event
    from taskgraph_core.scheduler import Scheduler

LOST = "it was lost when the engine ended"
"""Error of an attempt that was under way when the engine died."""


@dataclass(frozen=True, slots=True)
class History:
    """A run's earlier lives.

    Attributes:
        started: when it first began.
        active: seconds during which it was carried out, interruptions left out.
        events: in the order they were recorded, the last one a ``RunResumed`` that says how it goes on.
    """

    started: float
    active: float = 0.0
    events: Sequence[Event] = ()


@dataclass(slots=True)
class InFlight:
    """Attempts that started and of which nobody knows how they ended: (task, undo) to number and start."""

    attempts: dict[tuple[str, bool], tuple[int, float]] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case TaskStarted(time=time, task_id=task_id, attempt=number):
                self.attempts[task_id, False] = number, time
            case UndoStarted(time=time, task_id=task_id, attempt=number):
                self.attempts[task_id, True] = number, time
            case TaskEnded(task_id=task_id):
                self.attempts.pop((task_id, False), None)
            case UndoEnded(task_id=task_id):
                self.attempts.pop((task_id, True), None)
            case TaskLost(task_id=task_id, undo=undo):
                self.attempts.pop((task_id, undo), None)


def in_flight(events: Iterable[Event]) -> InFlight:
    """What was under way after these events."""
    found = InFlight()
    for event in events:
        found.note(event)
    return found


def still_counting(events: Iterable[Event]) -> list[Event]:
    """Events that decide how the run goes on: without what a ``RunResumed`` after them made forgotten.

    A run that goes on *again*, after it had ended, has also forgotten that it was stopped and what was undone.
    """
    kept: list[Event] = []
    for event in events:
        if isinstance(event, RunResumed):
            forgotten = set(event.forget)
            kept = [
                past
                for past in kept
                if getattr(past, "task_id", None) not in forgotten
                and not (event.again and isinstance(past, RunStopping | UndoStarted | UndoEnded))
                and not (event.again and isinstance(past, TaskLost) and past.undo)
            ]
        kept.append(event)
    return kept


def replay(events: Sequence[Event], scheduler: Scheduler) -> None:
    """Bring a fresh scheduler to where the events lead; what was under way at their end still runs for it.

    Raises:
        ValueError: the events do not fit the scheduler's tasks.
    """
    _number_on(events, scheduler)
    running = InFlight()
    for event in still_counting(events):
        match event:
            case TaskStarted(time=time, task_id=task_id, attempt=number):
                scheduler.began(task_id, number, time)
            case UndoStarted(time=time, task_id=task_id, attempt=number):
                scheduler.began(task_id, number, time, undo=True)
            case (
                TaskEnded(time=time, task_id=task_id, attempt=attempt)
                | UndoEnded(time=time, task_id=task_id, attempt=attempt)
            ):
                scheduler.finished(task_id, attempt.outcome, time)
            case TaskLost(time=time, task_id=task_id, undo=undo) if (task_id, undo) in running.attempts:
                scheduler.lost(task_id, time)
            case RunStopping():
                scheduler.cancel()
        running.note(event)


def _number_on(events: Iterable[Event], scheduler: Scheduler) -> None:
    """Attempts are numbered on, whether earlier ones still count or not: each has a log of its own."""
    numbers: dict[str, list[int]] = {}
    for event in events:
        match event:
            case TaskStarted(task_id=task_id, attempt=number):
                numbers.setdefault(task_id, [0, 0])[0] = number
            case UndoStarted(task_id=task_id, attempt=number):
                numbers.setdefault(task_id, [0, 0])[1] = number
    for task_id in numbers.keys() & scheduler.tasks:
        attempt, undo_attempt = numbers[task_id]
        scheduler.number_on(task_id, attempt, undo_attempt)
