"""What is shared: pools, rates and circuit breakers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_provider.generating.pools import Pool, Seat
    from taskgraph_core.ir import TaskGraph


def folded_pools(graph: TaskGraph, seats: Mapping[str, Seat]) -> Iterator[Finding]:
    """TG502: resources that share a pool."""
    claimants: dict[Pool, list[str]] = {}
    for task in graph.tasks:
        if task.id in seats and seats[task.id].pool.folded:
            claimants.setdefault(seats[task.id].pool, []).append(task.id)
    for pool, tasks in claimants.items():
        if len(tasks) > 1:
            names = ", ".join(map(repr, pool.resources))
            yield Finding(
                "TG502",
                "info",
                f"a task has one pool in Airflow, so {names} share the pool {pool.name}: its tasks wait for each other "
                "more often than their claims ask for, and DAGs that use only one of these do not count here",
                "resources",
                tuple(tasks),
                "claim one resource a task where you can",
            )


def services(graph: TaskGraph) -> Iterator[Finding]:
    """TG510 and TG511: rates and breakers that nothing keeps."""
    for code, what, names in (
        ("TG510", "rate of starts", {resource.name for resource in graph.resources if resource.rate}),
        ("TG511", "circuit breaker", {resource.name for resource in graph.resources if resource.breaker}),
    ):
        claimed = {claim.resource for task in graph.tasks for claim in task.claims} & names
        if claimed:
            yield Finding(
                code,
                "warning",
                f"Airflow has no counterpart of a {what}: that of {', '.join(map(repr, sorted(claimed)))} is not kept",
                "resources",
                tuple(task.id for task in graph.tasks if any(claim.resource in claimed for claim in task.claims)),
                "keep it in the programs themselves, give the resource slots as well, or run the plan with "
                "'taskgraph run'",
            )
