"""TG6xx: where Prefect has no exact counterpart, what was chosen instead, and what the user must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect_integration.generating.flow_file import DEFAULT_PARALLEL
from prefect_integration.generating.limits import largest_claims, tag_limits
from taskgraph_core.findings import Finding
from taskgraph_core.ir import Policy, Python, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import TaskGraph


def remarks(graph: TaskGraph) -> Iterator[Finding]:
    """Everything worth knowing about this graph on Prefect, by code."""
    yield from _default_parallelism(graph)
    yield from _limits_to_create(graph)
    yield from _whole_slots(graph)
    yield from _read_and_write(graph)
    yield from _waiting(graph)
    yield from _python(graph)
    yield from _services(graph)
    yield from _machine(graph)


def _default_parallelism(graph: TaskGraph) -> Iterator[Finding]:
    if graph.policy.max_parallel is None:
        yield Finding(
            "TG601",
            "info",
            f"the graph does not say how many tasks may run at once; the flow runs at most {DEFAULT_PARALLEL}",
            "run.max_parallel",
            fix="set max_parallel in the profile",
        )


def _limits_to_create(graph: TaskGraph) -> Iterator[Finding]:
    limits = tag_limits(graph)
    if limits:
        commands = (f"prefect concurrency-limit create {tag} {entry['limit']}" for tag, entry in limits.items())
        yield Finding(
            "TG602",
            "info",
            "one run keeps its resources by itself; runs respect each other only where the server has the limits of "
            f"{graph.id}.limits.json, and Prefect says nothing when a limit is missing",
            "resources",
            fix="; ".join(commands),
        )


def _whole_slots(graph: TaskGraph) -> Iterator[Finding]:
    for name, slots in largest_claims(graph).items():
        if slots > 1:
            capacity = graph.capacities[name]
            yield Finding(
                "TG603",
                "warning",
                f"Prefect's limit counts tasks, not slots: because a task claims {slots} of the {capacity} slots of "
                f"{name!r}, its limit on the server is {capacity // slots} at once, also for tasks that claim fewer",
                f"resources.{name}",
                tuple(task.id for task in graph.tasks if any(claim.resource == name for claim in task.claims)),
                "claim single slots where you can, or leave this limit out where only one run uses the resource",
            )


def _read_and_write(graph: TaskGraph) -> Iterator[Finding]:
    tasks = [
        task.id
        for task in graph.tasks
        if any(claim.mode != "slots" and claim.resource not in graph.capacities for claim in task.claims)
    ]
    if tasks:
        yield Finding(
            "TG604",
            "info",
            "readers and writers are kept apart inside one run; two runs at the same time are not",
            "claims",
            tuple(tasks),
            "the deployment runs one at a time; do not start the flow beside it",
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
    tasks = [
        task.id
        for task in graph.tasks
        if isinstance(task.action, Python) and task.timeout is None and not task.action.process
    ]
    if tasks:
        yield Finding(
            "TG606",
            "info",
            "Python functions without a timeout run in a thread of the flow, which nothing can stop: a cancelled run "
            "waits for them; with a timeout they run in a process of their own",
            "action",
            tuple(tasks),
            "give them a timeout, or 'process = true'",
        )


def _services(graph: TaskGraph) -> Iterator[Finding]:
    services = {resource.name for resource in graph.resources if resource.rate or resource.breaker}
    tasks = [task.id for task in graph.tasks if any(claim.resource in services for claim in task.claims)]
    if tasks:
        yield Finding(
            "TG607",
            "info",
            "rates and circuit breakers are kept inside one run; a run beside it, or after it, begins with its own",
            "resources",
            tuple(tasks),
            "the deployment runs one at a time; do not start the flow beside it",
        )


def _machine(graph: TaskGraph) -> Iterator[Finding]:
    if graph.policy.max_load is not None or graph.policy.max_memory != Policy().max_memory:
        yield Finding(
            "TG608",
            "info",
            "the flow does not look at how full its machine is, so max_memory and max_load change nothing",
            "run",
            fix="set max_parallel to what the machine can carry",
        )
