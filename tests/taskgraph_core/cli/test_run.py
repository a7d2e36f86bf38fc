from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command


@pytest.fixture
def profile(plan: Path) -> Path:
    place = plan.parent / "taskgraph.toml"
    place.write_text('[defaults]\ncommand = "echo $TASKGRAPH_TASK_ID >> order.txt"\n')
    return place


def test_a_run_does_the_work_in_order(command: Command, plan: Path, profile: Path) -> None:
    ended = command("run", plan)

    assert ended.code == 0
    assert (plan.parent / "order.txt").read_text().split() == ["1", "2"]


def test_the_last_line_for_machines_is_the_summary(command: Command, plan: Path, profile: Path) -> None:
    ended = command("run", plan, "--format", "json")

    summary = json.loads(ended.out.splitlines()[-1])
    assert set(summary) == {"run_id", "state", "states", "seconds"}
    assert summary["state"] == "success"
    assert summary["states"] == {"1": "success", "2": "success"}


def test_a_failed_task_fails_the_command(command: Command, plan: Path, profile: Path) -> None:
    profile.write_text('[defaults]\ncommand = "exit 3"\n')

    ended = command("run", plan, "--format", "json")

    assert ended.code == 1
    assert json.loads(ended.out.splitlines()[-1])["states"] == {"1": "failed", "2": "upstream_failed"}


def test_a_plan_without_any_action_is_not_run_as_if_it_were_done(command: Command, plan: Path) -> None:
    ended = command("run", plan)

    assert ended.code == 1
    assert "taskgraph init" in ended.err


def test_a_simulation_executes_nothing(command: Command, plan: Path, profile: Path) -> None:
    ended = command("run", plan, "--simulate", "--format", "json")

    assert ended.code == 0
    assert json.loads(ended.out.splitlines()[-1])["seconds"] == 120
    assert not (plan.parent / "order.txt").exists()


def test_init_writes_a_profile_that_is_understood_and_never_overwrites_one(command: Command, plan: Path) -> None:
    first = command("init", plan)
    assert first.code == 0
    assert command("check", plan).code == 0

    second = command("init", plan)
    assert second.code == 2
    assert "taskgraph.toml" in second.err
