"""How large a DAG is, and how much of it may run at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.ir import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import TaskGraph

MOST_TASKS = 1_000
"""Above this, Airflow's own work shows: at 5,000 tasks it takes up to a minute to create a run, or to end one."""

AIRFLOW_PARALLEL = 16
"""Most tasks of a run at the same time, where neither the DAG nor Airflow's configuration says otherwise."""


def size(graph: TaskGraph) -> Iterator[Finding]:
    """TG501: a DAG that is too large to handle well."""
    if len(graph.tasks) > MOST_TASKS:
        yield Finding(
            "TG501",
            "info",
            f"the graph has {len(graph.tasks)} tasks; above {MOST_TASKS} in one DAG, Airflow takes long to create a "
            "run, to look for what may start next and to show its pages: up to a minute at 5,000",
            fix="split the plan with --select, and let the first DAG's end start the next, by an asset or a "
            "TriggerDagRunOperator",
        )


def parallelism(graph: TaskGraph) -> Iterator[Finding]:
    """TG509: Airflow's own silent bound."""
    if graph.policy.max_parallel is None and len(graph.tasks) > AIRFLOW_PARALLEL:
        yield Finding(
            "TG509",
            "info",
            f"the graph does not say how many tasks may run at once; Airflow runs at most {AIRFLOW_PARALLEL} of a run "
            "unless it is configured otherwise",
            "run.max_parallel",
            fix="set max_parallel in the profile",
        )


def machine(graph: TaskGraph) -> Iterator[Finding]:
    """TG514: limits that look at the machine."""
    if graph.policy.max_load is not None or graph.policy.max_memory != Policy().max_memory:
        yield Finding(
            "TG514",
            "info",
            "Airflow does not look at how full its machines are, so max_memory and max_load change nothing",
            "run",
            fix="bound what its workers run at once, or set max_parallel",
        )
