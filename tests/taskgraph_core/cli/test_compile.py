from __future__ import annotations

import json
from typing import TYPE_CHECKING

from taskgraph_core.ir import TaskGraph

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command


def test_a_compiled_graph_reads_back_and_stands_for_its_plan(command: Command, plan: Path, tmp_path: Path) -> None:
    ended = command("compile", plan, "-o", tmp_path / "graph.json")
    assert ended.code == 0

    graph = TaskGraph.model_validate_json((tmp_path / "graph.json").read_text())
    assert [task.id for task in graph.tasks] == ["1", "2"]

    again = command("compile", tmp_path / "graph.json")
    assert TaskGraph.model_validate_json(again.out) == graph
    assert command("check", tmp_path / "graph.json").code == 0


def test_finished_tasks_come_along_with_all(command: Command, plan: Path) -> None:
    ended = command("compile", plan, "--all")

    assert [task["id"] for task in json.loads(ended.out)["tasks"]] == ["1", "2", "3"]


def test_a_selection_that_fits_nothing_is_an_error(command: Command, plan: Path) -> None:
    ended = command("compile", plan, "--select", "77")

    assert ended.code == 2
    assert "'77' fits no task" in ended.err


def test_a_plan_with_errors_is_not_compiled(command: Command, plan: Path) -> None:
    ended = command("compile", plan, "--tag", "other")

    assert ended.code == 1
    assert ended.out == ""
    assert "the plan has 1 error" in ended.err


def test_every_schema_is_a_json_schema(command: Command) -> None:
    for what in ("graph", "profile", "record"):
        ended = command("schema", what)

        assert ended.code == 0
        assert json.loads(ended.out)["type"] == "object"
