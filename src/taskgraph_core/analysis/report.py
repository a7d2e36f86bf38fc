"""Everything there is to say about a plan before it runs: what ``taskgraph plan`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.analysis.bounds import Bounds, bounds
from taskgraph_core.analysis.conflicts import Conflicts, find_conflicts
from taskgraph_core.analysis.critical_path import CriticalPath, critical_path
from taskgraph_core.analysis.earliest import earliest
from taskgraph_core.analysis.parallelism import widest
from taskgraph_core.analysis.predict import Planner, Prediction
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.analysis.waves import waves
from taskgraph_core.collector import paused_collector
from taskgraph_core.durations import measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskgraph_core.ir import TaskGraph


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What the graph looks like, and what a run of it with so many workers is predicted to be.

    Attributes:
        tasks, edges: how many there are.
        critical_path: the longest chain, and everybody's slack.
        widest: ids of a largest set of tasks that can run at the same time, in the graph's order.
        bounds: what no run with these workers is shorter than.
        prediction: the run itself.
        best_workers: how many are worth having.
        best_seconds: what is predicted with those.
        conflicts: unordered tasks that use the same thing.
        waves: ids by number of steps before them.
        measured: how many estimates come from earlier runs.
    """

    tasks: int
    edges: int
    critical_path: CriticalPath
    widest: tuple[str, ...]
    bounds: Bounds
    prediction: Prediction
    best_workers: int
    best_seconds: float
    conflicts: Conflicts
    waves: list[list[str]]
    measured: int = 0

    @property
    def reduction(self) -> float:
        """Share of the sequential time that is saved, from 0 to 1."""
        return 1 - 1 / self.prediction.speed_up

    def as_dict(self) -> dict[str, object]:
        """The machine form: what ``plan --format json`` prints. Times are seconds."""
        prediction = self.prediction
        return {
            "tasks": self.tasks,
            "edges": self.edges,
            "critical_path": list(self.critical_path.tasks),
            "critical_path_seconds": self.critical_path.seconds,
            "max_parallelism": len(self.widest),
            "workers": prediction.workers,
            "predicted_seconds": prediction.seconds,
            "lower_bound_seconds": self.bounds.seconds,
            "sequential_seconds": self.bounds.sequential,
            "conflicts": [conflict.as_dict() for conflict in self.conflicts.listed],
            "conflict_count": self.conflicts.total,
            "waves": self.waves,
            "slack": self.critical_path.slack,
            "best_workers": self.best_workers,
            "best_seconds": self.best_seconds,
            "speed_up": prediction.speed_up,
            "reduction": self.reduction,
            "widest": list(self.widest),
            "measured_estimates": self.measured,
            "gantt": [{"id": bar.id, "start": bar.start, "end": bar.end} for bar in prediction.bars],
        }


@paused_collector()
def report(graph: TaskGraph, workers: int | None = None, *, estimates: Mapping[str, float] | None = None) -> PlanReport:
    """Plan a run of a sound graph; without workers, with as many as its policy allows or are worth having.

    ``estimates`` are seconds measured in earlier runs, instead of what the graph says.
    """
    estimates = estimates or {}
    graph = measured(graph, estimates)
    topology = Topology.of(graph)
    times = earliest(graph, topology)
    planner = Planner(graph, times)
    best = planner.best_workers()
    prediction = planner.predict(workers or graph.policy.max_parallel or best)
    return PlanReport(
        tasks=len(graph.tasks),
        edges=topology.edges,
        critical_path=critical_path(graph, times),
        widest=tuple(topology.ids[number] for number in widest(topology)),
        bounds=bounds(graph, prediction.workers, times),
        prediction=prediction,
        best_workers=best,
        best_seconds=planner.predict(best).seconds,
        conflicts=find_conflicts(graph, topology),
        waves=waves(topology),
        measured=len(estimates),
    )
