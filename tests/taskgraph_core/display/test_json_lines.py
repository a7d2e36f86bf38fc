from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from support.graphs import graph_of
from taskgraph_core.display.json_lines import JsonDisplay
from taskgraph_core.engine.events import (
    LimitChanged,
    RunAborted,
    RunResumed,
    RunStarted,
    RunStopping,
    TaskAdded,
    TaskEnded,
    TaskFinal,
    TaskLost,
    TaskSpawned,
    TaskStarted,
)
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Command, Policy, Retry, Task, TaskGraph
from taskgraph_core.record import Attempt

if TYPE_CHECKING:
    from pathlib import Path


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_event_is_a_line_and_the_last_is_the_summary() -> None:
    stream = io.StringIO()
    graph = graph_of(
        "1",
        "2 < 1",
        tasks={"1": {"rollback": Command(argv=("undo",))}, "2": {"retry": Retry(attempts=2, delay=3.0)}},
        policy=Policy(rollback=True),
    )
    record = simulate_run(
        graph,
        observers=[JsonDisplay(stream)],
        outcome=lambda task, _: "failed" if task.id == "2" else "success",
        max_parallel=4,
        run_id="run-1",
    )
    failed = {"outcome": "failed", "seconds": 1.0, "exit_code": None, "error": "simulated as failed", "log": None}
    good = {"outcome": "success", "seconds": 1.0, "exit_code": None, "error": "", "log": None}
    start = {"run_id": "run-1", "graph_id": "example", "system": "simulation", "tasks": 2, "max_parallel": 4}
    assert lines_of(stream) == [
        {"event": "run_started", "time": 0.0, **start, "directory": None},
        {"event": "task_started", "time": 0.0, "task": "1", "attempt": 1},
        {"event": "task_ended", "time": 1.0, "task": "1", "attempt": 1, **good},
        {"event": "task_final", "time": 1.0, "task": "1", "state": "success"},
        {"event": "task_started", "time": 1.0, "task": "2", "attempt": 1},
        {"event": "task_ended", "time": 2.0, "task": "2", "attempt": 1, **failed},
        {"event": "task_retrying", "time": 2.0, "task": "2", "attempt": 2, "pause": 3.0},
        {"event": "task_started", "time": 5.0, "task": "2", "attempt": 2},
        {"event": "task_ended", "time": 6.0, "task": "2", "attempt": 2, **failed},
        {"event": "task_final", "time": 6.0, "task": "2", "state": "failed"},
        {"event": "undo_started", "time": 6.0, "task": "1", "attempt": 1},
        {"event": "undo_ended", "time": 7.0, "task": "1", "attempt": 1, **good},
        record.summary(),
    ]


def test_a_real_run_names_its_folder_and_the_logs(tmp_path: Path) -> None:
    stream = io.StringIO()
    graph = graph_of("1", "2", tasks={"1": {"action": Command(argv=("true",))}})
    record = run_graph(graph, RunOptions(tmp_path, run_id="mine"), [JsonDisplay(stream)])
    lines = lines_of(stream)
    folder = tmp_path / ".taskgraph/runs/mine"
    assert lines[0]["directory"] == str(folder)
    assert {line["task"]: line["log"] for line in lines if line.get("event") == "task_ended"} == {
        "1": str(folder / "logs/1.1.log"),
        "2": None,
    }
    assert lines[-1] == {
        "run_id": "mine",
        "state": "success",
        "states": record.states,
        "seconds": round(record.seconds, 3),
    }


def test_no_text_of_a_task_ends_a_line_or_reaches_a_terminal_raw() -> None:
    stream = io.StringIO()
    hostile = 'a\n\r\x1b[31m\u2028\u202e"\\é'
    simulate_run(TaskGraph(id="g", tasks=(Task(id=hostile),)), observers=[JsonDisplay(stream)])
    text = stream.getvalue()
    assert text.isascii()
    assert not set(text.replace("\n", "")) & set(map(chr, range(32)))
    assert lines_of(stream)[1]["task"] == hostile


def test_what_happens_to_a_run_as_a_whole_is_a_line_too() -> None:
    stream = io.StringIO()
    display = JsonDisplay(stream)
    display(RunStopping(1.0, "it was interrupted"))
    display(LimitChanged(1.5, 1, "the memory is full"))
    display(RunAborted(2.0, ValueError("no")))
    assert lines_of(stream) == [
        {"event": "run_stopping", "time": 1.0, "reason": "it was interrupted", "at_once": False},
        {"event": "limit_changed", "time": 1.5, "parallel": 1, "reason": "the memory is full"},
        {"event": "run_aborted", "time": 2.0, "error": "ValueError: no"},
    ]


def test_a_run_that_goes_on_says_what_was_done_before() -> None:
    stream = io.StringIO()
    display = JsonDisplay(stream)
    lost = Attempt(number=1, started=1.0, ended=9.0, outcome="cancelled", error="lost")
    past = (TaskFinal(1.0, "1", "success"), TaskStarted(1.0, "2", 1), RunResumed(9.0))
    display(RunStarted(0.0, "mine", "local", graph_of("1", "2"), 4, None, lambda _: [], past))
    display(TaskLost(9.0, "2", lost))
    display(TaskAdded(9.0, Task(id="3", depends_on=("1",))))
    display(TaskSpawned(9.5, "2", 2, 4711, 1))
    start, *news = lines_of(stream)
    assert (start["resumed"], start["states"]) == (9.0, {"1": "success"})
    fate = {"attempt": 1, "outcome": "cancelled", "seconds": 8.0, "exit_code": None, "error": "lost", "log": None}
    assert news == [
        {"event": "task_lost", "time": 9.0, "task": "2", **fate},
        {"event": "task_added", "time": 9.0, "task": "3", "depends_on": ["1"]},
        {"event": "task_spawned", "time": 9.5, "task": "2", "attempt": 2, "pid": 4711},
    ]


def test_what_an_attempt_took_is_told_where_it_was_measured() -> None:
    stream = io.StringIO()
    took = {"cpu_seconds": 0.5, "peak_memory": 4096}
    JsonDisplay(stream)(TaskEnded(2.0, "1", Attempt(number=1, started=0.0, ended=2.0, outcome="success", **took)))
    assert took.items() <= lines_of(stream)[0].items()
