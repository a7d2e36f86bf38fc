"""Circles among dependencies: found in linear time, and named so that a person can cut them.

The search for what lies on circles is Kahn's algorithm; only what that leaves over is looked at
with networkx, whose import a sound plan does not pay for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.analysis.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import networkx as nx

MOST_NAMED = 25
"""Circles named in one knot; a knot is a set of tasks each of which waits, at last, for every one of them."""


def knots(waits_for: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """The knots (strongly connected components with a circle in them), in the order of the mapping."""
    graph = _leftover(waits_for)
    return [set(knot) for knot in _components(graph)] if graph is not None else []


def circles(waits_for: Mapping[str, Iterable[str]]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every knot cut open circle by circle: the circle as a path, and how many tasks its knot still holds.

    Each circle is a shortest one through the first task of its knot; after it is named, the edge that
    closes it is taken away, so that none is named twice and every task on a circle is named.
    """
    graph = _leftover(waits_for)
    if graph is None:
        return
    order = {task_id: number for number, task_id in enumerate(waits_for)}
    for knot in _components(graph):
        left = graph.subgraph(knot).copy()
        for _ in range(MOST_NAMED):
            inner = next(iter(_components(left)), None)
            if inner is None:
                break
            first = min(inner, key=order.__getitem__)
            path = _shortest_circle(left.subgraph(inner), first)
            left.remove_edge(path[-1], path[0])
            yield path, len(knot)


def _leftover(waits_for: Mapping[str, Iterable[str]]) -> nx.DiGraph[str] | None:
    """What Kahn's algorithm cannot order, on a circle or behind one; None if it orders everything."""
    topology = Topology.from_edges(list(waits_for), waits_for.values())
    if topology.acyclic:
        return None
    import networkx as nx  # noqa: PLC0415 - a sound plan does not pay for it

    graph: nx.DiGraph[str] = nx.DiGraph()
    ids = topology.ids
    ordered = set(topology.order)
    for number, others in enumerate(topology.upstream):
        if number not in ordered:
            graph.add_edges_from((ids[number], ids[other]) for other in others if other not in ordered)
    return graph


def _components(graph: nx.DiGraph[str]) -> list[list[str]]:
    import networkx as nx  # noqa: PLC0415 - as above

    position = {node: number for number, node in enumerate(graph)}
    found = [
        sorted(knot, key=position.__getitem__)
        for knot in nx.strongly_connected_components(graph)
        if len(knot) > 1 or any(graph.has_edge(node, node) for node in knot)
    ]
    return sorted(found, key=lambda knot: position[knot[0]])


def _shortest_circle(graph: nx.DiGraph[str], start: str) -> tuple[str, ...]:
    """Breadth-first from a node back to itself."""
    came_from: dict[str, str] = {}
    layer = [start]
    while True:
        following = []
        for node in layer:
            for other in graph[node]:
                if other == start:
                    path = [node]
                    while path[-1] != start:
                        path.append(came_from[path[-1]])
                    return tuple(reversed(path))
                if other not in came_from:
                    came_from[other] = node
                    following.append(other)
        layer = following
