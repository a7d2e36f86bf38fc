from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from support.graphs import graph_of, graphs
from taskgraph_core.analysis.render import render
from taskgraph_core.analysis.report import report
from taskgraph_core.ir import Claim, Resource, TaskGraph


def printed(graph: TaskGraph, width: int = 80, workers: int | None = None) -> list[str]:
    console = Console(width=width, file=io.StringIO(), force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(render(report(graph, workers), graph, width))
    return [line.rstrip() for line in capture.get().splitlines()]


def section(lines: list[str], name: str) -> list[str]:
    """The lines of a section, its heading first."""
    start = next(number for number, line in enumerate(lines) if line.startswith(name))
    end = next((number for number in range(start, len(lines)) if not lines[number]), len(lines))
    return lines[start:end]


def test_a_plan_at_a_glance() -> None:
    write = {"claims": (Claim(resource="file:x", mode="write"),), "estimate": 60.0}
    tasks = {"a": {"estimate": 120.0, "title": "Set up"}, "b": write, "c": {"estimate": 60.0}, "d": write}

    lines = printed(graph_of("a", "b", "c < a", "d", tasks=tasks, title="Nightly"), workers=3)

    assert lines[:19] == [
        "Nightly  4 tasks, 1 dependency",
        "",
        "  predicted   3 min        with 3 workers",
        "  one by one  5 min        1.7 times as long; 40 % saved",
        "  lower bound 3 min        the critical path; no order of tasks is faster",
        "  best        2 workers    for 3 min; with more, nothing is gained",
        "  parallel    3 tasks      at most can run at the same time",
        "",
        "Critical path  3 min, 2 tasks",
        "  a → c",
        "",
        "Waves  2, by what lies before a task; nothing waits for a whole wave",
        "   1     3  a b d",
        "   2     1  c",
        "",
        "Conflicts  1 pair of tasks, in no set order but kept apart as they run",
        "  file:x     1  b d",
        "",
        "Predicted run  ▸ on the critical path   ◆ takes no time",
    ]


def test_the_lower_bound_says_what_sets_it() -> None:
    ids = [str(number) for number in range(7)]
    db = {task_id: {"claims": (Claim(resource="db"),)} for task_id in ids}
    claiming = graph_of(*ids, tasks=db, resources=(Resource(name="db", capacity=2),))

    def bound(graph: TaskGraph, workers: int) -> str:
        return printed(graph, workers=workers)[4].strip()

    assert bound(graph_of("a", "b < a"), 2) == "lower bound 2 s          the critical path; no order of tasks is faster"
    assert bound(graph_of(*ids), 2) == "lower bound 3.5 s        all work, shared evenly; predicted is 14 % more"
    assert bound(claiming, 4) == "lower bound 3.5 s        what db has to bear; predicted is 14 % more"


def test_a_long_path_is_shown_by_its_ends_and_wrapped() -> None:
    ids = [f"task{number}" for number in range(100)]
    graph = graph_of("task0", *(f"{task} < {other}" for other, task in pairwise(ids)))
    lines = section(printed(graph), "Critical path")

    assert lines[0] == "Critical path  1 min 40 s, 100 tasks"
    assert lines[1].startswith("  task0 → task1 → ")
    assert lines[-1].endswith(" → task99")
    assert "… 60 more …" in " ".join(lines)


def test_tasks_off_the_path_that_may_not_be_late_either_are_counted() -> None:
    assert section(printed(graph_of("a", "b", "c < a")), "Critical")[0] == "Critical path  2 s, 2 tasks"
    assert section(printed(graph_of("a", "b")), "Critical")[0].endswith("1 task; 1 other task may not be late either")


def test_many_waves_are_summed_up() -> None:
    ids = [str(number) for number in range(20)]
    graph = graph_of("0", *(f"{task} < {other}" for other, task in pairwise(ids)))

    assert section(printed(graph), "Waves")[-1] == "      and 13 more with 13 tasks, at most 1 in one"


def test_conflicts_are_told_by_what_they_are_about() -> None:
    def writes(name: str) -> dict[str, Any]:
        return {"claims": (Claim(resource=name, mode="write"),)}

    ids = [f"{name}{number}" for name in "abcdefghij" for number in range(2)] + ["j2"]
    found = section(printed(graph_of(*ids, tasks={task_id: writes(task_id[0]) for task_id in ids})), "Conflicts")

    assert found[0].startswith("Conflicts  12 pairs of tasks")
    assert found[1] == "  j     3  j0 j1, j0 j2, j1 j2"
    assert found[-1] == "  and 2 more pairs"


def test_what_would_run_only_after_a_failure_is_said_to_be_missing() -> None:
    graph = graph_of("a", "repair < a", tasks={"repair": {"trigger_rule": "one_failed"}})

    assert printed(graph)[-1] == "  not shown: 1 task that would run only after a failure"


@pytest.mark.parametrize("graph", [TaskGraph(id="empty"), graph_of("a", tasks={"a": {"estimate": 0.0}})])
def test_plans_without_work_are_plans(graph: TaskGraph) -> None:
    lines = printed(graph)

    assert lines[0].startswith(graph.id)
    assert not any(line.startswith("Predicted run") for line in lines)


hostile = st.text(max_size=20) | st.sampled_from(["[red]x[/red]", "\x1b[2J", "[/]", "\u202egnp", "a\r\nb"])


@given(graphs(), st.integers(20, 220), st.data())
def test_no_line_is_wider_than_the_terminal_and_no_text_is_more_than_text(
    graph: TaskGraph, width: int, data: st.DataObject
) -> None:
    names = {task.id: f"{task.id}{data.draw(hostile)}" for task in graph.tasks}
    tasks = [
        task.model_copy(
            update={
                "id": names[task.id],
                "title": data.draw(hostile),
                "depends_on": tuple(names[other] for other in task.depends_on),
            }
        )
        for task in graph.tasks
    ]
    lines = printed(graph.model_copy(update={"tasks": tuple(tasks), "title": data.draw(hostile)}), width)

    assert all(cell_len(line) <= width for line in lines)
    assert not any(character < " " or character in "\x7f\x9b\u202e" for line in lines for character in line)


def test_square_brackets_are_shown_as_they_are() -> None:
    graph = graph_of("a", tasks={"a": {"title": "[bold]x[/bold] [/nothing]"}}, title="[red]plan[/red]")
    lines = printed(graph)

    assert lines[0].startswith("[red]plan[/red]")
    assert any("[bold]x[/bold] [/nothing]" in line for line in lines)
