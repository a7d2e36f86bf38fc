"""Runs that broke off, failed or were changed meanwhile, and how they go on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.events import RunStarted, TaskStarted
from taskgraph_core.engine.journal import read
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.resuming.lock import locked
from taskgraph_core.engine.run import resume_graph, run_graph
from taskgraph_core.engine.rundir import RunDirectory
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Policy, Retry, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from taskgraph_core.engine.events import Event
    from taskgraph_core.record import RunRecord

    from .conftest import Project

ENGINE = """
import sys
from pathlib import Path
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import resume_graph, run_graph
from taskgraph_core.engine.rundir import RunDirectory
from taskgraph_core.ir import TaskGraph

options = RunOptions(Path.cwd(), run_id="run", max_parallel=4, grace=0.3)
if Path(".taskgraph/runs/run/journal.db").exists():
    record = resume_graph(RunDirectory.open(Path.cwd(), "run"), None, options)
else:
    record = run_graph(TaskGraph.model_validate_json(sys.argv[1]), options)
sys.exit(record.state != "success")
"""

NOTE = "echo $TASKGRAPH_TASK_ID$TASKGRAPH_UNDO >> said"


def action(line: str, **fields: Any) -> dict[str, Any]:
    return {"action": Command(shell=f"{NOTE}; {line}"), **fields}


def resume(project: Project, plan: TaskGraph | None = None, **options: Any) -> RunRecord:
    keywords = {name: options.pop(name) for name in ("accept_changes", "note") if name in options}
    project.events.clear()
    directory = RunDirectory.open(project.path, "run")
    given = RunOptions(**{"project": project.path, "grace": 0.3, "max_parallel": 4, **options})
    return resume_graph(directory, plan, given, [project.events.append], **keywords)


def folder(project: Project) -> Path:
    return project.path / ".taskgraph/runs/run"


@pytest.fixture
def engine(project: Project) -> Iterator[Callable[[TaskGraph], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(graph: TaskGraph) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", ENGINE, graph.model_dump_json()], cwd=project.path))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def said(project: Project) -> list[str]:
    place = project.path / "said"
    return place.read_text().split() if place.exists() else []


# --- after a failure -----------------------------------------------------------------------


def test_a_failed_run_goes_on_with_what_did_not_succeed(project: Project) -> None:
    tasks = {"1": action("true"), "2": action("test -e ok"), "3": action("true"), "4": action("true")}
    graph = graph_of("1", "2 < 1", "3 < 2", "4", tasks=tasks)
    assert project.run(graph, run_id="run").state == "failed"
    project.write("ok", "")

    record = resume(project, graph)

    assert record.state == "success"
    assert record.run_id == "run"
    assert Counter(said(project)) == {"1": 1, "2": 2, "3": 1, "4": 1}
    assert [attempt.number for attempt in record.by_id["2"].attempts] == [1, 2]
    assert [attempt.outcome for attempt in record.by_id["2"].attempts] == ["failed", "success"]
    assert len(record.resumed) == 1
    assert record == type(record).model_validate_json((folder(project) / "record.json").read_bytes())


def test_a_run_can_be_resumed_many_times(project: Project) -> None:
    graph = graph_of("1", "2 < 1", tasks={"1": action("true"), "2": action("test -e ok")})
    project.run(graph, run_id="run")
    for _ in range(3):
        assert resume(project, graph).state == "failed"
    project.write("ok", "")

    record = resume(project, graph)

    assert (record.state, len(record.resumed), len(record.by_id["2"].attempts)) == ("success", 4, 5)
    assert said(project).count("1") == 1


def test_a_run_that_succeeded_is_told_and_nothing_runs(project: Project) -> None:
    graph = graph_of("1", tasks={"1": action("true")})
    first = project.run(graph, run_id="run")
    notes: list[str] = []

    record = resume(project, graph, note=notes.append)

    assert record == first
    assert said(project) == ["1"]
    assert notes == ["run run ended in success: nothing is left to do"]
    assert not project.of(TaskStarted)


def test_a_record_that_was_not_written_any_more_is_written_from_the_journal(project: Project) -> None:
    graph = graph_of("1", "2 < 1", tasks={"1": action("exit 99"), "2": action("true", trigger_rule="all_done")})
    first = project.run(graph, run_id="run")
    (folder(project) / "record.json").unlink()

    assert resume(project, graph) == first
    assert json.loads((folder(project) / "record.json").read_text())["state"] == "success"


def test_a_run_that_goes_on_has_no_record_until_it_ends_again(project: Project) -> None:
    graph = graph_of("1", tasks={"1": action("ls .taskgraph/runs/run > seen; test -e ok")})
    project.run(graph, run_id="run")
    assert (folder(project) / "record.json").exists()

    resume(project, graph)

    assert "record.json" not in project.read("seen")
    assert (folder(project) / "record.json").exists()


def test_what_was_undone_is_done_again(project: Project) -> None:
    undo = {"rollback": Command(shell=NOTE)}
    tasks = {"1": action("true", **undo), "2": action("test -e ok"), "3": action("true")}
    graph = graph_of("1", "2 < 1", "3", tasks=tasks, policy=Policy(rollback=True))
    assert project.run(graph, run_id="run").by_id["1"].undo == "undone"
    project.write("ok", "")

    record = resume(project, graph)

    assert record.state == "success"
    assert Counter(said(project)) == {"1": 2, "2": 2, "3": 1, "11": 1}
    assert record.by_id["1"].undo is None


def test_a_run_that_timed_out_gets_the_whole_time_again(project: Project) -> None:
    graph = graph_of("1", "2 < 1", tasks={"1": action("true"), "2": action("test -e ok || sleep 60")})
    graph = graph.model_copy(update={"policy": Policy(timeout=1.0)})
    assert project.run(graph, run_id="run").stopped
    project.write("ok", "")

    assert resume(project, graph).state == "success"


# --- after a crash -------------------------------------------------------------------------


def test_a_killed_engine_loses_nothing_and_repeats_only_what_was_under_way(
    project: Project, engine: Callable[[TaskGraph], subprocess.Popen[bytes]], lives: Callable[[int], bool]
) -> None:
    holding = "echo $$ >> pids; test -e ok || exec sleep 60"
    tasks = {"1": action("true"), "2": action(holding), "3": action("true"), "4": action("true")}
    graph = graph_of("1", "2 < 1", "3 < 1", "4 < 2 3", tasks=tasks)
    first = engine(graph)
    wait_for(lambda: (project.path / "pids").exists() and {"1", "2", "3"} <= done_or_said(project))
    first.kill()
    first.wait()
    (left,) = project.pids()
    assert lives(left)
    project.write("ok", "")
    notes: list[str] = []

    record = resume(project, graph, note=notes.append)

    assert not lives(left)
    assert any("left running" in note for note in notes)
    assert record.state == "success"
    assert Counter(said(project)) == {"1": 1, "2": 2, "3": 1, "4": 1}
    attempts = record.by_id["2"].attempts
    assert [(attempt.number, attempt.outcome) for attempt in attempts] == [(1, "cancelled"), (2, "success")]
    assert project.log("2", 1) == ""


def done_or_said(project: Project) -> set[str]:
    try:
        story = read(folder(project))
    except EngineError:
        return set()
    started = {event.task_id for event in story.events if type(event).__name__ == "TaskEnded"}
    return started | ({"2"} if "2" in said(project) else set())


def test_a_run_that_is_killed_again_and_again_comes_to_its_end(
    project: Project, engine: Callable[[TaskGraph], subprocess.Popen[bytes]]
) -> None:
    ids = [str(number) for number in range(1, 31)]
    tasks = {task_id: action("sleep 0.03; echo $TASKGRAPH_TASK_ID >> ended") for task_id in ids}
    graph = graph_of(
        *(f"{number} < {number - 5}" if number > 5 else f"{number}" for number in range(1, 31)), tasks=tasks
    )
    recorded: set[str] = set()
    for kill in range(12):
        one = engine(graph)
        before = len(said(project))
        wait_for(lambda one=one, before=before: len(said(project)) > before + 2 or one.poll() is not None)  # type: ignore[misc]
        if kill < 10:
            one.kill()
        one.wait()
        now = {task_id for task_id in ids if task_id in successes(project)}
        assert recorded <= now
        recorded = now
        if one.returncode == 0:
            break
    else:
        engine(graph).wait()

    assert recorded | successes(project) == set(ids)
    record = json.loads((folder(project) / "record.json").read_text())
    assert record["state"] == "success"
    ran = Counter(said(project))
    for task in record["tasks"]:
        outcomes = [attempt["outcome"] for attempt in task["attempts"]]
        assert outcomes[-1] == "success"
        assert outcomes.count("success") == 1
        assert ran[task["id"]] <= len(outcomes)


def successes(project: Project) -> set[str]:
    return {
        event.task_id
        for event in read(folder(project)).events
        if type(event).__name__ == "TaskEnded" and event.attempt.outcome == "success"  # type: ignore[union-attr]
    }


def snapshots(project: Project, graph: TaskGraph, **options: Any) -> list[Path]:
    """The run's folder as it was after every event: what a crash at that moment leaves."""
    copies: list[Path] = []

    def copy(_: Event) -> None:
        copies.append(project.path.with_name(f"{project.path.name}-{len(copies)}"))
        shutil.copytree(project.path, copies[-1], ignore=shutil.ignore_patterns("control"))

    given = RunOptions(**{"project": project.path, "run_id": "run", "grace": 0.3, "max_parallel": 2, **options})
    run_graph(graph, given, [copy])
    return copies


