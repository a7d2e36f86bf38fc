"""Statuses in the plan, brought there by the processes of tasks that end at the same time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.graphs import graph_of
from support.plans import plan_file, task
from taskgraph_core.ir import Command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider.local import LocalAirflow

SUBTASKS = range(1, 9)


def test_tasks_that_end_at_the_same_time_all_get_their_status(
    airflow: LocalAirflow, deploy: Callable[..., str], tmp_path: Path
) -> None:
    plan = plan_file(tmp_path, [task(1, *map(task, SUBTASKS)), *map(task, range(2, 7))])
    graph = graph_of(
        *(f"1.{number}" for number in SUBTASKS),
        f"1 < {' '.join(f'1.{number}' for number in SUBTASKS)}",
        "2 < 1",
        "3 < 1",
        "4 < 3",
        "5 < 2",
        id="live_sync",
        tasks={
            **{f"1.{number}": {"group": "1", "action": Command(shell="true")} for number in SUBTASKS},
            "2": {"action": Command(shell="exit 99")},
            "3": {"action": Command(shell="kill -9 $$")},
            "4": {"action": Command(shell="true")},
        },
    )

    _, state = airflow.run(deploy(graph, sync=str(plan), sync_tag="master", sync_failed="blocked"))

    assert state == "failed"
    tasks = json.loads(plan.read_text())["master"]["tasks"]
    assert {sub["status"] for sub in tasks[0]["subtasks"]} == {"done"}
    assert {raw["id"]: raw["status"] for raw in tasks} == {
        1: "done",  # nothing to do itself
        2: "pending",  # skipped
        3: "blocked",
        4: "pending",  # not started
        5: "pending",
        6: "pending",  # not in the DAG
    }
