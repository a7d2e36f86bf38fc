"""Which parent tasks Airflow can show as groups, and which tasks stand in each.

Airflow sorts the boxes of its pages, so groups must not wait for each other in a circle, which
subtasks of two parents may well do. It goes by a group's first tasks, those that wait for none
inside; the same is done here, so that no group is given up that could be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.analysis.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from taskgraph_core.ir import TaskGraph


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups to show.

    Attributes:
        shown: ids of parent tasks, in the graph's order of their first members.
        given_up: ids of parent tasks whose groups go in circles.
    """

    shown: tuple[str, ...]
    given_up: tuple[str, ...] = ()


def grouping(graph: TaskGraph) -> Grouping:
    """Decide which groups to show; the more are given up, the fewer circles are left, until there are none."""
    place = places(graph)
    shown = dict.fromkeys(graph.groups)
    while circles := _in_circles(graph, {task_id: group for task_id, group in place.items() if group in shown}):
        for group in circles:
            shown.pop(group)
    return Grouping(tuple(shown), tuple(group for group in graph.groups if group not in shown))


def places(graph: TaskGraph) -> dict[str, str]:
    """The group of each task that stands in one: its parent's, or, for the task that closes a group, its own."""
    owners = {task.id: task.id if task.id in graph.groups else task.group for task in graph.tasks}
    return {task_id: group for task_id, group in owners.items() if group is not None}


def _in_circles(graph: TaskGraph, place: Mapping[str, str]) -> set[str]:
    """The groups that wait for each other in a circle."""
    nodes: dict[tuple[bool, str], dict[tuple[bool, str], None]] = {}

    def node(task_id: str) -> tuple[bool, str]:
        return (True, place[task_id]) if task_id in place else (False, task_id)

    for task in graph.tasks:
        own = node(task.id)
        waits_for = nodes.setdefault(own, {})
        others = [node(other) for other in task.depends_on]
        if own not in others:  # else it is not one of the first of its group
            waits_for.update(dict.fromkeys(others))
    names = {own: str(number) for number, own in enumerate(nodes)}
    edges = [[names[other] for other in waits_for] for waits_for in nodes.values()]
    if Topology.from_edges(list(names.values()), edges).acyclic:
        return set()
    import networkx as nx  # noqa: PLC0415 - only plans with circles pay for it

    waiting: nx.DiGraph[tuple[bool, str]] = nx.DiGraph(
        (own, other) for own, waits_for in nodes.items() for other in waits_for
    )
    circles: Iterable[set[tuple[bool, str]]] = nx.strongly_connected_components(waiting)
    return {name for circle in circles if len(circle) > 1 for is_group, name in circle if is_group}
