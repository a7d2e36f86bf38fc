"""Lower bounds on how long a run takes, whatever the order in which tasks start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.analysis.earliest import Earliest, earliest
from taskgraph_core.scheduler import WHOLE
from taskgraph_core.scheduling import slots_claimed

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


@dataclass(frozen=True, slots=True)
class Bounds:
    """No run in which nothing fails is shorter than any of these; seconds.

    Attributes:
        critical_path: the longest chain of tasks that wait for each other.
        workers: all work, shared evenly among the workers; 0 without a limit on them.
        resources: by name, what the tasks that claim a resource need of it, at full use.
        sequential: what one worker needs: not a bound, but what the others are compared with.
    """

    critical_path: float
    workers: float
    resources: dict[str, float]
    sequential: float

    @property
    def seconds(self) -> float:
        """The largest of the bounds."""
        return max(self.critical_path, self.workers, *self.resources.values())

    @property
    def scarce_resource(self) -> str | None:
        """The resource that sets the largest bound, if one does."""
        names = [name for name, seconds in self.resources.items() if seconds == self.seconds]
        return names[0] if names and self.seconds > max(self.critical_path, self.workers) else None


def bounds(graph: TaskGraph, workers: int | None = None, times: Earliest | None = None) -> Bounds:
    """Bounds for so many workers; None for no limit. Of an acyclic graph."""
    times = times or earliest(graph)
    return Bounds(
        critical_path=max(times.end, default=0.0),
        workers=times.work / workers if workers else 0.0,
        resources=_resources(graph, times),
        sequential=times.work,
    )


def _resources(graph: TaskGraph, times: Earliest) -> dict[str, float]:
    capacities = graph.capacities
    claims: dict[str, list[tuple[int, float]]] = {}
    for task, seconds in zip(graph.tasks, times.seconds, strict=True):
        if task.claims and seconds:
            for name, slots in slots_claimed(task, capacities).items():
                claims.setdefault(name, []).append((slots, seconds))
    return {name: _resource(wanted, capacities.get(name, WHOLE)) for name, wanted in claims.items()}


def _resource(wanted: list[tuple[int, float]], capacity: int) -> float:
    """The larger of two bounds for (slots, seconds) claims.

    Slots times seconds must fit below the capacity. And those that want more than half run one
    after another, as does with them the longest of what fits beside none of them: writers, and a reader.
    """
    area = sum(slots * seconds for slots, seconds in wanted) / capacity
    large = [(slots, seconds) for slots, seconds in wanted if 2 * slots > capacity]
    if not large:
        return area
    smallest = min(slots for slots, _ in large)
    beside_none = [seconds for slots, seconds in wanted if 2 * slots <= capacity < slots + smallest]
    return max(area, sum(seconds for _, seconds in large) + max(beside_none, default=0.0))
