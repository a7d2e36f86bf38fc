from __future__ import annotations

from support.graphs import graph_of
from taskgraph_core.show.groups import closed_groups


def groups(*lines: str, **group_of: str) -> dict[str, list[str]]:
    graph = graph_of(*lines, tasks={task_id: {"group": group} for task_id, group in group_of.items()})
    return closed_groups(graph, {task.id: task.depends_on for task in graph.tasks})


def test_members_come_after_those_they_wait_for_and_else_as_in_the_plan() -> None:
    assert groups("p < a c d", "a", "b < c", "c", "d < b", a="p", b="p", c="p", d="p") == {"p": ["a", "c", "b", "d"]}


def test_a_parent_that_does_not_wait_for_a_subtask_makes_no_box() -> None:
    assert groups("p < a", "a", "b", a="p", b="p") == {}


def test_groups_within_groups_belong_to_the_outermost() -> None:
    assert groups("p < q", "q < a", "a", q="p", a="q") == {"p": ["a", "q"]}


def test_parents_that_do_not_exist_or_go_in_a_circle_are_none() -> None:
    assert groups("a", "b < a", "c < c1", "c1", a="gone", b="c", c="b", c1="c1") == {}
