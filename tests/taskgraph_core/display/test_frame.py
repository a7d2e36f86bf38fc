"""Pictures of a run, drawn at a moment of a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from support.graphs import graph_of, graphs
from taskgraph_core.display.frame import elapsed, frame
from taskgraph_core.display.progress import Progress
from taskgraph_core.engine.events import RunStarted, RunStopping
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Claim, Command, Policy, Resource, Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import TaskGraph

    from .conftest import Standing


def picture(progress: Progress, now: float, *, width: int = 72, height: int = 40) -> list[str]:
    return [line.plain for line in frame(progress, now=now, width=width, height=height)]


def after(moment: float) -> Callable[[Event], bool]:
    return lambda event: event.time > moment


NIGHTLY = graph_of(
    "1",
    "1.1",
    "1.2 < 1.1",
    "1.3 < 1.1",
    "2 < 1.3",
    "3",
    "4 < 3",
    "5",
    tasks={
        "1": {"title": "Build", "estimate": 50.0, "depends_on": ("1.2", "1.3")},
        "1.1": {"group": "1", "estimate": 10.0},
        "1.2": {"group": "1", "title": "Compile [bold]all[/bold]", "estimate": 90.0},
        "1.3": {"group": "1", "estimate": 80.0, "claims": (Claim(resource="db"),)},
        "3": {"title": "Fetch", "estimate": 20.0},
        "5": {"title": "Probe", "estimate": 5.0, "retry": Retry(attempts=3, delay=30.0)},
    },
    resources=(Resource(name="db", capacity=1),),
)


def test_a_picture_shows_what_runs_what_waits_and_what_failed(standing: Standing) -> None:
    assert picture(standing(NIGHTLY, after(29.0), failing="3 5"), 29.0) == [
        "example, at most 4 at a time                                        0:29",
        "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 3 of 8   37 %",
        "1 success   1 failed   1 upstream_failed   2 running   1 to retry",
        "2 waiting",
        "",
        "running",
        "  ⠹ 1.2 Compile [bold]all[/bold]                                    0:19",
        "  ⠹ 1.3                                                             0:19",
        "",
        "groups",
        "  1 Build                                      ━━━━━━━━━━━━━━━━━━ 1 of 3",
        "",
        "waiting 2 for other tasks",
        "",
        "to retry",
        "  ↻ 5 Probe                                       attempt 2 of 3 in 0:06",
        "",
        "failed",
        "  ✗ 3 Fetch: simulated as failed",
    ]


@settings(deadline=None)
@given(graphs(), st.floats(0.0, 40.0), st.integers(1, 200), st.integers(1, 60), st.text(max_size=60))
def test_a_picture_always_fits(graph: TaskGraph, moment: float, width: int, height: int, title: str) -> None:
    tasks = tuple(task.model_copy(update={"title": title, "group": "1"}) for task in graph.tasks)
    graph = graph.model_copy(update={"tasks": tasks})
    kept: list[Progress] = []

    def follow(event: Event) -> None:
        if isinstance(event, RunStarted):
            kept.append(Progress(event))
        kept[0].note(event)
        if event.time >= moment:
            lines = picture(kept[0], event.time, width=width, height=height)
            assert len(lines) <= height
            assert all(cell_len(line) <= width for line in lines)

    simulate_run(graph, observers=[follow], outcome=lambda task, _: "failed" if task.id == "2" else "success")


def test_many_running_tasks_are_counted_where_there_is_no_room(standing: Standing) -> None:
    progress = standing(graph_of(*map(str, range(50))), after(0.0), max_parallel=50)
    assert picture(progress, 0.5, width=30, height=10)[3:] == [
        "running",
        *(f"  ⠼ {number}                     0:00" for number in range(5)),
        "  and 45 more",
    ]


def test_the_title_says_that_the_run_is_stopping_and_why(standing: Standing) -> None:
    progress = standing(NIGHTLY, after(29.0))
    progress.note(RunStopping(29.0, "it timed out after 20 s"))
    assert picture(progress, 29.0)[0].startswith("stopping, because it timed out after 20 s ")


def test_a_rollback_is_shown_as_one(standing: Standing) -> None:
    undo = {"rollback": Command(argv=("undo",)), "estimate": 10.0}
    graph = graph_of("a", "b < a", "c < b", tasks={"a": undo, "b": undo}, policy=Policy(rollback=True))
    lines = picture(standing(graph, after(35.0), failing="c"), 35.0)
    assert lines[0].startswith("rolling back, 1 undone ")
    assert lines[lines.index("undoing") + 1].split()[1:] == ["a", "0:04"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0:00"), (0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")],
)
def test_elapsed_time_reads_like_a_stopwatch(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text
