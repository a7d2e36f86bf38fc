"""How long a run will take: the scheduler itself, on a virtual clock, with estimates for durations."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil, inf
from typing import TYPE_CHECKING, NamedTuple

from taskgraph_core.analysis.earliest import Earliest, earliest
from taskgraph_core.scheduler import Scheduler
from taskgraph_core.scheduling import nodes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.scheduler import Node

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


def predict(graph: TaskGraph, workers: int | None = None, times: Earliest | None = None) -> Prediction:
    """Predict a run with so many workers; None for as many as there are tasks. Of a sound graph."""
    return _Planner(graph, times).predict(workers or max(1, len(graph.tasks)))


def best_workers(graph: TaskGraph, times: Earliest | None = None) -> int:
    """The number of workers beyond which nothing is gained.

    With it, the predicted time is that with unlimited workers, with one worker less it is longer. As a
    rule it is the smallest such number; but a longer plan can come out of more workers (R. L.
    Graham's anomalies, 1969), so that a still smaller number may happen to be as good.
    """
    return _Planner(graph, times).best_workers()


class _Planner:
    """Predictions for one graph."""

    def __init__(self, graph: TaskGraph, times: Earliest | None) -> None:
        self.graph = graph
        times = times or earliest(graph)
        self.work = times.work
        self.nodes: Sequence[Node] = nodes_of(graph)
        self.seconds = dict(zip(times.topology.ids, times.seconds, strict=True))

    def best_workers(self) -> int:
        """Double the step until it is enough, then halve it."""
        unlimited = self.predict(max(1, len(self.nodes)))
        limit = unlimited.seconds * _SAME
        too_few = max(0, ceil(self.work / limit) - 1) if limit else 0
        enough, step = unlimited.peak, 1
        while too_few + step < enough:
            if self.predict(too_few + step, limit).seconds <= limit:
                enough = too_few + step
            else:
                too_few += step
                step *= 2
        while enough - too_few > 1:
            middle = (too_few + enough) // 2
            if self.predict(middle, limit).seconds <= limit:
                enough = middle
            else:
                too_few = middle
        return max(1, enough)

    def predict(self, workers: int, limit: float = inf) -> Prediction:
        """Run it; as soon as it is sure to take longer than the limit, give up with an endless prediction."""
        scheduler = Scheduler(self.nodes, capacities=self.graph.capacities, max_parallel=workers)
        bars: list[Bar] = []
        ends: list[tuple[float, int]] = []
        now, latest, left, peak = 0.0, 0.0, self.work, 0
        while not (step := scheduler.poll(now)).done:
            for task_id, _ in step.start:
                end = now + self.seconds[task_id]
                latest = max(latest, end)
                left -= self.seconds[task_id]
                heappush(ends, (end, len(bars)))
                bars.append(Bar(task_id, now, end))
            peak = max(peak, len(ends))
            if max(latest, now + left / workers) > limit:
                return Prediction(workers, inf, self.work, peak, ())
            now = ends[0][0]
            while ends and ends[0][0] <= now:
                scheduler.finished(bars[heappop(ends)[1]].id, "success", now)
        return Prediction(workers, now, self.work, peak, tuple(bars))
