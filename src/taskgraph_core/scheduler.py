"""The scheduler: a pure state machine that decides what may start, and when.

It is told what exists (``Node``) and what happened (``finished``), and ``poll(now)``
answers what to start, what to undo, what to stop, what became final and when to ask again.
No clock, no I/O, no threads, no randomness beyond its seed: the same calls give the same
answers. The engine drives it with real time, the planner with virtual time, a generated
flow with its own; so all three mean the same.

Standard library only, and no import of ours: this one file can be shipped beside a
generated flow.

Readiness is event-driven, never level by level: a task may start as soon as its trigger
rule says so. Among ready tasks the order is critical-path weight, then priority, then the
order of the graph (list scheduling by longest remaining path; R. L. Graham, "Bounds on
Multiprocessing Timing Anomalies", 1969, bounds it at twice the optimum).

Claims are taken all together or not at all, so no task holds one resource while it waits
for another, and no deadlock can arise. Whatever fits is started, so a wide claim could wait
for ever behind narrow ones: once it was passed over ``PATIENCE`` times, what it claims is kept
for it until it starts.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

State = Literal["success", "failed", "skipped", "upstream_failed", "cancelled"]
Outcome = Literal["success", "failed", "skipped", "cancelled"]
Verdict = Literal["run", "skipped", "upstream_failed"]

PATIENCE = 16
"""How often the first in line for a resource is passed over before all it claims is kept for it."""

WHOLE = 1 << 30
"""Slots of a thing that is read and written: a reader takes one, a writer all."""


@dataclass(frozen=True, slots=True)
class Node:
    """What the scheduler needs to know of a task; times in seconds.

    ``claims`` are (resource, slots), each resource once; a ``write`` claims ``WHOLE`` slots and a ``read`` one.
    ``weight`` is the longest remaining path through it, the first criterion of the order.
    """

    id: str
    upstream: tuple[str, ...] = ()
    rule: str = "all_success"
    claims: tuple[tuple[str, int], ...] = ()
    weight: float = 0.0
    priority: int = 0
    attempts: int = 1
    delay: float = 0.0
    factor: float = 1.0
    max_delay: float = 3600.0
    jitter: float = 0.0
    undoable: bool = False


@dataclass(slots=True)
class Step:
    """What to do now.

    Attributes:
        start: (task, attempt number) to start at once.
        undo: (task, attempt number) whose rollback to start at once.
        stop: running tasks to end; report each with ``finished(…, "cancelled")`` when it has.
        final: (task, final state) of every task that became final since the last poll.
        wake_at: poll again at this time even if nothing happens; None if only an event helps.
        done: everything is final, and everything to be undone was dealt with.
    """

    start: list[tuple[str, int]] = field(default_factory=list)
    undo: list[tuple[str, int]] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    final: list[tuple[str, State]] = field(default_factory=list)
    wake_at: float | None = None
    done: bool = False


# A trigger rule in two halves. As soon as one upstream task ended in a state of the first set, the answer
# stands. Otherwise, once all have ended: the third item if one of them ended in the second set, else the fourth.
_S, _F, _K, _U = "success", "failed", "skipped", "upstream_failed"
_RULES: dict[str, tuple[tuple[str, ...], Verdict, tuple[str, ...], Verdict, Verdict]] = {
    "all_success": ((_F, _U), "upstream_failed", (_K,), "skipped", "run"),
    "all_failed": ((_S, _K), "skipped", (), "run", "run"),
    "all_done": ((), "run", (), "run", "run"),
    "all_done_min_one_success": ((_K,), "skipped", (_S,), "run", "upstream_failed"),
    "all_skipped": ((_S, _F, _U), "skipped", (), "run", "run"),
    "one_success": ((_S,), "run", (_F, _U), "upstream_failed", "skipped"),
    "one_failed": ((_F, _U), "run", (), "run", "skipped"),
    "one_done": ((_S, _F), "run", (), "run", "skipped"),
    "none_failed": ((_F, _U), "upstream_failed", (), "run", "run"),
    "none_failed_min_one_success": ((_F, _U), "upstream_failed", (_S,), "run", "skipped"),
    "none_skipped": ((_K,), "skipped", (), "run", "run"),
}


RULES = frozenset({*_RULES, "always"})
"""Every trigger rule there is."""


def decide(rule: str, ended: Mapping[str, int], total: int) -> Verdict | None:
    """What a trigger rule makes of its upstream tasks; None while that is still open.

    ``ended`` counts upstream tasks by final state (a cancelled one under ``failed``), ``total``
    is how many there are. An answer is given early only where no later event could change it,
    so final states never depend on who finished first. Without upstream tasks, and under
    ``always``, the answer is ``run``, before anything ended.
    """
    if total == 0 or rule == "always":
        return "run"
    early, at_once, late, with_late, without = _RULES[rule]
    for state in early:
        if ended.get(state):
            return at_once
    if sum(ended.values()) < total:
        return None
    for state in late:
        if ended.get(state):
            return with_late
    return without


@dataclass(slots=True, eq=False)
class _Task:
    """What changes about a task during a run; while undoing, ``open_ends`` counts downstream tasks not dealt with."""

    node: Node
    rank: int = 0
    upstream: list[_Task] = field(default_factory=list)
    downstream: list[_Task] = field(default_factory=list)
    ended: dict[str, int] = field(default_factory=dict)
    state: State | None = None
    attempt: int = 0
    queued: bool = False
    running: bool = False
    open_ends: int = 0
    undone: bool | None = None


class Scheduler:
    """One run of one graph.

    Args:
        nodes: the tasks, in the graph's order; upstream ids must exist and go in no circle.
        capacities: slots of every counted resource; what is not named here has ``WHOLE`` slots
            and is meant for reading and writing.
        max_parallel: most tasks running at once; None for no limit.
        on_failure: ``continue``, or ``stop`` to start nothing new after the first failure.
        failure_threshold: with ``continue``, start nothing new after this many failures.
        rollback: undo what succeeded, in reverse order, once a failed run has nothing running.
        seed: makes the jitter of retries repeatable.

    Raises:
        ValueError: an id comes twice, a dependency is missing or circular, a rule is unknown, a claim
            comes twice or exceeds its capacity, or ``max_parallel`` is below one.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        *,
        capacities: Mapping[str, int] | None = None,
        max_parallel: int | None = None,
        on_failure: Literal["continue", "stop"] = "continue",
        failure_threshold: int | None = None,
        rollback: bool = False,
        seed: str = "",
    ) -> None:
        if max_parallel is not None and max_parallel < 1:
            msg = "max_parallel must be at least 1"
            raise ValueError(msg)
        self._max_parallel = max_parallel if max_parallel is not None else WHOLE
        self._threshold = 1 if on_failure == "stop" else failure_threshold
        self._rollback = rollback
        self._seed = seed
        self._capacities = dict(capacities or {})
        self._tasks = _link(nodes, self._capacities)
        self._order = list(self._tasks.values())
        self._by_rank = sorted(self._order, key=lambda task: (-task.node.weight, -task.node.priority))
        for rank, task in enumerate(self._by_rank):
            task.rank = rank
        self._queue = self._new_queue()
        self._timers: list[tuple[float, int]] = []
        self._final: list[tuple[str, State]] = []
        self._to_stop: list[_Task] = []
        self._open = len(self._order)
        self._running = 0
        self._failures = 0
        self._stopping = False
        self._undoing = False
        self._undo_open = 0
        for task in self._order:
            if decide(task.node.rule, task.ended, len(task.upstream)) == "run":
                self._enqueue(task)

    # -- telling it what happened ----------------------------------------------------

    def finished(self, task_id: str, outcome: Outcome, now: float, *, retry: bool = True) -> None:
        """Tell how the attempt, or the undo attempt, of a running task ended.

        With ``retry=False`` a failure is final whatever attempts are left.

        Raises:
            ValueError: the task is not running.
        """
        task = self._tasks.get(task_id)
        if task is None or not task.running:
            msg = f"task {task_id!r} is not running"
            raise ValueError(msg)
        task.running = False
        self._running -= 1
        self._queue.release(task.rank)
        if outcome == "failed" and retry and self._may_retry(task):
            heappush(self._timers, (now + self._pause(task), task.rank))
        elif self._undoing:
            task.undone = outcome == "success"
            self._undo_open -= 1
            self._undo_next([task])
        else:
            self._settle(task, outcome)

    def cancel(self) -> None:
        """End the run: nothing new starts, and the next ``poll`` names what to stop.

        What was waiting becomes ``cancelled``. A rollback, if the policy wants one, follows; once
        that has begun, this does nothing.
        """
        if not self._undoing:
            self._to_stop = [task for task in self._order if task.running]
            self._halt()

    # -- asking it what to do ----------------------------------------------------------

    def poll(self, now: float) -> Step:
        """What to do at this time; every task named in ``start`` or ``undo`` counts as running."""
        while self._timers and self._timers[0][0] <= now:
            self._enqueue(self._by_rank[heappop(self._timers)[1]])
        if not (self._open or self._undoing):
            self._begin_undo()
        step = Step(stop=[task.node.id for task in self._to_stop if task.running], final=self._final)
        self._to_stop, self._final = [], []
        starting = step.undo if self._undoing else step.start
        # Once the run stops, what is left in the queue has been cancelled; only undoing starts anything then.
        limit = 0 if self._stopping and not self._undo_open else self._max_parallel
        while self._running < limit and (rank := self._queue.pop()) is not None:
            task = self._by_rank[rank]
            task.queued = False
            task.running = True
            task.attempt += 1
            self._running += 1
            starting.append((task.node.id, task.attempt))
        step.wake_at = self._timers[0][0] if self._timers else None
        step.done = self._undoing and not self._undo_open
        return step

    @property
    def states(self) -> dict[str, State]:
        """Final state of every task that has one, in the graph's order."""
        return {task.node.id: task.state for task in self._order if task.state is not None}

    @property
    def run_state(self) -> Literal["success", "failed"]:
        """``failed`` if any task failed or was cancelled, also when a later task cleaned up."""
        return "failed" if any(task.state in ("failed", "cancelled") for task in self._order) else "success"

    @property
    def running(self) -> list[str]:
        """Tasks running now, in the graph's order."""
        return [task.node.id for task in self._order if task.running]

    @property
    def undone(self) -> dict[str, bool]:
        """Whether undoing succeeded, for every task whose undoing ended."""
        return {task.node.id: task.undone for task in self._order if task.undone is not None}

    def waits_for(self, task_id: str) -> list[str]:
        """What keeps a task from starting: upstream tasks, or resources, by name; empty if nothing does."""
        task = self._tasks[task_id]
        if task.queued:
            return self._queue.refusals(task.rank)
        if task.state is not None or task.attempt:
            return []
        return [other.node.id for other in task.upstream if other.state is None]

    # -- inside: readiness and outcomes --------------------------------------------------

    def _new_queue(self) -> _Queue:
        return _Queue([task.node.claims for task in self._by_rank], self._capacities)

    def _enqueue(self, task: _Task) -> None:
        task.queued = True
        self._queue.push(task.rank)

    def _may_retry(self, task: _Task) -> bool:
        return task.attempt < task.node.attempts and (self._undoing or not self._stopping)

    def _pause(self, task: _Task) -> float:
        node = task.node
        try:
            pause = min(node.delay * node.factor ** (task.attempt - 1), node.max_delay)
        except OverflowError:
            pause = node.max_delay if node.delay else 0.0
        if not node.jitter:
            return pause
        # A fresh generator for each pause: it depends on the attempt only, not on what else happened before.
        chance = random.Random(f"{self._seed}:{node.id}:{task.attempt}").random()  # noqa: S311 - jitter, no secret
        return pause * (1 + node.jitter * chance)

    def _settle(self, first: _Task, outcome: State) -> None:
        """Make a task final, and whatever follows from that; a loop, because chains are long."""
        work: list[tuple[_Task, State]] = [(first, outcome)]
        while work:
            task, state = work.pop()
            if task.state is not None:
                continue
            self._make_final(task, state)
            if state == "failed":
                self._failures += 1
                if self._threshold is not None and self._failures >= self._threshold:
                    self._halt()
            counted = "failed" if state == "cancelled" else state
            for other in task.downstream:
                other.ended[counted] = other.ended.get(counted, 0) + 1
                if other.state is not None or other.queued or other.attempt:
                    continue  # its rule was decided before
                verdict = decide(other.node.rule, other.ended, len(other.upstream))
                if verdict == "run":
                    self._enqueue(other)
                elif verdict is not None:
                    work.append((other, verdict))

    def _make_final(self, task: _Task, state: State) -> None:
        task.state = state
        task.queued = False
        self._open -= 1
        self._final.append((task.node.id, state))

    def _halt(self) -> None:
        """Start nothing new: whatever has not started, or rests before a retry, is cancelled."""
        if self._stopping:
            return
        self._stopping = True
        self._timers.clear()
        for task in self._order:
            if task.state is None and not task.running:
                self._make_final(task, "cancelled")

    # -- inside: undoing -------------------------------------------------------------------

    def _begin_undo(self) -> None:
        self._undoing = True
        if not self._rollback or self.run_state == "success":
            return
        self._queue = self._new_queue()
        for task in self._order:
            task.attempt = 0
            task.open_ends = len(task.downstream)
            self._undo_open += self._must_undo(task)
        self._undo_next([task for task in self._order if not task.downstream])

    def _must_undo(self, task: _Task) -> bool:
        return task.state == "success" and task.node.undoable and task.undone is None

    def _undo_next(self, work: list[_Task]) -> None:
        """Queue the undoing of tasks all of whose downstream tasks are dealt with."""
        while work:
            task = work.pop()
            if self._must_undo(task):
                self._enqueue(task)
                continue
            for other in task.upstream:
                other.open_ends -= 1
                if not other.open_ends:
                    work.append(other)


