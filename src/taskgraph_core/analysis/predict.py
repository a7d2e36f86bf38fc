"""How long a run will take: the scheduler itself, on a virtual clock, with estimates for durations."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil, inf
from typing import TYPE_CHECKING, NamedTuple

from taskgraph_core.analysis.earliest import Earliest, earliest
from taskgraph_core.scheduler import Scheduler
from taskgraph_core.scheduling import nodes_of, remaining_paths

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph

_SAME = 1 + 1e-9
"""Two predictions that differ by less are equal: the same durations, added up in another order."""


class Bar(NamedTuple):
    """When one task is predicted to run; seconds from the start of the run."""

    id: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """A run in which nothing fails and every task takes as long as its estimate.

    Attributes:
        workers: most tasks at the same time.
        seconds: when the last task ends.
        sequential_seconds: what one worker would need.
        peak: how many tasks run at the same time at most.
        bars: every task that runs, in the order in which they start.
    """

    workers: int
    seconds: float
    sequential_seconds: float
    peak: int
    bars: tuple[Bar, ...]

    @property
    def speed_up(self) -> float:
        """How many times as fast as one worker."""
        return self.sequential_seconds / self.seconds if self.seconds else 1.0


def predict(graph: TaskGraph, workers: int | None = None) -> Prediction:
    """Predict a run with so many workers; None for as many as there are tasks. Of a sound graph."""
    return Planner(graph).predict(workers)


def best_workers(graph: TaskGraph) -> int:
    """The number of workers beyond which nothing is gained.

    With it, the predicted time is no longer than with unlimited workers; with one less it is. As a rule
    no smaller number will do, but more workers can make a plan longer (R. L. Graham's anomalies,
    1969), so that now and then one does.
    """
    return Planner(graph).best_workers()


class Planner:
    """Predictions of one graph, for several numbers of workers."""

    def __init__(self, graph: TaskGraph, times: Earliest | None = None) -> None:
        times = times or earliest(graph)
        self._capacities = graph.capacities
        self._nodes = nodes_of(graph)
        self._work = times.work
        self._seconds = dict(zip(times.topology.ids, times.seconds, strict=True))
        # What is sure to come after the start of each task: where every task waits for all it depends on, a whole path.
        all_wait = all(times.runs) and times.waits_for == times.topology.upstream
        self._ahead = dict(zip(graph.by_id, remaining_paths(graph), strict=True)) if all_wait else self._seconds
        self._known: dict[int, Prediction] = {}

    def predict(self, workers: int | None = None) -> Prediction:
        """See the function of the same name."""
        return self._run(workers or max(1, len(self._nodes)), inf)

    def best_workers(self) -> int:
        """See the function of the same name."""
        unlimited = self.predict()
        limit = unlimited.seconds * _SAME
        too_few = max(0, ceil(self._work / limit) - 1) if limit else 0
        enough, step = max(1, unlimited.peak), 1
        while too_few + step < enough:  # double the step until it is enough
            if self._run(too_few + step, limit).seconds <= limit:
                enough = too_few + step
            else:
                too_few += step
                step *= 2
        while enough - too_few > 1:  # then halve what is between
            middle = (too_few + enough) // 2
            if self._run(middle, limit).seconds <= limit:
                enough = middle
            else:
                too_few = middle
        return enough

    def _run(self, workers: int, limit: float) -> Prediction:
        """Simulate; as soon as it is sure to take longer than the limit, give up with an endless prediction."""
        if workers in self._known:
            return self._known[workers]
        scheduler = Scheduler(self._nodes, capacities=self._capacities, max_parallel=workers)
        bars: list[Bar] = []
        ends: list[tuple[float, int]] = []
        now, sure, left, peak = 0.0, 0.0, self._work, 0
        while not (step := scheduler.poll(now)).done:
            for task_id, _ in step.start:
                seconds = self._seconds[task_id]
                sure = max(sure, now + self._ahead[task_id])
                left -= seconds
                heappush(ends, (now + seconds, len(bars)))
                bars.append(Bar(task_id, now, now + seconds))
            peak = max(peak, len(ends))
            if max(sure, now + left / workers) > limit:
                return Prediction(workers, inf, self._work, peak, ())
            now = ends[0][0]
            while ends and ends[0][0] <= now:
                scheduler.finished(bars[heappop(ends)[1]].id, "success", now)
        self._known[workers] = Prediction(workers, now, self._work, peak, tuple(bars))
        return self._known[workers]
