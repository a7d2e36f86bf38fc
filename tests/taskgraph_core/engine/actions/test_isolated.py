"""Python functions in processes of their own."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.graphs import graph_of
from taskgraph_core.ir import Python, Retry, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.record import Attempt

    from .conftest import Project

MODULE = """
import asyncio, json, os, signal, subprocess, sys, time
from pathlib import Path

HERE = Path(__file__).parent

def who(): return os.getpid()
async def give(value):
    await asyncio.sleep(0)
    return value
def fail(message): raise KeyError(message)
def leave(): sys.exit(3)
def vanish(): os._exit(7)
def die(): os.kill(os.getpid(), signal.SIGKILL)
def lie():
    async def work(): pass
    return work()
def refuse(): return {1, 2}
def say():
    print("one")
    print("two", file=sys.stderr)
    print("three \\udc80")
def told(): return {name: os.environ[name] for name in os.environ if name.startswith("TASKGRAPH_")}
def hang():
    child = subprocess.Popen(["sleep", "600"])
    (HERE / "pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)
def second():
    if os.environ["TASKGRAPH_ATTEMPT"] == "1":
        raise OSError("not yet")
"""


@pytest.fixture(autouse=True)
def module(project: Project) -> None:
    project.write("isolated_tasks.py", MODULE)


def only(project: Project, function: str, *, timeout: float | None = None, **kwargs: Any) -> Attempt:
    action = Python(entry_point=f"isolated_tasks:{function}", kwargs=kwargs, process=True)
    record = project.run(TaskGraph(id="one", tasks=(Task(id="1", action=action, timeout=timeout),)))
    return record.tasks[0].attempts[-1]


def test_it_runs_in_another_process_and_what_it_used_is_on_the_record(project: Project) -> None:
    attempt = only(project, "who")
    assert attempt.outcome == "success"
    assert isinstance(attempt.result, int)
    assert attempt.result != os.getpid()
    assert attempt.exit_code is None
    assert attempt.cpu_seconds is None or attempt.cpu_seconds > 0


@pytest.mark.parametrize("value", [None, "é\n", [1, {"a": None}]])
def test_arguments_go_there_and_what_it_returns_comes_back(project: Project, value: object) -> None:
    assert only(project, "give", value=value).result == value


@pytest.mark.parametrize(
    ("function", "kwargs", "error"),
    [
        ("fail", {"message": "no key"}, "KeyError: 'no key'"),
        ("leave", {}, "SystemExit: 3"),
        ("lie", {}, "TypeError: it returned a coroutine that nobody awaits; make it an 'async def' function"),
        ("who", {"extra": 1}, "TypeError: who() got an unexpected keyword argument 'extra'"),
        ("absent", {}, "AttributeError: module 'isolated_tasks' has no attribute 'absent'"),
    ],
)
def test_an_exception_is_a_failure_with_its_traceback_in_the_log(
    project: Project, function: str, kwargs: dict[str, Any], error: str
) -> None:
    attempt = only(project, function, **kwargs)
    assert (attempt.outcome, attempt.error) == ("failed", error)
    assert "Traceback" in project.log("1")
    assert error in project.log("1")


@pytest.mark.parametrize(
    ("function", "code", "error"),
    [
        ("vanish", 7, "its process ended with exit code 7 and left no answer"),
        ("die", -9, "its process was ended by SIGKILL and left no answer"),
    ],
)
def test_a_process_that_dies_is_a_failure_that_says_how(project: Project, function: str, code: int, error: str) -> None:
    attempt = only(project, function)
    assert (attempt.outcome, attempt.exit_code, attempt.error) == ("failed", code, error)


def test_what_cannot_be_kept_is_noted_and_no_error(project: Project) -> None:
    attempt = only(project, "refuse")
    assert (attempt.outcome, attempt.result) == ("success", None)
    assert "not kept: JSON cannot hold it" in project.log("1")


def test_what_it_prints_goes_to_its_log_in_order(project: Project) -> None:
    only(project, "say")
    assert project.log("1") == "one\ntwo\nthree \\udc80\n"


def test_a_timeout_ends_it_and_what_it_started(project: Project, lives: Callable[[int], bool]) -> None:
    attempt = only(project, "hang", timeout=2.0)
    assert attempt.error == "timed out after 2 s"
    deadline = time.monotonic() + 20
    while any(map(lives, project.pids())):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_knows_what_a_command_would_know(project: Project) -> None:
    told = only(project, "told").result
    assert told["TASKGRAPH_TASK_ID"] == "1"
    assert told["TASKGRAPH_ATTEMPT"] == "1"
    assert told["TASKGRAPH_RUN_ID"]
    assert "TASKGRAPH_UNDO" not in told


def test_an_attempt_is_repeated_and_nothing_but_the_tasks_own_file_is_left(project: Project) -> None:
    action = Python(entry_point="isolated_tasks:second", process=True)
    graph = graph_of("a", tasks={"a": {"action": action, "retry": Retry(attempts=2, delay=0.01)}})
    record = project.run(graph)
    assert [attempt.error for attempt in record.by_id["a"].attempts] == ["OSError: not yet", ""]
    assert [place.name for place in (project.directory.path / "tasks").iterdir()] == ["a.json"]


def test_a_module_named_like_one_of_pythons_is_the_projects_own_business(project: Project) -> None:
    project.write("json.py", "raise OSError('the wrong one')\n")
    project.write("traceback.py", "raise OSError('the wrong one')\n")
    assert only(project, "give", value=1).result == 1
