"""Runs that are ended before their end: only a whole Airflow ends the processes of tasks, and lets teardowns go on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from support.graphs import graph_of
from taskgraph_core.ir import Command, Policy, Retry, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider.local import LocalAirflow

LONG = "trap 'sleep 1; echo ended >> {0}; exit 1' TERM; echo began >> {0}; for i in $(seq 600); do sleep 0.1; done"
"""A shell line that takes a minute, and notes when it begins and when somebody ends it."""

PATIENCE = 120.0


def chain(name: str, notes: Path, second: str, **fields: Any) -> TaskGraph:
    """Three tasks in a row that note what is undone; the second one is given."""
    actions = {"1": "true", "2": second, "3": "true"}
    tasks = {
        task_id: {
            "action": Command.model_validate({"shell": line}),
            "rollback": Command.model_validate({"shell": f"echo undone {task_id} >> {notes}"}),
            **(fields if task_id == "2" else {}),
        }
        for task_id, line in actions.items()
    }
    return graph_of("1", "2 < 1", "3 < 2", id=name, policy=Policy(rollback=True), tasks=tasks)


def states(airflow: LocalAirflow, dag_id: str, run_id: str) -> dict[str, str]:
    return {each["task_id"]: each["state"] for each in airflow.tasks(dag_id, run_id)}


def until(condition: Callable[[], bool]) -> None:
    last = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.3)


def mark_as_failed(airflow: LocalAirflow, dag_id: str, run_id: str) -> None:
    airflow.api.patch("dags", dag_id, "dagRuns", run_id, body={"state": "failed"})


def test_a_run_that_is_marked_as_failed_is_rolled_back(
    airflow: LocalAirflow, deploy: Callable[[TaskGraph], str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    notes = {name: tmp_path / name for name in ("marked_running", "marked_resting")}
    running = deploy(chain("marked_running", notes["marked_running"], LONG.format(notes["marked_running"])))
    often = Retry(attempts=2, delay=600)
    resting = deploy(chain("marked_resting", notes["marked_resting"], "false", retry=often))
    runs = {dag_id: airflow.trigger(dag_id) for dag_id in (running, resting)}

    until(notes["marked_running"].exists)
    mark_as_failed(airflow, running, runs[running])
    until(lambda: states(airflow, resting, runs[resting])["t2"] == "up_for_retry")
    mark_as_failed(airflow, resting, runs[resting])

    for dag_id, second in ((running, "failed"), (resting, "skipped")):
        assert airflow.until_ended(dag_id, runs[dag_id], patience=PATIENCE) == "failed"
        assert states(airflow, dag_id, runs[dag_id]) == {
            "t1": "success",
            "t2": second,
            "t3": "skipped",
            "all_ended": "skipped",
            "nothing_failed": "failed",
            "roll_back": "success",
            "undo_t3": "skipped",
            "undo_t2": "skipped",
            "undo_t1": "success",
        }
    assert notes[running].read_text().splitlines() == ["began", "ended", "undone 1"]
    assert notes[resting].read_text().splitlines() == ["undone 1"]


def test_a_dag_that_fails_fast_is_rolled_back_once_nothing_runs(
    airflow: LocalAirflow, deploy: Callable[[TaskGraph], str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    notes = tmp_path / "notes"
    graph = chain("fails_fast_and_back", notes, LONG.format(notes))
    failing = Command.model_validate({"shell": f"until test -e {notes}; do sleep 0.2; done; exit 1"})
    other = graph.tasks[0].model_copy(update={"id": "4", "action": failing})
    policy = Policy(rollback=True, on_failure="stop")
    dag_id = deploy(graph.model_copy(update={"tasks": (*graph.tasks, other), "policy": policy}))

    run_id, state = airflow.run(dag_id, patience=PATIENCE)

    assert state == "failed"
    assert notes.read_text().splitlines() == ["began", "ended", "undone 1"]
    ended = states(airflow, dag_id, run_id)
    assert (ended["t2"], ended["t3"], ended["undo_t4"]) == ("failed", "skipped", "skipped")
