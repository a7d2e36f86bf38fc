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
for another, and no deadlock can arise. A task that has waited while ``PATIENCE`` others
took what it needs is served next: its resources are kept for it until it starts.
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
"""How often others may take a waiting task's resources before they are kept for it."""

WHOLE = 1 << 30
"""Slots of a thing that is read and written: a reader takes one, a writer all."""


@dataclass(frozen=True, slots=True)
class Node:
    """What the scheduler needs to know of a task; times in seconds.

    ``claims`` are (resource, slots); a ``write`` claims ``WHOLE`` slots and a ``read`` one.
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
    ``always``, the answer is ``run``.
    """
    if total == 0 or rule == "always":
        return "run"
    early, at_once, late, with_late, without = _RULES[rule]
    for state in early:
        if ended[state]:
            return at_once
    if sum(ended.values()) < total:
        return None
    return with_late if any(ended[state] for state in late) else without


@dataclass(slots=True)
class _Live:
    """What changes about a task during a run; ``open_ends`` is used while undoing, from the leaves up."""

    node: Node
    rank: tuple[float, int, int]
    upstream: list[_Live] = field(default_factory=list)
    downstream: list[_Live] = field(default_factory=list)
    ended: dict[str, int] = field(default_factory=lambda: {_S: 0, _F: 0, _K: 0, _U: 0})
    state: State | None = None
    attempt: int = 0
    running: bool = False
    queued: bool = False
    parked_at: str | None = None
    promised: str | None = None
    overtaken: int = 0
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
        ValueError: a dependency is missing or circular, or a claim exceeds its capacity.
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
        self._capacity = dict(capacities or {})
        self._max_parallel = max_parallel if max_parallel is not None else WHOLE
        self._threshold = 1 if on_failure == "stop" else failure_threshold
        self._rollback = rollback
        self._seed = seed
        self._free: dict[str, int] = {}
        self._kept: dict[str, _Live] = {}
        self._promised: dict[str, int] = {}
        self._parked: dict[str, list[tuple[float, int, int]]] = {}
        self._ready: list[tuple[float, int, int]] = []
        self._timers: list[tuple[float, int]] = []
        self._final: list[tuple[str, State]] = []
        self._to_stop: list[_Live] = []
        self._running = 0
        self._failures = 0
        self._stopping = False
        self._undoing = False
        self._undo_open = 0
        self._tasks = self._link(nodes)
        self._order = list(self._tasks.values())
        self._open = len(self._order)
        for task in self._order:
            if not task.upstream:
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
        self._release(task)
        if outcome == "failed" and retry and task.attempt < task.node.attempts and not self._stops_retries:
            heappush(self._timers, (now + self._pause(task), task.rank[2]))
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
            self._enqueue(self._order[heappop(self._timers)[1]])
        if not (self._open or self._running or self._undoing):
            self._begin_undo()
        step = Step(stop=[task.node.id for task in self._to_stop if task.running], final=self._final)
        self._to_stop, self._final = [], []
        starting = step.undo if self._undoing else step.start
        while self._ready and self._running < self._max_parallel:
            task = self._order[heappop(self._ready)[2]]
            if self._acquire(task):
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

    @property
    def _stops_retries(self) -> bool:
        return self._stopping and not self._undoing

    def waits_for(self, task_id: str) -> list[str]:
        """What keeps a task from starting: upstream tasks, or resources, by name; empty if nothing does."""
        task = self._tasks[task_id]
        if task.state is not None or task.running:
            return []
        if not task.queued:
            return [other.node.id for other in task.upstream if other.state is None]
        return [name for name, slots in task.node.claims if not self._fits(task, name, slots)]

    # -- inside: readiness and outcomes --------------------------------------------------

    def _link(self, nodes: Sequence[Node]) -> dict[str, _Live]:
        tasks = {node.id: _Live(node, (-node.weight, -node.priority, order)) for order, node in enumerate(nodes)}
        for task in tasks.values():
            for upstream_id in task.node.upstream:
                if upstream_id not in tasks:
                    msg = f"task {task.node.id!r} depends on {upstream_id!r}, which is not in the graph"
                    raise ValueError(msg)
                task.upstream.append(tasks[upstream_id])
                tasks[upstream_id].downstream.append(task)
            for name, slots in task.node.claims:
                capacity = self._capacity.get(name, WHOLE)
                if slots > capacity:
                    msg = f"task {task.node.id!r} claims {slots} of {name!r}, which has {capacity}"
                    raise ValueError(msg)
                self._free[name] = capacity
        _refuse_circles(list(tasks.values()))
        return tasks

    def _enqueue(self, task: _Live) -> None:
        task.queued = True
        heappush(self._ready, task.rank)

    def _pause(self, task: _Live) -> float:
        node = task.node
        try:
            pause = min(node.delay * node.factor ** (task.attempt - 1), node.max_delay)
        except OverflowError:
            pause = node.max_delay
        # A fresh generator for each pause: it depends on the attempt only, not on what else happened before.
        chance = random.Random(f"{self._seed}:{node.id}:{task.attempt}").random()  # noqa: S311 - jitter, no secret
        return pause * (1 + node.jitter * chance)

    def _settle(self, first: _Live, outcome: State) -> None:
        """Make a task final, and whatever follows from that; a loop, because chains are long."""
        work: list[tuple[_Live, State]] = [(first, outcome)]
        while work:
            task, state = work.pop()
            if task.state is not None:
                continue
            self._make_final(task, state)
            if state == "failed":
                self._failures += 1
                if self._threshold is not None and self._failures >= self._threshold:
                    self._halt()
            for other in task.downstream:
                other.ended[_F if state == "cancelled" else state] += 1
                if other.state is not None or other.queued or other.attempt:
                    continue  # its rule was decided before
                verdict = decide(other.node.rule, other.ended, len(other.upstream))
                if verdict == "run":
                    self._enqueue(other)
                elif verdict is not None:
                    work.append((other, verdict))

    def _make_final(self, task: _Live, state: State) -> None:
        task.state = state
        task.queued = False
        self._open -= 1
        self._final.append((task.node.id, state))

    def _halt(self) -> None:
        """Start nothing new: whatever has not started, or rests before a retry, is cancelled."""
        if self._stopping or self._undoing:
            return
        self._stopping = True
        for queue in (self._timers, self._ready, self._parked, self._kept, self._promised):
            queue.clear()
        for task in self._order:
            if task.state is None and not task.running:
                self._make_final(task, "cancelled")

    # -- inside: undoing -------------------------------------------------------------------

    def _begin_undo(self) -> None:
        self._undoing = True
        if not self._rollback or self.run_state == "success":
            return
        for task in self._order:
            task.attempt = 0
            task.overtaken = 0
            task.open_ends = len(task.downstream)
            self._undo_open += self._must_undo(task)
        self._undo_next([task for task in self._order if not task.downstream])

    def _must_undo(self, task: _Live) -> bool:
        return task.state == "success" and task.node.undoable

    def _undo_next(self, work: list[_Live]) -> None:
        """Queue the undoing of tasks all of whose downstream tasks are dealt with."""
        while work:
            task = work.pop()
            if self._must_undo(task) and task.undone is None:
                self._enqueue(task)
                continue
            for other in task.upstream:
                other.open_ends -= 1
                if not other.open_ends:
                    work.append(other)

    # -- inside: resources -----------------------------------------------------------------
    # A task that does not fit is parked at the first resource that refused it. When slots come back, just as many
    # parked tasks are woken as could fit; the slots stay promised to them until the queue reaches them.

    def _fits(self, task: _Live, name: str, slots: int) -> bool:
        return self._free[name] >= slots and self._kept.get(name, task) is task

    def _acquire(self, task: _Live) -> bool:
        promised, task.promised = task.promised, None
        if promised is not None:
            self._promised[promised] -= _slots_of(task, promised)
        blocked = next((name for name, slots in task.node.claims if not self._fits(task, name, slots)), None)
        if blocked is not None:
            task.parked_at = blocked
            heappush(self._parked.setdefault(blocked, []), task.rank)
            if promised not in (None, blocked):
                self._wake(promised)
            return False
        for name, slots in task.node.claims:
            self._free[name] -= slots
            if self._kept.pop(name, None) is not None:
                self._wake(name)
            self._count_overtaking(task, name)
        return True

    def _release(self, task: _Live) -> None:
        for name, slots in task.node.claims:
            self._free[name] += slots
            self._wake(name)

    def _wake(self, name: str) -> None:
        """Put parked tasks back in the queue while the free slots, less those promised, could serve them."""
        keeper = self._kept.get(name)
        if keeper is not None:
            if keeper.parked_at == name:
                self._promise(keeper, name)
            return
        parked = self._parked.get(name, [])
        while parked:
            task = self._order[parked[0][2]]
            if task.parked_at == name:
                if self._free[name] - self._promised.get(name, 0) < _slots_of(task, name):
                    return
                self._promise(task, name)
            heappop(parked)

    def _promise(self, task: _Live, name: str) -> None:
        task.parked_at = None
        task.promised = name
        self._promised[name] = self._promised.get(name, 0) + _slots_of(task, name)
        heappush(self._ready, task.rank)

    def _count_overtaking(self, task: _Live, name: str) -> None:
        """Count a start against the first in line for the same resource, and keep it for one that waited long."""
        parked = self._parked.get(name, [])
        while parked and self._order[parked[0][2]].parked_at != name:
            heappop(parked)
        if not parked or parked[0] > task.rank or name in self._kept:
            return
        first = self._order[parked[0][2]]
        first.overtaken += 1
        if first.overtaken >= PATIENCE and not any(other in self._kept for other, _ in first.node.claims):
            self._kept.update((other, first) for other, _ in first.node.claims)


def _slots_of(task: _Live, name: str) -> int:
    return next(slots for claimed, slots in task.node.claims if claimed == name)


def _refuse_circles(tasks: Sequence[_Live]) -> None:
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
