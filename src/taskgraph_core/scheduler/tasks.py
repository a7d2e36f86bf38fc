"""The tasks of one run, tied to their neighbours, and refused if no run of them could end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .node import WHOLE
from .rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .node import Node, State


_TOP_PRIORITY = 1 << 20
"""Above every priority."""


@dataclass(slots=True, eq=False)
class Task:
    """What changes about a task during a run.

    ``attempt`` and ``undo_attempt`` number what was started; ``failures`` counts what used up the
    attempts allowed. While undoing, ``open_ends`` counts downstream tasks not dealt with.
    """

    node: Node
    rank: int = 0
    upstream: list[Task] = field(default_factory=list)
    downstream: list[Task] = field(default_factory=list)
    ended: dict[str, int] = field(default_factory=dict)
    state: State | None = None
    decided: bool = False
    attempt: int = 0
    undo_attempt: int = 0
    failures: int = 0
    queued: bool = False
    running: bool = False
    open_ends: int = 0
    undone: bool | None = None


def count_end(task: Task, state: State) -> None:
    """An upstream task ended; one that was cancelled counts as failed."""
    counted = "failed" if state == "cancelled" else state
    task.ended[counted] = task.ended.get(counted, 0) + 1


def late_rank(node: Node, number: int) -> int:
    """Rank of a task that is added later: after those there were at first, by priority, then in order of adding."""
    return ((_TOP_PRIORITY - node.priority) << 40) + number


def link(nodes: Sequence[Node], capacities: Mapping[str, int]) -> dict[str, Task]:
    """Tasks by id, each tied to its neighbours.

    Raises:
        ValueError: an id comes twice, a dependency is missing or circular, or ``check`` refuses a task.
    """
    tasks = {node.id: Task(node) for node in nodes}
    if len(tasks) < len(nodes):
        msg = "two tasks have the same id"
        raise ValueError(msg)
    for task in tasks.values():
        check(task.node, capacities)
        tie(task, tasks)
    _refuse_circles(list(tasks.values()))
    return tasks


def check(node: Node, capacities: Mapping[str, int], others: Mapping[str, object] | None = None) -> None:
    """Refuse a task that could never run.

    Raises:
        ValueError: its id is among the others, its rule is unknown, or a claim comes twice or exceeds its capacity.
    """
    if others is not None and node.id in others:
        msg = f"there is a task {node.id!r} already"
        raise ValueError(msg)
    if node.rule not in RULES:
        msg = f"task {node.id!r} has an unknown trigger rule: {node.rule!r}"
        raise ValueError(msg)
    if len(dict(node.claims)) < len(node.claims):
        msg = f"task {node.id!r} claims the same resource twice"
        raise ValueError(msg)
    for name, slots in node.claims:
        if slots > capacities.get(name, WHOLE):
            msg = f"task {node.id!r} claims {slots} of {name!r}, which has {capacities.get(name, WHOLE)}"
            raise ValueError(msg)


def tie(task: Task, tasks: dict[str, Task]) -> None:
    """Connect a task with those it depends on, and add it to them.

    Raises:
        ValueError: one of these does not exist.
    """
    for upstream_id in task.node.upstream:
        if upstream_id not in tasks:
            msg = f"task {task.node.id!r} depends on {upstream_id!r}, which is not in the graph"
            raise ValueError(msg)
        task.upstream.append(tasks[upstream_id])
    for other in task.upstream:
        other.downstream.append(task)
    tasks[task.node.id] = task


def _refuse_circles(tasks: Sequence[Task]) -> None:
    waiting = {id(task): len(task.upstream) for task in tasks}
    free = [task for task in tasks if not task.upstream]
    seen = 0
    while free:
        seen += 1
        for other in free.pop().downstream:
            waiting[id(other)] -= 1
            if not waiting[id(other)]:
                free.append(other)
    if seen < len(tasks):
        stuck = [task.node.id for task in tasks if waiting[id(task)]]
        msg = f"the dependencies of {', '.join(map(repr, stuck[:5]))} go in a circle"
        raise ValueError(msg)
