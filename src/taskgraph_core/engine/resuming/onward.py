"""How a run that began before goes on, from nothing but its story; every engine that keeps a journal asks here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from taskgraph_core.engine.events import RunResumed, RunStopping, TaskEnded, TaskStarted, UndoEnded, UndoStarted
from taskgraph_core.engine.history import still_counting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.engine.journal.story import Story
    from taskgraph_core.ir import TaskGraph


def is_rolling_back(story: Story) -> bool:
    """Whether a run broke off while it was undone: all that is left to do is to undo the rest."""
    undoing = any(isinstance(event, UndoStarted | UndoEnded) for event in still_counting(story.events))
    return story.ended is None and undoing


def resumed(story: Story, stored: TaskGraph, forget: Sequence[str] = ()) -> RunResumed:
    """How the run goes on: from where it broke off, or, if it had come to its end, again.

    That it was asked to stop was meant for that time; where nothing is to be rolled back, it does not stop again.
    """
    counting = still_counting(story.events)
    stopping = any(isinstance(event, RunStopping) for event in counting) and not stored.policy.rollback
    again = story.ended is not None or stopping
    if again:
        done = _done(story)
        forget = [task_id for task_id in dict.fromkeys([*stored.by_id, *forget]) if task_id not in done - {*forget}]
    return RunResumed(max(time.time(), story.last), again, tuple(forget))


def _done(story: Story) -> set[str]:
    """Tasks that succeeded, or found nothing to do, by an attempt of their own and were not undone."""
    done: dict[str, bool] = {}
    for event in still_counting(story.events):
        match event:
            case TaskEnded(task_id=task_id, attempt=attempt):
                done[task_id] = attempt.outcome in ("success", "skipped")
            case TaskStarted(task_id=task_id) | UndoStarted(task_id=task_id):
                done[task_id] = False
    return {task_id for task_id, good in done.items() if good}
