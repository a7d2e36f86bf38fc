"""When a run is likely to end: its own scheduler, brought to where it is, goes on by itself on a virtual clock.

What tasks are expected to take is their estimates, corrected by how measured tasks compared with theirs.
Nothing is said before there is something to go by, nor when the end no longer depends on the tasks.
"""

from __future__ import annotations

import time
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from taskgraph_core.durations import measured
from taskgraph_core.engine.events import TaskStarted
from taskgraph_core.engine.history import replay
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from taskgraph_core.display.progress import Progress
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.record import Attempt
    from taskgraph_core.scheduler import Scheduler

BASIS = 3
"""Tasks that must have been measured before anything is said."""

FEWEST_SECONDS = 2.0
"""A run younger than this says nothing either."""

SIMULATED = 3_000
"""With more tasks, work left over the pace so far has to do: a simulation would take over a tenth of a second."""

EVERY = 2.0
SHARE = 0.02
"""Seconds from one estimate to the next, at least; longer if it took more than this share of the time."""

OVERDUE = 0.1
"""A task that outlasts what was expected is expected to need this share of its time once more."""


class Outlook:
    """The estimates of one run; made again now and then, in between they count down."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._end: float | None = None
        self._next = 0.0
        self._graph: TaskGraph | None = None

    def left(self, now: float) -> float | None:
        """Seconds until all tasks are final; None if nobody can tell.

        May be called while events come in: it works on copies.
        """
        if not self._can_tell(now):
            self._end = None
            self._next = 0.0
            return None
        moment = time.perf_counter()
        if moment >= self._next:
            self._end = self._estimate(now)
            spent = time.perf_counter() - moment
            self._next = moment + max(EVERY, spent / SHARE)
        return None if self._end is None else max(0.0, self._end - now)

    def _can_tell(self, now: float) -> bool:
        progress = self._progress
        ends = progress.undoing or progress.stopping is not None or progress.final == progress.total
        return not ends and progress.parallel > 0 and now - progress.origin >= FEWEST_SECONDS

    def _estimate(self, now: float) -> float | None:
        progress = self._progress
        happened, attempts, final = progress.happened[:], dict(progress.attempts), set(progress.states)
        tasks = dict(progress.tasks)  # last: whatever happened, happened to one of them
        expected = expectations(tasks, attempts, final, progress.start.estimates)
        if expected is None:
            return None
        if len(tasks) > SIMULATED:
            starts = {task_id: running.since for task_id, running in dict(progress.running).items()}
            return by_pace(attempts.values(), expected, starts, progress.origin, now)
        try:
            scheduler = scheduler_for(
                self._grown(tasks), max_parallel=progress.start.max_parallel, seed=progress.start.run_id
            )
            replay(happened, scheduler)
        except ValueError:  # what happened does not fit these tasks: better nothing than nonsense
            return None
        scheduler.allow(progress.parallel)
        starts = {event.task_id: event.time for event in happened if isinstance(event, TaskStarted)}
        starts = {task_id: starts[task_id] for task_id in scheduler.running}
        return carried_on(scheduler, _ends(starts, expected, now), expected, now)

    def _grown(self, tasks: Mapping[str, Task]) -> TaskGraph:
        """The graph as the run's scheduler knows it, tasks added meanwhile included; nobody plans for a rollback."""
        if self._graph is None or len(self._graph.tasks) != len(tasks):
            graph = self._progress.start.graph
            policy = graph.policy.model_copy(update={"rollback": False})
            graph = graph.model_copy(update={"tasks": tuple(tasks.values()), "policy": policy})
            self._graph = measured(graph, self._progress.start.estimates)
        return self._graph


def expectations(
    tasks: Mapping[str, Task], attempts: Mapping[str, Attempt], final: set[str], known: Mapping[str, float]
) -> dict[str, float] | None:
    """Seconds each open task is expected to take; None if there is too little to go by.

    What earlier runs took (``known``) and the estimates of the plan are corrected each by its own ratio. A
    task with nothing of the kind, or nothing to correct it by, is expected to take the mean of what was measured.
    """
    open_ = [task for task in tasks.values() if task.id not in final]
    work = [
        (task_id, attempt.seconds)
        for task_id, attempt in attempts.items()
        if attempt.outcome == "success" and tasks[task_id].action.kind != "noop"
    ]
    if len(work) < BASIS and any(task.id not in known and task.action.kind != "noop" for task in open_):
        return None
    mean = sum(seconds for _, seconds in work) / max(1, len(work))
    from_runs = _ratio((known[task_id], seconds) for task_id, seconds in work if task_id in known) or 1.0
    from_plan = _ratio((tasks[task_id].estimate, seconds) for task_id, seconds in work if task_id not in known)
    expected = {}
    for task in open_:
        if task.action.kind == "noop":
            expected[task.id] = 0.0
        elif task.id in known:
            expected[task.id] = known[task.id] * from_runs
        else:
            expected[task.id] = task.estimate * from_plan or mean
    return expected


def _ratio(pairs: Iterable[tuple[float, float]]) -> float:
    """How many times as long as planned things took; zero if nothing can be compared."""
    comparable = [(planned, seconds) for planned, seconds in pairs if planned]
    return sum(seconds for _, seconds in comparable) / sum(planned for planned, _ in comparable) if comparable else 0.0


def carried_on(
    scheduler: Scheduler, ends: Mapping[str, float], expected: Mapping[str, float], now: float
) -> float | None:
    """When a scheduler is done if what runs ends at ``ends``, the rest takes what is expected, and nothing fails."""
    alarms = [(end, task_id) for task_id, end in ends.items()]
    heapify(alarms)
    while not (step := scheduler.poll(now)).done:
        for task_id, _ in step.start:
            heappush(alarms, (now + expected.get(task_id, 0.0), task_id))
        moments = [moment for moment in (alarms[0][0] if alarms else None, step.wake_at) if moment is not None]
        if not moments:
            return None
        now = max(now, min(moments))
        while alarms and alarms[0][0] <= now:
            scheduler.finished(heappop(alarms)[1], "success", now)
    return now


def by_pace(
    attempts: Iterable[Attempt], expected: Mapping[str, float], starts: Mapping[str, float], origin: float, now: float
) -> float | None:
    """When all is done if seconds of work go on being done at the pace of this life so far."""
    worked = sum(attempt.seconds for attempt in attempts if attempt.started >= origin)
    worked += sum(now - since for since in starts.values())
    if worked <= 0:
        return None
    to_do = sum(seconds for task_id, seconds in expected.items() if task_id not in starts)
    to_do += sum(end - now for end in _ends(starts, expected, now).values())
    return now + to_do * (now - origin) / worked


def _ends(starts: Mapping[str, float], expected: Mapping[str, float], now: float) -> dict[str, float]:
    """When what runs is expected to end."""
    return {
        task_id: max(since + expected.get(task_id, 0.0), now + OVERDUE * (now - since))
        for task_id, since in starts.items()
    }
