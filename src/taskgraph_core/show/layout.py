"""Where everything stands in a picture: a layered drawing from left to right, made without any tool.

Cards and boxes (``blocks``) are folded into stacks where the plan is one long chain (``strands``),
given columns (``columns``), lines through columns get their places (``lanes``), columns are ordered
(``ordering``) and placed (``placing``). Parts of a plan that have nothing to do with each other are
laid out each for itself and put beside each other like words in lines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from taskgraph_core.show.blocks import PORT, WIDTH, Block, Blocks, blocks_of
from taskgraph_core.show.columns import columns_of, components, topology_of
from taskgraph_core.show.lanes import Lanes, lanes_of
from taskgraph_core.show.ordering import untangle
from taskgraph_core.show.placing import PIECE_GAP, place
from taskgraph_core.show.strands import Link, Strand, folded, single

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.show.picture import Edge, Picture

ASPECT = 1.7
"""How much wider than high a picture wants to be."""

_LEAST_HEIGHT = 620
_LEAST_FOLDED_WIDTH = 2000
_GAP, _WIDEST_GAP = 56, 150
_APART = 40


@dataclass(frozen=True, slots=True)
class Placed:
    """A block and its top left corner."""

    block: Block
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Wire:
    """An edge between blocks as points.

    It swings from the first to the second, runs straight to the third, swings to the fourth and so
    on; a ``down`` edge, inside a stack, is one straight line from a block to the one below.
    """

    edge: Edge
    points: tuple[tuple[int, int], ...]
    down: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole picture, from (0, 0) to (``width``, ``height``)."""

    blocks: tuple[Placed, ...]
    wires: tuple[Wire, ...]
    width: int
    height: int


@dataclass(slots=True)
class _Island:
    """A part of the picture connected in itself, before and after it is laid out.

    Attributes:
        strands: numbers of its strands.
        links: numbers of the links between them.
        corners: where each strand stands in it.
        stops: left and right end of each link's way through each column between its ends.
    """

    strands: list[int]
    links: list[int]
    corners: list[tuple[int, int]]
    stops: list[list[tuple[int, int]]]
    width: int = 0
    height: int = 0


def layout_of(picture: Picture) -> Layout:
    """Lay a picture out; about O((tasks + stops of long edges) log n)."""
    made = blocks_of(picture)
    links = _links(made, picture)
    heights = [block.height for block in made.blocks]
    area = sum(height + PIECE_GAP for height in heights) * (WIDTH + 1.5 * _GAP)
    page = max(_LEAST_HEIGHT, math.sqrt(area / ASPECT))
    strands = single(heights)
    if _depth(heights, links) * (WIDTH + _GAP) > max(_LEAST_FOLDED_WIDTH, 1.5 * ASPECT * page):
        strands = folded(heights, links, page)
    home = {block: number for number, strand in enumerate(strands) for block in strand.blocks}
    between = [link for link in links if home[link.source] != home[link.target]]
    lifted = [_lifted(link, strands, home) for link in between]
    islands = _islands(len(strands), lifted)
    capacity = max([1.3 * page, *(strand.height for strand in strands)])
    for island in islands:
        _lay_out(island, strands, lifted, capacity)
    corners, width, height = _packed(islands, ASPECT * page)
    where: dict[int, tuple[int, int]] = {}
    stops: dict[int, list[tuple[int, int]]] = {}
    for island, (left, top) in zip(islands, corners, strict=True):
        for number, (x, y) in zip(island.strands, island.corners, strict=True):
            for block, below in zip(strands[number].blocks, strands[number].tops, strict=True):
                where[block] = (left + x, top + y + below)
        for number, points in zip(island.links, island.stops, strict=True):
            stops[number] = [(left + x, top + y) for x, y in points]
    placed = tuple(Placed(block, *where[number]) for number, block in enumerate(made.blocks))
    wires = [_across(link, placed, stops[number]) for number, link in enumerate(between)]
    wires += [_down(link, placed) for link in links if home[link.source] == home[link.target]]
    return Layout(placed, tuple(wire for wire in wires if wire), width, height)


def _links(made: Blocks, picture: Picture) -> list[Link]:
    """The edges between blocks. An edge into a box that was cut leads to each of its first rows."""
    links = [Link(first, second, PORT, PORT, None) for first, second in made.after]
    for edge in picture.edges:
        source, leaves = made.place[edge.source]
        if not edge.entering:
            ends = [made.end.get(edge.target) or made.place[edge.target]]
        elif made.blocks[made.place[edge.target][0]].part[1] > 1:
            ends = [made.place[member] for member in picture.boxes[edge.target].first]
        else:
            ends = [made.place[edge.target]]
        links += [Link(source, target, leaves, arrives, edge) for target, arrives in ends if target != source]
    return links


def _depth(heights: Sequence[int], links: Sequence[Link]) -> int:
    """How many columns the blocks would need."""
    return max(columns_of(topology_of(len(heights), links), heights, math.inf), default=-1) + 1


def _lifted(link: Link, strands: Sequence[Strand], home: dict[int, int]) -> Link:
    """A link between blocks as one between strands. A stack wants to be level with its successor at its head."""
    source, target = home[link.source], home[link.target]
    strand = strands[source]
    leaves = link.leaves if len(strand.blocks) == 1 else PORT
    return Link(source, target, leaves, link.arrives, link.edge, strand.tops[-1] + link.leaves - leaves)


def _islands(count: int, links: Sequence[Link]) -> list[_Island]:
    topology = topology_of(count, links)
    islands = [_Island(numbers, [], [], []) for numbers in components(topology)]
    member = {number: island for island in islands for number in island.strands}
    for number, link in enumerate(links):
        member[link.source].links.append(number)
    return islands


def _lay_out(island: _Island, strands: Sequence[Strand], links: Sequence[Link], capacity: float) -> None:
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
        lefts.append(lefts[-1] + WIDTH + min(_GAP + climb // 6, _WIDEST_GAP))
    return lefts


def _packed(islands: Sequence[_Island], page_width: float) -> tuple[list[tuple[int, int]], int, int]:
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


def _across(link: Link, placed: Sequence[Placed], stops: list[tuple[int, int]]) -> Wire | None:
    """A wire from a right side to a left side."""
    if link.edge is None:
        return None
    source, target = placed[link.source], placed[link.target]
    start = (source.x + WIDTH, source.y + link.leaves)
    return Wire(link.edge, (start, *stops, (target.x, target.y + link.arrives)))


def _down(link: Link, placed: Sequence[Placed]) -> Wire | None:
    """A wire from the bottom of a block to the top of the next."""
    if link.edge is None:
        return None
    source, target = placed[link.source], placed[link.target]
    x = source.x + _GAP // 2
    return Wire(link.edge, ((x, source.y + source.block.height), (x, target.y)), down=True)
