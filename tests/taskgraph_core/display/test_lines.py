from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from support.graphs import graph_of
from taskgraph_core.display.lines import FEW, PlainDisplay
from taskgraph_core.engine.events import (
    LimitChanged,
    RunAborted,
    RunResumed,
    RunStarted,
    RunStopping,
    TaskEnded,
    TaskFinal,
    TaskLost,
    TaskSpawned,
    TaskStarted,
)
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Command, Policy, Retry
from taskgraph_core.record import Attempt

if TYPE_CHECKING:
    from taskgraph_core.display import Mode
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


def told(start: TaskGraph, *events: Event, mode: Mode = "hybrid", past: tuple[Event, ...] = ()) -> list[str]:
    stream = io.StringIO()
    display = PlainDisplay(stream, mode)
    display(RunStarted(0.0, "run-1", "local", start, 4, None, lambda _: [], past))
    for event in events:
        display(event)
    return [line.strip() for line in stream.getvalue().splitlines()]


def test_the_reason_for_stopping_is_told() -> None:
    assert told(
        graph_of("1"),
        RunStopping(1.0, "it was interrupted", "once more to kill"),
        RunStopping(1.0, "it was interrupted again", at_once=True),
        RunAborted(1.0, ValueError("no\nmore")),
    )[1:] == [
        "1.00s  stopping because it was interrupted (once more to kill)",
        "1.00s  stopping at once, because it was interrupted again",
        "1.00s  aborted  by ValueError: no more",
    ]


@pytest.mark.parametrize("mode", ["progress", "realtime", "collapsed", "hybrid"])
def test_a_change_of_the_limit_is_told_in_every_mode(mode: Mode) -> None:
    changes = (LimitChanged(1.0, 0, "it was paused"), LimitChanged(2.0, 1, "the memory is full"), LimitChanged(3.0, 8))
    assert told(graph_of("1"), *changes, mode=mode)[1:] == [
        "1.00s  limit    nothing new starts, because it was paused",
        "2.00s  limit    only 1 at a time, because the memory is full",
        "3.00s  limit    at most 8 at a time",
    ]


def attempt(number: int, outcome: Outcome, started: float, ended: float, error: str = "") -> Attempt:
    return Attempt(number=number, outcome=outcome, started=started, ended=ended, error=error)


def test_earlier_lives_are_no_news_but_counted() -> None:
    past = (
        TaskStarted(0.0, "1", 1),
        TaskEnded(1.0, "1", attempt(1, "success", 0.0, 1.0)),
        TaskFinal(1.0, "1", "success"),
        TaskStarted(1.0, "2", 1),
        RunResumed(100.0),
    )
    news = (
        TaskLost(100.0, "2", attempt(1, "cancelled", 1.0, 100.0, "it was lost")),
        TaskStarted(100.5, "2", 2),
        TaskSpawned(100.5, "2", 2, 4711, 1),
    )
    assert told(graph_of("1", "2 < 1"), *news, past=past) == [
        "0.00s  run run-1 of example: 2 tasks, at most 4 at a time; resumed: 1 of 2 done before",
        "0.00s  lost     2: it was lost",
        "0.50s  start    2 (attempt 2)",
    ]


def many(number: int, *, failing: str = "", mode: Mode = "hybrid") -> list[str]:
    stream = io.StringIO()
    graph = graph_of(*map(str, range(number)), tasks={"7": {"group": "g"}})

    def decide(task: Task, _: int) -> Outcome:
        return "failed" if task.id in failing.split() else "success"

    simulate_run(graph, max_parallel=1, observers=[PlainDisplay(stream, mode)], outcome=decide, run_id="run-1")
    return stream.getvalue().split("\n\n")[0].splitlines()


def test_progress_is_told_now_and_then() -> None:
    assert many(30, mode="progress") == [
        "     0.00s  run run-1 of example: 30 tasks, at most 1 at a time",
        *(
            f"{second:9.2f}s  {second} of 30 ({share} %), {second} success, {30 - second} waiting"
            f" ({30 - second} for a free place); groups: {int(second > 7)} of 1 complete"
            for second, share in ((3, 10), (6, 20), (9, 30), (12, 40), (15, 50), (18, 60), (21, 70), (24, 80), (27, 90))
        ),
    ]


def test_progress_of_a_long_run_is_told_every_ten_seconds() -> None:
    times = [float(line.split("s ")[0]) for line in many(500, mode="progress")]
    assert times[1:4] == [10.0, 20.0, 30.0]
    assert len(times) == 50


def test_a_fast_run_is_not_told_more_than_once_a_second() -> None:
    graph = graph_of(*map(str, range(100)), tasks={str(at): {"estimate": 0.001} for at in range(100)})
    stream = io.StringIO()
    simulate_run(graph, max_parallel=1, observers=[PlainDisplay(stream, "progress")])
    assert len(stream.getvalue().split("\n\n")[0].splitlines()) == 1


def test_hybrid_tells_each_task_of_a_small_run_and_progress_and_failures_of_a_large_one() -> None:
    small = many(FEW, failing="3")
    assert len(small) == 1 + 2 * FEW
    large = many(FEW + 1, failing="3")
    assert "     4.00s  failed   3 after 1 s: simulated as failed" in large
    assert len(large) < 30


def test_collapsed_tells_nothing_before_the_end() -> None:
    assert many(30, mode="collapsed", failing="3") == [
        "     0.00s  run run-1 of example: 30 tasks, at most 1 at a time"
    ]


def test_realtime_tells_everything_whatever_the_size() -> None:
    assert len(many(FEW + 50, mode="realtime")) == 1 + 2 * (FEW + 50)
