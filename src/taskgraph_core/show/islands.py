"""Parts of a picture that have nothing to do with each other: each is laid out for itself, then all are packed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from taskgraph_core.show.blocks import WIDTH
from taskgraph_core.show.columns import columns_of, components, topology_of
from taskgraph_core.show.lanes import lanes_of
from taskgraph_core.show.ordering import untangle
from taskgraph_core.show.placing import PIECE_GAP, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.show.lanes import Lanes
    from taskgraph_core.show.strands import Link, Strand

GAP = 56
"""Least space between two columns."""

_WIDEST_GAP = 150
_APART = 40


@dataclass(slots=True)
class Island:
    """A part of the picture that is connected in itself.

    Attributes:
        strands: numbers of its strands.
        links: numbers of the links between them.
        corners: where each strand stands in it.
        stops: left and right end of each link's way through each column between its ends.
        width: of all of it.
        height: of all of it.
    """

    strands: list[int]
    links: list[int] = field(default_factory=list)
    corners: list[tuple[int, int]] = field(default_factory=list)
    stops: list[list[tuple[int, int]]] = field(default_factory=list)
    width: int = 0
    height: int = 0


def islands_of(strands: Sequence[Strand], links: Sequence[Link], capacity: float) -> list[Island]:
    """All islands, laid out with columns of at most ``capacity`` pixels where a piece is not higher itself."""
    islands = [Island(numbers) for numbers in components(topology_of(len(strands), links))]
    around = {number: island for island in islands for number in island.strands}
    for number, link in enumerate(links):
        around[link.source].links.append(number)
    for island in islands:
        _lay_out(island, strands, links, capacity)
    return islands


def packed(islands: Sequence[Island], page_width: float) -> tuple[list[tuple[int, int]], int, int]:
    """Islands set like words in lines, the highest first: corner of each, width and height of all."""
    page_width = max([page_width, *(island.width for island in islands)])
    corners = [(0, 0)] * len(islands)
    left = top = line = width = 0
    for number in sorted(range(len(islands)), key=lambda number: (-islands[number].height, number)):
        island = islands[number]
        if left and left + island.width > page_width:
            left, top, line = 0, top + line + _APART, 0
        corners[number] = (left, top)
        left += island.width + _APART
        line = max(line, island.height)
        width = max(width, left - _APART)
    return corners, width, top + line


def _lay_out(island: Island, strands: Sequence[Strand], links: Sequence[Link], capacity: float) -> None:
    """Place one island's strands and the ways of its links."""
    local = {number: at for at, number in enumerate(island.strands)}
    heights = [strands[number].height for number in island.strands]
    inner = [
        replace(link, source=local[link.source], target=local[link.target])
        for link in (links[number] for number in island.links)
    ]
    spaced = [height + PIECE_GAP for height in heights]
    column = columns_of(topology_of(len(heights), inner), spaced, capacity)
    lanes = lanes_of(heights, column, inner)
    untangle(lanes)
    tops = place(lanes)
    lefts = _lefts(lanes, inner, tops)
    island.corners = [(lefts[column[at]], tops[at]) for at in range(len(heights))]
    for route, link in zip(lanes.routes, inner, strict=True):
        first = column[link.source] + 1
        island.stops.append(
            [(x, tops[node]) for at, node in enumerate(route[1:-1], first) for x in (lefts[at], lefts[at] + WIDTH)]
        )
    island.width = lefts[-1] + WIDTH
    island.height = max(top + height for top, height in zip(tops, lanes.heights, strict=True))


def _lefts(lanes: Lanes, links: Sequence[Link], tops: Sequence[int]) -> list[int]:
    """The left of each column; the space before it grows with how far lines have to climb there."""
    column = {node: number for number, nodes in enumerate(lanes.columns) for node in nodes}
    climbs = [0] * len(lanes.columns)
    for route, link in zip(lanes.routes, links, strict=True):
        height = tops[link.source] + link.leaves + link.drop
        for node in route[1:]:
            below = tops[node] + (link.arrives if node == link.target else 0)
            climbs[column[node]] = max(climbs[column[node]], abs(below - height))
            height = below
    lefts = [0]
    for climb in climbs[1:]:
        lefts.append(lefts[-1] + WIDTH + min(GAP + climb // 6, _WIDEST_GAP))
    return lefts
