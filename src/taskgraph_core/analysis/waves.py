"""Waves: tasks by how many steps lie before them.

A description only. Nothing here or in the scheduler waits for a wave to end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.analysis.topology import Topology


def waves(topology: Topology) -> list[list[str]]:
    """Ids of the tasks with nothing before them, then of those with one step before them, and so on.

    Each wave is in the graph's order, and no task waits for another of its wave.
    """
    depth = topology.depths()
    members: list[list[str]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for number, task_id in enumerate(topology.ids):
        members[depth[number]].append(task_id)
    return members
