"""Where everything stands in a picture: a layered drawing from left to right, made without any tool.

Cards and boxes (``blocks``) are folded into stacks where the plan is one long chain (``strands``).
Each connected part (``islands``) gets columns (``columns``), places for the lines that cross them
(``lanes``), an order in each (``ordering``) and heights (``placing``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.show.blocks import PORT, WIDTH, Block, Blocks, blocks_of
from taskgraph_core.show.columns import columns_of, topology_of
from taskgraph_core.show.islands import GAP, islands_of, packed
from taskgraph_core.show.placing import PIECE_GAP
from taskgraph_core.show.strands import Link, Strand, folded, single

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.show.picture import Edge, Picture

ASPECT = 1.7
"""How much wider than high a picture wants to be."""

_LEAST_HEIGHT = 620
_LEAST_FOLDED_WIDTH = 2000


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


def layout_of(picture: Picture) -> Layout:
    """Lay a picture out; about O((tasks + stops of long edges) log n)."""
    made = blocks_of(picture)
    links = _links(made, picture)
    heights = [block.height for block in made.blocks]
    area = sum(height + PIECE_GAP for height in heights) * (WIDTH + 1.5 * GAP)
    page = max(_LEAST_HEIGHT, math.sqrt(area / ASPECT))
    ribbon = _depth(heights, links) * (WIDTH + GAP) > max(_LEAST_FOLDED_WIDTH, 1.5 * ASPECT * page)
    strands = folded(heights, links, page) if ribbon else single(heights)
    home = {block: number for number, strand in enumerate(strands) for block in strand.blocks}
    between = [link for link in links if home[link.source] != home[link.target]]
    inside = [link for link in links if home[link.source] == home[link.target]]

    islands = islands_of(strands, [_lifted(link, strands, home) for link in between], 1.3 * page)
    corners, width, height = packed(islands, ASPECT * page)
    where: dict[int, tuple[int, int]] = {}
    stops: dict[int, list[tuple[int, int]]] = {}
    for island, (left, top) in zip(islands, corners, strict=True):
        for number, (x, y) in zip(island.strands, island.corners, strict=True):
            for block, below in zip(strands[number].blocks, strands[number].tops, strict=True):
                where[block] = (left + x, top + y + below)
        for number, points in zip(island.links, island.stops, strict=True):
            stops[number] = [(left + x, top + y) for x, y in points]
    placed = tuple(Placed(block, *where[number]) for number, block in enumerate(made.blocks))
    wires = [_across(link, link.edge, placed, stops[at]) for at, link in enumerate(between) if link.edge is not None]
    wires += [_down(link, link.edge, placed) for link in inside if link.edge is not None]
    return Layout(placed, tuple(wires), width, height)


def _links(made: Blocks, picture: Picture) -> list[Link]:
    """The edges between blocks."""
    links = [Link(first, second, PORT, PORT, None) for first, second in made.after]
    for edge in picture.edges:
        source, leaves = made.place[edge.source]
        place = made.entry if edge.entering else made.end if edge.target in made.end else made.place
        target, arrives = place[edge.target]
        if target != source:
            links.append(Link(source, target, leaves, arrives, edge))
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


def _across(link: Link, edge: Edge, placed: Sequence[Placed], stops: list[tuple[int, int]]) -> Wire:
    """A wire from a right side to a left side."""
    source, target = placed[link.source], placed[link.target]
    start = (source.x + WIDTH, source.y + link.leaves)
    return Wire(edge, (start, *stops, (target.x, target.y + link.arrives)))


def _down(link: Link, edge: Edge, placed: Sequence[Placed]) -> Wire:
    """A wire from the bottom of a block to the top of the next."""
    source, target = placed[link.source], placed[link.target]
    x = source.x + GAP // 2
    return Wire(edge, ((x, source.y + source.block.height), (x, target.y)), down=True)
