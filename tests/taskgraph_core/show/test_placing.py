from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.show.placing import settle

numbers = st.integers(-1000, 1000).map(float)


@given(st.lists(st.tuples(numbers, st.integers(1, 5).map(float), st.integers(0, 50).map(float)), min_size=1))
def test_positions_keep_their_distances(nodes: list[tuple[float, float, float]]) -> None:
    wanted, weights, gaps = zip(*nodes, strict=True)
    settled = settle(wanted, weights, gaps[1:])

    assert all(below - above >= gap - 1e-6 for (above, below), gap in zip(pairwise(settled), gaps[1:], strict=True))


def test_who_stands_in_nobodys_way_gets_what_it_wants() -> None:
    assert settle([0.0, 30.0, 100.0], [1.0, 1.0, 1.0], [20.0, 20.0]) == [0.0, 30.0, 100.0]


def test_who_push_each_other_meet_by_weight() -> None:
    assert settle([10.0, 10.0], [1.0, 1.0], [20.0]) == [0.0, 20.0]
    assert settle([10.0, 10.0], [3.0, 1.0], [20.0]) == [5.0, 25.0]
