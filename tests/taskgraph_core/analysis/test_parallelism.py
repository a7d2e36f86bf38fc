from __future__ import annotations

from itertools import combinations
from random import Random
from typing import TYPE_CHECKING

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.analysis.networks import to_networkx
from taskgraph_core.analysis.parallelism import widest
from taskgraph_core.analysis.topology import Topology

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def widest_ids(graph: TaskGraph) -> list[str]:
    topology = Topology.of(graph)
    return [topology.ids[number] for number in widest(topology)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], []),
        (["a"], ["a"]),
        (["a", "b < a", "c < b"], 1),
        (["a", "b < a", "c < a", "d < b c"], ["b", "c"]),
        (["a", "b", "c < a", "d < b", "e < c d"], 2),
        (["a", "b < a", "c < b", "x", "y < x a", "z < y"], 2),
        (["a", "b", "c < a", "long < a", "d < c b", "e < d"], 3),
    ],
)
def test_the_widest_set_of_small_graphs(lines: list[str], expected: int | list[str]) -> None:
    found = widest_ids(graph_of(*lines))

    assert found == expected if isinstance(expected, list) else len(found) == expected


def test_tasks_of_different_waves_can_be_the_widest_set() -> None:
    graph = graph_of("a", "b", "b1 < b", "b2 < b", "b21 < b2", "b22 < b2")

    assert widest_ids(graph) == ["a", "b1", "b21", "b22"]


def test_a_chain_may_pass_through_a_task_of_another() -> None:
    graph = graph_of("a1", "a2", "middle < a1 a2", "b1 < middle", "b2 < middle", "b3 < middle")

    assert widest_ids(graph) == ["b1", "b2", "b3"]


def is_antichain(graph: TaskGraph, ids: list[str]) -> bool:
    network = to_networkx(graph)
    return not any(nx.has_path(network, a, b) or nx.has_path(network, b, a) for a, b in combinations(ids, 2))


@given(graphs(max_tasks=9))
def test_no_subset_is_wider(graph: TaskGraph) -> None:
    found = widest_ids(graph)
    larger = combinations(graph.by_id, len(found) + 1)

    assert is_antichain(graph, found)
    assert not any(is_antichain(graph, [*ids]) for ids in larger)


@st.composite
def dense(draw: st.DrawFn) -> TaskGraph:
    """Up to forty tasks with edges of any length, in any order; where greedy chains go wrong."""
    size = draw(st.integers(1, 40))
    edges = draw(st.sets(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=3 * size))
    lines = [f"{n} < {' '.join(str(low) for low, high in edges if high == n and low < high)}" for n in range(size)]
    return graph_of(*draw(st.permutations(lines)))


def groups(size: int, seed: int) -> TaskGraph:
    """Groups of subtasks, each closed by a task, waiting for earlier groups: chains have to pass through others."""
    chance = Random(seed)  # noqa: S311 - a repeatable graph, no secret
    upstream: list[set[int]] = []
    closers: list[int] = []
    while len(upstream) < size:
        before = {chance.choice(closers[-12:]) for _ in range(2)} if closers else set()
        first = len(upstream)
        for number in range(chance.randint(3, 8)):
            upstream.append(before | ({len(upstream) - 1} if number and chance.random() < 0.6 else set()))
        closers.append(len(upstream))
        upstream.append(set(range(first, len(upstream))))
    return graph_of(*(f"{number} < {' '.join(map(str, others))}" for number, others in enumerate(upstream)))


@pytest.mark.parametrize("seed", range(20))
def test_it_is_exact_where_chains_pass_through_each_other(seed: int) -> None:
    check_with_dilworth(groups(120, seed))


@given(dense())
def test_it_is_exact_whatever_the_edges(graph: TaskGraph) -> None:
    check_with_dilworth(graph)


def check_with_dilworth(graph: TaskGraph) -> None:
    """The largest antichain is as large as the smallest chain cover, a matching in the transitive closure."""
    found = widest_ids(graph)
    closure = nx.transitive_closure_dag(to_networkx(graph))
    pairs = nx.Graph((("from", a), ("to", b)) for a, b in closure.edges)
    pairs.add_nodes_from(("from", task_id) for task_id in graph.by_id)
    matching = nx.bipartite.hopcroft_karp_matching(pairs, [("from", task_id) for task_id in graph.by_id])

    assert len(found) == len(graph.tasks) - len(matching) // 2
    assert not any(closure.has_edge(a, b) for a in found for b in found)
    assert found == sorted(found, key=list(graph.by_id).index)


def test_a_chain_of_fifty_thousand_is_one_wide_and_a_fan_as_wide_as_it_is() -> None:
    size = 50_000
    ids = [str(number) for number in range(size)]

    assert len(widest(Topology.from_edges(ids, [[], *([other] for other in ids[:-1])]))) == 1
    assert len(widest(Topology.from_edges(ids, [[], *([ids[0]] for _ in ids[1:])]))) == size - 1
