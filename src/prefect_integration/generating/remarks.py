"""TG6xx: where Prefect has no exact counterpart, what was chosen instead, and what the user must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect_integration.generating.clock_changes import clock_changes
from prefect_integration.generating.flow_file import DEFAULT_PARALLEL
from prefect_integration.generating.limits import Sharing, limits_file_name
from taskgraph_core.findings import Finding
from taskgraph_core.ir import Policy, Python, Wait
from taskgraph_core.show.describe import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from taskgraph_core.ir import TaskGraph


def remarks(graph: TaskGraph) -> Iterator[Finding]:
    """Everything worth knowing about this graph on Prefect, by code."""
    yield from _default_parallelism(graph)
    yield from _limits_to_apply(graph)
    yield from _one_by_one(graph)
    yield from _writers(graph)
    yield from _waiting(graph)
    yield from _python(graph)
    yield from _services(graph)
    yield from _machine(graph)
    yield from clock_changes(graph)


def _default_parallelism(graph: TaskGraph) -> Iterator[Finding]:
    if graph.policy.max_parallel is None:
        yield Finding(
            "TG601",
            "info",
            f"the graph does not say how many tasks may run at once; the flow runs at most {DEFAULT_PARALLEL}",
            "run.max_parallel",
            fix="set max_parallel in the profile",
        )


def _limits_to_apply(graph: TaskGraph) -> Iterator[Finding]:
    limits = Sharing(graph).limits()
    if limits:
        yield Finding(
            "TG602",
            "info",
            f"the server must have {counted(len(limits), 'limit')} that this flow shares with others; without one of "
            "them a run fails at once",
            "resources",
            fix=f"taskgraph prefect apply {limits_file_name(graph.id)}; or 'shared = false' in the profile for what no "
            "other run uses",
        )


def _one_by_one(graph: TaskGraph) -> Iterator[Finding]:
    sharing = Sharing(graph)
    tasks = tuple(task.id for task in graph.tasks if len(set(sharing.of(task).slots.values())) > 1)
    if tasks:
        yield Finding(
            "TG603",
            "info",
            "Prefect takes one number of slots in one question: a task that claims several resources, and not the same "
            "number of each, takes them one after the other, and holds the first while it waits for the next",
            "claims",
            tasks,
            "claim the same number of each where you can",
        )


def _writers(graph: TaskGraph) -> Iterator[Finding]:
    sharing = Sharing(graph)
    tasks = tuple(
        task.id
        for task in graph.tasks
        if any(claim.mode == "write" for claim in task.claims) and sharing.of(task).slots
    )
    if tasks:
        yield Finding(
            "TG604",
            "info",
            "across runs a writer waits for a moment without readers: many readers in other runs can keep it waiting",
            "claims",
            tasks,
            "give such tasks a run of their own, or 'shared = false' to what no other run uses",
        )


def _waiting(graph: TaskGraph) -> Iterator[Finding]:
    tasks = [task.id for task in graph.tasks if isinstance(task.action, Wait)]
    if tasks:
        yield Finding(
            "TG605",
            "info",
            "a task that waits for something outside the plan takes one of the run's parallel places while it waits",
            "action",
            tuple(tasks),
            "raise max_parallel by the number of tasks that wait at the same time",
        )


def _python(graph: TaskGraph) -> Iterator[Finding]:
    tasks = [task.id for task in graph.tasks if isinstance(task.action, Python) and not task.action.process]
    if tasks:
        yield Finding(
            "TG606",
            "info",
            "Python functions run in a thread, which nothing can stop: a cancelled run waits for them, and after a "
            "timeout they are left running until the process ends",
            "action",
            tuple(tasks),
            "'process = true' gives them a process of their own, which can be ended",
        )


def _services(graph: TaskGraph) -> Iterator[Finding]:
    alone = {one.name for one in graph.resources if one.breaker or (one.rate and not one.shared)}
    if tasks := _claiming(graph, alone):
        yield Finding(
            "TG607",
            "info",
            "circuit breakers, and rates that are not shared, are kept inside one run; a run beside it, or after it, "
            "begins with its own",
            "resources",
            tasks,
            "the deployment runs one at a time; do not start the flow beside it",
        )
    for one in graph.resources:
        if one.rate and one.shared and one.rate.amount > 1 and (tasks := _claiming(graph, {one.name})):
            yield Finding(
                "TG609",
                "info",
                f"the server gives back tokens of {one.name!r} one by one: an attempt starts every "
                f"{one.rate.seconds / one.rate.amount:g} s, never {one.rate.amount} at once",
                f"resources.{one.name}",
                tasks,
                "'shared = false' keeps the rate inside one run, where it is exact",
            )


def _claiming(graph: TaskGraph, names: Collection[str]) -> tuple[str, ...]:
    return tuple(task.id for task in graph.tasks if any(claim.resource in names for claim in task.claims))


def _machine(graph: TaskGraph) -> Iterator[Finding]:
    if graph.policy.max_load is not None or graph.policy.max_memory != Policy().max_memory:
        yield Finding(
            "TG608",
            "info",
            "the flow does not look at how full its machine is, so max_memory and max_load change nothing",
            "run",
            fix="set max_parallel to what the machine can carry",
        )
