from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import pytest
from hypothesis import given

from support.graphs import graph_of, graphs
from taskgraph_core.analysis import reduction
from taskgraph_core.analysis.networks import to_networkx
from taskgraph_core.analysis.reduction import redundant_edges
from taskgraph_core.analysis.topology import Topology

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def redundant(graph: TaskGraph) -> list[tuple[str, str]]:
    topology = Topology.of(graph)
    return [(topology.ids[source], topology.ids[target]) for source, target in redundant_edges(topology)]


def test_an_edge_beside_a_longer_path_is_redundant() -> None:
    assert redundant(graph_of("a", "b < a", "c < b", "d < a b c")) == [("a", "d"), ("b", "d")]


def test_two_paths_of_the_same_length_need_both_their_edges() -> None:
    assert redundant(graph_of("a", "b < a", "c < a", "d < b c")) == []


def test_an_edge_that_skips_a_level_for_another_reason_is_needed() -> None:
    assert redundant(graph_of("a", "b", "c < b", "d < a c")) == []


def test_an_edge_written_twice_is_not_redundant() -> None:
    assert redundant(graph_of("a", "b < a a", "c < b")) == []


@pytest.mark.parametrize("block", [1, 2, 2048])
def test_what_is_left_without_redundant_edges_is_the_transitive_reduction(block: int) -> None:
    @given(graphs(max_tasks=20))
    def law(graph: TaskGraph) -> None:
        network = to_networkx(graph)
        needed = nx.transitive_reduction(network).edges

        assert set(redundant(graph)) == set(network.edges) - set(needed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reduction, "BLOCK", block)
        law()


def test_a_first_task_that_everything_names_costs_one_pass() -> None:
    size = 20_000
    edges = [[], *([str(number - 1), "0"] for number in range(1, size))]

    found = redundant_edges(Topology.from_edges([str(number) for number in range(size)], edges))

    assert found == [(0, number) for number in range(2, size)]
