"""Chains folded into stacks, so that a long plan is a page and not a ribbon.

Where a block is all that the next one waits for, and nothing else waits for it, the two may stand
under each other with an arrow down between them. Stacks are only made when the picture would be
far wider than high, and only as high as the picture will be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.show.blocks import PORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.show.picture import Edge

STACK_GAP = 28


@dataclass(frozen=True, slots=True)
class Link:
    """An edge between blocks, or between strands.

    Attributes:
        source: number of the piece it leaves.
        target: number of the piece it arrives at.
        leaves: distance from the source's top that wants to be level with the other end.
        arrives: the same at the target.
        edge: what is drawn; None where one only has to stand behind the other.
        drop: how far below ``leaves`` the line really begins.
    """

    source: int
    target: int
    leaves: int
    arrives: int
    edge: Edge | None
    drop: int = 0


@dataclass(frozen=True, slots=True)
class Strand:
    """Blocks under each other: their numbers, their tops, and the height of all."""

    blocks: tuple[int, ...]
    tops: tuple[int, ...]
    height: int


def single(heights: Sequence[int]) -> list[Strand]:
    """Every block for itself."""
    return [Strand((number,), (0,), height) for number, height in enumerate(heights)]


def folded(heights: Sequence[int], links: Sequence[Link], limit: float) -> list[Strand]:
    """Chains as stacks of at most ``limit`` pixels, in the order of their first blocks."""
    follower = _followers(len(heights), links)
    followers = set(follower.values())
    strands = []
    for number in range(len(heights)):
        if number not in followers:
            chain = [number]
            while chain[-1] in follower:
                chain.append(follower[chain[-1]])
            strands += _cut(chain, heights, limit)
    return strands


def _followers(count: int, links: Sequence[Link]) -> dict[int, int]:
    """The next block in its chain of each block that has one."""
    outgoing = [0] * count
    incoming = [0] * count
    for link in links:
        outgoing[link.source] += 1
        incoming[link.target] += 1
    return {
        link.source: link.target
        for link in links
        if link.edge is not None
        and outgoing[link.source] == incoming[link.target] == 1
        and link.leaves == link.arrives == PORT
    }


def _cut(chain: list[int], heights: Sequence[int], limit: float) -> list[Strand]:
    """One chain as stacks of about equal height: each block goes where its middle falls."""
    whole = sum(heights[number] + STACK_GAP for number in chain)
    fair = whole / math.ceil(whole / limit)
    stacks: dict[int, list[int]] = {}
    top = 0
    for number in chain:
        stacks.setdefault(int((top + heights[number] / 2) / fair), []).append(number)
        top += heights[number] + STACK_GAP
    return [_stack(blocks, heights) for blocks in stacks.values()]


def _stack(blocks: list[int], heights: Sequence[int]) -> Strand:
    tops = [0]
    for number in blocks:
        tops.append(tops[-1] + heights[number] + STACK_GAP)
    return Strand(tuple(blocks), tuple(tops[:-1]), tops[-1] - STACK_GAP)
