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
    place.write_text('[graph]\nid = "nightly"\n[defaults]\ncommand = "true"\n')
    return place


def run(command: Command, plan: Path, *words: str) -> str:
    """The id of a run."""
    run_id = json.loads(command("run", plan, "--format", "json", *words).out.splitlines()[-1])["run_id"]
    assert isinstance(run_id, str)
    return run_id


def test_runs_are_listed_the_newest_first(command: Command, plan: Path, profile: Path) -> None:
    first = run(command, plan)
    profile.write_text(profile.read_text().replace("true", "[ $TASKGRAPH_TASK_ID = 1 ]"))
    second = run(command, plan)

    content = json.loads(command("runs", "--format", "json").out)

    assert content["total"] == 2
    assert [one["run_id"] for one in content["runs"]] == [second, first]
    assert [(one["graph_id"], one["state"], one["done"], one["tasks"]) for one in content["runs"]] == [
        ("nightly", "failed", 1, 2),
        ("nightly", "success", 2, 2),
    ]
    lines = command("runs").out.splitlines()
    assert lines[0].split() == ["RUN", "GRAPH", "STATE", "STARTED", "TOOK", "DONE"]
    assert lines[1].startswith(second)
    assert lines[1].endswith("1 of 2")
    assert [line.index("nightly") for line in lines[1:]] == [lines[0].index("GRAPH")] * 2


def test_only_so_many_are_listed_and_the_rest_is_counted(command: Command, plan: Path, profile: Path) -> None:
    for _ in range(3):
        newest = run(command, plan)

    out = command("runs", "-n", "1").out.splitlines()

    assert len(out) == 3
    assert out[1].startswith(newest)
    assert out[2].startswith("and 2 more")


def test_a_run_that_cannot_be_read_hides_no_other(command: Command, plan: Path, profile: Path) -> None:
    whole, damaged = run(command, plan), run(command, plan)
    (plan.parent / ".taskgraph/runs" / damaged / "journal.db").write_bytes(b"x" * 4096)

    ended = command("runs", "--format", "json")

    assert ended.code == 0
    states = {one["run_id"]: one["state"] for one in json.loads(ended.out)["runs"]}
    assert states == {whole: "success", damaged: "unreadable"}
    assert "damaged" in command("runs").out


def test_the_project_is_named_by_a_plan_a_folder_or_the_place_one_is_in(
    command: Command, plan: Path, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = run(command, plan)
    (plan.parent / "below").mkdir()

    assert run_id in command("runs", plan).out
    assert run_id in command("runs", plan.parent).out
    monkeypatch.chdir(plan.parent / "below")
    assert run_id in command("runs").out


def test_a_plan_that_was_never_run_has_no_runs(command: Command, plan: Path) -> None:
    ended = command("runs", plan)

    assert ended.code == 0
    assert "Nothing was run" in ended.out
    assert json.loads(command("runs", plan, "--format", "json").out) == {"runs": [], "total": 0}
