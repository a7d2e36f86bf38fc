"""What an event says in one line: a word, the colour of the word, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from taskgraph_core.display import words
from taskgraph_core.duration import human
from taskgraph_core.engine.events import (
    TaskAdded,
    TaskEnded,
    TaskFinal,
    TaskLost,
    TaskRetrying,
    TaskSpawned,
    TaskStarted,
    UndoEnded,
    UndoStarted,
)
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from taskgraph_core.display.progress import Progress
    from taskgraph_core.engine.events import RunStopping, TaskEvent
    from taskgraph_core.ir import Task
    from taskgraph_core.record import Attempt


class Telling(NamedTuple):
    """One line."""

    word: str
    style: str
    rest: str = ""


def begins(progress: Progress) -> str:
    """What is said of a run that begins, or goes on."""
    start = progress.start
    of = f"run {start.run_id} of {start.graph.id}"
    number = f": {words.tasks(progress.total)}" if progress.total else ""  # more may be added
    text = f"{of}{number}, at most {progress.parallel:,} at a time"
    resumed = words.resumed(progress)
    return f"{text}; {resumed}" if resumed else text


def tell(event: TaskEvent, progress: Progress) -> Telling | None:
    """What happened to a task; None where that is not worth a line."""
    if isinstance(event, TaskAdded | TaskSpawned):  # it waits, or has started: neither is news
        return None
    task = progress.tasks[event.task_id]
    name = words.name_of(task)
    match event:
        case TaskStarted(attempt=number):
            return Telling("start", "cyan", name + _of(task, number))
        case TaskEnded(attempt=attempt):
            return Telling(attempt.outcome, words.STATE_STYLE[attempt.outcome], name + _how(attempt))
        case TaskFinal(state=state):
            last = progress.attempts.get(task.id)
            told = last is not None and last.outcome == state
            return None if told else Telling(state, words.STATE_STYLE[state], name)
        case TaskRetrying(attempt=number, pause=pause):
            return Telling("retry", "yellow", f"{name} in {human(pause)}{_of(task, number)}")
        case UndoStarted(attempt=number):
            return Telling("undo", "cyan", name + _of(task, number))
        case UndoEnded(attempt=attempt) if attempt.outcome == "success":
            return Telling("undone", "green", name + _how(attempt))
        case UndoEnded(attempt=attempt):
            return Telling("not undone", "red", name + _how(attempt))
        case TaskLost(attempt=attempt):
            return Telling("lost", "yellow", f"{name}: {plain(attempt.error)}{_of(task, attempt.number)}")


def failure(progress: Progress, task_id: str) -> Telling:
    """That a task failed, and why, where its attempts are not told."""
    last = progress.attempts.get(task_id)
    name = words.name_of(progress.tasks[task_id])
    return Telling("failed", words.STATE_STYLE["failed"], name + (_how(last) if last is not None else ""))


def stopping(event: RunStopping) -> Telling:
    """That the run is being ended, and why."""
    at_once = "at once, " if event.at_once else ""
    hint = f" ({event.hint})" if event.hint else ""
    return Telling("stopping", "bold yellow", f"{at_once}because {plain(event.reason)}{hint}")


def _of(task: Task, number: int) -> str:
    of = words.attempt_of(task, number)
    return f" ({of})" if of else ""


def _how(attempt: Attempt) -> str:
    error = f": {plain(attempt.error)}" if attempt.error else ""
    return f" after {human(attempt.seconds)}{error}"
