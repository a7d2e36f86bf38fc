from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.analysis.critical_path import critical_path
from taskgraph_core.analysis.networks import to_networkx
from taskgraph_core.analysis.predict import predict
from taskgraph_core.scheduling import remaining_paths

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def test_the_longest_chain_by_estimates_not_by_tasks() -> None:
    graph = graph_of("a", "b < a", "c < b", "long", "end < c long", tasks={"long": {"estimate": 10.0}})
    path = critical_path(graph)

    assert path.tasks == ("long", "end")
    assert path.seconds == 11.0
    assert path.slack == {"a": 7.0, "b": 7.0, "c": 7.0, "long": 0.0, "end": 0.0}


def test_milestones_are_on_the_path_that_leads_through_them() -> None:
    graph = graph_of("a", "milestone < a", "b < a milestone", tasks={"milestone": {"estimate": 0.0}})

    assert critical_path(graph).tasks == ("a", "milestone", "b")


def test_what_runs_only_after_a_failure_is_on_no_path() -> None:
    graph = graph_of("a", "repair < a", tasks={"repair": {"trigger_rule": "one_failed", "estimate": 99.0}})
    path = critical_path(graph)

    assert (path.tasks, path.seconds, path.slack) == (("a",), 1.0, {"a": 0.0})


def test_a_task_that_starts_with_the_first_is_not_held_up_by_the_others() -> None:
    fields = {"b": {"estimate": 50.0}, "task": {"trigger_rule": "one_success", "estimate": 60.0}}
    path = critical_path(graph_of("a", "b", "task < a b", tasks=fields))

    assert (path.tasks, path.seconds) == (("a", "task"), 61.0)
    assert path.slack["b"] == 11.0


def test_no_tasks_have_no_path() -> None:
    assert critical_path(graph_of()).tasks == ()


@given(graphs(rules=False))
def test_it_is_as_long_as_networkx_says(graph: TaskGraph) -> None:
    network = to_networkx(graph)
    network.add_edges_from((task.id, "end", {"weight": task.estimate}) for task in graph.tasks)
    for task in graph.tasks:
        for other in task.depends_on:
            network.edges[other, task.id]["weight"] = graph.by_id[other].estimate

    path = critical_path(graph)
    assert path.seconds == nx.dag_longest_path_length(network, weight="weight")
    assert path.seconds == max(remaining_paths(graph))


@given(graphs())
def test_it_is_a_chain_of_tasks_without_slack_that_takes_all_the_time(graph: TaskGraph) -> None:
    path = critical_path(graph)

    assert sum(graph.by_id[task_id].estimate for task_id in path.tasks) == path.seconds
    assert all(path.slack[task_id] == 0 for task_id in path.tasks)
    network = to_networkx(graph)
    assert all(nx.has_path(network, first, second) for first, second in pairwise(path.tasks))
    assert min(path.slack.values(), default=0) >= 0


@given(graphs(rules=False, claims=False), st.data())
def test_slack_is_what_a_task_may_take_longer_without_harm(graph: TaskGraph, data: st.DataObject) -> None:
    path = critical_path(graph)
    late = data.draw(st.sampled_from(graph.tasks))

    def seconds(more: float) -> float:
        slower = late.model_copy(update={"estimate": late.estimate + more})
        tasks = tuple(slower if task is late else task for task in graph.tasks)
        return predict(graph.model_copy(update={"tasks": tasks})).seconds

    assert seconds(path.slack[late.id]) == path.seconds
    assert seconds(path.slack[late.id] + 1) == pytest.approx(path.seconds + 1)
