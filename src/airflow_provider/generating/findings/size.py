"""How large a DAG is, and how much of it may run at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.ir import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import TaskGraph

MOST_TASKS = 1_000
"""Above this, Airflow's own work for a run takes minutes: creating it, and showing its pages."""

AIRFLOW_PARALLEL = 16
"""Most tasks of a run at the same time, where neither the DAG nor Airflow's configuration says otherwise."""


def size(graph: TaskGraph) -> Iterator[Finding]:
    """TG501: a DAG that is too large to handle well."""
    if len(graph.tasks) > MOST_TASKS:
        yield Finding(
            "TG501",
            "info",
            f"the graph has {len(graph.tasks)} tasks; with more than {MOST_TASKS} in one DAG, Airflow takes minutes to "
            "create a run and to show it",
            fix="split it with --select, and let one DAG trigger the next",
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
