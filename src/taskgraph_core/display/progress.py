"""How far a run is, kept up event by event, for displays that draw the whole of it again and again.

Every event costs the same small time, however large the graph; what costs more is
computed when a picture is drawn. What happened in earlier lives of the run counts like the rest.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from taskgraph_core.display.gates import Gates
from taskgraph_core.engine.events import (
    LimitChanged,
    RunResumed,
    RunStopping,
    TaskAdded,
    TaskEnded,
    TaskFinal,
    TaskLost,
    TaskRetrying,
    TaskStarted,
    UndoEnded,
    UndoStarted,
)
from taskgraph_core.engine.history import still_counting

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event, RunStarted
    from taskgraph_core.ir import Task
    from taskgraph_core.record import Attempt, TaskState

FAILURES_KEPT = 20

LOOKED_AT = 200
"""Ready tasks asked what they wait for, at most, for one picture."""


@dataclass(slots=True)
class Running:
    """An attempt that is going on."""

    attempt: int
    since: float


@dataclass(slots=True)
class GroupProgress:
    """How many tasks of a group are final, failed or running."""

    total: int = 0
    final: int = 0
    failed: int = 0
    running: int = 0


class Progress:
    """The state of one run.

    Attributes:
        origin: when this life of the run began; what a stopwatch counts from.
        attempts: the last attempt of each task that has ended one.
        happened: every start and end, in order, for whoever wants to think the run through to its end.
    """

    def __init__(self, start: RunStarted) -> None:
        self.start = start
        self.origin = start.time
        self.tasks: dict[str, Task] = {}
        self.states: dict[str, TaskState] = {}
        self.counts: Counter[str] = Counter()
        self.running: dict[str, Running] = {}
        self.resting: dict[str, tuple[int, float]] = {}
        self.attempts: dict[str, Attempt] = {}
        self.failures: deque[tuple[str, str]] = deque(maxlen=FAILURES_KEPT)
        self.groups: dict[str, GroupProgress] = {}
        self.gates = Gates(start.graph.resources)
        self.happened: list[Event] = []
        self.limit: LimitChanged | None = None
        self.stopping: RunStopping | None = None
        self.undoing = False
        self.undone = 0
        self.ready: dict[str, None] = {}
        self._open_upstream: dict[str, int] = {}
        self._downstream: dict[str, list[str]] = {task.id: [] for task in start.graph.tasks}
        for task in start.graph.tasks:
            self._add(task)
        for event in still_counting(start.past):
            self.note(event)
        self.done_before = self.final

    def note(self, event: Event) -> None:  # noqa: C901, PLR0912 - one case for each event
        """Take one event into account."""
        match event:
            case TaskStarted(time=time, task_id=task_id, attempt=attempt):
                self.happened.append(event)
                self._no_longer_waits(task_id)
                self._start(task_id, attempt, time)
            case TaskEnded(task_id=task_id, attempt=ended):
                self.happened.append(event)
                self._end(task_id, ended)
                self.attempts[task_id] = ended
            case TaskFinal(task_id=task_id, state=state):
                self._final(task_id, state)
            case TaskRetrying(time=time, task_id=task_id, attempt=attempt, pause=pause):
                self.resting[task_id] = attempt, time + pause
            case UndoStarted(time=time, task_id=task_id, attempt=attempt):
                self.undoing = True
                self._start(task_id, attempt, time)
            case UndoEnded(task_id=task_id, attempt=ended):
                self._end(task_id, ended)
                if ended.outcome == "success":
                    self.undone += 1
                else:
                    self.failures.append((task_id, f"not undone: {ended.error}"))
            case TaskAdded(task=task):
                self._add(task)
            case TaskLost(task_id=task_id, attempt=ended, undo=undo):
                self._lose(event, task_id, ended, undo=undo)
            case LimitChanged():
                self.limit = event
            case RunStopping():
                self.stopping = event
            case RunResumed(time=time):
                self.origin = time
                self.limit = None  # a pause, or a full machine, was that of the engine before

    @property
    def parallel(self) -> int:
        """Most tasks at once, now."""
        return self.start.max_parallel if self.limit is None else self.limit.parallel

    @property
    def total(self) -> int:
        """How many tasks there are."""
        return len(self.tasks)

    @property
    def final(self) -> int:
        """How many tasks are final."""
        return len(self.states)

    @property
    def waiting(self) -> int:
        """How many tasks neither run, nor rest before a retry, nor are final."""
        return self.total - self.final - (0 if self.undoing else len(self.running)) - len(self.resting)

    def waits(self) -> list[tuple[str | None, int]]:
        """What waiting tasks wait for, and how many for each: "" for other tasks, None for a free place, a resource."""
        reasons: Counter[str | None] = Counter()
        for task_id in islice(self.ready, LOOKED_AT):
            held_by = self.start.waits_for(task_id)
            reasons[held_by[0] if held_by else None] += 1
        if len(self.ready) > LOOKED_AT:  # whatever the first wait for, the rest wait behind them
            reasons[None] += len(self.ready) - LOOKED_AT
        others = self.waiting - len(self.ready)
        return ([("", others)] if others > 0 else []) + reasons.most_common()

    def _add(self, task: Task) -> None:
        self.tasks[task.id] = task
        self._downstream.setdefault(task.id, [])
        for other in task.depends_on:
            self._downstream[other].append(task.id)
        open_upstream = sum(other not in self.states for other in task.depends_on)
        self._open_upstream[task.id] = open_upstream
        if not open_upstream:
            self.ready[task.id] = None
        if task.group is not None:
            self.groups.setdefault(task.group, GroupProgress()).total += 1

    def _start(self, task_id: str, attempt: int, time: float) -> None:
        self.running[task_id] = Running(attempt, time)
        task = self.tasks[task_id]
        self.gates.enter(task, time)
        if task.group is not None:
            self.groups[task.group].running += 1

    def _end(self, task_id: str, attempt: Attempt) -> None:
        if self.running.pop(task_id, None) is None:
            return
        task = self.tasks[task_id]
        self.gates.leave(task, attempt.outcome, attempt.ended)
        if task.group is not None:
            self.groups[task.group].running -= 1

    def _lose(self, event: TaskLost, task_id: str, attempt: Attempt, *, undo: bool) -> None:
        """It is made again, so it waits; one that was forgotten meanwhile waits already."""
        if task_id not in self.running:
            return
        self._end(task_id, attempt)
        if not undo:
            self.happened.append(event)
            self.ready[task_id] = None

    def _final(self, task_id: str, state: TaskState) -> None:
        if task_id in self.states:  # a run that goes on says again what is final
            return
        self.states[task_id] = state
        self.counts[state] += 1
        self._no_longer_waits(task_id)
        if state == "failed":
            attempt = self.attempts.get(task_id)
            self.failures.append((task_id, attempt.error if attempt is not None else ""))
        task = self.tasks[task_id]
        if task.group is not None:
            group = self.groups[task.group]
            group.final += 1
            group.failed += state == "failed"
        for other in self._downstream[task_id]:
            if other in self._open_upstream:
                self._open_upstream[other] -= 1
                if not self._open_upstream[other]:
                    self.ready[other] = None

    def _no_longer_waits(self, task_id: str) -> None:
        self._open_upstream.pop(task_id, None)
        self.ready.pop(task_id, None)
        self.resting.pop(task_id, None)
