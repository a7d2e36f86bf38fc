from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from prefect_integration.running.outcome import CANCELLED, SUCCESS, Ended
from prefect_integration.running.programs import Surroundings, run_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Written = Callable[[Path], str]
    Gone = Callable[[int], None]


def around(lines: list[str] | None = None, **fields: Any) -> Surroundings:
    log = (lines if lines is not None else []).append
    return Surroundings(**{"environment": dict(os.environ), "stop": threading.Event(), "log": log, **fields})


def shell(line: str, surroundings: Surroundings, **fields: Any) -> Ended:
    return run_program(["/bin/sh", "-c", line], surroundings, **fields)


@pytest.mark.parametrize(
    ("line", "outcome", "reason"),
    [
        ("exit 0", "success", ""),
        ("exit 99", "skipped", "exit code 99"),
        ("exit 3", "failed", "exit code 3"),
        ("kill -KILL $$", "failed", "ended by SIGKILL"),
    ],
)
def test_the_exit_code_is_the_outcome(line: str, outcome: str, reason: str) -> None:
    assert shell(line, around()) == Ended(outcome, reason)


@pytest.mark.parametrize(
    "arguments",
    [["/no/such/program"], ["/"], ["echo", "a\0b"], ["echo", "\ud800"], ["echo", "x" * (1 << 22)]],
    ids=["missing", "directory", "NUL", "half a character", "too long"],
)
def test_a_program_that_cannot_start_fails(arguments: list[str]) -> None:
    ended = run_program(arguments, around())

    assert ended.outcome == "failed"
    assert ended.reason.startswith("cannot start: ")


def test_output_and_errors_go_to_the_log_line_by_line() -> None:
    lines: list[str] = []
    shell("echo one; echo two >&2; printf three", around(lines))

    assert lines == ["one", "two", "three"]


def test_the_environment_and_the_folder_are_the_given_ones(tmp_path: Path) -> None:
    lines: list[str] = []
    shell("echo $TITLE; pwd", around(lines, environment={"TITLE": "a  $(b) é"}), cwd=str(tmp_path))

    assert lines == ["a $(b) é", str(tmp_path)]


def test_nothing_is_read_from_the_terminal() -> None:
    assert shell("read line && exit 1; exit 0", around()) == SUCCESS


def test_the_whole_tree_ends_when_time_runs_out(tmp_path: Path, written: Written, gone: Gone) -> None:
    line = f"sh -c 'sleep 600 & echo $! > {tmp_path}/child; wait' & sleep 600"
    ended = shell(line, around(timeout=0.5))

    assert ended == Ended("failed", "ended after its timeout of 0.5 s", timed_out=True)
    gone(int(written(tmp_path / "child")))


def test_what_does_not_listen_to_term_is_killed(tmp_path: Path, written: Written, gone: Gone) -> None:
    line = f"trap '' TERM; echo $$ > {tmp_path}/leader; while :; do sleep 600; done"

    assert shell(line, around(timeout=0.5, grace=0.5)).timed_out
    gone(int(written(tmp_path / "leader")))


def test_a_program_has_time_to_clean_up(tmp_path: Path) -> None:
    line = f"trap 'sleep 0.3; echo clean > {tmp_path}/state; exit 0' TERM; while :; do sleep 0.05; done"

    assert shell(line, around(timeout=0.5)).timed_out
    assert (tmp_path / "state").read_text() == "clean\n"


def test_what_is_left_of_a_group_has_time_to_clean_up_as_well(tmp_path: Path) -> None:
    child = f"trap 'sleep 0.3; echo clean > {tmp_path}/state; exit 0' TERM; while :; do sleep 0.05; done"
    (tmp_path / "child.sh").write_text(child)

    assert shell(f"sh {tmp_path}/child.sh & wait", around(timeout=0.5)).timed_out
    assert (tmp_path / "state").read_text() == "clean\n"


def test_a_program_that_closed_its_output_is_still_watched() -> None:
    assert shell("exec >/dev/null 2>&1; sleep 0.3; exit 7", around()) == Ended("failed", "exit code 7")
    assert shell("exec >/dev/null 2>&1; sleep 600", around(timeout=0.3)).timed_out


def test_a_process_left_in_the_background_does_not_hold_up_the_end(tmp_path: Path) -> None:
    ended = shell(f"sleep 600 & echo $! > {tmp_path}/child", around())

    assert ended == SUCCESS
    os.kill(int((tmp_path / "child").read_text()), 9)


def test_a_talkative_process_left_in_the_background_does_not_either(tmp_path: Path, gone: Gone) -> None:
    assert shell(f"yes & echo $! > {tmp_path}/child; sleep 0.1", around()) == SUCCESS
    gone(int((tmp_path / "child").read_text()))


def test_stopping_ends_a_running_program(tmp_path: Path, written: Written) -> None:
    surroundings = around()
    threading.Thread(target=lambda: (written(tmp_path / "up"), surroundings.stop.set())).start()

    assert shell(f"echo yes > {tmp_path}/up; sleep 600", surroundings) == CANCELLED


def test_what_was_stopped_before_does_not_start(tmp_path: Path) -> None:
    surroundings = around()
    surroundings.stop.set()

    assert shell(f"touch {tmp_path}/ran", surroundings) == CANCELLED
    assert not (tmp_path / "ran").exists()


def test_an_interruption_of_the_watching_thread_ends_the_program(tmp_path: Path, gone: Gone) -> None:
    def interrupted(line: str) -> None:
        raise KeyboardInterrupt(line)

    with pytest.raises(KeyboardInterrupt):
        shell(f"echo $$ > {tmp_path}/leader; echo go; sleep 600", around(log=interrupted))
    gone(int((tmp_path / "leader").read_text()))
