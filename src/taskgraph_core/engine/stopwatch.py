"""The observer that keeps what tasks took, so that the next run knows it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from taskgraph_core.durations import remember
from taskgraph_core.engine.events import RunEnded, RunResumed, RunStarted, TaskAdded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import Task
    from taskgraph_core.record import RunRecord


class Stopwatch:
    """Writes down, when a run ends, what every attempt that succeeded took.

    Nothing depends on it: a disk that refuses is no reason to fail.
    """

    heeds = frozenset({RunStarted, RunResumed, TaskAdded, RunEnded})

    def __init__(self, project: Path) -> None:
        self._project = project
        self._tasks: dict[str, Task] = {}
        self._since: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        if isinstance(event, RunStarted):
            self._tasks.update(event.graph.by_id)
            for past in event.past:
                self(past)
        elif isinstance(event, TaskAdded):
            self._tasks[event.task.id] = event.task
        elif isinstance(event, RunResumed):
            # What came before was written down when the run had ended; or it was the work of another action.
            no_more = self._tasks if event.again else event.forget
            self._since.update(dict.fromkeys(no_more, event.time))
        elif isinstance(event, RunEnded):
            with suppress(OSError):
                remember(self._project, event.record.graph_id, self._took(event.record))

    def _took(self, record: RunRecord) -> Iterator[tuple[Task, float]]:
        for task in record.tasks:
            for attempt in task.attempts:
                if attempt.outcome == "success" and attempt.started >= self._since.get(task.id, 0.0):
                    yield self._tasks[task.id], attempt.seconds
