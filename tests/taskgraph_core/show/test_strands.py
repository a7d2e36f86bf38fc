from __future__ import annotations

from taskgraph_core.show.blocks import PORT
from taskgraph_core.show.picture import Edge
from taskgraph_core.show.strands import STACK_GAP, Link, folded


def link(source: int, target: int, leaves: int = PORT, *, drawn: bool = True) -> Link:
    return Link(source, target, leaves, PORT, Edge(str(source), str(target)) if drawn else None)


def blocks(strands_of: list[Link], count: int, limit: float = 10_000) -> list[tuple[int, ...]]:
    return [strand.blocks for strand in folded([50] * count, strands_of, limit)]


def test_a_chain_becomes_a_stack() -> None:
    [strand] = folded([50, 60, 70], [link(0, 1), link(1, 2)], 10_000)

    assert strand.blocks == (0, 1, 2)
    assert strand.tops == (0, 50 + STACK_GAP, 110 + 2 * STACK_GAP)
    assert strand.height == 180 + 2 * STACK_GAP


def test_a_chain_ends_where_it_forks_or_joins() -> None:
    assert blocks([link(0, 1), link(1, 2), link(1, 3), link(2, 4), link(3, 4)], 5) == [(0, 1), (2,), (3,), (4,)]


def test_an_edge_from_a_row_of_a_box_makes_no_stack() -> None:
    assert blocks([link(0, 1, leaves=90)], 2) == [(0,), (1,)]


def test_what_only_stands_behind_makes_no_stack() -> None:
    assert blocks([link(0, 1, drawn=False)], 2) == [(0,), (1,)]


def test_a_long_chain_is_cut_into_stacks_of_about_equal_height() -> None:
    stacks = folded([50] * 10, [link(number, number + 1) for number in range(9)], 4 * (50 + STACK_GAP))

    assert [len(stack.blocks) for stack in stacks] == [4, 3, 3]
