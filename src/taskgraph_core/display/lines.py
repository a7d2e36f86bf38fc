"""The plain display: one line an event, for logs, pipes and small terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from taskgraph_core.display.output import Output
from taskgraph_core.display.summary import name_of, summary
from taskgraph_core.duration import human
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
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event, TaskEvent
    from taskgraph_core.record import Attempt


class PlainDisplay:
    """Writes lines to a stream: seconds since the start, what happened, to which task."""

    def __init__(self, stream: TextIO) -> None:
        self._output = Output(stream)
        self._run: RunStarted | None = None
        self._stopping: RunStopping | None = None
        self._told: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """Write the line of one event, if it has one."""
        if isinstance(event, RunStarted):
            self._run = event
        if isinstance(event, RunStopping):
            self._stopping = event
        if self._run is None:
            return
        text = self._text(event, self._run)
        if text:
            self._output.line(f"{event.time - self._run.time:9.2f}s  {text}")
        if isinstance(event, RunEnded):
            self._output.line("")
            for line in summary(event.record, self._run.graph, self._run.directory, self._stopping):
                self._output.line(line.text)

    def _text(self, event: Event, run: RunStarted) -> str:
        match event:
            case RunStarted():
                tasks = f"{len(run.graph.tasks):,} task{'s' if len(run.graph.tasks) != 1 else ''}"
                return f"run {run.run_id} of {run.graph.id}: {tasks}, at most {run.max_parallel:,} at a time"
            case RunStopping(reason=reason, hint=hint, at_once=at_once):
                return f"stopping {'at once, ' if at_once else ''}because {plain(reason)}{f' ({hint})' if hint else ''}"
            case RunAborted(error=error):
                return f"aborted  by {plain(describe(error))}"
            case RunEnded():
                return ""
        return self._about_task(event, run, name_of(run.graph, event.task_id))

    def _about_task(self, event: TaskEvent, run: RunStarted, name: str) -> str:
        match event:
            case TaskStarted(attempt=number):
                return f"start    {name}{_attempt_of(run, event.task_id, number)}"
            case TaskEnded(attempt=attempt):
                self._told[event.task_id] = attempt.outcome
                return f"{attempt.outcome:<8} {name}{_how(attempt)}"
            case TaskRetrying(attempt=number, pause=pause):
                return f"retry    {name} in {human(pause)}{_attempt_of(run, event.task_id, number)}"
            case TaskFinal(state=state):
                return "" if self._told.pop(event.task_id, "") == state else f"{state:<8} {name}"
            case UndoStarted(attempt=number):
                return f"undo     {name}{_attempt_of(run, event.task_id, number)}"
            case UndoEnded(attempt=attempt):
                return f"{'undone' if attempt.outcome == 'success' else 'not undone':<8} {name}{_how(attempt)}"


def _attempt_of(run: RunStarted, task_id: str, number: int) -> str:
    return f" (attempt {number} of {run.graph.by_id[task_id].retry.attempts})" if number > 1 else ""


def _how(attempt: Attempt) -> str:
    error = f": {plain(attempt.error)}" if attempt.error else ""
    return f" after {human(attempt.seconds)}{error}"
