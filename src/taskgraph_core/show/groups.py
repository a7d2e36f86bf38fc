"""Which tasks stand in a box together: a parent and the subtasks that all lead to it."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from taskgraph_core.ir import Task, TaskGraph


def closed_groups(graph: TaskGraph, upstream: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Members by parent, each member after those it waits for.

    Groups within groups count as part of the outermost. A parent that does not wait for all its
    subtasks is no end of them, so there is no box to draw; its subtasks are cards like others.
    """
    found: dict[str, list[str]] = {}
    for task in graph.tasks:
        outermost = _outermost(graph, task)
        if outermost is not None:
            found.setdefault(outermost, []).append(task.id)
    return {
        parent: _ordered(members, upstream)
        for parent, members in found.items()
        if _reaching(parent, set(members), upstream) == set(members)
    }


def _outermost(graph: TaskGraph, task: Task) -> str | None:
    """The last of a task's parent, its parent's parent and so on; None if it has none or they go in a circle."""
    seen = {task.id}
    at = task
    while at.group is not None and at.group in graph.by_id:
        if at.group in seen:
            return None
        seen.add(at.group)
        at = graph.by_id[at.group]
    return None if at is task else at.id


def _reaching(parent: str, members: set[str], upstream: Mapping[str, Sequence[str]]) -> set[str]:
    """Those members from which edges among the members lead to the parent."""
    found: set[str] = set()
    work = [parent]
    while work:
        for other in upstream[work.pop()]:
            if other in members and other not in found:
                found.add(other)
                work.append(other)
    return found


def _ordered(members: list[str], upstream: Mapping[str, Sequence[str]]) -> list[str]:
    """Members after the members they wait for, otherwise in the graph's order."""
    place = {member: number for number, member in enumerate(members)}
    waiting = {member: sum(other in place for other in upstream[member]) for member in members}
    downstream: dict[str, list[str]] = {}
    for member in members:
        for other in upstream[member]:
            downstream.setdefault(other, []).append(member)
    ready = [place[member] for member in members if not waiting[member]]
    ordered = []
    while ready:
        member = members[heapq.heappop(ready)]
        ordered.append(member)
        for other in downstream.get(member, ()):
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, place[other])
    return ordered
