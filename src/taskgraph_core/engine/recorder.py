"""The observer that writes down what happened, as a RunRecord."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

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
    from collections.abc import Callable, Container

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import Task
    from taskgraph_core.record import Attempt, RunState, TaskState, Undo


class Recorder:
    """Collects attempts, final states and undoing by task."""

    def __init__(self) -> None:
        self._started: RunStarted | None = None
        self._tasks: dict[str, Task] = {}
        self._attempts: dict[str, tuple[Attempt, ...]] = {}
        self._states: dict[str, TaskState] = {}
        self._undo_attempts: dict[str, tuple[Attempt, ...]] = {}
        self._undo: dict[str, Undo] = {}
        self._stopped = ""
        self._resumed: list[float] = []

    @property
    def heeds(self) -> Container[type[Event]]:
        """The events it is about."""
        return self._notes

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        note = self._notes.get(type(event))
        if note is not None:
            note(self, event)

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
        return TaskRecord.trusted(
            {
                "id": task_id,
                "state": self._states[task_id],
                "attempts": self._attempts.get(task_id, ()),
                "undo": self._undo.get(task_id),
                "undo_attempts": self._undo_attempts.get(task_id, ()),
            }
        )

    def _note_end(self, event: TaskEnded) -> None:
        self._attempts[event.task_id] = (*self._attempts.get(event.task_id, ()), event.attempt)

    def _note_final(self, event: TaskFinal) -> None:
        self._states[event.task_id] = event.state

    def _note_undo(self, event: UndoEnded) -> None:
        self._undo_attempts[event.task_id] = (*self._undo_attempts.get(event.task_id, ()), event.attempt)
        self._undo[event.task_id] = "undone" if event.attempt.outcome == "success" else "failed"

    def _note_loss(self, event: TaskLost) -> None:
        attempts = self._undo_attempts if event.undo else self._attempts
        attempts[event.task_id] = (*attempts.get(event.task_id, ()), event.attempt)

    def _note_addition(self, event: TaskAdded) -> None:
        self._tasks[event.task.id] = event.task

    def _note_stopping(self, event: RunStopping) -> None:
        self._stopped = self._stopped or event.reason

    def _note_resumption(self, event: RunResumed) -> None:
        self._resumed.append(event.time)
        if event.again:
            self._stopped = ""
            self._undo.clear()

    def _note_beginning(self, event: RunStarted) -> None:
        self._started = event
        self._tasks.update(event.graph.by_id)
        for past in event.past:
            self(past)

    # By type: looked up for every event of a run, where a chain of patterns would be tried one by one.
    _notes: ClassVar[dict[type, Callable[[Recorder, Any], None]]] = {
        TaskEnded: _note_end,
        TaskFinal: _note_final,
        UndoEnded: _note_undo,
        TaskLost: _note_loss,
        TaskAdded: _note_addition,
        RunStopping: _note_stopping,
        RunResumed: _note_resumption,
        RunStarted: _note_beginning,
    }
