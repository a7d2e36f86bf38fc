"""Between the scheduler and the world: every decision is recorded, then told, then acted on.

No clock and no I/O of its own, so a real run and a simulated one share it: they differ only in
what makes time pass and attempts end. All decisions are the scheduler's.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, get_args

from taskgraph_core.durations import measured
from taskgraph_core.engine.events import (
    Event,
    LimitChanged,
    RunAborted,
    RunEnded,
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
from taskgraph_core.engine.history import LOST, in_flight, replay, still_counting
from taskgraph_core.engine.options import parallel_tasks
from taskgraph_core.engine.recorder import Recorder
from taskgraph_core.errors import EngineError
from taskgraph_core.record import Attempt
from taskgraph_core.scheduling import node_of, scheduler_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from taskgraph_core.engine.attempt import Result
    from taskgraph_core.engine.events import Observer
    from taskgraph_core.engine.history import History
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.record import RunRecord
    from taskgraph_core.scheduler import Step

DONE_WITH = ("success", "skipped")
"""Outcomes of attempts that are never made again."""


class Journal(Protocol):
    """Where events are kept so that a run survives its engine."""

    def write(self, events: Sequence[Event], /) -> None:
        """Record events, all or none; when this returns they outlive this process.

        Raises:
            EngineError: they cannot be recorded.
        """


class Conductor:
    """One run: tells the scheduler what happened, the observers what was decided, and keeps the record.

    Set ``directory`` and ``journal`` before ``begin`` if the run has a place on disk.

    Args:
        graph: what to carry out.
        observers: whom to tell.
        run_id: the run's name.
        system: what the record names as its system.
        max_parallel: most tasks at once, instead of what the graph says.
        worker: where attempts run, for the record.
        growing: tasks may be added until ``close``.
        estimates: seconds to expect of tasks instead of what the graph says, for the order in which they start.

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
        growing: bool = False,
        estimates: Mapping[str, float] | None = None,
    ) -> None:
        self.graph = graph
        self.run_id = run_id
        self.directory: RunDirectory | None = None
        self.journal: Journal | None = None
        self.max_parallel = parallel_tasks(graph, max_parallel)
        self.undoing = False
        self.tasks = dict(graph.by_id)
        self._allowed = self.max_parallel
        self._growing = growing
        self._hurried = False
        self._system = system
        self._worker = worker
        self._estimates = estimates or {}
        try:
            self._scheduler = scheduler_for(
                measured(graph, self._estimates), max_parallel=self.max_parallel, growing=growing, seed=run_id
            )
        except ValueError as error:
            fix = "run 'taskgraph check' on the plan"
            raise EngineError(str(error), where=f"graph {graph.id!r}", fix=fix) from error
        self._recorder = Recorder()
        self._observers = (self._recorder, *observers)
        self._listeners = {kind: self._heeding(kind) for kind in get_args(Event)}
        self._untold: list[Event] = []
        self._running: dict[str, tuple[int, float]] = {}
        self._retrying: dict[str, tuple[int, float]] = {}

    def begin(self, now: float, history: History | None = None) -> None:
        """Announce the run; one that has a history goes on from there.

        Raises:
            EngineError: the history is that of another graph.
        """
        past = [] if history is None else self._catch_up(history)
        waits_for = self._scheduler.waits_for
        started = now if history is None else history.started
        self._tell(
            RunStarted(
                started,
                self.run_id,
                self._system,
                self.graph,
                self.max_parallel,
                self.directory,
                waits_for,
                past,
                self._estimates,
            )
        )
        if history is not None:
            self._make_again(history.events, now)
        self._publish()

    def add(self, task: Task, now: float) -> None:
        """One more task, for a run that grows.

        Raises:
            ValueError: there is one of that id, it depends on something unknown, or the run grows no more.
        """
        self._scheduler.add(node_of(task, task.estimate, self.graph.capacities))
        self.tasks[task.id] = task
        self._tell(TaskAdded(now, task))

    def close(self) -> None:
        """No more tasks will be added."""
        self._growing = False
        self._scheduler.close()

    @property
    def may_rest(self) -> bool:
        """Whether it is in order that nothing runs and nothing can start: it is paused, or more may be added."""
        return self._growing or not self._allowed

    def poll(self, now: float) -> Step:
        """Ask the scheduler what to do, record and announce it; when this returns, it may be done."""
        step = self._scheduler.poll(now)
        if self._hurried:
            step.undo.clear()
            step.done = not self._running
        for task_id, state in step.final:
            self._tell(TaskFinal(now, task_id, state))
        if self._retrying:
            final = dict(step.final)
            for task_id, (number, pause) in self._retrying.items():
                if task_id not in final:
                    self._tell(TaskRetrying(now, task_id, number + 1, pause))
            self._retrying.clear()
        for task_id, number in step.start:
            self._running[task_id] = number, now
            self._tell(TaskStarted(now, task_id, number))
        for task_id, number in step.undo:
            self.undoing = True
            self._running[task_id] = number, now
            self._tell(UndoStarted(now, task_id, number))
        self._publish()
        return step

    def spawned(self, task_id: str, pid: int, born: int, now: float) -> None:
        """A running attempt has become a process."""
        if task_id in self._running:
            self._tell(TaskSpawned(now, task_id, self._running[task_id][0], pid, born))

    def ended(self, task_id: str, result: Result, now: float) -> None:
        """An attempt, or an attempt at undoing, ended; the next poll records and tells it."""
        number, started = self._running.pop(task_id)
        attempt = Attempt.trusted(
            {
                "number": number,
                "started": started,
                "ended": now,
                "outcome": result.outcome,
                "exit_code": result.exit_code,
                "error": result.error,
                "worker": result.worker or self._worker,
                "cpu_seconds": result.cpu_seconds,
                "peak_memory": result.peak_memory,
                "result": result.value,
            }
        )
        self._tell(UndoEnded(now, task_id, attempt) if self.undoing else TaskEnded(now, task_id, attempt))
        due = self._scheduler.finished(task_id, result.outcome, now)
        if due is not None and not self.undoing:
            self._retrying[task_id] = number, due - now

    def limit(self, parallel: int, reason: str, now: float) -> None:
        """From now on at most so many at once, zero for a pause; see ``LimitChanged``."""
        self._allowed = parallel
        self._scheduler.allow(parallel)
        self._tell(LimitChanged(now, parallel, reason))

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
        self._publish()
        return self._recorder.record(self._scheduler.run_state, now)

    def end(self, record: RunRecord) -> None:
        """Record and announce that the run ended; nothing comes after."""
        self._tell(RunEnded(record.ended, record))
        self._publish()

    def abort(self, error: BaseException, now: float, ended: Iterable[tuple[str, Result, float]] = ()) -> None:
        """Announce that the run broke off; no observer can object any more.

        What is done already, ``ended`` or not yet recorded, is recorded if it still can be, so that it is not done
        again. What was stopped is not: the run was not meant to end, so whoever resumes it makes that again.
        """
        for end in ended:
            with suppress(Exception):  # the first error is the one to raise
                self.ended(*end)
        with suppress(Exception):
            self._rescue()
        for observer in self._listeners[RunAborted]:
            with suppress(Exception):
                observer(RunAborted(now, error))

    def why_stuck(self) -> str:
        """What the first open tasks wait for, should nothing ever be able to start."""
        states = self._scheduler.states
        open_tasks = [task_id for task_id in self.tasks if task_id not in states]
        reasons = []
        for task_id in open_tasks[:3]:
            found = ", ".join(map(repr, self._scheduler.waits_for(task_id)[:3]))
            reasons.append(f"task {task_id!r} waits for {found or 'nothing'}")
        if len(open_tasks) > 3:
            reasons.append(f"and {len(open_tasks) - 3} more")
        return "; ".join(reasons)

    def _catch_up(self, history: History) -> list[Event]:
        """Bring the scheduler to where the run was; what is past, with the final states that follow from it."""
        try:
            replay(history.events, self._scheduler)
        except (KeyError, ValueError) as error:
            msg = f"its journal does not fit the plan: {error}"
            raise EngineError(msg, where=f"run {self.run_id!r}", fix="start a new run of the plan") from error
        last = history.events[-1].time if history.events else history.started
        self.undoing = bool(self._scheduler.undone) or any(undo for _, undo in in_flight(history.events).attempts)
        self._hurried = any(
            isinstance(event, RunStopping) and event.at_once for event in still_counting(history.events)
        )
        finals: list[Event] = [TaskFinal(last, task_id, state) for task_id, state in self._scheduler.take_final()]
        return [*history.events, *finals]

    def _make_again(self, events: Sequence[Event], now: float) -> None:
        """What was under way when the engine died is lost; it is made again, unless the plan forgot it meanwhile."""
        counting = in_flight(still_counting(events)).attempts
        for (task_id, undo), (number, started) in in_flight(events).attempts.items():
            if task_id not in self.tasks:
                continue
            attempt = Attempt(
                number=number, started=started, ended=now, outcome="cancelled", error=LOST, worker=self._worker
            )
            self._tell(TaskLost(now, task_id, attempt, undo))
            if (task_id, undo) in counting:
                self._scheduler.lost(task_id, now)

    def _tell(self, event: Event) -> None:
        self._untold.append(event)

    def _publish(self) -> None:
        """Record what there is to tell, all at once, then tell it."""
        events = self._untold
        if self.journal is not None and events:
            self.journal.write(events)
        self._untold = []
        for event in events:
            for observer in self._listeners[type(event)]:
                observer(event)

    def _heeding(self, kind: type[Event]) -> tuple[Observer, ...]:
        """Observers of one kind of event: asked once, because a run of small tasks spends its time telling."""
        return tuple(one for one in self._observers if kind in getattr(one, "heeds", (kind,)))

    def _rescue(self) -> None:
        """Record the ends among what could not be recorded; what was to begin with it did not."""
        ends = [
            event
            for event in self._untold
            if isinstance(event, TaskEnded | UndoEnded) and event.attempt.outcome in DONE_WITH
        ]
        if self.journal is not None and ends:
            self.journal.write(ends)
