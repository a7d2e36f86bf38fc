"""The plans in a whole Airflow, generated and by hand in turn: how long they take, and how full their pools get."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from airflow_provider.local import LocalAirflow
from airflow_provider.local.occupancy import intervals, peak
from on_airflow import graphs, writers

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.ir import TaskGraph

PLANS = (graphs.naps, graphs.readers_and_writers, graphs.folded)
WRITERS = {"generated": writers.generated, "by hand": writers.by_hand}


@dataclass(slots=True)
class Result:
    """What the runs of one plan gave.

    Attributes:
        plan: its name.
        spans: seconds from the first task's start to the last one's end, of each run, by contestant.
        totals: seconds of the whole runs likewise.
        fullest: the most slots of each pool that were held at one moment, and how many it has, by contestant.
    """

    plan: str
    spans: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in WRITERS})
    totals: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in WRITERS})
    fullest: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)

    def ratio(self, of: str) -> float:
        """How many times as long as by hand, by medians."""
        seconds: dict[str, list[float]] = getattr(self, of)
        return median(seconds["generated"]) / median(seconds["by hand"])


def compare(home: Path, database: str, repeats: int) -> list[Result]:
    """Run every plan in turn, as often as told, in one Airflow of its own."""
    results = []
    with LocalAirflow(home, database=database) as airflow:
        _run(airflow, _deploy(airflow, graphs.warming_up())["by hand"])
        for plan in PLANS:
            graph = plan()
            dag_ids = _deploy(airflow, graph)
            result = Result(graph.id)
            for number in range(repeats):
                for name in list(WRITERS)[:: 1 if number % 2 else -1]:  # who goes first takes turns
                    span, total = _run(airflow, dag_ids[name])
                    result.spans[name].append(span)
                    result.totals[name].append(total)
            slots = {pool["name"]: pool["slots"] for pool in airflow.api.every("pools")}
            for name, dag_id in dag_ids.items():
                held = peak(intervals(airflow.database_url, [dag_id]))
                result.fullest[name] = {
                    pool: (most, slots[pool]) for pool, most in held.items() if pool != "default_pool"
                }
            results.append(result)
    return results


def _deploy(airflow: LocalAirflow, graph: TaskGraph) -> dict[str, str]:
    """Bring a plan's DAGs and its pools; the ids of the DAGs by contestant."""
    dag_ids = {name: write(graph, airflow.dags).stem for name, write in WRITERS.items()}
    for name, pool in json.loads((airflow.dags / f"{graph.id}.pools.json").read_text()).items():
        airflow.api.post("pools", body={"name": name, **pool})
    for dag_id in dag_ids.values():
        airflow.until_listed(dag_id)
    return dag_ids


def _run(airflow: LocalAirflow, dag_id: str) -> tuple[float, float]:
    """Seconds between the first start and the last end of its commands, and of the whole run."""
    run_id, state = airflow.run(dag_id)
    if state != "success":
        msg = f"a run of {dag_id} ended as {state}"
        raise RuntimeError(msg)
    run = airflow.api.get("dags", dag_id, "dagRuns", run_id)
    tasks = [task for task in airflow.tasks(dag_id, run_id) if task["operator"] == "BashOperator"]
    first, last = min(task["start_date"] for task in tasks), max(task["end_date"] for task in tasks)
    return _seconds(first, last), _seconds(run["start_date"], run["end_date"])


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
