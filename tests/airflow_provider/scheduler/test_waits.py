"""Waits and joins, where Airflow's scheduler and its triggerer decide what comes when."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from support.graphs import graph_of
from taskgraph_core.ir import Claim, Command, TaskGraph, Wait

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider.local import LocalAirflow

PATIENCE = 120.0


def line(text: str) -> Command:
    """A shell line."""
    return Command.model_validate({"shell": text})


def plan() -> TaskGraph:
    """Three waits, one of which keeps others from its resource; and a join after a skip and a later failure."""
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    alone = (Claim(resource="waits_thing", mode="write"),)
    tasks: dict[str, dict[str, Any]] = {
        "1": {"action": Wait(what="file", target="flag", interval=1), "claims": alone, "priority": "critical"},
        "2": {"action": Wait(what="command", target="test -e flag", interval=10)},
        "3": {"action": Wait(what="time", target=soon)},
        "4": {"action": line("date +%s.%N > begun"), "claims": alone, "priority": "low"},
        "5": {"action": line("exit 99")},
        "6": {"action": line("while ! test -e flag; do sleep 0.1; done; false")},
        "8": {"action": line("touch alert"), "trigger_rule": "one_failed"},
    }
    return graph_of(*"123456", "7 < 5 6", "8 < 7", id="waits_real", tasks=tasks)


def test_who_waits_holds_a_pool_but_no_worker_and_a_skip_waits_for_a_failure(
    airflow: LocalAirflow, deploy: Callable[..., str], tmp_path: Path
) -> None:
    dag_id = deploy(plan(), project_dir=str(tmp_path))
    run_id = airflow.trigger(dag_id)

    def states() -> dict[str, str]:
        return {task["task_id"]: task["state"] for task in airflow.tasks(dag_id, run_id)}

    last = time.monotonic() + PATIENCE
    while not ({states()[name] for name in ("t1", "t2", "t3")} == {"deferred"} and states()["t5"] == "skipped"):
        assert time.monotonic() < last, states()
        time.sleep(0.2)
    assert not (tmp_path / "begun").exists()
    created = time.time()
    (tmp_path / "flag").touch()

    assert airflow.until_ended(dag_id, run_id) == "failed"
    assert {name: state for name, state in states().items() if name.startswith("t")} == {
        **dict.fromkeys(("t1", "t2", "t3", "t4", "t8"), "success"),
        "t5": "skipped",
        "t6": "failed",
        "t7": "upstream_failed",
    }
    assert float((tmp_path / "begun").read_text()) > created
    assert (tmp_path / "alert").exists()
