from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from support.graphs import graph_of
from taskgraph_core.ir import Command, Retry, Task, TaskGraph

if TYPE_CHECKING:
    from taskgraph_core.record import Attempt

    from .conftest import Project


@pytest.fixture(autouse=True, params=["here", "elsewhere"])
def _folder(request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is in the project's folder, or is not: programs are then started in another way."""
    if request.param == "here":
        monkeypatch.chdir(project.path)


def only(project: Project, action: Command, **fields: Any) -> Attempt:
    """The last attempt of a run of one task."""
    record = project.run(TaskGraph(id="one", tasks=(Task(**{"id": "1", "action": action, **fields}),)))
    return record.tasks[0].attempts[-1]


def shell(line: str) -> Command:
    return Command(shell=line)


def variables(project: Project, action: Command, **fields: Any) -> dict[str, str]:
    """The environment a task's program sees."""
    only(project, action.model_copy(update={"argv": ("env", "-0")}), **fields)
    task_id = fields.get("id", "1")
    return dict(line.split("=", 1) for line in project.log(task_id).rstrip("\0").split("\0"))


ENV = Command(argv=("env", "-0"))


@pytest.mark.parametrize(
    ("code", "outcome", "error"),
    [(0, "success", ""), (99, "skipped", ""), (1, "failed", "exit code 1"), (255, "failed", "exit code 255")],
)
def test_the_exit_code_decides_the_outcome(project: Project, code: int, outcome: str, error: str) -> None:
    attempt = only(project, shell(f"exit {code}"))
    assert (attempt.outcome, attempt.exit_code, attempt.error) == (outcome, code, error)


def test_a_program_ended_by_a_signal_failed_by_its_name(project: Project) -> None:
    attempt = only(project, shell("kill -KILL $$"))
    assert (attempt.outcome, attempt.exit_code, attempt.error) == ("failed", -9, "ended by SIGKILL")


def test_arguments_pass_through_no_shell(project: Project) -> None:
    arguments = ("$HOME", "$(id)", "; ls", "*", "a b", "", '"', "'", "\\", "\n", "é日本")
    only(project, Command(argv=("printf", r"%s\0", *arguments)))
    assert project.log("1").split("\0")[:-1] == list(arguments)


def test_both_streams_go_to_the_log_in_order(project: Project) -> None:
    only(project, shell("echo one; echo two >&2; echo three"))
    assert project.log("1") == "one\ntwo\nthree\n"


def test_standard_input_is_empty_whatever_the_engines_own_is(project: Project) -> None:
    reading, writing = os.pipe()
    before = os.dup(0)
    os.dup2(reading, 0)
    try:
        os.write(writing, b"typed")
        os.close(writing)
        only(project, shell("cat; echo end"))
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading)
    assert project.log("1") == "end\n"


def test_a_relative_program_lies_in_the_project_also_when_it_runs_elsewhere(project: Project) -> None:
    project.write("do-task.sh", "#!/bin/sh\npwd\n", 0o755)
    (project.path / "sub").mkdir()
    only(project, Command(argv=("./do-task.sh",), cwd="sub"))
    assert project.log("1").strip() == str(project.path / "sub")


