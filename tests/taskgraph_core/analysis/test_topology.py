from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
from hypothesis import given

from support.graphs import graph_of, graphs
from taskgraph_core.analysis.networks import to_networkx
from taskgraph_core.analysis.topology import Topology

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def test_tasks_are_numbered_in_the_order_of_the_graph_and_know_both_neighbours() -> None:
    topology = Topology.of(graph_of("c < a b", "a", "b < a"))

    assert topology.ids == ["c", "a", "b"]
    assert topology.upstream == [[1, 2], [], [1]]
    assert topology.downstream == [[], [0, 2], [0]]
    assert topology.order == [1, 2, 0]
    assert topology.edges == 3


def test_a_circle_is_seen_and_what_hangs_on_it_is_not_in_the_order() -> None:
    topology = Topology.of(graph_of("a", "b < c", "c < b", "d < b"))

    assert not topology.acyclic
    assert topology.order == [0]


def test_dependencies_on_tasks_that_do_not_exist_are_left_out() -> None:
    assert Topology.of(graph_of("a < ghost")).upstream == [[]]


@given(graphs())
def test_the_order_puts_every_task_after_those_it_waits_for(graph: TaskGraph) -> None:
    topology = Topology.of(graph)

    assert topology.acyclic
    place = {number: position for position, number in enumerate(topology.order)}
    assert all(place[other] < place[number] for number, others in enumerate(topology.upstream) for other in others)


@given(graphs())
def test_depths_are_longest_paths(graph: TaskGraph) -> None:
    topology = Topology.of(graph)
    generations = nx.topological_generations(to_networkx(graph))

    assert {topology.ids[number]: depth for number, depth in enumerate(topology.depths())} == {
        task_id: depth for depth, generation in enumerate(generations) for task_id in generation
    }
