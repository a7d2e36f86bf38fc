from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.graphs import graph_of
from taskgraph_core.display.summary import SHOWN_FAILURES, brief, log_line, summary
from taskgraph_core.display.words import name_of
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph
from taskgraph_core.engine.rundir import RunDirectory
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Command, Policy
from taskgraph_core.record import Attempt, RunRecord, TaskRecord

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.ir import TaskGraph


def summed_up(graph: TaskGraph, project: Path) -> list[str]:
    record = run_graph(graph, RunOptions(project, run_id="mine"))
    return [line.text for line in summary(record, graph.by_id, RunDirectory(project / ".taskgraph/runs/mine"))]


def test_a_failed_task_comes_with_its_error_the_end_of_its_log_and_where_the_rest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = "seq 100; exit 7"
    graph = graph_of("1", tasks={"1": {"title": "Count", "action": Command(shell=line)}})
    lines = summed_up(graph, tmp_path)
    assert lines[:2] == ["failed: 1 Count", "  exit code 7"]
    assert lines[2:12] == [f"  | {number}" for number in range(91, 101)]
    assert lines[12] == "  log: .taskgraph/runs/mine/logs/1.1.log"
    assert lines[14:16] == ["run mine of example: failed", "       1 failed"]
    assert lines[-1] == "  record: .taskgraph/runs/mine/record.json"


def test_what_could_not_be_undone_is_named_with_its_log(tmp_path: Path) -> None:
    undo = "echo cannot; exit 4"
    graph = graph_of(
        "1",
        "2 < 1",
        tasks={"1": {"rollback": Command(shell=undo)}, "2": {"action": Command(argv=("false",))}},
        policy=Policy(rollback=True),
    )
    lines = summed_up(graph, tmp_path)
    at = lines.index("not undone: 1")
    assert lines[at + 1 : at + 3] == ["  exit code 4", "  | cannot"]
    assert "       0 of 1 undone" in lines


def test_many_failures_are_counted_not_listed() -> None:
    graph = graph_of(*map(str, range(SHOWN_FAILURES + 5)))
    lines = [line.text for line in summary(simulate_run(graph, outcome=lambda *_: "failed"), graph.by_id, None)]
    assert sum(line.startswith("failed: ") for line in lines) == SHOWN_FAILURES
    assert any(line.startswith("and 5 more failed") for line in lines)


def test_the_speed_up_is_work_over_wall_time() -> None:
    graph = graph_of("a", "b", "c", "d", tasks={name: {"estimate": 10.0} for name in "abcd"})
    lines = [line.text for line in summary(simulate_run(graph, max_parallel=2), graph.by_id, None)]
    assert lines[-1] == "  20 s in all, 40 s one after another: 2.0 times as fast"


def record_of(*attempts: Attempt, **fields: Any) -> RunRecord:
    task = TaskRecord(id="build", state="success", attempts=attempts)
    return RunRecord(
        **{
            "run_id": "mine",
            "graph_id": "nightly",
            "fingerprint": "",
            "system": "local",
            "state": "success",
            "started": 0.0,
            "ended": 100.0,
            "tasks": (task,),
            **fields,
        }
    )


def test_what_the_programs_took_is_said_where_it_was_measured() -> None:
    took = [
        Attempt(number=1, started=0.0, ended=5.0, outcome="failed", cpu_seconds=2.0, peak_memory=210_400_000),
        Attempt(number=2, started=5.0, ended=9.0, outcome="success", cpu_seconds=10.3),
    ]
    lines = [line.text for line in summary(record_of(*took), graph_of("build").by_id, None)]
    assert "  CPU 12.3 s, largest task 210 MB (build)" in lines
    assert not any("CPU" in line.text for line in summary(record_of(), graph_of("build").by_id, None))


def test_that_a_run_was_stopped_or_resumed_is_said() -> None:
    record = record_of(stopped="it was interrupted", resumed=(30.0, 60.0))
    lines = [line.text for line in summary(record, graph_of("build").by_id, None)]
    assert "  stopped early, because it was interrupted" in lines
    assert "  1 min 40 s in all, 0 ms one after another; resumed 2 times, breaks included" in lines


def test_a_run_in_one_line() -> None:
    graph = graph_of("a", "b < a", "c")
    record = simulate_run(graph, max_parallel=4, outcome=lambda task, _: "failed" if task.id == "a" else "success")
    assert brief(record) == "failed after 1 s (1 success, 1 failed, 1 upstream_failed)"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("done\r", "done"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x07b\u202ec", "a\ufffdb\ufffdc"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
    ],
)
def test_a_line_of_output_is_shown_without_its_powers(raw: str, shown: str) -> None:
    assert log_line(raw) == shown


def test_a_name_is_id_and_title() -> None:
    graph = graph_of("5.2", "6", tasks={"5.2": {"title": "Build"}})
    assert [name_of(task) for task in graph.tasks] == ["5.2 Build", "6"]
