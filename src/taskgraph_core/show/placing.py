"""How high each node stands, so that lines are as straight as the order allows.

Each node wants to be level with its neighbours; a column grants that as well as it can, in the
least-squares sense, by pooling nodes that push each other (isotonic regression by adjacent
violators, R. E. Barlow et al., Statistical Inference under Order Restrictions, 1972). At first the
middle of the picture pulls as well, or a picture would climb from one corner to the other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.show.lanes import Lanes

PIECE_GAP = 24
_MIXED_GAP, _STOP_GAP = 16, 9
_ROUNDS = 8
_GRAVITY = 0.3
_STRAIGHT = 6.0
"""How much more a line through two stops counts: long lines should not wobble."""


@dataclass(frozen=True, slots=True)
class _Pull:
    """What a neighbour wants: a node's top ``lower`` than its own, with ``weight``."""

    other: int
    lower: int
    weight: float


def place(lanes: Lanes) -> list[int]:
    """The top of each node, the smallest 0."""
    gaps = [_gaps(lanes, column) for column in lanes.columns]
    middle = _centred(lanes, gaps)
    pulls = _pulls(lanes)
    tops = list(middle)
    for turn in range(_ROUNDS + 1):
        gravity = _GRAVITY if turn < _ROUNDS else 0.0
        for numbers in (range(len(gaps)), reversed(range(len(gaps)))):
            for number in numbers:
                _align(tops, lanes.columns[number], gaps[number], pulls, middle, gravity)
    least = min(tops, default=0.0)
    return [round(top - least) for top in tops]


def settle(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Positions nearest to the wanted ones of which each is at least its gap behind the one before."""
    shifts = [0.0]
    for gap in gaps:
        shifts.append(shifts[-1] + gap)
    pools: list[tuple[float, float, int]] = []
    for value, weight, shift in zip(wanted, weights, shifts, strict=True):
        mean, mass, size = value - shift, weight, 1
        while pools and pools[-1][0] > mean:
            other_mean, other_mass, other_size = pools.pop()
            mean = (mean * mass + other_mean * other_mass) / (mass + other_mass)
            mass += other_mass
            size += other_size
        pools.append((mean, mass, size))
    levels = [mean for mean, _, size in pools for _ in range(size)]
    return [level + shift for level, shift in zip(levels, shifts, strict=True)]


def _align(
    tops: list[float],
    column: list[int],
    gaps: list[float],
    pulls: list[list[_Pull]],
    middle: list[float],
    gravity: float,
) -> None:
    """Move one column's nodes to where their neighbours and the middle of the picture want them."""
    wanted, weights = [], []
    for node in column:
        weight = sum(pull.weight for pull in pulls[node])
        total = sum((tops[pull.other] + pull.lower) * pull.weight for pull in pulls[node])
        to_middle = gravity * weight if weight else 1.0
        wanted.append((total + middle[node] * to_middle) / (weight + to_middle))
        weights.append(weight + to_middle)
    for node, top in zip(column, settle(wanted, weights, gaps), strict=True):
        tops[node] = top


def _pulls(lanes: Lanes) -> list[list[_Pull]]:
    """For each node what its neighbours want. The wider a fan, the less each of its lines counts."""
    pulls: list[list[_Pull]] = [[] for _ in lanes.heights]
    leaving = Counter((segment.left, segment.out) for segment in lanes.segments)
    arriving = Counter((segment.right, segment.into) for segment in lanes.segments)
    for segment in lanes.segments:
        stops = (segment.left >= lanes.pieces) + (segment.right >= lanes.pieces)
        fan = max(leaving[segment.left, segment.out], arriving[segment.right, segment.into])
        weight = _STRAIGHT if stops == 2 else (1 + stops) / fan**0.5
        lower = segment.out - segment.into
        pulls[segment.right].append(_Pull(segment.left, lower, weight))
        pulls[segment.left].append(_Pull(segment.right, -lower, weight))
    return pulls


def _centred(lanes: Lanes, gaps: list[list[float]]) -> list[float]:
    """Tops of nodes close under each other, each column around 0."""
    tops = [0.0] * len(lanes.heights)
    for column, distances in zip(lanes.columns, gaps, strict=True):
        top = -(sum(distances) + lanes.heights[column[-1]]) / 2
        for node, distance in zip(column, [*distances, 0.0], strict=True):
            tops[node] = top
            top += distance
    return tops


def _gaps(lanes: Lanes, column: list[int]) -> list[float]:
    """Least distances between the tops of neighbours in a column."""
    gaps = []
    for above, below in pairwise(column):
        stops = (above >= lanes.pieces) + (below >= lanes.pieces)
        gaps.append(float(lanes.heights[above] + (PIECE_GAP, _MIXED_GAP, _STOP_GAP)[stops]))
    return gaps
