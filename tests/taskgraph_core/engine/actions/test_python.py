from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.events import TaskStarted
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run, run_graph
from taskgraph_core.ir import Python, Retry, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.engine.events import Event
    from taskgraph_core.record import Attempt

    from .conftest import Project

MODULE = """
import asyncio, sys, threading, time
from pathlib import Path

class Tools:
    @staticmethod
    def touch(name):
        Path(__file__).with_name(name).touch()

def note(name, text):
    Path(__file__).with_name(name).write_text(f"{text} {threading.current_thread() is threading.main_thread()}")

async def anote(name, text):
    await asyncio.sleep(0)
    note(name, text)

def fail(message): raise KeyError(message)
async def afail(message): raise KeyError(message)
def leave(): sys.exit(3)
async def aleave(): sys.exit(3)
def cancelled(): raise asyncio.CancelledError("inner")
def stop(): raise StopIteration(1)

def lie():
    async def work(): pass
    return work()

async def acancelled():
    await asyncio.sleep(0)
    raise asyncio.CancelledError("inner")

class Waiter:
    async def __call__(self, name):
        await anote(name, "called")

waiter = Waiter()

def give(value): return value
async def agive(value): return value
def refuse(): return {1, 2}
async def arefuse(): return float("nan")

def hang():
    while not Path(__file__).with_name("release").exists():
        time.sleep(0.01)

async def ahang():
    try:
        await asyncio.sleep(600)
    finally:
        Path(__file__).with_name("cleaned").touch()

async def deaf():
    for _ in range(14):
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            pass

async def deaf_for_long():
    end = time.monotonic() + 1
    while time.monotonic() < end:
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            pass

def say(text):
    for _ in range(20):
        print(text)
        time.sleep(0.001)

async def asay(text):
    for _ in range(20):
        print(text, file=sys.stderr)
        await asyncio.sleep(0.001)
"""


@pytest.fixture(autouse=True)
def module(project: Project) -> Iterator[None]:
    project.write("project_tasks.py", MODULE)
    yield
    sys.modules.pop("project_tasks", None)


def only(project: Project, entry_point: str, *, timeout: float | None = None, **kwargs: Any) -> Attempt:
    action = Python(entry_point=entry_point, kwargs=kwargs)
    record = project.run(TaskGraph(id="one", tasks=(Task(id="1", action=action, timeout=timeout),)))
    return record.tasks[0].attempts[-1]


def test_a_plain_function_of_the_project_runs_in_a_thread(project: Project) -> None:
    assert only(project, "project_tasks:note", name="out", text="é").outcome == "success"
    assert project.read("out") == "é False"


def test_a_coroutine_function_runs_on_the_event_loop(project: Project) -> None:
    assert only(project, "project_tasks:anote", name="out", text="x").outcome == "success"
    assert project.read("out") == "x True"


def test_an_entry_point_can_lie_inside_a_class(project: Project) -> None:
    assert only(project, "project_tasks:Tools.touch", name="out").outcome == "success"
    assert (project.path / "out").exists()


def test_the_import_path_is_as_before_after_the_run(project: Project) -> None:
    before = list(sys.path)
    only(project, "project_tasks:note", name="out", text="")
    assert sys.path == before


@pytest.mark.parametrize(
    ("function", "kwargs", "error"),
    [
        ("fail", {"message": "no key"}, "KeyError: 'no key'"),
        ("afail", {"message": "no key"}, "KeyError: 'no key'"),
        ("leave", {}, "SystemExit: 3"),
        ("aleave", {}, "SystemExit: 3"),
        ("cancelled", {}, "CancelledError: inner"),
        ("stop", {}, "StopIteration: 1"),
        ("acancelled", {}, "CancelledError: inner"),
        ("lie", {}, "TypeError: it returned a coroutine that nobody awaits; make it an 'async def' function"),
        ("note", {}, "TypeError: note() missing 2 required positional arguments: 'name' and 'text'"),
        ("absent", {}, "AttributeError: module 'project_tasks' has no attribute 'absent'"),
        (
            "MODULE_IS_NO_FUNCTION.real",
            {},
            "AttributeError: module 'project_tasks' has no attribute 'MODULE_IS_NO_FUNCTION'",
        ),
    ],
)
def test_an_exception_is_a_failure_with_type_and_message(
    project: Project, function: str, kwargs: dict[str, Any], error: str
) -> None:
    attempt = only(project, f"project_tasks:{function}", **kwargs)
    assert (attempt.outcome, attempt.error) == ("failed", error)
    assert error.partition(":")[0] in project.log("1")
    assert "Traceback" in project.log("1")


def test_a_module_that_does_not_exist_is_a_failure(project: Project) -> None:
    assert only(project, "no_such_module_here:f").error == "ModuleNotFoundError: No module named 'no_such_module_here'"


def test_a_function_that_hangs_is_reported_and_holds_up_neither_the_run_nor_other_functions(project: Project) -> None:
    hang = Python(entry_point="project_tasks:hang")
    note = Python(entry_point="project_tasks:note", kwargs={"name": "out", "text": ""})
    graph = graph_of(
        "hang",
        "note < hang",
        tasks={"hang": {"action": hang, "timeout": 0.1}, "note": {"action": note, "trigger_rule": "all_failed"}},
    )
    record = project.run(graph, max_parallel=1)
    project.write("release", "")
    assert record.states == {"hang": "failed", "note": "success"}
    assert record.by_id["hang"].attempts[0].error == (
        "timed out after 100 ms; a function in a thread cannot be stopped, so it may still be running"
    )


