"""The order of the nodes in each column, so that few lines cross.

Barycentre sweeps back and forth, after Sugiyama, of which the best is kept; then neighbours change
places as long as that helps (E. R. Gansner et al., IEEE Trans. Softw. Eng. 19 (3), 1993). Crossings
are counted as inversions in O(e log e) (W. Barth, M. Jünger, P. Mutzel, Graph Drawing 2002).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.show.blocks import PORT

if TYPE_CHECKING:
    from taskgraph_core.show.lanes import Lanes, Segment

    Ends = list[tuple[int, int]]

_SWEEPS = 8
_EXCHANGES = 6
_SPACE = 20


def untangle(lanes: Lanes) -> None:
    """Reorder the columns in place."""
    between = by_column(lanes)
    best: list[list[int]] = []
    fewest = -1
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        last = len(lanes.columns) - 1
        for number in range(1, last + 1) if forward else range(last - 1, -1, -1):
            _sort(lanes, number, between[number - 1] if forward else between[number], forward=forward)
        crossings = _crossings(lanes, between)
        if not best or crossings < fewest:
            fewest = crossings
            best = [list(nodes) for nodes in lanes.columns]
        if not fewest:
            break
    lanes.columns[:] = best
    for _ in range(_EXCHANGES):
        if not fewest or not _exchange(lanes, between):
            break


def by_column(lanes: Lanes) -> list[list[Segment]]:
    """The segments by the column they begin in."""
    column = {node: number for number, nodes in enumerate(lanes.columns) for node in nodes}
    between: list[list[Segment]] = [[] for _ in lanes.columns]
    for segment in lanes.segments:
        between[column[segment.left]].append(segment)
    return between


def _sort(lanes: Lanes, number: int, segments: list[Segment], *, forward: bool) -> None:
    """Order one column by where the neighbours in the column before want each node's head; others keep their places."""
    tops = _stacked(lanes, number - 1 if forward else number + 1)
    wanted: dict[int, list[int]] = {}
    for segment in segments:
        if forward:
            node, top = segment.right, tops[segment.left] + segment.out - segment.into
        else:
            node, top = segment.left, tops[segment.right] + segment.into - segment.out
        wanted.setdefault(node, []).append(top + PORT if node < lanes.pieces else top)
    column = lanes.columns[number]
    level = {node: sum(levels) / len(levels) for node, levels in wanted.items()}
    movers = iter(sorted((node for node in column if node in level), key=level.__getitem__))
    lanes.columns[number] = [next(movers) if node in level else node for node in column]


def _stacked(lanes: Lanes, number: int) -> dict[int, int]:
    """Tops of a column's nodes as if they stood close under each other."""
    tops = {}
    top = 0
    for node in lanes.columns[number]:
        tops[node] = top
        top += lanes.heights[node] + _SPACE
    return tops


def _exchange(lanes: Lanes, between: list[list[Segment]]) -> bool:
    """Swap neighbours wherever fewer lines cross then; whether any were."""
    before = {node: place for nodes in lanes.columns for place, node in enumerate(nodes)}
    changed = False
    for number, column in enumerate(lanes.columns):
        ends: dict[int, tuple[Ends, Ends]] = {node: ([], []) for node in column}
        for segment in between[number - 1] if number else ():
            ends[segment.right][0].append((before[segment.left], segment.out))
        for segment in between[number]:
            ends[segment.left][1].append((before[segment.right], segment.into))
        for lefts, rights in ends.values():
            lefts.sort()
            rights.sort()
        for place in range(len(column) - 1):
            above, below = ends[column[place]], ends[column[place + 1]]
            if sum(map(_crossed, below, above)) < sum(map(_crossed, above, below)):
                column[place], column[place + 1] = column[place + 1], column[place]
                changed = True
        before.update((node, place) for place, node in enumerate(column))
    return changed


def _crossed(above: Ends, below: Ends) -> int:
    """How many lines of a node cross those of the node below it, given where they end."""
    crossings = at = 0
    for end in above:
        while at < len(below) and below[at] < end:
            at += 1
        crossings += at
    return crossings


def _crossings(lanes: Lanes, between: list[list[Segment]]) -> int:
    """How often lines cross in all."""
    place = {node: at for nodes in lanes.columns for at, node in enumerate(nodes)}
    crossings = 0
    for segments in between:
        ends = sorted(((place[s.left], s.out), (place[s.right], s.into)) for s in segments)
        rank = {right: at for at, right in enumerate(sorted({right for _, right in ends}), 1)}
        crossings += _inversions([rank[right] for _, right in ends])
    return crossings


def _inversions(ranks: list[int]) -> int:
    """Pairs in the wrong order, counted with a Fenwick tree."""
    tree = [0] * (max(ranks, default=0) + 1)
    found = 0
    for seen, rank in enumerate(ranks):
        at, before = rank, 0
        while at:
            before += tree[at]
            at &= at - 1
        found += seen - before
        at = rank
        while at < len(tree):
            tree[at] += 1
            at += at & -at
    return found
