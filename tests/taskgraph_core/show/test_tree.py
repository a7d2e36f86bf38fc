from __future__ import annotations

from typing import TYPE_CHECKING

from support.graphs import graph_of
from taskgraph_core.show.tree import text, tree

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def test_subtasks_stand_under_their_parent_with_what_each_waits_for() -> None:
    graph = graph_of("1", "2 < 2.2", "2.1 < 1", "2.2 < 2.1", tasks={"2.1": {"group": "2"}, "2.2": {"group": "2"}})

    assert text(graph, 60).splitlines() == [
        "example  4 tasks",
        "├── ○ 1   1 s",
        "└── ○ 2   ← 1  1 s",
        "    ├── ○ 2.1   1 s",
        "    └── ○ 2.2   ← 2.1  1 s",
    ]


def test_a_long_list_of_what_a_task_waits_for_is_cut() -> None:
    others = [str(number) for number in range(1, 13)]

    assert "← 1, 2, 3, 4, 5, 6, 7, 8 and 4 more" in text(graph_of(*others, f"13 < {' '.join(others)}"))


def test_text_is_as_narrow_as_asked(example: TaskGraph) -> None:
    assert max(map(len, text(example, 40).splitlines())) <= 40


def test_square_brackets_are_no_markup() -> None:
    graph = graph_of("1", tasks={"1": {"title": "[bold]not bold[/bold] [link=https://example.com]x[/link]"}})

    assert "[bold]not bold[/bold] [link=https://example.com]x[/link]" in text(graph)


def test_the_renderable_has_a_branch_for_each_task_outside_groups(example: TaskGraph) -> None:
    labels = [str(branch.label) for branch in tree(example).children]

    assert len(labels) == 1 + sum(task.group is None for task in example.tasks)
