from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from prefect_integration.running.actions import carry_out, in_words
from prefect_integration.running.outcome import CANCELLED, SUCCESS, Ended
from prefect_integration.running.programs import Surroundings
from taskgraph_core.ir import Command, Noop, Python, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE = """\
import asyncio, os, sys, time

def write(path, text):
    with open(path, "w") as stream:
        stream.write(f"{text} {os.getpid()}")

class Steps:
    @staticmethod
    def leave(code):
        sys.exit(code)

async def gently(path):
    await asyncio.sleep(0)
    write(path, "gently")

def fail():
    raise ValueError("no\\x1b luck")

def hang():
    time.sleep(600)
"""


@pytest.fixture
def entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "steps_of_a_plan.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("steps_of_a_plan", None)


def around(lines: list[str] | None = None, **fields: Any) -> Surroundings:
    log = (lines if lines is not None else []).append
    return Surroundings(**{"environment": dict(os.environ), "stop": threading.Event(), "log": log, **fields})


def python(name: str, **kwargs: Any) -> Python:
    return Python(entry_point=f"steps_of_a_plan:{name}", kwargs=kwargs)


def test_a_list_of_arguments_meets_no_shell() -> None:
    lines: list[str] = []

    assert carry_out(Command(argv=("echo", "$HOME; id")), around(lines)) == SUCCESS
    assert lines == ["$HOME; id"]


def test_a_shell_line_meets_the_shell() -> None:
    lines: list[str] = []
    line = Command.model_validate({"shell": "echo a | tr a b"})

    assert carry_out(line, around(lines)) == SUCCESS
    assert lines == ["b"]


def test_nothing_to_do_succeeds() -> None:
    assert carry_out(Noop(), around()) == SUCCESS


def test_a_function_without_a_timeout_is_called_here(entry_points: Path) -> None:
    place = entry_points / "out"

    assert carry_out(python("write", path=str(place), text="hi"), around()) == SUCCESS
    assert place.read_text() == f"hi {os.getpid()}"


def test_a_function_with_a_timeout_is_called_in_a_process_of_its_own(entry_points: Path) -> None:
    place = entry_points / "out"

    assert carry_out(python("write", path=str(place), text="é"), around(timeout=60)) == SUCCESS
    text, process = place.read_text().split()
    assert text == "é"
    assert int(process) != os.getpid()


def test_a_function_that_asks_for_it_is_called_in_a_process_of_its_own(entry_points: Path) -> None:
    place = entry_points / "out"
    action = python("write", path=str(place), text="hi").model_copy(update={"process": True})

    assert carry_out(action, around()) == SUCCESS
    assert int(place.read_text().split()[1]) != os.getpid()


@pytest.mark.parametrize("timeout", [None, 60.0], ids=["here", "elsewhere"])
@pytest.mark.parametrize(
    ("code", "outcome"), [(0, "success"), (None, "success"), (99, "skipped"), (4, "failed"), ("text", "failed")]
)
def test_a_function_that_exits_ends_like_a_program(
    entry_points: Path, code: object, outcome: str, timeout: float | None
) -> None:
    assert carry_out(python("Steps.leave", code=code), around(timeout=timeout)).outcome == outcome


@pytest.mark.parametrize("timeout", [None, 60.0], ids=["here", "elsewhere"])
def test_a_coroutine_is_run_to_its_end(entry_points: Path, timeout: float | None) -> None:
    assert carry_out(python("gently", path=str(entry_points / "out")), around(timeout=timeout)) == SUCCESS
    assert (entry_points / "out").read_text().startswith("gently")


def test_what_a_function_raises_is_the_reason_and_its_traceback_is_logged(entry_points: Path) -> None:
    lines: list[str] = []

    assert carry_out(python("fail"), around(lines)) == Ended("failed", "ValueError: no\ufffd luck")
    assert lines[0] == "Traceback (most recent call last):"


def test_a_function_elsewhere_that_raises_fails(entry_points: Path) -> None:
    lines: list[str] = []

    assert carry_out(python("fail"), around(lines, timeout=60)) == Ended("failed", "exit code 1")
    assert lines[-1] == "ValueError: no\ufffd luck"


def test_a_function_with_a_timeout_can_be_ended(entry_points: Path) -> None:
    assert carry_out(python("hang"), around(timeout=0.5)).timed_out


@pytest.mark.parametrize("name", ["missing", "write.no.such"])
def test_a_function_that_does_not_exist_fails(entry_points: Path, name: str) -> None:
    assert carry_out(python(name), around()).outcome == "failed"


def test_a_stopped_run_calls_nothing(entry_points: Path) -> None:
    surroundings = around()
    surroundings.stop.set()

    assert carry_out(python("write", path=str(entry_points / "out"), text=""), surroundings) == CANCELLED
    assert not (entry_points / "out").exists()


def test_an_action_in_words_is_one_printable_line() -> None:
    assert in_words(Command(argv=("echo", "a b"))) == "run echo 'a b'"
    assert in_words(Command.model_validate({"shell": "a\nb\x1b"})) == "run a b\ufffd"
    assert in_words(python("fail")) == "call steps_of_a_plan:fail"
    assert in_words(Wait(what="file", target="x")) == "wait for file x"
    assert in_words(Noop()) == "do nothing"