def test_an_added_variable_wins_over_the_inherited_one(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLOUR", "red")
    monkeypatch.setenv("SHAPE", "round")
    seen = variables(project, Command(argv=("env",), env={"COLOUR": "green = 'ok' $HOME\n"}))
    assert (seen["COLOUR"], seen["SHAPE"]) == ("green = 'ok' $HOME\n", "round")


def test_inherited_bytes_that_are_no_text_arrive_unchanged(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environb, b"RAW", b"\xff\xfe")
    only(project, shell('printf %s "$RAW"'))
    assert project.directory.log("1", 1).read_bytes() == b"\xff\xfe"


def test_a_run_started_by_a_rollback_of_another_does_not_take_itself_for_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKGRAPH_UNDO", "1")
    assert "TASKGRAPH_UNDO" not in variables(project, ENV)


def test_the_environment_names_task_and_run(project: Project) -> None:
    task = Task(id="5.2", title="Größe; $(id) `x`\n日本", group="5", priority="high", action=ENV)
    record = project.run(TaskGraph(id="nightly", tasks=(Task(id="5"), task)))
    seen = dict(line.split("=", 1) for line in project.log("5.2").rstrip("\0").split("\0"))
    assert {name: value for name, value in seen.items() if name.startswith("TASKGRAPH_")} == {
        "TASKGRAPH_GRAPH_ID": "nightly",
        "TASKGRAPH_TASK_ID": "5.2",
        "TASKGRAPH_TASK_TITLE": "Größe; $(id) `x`\n日本",
        "TASKGRAPH_TASK_GROUP": "5",
        "TASKGRAPH_TASK_PRIORITY": "high",
        "TASKGRAPH_RUN_ID": record.run_id,
        "TASKGRAPH_ATTEMPT": "1",
        "TASKGRAPH_TASK_JSON": str(project.directory.task_file("5.2")),
        "TASKGRAPH_IDEMPOTENCY_KEY": seen["TASKGRAPH_IDEMPOTENCY_KEY"],
    }


def test_the_whole_task_is_in_the_file_the_environment_names(project: Project) -> None:
    task = Task(id="1", title="x" * 5000, details="a\0b", action=shell('cat "$TASKGRAPH_TASK_JSON"'))
    project.run(TaskGraph(id="one", tasks=(task,)))
    assert Task.model_validate(json.loads(project.log("1"))) == task


def test_a_nul_in_a_title_does_not_stop_the_task(project: Project) -> None:
    assert variables(project, ENV, title="a\0b")["TASKGRAPH_TASK_TITLE"] == "ab"


def test_the_idempotency_key_is_one_for_all_attempts_and_another_for_each_task(project: Project) -> None:
    say = shell("echo $TASKGRAPH_IDEMPOTENCY_KEY $TASKGRAPH_ATTEMPT; exit 1")
    project.run(graph_of("a", "b", tasks={"a": {"action": say, "retry": Retry(attempts=2)}, "b": {"action": say}}))
    (first, one), (second, two), (other, _) = (project.log(*which).split() for which in (("a", 1), ("a", 2), ("b", 1)))
    assert first == second != other
    assert (one, two) == ("1", "2")


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (Command(argv=("no-such-program-here",)), "cannot start 'no-such-program-here': there is no such program"),
        (Command(argv=("./missing.sh",)), "cannot start './missing.sh': there is no such program"),
        (Command(argv=("./plain.txt",)), "cannot start './plain.txt': Permission denied"),
        (Command(argv=("./no-interpreter.sh",)), "the interpreter in its first line does not exist"),
        (Command(argv=("./no-first-line.sh",)), "a script must begin with '#!'"),
        (Command(argv=("true",), cwd="nowhere"), "in folder"),
        (Command(argv=("echo", "a\0b")), "embedded null byte"),
        (Command(argv=("echo", "x" * 300_000)), "longer than the system allows"),
        (Command(argv=("true",), env={"A": "x" * 300_000}), "longer than the system allows"),
        (Command(argv=("true",), env={"A=B": "1"}), "illegal environment variable name"),
        (Command(argv=("true",), env={"A": "\0"}), "embedded null byte"),
    ],
)
def test_what_cannot_be_started_is_a_failed_attempt_that_says_why(
    project: Project, action: Command, reason: str
) -> None:
    project.write("plain.txt", "no program", 0o644)
    project.write("no-interpreter.sh", "#!/nowhere/sh\n", 0o755)
    project.write("no-first-line.sh", "\0\0\0\0", 0o755)
    attempt = only(project, action)
    assert (attempt.outcome, attempt.exit_code) == ("failed", None)
    assert reason in attempt.error


def test_hostile_ids_stay_inside_the_run(project: Project) -> None:
    ids = ["../../x", "/etc/passwd", "a\0b", "A", "a", "x" * 10_000]
    tasks = tuple(Task(id=task_id, action=shell("echo said")) for task_id in ids)
    record = project.run(TaskGraph(id="hostile", tasks=tasks))
    assert record.state == "success"
    assert [project.log(task_id) for task_id in ids] == ["said\n"] * len(ids)
    assert {place.name for place in project.path.iterdir()} == {".taskgraph"}
