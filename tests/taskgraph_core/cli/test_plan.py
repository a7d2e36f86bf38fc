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
