"""What must be true of any run, read off the events in its journal.

Written from what the graph's model promises, without the scheduler's own bookkeeping: it goes through the events
once and counts for itself. A run that was interrupted and taken up again is one sequence of events like any other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from reliability.circuit import Circuit
from taskgraph_core.engine.events import (
    LimitChanged,
    RunResumed,
    RunStopping,
    TaskEnded,
    TaskFinal,
    TaskLost,
    TaskStarted,
    UndoEnded,
    UndoStarted,
)
from taskgraph_core.scheduler import decide

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import Task, TaskGraph

KINDS = (
    "above a capacity or a limit",
    "above a rate",
    "past an open circuit",
    "out of order",
    "run again after recorded success",
    "retried wrongly",
    "lost",
    "undone in the wrong order",
)


@dataclass
class Laws:
    """Follows the events of one run and collects what should not be, by kind."""

    graph: TaskGraph
    max_parallel: float
    broken: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def __post_init__(self) -> None:
        tasks = self.graph.by_id
        self.limit = self.max_parallel
        self.running: dict[str, int] = {}
        self.states: dict[str, str] = {}
        self.failures: Counter[str] = Counter()
        self.numbers: Counter[tuple[str, bool]] = Counter()
        self.last_failed: dict[str, float] = {}
        self.undoing = False
        self.undone: set[str] = set()
        self.undo_over: set[str] = set()
        self.stopped = False
        self.starts: dict[str, list[float]] = {one.name: [] for one in self.graph.resources}
        self.circuits = {one.name: Circuit(one.breaker) for one in self.graph.resources if one.breaker is not None}
        self.below: dict[str, set[str]] = {task_id: set() for task_id in tasks}
        for task in reversed(self.graph.tasks):
            for other in task.depends_on:
                self.below[other] |= {task.id} | self.below[task.id]

    def follow(self, events: Iterable[Event]) -> None:  # noqa: C901 - one case for each event
        """Take more events into account."""
        for event in events:
            match event:
                case TaskStarted(time=now, task_id=task_id, attempt=number):
                    self._order(self.graph.by_id[task_id])
                    self._retry(self.graph.by_id[task_id], now)
                    self._start(self.graph.by_id[task_id], number, now, undo=False)
                case UndoStarted(time=now, task_id=task_id, attempt=number):
                    self._undo(task_id)
                    self._start(self.graph.by_id[task_id], number, now, undo=True)
                case TaskEnded(time=now, task_id=task_id, attempt=attempt):
                    self._end(task_id, attempt.outcome, now)
                case UndoEnded(time=now, task_id=task_id, attempt=attempt):
                    self._end(task_id, attempt.outcome, now)
                    if attempt.outcome == "success":
                        self.undone.add(task_id)
                    if attempt.outcome != "failed" or self._used_up(task_id):
                        self.undo_over.add(task_id)
                case TaskLost(time=now, task_id=task_id):
                    self._end(task_id, None, now)
                case TaskFinal(task_id=task_id, state=state):
                    self._say("lost", task_id in self.states, f"{task_id} is final twice")
                    self.states[task_id] = state
                case LimitChanged(parallel=parallel):
                    self.limit = parallel
                case RunResumed():
                    self.limit = self.max_parallel
                case RunStopping():
                    self.stopped = True

    def over(self) -> None:
        """The run has ended: nothing is open, and all that was due was undone."""
        for task in self.graph.tasks:
            self._say("lost", task.id not in self.states, f"{task.id} has no final state")
            self._say("lost", task.id in self.running, f"{task.id} still runs")
        due = {task.id for task in self.graph.tasks if self._is_due(task)}
        self._say("undone in the wrong order", due != self.undo_over, f"{sorted(due ^ self.undo_over)} not dealt with")

    def _say(self, kind: str, is_broken: bool, text: str) -> None:  # noqa: FBT001 - the condition itself
        if is_broken:
            self.broken[kind].append(text)

    def _start(self, task: Task, number: int, now: float, *, undo: bool) -> None:
        self.running[task.id] = number
        for kind, text in self._too_much():
            self._say(kind, True, f"{text} when {task.id} starts at {now}")  # noqa: FBT003 - found already
        self.numbers[task.id, undo] += 1
        wrong = number != self.numbers[task.id, undo]
        self._say("retried wrongly", wrong, f"{task.id} starts as attempt {number}")
        for claim in task.claims:
            for resource in self.graph.resources:
                if resource.name != claim.resource:
                    continue
                starts = self.starts[resource.name]
                starts.append(now)
                if resource.rate is not None and len(starts) > resource.rate.amount:
                    early = now < starts[-1 - resource.rate.amount] + resource.rate.seconds
                    self._say("above a rate", early, f"{task.id} starts at {now}")
                if (circuit := self.circuits.get(resource.name)) is not None:
                    self._say("past an open circuit", not circuit.start(task.id, now), f"{task.id} starts at {now}")

    def _end(self, task_id: str, outcome: str | None, now: float) -> None:
        self._say("lost", self.running.pop(task_id, None) is None, f"{task_id} ended and had not started")
        if outcome == "failed":
            self.failures[task_id] += 1
            self.last_failed[task_id] = now
        for claim in self.graph.by_id[task_id].claims:
            if claim.resource in self.circuits:
                self.circuits[claim.resource].end(task_id, outcome, now)

    def _too_much(self) -> Iterable[tuple[str, str]]:
        kind = "above a capacity or a limit"
        if len(self.running) > self.limit:
            yield kind, f"{len(self.running)} run and {self.limit} may"
        claims = [claim for task_id in self.running for claim in self.graph.by_id[task_id].claims]
        for resource in self.graph.resources:
            used = sum(claim.slots for claim in claims if claim.resource == resource.name)
            if used > (resource.capacity or inf):
                yield kind, f"{used} slots of {resource.name} are used"
        things = Counter(claim.resource for claim in claims if claim.mode != "slots")
        for claim in claims:
            if claim.mode == "write" and things[claim.resource] > 1:
                yield kind, f"a writer of {claim.resource} is not alone"

    def _order(self, task: Task) -> None:
        ended = Counter(self.states[other] for other in task.depends_on if other in self.states)
        ended["failed"] += ended.pop("cancelled", 0)
        verdict = decide(task.trigger_rule, ended, len(task.depends_on))
        self._say("out of order", verdict != "run", f"{task.id} starts after {dict(ended)}")
        again = self.states.get(task.id) is not None
        self._say("run again after recorded success", again, f"{task.id}, which is {self.states.get(task.id)}")
        self._say("out of order", self.undoing, f"{task.id} starts while the run is undone")
        self._say("out of order", self.stopped, f"{task.id} starts after the run was stopped")

    def _retry(self, task: Task, now: float) -> None:
        failed, retry = self.failures[task.id], task.retry
        self._say("retried wrongly", failed >= retry.attempts, f"{task.id} starts after {failed} failures")
        if failed:
            rest = min(retry.delay * retry.factor ** (failed - 1), retry.max_delay)
            early = now < self.last_failed[task.id] + rest
            self._say("retried wrongly", early, f"{task.id} starts {now - self.last_failed[task.id]} s after it failed")

    def _used_up(self, task_id: str) -> bool:
        return self.failures[task_id] >= self.graph.by_id[task_id].retry.attempts

    def _is_due(self, task: Task) -> bool:
        failed = {"failed", "cancelled"} & set(self.states.values())
        undoes = bool(failed) and self.graph.policy.rollback
        return undoes and task.rollback is not None and self.states.get(task.id) == "success"

    def _undo(self, task_id: str) -> None:
        if not self.undoing:
            self.undoing = True
            self.failures.clear()
        kind = "undone in the wrong order"
        self._say(kind, not self._is_due(self.graph.by_id[task_id]), f"{task_id} is not to be undone")
        self._say(kind, len(self.states) < len(self.graph.tasks), f"{task_id}, and something has not ended")
        open_ends = {other for other in self.below[task_id] if self._is_due(self.graph.by_id[other])} - self.undo_over
        self._say(kind, bool(open_ends), f"{task_id} before {sorted(open_ends)}")
        self._say("run again after recorded success", task_id in self.undo_over, f"undoing of {task_id}")
