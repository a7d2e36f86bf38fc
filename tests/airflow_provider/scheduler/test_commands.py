"""``taskgraph airflow apply`` and ``doctor`` against a live Airflow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airflow_provider.generating.target import TARGET, AirflowOptions
from airflow_provider.local import LocalAirflow
from support.command import Command as Taskgraph
from support.graphs import graph_of
from taskgraph_core.ir import Claim, Command, Resource, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.command import Ended

SECRET = "open-sesame"  # noqa: S105 - of an Airflow of this test


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Taskgraph:
    monkeypatch.setenv("COLUMNS", "200")
    return Taskgraph(capsys)


def plan(name: str, capacity: int = 4) -> TaskGraph:
    """Two tasks, the second of which claims three slots."""
    return graph_of(
        "1",
        "2 < 1",
        id=name,
        tasks={
            "1": {"action": Command(argv=("true",))},
            "2": {"action": Command(argv=("true",)), "claims": (Claim(resource=name, slots=3),)},
        },
        resources=(Resource(name=name, capacity=capacity),),
    )


def generate(graph: TaskGraph, folder: Path) -> Path:
    """The file of pools, beside which the DAG file is."""
    for name, text in TARGET.generate(graph, AirflowOptions()).files.items():
        (folder / name).write_text(text)
    return folder / f"{graph.id}.pools.json"


def codes(ended: Ended) -> set[str]:
    return {each["code"] for each in json.loads(ended.out)["findings"]}


def test_pools_are_brought_to_airflow_by_either_way(airflow: LocalAirflow, command: Taskgraph, tmp_path: Path) -> None:
    graph = plan("commands_apply")
    file = generate(graph, tmp_path)
    name = "taskgraph_commands_apply"

    assert command("airflow", "apply", file, "--url", airflow.url, "--dry-run").out == (
        f"{name}: would be created, 4 slots\n"
    )
    airflow.command("pools", "import", str(file))
    assert command("airflow", "apply", file, "--url", airflow.url).out == f"{name}: unchanged\n"

    generate(plan("commands_apply", 8), tmp_path)
    assert command("airflow", "apply", file, "--url", airflow.url).out == f"{name}: updated, slots 4 → 8\n"
    assert command("airflow", "apply", file, "--url", airflow.url).out == f"{name}: unchanged\n"
    assert airflow.api.get("pools", name)["slots"] == 8


def test_the_doctor_sees_what_airflow_is_silent_about(
    airflow: LocalAirflow, deploy: Callable[[TaskGraph], str], command: Taskgraph, tmp_path: Path
) -> None:
    graph = plan("commands_doctor")
    file = generate(graph, tmp_path)
    ask = ("airflow", "doctor", tmp_path, "--url", airflow.url, "--format", "json")

    before = command(*ask)
    assert codes(before) == {"TG520", "TG524"}
    assert before.code == 1

    deploy(graph)
    after = command(*ask)
    assert codes(after) == {"TG523"}
    assert after.code == 0

    airflow.trigger(graph.id)
    assert codes(command(*ask)) == set()

    body = {"pool": "taskgraph_commands_doctor", "slots": 2, "include_deferred": True}
    airflow.api.patch("pools", body["pool"], body=body, update_mask="slots")
    small = command(*ask)
    assert codes(small) == {"TG525", "TG526"}
    assert small.code == 1

    generate(plan("commands_doctor", 5), tmp_path)
    assert codes(command(*ask)) == {"TG522", "TG525", "TG526"}
    assert command("airflow", "apply", file, "--url", airflow.url).code == 0
    assert codes(command(*ask)) == {"TG522"}


def test_who_is_not_let_in_is_told_and_the_password_is_not(
    command: Taskgraph, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = generate(plan("commands_login"), tmp_path)
    with LocalAirflow(tmp_path_factory.mktemp("home") / "airflow", password=SECRET) as airflow:
        monkeypatch.setenv("AIRFLOW_URL", airflow.url)

        refused = command("airflow", "apply", file)
        assert refused.code == 1
        assert "Airflow refuses (401)" in refused.err

        monkeypatch.setenv("AIRFLOW_USER", "admin")
        monkeypatch.setenv("AIRFLOW_PASSWORD", "wrong")
        assert command("airflow", "apply", file).code == 1

        monkeypatch.setenv("AIRFLOW_PASSWORD", SECRET)
        let_in = command("airflow", "apply", file)
        looked = command("airflow", "doctor", tmp_path, "--format", "json")

        monkeypatch.setenv("AIRFLOW_TOKEN", str(airflow.api._token))
        assert command("airflow", "apply", file).out == "taskgraph_commands_login: unchanged\n"

    assert let_in.out == "taskgraph_commands_login: created, 4 slots\n"
    assert codes(looked) == {"TG520"}
    assert all(SECRET not in said for ended in (refused, let_in, looked) for said in (ended.out, ended.err))
