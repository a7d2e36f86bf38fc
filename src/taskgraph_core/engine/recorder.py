"""The observer that writes down what happened, as a RunRecord."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.engine.events import RunStarted, TaskEnded, TaskFinal, UndoEnded
from taskgraph_core.record import RunRecord, TaskRecord

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event
    from taskgraph_core.record import Attempt, RunState, TaskState


class Recorder:
    """Collects attempts, final states and undoing by task."""

    def __init__(self) -> None:
        self._started: RunStarted | None = None
        self._attempts: dict[str, list[Attempt]] = {}
        self._states: dict[str, TaskState] = {}
        self._undoing: dict[str, Attempt] = {}

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        match event:
            case TaskEnded(task_id=task_id, attempt=attempt):
                self._attempts.setdefault(task_id, []).append(attempt)
            case TaskFinal(task_id=task_id, state=state):
                self._states[task_id] = state
            case UndoEnded(task_id=task_id, attempt=attempt):
                self._undoing[task_id] = attempt
            case RunStarted():
                self._started = event

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
            tasks=tuple(self._task(task.id) for task in run.graph.tasks),
        )

    def _task(self, task_id: str) -> TaskRecord:
        undoing = self._undoing.get(task_id)
        return TaskRecord(
            id=task_id,
            state=self._states[task_id],
            attempts=tuple(self._attempts.get(task_id, ())),
            undo=None if undoing is None else "undone" if undoing.outcome == "success" else "failed",
            undo_error="" if undoing is None else undoing.error,
        )
