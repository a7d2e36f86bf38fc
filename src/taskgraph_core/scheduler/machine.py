"""One run of one graph as a state machine.

It is told what exists (``Node``) and what happened (``finished``), and ``poll(now)``
answers what to start, what to undo, what to stop, what became final and when to ask again.
No clock, no I/O, no threads, no randomness beyond its seed: the same calls give the same
answers. The engine drives it with real time, the planner with virtual time, a generated
flow with its own; so all three mean the same.

Readiness is event-driven, never level by level: a task may start as soon as its trigger
rule says so. Among ready tasks the order is critical-path weight, then priority, then the
order of the graph (list scheduling by longest remaining path; R. L. Graham, "Bounds on
Multiprocessing Timing Anomalies", 1969, bounds it at twice the optimum).
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Literal

from .backoff import pause
from .gates import Gate
from .node import WHOLE, Step
from .queue import Queue
from .rules import decide
from .tasks import Task, check, count_end, late_rank, link, tie

if TYPE_CHECKING:
    from collections.abc import KeysView, Mapping, Sequence

    from .gates import Breaker, Rate
    from .node import Node, Outcome, State

RATE_SAMPLE = 10
"""Tasks that must have ended before a share of failures among them says anything."""


class Scheduler:
    """One run of one graph.

    Args:
        nodes: the tasks, in the graph's order; upstream ids must exist and go in no circle.
        capacities: slots of every counted resource; what is not named here has ``WHOLE`` slots
            and is meant for reading and writing.
        rates: how often attempts that claim a resource may start.
        breakers: when failures of attempts that claim a resource keep others from starting.
        max_parallel: most tasks running at once; None for no limit.
        on_failure: ``continue``, or ``stop`` to start nothing new after the first failure.
        failure_threshold: with ``continue``, start nothing new after this many failures.
        failure_rate: with ``continue``, start nothing new once more than this share of the tasks that ran failed;
            not before ``RATE_SAMPLE`` of them ended.
        rollback: undo what succeeded, in reverse order, once a failed run has nothing running.
        growing: tasks may be added until ``close``; the run is not done before that.
        seed: makes the jitter of retries repeatable.

    Raises:
        ValueError: an id comes twice, a dependency is missing or circular, a rule is unknown, a claim
            comes twice or exceeds its capacity, or ``max_parallel`` is below one.
    """

    def __init__(  # noqa: PLR0913 - keywords, each a decision of whoever wants the run
        self,
        nodes: Sequence[Node],
        *,
        capacities: Mapping[str, int] | None = None,
        rates: Mapping[str, Rate] | None = None,
        breakers: Mapping[str, Breaker] | None = None,
        max_parallel: int | None = None,
        on_failure: Literal["continue", "stop"] = "continue",
        failure_threshold: int | None = None,
        failure_rate: float | None = None,
        rollback: bool = False,
        growing: bool = False,
        seed: str = "",
    ) -> None:
        if max_parallel is not None and max_parallel < 1:
            msg = "max_parallel must be at least 1"
            raise ValueError(msg)
        self._allowed = max_parallel if max_parallel is not None else WHOLE
        self._threshold = 1 if on_failure == "stop" else failure_threshold
        self._failure_rate = failure_rate
        self._rollback = rollback
        self._growing = growing
        self._seed = seed
        self._capacities = dict(capacities or {})
        rates, breakers = rates or {}, breakers or {}
        self._gates = {name: Gate(rates.get(name), breakers.get(name)) for name in {**rates, **breakers}}
        self._tasks = link(nodes, self._capacities)
        self._order = list(self._tasks.values())
        best_first = sorted(self._order, key=lambda task: (-task.node.weight, -task.node.priority))
        self._by_rank = dict(enumerate(best_first))
        for rank, task in self._by_rank.items():
            task.rank = rank
        self._queue = self._new_queue()
        self._timers: list[tuple[float, int]] = []
        self._final: list[tuple[str, State]] = []
        self._to_stop: list[Task] = []
        self._open = len(self._order)
        self._running = 0
        self._ended = 0
        self._failures = 0
        self._stopping = False
        self._undoing = False
        self._undo_open = 0
        for task in self._order:
            self._start_if_free(task)

    # -- telling it what happened ----------------------------------------------------

    def finished(self, task_id: str, outcome: Outcome, now: float, *, retry: bool = True) -> float | None:
        """Tell how the attempt, or the undo attempt, of a running task ended.

        With ``retry=False`` a failure is final whatever attempts are left.

        Returns:
            When it is tried again, if it is.

        Raises:
            ValueError: the task is not running.
        """
        task = self._no_longer_runs(task_id, outcome, now)
        if outcome == "failed" and retry and self._may_retry(task):
            number = task.undo_attempt if self._undoing else task.attempt
            due = now + pause(task.node, task.failures, f"{self._seed}:{task_id}:{number}")
            heappush(self._timers, (due, task.rank))
            return due
        if self._undoing:
            task.undone = outcome == "success"
            self._undo_open -= 1
            self._undo_next([task])
        else:
            self._ended += outcome in ("success", "failed")
            self._settle(task, outcome)
            if self._too_many_failures():  # also a success completes the sample that a rate needs
                self._halt()
        return None

    def cancel(self) -> None:
        """End the run: nothing new starts, and the next ``poll`` names what to stop.

        What was waiting becomes ``cancelled``. A rollback, if the policy wants one, follows; once
        that has begun, this does nothing.
        """
        if not self._undoing:
            self._to_stop = [task for task in self._order if task.running]
            self._halt()

    def allow(self, parallel: int) -> None:
        """From now on, at most so many at once; zero starts nothing new. What runs goes on."""
        self._allowed = parallel

    def add(self, node: Node) -> None:
        """One more task, which ranks after those there were at first, then by priority; only while growing.

        Raises:
            ValueError: as for the constructor; or nothing can be added any more.
        """
        if not self._growing:
            msg = "no task can be added to this run any more"
            raise ValueError(msg)
        task = Task(node, rank=late_rank(node, len(self._order)))
        check(node, self._capacities, self._tasks)
        tie(task, self._tasks)
        self._order.append(task)
        self._by_rank[task.rank] = task
        self._queue.add(task.rank, node.claims)
        self._open += 1
        if self._stopping:
            self._make_final(task, "cancelled")
            return
        for other in task.upstream:
            if other.state is not None:
                count_end(task, other.state)
        self._start_if_free(task)

    def close(self) -> None:
        """No more tasks will be added."""
        self._growing = False

    # -- telling it what happened before: a journal is replayed in the order it was written --

    def began(self, task_id: str, attempt: int, now: float, *, undo: bool = False) -> None:
        """An attempt started, in an earlier life of this run, that this scheduler did not ask for.

        Raises:
            ValueError: there is no such task, or it runs already.
        """
        task = self._tasks.get(task_id)
        if task is None or task.running:
            msg = f"task {task_id!r} cannot have started"
            raise ValueError(msg)
        if undo and not self._undoing:
            self._begin_undo()
        self._queue.take(task.rank, now)
        self._timers = sorted(timer for timer in self._timers if timer[1] != task.rank)
        self._mark_running(task)
        if undo:
            task.undo_attempt = attempt
        else:
            task.attempt = attempt

    def lost(self, task_id: str, now: float) -> None:
        """Nobody knows how a running attempt ended: it is made again, and uses up none of those allowed."""
        task = self._no_longer_runs(task_id, None, now)
        if self._undoing or not self._stopping:
            self._enqueue(task)
        else:
            self._settle(task, "cancelled")

    def number_on(self, task_id: str, attempt: int, undo_attempt: int) -> None:
        """Attempts of a task that were made before, and count for nothing but the numbers of those to come."""
        task = self._tasks[task_id]
        task.attempt, task.undo_attempt = attempt, undo_attempt

    def take_final(self) -> list[tuple[str, State]]:
        """What became final since the last poll; the next poll does not name it again."""
        final, self._final = self._final, []
        return final

    # -- asking it what to do ----------------------------------------------------------

    def poll(self, now: float) -> Step:
        """What to do at this time; every task named in ``start`` or ``undo`` counts as running."""
        while self._timers and self._timers[0][0] <= now:
            self._enqueue(self._by_rank[heappop(self._timers)[1]])
        if not (self._open or self._undoing or self._growing):
            self._begin_undo()
        step = Step(stop=[task.node.id for task in self._to_stop if task.running], final=self._final)
        self._to_stop, self._final = [], []
        if self._gates:
            self._queue.pass_time(now)
        # Once the run stops, what is left in the queue has been cancelled; only undoing starts anything then.
        limit = 0 if self._stopping and not self._undo_open else self._allowed
        while self._running < limit and (rank := self._queue.pop(now)) is not None:
            task = self._by_rank[rank]
            self._mark_running(task)
            if self._undoing:
                task.undo_attempt += 1
                step.undo.append((task.node.id, task.undo_attempt))
            else:
                task.attempt += 1
                step.start.append((task.node.id, task.attempt))
        step.wake_at = self._wake_at(now, full=self._running >= limit)
        step.done = self._undoing and not self._undo_open
        return step

    @property
    def tasks(self) -> KeysView[str]:
        """Ids of all tasks, in the graph's order."""
        return self._tasks.keys()

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
    def breakers(self) -> dict[str, str]:
        """State of every circuit breaker by resource: ``closed``, ``open``, ``half_open``."""
        return {name: gate.state for name, gate in self._gates.items() if gate.breaker is not None}

    def waits_for(self, task_id: str) -> list[str]:
        """What kept a task from starting at the last poll: upstream tasks, or resources, by name; empty if nothing."""
        task = self._tasks[task_id]
        if task.queued:
            return self._queue.refusals(task.rank)
        if task.state is not None or task.decided:
            return []
        return [other.node.id for other in task.upstream if other.state is None]

    # -- inside: readiness and outcomes --------------------------------------------------

    def _new_queue(self) -> Queue:
        claims = {rank: task.node.claims for rank, task in self._by_rank.items()}
        return Queue(claims, self._capacities, self._gates, growing=self._growing)

    def _enqueue(self, task: Task) -> None:
        task.queued = True
        task.decided = True
        self._queue.push(task.rank)

    def _start_if_free(self, task: Task) -> None:
        """Queue a new task if its rule is satisfied, or make it final if it can never be."""
        verdict = decide(task.node.rule, task.ended, len(task.upstream))
        if verdict == "run":
            self._enqueue(task)
        elif verdict is not None:
            self._settle(task, verdict)

    def _mark_running(self, task: Task) -> None:
        task.queued = False
        task.decided = True
        task.running = True
        self._running += 1

    def _no_longer_runs(self, task_id: str, outcome: Outcome | None, now: float) -> Task:
        task = self._tasks.get(task_id)
        if task is None or not task.running:
            msg = f"task {task_id!r} is not running"
            raise ValueError(msg)
        task.running = False
        self._running -= 1
        task.failures += outcome == "failed"
        self._queue.release(task.rank, outcome, now)
        return task

    def _may_retry(self, task: Task) -> bool:
        return task.failures < task.node.attempts and (self._undoing or not self._stopping)

    def _wake_at(self, now: float, *, full: bool) -> float | None:
        """When time alone changes something: a pause is over, or a rate or breaker lets somebody through."""
        moments = [self._timers[0][0]] if self._timers else []
        if self._gates and not full and (moment := self._queue.wake_at(now)) is not None:
            moments.append(moment)
        return min(moments, default=None)

    def _settle(self, first: Task, outcome: State) -> None:
        """Make a task final, and whatever follows from that; a loop, because chains are long."""
        work: list[tuple[Task, State]] = [(first, outcome)]
        while work:
            task, state = work.pop()
            if task.state is not None:
                continue
            self._make_final(task, state)
            if state == "failed":
                self._failures += 1
                if self._too_many_failures():
                    self._halt()
            for other in task.downstream:
                count_end(other, state)
                if other.state is not None or other.decided:
                    continue
                verdict = decide(other.node.rule, other.ended, len(other.upstream))
                if verdict == "run":
                    self._enqueue(other)
                elif verdict is not None:
                    work.append((other, verdict))

    def _too_many_failures(self) -> bool:
        if self._threshold is not None and self._failures >= self._threshold:
            return True
        share = self._failure_rate
        return share is not None and self._ended >= RATE_SAMPLE and self._failures > share * self._ended

    def _make_final(self, task: Task, state: State) -> None:
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
            task.failures = 0
            task.open_ends = len(task.downstream)
            self._undo_open += self._must_undo(task)
        self._undo_next([task for task in self._order if not task.downstream])

    def _must_undo(self, task: Task) -> bool:
        return task.state == "success" and task.node.undoable and task.undone is None

    def _undo_next(self, work: list[Task]) -> None:
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
