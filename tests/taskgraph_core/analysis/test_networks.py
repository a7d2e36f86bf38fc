from __future__ import annotations

from support.graphs import graph_of
from taskgraph_core.analysis.networks import to_networkx


def test_edges_lead_downstream_and_nodes_carry_their_task() -> None:
    graph = graph_of("a", "b < a")
    network = to_networkx(graph)

    assert list(network.edges) == [("a", "b")]
    assert network.nodes["b"]["task"] is graph.by_id["b"]
