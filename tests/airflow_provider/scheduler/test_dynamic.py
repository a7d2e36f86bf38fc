"""DAGs straight from their plans under the real scheduler."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider.local import LocalAirflow

PATIENCE = 120

PROFILE = """
[graph]
id = "{name}"
[defaults]
command = "echo $TASKGRAPH_TASK_ID >> done"
[[rules]]
match = {{ id = "1" }}
command = "until test -e go; do sleep 0.2; done; echo 1 >> done"
"""


def bring(airflow: LocalAirflow, project: Path, name: str) -> None:
    """Three lines into the DAGs folder."""
    (project / "taskgraph.toml").write_text(PROFILE.format(name=name))
    (airflow.dags / f"{name}.py").write_text(
        "from airflow_provider import taskgraph_dag\n\n"
        f"dag = taskgraph_dag({str(project)!r}, project_dir={str(project)!r})\n"
    )


def write_plan(project: Path, *ids: int) -> None:
    tasks = [{"id": one, "title": f"Step {one}", "dependencies": [other]} for other, one in pairwise(ids)]
    (project / "tasks.json").write_text(json.dumps({"tasks": [{"id": ids[0], "title": "Begin"}, *tasks]}))


def until(ask: Callable[[], Any]) -> None:
    last = time.monotonic() + PATIENCE
    while not ask():
        assert time.monotonic() < last
        time.sleep(0.2)


def versions(airflow: LocalAirflow, name: str) -> int:
    return len(list(airflow.api.every("dags", name, "dagVersions")))


def states(airflow: LocalAirflow, name: str, run: str) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in airflow.tasks(name, run)}


def change_under_way(airflow: LocalAirflow, project: Path, name: str, *ids: int) -> str:
    """Begin a run of the steps 1, 2 and 3, and change the plan while the first is running; the run, at its end."""
    project.mkdir()
    write_plan(project, 1, 2, 3)
    bring(airflow, project, name)
    run = airflow.trigger(name)
    until(lambda: states(airflow, name, run)["t1"] == "running")
    assert versions(airflow, name) == 1

    write_plan(project, *ids)
    until(lambda: versions(airflow, name) == 2 and states(airflow, name, run)["t2"] == "removed")
    (project / "go").touch()
    assert airflow.until_ended(name, run) == "success"
    return run


def test_a_run_follows_the_plan_that_changes_under_way(airflow: LocalAirflow, tmp_path: Path) -> None:
    name, project = "changes_under_way", tmp_path / "project"
    run = change_under_way(airflow, project, name, 1, 3, 4)

    assert states(airflow, name, run) == {"t1": "success", "t2": "removed", "t3": "success", "t4": "success"}
    assert (project / "done").read_text().split() == ["1", "3", "4"]
    run, state = airflow.run(name)
    assert state == "success"
    assert states(airflow, name, run) == {"t1": "success", "t3": "success", "t4": "success"}
    assert versions(airflow, name) == 2


def test_a_task_that_leaves_the_plan_while_it_runs_is_removed(airflow: LocalAirflow, tmp_path: Path) -> None:
    name, project = "leaves_under_way", tmp_path / "project"
    run = change_under_way(airflow, project, name, 3, 4)

    assert states(airflow, name, run) == {"t1": "removed", "t2": "removed", "t3": "success", "t4": "success"}
