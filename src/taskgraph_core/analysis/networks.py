"""The graph as a networkx graph, for whoever wants that whole library."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx

    from taskgraph_core.ir import TaskGraph


def to_networkx(graph: TaskGraph) -> nx.DiGraph[str]:
    """A directed graph of task ids, each edge from upstream to downstream; the ``ir.Task`` is the node's ``task``."""
    import networkx as nx  # noqa: PLC0415 - a large import that the command line never needs

    network: nx.DiGraph[str] = nx.DiGraph()
    for task in graph.tasks:
        network.add_node(task.id, task=task)
    network.add_edges_from((upstream, task.id) for task in graph.tasks for upstream in task.depends_on)
    return network
