"""Which column each piece stands in: as far left as what it waits for allows, and as the column's height allows.

Longest-path layering under a bound on each layer, as in E. G. Coffman, R. L. Graham, Acta
Informatica 1 (3), 1972: what the longest way still lies behind goes first, the rest of a fan of a
hundred moves on to the next column.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from taskgraph_core.analysis.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.show.strands import Link


def topology_of(count: int, links: Sequence[Link]) -> Topology:
    """The pieces as a graph of their own, each edge once."""
    upstream: list[dict[str, None]] = [{} for _ in range(count)]
    for link in links:
        upstream[link.target][str(link.source)] = None
    return Topology.from_edges([str(number) for number in range(count)], upstream)


def columns_of(topology: Topology, heights: Sequence[int], capacity: float) -> list[int]:
    """The column of each piece; every edge leads at least one column to the right."""
    tail = [0] * len(heights)
    for number in reversed(topology.order):
        tail[number] = 1 + max((tail[other] for other in topology.downstream[number]), default=0)
    waiting = [len(others) for others in topology.upstream]
    ready = [(-tail[number], number) for number, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    column = [0] * len(heights)
    at = 0
    while ready:
        used = 0.0
        taken: list[int] = []
        while ready and (not taken or used + heights[ready[0][1]] <= capacity):
            number = heapq.heappop(ready)[1]
            used += heights[number]
            taken.append(number)
        for number in taken:
            column[number] = at
            for other in topology.downstream[number]:
                waiting[other] -= 1
                if not waiting[other]:
                    heapq.heappush(ready, (-tail[other], other))
        at += 1
    return column


def components(topology: Topology) -> list[list[int]]:
    """Pieces that hang together, each list in ascending order, by their first piece."""
    seen = [False] * len(topology.ids)
    found = []
    for start in range(len(seen)):
        if seen[start]:
            continue
        seen[start] = True
        work = [start]
        for number in work:  # grows while it is walked
            for other in (*topology.upstream[number], *topology.downstream[number]):
                if not seen[other]:
                    seen[other] = True
                    work.append(other)
        found.append(sorted(work))
    return found