# --- Who may take what ---------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Resource:
    """Something claimed; ``blocked`` holds, by slots wanted, the first rank of each line that found too few here."""

    name: str
    free: int
    blocked: dict[int, list[int]] = field(default_factory=dict)
    kept_for: _Line | None = None


@dataclass(slots=True, eq=False)
class _Line:
    """Ready tasks with the same claims: they fit or do not fit together, so only the first is ever looked at.

    It is blocked at the first resource that refused it. ``woken_by`` is the resource on whose
    behalf it is looked at again.
    """

    claims: list[tuple[_Resource, int]]
    waiting: list[int] = field(default_factory=list)
    blocked_at: _Resource | None = None
    woken_by: _Resource | None = None
    passed_over: int = 0

    def refusals(self) -> list[_Resource]:
        """Every resource that refuses the first in line now."""
        return [
            resource
            for resource, slots in self.claims
            if resource.free < slots or (resource.kept_for is not None and resource.kept_for is not self)
        ]


class _Queue:
    """Ready tasks, by rank (lowest first), each handed out together with all it claims.

    A line stands in the queue by its first task, or is blocked at one resource. When slots come
    back, only the best line that wants no more than there are is put back into the queue; once
    that was looked at, the next. So a start costs a few heap operations however many tasks wait.
    """

    def __init__(self, claims: Sequence[tuple[tuple[str, int], ...]], capacities: Mapping[str, int]) -> None:
        demand: dict[str, int] = {}
        for wanted in claims:
            for name, slots in wanted:
                demand[name] = demand.get(name, 0) + slots
        # What has room for everybody at once never refuses, such as a file that one task writes or that all only read.
        scarce = {
            name: _Resource(name, capacities.get(name, WHOLE))
            for name, slots in demand.items()
            if slots > capacities.get(name, WHOLE)
        }
        lines: dict[tuple[tuple[str, int], ...], _Line] = {}
        self._line_of: list[_Line] = []
        for wanted in claims:
            key = tuple(claim for claim in wanted if claim[0] in scarce)
            if key not in lines:
                lines[key] = _Line([(scarce[name], slots) for name, slots in key])
            self._line_of.append(lines[key])
        self._ready: list[int] = []

    def push(self, rank: int) -> None:
        line = self._line_of[rank]
        heappush(line.waiting, rank)
        if line.waiting[0] == rank:
            line.blocked_at = None
            heappush(self._ready, rank)

    def pop(self) -> int | None:
        """The best-ranked task that fits, its claims taken; None if nothing fits."""
        while self._ready:
            rank = heappop(self._ready)
            line = self._line_of[rank]
            if not self._leads(rank, None):
                continue
            woken_by, line.woken_by = line.woken_by, None
            refusals = line.refusals()
            if refusals:
                self._block(line, refusals[0])
                if woken_by not in (None, refusals[0]):
                    _pass_over(line)
            else:
                self._take(line)
            if woken_by is not None:
                self._wake(woken_by)
            if not refusals:
                return rank
        return None

    def release(self, rank: int) -> None:
        """Give back what a task had taken."""
        for resource, slots in self._line_of[rank].claims:
            resource.free += slots
            self._wake(resource)

    def refusals(self, rank: int) -> list[str]:
        """Names of what keeps a waiting task waiting."""
        return [resource.name for resource in self._line_of[rank].refusals()]

    def _leads(self, rank: int, place: _Resource | None) -> bool:
        """Whether an entry is up to date: its task is the first of a line blocked there, or of one not blocked."""
        line = self._line_of[rank]
        return line.blocked_at is place and bool(line.waiting) and line.waiting[0] == rank

    def _block(self, line: _Line, resource: _Resource) -> None:
        line.blocked_at = resource
        slots = next(slots for claimed, slots in line.claims if claimed is resource)
        heappush(resource.blocked.setdefault(slots, []), line.waiting[0])

    def _take(self, line: _Line) -> None:
        rank = heappop(line.waiting)
        line.passed_over = 0
        if line.waiting:
            heappush(self._ready, line.waiting[0])
        for resource, slots in line.claims:
            resource.free -= slots
            if resource.kept_for is line:
                resource.kept_for = None
                self._wake(resource)
            elif (first := self._first(resource, WHOLE)) is not None and first.waiting[0] < rank:
                _pass_over(first)

    def _first(self, resource: _Resource, slots: int) -> _Line | None:
        """The best-ranked line blocked at a resource that wants no more than so many slots."""
        best = None
        for wanted, ranks in resource.blocked.items():
            if wanted <= slots:
                while ranks and not self._leads(ranks[0], resource):
                    heappop(ranks)
                if ranks and (best is None or ranks[0] < best):
                    best = ranks[0]
        return None if best is None else self._line_of[best]

    def _wake(self, resource: _Resource) -> None:
        line = resource.kept_for or self._first(resource, resource.free)
        if line is not None and line.blocked_at is resource and resource not in line.refusals():
            line.blocked_at = None
            line.woken_by = resource
            heappush(self._ready, line.waiting[0])


