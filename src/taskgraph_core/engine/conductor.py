"""Between the scheduler and the world: every decision becomes an event before anyone acts on it.

No clock and no I/O of its own, so a real run and a simulated one share it: they differ only in
what makes time pass and attempts end. All decisions are the scheduler's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from taskgraph_core.engine.options import parallel_tasks
from taskgraph_core.engine.recorder import Recorder
from taskgraph_core.errors import EngineError
from taskgraph_core.record import Attempt
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.engine.attempt import Result
    from taskgraph_core.engine.events import Event, Observer
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import Retry, TaskGraph
    from taskgraph_core.record import RunRecord
    from taskgraph_core.scheduler import Step


class Conductor:
    """One run: tells the scheduler what happened, the observers what was decided, and keeps the record.

    Set ``directory`` before ``begin`` if the run has a place on disk.

    Raises:
        EngineError: the graph is not sound, so that no run of it could end.
    """

    def __init__(
        self,
        graph: TaskGraph,
        observers: Sequence[Observer],
        *,
        run_id: str,
        system: str,
        max_parallel: int | None = None,
        worker: str = "",
    ) -> None:
        self.graph = graph
        self.run_id = run_id
        self.directory: RunDirectory | None = None
        self.max_parallel = parallel_tasks(graph, max_parallel)
        self.undoing = False
        self._hurried = False
        self._system = system
        self._worker = worker
        try:
            self._scheduler = scheduler_for(graph, max_parallel=self.max_parallel, seed=run_id)
        except ValueError as error:
            fix = "run 'taskgraph check' on the plan"
            raise EngineError(str(error), where=f"graph {graph.id!r}", fix=fix) from error
        self._recorder = Recorder()
        self._observers = (self._recorder, *observers)
        self._running: dict[str, tuple[int, float]] = {}
        self._failed: dict[str, int] = {}

    def begin(self, now: float) -> None:
        """Announce the run."""
        waits_for = self._scheduler.waits_for
        self._tell(RunStarted(now, self.run_id, self._system, self.graph, self.max_parallel, self.directory, waits_for))

    def poll(self, now: float) -> Step:
        """Ask the scheduler what to do, and announce it."""
        step = self._scheduler.poll(now)
        if self._hurried:
            step.undo.clear()
            step.done = not self._running
        for task_id, state in step.final:
            self._failed.pop(task_id, None)
            self._tell(TaskFinal(now, task_id, state))
        for task_id, number in self._failed.items():
            pause = nominal_pause(self.graph.by_id[task_id].retry, number)
            self._tell(TaskRetrying(now, task_id, number + 1, pause))
        self._failed.clear()
        for task_id, number in step.start:
            self._running[task_id] = number, now
            self._tell(TaskStarted(now, task_id, number))
        for task_id, number in step.undo:
            self.undoing = True
            self._running[task_id] = number, now
            self._tell(UndoStarted(now, task_id, number))
        return step

    def ended(self, task_id: str, result: Result, now: float) -> None:
        """An attempt, or an attempt at undoing, ended."""
        number, started = self._running.pop(task_id)
        attempt = Attempt(
            number=number,
            started=started,
            ended=now,
            outcome=result.outcome,
            exit_code=result.exit_code,
            error=result.error,
            worker=self._worker,
        )
        if self.undoing:
            self._tell(UndoEnded(now, task_id, attempt))
        else:
            self._tell(TaskEnded(now, task_id, attempt))
            if result.outcome == "failed":
                self._failed[task_id] = number
        self._scheduler.finished(task_id, result.outcome, now)

    def cancel(self, reason: str, now: float, hint: str = "") -> None:
        """End the run before its time; the next poll says what to stop."""
        self._tell(RunStopping(now, reason, hint))
        self._scheduler.cancel()

    def hurry(self, reason: str, now: float) -> None:
        """Announce that what runs is killed without grace, and let no rollback follow."""
        self._hurried = True
        self._tell(RunStopping(now, reason, at_once=True))
        self._scheduler.cancel()

    def record(self, now: float) -> RunRecord:
        """The record of the run, which ends now."""
        return self._recorder.record(self._scheduler.run_state, now)

    def end(self, record: RunRecord) -> None:
        """Announce that the run ended; nothing comes after."""
        self._tell(RunEnded(record.ended, record))

    def abort(self, error: BaseException, now: float) -> None:
        """Announce that the run broke off; no observer can object any more."""
        for observer in self._observers:
            try:
                observer(RunAborted(now, error))
            except Exception:  # noqa: BLE001, S112 - the first error is the one to raise
                continue

    def why_stuck(self) -> str:
        """What every open task waits for, should nothing ever be able to start."""
        states = self._scheduler.states
        open_tasks = [task.id for task in self.graph.tasks if task.id not in states]
        reasons = [f"{task_id!r} waits for {self._scheduler.waits_for(task_id)}" for task_id in open_tasks[:3]]
        return "; ".join(reasons)

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)


def nominal_pause(retry: Retry, attempt: int) -> float:
    """Seconds between attempt n and the next, before jitter stretches them."""
    try:
        return min(retry.delay * retry.factor ** (attempt - 1), retry.max_delay)
    except OverflowError:
        return retry.max_delay
