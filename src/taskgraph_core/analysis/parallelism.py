"""The most tasks that can run at the same time, exactly, with such a set of tasks as proof.

That is the largest antichain of the graph, and as large as the smallest cover by chains that may skip
tasks (R. P. Dilworth, Annals of Mathematics 51 (1), 1950). The usual way builds the transitive closure and
matches in it (D. R. Fulkerson, Proc. AMS 7 (4), 1956); here chains pass through tasks of other chains
instead, so that the graph itself is the network and nothing quadratic is ever built.

In its chain every task departs for one later task at most and is arrived at once at most. The most
departures that fit together are a maximum flow, in which a unit goes along edges and through any
tasks on the way. A greedy matching along single edges finds nearly all of it, phases of shortest
augmenting paths the rest (E. A. Dinic, Soviet Math. Doklady 11, 1970). In the end, the tasks from
which one could still depart but at which one could no longer arrive are the antichain.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.analysis.topology import Topology


def widest(topology: Topology) -> list[int]:
    """A largest set of tasks none of which comes before another, in the graph's order; of an acyclic graph.

    Its size is the maximum parallelism.
    """
    flow = _Flow(topology)
    flow.match_along_edges()
    while flow.spread():
        flow.augment()
    arriving, departing = flow.level[: flow.size], flow.level[flow.size :]
    return [number for number in range(flow.size) if arriving[number] < 0 <= departing[number]]


class _Flow:
    """Units on their way from departures to arrivals.

    Task v is two places: v, where units arrive, and size + v, where they depart. A unit goes from departing
    u to arriving v along an edge, stays where none has stayed yet, or passes from arriving to
    departing. What went one way may be taken back.
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.size = len(topology.ids)
        self.departed = [False] * self.size
        self.arrived = [False] * self.size
        self.passing = [0] * self.size
        self.along: list[dict[int, int]] = [{} for _ in range(self.size)]
        self.level: list[int] = []

    def match_along_edges(self) -> None:
        """Let each task be arrived at from the upstream task that has the fewest other places to go."""
        upstream, downstream = self.topology.upstream, self.topology.downstream
        for target in self.topology.order:
            free = [source for source in upstream[target] if not self.departed[source]]
            if free:
                source = min(free, key=lambda source: len(downstream[source]))
                self.departed[source] = self.arrived[target] = True
                self.along[target][source] = 1

    def spread(self) -> bool:
        """Set each place's distance from where units can still depart, -1 if none; whether one can still arrive."""
        size, level = self.size, [-1] * (2 * self.size)
        self.level = level
        queue = [size + number for number in range(size) if not self.departed[number]]
        for place in queue:
            level[place] = 0
        for place in queue:  # grows while it is walked
            if place < size and not self.arrived[place]:
                return True
            beyond = level[place] + 1
            for other in self.ways(place):
                if level[other] < 0:
                    level[other] = beyond
                    queue.append(other)
        return False

    def ways(self, place: int) -> list[int]:
        """Where a unit can go next."""
        size = self.size
        if place < size:
            return [size + place, *(size + source for source in self.along[place])]
        source = place - size
        downstream = self.topology.downstream[source]
        return [*downstream, source] if self.passing[source] else downstream

    def augment(self) -> None:
        """Send units along shortest ways until no more fit."""
        untried: dict[int, list[int]] = {}
        for number in range(self.size):
            if not self.departed[number]:
                path = self.path_from(self.size + number, untried)
                if path:
                    self.send(path)

    def path_from(self, start: int, untried: dict[int, list[int]]) -> list[int]:
        """A shortest way to where none has arrived, empty if there is none; what leads nowhere is not tried again."""
        path = [start]
        while path:
            place = path[-1]
            if place < self.size and not self.arrived[place]:
                break
            if place not in untried:
                beyond = self.level[place] + 1
                untried[place] = [other for other in self.ways(place) if self.level[other] == beyond]
            ways = untried[place]
            while ways and not self.is_open(place, ways[-1]):
                ways.pop()
            if ways:
                path.append(ways[-1])
            else:
                path.pop()
                if path:
                    untried[path[-1]].pop()
        return path

    def is_open(self, place: int, other: int) -> bool:
        """Whether what ``ways`` said is still so."""
        if place < self.size:
            return other == self.size + place or other - self.size in self.along[place]
        return other != place - self.size or self.passing[other] > 0

    def send(self, path: list[int]) -> None:
        """Move one unit along a path."""
        self.departed[path[0] - self.size] = True
        self.arrived[path[-1]] = True
        for place, other in pairwise(path):
            if place < self.size:
                if other == self.size + place:
                    self.passing[place] += 1
                else:
                    self.change(place, other - self.size, -1)
            elif other == place - self.size:
                self.passing[other] -= 1
            else:
                self.change(other, place - self.size, 1)

    def change(self, target: int, source: int, by: int) -> None:
        """Add to the flow along an edge; what is not there is not listed."""
        along = self.along[target]
        along[source] = along.get(source, 0) + by
        if not along[source]:
            del along[source]
