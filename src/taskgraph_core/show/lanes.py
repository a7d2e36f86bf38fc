"""The layered drawing in the making: pieces and, for edges across whole columns, places to pass through.

An edge that spans several columns gets an invisible stop in each column between (K. Sugiyama,
S. Tagawa, M. Toda, IEEE Trans. SMC 11 (2), 1981). Long edges out of one task share their stops, or
those into one task, whichever are more: they run together and part late, and a line never has
both several sources and several targets.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.show.strands import Link


@dataclass(frozen=True, slots=True)
class Segment:
    """A line between nodes of neighbouring columns; ``out`` and ``into`` are distances from their tops."""

    left: int
    right: int
    out: int
    into: int


@dataclass(frozen=True, slots=True)
class Lanes:
    """All that is ordered and placed.

    Attributes:
        heights: of each node; the first are the pieces, stops follow with height 0.
        columns: nodes of each column, from top to bottom; stops begin in the middle.
        segments: between neighbouring columns, each once.
        routes: the nodes along each link, from its source to its target.
        pieces: how many of the nodes are no stops.
    """

    heights: list[int]
    columns: list[list[int]]
    segments: list[Segment]
    routes: list[list[int]]
    pieces: int


def lanes_of(heights: Sequence[int], column: Sequence[int], links: Sequence[Link]) -> Lanes:
    """Place the stops of the long edges."""
    lanes = Lanes(list(heights), [[] for _ in range(max(column, default=-1) + 1)], [], [], len(heights))
    for number, at in enumerate(column):
        lanes.columns[at].append(number)
    long = [link for link in links if column[link.target] - column[link.source] > 1]
    leaving = Counter((link.source, link.leaves) for link in long)
    arriving = Counter((link.target, link.arrives) for link in long)
    stops: dict[tuple[str, int, int, int], int] = {}
    segments: dict[Segment, None] = {}
    for link in links:
        if leaving[link.source, link.leaves] >= arriving[link.target, link.arrives]:
            trunk = ("out of", link.source, link.leaves)
        else:
            trunk = ("into", link.target, link.arrives)
        route = [link.source]
        for at in range(column[link.source] + 1, column[link.target]):
            key = (*trunk, at)
            if key not in stops:
                stops[key] = len(lanes.heights)
                lanes.columns[at].insert(len(lanes.columns[at]) // 2, len(lanes.heights))
                lanes.heights.append(0)
            route.append(stops[key])
        route.append(link.target)
        lanes.routes.append(route)
        for left, right in pairwise(route):
            out = link.leaves if left == link.source else 0
            into = link.arrives if right == link.target else 0
            segments[Segment(left, right, out, into)] = None
    lanes.segments.extend(segments)
    return lanes