def test_a_coroutine_is_stopped_by_its_timeout(project: Project) -> None:
    assert only(project, "project_tasks:ahang", timeout=0.1).error == "timed out after 100 ms"
    assert (project.path / "cleaned").exists()


def test_a_coroutine_deaf_to_cancellation_is_reported(project: Project) -> None:
    assert only(project, "project_tasks:deaf", timeout=0.1).error == (
        "timed out after 100 ms; its coroutine did not stop when it was cancelled, so it may still be running"
    )


def test_what_tasks_print_at_the_same_time_goes_to_their_own_logs(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    says = {
        name: {"action": Python(entry_point=f"project_tasks:{function}", kwargs={"text": name})}
        for name, function in (("a", "say"), ("b", "say"), ("c", "asay"), ("d", "asay"))
    }
    project.run(graph_of(*says, tasks=says))
    assert [project.log(name) for name in says] == [f"{name}\n" * 20 for name in says]
    assert capsys.readouterr() == ("", "")


def test_what_observers_print_meanwhile_is_not_captured(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    task = Task(id="1", action=Python(entry_point="project_tasks:say", kwargs={"text": "x"}))
    run_graph(TaskGraph(id="one", tasks=(task,)), RunOptions(project.path), [lambda _: print("event")])  # noqa: T201 - an observer that prints
    assert set(capsys.readouterr().out.splitlines()) == {"event"}


def test_an_object_with_a_coroutine_method_for_calls_is_awaited(project: Project) -> None:
    assert only(project, "project_tasks:waiter", name="out").outcome == "success"
    assert project.read("out") == "called True"


@pytest.mark.parametrize("function", ["give", "agive"])
@pytest.mark.parametrize("value", [None, 0, "é", [1, {"a": None}]])
def test_what_a_function_returns_is_on_the_record(project: Project, function: str, value: object) -> None:
    attempt = only(project, f"project_tasks:{function}", value=value)
    assert (attempt.outcome, attempt.result) == ("success", value)


@pytest.mark.parametrize("function", ["refuse", "arefuse"])
def test_what_json_cannot_hold_is_noted_and_no_error(project: Project, function: str) -> None:
    attempt = only(project, f"project_tasks:{function}")
    assert (attempt.outcome, attempt.result, attempt.error) == ("success", None, "")
    assert "not kept: JSON cannot hold it" in project.log("1")


def test_a_function_that_says_nothing_leaves_no_log(project: Project) -> None:
    only(project, "project_tasks:give", value=None)
    assert not project.directory.log("1", 1).exists()


def test_an_entry_point_is_looked_for_once_by_all_who_need_it_at_the_same_time(project: Project) -> None:
    project.write("slow_module.py", "import time\ntime.sleep(0.1)\nprint('imported')\nasync def work(): pass\n")
    names = [f"t{number}" for number in range(20)]
    action = {"action": Python(entry_point="slow_module:work")}
    record = project.run(graph_of(*names, tasks=dict.fromkeys(names, action)), max_parallel=20)
    sys.modules.pop("slow_module")
    assert record.state == "success"
    logs = [log.read_text() for name in names if (log := project.directory.log(name, 1)).exists()]
    assert logs == ["imported\n"]


def test_everybody_hears_why_a_module_cannot_be_imported_and_it_is_tried_again(project: Project) -> None:
    project.write(
        "flaky_module.py",
        "from pathlib import Path\nplace = Path(__file__).with_name('tried')\n"
        "if not place.exists():\n    place.touch()\n    raise OSError('not yet')\nasync def work(): pass\n",
    )
    action = {"action": Python(entry_point="flaky_module:work"), "retry": Retry(attempts=2, delay=0.01)}
    record = project.run(graph_of("a", "b", tasks={"a": action, "b": action}))
    sys.modules.pop("flaky_module")
    assert record.state == "success"
    assert "OSError: not yet" in project.log("a")


def test_a_caller_that_cancels_the_run_stops_a_coroutine_which_may_still_clean_up(project: Project) -> None:
    async def main() -> None:
        def observe(event: Event) -> None:
            if isinstance(event, TaskStarted):
                asyncio.get_running_loop().call_later(0.1, driving.cancel)

        driving = asyncio.ensure_future(run(graph, RunOptions(project.path), [observe]))
        await asyncio.wait([driving])
        assert driving.cancelled()

    graph = graph_of("a", tasks={"a": {"action": Python(entry_point="project_tasks:ahang")}})
    asyncio.run(main())
    assert (project.path / "cleaned").exists()


def test_a_second_interrupt_waits_for_no_deaf_coroutine(project: Project) -> None:
    def observe(event: Event) -> None:
        if isinstance(event, TaskStarted):
            for pause in (0.1, 0.2):
                asyncio.get_running_loop().call_later(pause, os.kill, os.getpid(), signal.SIGINT)

    graph = graph_of("a", tasks={"a": {"action": Python(entry_point="project_tasks:deaf_for_long")}})
    began = time.monotonic()
    record = run_graph(graph, RunOptions(project.path, grace=60.0), [observe])
    assert time.monotonic() - began < 40
    assert record.tasks[0].attempts[0].error == (
        "its coroutine did not stop when it was cancelled, so it may still be running"
    )
