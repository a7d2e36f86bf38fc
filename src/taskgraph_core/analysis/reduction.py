"""Redundant edges: those that follow from the others.

An edge from u to v is redundant when another path leads from u to v; removing all of them at once
leaves the transitive reduction, which for an acyclic graph is unique (A. V. Aho, M. R. Garey and
J. D. Ullman, SIAM J. Comput. 1 (2), 1972). Only an edge that skips a level can be redundant, so most
tasks never enter the search. The rest is one pass over the graph for every ``BLOCK`` tasks in
question, each of them one bit of a long integer; a pass covers only the stretch of the
topological order between the first of them and the last edge in question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.analysis.topology import Topology

BLOCK = 2048
"""Tasks a pass; bounds memory to a quarter of a kilobyte a task."""


def redundant_edges(topology: Topology) -> list[tuple[int, int]]:
    """Every (upstream, downstream) edge that follows from the others, in order; of an acyclic graph.

    An edge listed twice in ``upstream`` is no reason for either to be redundant.
    """
    found: list[tuple[int, int]] = []
    suspects = _edges_that_skip_a_level(topology)
    place = {number: position for position, number in enumerate(topology.order)}
    sources = sorted(suspects, key=place.__getitem__)
    for start in range(0, len(sources), BLOCK):
        part = sources[start : start + BLOCK]
        bits = {source: 1 << position for position, source in enumerate(part)}
        targets: dict[int, list[int]] = {}
        for source in part:
            for target in suspects[source]:
                targets.setdefault(target, []).append(source)
        stretch = topology.order[place[part[0]] : 1 + max(place[target] for target in targets)]
        found += _reached_otherwise(topology, stretch, bits, targets)
    return sorted(found)


def _edges_that_skip_a_level(topology: Topology) -> dict[int, list[int]]:
    """Targets by source of the edges that could be redundant."""
    depth = topology.depths()
    suspects: dict[int, list[int]] = {}
    for target, sources in enumerate(topology.upstream):
        if len(sources) > 1:
            level = depth[target] - 1
            for source in sources:
                if depth[source] < level and len(topology.downstream[source]) > 1:
                    suspects.setdefault(source, []).append(target)
    return suspects


def _reached_otherwise(
    topology: Topology, stretch: list[int], bits: dict[int, int], targets: dict[int, list[int]]
) -> list[tuple[int, int]]:
    """Edges whose source, a bit, reaches one of the target's upstream tasks."""
    found = []
    reached = [0] * len(topology.ids)
    for number in stretch:
        before = 0
        for other in topology.upstream[number]:
            before |= reached[other]
        if number in targets:
            found += [(source, number) for source in targets[number] if before & bits[source]]
        for other in topology.upstream[number]:
            if other in bits:
                before |= bits[other]
        reached[number] = before
    return found
