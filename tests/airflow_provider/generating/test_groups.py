from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider.generating.groups import grouping, places, surroundings
from support.graphs import graph_of, graphs

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def members(**groups: str) -> dict[str, dict[str, str]]:
    """``members(A="a b")``: a and b belong to A."""
    return {member: {"group": parent} for parent, names in groups.items() for member in names.split()}


def test_the_closing_task_stands_in_its_own_group() -> None:
    graph = graph_of("a", "b < a", "A < b", "c", tasks=members(A="a b"))

    assert places(graph) == {"a": "A", "b": "A", "A": "A"}
    assert grouping(graph).shown == ("A",)


def test_groups_whose_first_tasks_wait_for_each_other_are_given_up() -> None:
    graph = graph_of("a1", "b1 < a1", "b2", "a2 < b2", "c", tasks=members(A="a1 a2", B="b1 b2", C="c"))

    assert grouping(graph).shown == ("C",)
    assert grouping(graph).given_up == ("A", "B")


def test_a_later_task_of_a_group_may_wait_for_what_waits_for_the_group() -> None:
    graph = graph_of("a1", "b < a1", "a2 < a1 b", tasks=members(A="a1 a2", B="b"))

    assert grouping(graph).given_up == ()


def test_giving_up_groups_may_show_another_circle() -> None:
    graph = graph_of(
        "a1",
        "a2 < a1 b2",
        "b1 < a2",
        "b2 < b0",
        "b0 < c1",
        "c2 < a1",
        "c1",
        "a0 < c2",
        tasks=members(A="a0 a1 a2", B="b0 b1 b2", C="c1 c2"),
    )

    assert grouping(graph).given_up == ("A", "B", "C")


@given(graph=graphs(rules=False, claims=False), data=st.data())
def test_what_is_shown_can_be_put_in_order(graph: TaskGraph, data: st.DataObject) -> None:
    parents = st.sampled_from(["A", "B", "C", None])
    tasks = tuple(task.model_copy(update={"group": data.draw(parents)}) for task in graph.tasks)
    graph = graph.model_copy(update={"tasks": tasks})
    shown = grouping(graph).shown
    box = {task.id: task.group if task.group in shown else task.id for task in tasks}
    boxes = nx.DiGraph()
    for task in tasks:
        if not any(box[other] == box[task.id] for other in task.depends_on):
            boxes.add_edges_from((box[other], box[task.id]) for other in task.depends_on)

    assert nx.is_directed_acyclic_graph(boxes)
    assert {*shown, *grouping(graph).given_up} == set(graph.groups)


def test_a_group_whose_parent_is_not_in_the_graph_is_shown() -> None:
    assert grouping(graph_of("1.1", tasks=members(**{"1": "1.1"}))).shown == ("1",)


def test_a_group_stands_in_that_of_its_parent() -> None:
    graph = graph_of("1.1.1", "1.1 < 1.1.1", "1 < 1.1", tasks=members(**{"1.1": "1.1.1", "1": "1.1"}))

    assert set(grouping(graph).shown) == {"1", "1.1"}
    assert surroundings(graph, grouping(graph).shown) == {"1.1": "1"}


def test_groups_inside_each_other_are_given_up() -> None:
    graph = graph_of("1", "2", "3", tasks={"1": {"group": "2"}, "2": {"group": "1"}, "3": {"group": "2"}})

    assert grouping(graph).shown == ()


def test_a_circle_inside_a_group_does_not_cost_the_group() -> None:
    inside = members(A="a1 a2", B="b1 b2", O="A B")
    graph = graph_of("a1", "b1 < a1", "b2", "a2 < b2", "A < a1 a2", "B < b1 b2", "O < A B", tasks=inside)

    assert grouping(graph).shown == ("O",)
