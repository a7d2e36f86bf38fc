"""The observer that writes down what happened, as a RunRecord."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.engine.events import (
    RunResumed,
    RunStarted,
    RunStopping,
    TaskAdded,
    TaskEnded,
    TaskFinal,
    TaskLost,
    UndoEnded,
)
from taskgraph_core.record import RunRecord, TaskRecord

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import Task
    from taskgraph_core.record import Attempt, RunState, TaskState, Undo


class Recorder:
    """Collects attempts, final states and undoing by task."""

    def __init__(self) -> None:
        self._started: RunStarted | None = None
        self._tasks: dict[str, Task] = {}
        self._attempts: dict[str, list[Attempt]] = {}
        self._states: dict[str, TaskState] = {}
        self._undo_attempts: dict[str, list[Attempt]] = {}
        self._undo: dict[str, Undo] = {}
        self._stopped = ""
        self._resumed: list[float] = []

    def __call__(self, event: Event) -> None:  # noqa: C901 - one case for each event
        """Take note of one event."""
        match event:
            case TaskEnded(task_id=task_id, attempt=attempt):
                self._attempts.setdefault(task_id, []).append(attempt)
            case TaskFinal(task_id=task_id, state=state):
                self._states[task_id] = state
            case UndoEnded(task_id=task_id, attempt=attempt):
                self._undo_attempts.setdefault(task_id, []).append(attempt)
                self._undo[task_id] = "undone" if attempt.outcome == "success" else "failed"
            case TaskLost(task_id=task_id, attempt=attempt, undo=undo):
                (self._undo_attempts if undo else self._attempts).setdefault(task_id, []).append(attempt)
            case TaskAdded(task=task):
                self._tasks[task.id] = task
            case RunStopping(reason=reason):
                self._stopped = self._stopped or reason
            case RunResumed(time=time, again=again):
                self._resumed.append(time)
                if again:
                    self._stopped = ""
                    self._undo.clear()
            case RunStarted():
                self._started = event
                self._tasks.update(event.graph.by_id)
                for past in event.past:
                    self(past)

    def record(self, state: RunState, ended: float) -> RunRecord:
        """The record of the run, tasks in the graph's order.

        Raises:
            ValueError: no run began.
        """
        if self._started is None:
            msg = "no run began"
            raise ValueError(msg)
        run = self._started
        return RunRecord(
            run_id=run.run_id,
            graph_id=run.graph.id,
            fingerprint=run.graph.fingerprint,
            system=run.system,
            state=state,
            started=run.time,
            ended=ended,
            stopped=self._stopped,
            resumed=tuple(self._resumed),
            tasks=tuple(self._task(task_id) for task_id in self._tasks),
        )

    def _task(self, task_id: str) -> TaskRecord:
        return TaskRecord(
            id=task_id,
            state=self._states[task_id],
            attempts=tuple(self._attempts.get(task_id, ())),
            undo=self._undo.get(task_id),
            undo_attempts=tuple(self._undo_attempts.get(task_id, ())),
        )
