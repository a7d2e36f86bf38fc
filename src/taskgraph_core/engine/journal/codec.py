"""Events as rows of JSON, and back: what a journal holds.

One list an event: a word, the time, then what that event says. ASCII throughout, so that any text
of a task, lone surrogates too, survives. Written by hand, because a model's own dump costs ten
times as much and this happens three times for each task.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.events import (
    LimitChanged,
    RunEnded,
    RunResumed,
    RunStarted,
    RunStopping,
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
from taskgraph_core.ir import Task
from taskgraph_core.record import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from taskgraph_core.engine.events import Event

Row = list[Any]

STARTED = "run"
"""Row of a ``RunStarted``: only its time, the rest stands in the row of its life and in ``graph.json``."""

ENDED = "ended"
"""Row of a ``RunEnded``: time and state; the record follows from the other events."""

_dumps = json.JSONEncoder(separators=(",", ":"), default=lambda _: None).encode


def dumps(rows: list[Row]) -> str:
    """Rows as text; what JSON cannot hold becomes null."""
    return _dumps(rows)


def encode(events: Iterable[Event]) -> list[Row]:
    """Events as rows, in their order."""
    return [_ENCODERS[event.__class__](event) for event in events]


def decode(row: Row) -> Event:
    """The event of a row.

    Raises:
        LookupError, TypeError, ValueError: it is none that this version knows.
    """
    return _DECODERS[row[0]](*row[1:])


def _attempt(attempt: Attempt) -> Row:
    return [
        attempt.number,
        attempt.started,
        attempt.ended,
        attempt.outcome,
        attempt.exit_code,
        attempt.error,
        attempt.worker,
        attempt.cpu_seconds,
        attempt.peak_memory,
        attempt.result,
    ]


def _attempt_of(row: Row) -> Attempt:
    number, started, ended, outcome, exit_code, error, worker, cpu_seconds, peak_memory, result = row
    return Attempt(
        number=number,
        started=started,
        ended=ended,
        outcome=outcome,
        exit_code=exit_code,
        error=error,
        worker=worker,
        cpu_seconds=cpu_seconds,
        peak_memory=peak_memory,
        result=result,
    )


_ENCODERS: dict[type, Callable[[Any], Row]] = {
    RunStarted: lambda event: [STARTED, event.time],
    RunResumed: lambda event: ["resume", event.time, event.again, event.forget],
    RunStopping: lambda event: ["stop", event.time, event.reason, event.hint, event.at_once],
    RunEnded: lambda event: [ENDED, event.time, event.record.state],
    LimitChanged: lambda event: ["limit", event.time, event.parallel, event.reason],
    TaskAdded: lambda event: ["add", event.time, event.task.model_dump(mode="json")],
    TaskStarted: lambda event: ["start", event.time, event.task_id, event.attempt],
    TaskSpawned: lambda event: ["spawn", event.time, event.task_id, event.attempt, event.pid, event.born],
    TaskEnded: lambda event: ["end", event.time, event.task_id, _attempt(event.attempt)],
    TaskLost: lambda event: ["lost", event.time, event.task_id, _attempt(event.attempt), event.undo],
    TaskRetrying: lambda event: ["retry", event.time, event.task_id, event.attempt, event.pause],
    TaskFinal: lambda event: ["final", event.time, event.task_id, event.state],
    UndoStarted: lambda event: ["undo", event.time, event.task_id, event.attempt],
    UndoEnded: lambda event: ["undone", event.time, event.task_id, _attempt(event.attempt)],
}

_DECODERS: dict[str, Callable[..., Event]] = {
    "resume": lambda time, again, forget: RunResumed(time, again, tuple(forget)),
    "stop": RunStopping,
    "limit": LimitChanged,
    "add": lambda time, task: TaskAdded(time, Task.model_validate(task)),
    "start": TaskStarted,
    "spawn": TaskSpawned,
    "end": lambda time, task_id, attempt: TaskEnded(time, task_id, _attempt_of(attempt)),
    "lost": lambda time, task_id, attempt, undo: TaskLost(time, task_id, _attempt_of(attempt), undo),
    "retry": TaskRetrying,
    "final": TaskFinal,
    "undo": UndoStarted,
    "undone": lambda time, task_id, attempt: UndoEnded(time, task_id, _attempt_of(attempt)),
}