def test_a_crash_after_any_event_of_a_rollback_undoes_everything_once_at_least_and_in_order(project: Project) -> None:
    tasks = {
        "1": action("true", rollback=Command(shell=NOTE)),
        "2": action("true", rollback=Command(shell=f"{NOTE}; test -e tried || {{ touch tried; exit 1; }}")),
        "3": action("true", rollback=Command(shell=NOTE), retry=Retry(attempts=2)),
        "4": action("exit 1"),
    }
    tasks["2"]["retry"] = Retry(attempts=2)
    graph = graph_of("1", "2 < 1", "3 < 2", "4 < 3", tasks=tasks, policy=Policy(rollback=True))

    for place in snapshots(project, graph):
        if (place / ".taskgraph/runs/run/journal.db").exists() and read(place / ".taskgraph/runs/run").ended is None:
            record = resume_graph(RunDirectory.open(place, "run"), graph, RunOptions(place, max_parallel=2))
            undone = [word[0] for word in (place / "said").read_text().split() if word.endswith("1") and len(word) == 2]
            assert record.state == "failed"
            assert {task.id: task.undo for task in record.tasks} == {
                "1": "undone",
                "2": "undone",
                "3": "undone",
                "4": None,
            }
            assert undone == sorted(undone, reverse=True)
            assert set(undone) == {"1", "2", "3"}
            for task_id in "123":
                outcomes = [attempt.outcome for attempt in record.by_id[task_id].undo_attempts]
                assert outcomes.count("success") == 1
                assert outcomes[-1] == "success"
        shutil.rmtree(place)


