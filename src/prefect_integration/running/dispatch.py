"""The loop between the scheduler, which decides, and task runs, which do.

It evaluates nothing itself: what may start, what is skipped, tried again, stopped or undone is
the scheduler's answer to ``poll``. It knows no Prefect either; ``TaskRuns`` is all it needs of it.
"""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.scheduler import Outcome, Scheduler, State

    Report = Callable[[str, Outcome], None]


class TaskRuns(Protocol):
    """Where attempts run. ``report`` may be called from any thread, once for every start."""

    def start(self, task_id: str, attempt: int, report: Report) -> None:
        """Begin an attempt of a task."""

    def undo(self, task_id: str, attempt: int, report: Report) -> None:
        """Begin an attempt to undo a task."""

    def stop(self, task_id: str) -> None:
        """Ask the running attempt of a task to end; it reports when it has."""

    def show(self, task_id: str, state: State) -> None:
        """Make visible how a task ended that did not get there by an attempt."""

    def stop_everything(self) -> None:
        """End whatever runs; nobody will wait for reports."""


def drive(
    scheduler: Scheduler,
    runs: TaskRuns,
    *,
    timeout: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Carry out a whole run; whether it was cut short by its timeout (seconds).

    Whatever interrupts it, a signal or a fault, ends all running attempts on its way out.
    """
    try:
        return _Drive(scheduler, runs, clock, timeout).to_the_end()
    except BaseException:
        runs.stop_everything()
        raise


class _Drive:
    def __init__(self, scheduler: Scheduler, runs: TaskRuns, clock: Callable[[], float], timeout: float | None) -> None:
        self._scheduler = scheduler
        self._runs = runs
        self._clock = clock
        self._deadline = None if timeout is None else clock() + timeout
        self._reports: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()
        self._last_outcome: dict[str, Outcome] = {}
        self._cut_short = False

    def to_the_end(self) -> bool:
        while True:
            self._keep_deadline()
            step = self._scheduler.poll(self._clock())
            # First what never ran, so that what starts now can already point to it.
            for task_id, state in step.final:
                if self._last_outcome.get(task_id) != state:
                    self._runs.show(task_id, state)
            for task_id in step.stop:
                self._runs.stop(task_id)
            for task_id, attempt in step.start:
                self._runs.start(task_id, attempt, self._report)
            for task_id, attempt in step.undo:
                self._runs.undo(task_id, attempt, self._report)
            if step.done:
                return self._cut_short
            self._wait(step.wake_at)

    def _report(self, task_id: str, outcome: Outcome) -> None:
        self._reports.put((task_id, outcome))

    def _keep_deadline(self) -> None:
        if self._deadline is not None and self._clock() >= self._deadline:
            self._deadline = None
            self._cut_short = True
            self._scheduler.cancel()

    def _wait(self, wake_at: float | None) -> None:
        """Sleep until a report comes or time is up, then tell the scheduler all there is."""
        moments = [moment for moment in (wake_at, self._deadline) if moment is not None]
        patience = max(0.0, min(moments) - self._clock()) if moments else None
        try:
            while True:
                task_id, outcome = self._reports.get(timeout=patience)
                self._last_outcome[task_id] = outcome
                self._scheduler.finished(task_id, outcome, self._clock())
                patience = 0.0
        except queue.Empty:
            return
