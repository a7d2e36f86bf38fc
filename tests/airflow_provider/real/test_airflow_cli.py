"""``airflow taskgraph``: the same commands as ``taskgraph``, from Airflow's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.plans import plan_file, task

AIRFLOW = Path(sys.executable).with_name("airflow")
TASKGRAPH = Path(sys.executable).with_name("taskgraph")


def called(program: Path, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *words], capture_output=True, text=True, check=False, cwd=folder)


def test_a_dag_is_generated_from_airflows_own_command(tmp_path: Path) -> None:
    plan_file(tmp_path, [task(1), task(2, deps=[1])])

    ended = called(AIRFLOW, "taskgraph", "generate", "tasks.json", "--tag", "master", "-o", "out", folder=tmp_path)

    assert ended.returncode == 0
    made = {place.name: place.read_text() for place in (tmp_path / "out").iterdir()}
    assert {*ended.stdout.split()} == {f"out/{name}" for name in made}
    called(TASKGRAPH, "generate", "airflow", "tasks.json", "-o", "here", folder=tmp_path)
    assert made == {place.name: place.read_text() for place in (tmp_path / "here").iterdir()}


def test_options_before_and_after_a_plan_belong_to_the_command(tmp_path: Path) -> None:
    plan_file(tmp_path, [task(1, deps=[7])])
    words = ("check", "--format", "json", "tasks.json")

    ended = called(AIRFLOW, "taskgraph", *words, folder=tmp_path)

    alone = called(TASKGRAPH, *words, folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (alone.returncode, alone.stdout)
    assert ended.returncode == 1


def test_an_error_is_three_lines_and_no_traceback(tmp_path: Path) -> None:
    ended = called(AIRFLOW, "taskgraph", "check", "nowhere", folder=tmp_path)

    assert ended.returncode == 2
    assert [line.split(":")[0].strip() for line in ended.stderr.splitlines()] == ["error", "in", "do"]


@pytest.mark.parametrize("command", ["apply", "doctor"])
def test_commands_about_a_live_airflow_are_handed_over_too(command: str, tmp_path: Path) -> None:
    ended = called(AIRFLOW, "taskgraph", command, "--help", folder=tmp_path)

    assert ended.returncode == 0
    assert f"taskgraph airflow {command}" in ended.stdout


def test_airflow_loads_nothing_of_ours_before_a_command_is_wanted() -> None:
    code = (
        "import sys; from airflow.cli import cli_parser; cli_parser.get_parser();"
        "assert 'airflow_provider.airflow_cli' in sys.modules;"
        "print([name for name in sys.modules if name.startswith(('taskgraph_core.', 'typer'))])"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.split() == ["[]"]
