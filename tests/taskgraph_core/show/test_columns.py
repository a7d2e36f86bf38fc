from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.analysis.topology import Topology
from taskgraph_core.show.columns import columns_of, components


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    size = draw(st.integers(1, 15))
    upstream = [draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set() for number in range(size)]
    return Topology.from_edges([str(number) for number in range(size)], [map(str, sorted(each)) for each in upstream])


@given(topologies(), st.sampled_from([1.0, 3.0, math.inf]))
def test_every_edge_leads_to_the_right_and_no_column_is_too_high(topology: Topology, capacity: float) -> None:
    column = columns_of(topology, [1] * len(topology.ids), capacity)

    assert all(column[other] < column[number] for number in topology.order for other in topology.upstream[number])
    assert max(map(column.count, column)) <= capacity


@given(topologies())
def test_with_room_enough_everything_stands_as_far_left_as_it_can(topology: Topology) -> None:
    column = columns_of(topology, [1] * len(topology.ids), math.inf)

    for number in topology.order:
        assert column[number] == max((column[other] + 1 for other in topology.upstream[number]), default=0)


def test_what_has_the_longest_way_behind_it_is_not_put_off() -> None:
    topology = Topology.from_edges("abcd", [[], [], [], ["c"]])

    assert columns_of(topology, [1, 1, 1, 1], 1) == [1, 2, 0, 3]


def test_a_piece_higher_than_the_column_stands_alone() -> None:
    assert columns_of(Topology.from_edges("ab", [[], []]), [9, 9], 4) == [0, 1]


def test_components_are_what_hangs_together() -> None:
    topology = Topology.from_edges("abcde", [[], [], ["a"], ["b"], []])

    assert components(topology) == [[0, 2], [1, 3], [4]]
