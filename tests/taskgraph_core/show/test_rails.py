from __future__ import annotations

from taskgraph_core.show.picture import Edge
from taskgraph_core.show.rails import rails_of


def lanes(ids: str, *edges: str) -> dict[str, int]:
    rails = rails_of(list(ids), [Edge(edge[0], edge[1]) for edge in edges])
    return {f"{rail.edge.source}{rail.edge.target}": rail.lane for rail in rails}


def test_an_edge_to_the_next_row_is_straight() -> None:
    assert lanes("abc", "ab", "bc") == {"ab": 0, "bc": 0}


def test_edges_out_of_one_row_share_a_lane() -> None:
    assert lanes("abcd", "ab", "ac", "ad") == {"ab": 0, "ac": 1, "ad": 1}


def test_lines_that_overlap_do_not_share_a_lane_and_short_ones_run_inside() -> None:
    assert lanes("abcde", "ae", "bd") == {"ae": 2, "bd": 1}


def test_lines_one_after_the_other_share_a_lane() -> None:
    assert lanes("abcde", "ac", "ce") == {"ac": 1, "ce": 1}


def test_edges_to_other_boxes_are_no_rails() -> None:
    assert lanes("ab", "ax", "xb") == {}
