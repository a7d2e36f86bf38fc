"""What a picture of a graph shows: which tasks stand in a box together, and which edges are drawn.

Every format draws this one model, so that they agree. A parent whose subtasks all lead to it is
a box: the box begins where its first subtasks begin and its end is the parent itself. An edge
into a box stands for one to each of its first tasks, an edge out of a box is one from the parent,
and that the parent comes after its subtasks needs no edge.

Edges that follow from others are left out (``analysis.reduction``), except into a task whose
trigger rule looks at more than success: there each one counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.analysis.reduction import redundant_edges
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.errors import InputError
from taskgraph_core.show.groups import closed_groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
        entering: ids of the tasks outside that all of the first wait for.
        shows_end: edges lead to the parent itself, so its place has to be seen.
    """

    parent: Task
    members: tuple[Task, ...]
    first: tuple[str, ...]
    entering: tuple[str, ...]
    shows_end: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph as it is drawn.

    Attributes:
        graph: where it comes from.
        boxes: by the parent's id.
        home: the box of each member, by ids.
        edges: what is drawn, by the target's place in the graph.
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
    """Decide what is drawn.

    Raises:
        InputError: the dependencies go in a circle.
    """
    topology = Topology.of(graph)
    if not topology.acyclic:
        msg = "the dependencies go in a circle"
        raise InputError(msg, where=graph.id, fix="run 'taskgraph check' to see which")
    upstream = {task.id: list(dict.fromkeys(i for i in task.depends_on if i in graph.by_id)) for task in graph.tasks}
    redundant = {
        (topology.ids[source], topology.ids[target])
        for source, target in redundant_edges(topology)
        if graph.tasks[target].trigger_rule == "all_success"
    }
    groups = closed_groups(graph, upstream)
    home = {member: parent for parent, members in groups.items() for member in members}
    drawn = {
        task_id: [other for other in others if (other, task_id) not in redundant]
        for task_id, others in upstream.items()
    }
    boxes = {
        parent: _box(graph, graph.by_id[parent], members, upstream, drawn[parent]) for parent, members in groups.items()
    }
    edges = tuple(edge for task in graph.tasks for edge in _edges_into(task, boxes, home, drawn))
    return Picture(graph, boxes, home, edges, len(redundant))


def _box(
    graph: TaskGraph, parent: Task, members: list[str], upstream: Mapping[str, Sequence[str]], drawn: Sequence[str]
) -> Box:
    inside = set(members)
    first = [member for member in members if inside.isdisjoint(upstream[member])]
    entering = set(upstream[first[0]]).intersection(*(upstream[member] for member in first))
    return Box(
        parent,
        tuple(graph.by_id[member] for member in members),
        tuple(first),
        tuple(other for other in upstream[first[0]] if other in entering),
        shows_end=parent.trigger_rule != "all_success" or not inside.issuperset(drawn),
    )


def _edges_into(
    task: Task, boxes: Mapping[str, Box], home: Mapping[str, str], drawn: Mapping[str, Sequence[str]]
) -> Iterator[Edge]:
    """The edges into a task and, if it is a box, into its first members together."""
    box = boxes.get(task.id)
    if box is not None:
        needed = {other for member in box.first for other in drawn[member]}
        yield from (Edge(other, task.id, entering=True) for other in box.entering if other in needed)
        if not box.shows_end:
            return
    around = boxes.get(home.get(task.id, ""))
    entered = set(around.entering) if around is not None and task.id in around.first else set()
    yield from (Edge(other, task.id) for other in drawn[task.id] if other not in entered)
