from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
from hypothesis import given

from support.graphs import graph_of, graphs
from taskgraph_core.analysis.networks import to_networkx
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.analysis.waves import waves

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def test_a_task_is_in_the_wave_after_the_last_it_waits_for() -> None:
    assert waves(Topology.of(graph_of("late < b", "a", "b < a", "c"))) == [["a", "c"], ["b"], ["late"]]


def test_no_tasks_make_no_waves() -> None:
    assert waves(Topology.of(graph_of())) == []


@given(graphs())
def test_waves_are_the_topological_generations(graph: TaskGraph) -> None:
    expected = [sorted(generation) for generation in nx.topological_generations(to_networkx(graph))]

    assert [sorted(wave) for wave in waves(Topology.of(graph))] == expected
