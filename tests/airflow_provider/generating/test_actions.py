from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider.generating.actions import action_entries, folder, shell_line
from taskgraph_core.errors import TargetError
from taskgraph_core.ir import Command, Noop, Python, Task, Wait


def entries(action: Any, project: str = "", *, holds_slots: bool = False) -> dict[str, object]:
    return action_entries(Task(id="1", action=action), project, holds_slots=holds_slots)


def line(text: str) -> Command:
    """A shell line."""
    return Command.model_validate({"shell": text})


@given(st.lists(st.text(), min_size=1))
def test_arguments_survive_the_shell(argv: list[str]) -> None:
    words = shlex.split(shell_line(argv))

    assert words[-len(argv) :] == argv
    assert words[: -len(argv)] in ([], ["exec", "--"])


def test_the_program_gets_exactly_its_arguments() -> None:
    argv = [sys.executable, "-c", "import sys; print(sys.argv[1:])", "$HOME", "`id`", "a b", "", "*", "'\"\n\\", "-x"]

    assert subprocess.check_output(["bash", "-c", shell_line(argv)], text=True) == f"{argv[3:]}\n"


@pytest.mark.parametrize("word", ["if", "time", "exit", "NAME=value"])
def test_a_program_is_never_taken_for_a_word_of_the_shell(word: str) -> None:
    ended = subprocess.run(["bash", "-c", shell_line([word, "5"])], capture_output=True, check=False)

    assert ended.returncode == 127 or word == "time"


def test_a_shell_line_is_taken_as_it_is() -> None:
    assert entries(line("a | b > '$c'")) == {"command": "a | b > '$c'"}


def test_a_command_is_never_taken_for_the_name_of_a_script_to_render() -> None:
    assert entries(Command(argv=("./build.sh",))) == {"command": "./build.sh\n"}
    assert entries(line("source x.bash")) == {"command": "source x.bash\n"}


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

    assert entries(command, "/srv") == {"command": "/srv/./x ./y", "cwd": "/srv/a/b"}
    assert entries(command) == {"command": "../../x ./y", "cwd": "{{ task.dag.folder }}/a/b"}


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
        ("time", "2030-01-31T08:00Z", "2030-01-31T08:00:00+00:00"),
    ],
)
def test_waiting_says_for_what(what: Any, target: str, written: str) -> None:
    assert entries(Wait(what=what, target=target, interval=60), "/srv") == {f"wait_for_{what}": written, "every": 60}


def test_who_gives_its_place_back_does_not_look_too_often() -> None:
    wait = Wait(what="file", target="/x", interval=1)

    assert entries(wait)["every"] == 10
    assert entries(wait, holds_slots=True)["every"] == 1


def test_pauses_grow_up_to_a_bound_and_none_is_shorter_than_airflow_can_take() -> None:
    wait = Wait(what="file", target="/x", interval=1, factor=2, max_interval=600)

    assert entries(wait) == {"wait_for_file": "/x", "every": 20, "at_most_every": 600}
    assert entries(wait.model_copy(update={"max_interval": 15})) == {
        "wait_for_file": "/x",
        "every": 20,
        "at_most_every": 20,
    }


def test_who_keeps_a_place_asks_at_one_pace() -> None:
    wait = Wait(what="file", target="/x", interval=1, factor=2)

    assert entries(wait, holds_slots=True) == {"wait_for_file": "/x", "every": 1}


def test_for_a_time_nobody_asks_more_and_more_seldom() -> None:
    wait = Wait(what="time", target="2030-01-31T08:00Z", interval=60, factor=2)

    assert entries(wait)["every"] == 60
    assert "at_most_every" not in entries(wait)


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
