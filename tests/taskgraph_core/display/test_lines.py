from __future__ import annotations

import io
from typing import TYPE_CHECKING

from support.graphs import graph_of
from taskgraph_core.display.lines import PlainDisplay
from taskgraph_core.engine.events import RunAborted, RunStopping
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Command, Policy, Retry

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.scheduler import Outcome


def shown(graph: TaskGraph, outcome: dict[str, Outcome] | None = None) -> list[str]:
    stream = io.StringIO()

    def decide(task: Task, attempt: int) -> Outcome:
        return (outcome or {}).get(f"{task.id}.{attempt}", "success")

    simulate_run(graph, max_parallel=2, observers=[PlainDisplay(stream)], outcome=decide, run_id="run-1", started=50.0)
    return stream.getvalue().splitlines()


def test_a_run_is_told_line_by_line_and_summed_up() -> None:
    undo = Command(argv=("undo",))
    graph = graph_of(
        "1",
        "2 < 1",
        "3 < 1",
        "4 < 2 3",
        "5 < 3",
        tasks={
            "1": {"title": "Read the plan", "rollback": undo, "estimate": 2.0},
            "2": {"title": "Build", "retry": Retry(attempts=2, delay=90.0), "estimate": 0.25},
        },
        policy=Policy(rollback=True),
    )
    assert shown(graph, {"2.1": "failed", "2.2": "failed", "3.1": "skipped"}) == [
        "     0.00s  run run-1 of example: 5 tasks, at most 2 at a time",
        "     0.00s  start    1 Read the plan",
        "     2.00s  success  1 Read the plan after 2 s",
        "     2.00s  start    3",
        "     2.00s  start    2 Build",
        "     2.25s  failed   2 Build after 250 ms: simulated as failed",
        "     2.25s  retry    2 Build in 1 min 30 s (attempt 2 of 2)",
        "     3.00s  skipped  3 after 1 s",
        "     3.00s  skipped  5",
        "    92.25s  start    2 Build (attempt 2 of 2)",
        "    92.50s  failed   2 Build after 250 ms: simulated as failed",
        "    92.50s  upstream_failed 4",
        "    92.50s  undo     1 Read the plan",
        "    94.50s  undone   1 Read the plan after 2 s",
        "",
        "failed: 2 Build",
        "  simulated as failed (attempt 2 of 2)",
        "",
        "run run-1 of example: failed",
        "       1 success",
        "       1 failed",
        "       2 skipped",
        "       1 upstream_failed",
        "       1 of 1 undone",
        "  1 min 34 s in all, 3.5 s one after another",
    ]


def test_hostile_titles_are_one_harmless_line() -> None:
    lines = shown(graph_of("1", tasks={"1": {"title": "\x1b[31mred\nnext \u202eflip"}}))
    assert lines[1] == "     0.00s  start    1 \ufffd[31mred next \ufffdflip"


def test_a_very_long_title_is_cut() -> None:
    assert len(shown(graph_of("1", tasks={"1": {"title": "x" * 5000}}))[1]) < 120


def test_the_reason_for_stopping_is_told() -> None:
    stream = io.StringIO()
    display = PlainDisplay(stream)

    def stop(event: Event) -> None:
        display(event)
        if type(event).__name__ == "TaskStarted":
            display(RunStopping(event.time, "it was interrupted", "once more to kill"))
            display(RunStopping(event.time, "it was interrupted again", at_once=True))
            display(RunAborted(event.time, ValueError("no\nmore")))

    simulate_run(graph_of("1"), observers=[stop])
    assert stream.getvalue().splitlines()[2:5] == [
        "     0.00s  stopping because it was interrupted (once more to kill)",
        "     0.00s  stopping at once, because it was interrupted again",
        "     0.00s  aborted  by ValueError: no more",
    ]
    assert "  stopped early, because it was interrupted again" in stream.getvalue().splitlines()
