"""TG5xx: what a graph means in Airflow that its authors may not expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider.actions import grows
from airflow_provider.policy import fails_fast
from taskgraph_core.findings import Finding
from taskgraph_core.ir import Noop, Policy, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_provider.groups import Grouping
    from airflow_provider.pools import Pool, Seat
    from taskgraph_core.ir import TaskGraph

MOST_TASKS = 1_000
"""Above this, Airflow's own work for a run takes minutes: creating it, and showing its pages."""

AIRFLOW_PARALLEL = 16
"""Most tasks of a run at the same time, where neither the DAG nor Airflow's configuration says otherwise."""


def findings(graph: TaskGraph, seats: Mapping[str, Seat], groups: Grouping, project: str) -> Iterator[Finding]:
    """Everything there is to say about one graph, by code."""
    yield from _size(graph)
    yield from _folded_pools(graph, seats)
    yield from _stopping(graph)
    yield from _rollback(graph)
    yield from _failure_threshold(graph)
    yield from _services(graph)
    yield from _failure_rate(graph)
    yield from _longer_pauses(graph)
    yield from _machine(graph)
    yield from _project(graph, project)
    yield from _circular_groups(groups)
    yield from _parallelism(graph)


def _size(graph: TaskGraph) -> Iterator[Finding]:
    if len(graph.tasks) > MOST_TASKS:
        yield Finding(
            "TG501",
            "info",
            f"the graph has {len(graph.tasks)} tasks; with more than {MOST_TASKS} in one DAG, Airflow takes minutes to "
            "create a run and to show it",
            fix="split it with --select, and let one DAG trigger the next",
        )


def _folded_pools(graph: TaskGraph, seats: Mapping[str, Seat]) -> Iterator[Finding]:
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


def _stopping(graph: TaskGraph) -> Iterator[Finding]:
    if graph.policy.on_failure != "stop":
        return
    if fails_fast(graph):
        yield Finding(
            "TG503",
            "info",
            "a run stops at its first failure, and Airflow then also ends what is running at that moment",
            "run.on_failure",
        )
        return
    yield Finding(
        "TG504",
        "warning",
        "a run does not stop at its first failure: Airflow can do that only where all trigger rules are all_success",
        "run.on_failure",
        tuple(task.id for task in graph.tasks if task.trigger_rule != "all_success"),
        "remove the trigger rules, or set on_failure to continue",
    )


def _rollback(graph: TaskGraph) -> Iterator[Finding]:
    tasks = tuple(task.id for task in graph.tasks if task.rollback is not None)
    if graph.policy.rollback and tasks:
        yield Finding(
            "TG505",
            "warning",
            "nothing is rolled back after a failed run: rollbacks are not generated for Airflow yet",
            "run.rollback",
            tasks,
            "undo by hand, or run the plan with 'taskgraph run'",
        )


def _failure_threshold(graph: TaskGraph) -> Iterator[Finding]:
    threshold = graph.policy.failure_threshold
    if threshold is not None and not fails_fast(graph):
        yield Finding(
            "TG506",
            "warning",
            f"a run goes on after {threshold} failures: Airflow has no counterpart of failure_threshold",
            "run.failure_threshold",
            fix="remove it, or set on_failure to stop",
        )


def _services(graph: TaskGraph) -> Iterator[Finding]:
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


def _failure_rate(graph: TaskGraph) -> Iterator[Finding]:
    if graph.policy.failure_rate is not None and not fails_fast(graph):
        yield Finding(
            "TG512",
            "warning",
            "a run goes on however many of its tasks fail: Airflow has no counterpart of failure_rate",
            "run.failure_rate",
            fix="remove it, or set on_failure to stop",
        )


def _longer_pauses(graph: TaskGraph) -> Iterator[Finding]:
    tasks = tuple(task.id for task in graph.tasks if isinstance(task.action, Wait) and grows(task.action))
    if tasks:
        yield Finding(
            "TG513",
            "info",
            "where the pauses of a wait grow, Airflow about doubles them each time, up to max_every; those of a wait "
            "that holds a pool stay as they begin",
            "action",
            tasks,
        )


def _machine(graph: TaskGraph) -> Iterator[Finding]:
    if graph.policy.max_load is not None or graph.policy.max_memory != Policy().max_memory:
        yield Finding(
            "TG514",
            "info",
            "Airflow does not look at how full its machines are, so max_memory and max_load change nothing",
            "run",
            fix="bound what its workers run at once, or set max_parallel",
        )


def _project(graph: TaskGraph, project: str) -> Iterator[Finding]:
    tasks = tuple(task.id for task in graph.tasks if not isinstance(task.action, Noop))
    if tasks and not project:
        yield Finding(
            "TG507",
            "info",
            "commands and relative paths start in the folder of the DAG file, as nobody said where the project lies on "
            "Airflow's workers",
            tasks=tasks,
            fix="name it with --project-dir, as an absolute path or as seen from the DAG file",
        )


def _circular_groups(groups: Grouping) -> Iterator[Finding]:
    if groups.given_up:
        yield Finding(
            "TG508",
            "info",
            "the subtasks of these tasks wait for each other in turns, which Airflow cannot show as groups; they stand "
            "side by side instead",
            tasks=groups.given_up,
        )


def _parallelism(graph: TaskGraph) -> Iterator[Finding]:
    if graph.policy.max_parallel is None and len(graph.tasks) > AIRFLOW_PARALLEL:
        yield Finding(
            "TG509",
            "info",
            f"the graph does not say how many tasks may run at once; Airflow runs at most {AIRFLOW_PARALLEL} of a run "
            "unless it is configured otherwise",
            "run.max_parallel",
            fix="set max_parallel in the profile",
        )
