"""The loop between the scheduler, which decides, and task runs, which do.

It evaluates nothing itself: what may start, what is skipped, tried again, stopped or undone is
the scheduler's answer to ``poll``. It knows no Prefect either; ``TaskRuns`` is all it needs of it.
It sleeps until a report comes or the scheduler's next moment: nothing is polled.
"""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Protocol

from taskgraph_core.engine.events import RunStopping, TaskEnded, TaskStarted, UndoEnded, UndoStarted
from taskgraph_core.record import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.scheduler import Outcome, Scheduler, State, Step

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


class Journal(Protocol):
    """Where events are kept for a later life of the run."""

    def add(self, *events: Event) -> None:
        """Have events kept, soon."""

    def flush(self) -> None:
        """Wait until everything is kept."""

    def end(self, time: float, state: str) -> None:
        """The run came to its end."""


class Dispatcher:
    """One run.

    Args:
        scheduler: decides.
        runs: do.
        journal: keeps what happened; None to forget it.
        timeout: seconds until the run is cut short; None for no bound.
        clock: seconds, of which the scheduler and the journal are told.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        runs: TaskRuns,
        *,
        journal: Journal | None = None,
        timeout: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scheduler = scheduler
        self._runs = runs
        self._journal = journal
        self._clock = clock
        self._deadline = None if timeout is None else clock() + timeout
        self._reports: queue.SimpleQueue[tuple[str, Outcome] | None] = queue.SimpleQueue()
        self._last_outcome: dict[str, Outcome] = {}
        self._under_way: dict[str, tuple[int, bool, float]] = {}
        self.cut_short = ""

    def cancel(self) -> None:
        """End the run before its time, from any thread; what the policy wants undone is undone."""
        self._reports.put(None)

    def to_the_end(self) -> None:
        """Carry out the whole run; a fault ends all running attempts on its way out."""
        try:
            while not self._go_on():
                pass
        except BaseException:
            self._runs.stop_everything()
            raise
        if self._journal is not None:
            self._journal.end(self._clock(), self._scheduler.run_state)

    def _go_on(self) -> bool:
        """One step; whether it was the last."""
        self._keep_deadline()
        step = self._scheduler.poll(self._clock())
        self._note(step)
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
        if not step.done:
            self._wait(step.wake_at)
        return step.done

    def _note(self, step: Step) -> None:
        """Have the journal know what is about to begin."""
        if not (step.start or step.undo):
            return
        now = self._clock()
        for undo, begun in ((False, step.start), (True, step.undo)):
            self._under_way.update((task_id, (attempt, undo, now)) for task_id, attempt in begun)
        if self._journal is not None:
            self._journal.add(
                *(TaskStarted(now, task_id, attempt) for task_id, attempt in step.start),
                *(UndoStarted(now, task_id, attempt) for task_id, attempt in step.undo),
            )
            if step.undo:  # what is half undone must never be taken for done
                self._journal.flush()

    def _report(self, task_id: str, outcome: Outcome) -> None:
        self._reports.put((task_id, outcome))

    def _keep_deadline(self) -> None:
        if self._deadline is not None and self._clock() >= self._deadline:
            self._deadline = None
            self._stop("the run's timeout has passed")

    def _stop(self, reason: str) -> None:
        self.cut_short = self.cut_short or reason
        if self._journal is not None:
            self._journal.add(RunStopping(self._clock(), reason))
        self._scheduler.cancel()

    def _wait(self, wake_at: float | None) -> None:
        """Sleep until a report comes or time is up, then tell the scheduler all there is."""
        moments = [moment for moment in (wake_at, self._deadline) if moment is not None]
        patience = max(0.0, min(moments) - self._clock()) if moments else None
        try:
            while True:
                report = self._reports.get(timeout=patience)
                if report is None:
                    self._stop("the run was interrupted")
                else:
                    self._ended(*report)
                patience = 0.0
        except queue.Empty:
            return

    def _ended(self, task_id: str, outcome: Outcome) -> None:
        self._last_outcome[task_id] = outcome
        now = self._clock()
        self._scheduler.finished(task_id, outcome, now)
        if self._journal is not None:
            number, undo, started = self._under_way[task_id]
            attempt = Attempt(number=number, started=started, ended=now, outcome=outcome)
            self._journal.add((UndoEnded if undo else TaskEnded)(now, task_id, attempt))
