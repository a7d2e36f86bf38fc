from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from support.graphs import graph_of, graphs
from taskgraph_core.analysis import gantt as module
from taskgraph_core.analysis.gantt import CRITICAL, OTHER, gantt, rows_of
from taskgraph_core.analysis.report import report
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def drawn(graph: TaskGraph, width: int, workers: int | None = None) -> list[str]:
    return [line.plain.rstrip() for line in gantt(report(graph, workers), graph, width)]


def fields(**seconds: float) -> dict[str, dict[str, Any]]:
    return {task_id: {"title": f"Title of {task_id}", "estimate": length} for task_id, length in seconds.items()}


def test_a_bar_stands_where_its_task_runs_and_slack_beside_it() -> None:
    assert drawn(graph_of("a", "b", "c < a b", tasks=fields(a=20, b=5, c=20)), 60) == [
        "               0         10 s     20 s     30 s        slack",
        "busy           ████▇▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄   56 %",
        "▸ a Title of a ███████████████████┊        ┊",
        "  b Title of b █████     ┊        ┊        ┊           +15 s",
        "▸ c Title of c ┊         ┊        ███████████████████",
    ]


def test_a_wide_terminal_has_room_for_how_long_a_task_takes() -> None:
    lines = drawn(graph_of("a", "b", tasks=fields(a=90, b=5)), 100)

    assert lines[0].endswith("slack       takes")
    assert lines[2].endswith(" 1 min 30 s")
    assert lines[3].endswith("+1 min 25 s         5 s")


GROUPED = graph_of(
    "7",
    "5.1",
    "5.2 < 5.1 7",
    "5 < 5.2",
    "6 < 5",
    tasks={
        "5": {"title": "Group", "estimate": 0.0},
        "5.1": {"group": "5", "title": "First", "estimate": 10.0},
        "5.2": {"group": "5", "title": "Second", "estimate": 10.0},
        "7": {"title": "Other", "estimate": 15.0},
        "6": {"title": "After", "estimate": 15.0},
    },
)


def test_tasks_of_a_group_stand_below_a_bar_for_the_whole() -> None:
    assert drawn(GROUPED, 60) == [
        "               0         10 s     20 s     30 s        slack",
        "busy           █████████▆▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄   62 %",
        "▸ 7 Other      ██████████████     ┊        ┊",
        "▸ 5 Group      ▀▀▀▀▀▀▀▀▀▘────▀▀▀▀▀▀▀▀▀▀◆   ┊",
        "    5.1 First  █████████▌┊        ┊        ┊            +5 s",
        "▸   5.2 Second ┊         ┊   ██████████    ┊",
        "▸ 6 After      ┊         ┊        ┊    ██████████████",
    ]


def test_the_task_that_closes_a_group_has_its_own_row_if_it_takes_time() -> None:
    tasks = {"5": {"estimate": 5.0}, "5.1": {"group": "5", "estimate": 5.0}}
    rows = rows_of(report(graph_of("5.1", "5 < 5.1", tasks=tasks)), graph_of("5.1", "5 < 5.1", tasks=tasks))

    assert [(row.id, row.indent) for row in rows] == [("5", 0), ("5.1", 2), ("5", 2)]


def test_with_too_many_rows_each_group_has_one_and_then_neighbours_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def ids(most: int) -> list[str]:
        monkeypatch.setattr(module, "MOST_ROWS", most)
        return [f"{row.id} {row.title}" for row in rows_of(report(GROUPED), GROUPED)]

    assert ids(5) == ["7 Other", "5 Group", "5.1 First", "5.2 Second", "6 After"]
    assert ids(4) == ["7 Other", "5 Group", "6 After"]
    assert ids(2) == ["7 … 5  4 tasks", "6 … 6  1 task"]


def test_what_is_critical_has_its_own_colour_and_a_sign() -> None:
    graph = graph_of("a", "b", tasks=fields(a=20, b=5))
    lines = gantt(report(graph), graph, 60)
    styles = [{str(span.style) for span in line.spans if "█" in line.plain[span.start : span.end]} for line in lines]

    assert styles[2:] == [{CRITICAL}, {OTHER}]


def test_even_the_shortest_task_is_seen() -> None:
    assert "▌" in drawn(graph_of("a", "b < a", tasks=fields(a=0.001, b=9000)), 60)[2]


def test_without_any_estimates_there_is_nothing_to_draw() -> None:
    assert drawn(graph_of("a", "b", tasks=fields(a=0, b=0)), 60) == []


hostile = st.text(max_size=30) | st.sampled_from(
    ["[red]x[/red]", "\x1b[2J", "a\nb", "\u202egnp", "日本語 のタイトル", "👩‍👩‍👧 x"]
)


@given(graphs(), st.integers(30, 220), st.integers(1, 80), st.data())
def test_no_line_is_wider_than_the_terminal_and_titles_are_only_text(
    graph: TaskGraph, width: int, most: int, data: st.DataObject
) -> None:
    groups = st.none() | st.sampled_from(["1", "none of the tasks"])
    tasks = [task.model_copy(update={"title": data.draw(hostile), "group": data.draw(groups)}) for task in graph.tasks]
    graph = graph.model_copy(update={"tasks": tuple(tasks)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_ROWS", most)
        lines = gantt(report(graph), graph, width)

    for line in lines:
        assert cell_len(line.plain) <= width
        assert line.plain == plain(line.plain)
    assert len(lines) <= most + 2
