"""Pictures of a run, drawn at a moment of a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from support.graphs import graph_of, graphs
from taskgraph_core.display.board import Followed
from taskgraph_core.display.frame import frame
from taskgraph_core.display.outlook import Outlook
from taskgraph_core.display.progress import Progress
from taskgraph_core.display.words import elapsed
from taskgraph_core.engine.events import LimitChanged, RunStarted, RunStopping, TaskEnded
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Claim, Command, Policy, Resource, Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.display import Mode
    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import TaskGraph

    from .conftest import Standing


def picture(
    progress: Progress, now: float, *inner: Progress, width: int = 72, height: int = 40, mode: Mode = "hybrid"
) -> list[str]:
    runs = [Followed(one, Outlook(one), int(one is not progress)) for one in (progress, *inner)]
    return [line.plain for line in frame(runs, now=now, width=width, height=height, mode=mode)]


def ends(task_id: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, TaskEnded) and event.task_id == task_id


def after(moment: float) -> Callable[[Event], bool]:
    return lambda event: event.time > moment


WORK = Command(argv=("work",))
TASKS = {
    "1": {"title": "Build", "estimate": 50.0, "depends_on": ("1.2", "1.3")},
    "1.1": {"group": "1", "estimate": 10.0},
    "1.2": {"group": "1", "title": "Compile [bold]all[/bold]", "estimate": 90.0},
    "1.3": {"group": "1", "estimate": 80.0, "claims": (Claim(resource="db"),)},
    "3": {"title": "Fetch", "estimate": 20.0},
    "5": {"title": "Probe", "estimate": 5.0, "retry": Retry(attempts=3, delay=30.0)},
}
LINES = ("1", "1.1", "1.2 < 1.1", "1.3 < 1.1", "2 < 1.3", "3", "4 < 3", "5")


def nightly(*more: str) -> TaskGraph:
    tasks = {line.split()[0]: {"action": WORK} for line in (*LINES, *more)}
    for task_id, fields in TASKS.items():
        tasks[task_id] |= fields
    return graph_of(*LINES, *more, tasks=tasks, resources=(Resource(name="db", capacity=1),))


NIGHTLY = nightly()
LARGE = nightly(*(f"{number} < 2" for number in range(10, 60)))


def test_a_small_run_is_shown_task_by_task(standing: Standing) -> None:
    assert picture(standing(NIGHTLY, after(29.0), failing="3 5"), 29.0) == [
        "example, at most 4 at a time                                        0:29",
        "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 3 of 8   37 %",
        "1 success   1 failed   1 upstream_failed   2 running   1 to retry",
        "2 waiting",
        "",
        "  · 1 Build                                           waits for 1.2, 1.3",
        "    ✓ 1.1                                                           10 s",
        "    ⠹ 1.2 Compile [bold]all[/bold]                                  0:19",
        "    ⠹ 1.3                                                           0:19",
        "  · 2                                                      waits for 1.3",
        "  ✗ 3 Fetch: simulated as failed                                    20 s",
        "  ─ 4                                                    upstream_failed",
        "  ↻ 5 Probe                                       attempt 2 of 3 in 0:06",
    ]


def test_a_large_run_is_shown_by_what_matters(standing: Standing) -> None:
    assert picture(standing(LARGE, after(29.0), failing="3 5"), 29.0) == [
        "example, at most 4 at a time                                        0:29",
        "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 3 of 58    5 %",
        "1 success   1 failed   1 upstream_failed   2 running   1 to retry",
        "52 waiting",
        "",
        "running",
        "  ⠹ 1.2 Compile [bold]all[/bold]                                    0:19",
        "  ⠹ 1.3                                                             0:19",
        "",
        "groups",
        "  1 Build                                      ━━━━━━━━━━━━━━━━━━ 1 of 3",
        "",
        "waiting 52 for other tasks",
        "",
        "to retry",
        "  ↻ 5 Probe                                       attempt 2 of 3 in 0:06",
        "",
        "failed",
        "  ✗ 3 Fetch: simulated as failed",
    ]


def test_progress_is_bars_without_tasks(standing: Standing) -> None:
    assert picture(standing(NIGHTLY, after(29.0), failing="3 5"), 29.0, mode="progress")[4:] == [
        "",
        "groups",
        "  1 Build                                      ━━━━━━━━━━━━━━━━━━ 1 of 3",
        "",
        "waiting 2 for other tasks",
    ]


def test_collapsed_is_one_line(standing: Standing) -> None:
    assert picture(standing(NIGHTLY, after(29.0), failing="3 5"), 29.0, mode="collapsed", width=95) == [
        "example  3 of 8, 1 failed, 1 upstream_failed, 2 running, 1 to retry, 2 waiting             0:29"
    ]


def test_runs_inside_another_are_shown_below_it(standing: Standing) -> None:
    inner = standing(graph_of("x", "y < x", id="chapters", tasks={"x": {"estimate": 40.0}}), ends("x"))
    outer = standing(NIGHTLY, after(29.0))
    assert picture(outer, 29.0, inner)[-3:] == [
        "  chapters                                     ━━━━━━━━━━━━━━━━━━ 0 of 2",
        "    ⠹ x                                                             0:29",
        "    · y                                                                 ",
    ]
    lines = picture(standing(LARGE, after(29.0)), 29.0, inner)
    assert "  ⠹ chapters: x                                                     0:29" in lines
    assert (
        lines[lines.index("groups") + 1] == "  chapters                                     ━━━━━━━━━━━━━━━━━━ 0 of 2"
    )


def test_groups_in_a_circle_or_without_a_task_are_shown_all_the_same(standing: Standing) -> None:
    groups = {"a": {"group": "b"}, "b": {"group": "a"}, "c": {"group": "nobody"}}
    lines = picture(standing(graph_of("a", "b", "c", "d", tasks=groups), after(0.0)), 0.0)
    assert [line.split()[:2][-1] for line in lines[4:]] == ["nobody", "c", "d", "a", "b"]


def test_the_outlook_and_what_holds_a_run_back_are_shown(standing: Standing) -> None:
    progress = standing(nightly(*"abc"), lambda event: event.time > 20.0)
    assert "about " in picture(progress, 20.0)[0]
    progress.note(LimitChanged(20.0, 0, "it was paused"))
    lines = picture(progress, 20.0)
    assert lines[0].startswith("example, paused ")
    assert "nothing new starts, because it was paused" in lines
    assert "about " not in lines[0]


@settings(deadline=None)
@given(
    graphs(),
    st.floats(0.0, 40.0),
    st.integers(1, 200),
    st.integers(1, 60),
    st.text(max_size=60),
    st.sampled_from(["progress", "collapsed", "hybrid"]),
)
def test_a_picture_always_fits(
    graph: TaskGraph, moment: float, width: int, height: int, title: str, mode: Mode
) -> None:
    tasks = tuple(task.model_copy(update={"title": title, "group": "1"}) for task in graph.tasks)
    graph = graph.model_copy(update={"tasks": tasks})
    kept: list[Progress] = []

    def follow(event: Event) -> None:
        if isinstance(event, RunStarted):
            kept.append(Progress(event))
        kept[0].note(event)
        if event.time >= moment:
            lines = picture(kept[0], event.time, width=width, height=height, mode=mode)
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