def test_what_cannot_be_undone_is_on_the_record_after_a_crash_too(project: Project) -> None:
    tasks = {"1": action("true", rollback=Command(shell="exit 7")), "2": action("exit 1")}
    graph = graph_of("1", "2 < 1", tasks=tasks, policy=Policy(rollback=True))
    place = snapshots(project, graph)[-2]

    record = resume_graph(RunDirectory.open(place, "run"), graph, RunOptions(place))

    assert (record.state, record.by_id["1"].undo, record.by_id["1"].undo_error) == ("failed", "failed", "exit code 7")


def test_a_crash_after_any_event_leaves_a_run_that_ends_as_it_would_have(project: Project) -> None:
    tasks = {
        "1": action("true"),
        "2": action("test -e tried || { touch tried; exit 1; }", retry=Retry(attempts=2)),
        "3": action("exit 99"),
        "4": action("exit 1"),
        "5": action("true"),
        "6": action("true", trigger_rule="all_done"),
    }
    graph = graph_of("1", "2 < 1", "3 < 1", "4 < 2", "5 < 4", "6 < 4 3", tasks=tasks)
    expected = {"1": "success", "2": "success", "3": "skipped", "4": "failed", "5": "upstream_failed", "6": "success"}

    for place in snapshots(project, graph):
        run = place / ".taskgraph/runs/run"
        story = read(run)
        if story.ended is None:
            record = resume_graph(RunDirectory.open(place, "run"), graph, RunOptions(place, max_parallel=2))
            assert record.states == expected
            assert read(run).record(graph) == record
        else:
            assert story.record(graph).states == expected
        shutil.rmtree(place)


