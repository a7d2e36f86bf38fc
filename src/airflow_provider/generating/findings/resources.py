"""What is shared: pools, rates and circuit breakers."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from airflow_provider.generating.provided import is_provided
from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from airflow_provider.generating.pools import Pool, Seat
    from taskgraph_core.ir import Task, TaskGraph


def folded_pools(graph: TaskGraph, seats: Mapping[str, Seat], fold: Collection[str]) -> Iterator[Finding]:
    """TG502: resources that share a pool, and that nobody asked to share one."""
    claimants: dict[Pool, list[str]] = {}
    for task in graph.tasks:
        if task.id in seats and seats[task.id].pool.folded:
            claimants.setdefault(seats[task.id].pool, []).append(task.id)
    for pool, tasks in claimants.items():
        if set(pool.resources) != set(fold):
            stricter = "tasks wait for each other more often than their claims ask for, and " if len(tasks) > 1 else ""
            yield Finding(
                "TG502",
                "info",
                f"a task has one pool in Airflow, so {', '.join(map(repr, pool.resources))} share the pool "
                f"{pool.name}: {stricter}a DAG that claims only some of them has another pool, so that both together "
                "may take more than there is",
                "resources",
                tuple(tasks),
                _fix(pool),
            )


def _fix(pool: Pool) -> str:
    fix = "claim one resource a task where you can"
    if any("," in name for name in pool.resources):
        return fix
    return f"{fix}; if other DAGs claim them too, generate all with --fold {quote(','.join(pool.resources))}"


def services(graph: TaskGraph, *, with_provider: bool) -> Iterator[Finding]:
    """TG510 and TG511: rates and breakers that nothing keeps, or the provider on each machine for itself."""
    kept = [task for task in graph.tasks if with_provider and is_provided(task)]
    # With the provider, what is carried out by Airflow itself: waits. What does nothing reaches no worker.
    missed = [task for task in graph.tasks if not (with_provider and (is_provided(task) or task.action.kind == "noop"))]
    for code, what, names in (
        ("TG510", "rate of starts", {resource.name for resource in graph.resources if resource.rate}),
        ("TG511", "circuit breaker", {resource.name for resource in graph.resources if resource.breaker}),
    ):
        if found := _claiming(missed, names):
            yield Finding(
                code,
                "warning",
                f"Airflow has no counterpart of a {what}: that of {found.resources} is not kept",
                "resources",
                found.tasks,
                "generate with --with-provider (which keeps it for commands and functions), keep it in the programs "
                "themselves, or run the plan with 'taskgraph run'",
            )
        if found := _claiming(kept, names):
            yield Finding(
                code,
                "info",
                f"the {what} of {found.resources} is kept on each machine for itself: workers on several machines do "
                "not know of each other's; a task that waits long for it is deferred, so it needs a triggerer, and "
                "keeps the slots of its pool meanwhile",
                "resources",
                found.tasks,
                "let all tasks that claim it run on one machine, by a queue of its own",
            )


class _Claiming(NamedTuple):
    """Resources in words, and who claims them."""

    resources: str
    tasks: tuple[str, ...]


def _claiming(tasks: Iterable[Task], names: Collection[str]) -> _Claiming | None:
    claimants = [(task.id, {claim.resource for claim in task.claims} & set(names)) for task in tasks]
    resources = sorted({name for _, claimed in claimants for name in claimed})
    if not resources:
        return None
    return _Claiming(", ".join(map(repr, resources)), tuple(task_id for task_id, claimed in claimants if claimed))
