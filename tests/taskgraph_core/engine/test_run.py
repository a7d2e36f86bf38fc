"""Whole runs: what they leave on disk, what they tell, and how they refuse."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.events import RunEnded, RunStarted
from taskgraph_core.engine.options import RunOptions, parallel_tasks, usable_cpus
from taskgraph_core.engine.run import run
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Policy, Retry
from taskgraph_core.record import RunRecord

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Project


def shell(line: str) -> Command:
    return Command(shell=line)


def say(text: str, code: int = 0) -> dict[str, object]:
    return {"action": shell(f"echo {text} >> said; exit {code}")}


def test_tasks_run_in_the_order_of_the_graph(project: Project) -> None:
    graph = graph_of("d < b c", "b < a", "c < b", "a", tasks={name: say(name) for name in "abcd"})
    assert project.run(graph).state == "success"
    assert project.read("said") == "a\nb\nc\nd\n"


def test_outcomes_flow_down_the_graph(project: Project) -> None:
    graph = graph_of(
        "ok",
        "skip",
        "bad",
        "after-skip < skip",
        "after-bad < bad",
        "clean < bad",
        "end < after-bad clean",
        tasks={"skip": say("s", 99), "bad": say("b", 1), "clean": {"trigger_rule": "one_failed"}},
    )
    record = project.run(graph)
    assert record.states == {
        "ok": "success",
        "skip": "skipped",
        "bad": "failed",
        "after-skip": "skipped",
        "after-bad": "upstream_failed",
        "clean": "success",
        "end": "upstream_failed",
    }
    assert record.state == "failed"


def test_a_command_succeeds_on_its_second_attempt(project: Project) -> None:
    action = shell("echo try $TASKGRAPH_ATTEMPT; test $TASKGRAPH_ATTEMPT = 2")
    record = project.run(graph_of("a", tasks={"a": {"action": action, "retry": Retry(attempts=3, delay=0.01)}}))
    assert [attempt.outcome for attempt in record.by_id["a"].attempts] == ["failed", "success"]
    assert (project.log("a", 1), project.log("a", 2)) == ("try 1\n", "try 2\n")


def test_rollback_runs_commands_in_reverse_order_and_tells_them_so(project: Project) -> None:
    undo = shell("echo undo $TASKGRAPH_TASK_ID $TASKGRAPH_UNDO | tee -a said")
    tasks = {name: say(name) | {"rollback": undo} for name in "abc"} | {"d": say("d", 1)}
    record = project.run(graph_of("a", "b < a", "c < b", "d < c", tasks=tasks, policy=Policy(rollback=True)))
    assert project.read("said") == "a\nb\nc\nd\nundo c 1\nundo b 1\nundo a 1\n"
    assert [task.undo for task in record.tasks] == ["undone", "undone", "undone", None]
    assert project.log("b", undo=True) == "undo b 1\n"


def test_doing_and_undoing_have_keys_of_their_own(project: Project) -> None:
    key = shell("echo $TASKGRAPH_IDEMPOTENCY_KEY >> keys")
    tasks = {"a": {"action": key, "rollback": key}, "b": say("b", 1)}
    project.run(graph_of("a", "b < a", tasks=tasks, policy=Policy(rollback=True)))
    doing, undoing = project.read("keys").split()
    assert doing != undoing


def test_the_record_on_disk_is_the_one_returned_and_announced(project: Project) -> None:
    record = project.run(graph_of("a", "b < a", tasks={"b": say("b", 3)}), run_id="mine")
    place = project.path / ".taskgraph/runs/mine/record.json"
    assert RunRecord.model_validate_json(place.read_text()) == record == project.of(RunEnded)[0].record
    assert (record.run_id, record.graph_id, record.system) == ("mine", "example", "local")
    assert record.started <= record.tasks[0].attempts[0].started <= record.tasks[0].attempts[0].ended <= record.ended


def test_the_limit_is_the_option_else_the_graphs_else_the_cpus(project: Project) -> None:
    free, limited = graph_of("a"), graph_of("a", policy=Policy(max_parallel=7))
    assert [parallel_tasks(limited, 3), parallel_tasks(limited), parallel_tasks(free)] == [3, 7, usable_cpus()]
    project.run(limited, max_parallel=None)
    assert project.of(RunStarted)[0].max_parallel == 7


def test_a_limit_that_lets_nothing_run_is_refused(project: Project) -> None:
    with pytest.raises(EngineError, match="none at all"):
        project.run(graph_of("a"), max_parallel=0)


def test_an_unsound_graph_leaves_no_folder_behind(project: Project) -> None:
    with pytest.raises(EngineError):
        project.run(graph_of("a < a"))
    assert not list(project.path.iterdir())


def test_a_project_that_does_not_exist_is_an_error(project: Project) -> None:
    with pytest.raises(EngineError, match="does not exist"):
        project.run(graph_of("a"), project=project.path / "nowhere")


def test_a_relative_project_is_taken_from_here(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.path.parent)
    project.run(graph_of("a", tasks={"a": say("a")}), project=type(project.path)(project.path.name))
    assert project.read("said") == "a\n"


def test_a_run_inside_a_running_loop_needs_no_main_thread(tmp_path: Path) -> None:
    async def main() -> RunRecord:
        return await asyncio.wait_for(run(graph_of("a", "b < a"), RunOptions(tmp_path)), 60)

    assert asyncio.run(main()).state == "success"


def test_signal_handlers_are_as_before_after_a_run(project: Project) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    project.run(graph_of("a"))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_record_that_cannot_be_written_is_an_error_after_the_end_was_told(project: Project) -> None:
    spoil = shell('mkdir -p "$(dirname "$(dirname "$TASKGRAPH_TASK_JSON")")/record.json/in-the-way"')
    with pytest.raises(EngineError, match="its record cannot be written"):
        project.run(graph_of("a", tasks={"a": {"action": spoil}}))
    assert isinstance(project.events[-1], RunEnded)