def _pass_over(line: _Line) -> None:
    """Count that others got what the first in line waits for; keep all it claims once that was so too often."""
    line.passed_over += 1
    if line.passed_over >= PATIENCE and all(resource.kept_for is None for resource, _ in line.claims):
        for resource, _ in line.claims:
            resource.kept_for = line


def _link(nodes: Sequence[Node], capacities: Mapping[str, int]) -> dict[str, _Task]:
    """Tasks by id, each tied to its neighbours; refuses what cannot be run."""
    tasks = {node.id: _Task(node) for node in nodes}
    if len(tasks) < len(nodes):
        msg = "two tasks have the same id"
        raise ValueError(msg)
    for task in tasks.values():
        if task.node.rule not in RULES:
            msg = f"task {task.node.id!r} has an unknown trigger rule: {task.node.rule!r}"
            raise ValueError(msg)
        for upstream_id in task.node.upstream:
            if upstream_id not in tasks:
                msg = f"task {task.node.id!r} depends on {upstream_id!r}, which is not in the graph"
                raise ValueError(msg)
            task.upstream.append(tasks[upstream_id])
            tasks[upstream_id].downstream.append(task)
        if len(dict(task.node.claims)) < len(task.node.claims):
            msg = f"task {task.node.id!r} claims the same resource twice"
            raise ValueError(msg)
        for name, slots in task.node.claims:
            if slots > capacities.get(name, WHOLE):
                msg = f"task {task.node.id!r} claims {slots} of {name!r}, which has {capacities.get(name, WHOLE)}"
                raise ValueError(msg)
    _refuse_circles(list(tasks.values()))
    return tasks


def _refuse_circles(tasks: Sequence[_Task]) -> None:
    waiting = {id(task): len(task.upstream) for task in tasks}
    free = [task for task in tasks if not task.upstream]
    seen = 0
    while free:
        seen += 1
        for other in free.pop().downstream:
            waiting[id(other)] -= 1
            if not waiting[id(other)]:
                free.append(other)
    if seen < len(tasks):
        stuck = [task.node.id for task in tasks if waiting[id(task)]]
        msg = f"the dependencies of {', '.join(map(repr, stuck[:5]))} go in a circle"
        raise ValueError(msg)
