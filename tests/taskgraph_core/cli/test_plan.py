from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command


def test_the_machine_form_has_the_promised_keys(command: Command, plan: Path) -> None:
    ended = command("plan", plan, "--workers", "3", "--format", "json")

    content = json.loads(ended.out)
    assert ended.code == 0
    assert content["tasks"] == 2
    assert content["edges"] == 1
    assert content["critical_path"] == ["1", "2"]
    assert content["critical_path_seconds"] == 120
    assert content["max_parallelism"] == 1
    assert content["workers"] == 3
    assert content["predicted_seconds"] == content["lower_bound_seconds"] == content["sequential_seconds"] == 120
    assert content["conflicts"] == []


def test_people_see_the_path_and_the_tasks(command: Command, plan: Path) -> None:
    ended = command("plan", plan)

    assert ended.code == 0
    assert "Critical path" in ended.out
    assert "Fetch" in ended.out
    assert "Load" in ended.out


@pytest.mark.parametrize("how", ["tree", "mermaid", "dot", "svg", "html"])
def test_every_picture_can_be_printed_and_written(command: Command, plan: Path, tmp_path: Path, how: str) -> None:
    printed = command("show", plan, "--as", how)
    written = command("show", plan, "--as", how, "-o", tmp_path / "picture")

    assert printed.code == written.code == 0
    assert "Fetch" in printed.out
    assert "Fetch" in (tmp_path / "picture").read_text()


def test_finished_tasks_are_drawn_too(command: Command, plan: Path) -> None:
    assert "Old" in command("show", plan).out


def test_what_earlier_runs_took_is_expected_of_the_next(command: Command, plan: Path) -> None:
    (plan.parent / "taskgraph.toml").write_text('[defaults]\ncommand = "[ $TASKGRAPH_TASK_ID = 1 ]"\n')
    before = json.loads(command("plan", plan, "--format", "json").out)
    command("run", plan)
    after = json.loads(command("plan", plan, "--format", "json").out)

    assert (before["measured_estimates"], after["measured_estimates"]) == (0, 1)
    assert before["predicted_seconds"] == 120
    assert 60 < after["predicted_seconds"] < 120
    assert "1 of 2" in command("plan", plan).out
    assert "earlier runs" in command("plan", plan).out


def test_what_earlier_runs_took_changes_nothing_that_is_generated(command: Command, plan: Path) -> None:
    (plan.parent / "taskgraph.toml").write_text('[defaults]\ncommand = "true"\n')
    compiled, generated = command("compile", plan).out, command("generate", "airflow", plan, "-o", plan.parent / "a")
    command("run", plan)
    command("generate", "airflow", plan, "-o", plan.parent / "b")

    assert command("compile", plan).out == compiled
    assert generated.code == 0
    files = [file.relative_to(plan.parent / "a") for file in (plan.parent / "a").rglob("*") if file.is_file()]
    assert files
    assert all((plan.parent / "a" / file).read_bytes() == (plan.parent / "b" / file).read_bytes() for file in files)
