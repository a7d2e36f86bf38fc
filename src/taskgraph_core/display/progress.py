"""How far a run is, kept up event by event, for displays that draw the whole of it again and again.

Every event costs the same small time, however large the graph; what costs more is
computed when a picture is drawn.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from taskgraph_core.engine.events import (
    RunStopping,
    TaskEnded,
    TaskFinal,
    TaskRetrying,
    TaskStarted,
    UndoEnded,
    UndoStarted,
)

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event, RunStarted
    from taskgraph_core.ir import TaskGraph

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

    total: int
    final: int = 0
    failed: int = 0
    running: int = 0


class Progress:
    """The state of one run."""

    def __init__(self, start: RunStarted) -> None:
        self.start = start
        self.graph: TaskGraph = start.graph
        self.counts: Counter[str] = Counter()
        self.running: dict[str, Running] = {}
        self.resting: dict[str, tuple[int, float]] = {}
        self.failures: deque[tuple[str, str]] = deque(maxlen=FAILURES_KEPT)
        self.groups = {name: GroupProgress(len(members)) for name, members in self.graph.groups.items()}
        self.stopping: RunStopping | None = None
        self.undoing = False
        self.undone = 0
        self._errors: dict[str, str] = {}
        self._open_upstream = {task.id: len(task.depends_on) for task in self.graph.tasks}
        self._downstream: dict[str, list[str]] = {task.id: [] for task in self.graph.tasks}
        for task in self.graph.tasks:
            for other in task.depends_on:
                self._downstream[other].append(task.id)
        self.ready = {task.id: None for task in self.graph.tasks if not task.depends_on}

    def note(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case TaskStarted(time=time, task_id=task_id, attempt=attempt):
                self._no_longer_waits(task_id)
                self._start(task_id, attempt, time)
            case TaskEnded(task_id=task_id, attempt=ended):
                self._end(task_id)
                self._errors[task_id] = ended.error
            case TaskRetrying(time=time, task_id=task_id, attempt=attempt, pause=pause):
                self.resting[task_id] = attempt, time + pause
            case TaskFinal(task_id=task_id, state=state):
                self._final(task_id, state)
            case UndoStarted(time=time, task_id=task_id, attempt=attempt):
                self.undoing = True
                self._start(task_id, attempt, time)
            case UndoEnded(task_id=task_id, attempt=ended):
                self._end(task_id)
                if ended.outcome == "success":
                    self.undone += 1
                else:
                    self.failures.append((task_id, f"not undone: {ended.error}"))
            case RunStopping():
                self.stopping = event

    @property
    def total(self) -> int:
        """How many tasks there are."""
        return len(self.graph.tasks)

    @property
    def final(self) -> int:
        """How many tasks are final."""
        return self.counts.total()

    @property
    def waiting(self) -> int:
        """How many tasks neither run, nor rest before a retry, nor are final."""
        return self.total - self.final - (0 if self.undoing else len(self.running)) - len(self.resting)

    def waits(self) -> list[tuple[str, int]]:
        """What waiting tasks wait for, and how many for each: other tasks, a free place, resources by name."""
        reasons: Counter[str] = Counter()
        for task_id in islice(self.ready, LOOKED_AT):
            held_by = self.start.waits_for(task_id)
            reasons[held_by[0] if held_by else ""] += 1
        if len(self.ready) > LOOKED_AT:  # whatever the first wait for, the rest wait behind them
            reasons[""] += len(self.ready) - LOOKED_AT
        found = [(f"for {name}" if name else "for a free place", number) for name, number in reasons.most_common()]
        others = self.waiting - len(self.ready)
        return ([("for other tasks", others)] if others > 0 else []) + found

    def _start(self, task_id: str, attempt: int, time: float) -> None:
        self.running[task_id] = Running(attempt, time)
        group = self._group(task_id)
        if group is not None:
            group.running += 1

    def _end(self, task_id: str) -> None:
        del self.running[task_id]
        group = self._group(task_id)
        if group is not None:
            group.running -= 1

    def _final(self, task_id: str, state: str) -> None:
        self.counts[state] += 1
        self._no_longer_waits(task_id)
        error = self._errors.pop(task_id, "")
        if state == "failed":
            self.failures.append((task_id, error))
        group = self._group(task_id)
        if group is not None:
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

    def _group(self, task_id: str) -> GroupProgress | None:
        name = self.graph.by_id[task_id].group
        return None if name is None else self.groups[name]
