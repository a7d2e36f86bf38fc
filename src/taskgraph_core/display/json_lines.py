"""The display for programs: one JSON object an event, a line each; the last line is the record's summary.

Everything is ASCII with escapes, so no text of a task can end a line or reach a terminal raw.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from taskgraph_core.display.output import Output
from taskgraph_core.engine.attempt import describe
from taskgraph_core.engine.events import (
    RunAborted,
    RunEnded,
    RunStarted,
    RunStopping,
    TaskEnded,
    TaskFinal,
    TaskRetrying,
    TaskStarted,
    UndoEnded,
    UndoStarted,
)

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.rundir import RunDirectory


class JsonDisplay:
    """Writes one object a line; each has ``event`` and ``time``, and those about a task ``task``."""

    def __init__(self, stream: TextIO) -> None:
        self._output = Output(stream)
        self._directory: RunDirectory | None = None

    def __call__(self, event: Event) -> None:
        """Write the line of one event."""
        if isinstance(event, RunStarted):
            self._directory = event.directory
        self._output.line(json.dumps(self._object(event)))

    def _object(self, event: Event) -> dict[str, object]:
        match event:
            case RunEnded(record=record):
                return record.summary()
            case RunStarted():
                body: dict[str, object] = {
                    "run_id": event.run_id,
                    "graph_id": event.graph.id,
                    "system": event.system,
                    "tasks": len(event.graph.tasks),
                    "max_parallel": event.max_parallel,
                    "directory": str(event.directory.path) if event.directory is not None else None,
                }
                return {"event": "run_started", "time": event.time, **body}
            case TaskStarted() | UndoStarted():
                kind, body = "started", {"attempt": event.attempt}
            case TaskEnded() | UndoEnded():
                kind, body = "ended", self._attempt(event)
            case TaskRetrying():
                kind, body = "retrying", {"attempt": event.attempt, "pause": event.pause}
            case TaskFinal():
                kind, body = "final", {"state": event.state}
            case RunStopping():
                return {"event": "run_stopping", "time": event.time, "reason": event.reason, "at_once": event.at_once}
            case RunAborted():
                return {"event": "run_aborted", "time": event.time, "error": describe(event.error)}
        what = "undo" if isinstance(event, UndoStarted | UndoEnded) else "task"
        return {"event": f"{what}_{kind}", "time": event.time, "task": event.task_id, **body}

    def _attempt(self, event: TaskEnded | UndoEnded) -> dict[str, object]:
        attempt = event.attempt
        undo = isinstance(event, UndoEnded)
        log = None if self._directory is None else self._directory.log(event.task_id, attempt.number, undo=undo)
        return {
            "attempt": attempt.number,
            "outcome": attempt.outcome,
            "seconds": round(attempt.seconds, 3),
            "exit_code": attempt.exit_code,
            "error": attempt.error,
            "log": str(log) if log is not None and log.exists() else None,
        }
