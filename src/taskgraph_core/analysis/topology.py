"""A graph as numbers: what every linear-time algorithm here works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taskgraph_core.ir import TaskGraph


@dataclass(frozen=True, slots=True)
class Topology:
    """Tasks as 0..n-1 in the graph's order, with both directions of every edge.

    ``order`` is a topological order; it is shorter than ``ids`` when there is a cycle, and
    ``acyclic`` says so.
    """

    ids: Sequence[str]
    upstream: list[list[int]]
    downstream: list[list[int]]
    order: list[int]

    @classmethod
    def of(cls, graph: TaskGraph) -> Topology:
        """Build it from a graph; O(tasks + edges). Edges to tasks that do not exist are left out."""
        return cls.from_edges([task.id for task in graph.tasks], (task.depends_on for task in graph.tasks))

    @classmethod
    def from_edges(cls, ids: Sequence[str], depends_on: Iterable[Iterable[str]]) -> Topology:
        """Build it from ids and, for each, the ids it waits for (A. B. Kahn, CACM 5 (11), 1962)."""
        index = {task_id: number for number, task_id in enumerate(ids)}
        upstream = [[number for other in others if (number := index.get(other)) is not None] for others in depends_on]
        downstream: list[list[int]] = [[] for _ in ids]
        for number, others in enumerate(upstream):
            for other in others:
                downstream[other].append(number)
        waiting = [len(others) for others in upstream]
        order = [number for number, count in enumerate(waiting) if not count]
        for number in order:  # grows while it is walked
            for other in downstream[number]:
                waiting[other] -= 1
                if not waiting[other]:
                    order.append(other)
        return cls(ids, upstream, downstream, order)

    @property
    def acyclic(self) -> bool:
        """Whether ``order`` holds every task."""
        return len(self.order) == len(self.ids)

    @property
    def edges(self) -> int:
        """How many edges there are."""
        return sum(map(len, self.upstream))

    def depths(self) -> list[int]:
        """For each task, how many edges the longest path to it has; O(tasks + edges)."""
        depth = [0] * len(self.ids)
        for number in self.order:
            others = self.upstream[number]
            if others:
                depth[number] = 1 + max([depth[other] for other in others])
        return depth
