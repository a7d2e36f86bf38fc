"""What a picture of a graph shows: which tasks stand in a box together, and which edges are drawn.

Every format draws this one model, so that they agree. A parent whose subtasks all lead to it is
a box: the box begins where its first subtasks begin and its end is the parent itself. An edge
into a box stands for one to each of its first tasks, an edge out of a box is one from the parent,
and that the parent comes after its subtasks needs no edge.

Edges that follow from others are left out (A. V. Aho, M. R. Garey, J. D. Ullman, SIAM J. Comput.
1 (2), 1972), except into a task whose trigger rule looks at more than success: there each one counts.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.analysis.reduction import redundant_edges
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskgraph_core.ir import Task, TaskGraph


@dataclass(frozen=True, slots=True)
class Edge:
    """``target`` waits for ``source``; if it is ``entering``, each of the first tasks in the box ``target`` does."""

    source: str
    target: str
    entering: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A parent and its subtasks.

    Attributes:
        parent: the task whose start is the box's end.
        members: the subtasks, each after those it waits for.
        first: ids of the members that wait for no other member.
        shows_end: edges lead to the parent itself, so its place has to be seen.
    """

    parent: Task
    members: tuple[Task, ...]
    first: tuple[str, ...]
    shows_end: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph as it is drawn.

    Attributes:
        graph: where it comes from.
        boxes: by the parent's id.
        home: the box of each member, by ids.
        edges: what is drawn, by the target's and then the source's place in the graph.
        left_out: how many edges are not drawn because they follow from others.
    """

    graph: TaskGraph
    boxes: dict[str, Box]
    home: dict[str, str]
    edges: tuple[Edge, ...]
    left_out: int

    @property
    def outside(self) -> list[Task]:
        """The tasks in no box, boxes' parents among them, in the graph's order."""
        return [task for task in self.graph.tasks if task.id not in self.home]

    @property
    def waits_for(self) -> dict[str, list[Edge]]:
        """The edges into each task, by its id."""
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return found


def picture_of(graph: TaskGraph) -> Picture:
    """Decide what is drawn; O(tasks x edges) at worst.

    Raises:
        InputError: the dependencies go in a circle.
    """
    topology = Topology.of(graph)
    if not topology.acyclic:
        msg = "the dependencies go in a circle"
        raise InputError(msg, where=graph.id, fix="run 'taskgraph check' to see which")
    known = graph.by_id
    upstream = {task.id: list(dict.fromkeys(i for i in task.depends_on if i in known)) for task in graph.tasks}
    ids = topology.ids
    redundant = {
        (ids[source], ids[target])
        for source, target in redundant_edges(topology)
        if graph.tasks[target].trigger_rule == "all_success"
    }
    members = _closed_groups(graph, upstream)
    home = {member: parent for parent, inside in members.items() for member in inside}
    edges: list[Edge] = []
    boxes = {}
    common = {}
    for parent, inside in members.items():
        first = [member for member in inside if not any(home.get(other) == parent for other in upstream[member])]
        common[parent] = set(upstream[first[0]]).intersection(*(upstream[member] for member in first))
        task = known[parent]
        shows_end = task.trigger_rule != "all_success" or any(
            home.get(other) != parent and (other, parent) not in redundant for other in upstream[parent]
        )
        boxes[parent] = Box(task, tuple(known[member] for member in inside), tuple(first), shows_end)
    for task in graph.tasks:
        box = boxes.get(task.id)
        if box:
            needed = [i for i in upstream[box.first[0]] if i in common[task.id]]
            edges += [
                Edge(other, task.id, entering=True)
                for other in needed
                if any((other, member) not in redundant for member in box.first)
            ]
            if not box.shows_end:
                continue
        shared: Iterable[str] = ()
        if home.get(task.id) and task.id in boxes[home[task.id]].first:
            shared = common[home[task.id]]
        edges += [
            Edge(other, task.id)
            for other in upstream[task.id]
            if other not in shared and (other, task.id) not in redundant
        ]
    return Picture(graph, boxes, home, tuple(edges), len(redundant))


def _closed_groups(graph: TaskGraph, upstream: dict[str, list[str]]) -> dict[str, list[str]]:
    """Members of each outermost group that its parent closes, in an order of their dependencies."""
    found: dict[str, list[str]] = {}
    for task in graph.tasks:
        outermost = _outermost(graph, task)
        if outermost is not None:
            found.setdefault(outermost, []).append(task.id)
    return {
        parent: _ordered(inside, upstream)
        for parent, inside in found.items()
        if _reaching(parent, set(inside), upstream) == set(inside)
    }


def _outermost(graph: TaskGraph, task: Task) -> str | None:
    """The last of a task's parents' parents; None if it has no parent or they go in a circle."""
    seen = {task.id}
    at = task
    while at.group is not None and at.group in graph.by_id:
        if at.group in seen:
            return None
        seen.add(at.group)
        at = graph.by_id[at.group]
    return None if at is task else at.id


def _reaching(parent: str, inside: set[str], upstream: dict[str, list[str]]) -> set[str]:
    """Those members from which edges among the members lead to the parent."""
    found: set[str] = set()
    work = [parent]
    while work:
        for other in upstream[work.pop()]:
            if other in inside and other not in found:
                found.add(other)
                work.append(other)
    return found


def _ordered(inside: list[str], upstream: dict[str, list[str]]) -> list[str]:
    """Members after the members they wait for, otherwise in the graph's order."""
    place = {member: number for number, member in enumerate(inside)}
    waiting = {member: sum(other in place for other in upstream[member]) for member in inside}
    downstream: dict[str, list[str]] = {}
    for member in inside:
        for other in upstream[member]:
            if other in place:
                downstream.setdefault(other, []).append(member)
    ready = [place[member] for member in inside if not waiting[member]]
    ordered = []
    while ready:
        member = inside[heapq.heappop(ready)]
        ordered.append(member)
        for other in downstream.get(member, ()):
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, place[other])
    return ordered
