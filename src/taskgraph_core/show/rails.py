"""Edges between the rows of a box, as lines in a gutter beside them, the way version control draws history.

An edge to the very next row is a straight line between the two signs. Any other edge swings out
into a lane; all edges out of one row share a lane, and two rows share one only where their lines
do not overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taskgraph_core.show.picture import Edge


@dataclass(frozen=True, slots=True)
class Rail:
    """An edge from row ``start`` down to row ``stop``, in lane 0 (straight) or further out."""

    edge: Edge
    start: int
    stop: int
    lane: int


def rails_of(ids: Sequence[str], edges: Iterable[Edge]) -> list[Rail]:
    """Give the edges among these rows their lanes (first fit, short lines first and so innermost)."""
    place = {task_id: number for number, task_id in enumerate(ids)}
    spans = [
        (edge, place[edge.source], place[edge.target])
        for edge in edges
        if edge.source in place and edge.target in place
    ]
    reach: dict[int, int] = {}
    for _, start, stop in spans:
        if stop - start > 1:
            reach[start] = max(reach.get(start, 0), stop)
    lanes: list[list[tuple[int, int]]] = []
    lane_of: dict[int, int] = {}
    for start, stop in sorted(reach.items(), key=lambda item: (item[1] - item[0], item[0])):
        lane = next((at for at, taken in enumerate(lanes) if _free(taken, start, stop)), len(lanes))
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((start, stop))
        lane_of[start] = lane + 1
    return [Rail(edge, start, stop, lane_of[start] if stop - start > 1 else 0) for edge, start, stop in spans]


def _free(taken: list[tuple[int, int]], start: int, stop: int) -> bool:
    return all(stop <= low or high <= start for low, high in taken)
