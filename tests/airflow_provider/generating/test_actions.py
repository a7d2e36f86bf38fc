from __future__ import annotations

from typing import Any

import pytest

from airflow_provider.generating.actions import action_entries, folder
from taskgraph_core.errors import TargetError
from taskgraph_core.ir import Command, Noop, Python, Task, Wait


def entries(action: Any, project: str = "") -> dict[str, object]:
    return action_entries(Task(id="1", action=action), project)


def line(text: str) -> Command:
    """A shell line."""
    return Command.model_validate({"shell": text})


def test_a_shell_line_is_taken_as_it_is() -> None:
    assert entries(line("a | b > '$c'")) == {"command": "a | b > '$c'"}


def test_arguments_stay_a_list() -> None:
    assert entries(Command(argv=("./build.sh", "-x", "a b"))) == {"command": ["./build.sh", "-x", "a b"]}


@pytest.mark.parametrize(
    ("project", "path", "template"),
    [
        ("", "", "{{ task.dag.folder }}"),
        ("", "a/b", "{{ task.dag.folder }}/a/b"),
        ("", "/a", "/a"),
        ("/srv", "", "/srv"),
        ("/srv", "a", "/srv/a"),
        ("/srv", "/a", "/a"),
        ("/srv", "{{ 7*7 }}", "{{ '/srv/{{ 7*7 }}' }}"),
        ("/srv", "x.sh", "{{ '/srv/x.sh' }}"),
        ("", "{%'\n", '{{ task.dag.folder }}/{{ "{%\'\\n" }}'),
    ],
)
def test_folders_are_templates_that_render_to_exactly_themselves(project: str, path: str, template: str) -> None:
    assert folder(project, path) == template


def test_a_program_with_a_relative_path_lies_in_the_project_whatever_folder_it_runs_in() -> None:
    command = Command(argv=("./x", "./y"), cwd="a/b")

    assert entries(command, "/srv") == {"command": ["/srv/./x", "./y"], "cwd": "/srv/a/b"}
    assert entries(command) == {"command": ["../../x", "./y"], "cwd": "{{ task.dag.folder }}/a/b"}


def test_a_function_is_named_with_its_arguments() -> None:
    assert entries(Python(entry_point="a.b:c", kwargs={"x": 1})) == {"call": "a.b:c", "arguments": {"x": 1}}
    assert entries(Python(entry_point="a.b:c")) == {"call": "a.b:c"}


def test_nothing_needs_no_entries() -> None:
    assert entries(Noop()) == {}


@pytest.mark.parametrize(
    ("what", "target", "written"),
    [
        ("file", "in/x.csv", "/srv/in/x.csv"),
        ("http", "https://example.com", "https://example.com"),
        ("command", "test -e x", "test -e x"),
    ],
)
def test_waiting_says_for_what(what: Any, target: str, written: str) -> None:
    assert entries(Wait(what=what, target=target, interval=60), "/srv") == {f"wait_for_{what}": written, "every": 60}


def test_a_time_needs_no_asking() -> None:
    wait = Wait(what="time", target="2030-01-31T08:00Z", interval=60, factor=2)

    assert entries(wait) == {"wait_for_time": "2030-01-31T08:00:00+00:00"}


def test_the_triggerer_looks_for_a_file_as_often_as_the_plan_says() -> None:
    assert entries(Wait(what="file", target="/x", interval=0.5, factor=2)) == {"wait_for_file": "/x", "every": 0.5}


@pytest.mark.parametrize("what", ["http", "command"])
def test_who_has_to_come_back_to_a_worker_does_not_do_so_too_often(what: Any) -> None:
    wait = Wait(what=what, target="https://a", interval=1)

    assert entries(wait)["every"] == 10
    assert "factor" not in entries(wait)


def test_pauses_grow_up_to_a_bound() -> None:
    wait = Wait(what="command", target="x", interval=1, factor=1.5, max_interval=600)

    assert entries(wait) == {"wait_for_command": "x", "every": 10, "factor": 1.5, "at_most_every": 600}
    assert entries(wait.model_copy(update={"max_interval": 5})) == {"wait_for_command": "x", "every": 10}


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "action",
    [
        Command(argv=("echo", "a\0b")),
        Command(argv=("true",), env={"A": "\0"}),
        Command(argv=("true",), env={"A=B": "x"}),
        Command(argv=("./x",), cwd="/elsewhere"),
        Python(entry_point="a:b", kwargs={"x": float("nan")}),
        Python(entry_point="a:b", kwargs={"x": 10**5000}),
        Python(entry_point="a:b", kwargs={"x": object()}),
        Python(entry_point="a:b", kwargs={"x": nested(500)}),
        Python(entry_point="a:b", kwargs={"x": ["\0"]}),
        Wait(what="http", target="file:///etc/passwd"),
        Wait(what="http", target="http://[broken"),
        Wait(what="time", target="2030-01-31T08:00:00"),
        Wait(what="time", target="{{ ds }}"),
        Wait(what="file", target="a\0b"),
    ],
)
def test_what_airflow_could_not_carry_out_is_refused(action: Any) -> None:
    with pytest.raises(TargetError) as refused:
        entries(action)

    assert refused.value.where == "task '1'"
    assert refused.value.fix
