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
    from collections.abc import Collection, Iterable, Mapping

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
    shown = dict.fromkeys(graph.groups)
    while circles := _in_circles(graph, shown):
        for group in circles:
            shown.pop(group)
    return Grouping(tuple(shown), tuple(group for group in graph.groups if group not in shown))


def places(graph: TaskGraph) -> dict[str, str]:
    """The group of each task that stands in one: its parent's, or, for the task that closes a group, its own."""
    owners = {task.id: task.id if task.id in graph.groups else task.group for task in graph.tasks}
    return {task_id: group for task_id, group in owners.items() if group is not None}


def surroundings(graph: TaskGraph, shown: Collection[str]) -> dict[str, str]:
    """The shown group in which a shown group stands: that of its parent task, if it has one."""
    parents = {group: graph.by_id[group].group for group in shown if group in graph.by_id}
    return {group: around for group, around in parents.items() if around is not None and around in shown}


def depth(group: str, around: Mapping[str, str]) -> int:
    """How many groups stand around one."""
    return len(_path(group, around)) - 1


def _in_circles(graph: TaskGraph, shown: Collection[str]) -> set[str]:
    """The groups that wait in a circle for what stands beside them, or stand inside themselves."""
    around = surroundings(graph, shown)
    paths = {group: _path(group, around) for group in shown}
    if endless := {group for group, path in paths.items() if not path}:
        return endless
    place = places(graph)
    nodes: dict[tuple[bool, str], dict[tuple[bool, str], None]] = {}

    def path_to(task_id: str) -> list[tuple[bool, str]]:
        groups = paths.get(place.get(task_id, ""), ())
        return [*((True, group) for group in groups), (False, task_id)]

    for task in graph.tasks:
        own = path_to(task.id)
        others = [path_to(other) for other in task.depends_on]
        for depth, node in enumerate(own):
            beside = [path[depth] for path in others if len(path) > depth and path[:depth] == own[:depth]]
            waits_for = nodes.setdefault(node, {})
            if node not in beside:  # else it is not one of the first of its group
                waits_for.update(dict.fromkeys(beside))
    names = {own: str(number) for number, own in enumerate(nodes)}
    edges = [[names[other] for other in waits_for if other in names] for waits_for in nodes.values()]
    if Topology.from_edges(list(names.values()), edges).acyclic:
        return set()
    import networkx as nx  # noqa: PLC0415 - only plans with circles pay for it

    waiting: nx.DiGraph[tuple[bool, str]] = nx.DiGraph(
        (own, other) for own, waits_for in nodes.items() for other in waits_for
    )
    circles: Iterable[set[tuple[bool, str]]] = nx.strongly_connected_components(waiting)
    return {name for circle in circles if len(circle) > 1 for is_group, name in circle if is_group}


def _path(group: str, around: Mapping[str, str]) -> list[str]:
    """A group after those around it, outermost first; empty if they go on without end."""
    path = [group]
    while path[-1] in around and len(path) <= len(around):
        path.append(around[path[-1]])
    return [] if path[-1] in around else path[::-1]
