"""What people use in flows of their own, on a real Prefect."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from prefect import flow, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from pydantic import ValidationError

import prefect_integration
from prefect_integration import TaskgraphProfile, plan_artifact, taskgraph_flow, taskgraph_task
from prefect_integration.collection.artifact import artifact_key, plan_markdown
from support.graphs import graph_of
from taskgraph_core.errors import ProfileError, SelectionError

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = """\
[graph]
id = "by-hand"
[run]
max_parallel = 2
[defaults]
command = "echo $TASKGRAPH_TASK_ID >> log; exit $CODE"
env = { CODE = "0" }
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plan(tmp_path, 2)
    (tmp_path / "taskgraph.toml").write_text(PROFILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(folder: Path, tasks: int) -> None:
    entries = [
        {"id": number, "title": f"Task {number}", "status": "pending", "dependencies": list(range(1, number))}
        for number in range(1, tasks + 1)
    ]
    (folder / "tasks.json").write_text(json.dumps({"master": {"tasks": entries}}))


def artifact(key: str) -> Any:
    with get_client(sync_client=True) as client:
        return client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))[-1]


def test_a_flow_straight_from_a_plan_runs_it_as_it_is_then(project: Path) -> None:
    by_hand = taskgraph_flow(project / "tasks.json")
    plan(project, 3)
    state = by_hand(return_state=True)

    assert (by_hand.name, by_hand.fn.__name__) == ("by-hand", "by_hand")
    assert state.message == "3 success"
    assert (project / "log").read_text().split() == ["1", "2", "3"]
    assert "Task 3" in artifact("taskgraph-by-hand").data


def test_a_flow_straight_from_a_plan_takes_what_a_generated_one_takes(project: Path) -> None:
    by_hand = taskgraph_flow(project / "tasks.json", exclude=["1"])

    assert by_hand(return_state=True, dry_run=True).message == "1 success"
    assert not (project / "log").exists()
    assert by_hand(return_state=True, only=["9"]).is_failed()


def test_paths_are_seen_from_the_calling_file_and_prefect_finds_the_flow_there(project: Path) -> None:
    (project / "flows.py").write_text(
        "from prefect_integration import taskgraph_flow\nby_hand = taskgraph_flow('tasks.json', select=['2'])\n"
    )
    code = (
        "import os, sys; sys.path.insert(0, os.getcwd()); os.chdir('/')\n"
        "from flows import by_hand\n"
        "from prefect.flows import load_flow_from_entrypoint\n"
        "entrypoint = by_hand.to_deployment('x').entrypoint\n"
        "print(entrypoint.rsplit('/')[-1], load_flow_from_entrypoint(entrypoint).version == by_hand.version)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False)

    assert done.stdout.split() == ["flows.py:by_hand", "True"], done.stderr


def test_a_task_of_a_plan_is_part_of_somebody_s_own_flow(project: Path) -> None:
    second = taskgraph_task(project / "tasks.json", "2")

    @flow
    def own() -> Any:
        return second(return_state=True)

    assert own(return_state=True).is_completed()
    assert set((project / "log").read_text().split()) == {"2"}
    assert second.name == "2 Task 2"
    assert "task:2" in second.tags


def test_a_task_that_fails_is_tried_again_as_the_profile_says(project: Path) -> None:
    retry = "retry = { attempts = 3 }\n"
    (project / "taskgraph.toml").write_text(PROFILE.replace('"0"', '"1"') + retry)
    first = taskgraph_task(project / "tasks.json", "1")

    @flow
    def own() -> Any:
        return first(return_state=True)

    assert own(return_state=True).is_failed()
    assert (project / "log").read_text().split() == ["1"] * 3


def test_a_task_that_is_not_in_the_plan_is_refused(project: Path) -> None:
    with pytest.raises(SelectionError, match="no task '9'"):
        taskgraph_task(project / "tasks.json", "9")


def test_a_profile_lives_in_a_block(project: Path) -> None:
    (project / "taskgraph.toml").unlink()
    TaskgraphProfile(toml=PROFILE.replace("by-hand", "from-a-block")).save("test", overwrite=True)
    by_block = taskgraph_flow(project / "tasks.json", profile=TaskgraphProfile.load("test"))

    assert by_block.name == "from-a-block"
    assert by_block(return_state=True).message == "2 success"


@pytest.mark.parametrize("text", ["x = ", "[runs]\nmax = 1\n"])
def test_a_block_holds_nothing_but_a_profile(text: str) -> None:
    with pytest.raises((ValidationError, ProfileError)):
        TaskgraphProfile(toml=text)


def test_the_block_registers_by_the_package_s_name() -> None:
    command = [sys.executable, "-m", "prefect", "block", "register", "-m", "prefect_integration"]
    with get_client(sync_client=True) as client:
        told = {"PREFECT_API_URL": str(client.api_url)}
    import os  # noqa: PLC0415

    done = subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Taskgraph Profile" in done.stdout


def test_the_package_names_what_is_there_and_nothing_else() -> None:
    assert set(prefect_integration.__all__) <= set(dir(prefect_integration))
    with pytest.raises(AttributeError, match="nothing"):
        _ = prefect_integration.nothing


def test_nothing_of_a_plan_is_markup() -> None:
    hostile = "a | b\n# c ![d](https://e) <script> `f` **g** \\"
    text = plan_markdown(graph_of("1", tasks={"1": {"title": hostile}}))
    table = text.split("```")[0]

    assert not set("#*<>`\\!()[]") & set(table.replace("&#", ""))
    assert len([line for line in table.splitlines() if line]) == 3
    assert all(line.count("|") == 6 for line in table.splitlines() if line)


def test_the_server_takes_the_artifact_of_every_graph() -> None:
    plans = [graph_of("1", id=name) for name in ("a", "My_Plan", "a--b", "_", "-x-")]

    @flow
    def own() -> None:
        for graph in plans:
            plan_artifact(graph)

    own()
    assert len({artifact_key(graph) for graph in plans}) == len(plans)
    for graph in plans:
        assert artifact(artifact_key(graph)).data == plan_markdown(graph)
