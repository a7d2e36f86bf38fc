"""From a TaskGraph to the scheduler that carries it out."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from taskgraph_core.analysis.topology import Topology
from taskgraph_core.scheduler import WHOLE, Breaker, Node, Rate, Scheduler

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph

PRIORITY_RANK = {"low": 0, "medium": 1, "high": 2, "critical": 3}


def remaining_paths(graph: TaskGraph, topology: Topology | None = None) -> list[float]:
    """Longest path from each task to the end, its own estimate included; seconds, in the graph's order."""
    topology = topology or Topology.of(graph)
    length = [task.estimate for task in graph.tasks]
    for number in reversed(topology.order):
        if others := topology.downstream[number]:
            length[number] += max([length[other] for other in others])
    return length


def slots_claimed(task: Task, capacities: dict[str, int]) -> dict[str, int]:
    """Slots a task takes of each resource: a reader takes one, a writer all there are.

    Claims of the same resource add up, to no more than there are; one claim that is too large
    by itself stays so, and the scheduler refuses it.
    """
    taken: dict[str, int] = {}
    for claim in task.claims:
        capacity = capacities.get(claim.resource, WHOLE)
        slots = {"slots": claim.slots, "read": 1, "write": capacity}[claim.mode]
        taken[claim.resource] = min(taken.get(claim.resource, 0) + slots, max(capacity, claim.slots))
    return taken


def nodes_of(graph: TaskGraph) -> list[Node]:
    """The scheduler's plain view of a graph.

    What does nothing and takes no time, such as the closing of a group, goes before everything
    else: it keeps no worker busy, and nobody should wait for it.
    """
    weights = remaining_paths(graph)
    capacities = graph.capacities
    return [node_of(task, weight, capacities) for task, weight in zip(graph.tasks, weights, strict=True)]


def node_of(task: Task, weight: float, capacities: dict[str, int]) -> Node:
    """The scheduler's view of one task; ``weight`` is the longest path from it to the end, in seconds."""
    retry = task.retry
    return Node(  # by position, as this is done for every task of every run
        task.id,
        task.depends_on,
        task.trigger_rule,
        tuple(slots_claimed(task, capacities).items()) if task.claims else (),
        inf if task.action.kind == "noop" and not task.estimate else weight,
        PRIORITY_RANK[task.priority],
        retry.attempts,
        retry.delay,
        retry.factor,
        retry.max_delay,
        retry.jitter,
        task.rollback is not None,
    )


def scheduler_for(
    graph: TaskGraph, *, max_parallel: int | None = None, growing: bool = False, seed: str = ""
) -> Scheduler:
    """A fresh scheduler for one run of a graph; ``max_parallel`` overrides the graph's own."""
    policy = graph.policy
    return Scheduler(
        nodes_of(graph),
        capacities=graph.capacities,
        rates={one.name: Rate(one.rate.amount, one.rate.seconds) for one in graph.resources if one.rate},
        breakers={one.name: Breaker(one.breaker.failures, one.breaker.open) for one in graph.resources if one.breaker},
        max_parallel=max_parallel if max_parallel is not None else policy.max_parallel,
        on_failure=policy.on_failure,
        failure_threshold=policy.failure_threshold,
        failure_rate=policy.failure_rate,
        rollback=policy.rollback,
        growing=growing,
        seed=seed,
    )