def test_time_does_not_go_back_when_the_clock_did(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graph_of("1", tasks={"1": action("test -e ok")})
    project.run(graph, run_id="run")
    before = read(folder(project)).last
    project.write("ok", "")
    monkeypatch.setattr(time, "time", lambda: before - 3600)

    record = resume(project, graph)

    assert record.resumed[0] >= before
    assert all(event.time >= before for event in project.events if not isinstance(event, RunStarted))
    assert record.ended >= before


def test_a_second_engine_is_refused_while_the_first_is_at_work(project: Project) -> None:
    graph = graph_of("1", tasks={"1": action("exit 1")})
    project.run(graph, run_id="run")

    with locked(folder(project)), pytest.raises(EngineError, match=f"process {os.getpid()}"):
        resume(project, graph)


def test_a_run_asked_to_stop_goes_on_when_it_is_resumed(
    project: Project, engine: Callable[[TaskGraph], subprocess.Popen[bytes]]
) -> None:
    stubborn = "trap '' TERM; echo $$ >> pids; test -e ok || while :; do sleep 0.05; done"
    graph = graph_of("1", "2 < 1", tasks={"1": action(stubborn), "2": action("true")})
    first = engine(graph)
    wait_for(lambda: (project.path / "pids").exists() and len(project.pids()) == 1)
    first.send_signal(signal.SIGTERM)
    wait_for(lambda: any(type(event).__name__ == "RunStopping" for event in read(folder(project)).events))
    first.kill()
    first.wait()
    project.write("ok", "")

    record = resume(project, graph)

    assert (record.state, record.stopped) == ("success", "")


# --- after a change of the plan --------------------------------------------------------------


def changed(graph: TaskGraph, task_id: str, **fields: Any) -> TaskGraph:
    tasks = [task.model_copy(update=fields) if task.id == task_id else task for task in graph.tasks]
    return graph.model_copy(update={"tasks": tuple(tasks)})


@pytest.fixture
def failed(project: Project) -> TaskGraph:
    """A graph whose run failed in task 3, after 1 and 2 were done."""
    tasks = {"1": action("true"), "2": action("true"), "3": action("test -e ok"), "4": action("true")}
    graph = graph_of("1", "2 < 1", "3 < 2", "4", tasks=tasks)
    assert project.run(graph, run_id="run").state == "failed"
    (project.path / "said").unlink()
    project.write("ok", "")
    return graph


def test_a_changed_plan_is_refused_with_every_change(project: Project, failed: TaskGraph) -> None:
    plan = changed(failed, "3", action=Command(shell="true"), retry=Retry(attempts=2))
    plan = plan.model_copy(update={"tasks": (*plan.tasks[:3], *graph_of("new").tasks)})

    with pytest.raises(EngineError, match=r"3: command, retry changed; new: added; 4: removed") as error:
        resume(project, plan)

    assert "--accept-changes" in error.value.fix
    assert said(project) == []


@pytest.mark.parametrize(
    "fields", [{"title": "New"}, {"status": "done"}, {"estimate": 9.0}, {"description": "x"}, {"priority": "high"}]
)
def test_texts_and_estimates_are_no_change(project: Project, failed: TaskGraph, fields: dict[str, Any]) -> None:
    assert resume(project, changed(failed, "2", **fields)).state == "success"
    assert said(project) == ["3"]


@pytest.mark.parametrize(
    ("plan", "again"),
    [
        (lambda graph: changed(graph, "3", action=Command(shell=NOTE)), ["3"]),
        (lambda graph: changed(graph, "2", action=Command(shell=f"{NOTE}; :")), ["2", "3"]),
        (lambda graph: changed(graph, "1", timeout=9.0), ["1", "2", "3"]),
        (lambda graph: graph.model_copy(update={"tasks": graph.tasks[:3]}), ["3"]),
        (lambda graph: graph.model_copy(update={"policy": Policy(max_parallel=1)}), ["3"]),
        (lambda graph: changed(graph, "4", depends_on=("1",)), ["3", "4"]),
    ],
    ids=["what failed", "in the middle", "at the start", "removed", "policy", "edge"],
)
def test_accepted_changes_are_done_again_with_what_is_built_on_them(
    project: Project, failed: TaskGraph, plan: Callable[[TaskGraph], TaskGraph], again: list[str]
) -> None:
    record = resume(project, plan(failed), accept_changes=True)

    assert record.state == "success"
    assert sorted(said(project)) == again
    assert record.fingerprint == plan(failed).fingerprint
    assert set(record.states) == set(plan(failed).by_id)
    assert resume(project, plan(failed)).state == "success"


def test_a_task_that_was_added_runs(project: Project, failed: TaskGraph) -> None:
    more = graph_of("0", tasks={"0": action("true")}).tasks
    plan = changed(failed, "3", depends_on=("2", "0"))
    plan = plan.model_copy(update={"tasks": (*more, *plan.tasks)})

    assert resume(project, plan, accept_changes=True).state == "success"
    assert said(project) == ["0", "3"]


def test_a_rollback_is_completed_as_it_was_begun_whatever_the_plan_says_now(project: Project) -> None:
    tasks = {"1": action("true", rollback=Command(shell=NOTE)), "2": action("exit 1")}
    graph = graph_of("1", "2 < 1", tasks=tasks, policy=Policy(rollback=True))
    place = snapshots(project, graph)[-3]
    plan = changed(graph, "1", rollback=Command(shell="exit 1"))

    record = resume_graph(RunDirectory.open(place, "run"), plan, RunOptions(place))

    assert record.by_id["1"].undo == "undone"


def test_a_graph_that_was_tampered_with_is_refused(project: Project, failed: TaskGraph) -> None:
    place = folder(project) / "graph.json"
    place.write_text(changed(failed, "3", action=Command(shell="true")).model_dump_json())
    with pytest.raises(EngineError, match="not the one it was begun with"):
        resume(project)

    place.write_text(place.read_text()[:-20])
    with pytest.raises(EngineError, match="damaged"):
        resume(project)


def test_a_run_without_a_journal_leaves_none_and_cannot_be_resumed(project: Project) -> None:
    graph = graph_of("1", tasks={"1": action("true")})
    project.run(graph, run_id="run", journal=False)

    assert sorted(place.name for place in folder(project).iterdir()) == ["logs", "record.json", "tasks"]
    with pytest.raises(EngineError, match="no journal"):
        resume(project, graph)


@pytest.mark.parametrize("durable", [False, True])
def test_a_finished_run_has_one_file_of_journal(project: Project, durable: bool) -> None:  # noqa: FBT001
    project.run(graph_of("1", tasks={"1": action("true")}), run_id="run", durable=durable)

    assert [place.name for place in folder(project).glob("*journal*")] == ["journal.db"]
    assert read(folder(project)).durable == durable
