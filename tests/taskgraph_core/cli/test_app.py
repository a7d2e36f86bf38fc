from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.command import Command

TASKGRAPH = str(Path(sys.executable).with_name("taskgraph"))


def test_help_names_every_command(command: Command) -> None:
    ended = command("--help")

    assert ended.code == 0
    for name in ("check", "compile", "plan", "show", "run", "generate", "init", "schema"):
        assert name in ended.out


def test_a_terminal_that_knows_only_ascii_is_no_reason_to_fail(plan: Path) -> None:
    ended = subprocess.run(
        [TASKGRAPH, "show", str(plan)], env={"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False
    )

    assert ended.returncode == 0
    assert b"Fetch" in ended.stdout


def test_a_reader_that_has_seen_enough_is_no_reason_for_a_traceback(plan: Path) -> None:
    ended = subprocess.run(["sh", "-c", f"{TASKGRAPH} schema graph | head -c 1"], capture_output=True, check=False)

    assert b"Traceback" not in ended.stderr


def test_the_plan_can_come_from_standard_input(plan: Path) -> None:
    ended = subprocess.run([TASKGRAPH, "check", "-"], input=plan.read_bytes(), capture_output=True, check=False)

    assert ended.returncode == 0
    assert b"standard input" in ended.stdout
