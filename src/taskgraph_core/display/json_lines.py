"""The display for programs: one JSON object an event, a line each; the last line is the record's summary.

Everything is ASCII with escapes, so no text of a task can end a line or reach a terminal raw.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from taskgraph_core.display.output import Output
from taskgraph_core.display.progress import Progress
from taskgraph_core.engine.attempt import describe
from taskgraph_core.engine.events import (
    LimitChanged,
    RunAborted,
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

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event, TaskEvent
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.record import Attempt


RunEvent = RunStarted | RunResumed | RunStopping | LimitChanged | RunEnded | RunAborted


class JsonDisplay:
    """Writes one object a line; each has ``event`` and ``time``, and those about a task ``task``."""

    def __init__(self, stream: TextIO) -> None:
        self._output = Output(stream)
        self._directory: RunDirectory | None = None
        self._silent: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Write the line of one event."""
        if isinstance(event, RunStarted):
            self._directory = event.directory
            self._silent = {task.id for task in event.graph.tasks if task.action.kind == "noop"}
        self._output.line(json.dumps(self._object(event)))
        if isinstance(event, RunEnded | RunAborted):
            self._output.flush()

    def _object(self, event: Event) -> dict[str, object]:
        if not isinstance(event, RunEvent):  # nearly all of them
            return self._about_task(event)
        match event:
            case RunEnded(record=record):
                return record.summary()
            case RunStarted():
                return _of("run_started", event, self._start(event))
            case RunResumed():
                return _of("run_resumed", event, {"again": event.again, "forget": event.forget})
            case RunStopping():
                return _of("run_stopping", event, {"reason": event.reason, "at_once": event.at_once})
            case RunAborted():
                return _of("run_aborted", event, {"error": describe(event.error)})
            case LimitChanged():
                return _of("limit_changed", event, {"parallel": event.parallel, "reason": event.reason})

    def _about_task(self, event: TaskEvent) -> dict[str, object]:
        undo = isinstance(event, UndoStarted | UndoEnded) or (isinstance(event, TaskLost) and event.undo)
        kind: str
        body: dict[str, object]
        match event:
            case TaskStarted() | UndoStarted():
                kind, body = "started", {"attempt": event.attempt}
            case TaskSpawned():
                kind, body = "spawned", {"attempt": event.attempt, "pid": event.pid}
            case TaskEnded() | UndoEnded():
                kind, body = "ended", self._attempt(event.task_id, event.attempt, undo=undo)
            case TaskLost():
                kind, body = "lost", self._attempt(event.task_id, event.attempt, undo=undo)
            case TaskRetrying():
                kind, body = "retrying", {"attempt": event.attempt, "pause": event.pause}
            case TaskFinal():
                kind, body = "final", {"state": event.state}
            case TaskAdded(task=task):
                return _of("task_added", event, {"task": task.id, "depends_on": task.depends_on})
        return _of(f"{'undo' if undo else 'task'}_{kind}", event, {"task": event.task_id, **body})

    def _start(self, event: RunStarted) -> dict[str, object]:
        body: dict[str, object] = {
            "run_id": event.run_id,
            "graph_id": event.graph.id,
            "system": event.system,
            "tasks": len(event.graph.tasks),
            "max_parallel": event.max_parallel,
            "directory": str(event.directory.path) if event.directory is not None else None,
        }
        if event.past:
            progress = Progress(event)
            body |= {"resumed": progress.origin, "tasks": progress.total, "states": progress.states}
        return body

    def _attempt(self, task_id: str, attempt: Attempt, *, undo: bool) -> dict[str, object]:
        # What does nothing prints nothing: there may be thousands of these, and each look for a log takes longer than
        # the rest of the line.
        silent = task_id in self._silent and not undo
        log = None if self._directory is None or silent else self._directory.log(task_id, attempt.number, undo=undo)
        body: dict[str, object] = {
            "attempt": attempt.number,
            "outcome": attempt.outcome,
            "seconds": round(attempt.seconds, 3),
            "exit_code": attempt.exit_code,
            "error": attempt.error,
            "log": str(log) if log is not None and log.exists() else None,
        }
        if attempt.cpu_seconds is not None:
            body["cpu_seconds"] = round(attempt.cpu_seconds, 3)
        if attempt.peak_memory is not None:
            body["peak_memory"] = attempt.peak_memory
        return body


def _of(kind: str, event: Event, body: dict[str, object]) -> dict[str, object]:
    return {"event": kind, "time": event.time, **body}
