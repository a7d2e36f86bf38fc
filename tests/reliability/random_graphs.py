"""Random graphs that use everything a graph can say: rules, claims, rates, breakers, retries, rollback, policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.ir import Breaker, Claim, Command, Noop, Policy, Rate, Resource, Retry, Task, TaskGraph, TriggerRule

if TYPE_CHECKING:
    from random import Random

RULES: tuple[TriggerRule, ...] = (
    "all_done",
    "one_success",
    "one_failed",
    "none_failed",
    "all_failed",
    "always",
    "none_skipped",
    "one_done",
)
TRUE = Command(argv=("true",))
FILE = "file:out"


def random_graph(chance: Random, most: int = 16) -> TaskGraph:
    """A graph with up to so many tasks, in topological order; times are multiples of a quarter of a second."""
    resources = (
        Resource(name="db", capacity=chance.randint(1, 3)),
        Resource(
            name="api",
            capacity=chance.choice((None, 1, 2, 4)),
            rate=Rate(amount=chance.randint(1, 3), seconds=chance.choice((1.0, 4.0, 10.0))) if _often(chance) else None,
            breaker=Breaker(failures=chance.choice((1, 1, 2)), open=chance.choice((1.0, 4.0)))
            if _often(chance)
            else None,
        ),
    )
    size = chance.randint(1, most)
    tasks = tuple(_task(chance, number, resources) for number in range(size))
    return TaskGraph(id="random", tasks=tasks, resources=resources, policy=_policy(chance))


def _task(chance: Random, number: int, resources: tuple[Resource, ...]) -> Task:
    upstream = chance.sample(range(number), min(number, chance.choice((0, 1, 1, 2, 3))))
    return Task(
        id=str(number),
        depends_on=tuple(map(str, sorted(upstream))),
        trigger_rule=chance.choice(RULES) if chance.random() < 0.3 else "all_success",
        action=Noop() if chance.random() < 0.1 else TRUE,
        claims=_claims(chance, resources),
        retry=_retry(chance),
        priority=chance.choice(("low", "medium", "high", "critical")),
        estimate=chance.randint(0, 8) / 4,
        rollback=TRUE if chance.random() < 0.6 else None,
    )


def _claims(chance: Random, resources: tuple[Resource, ...]) -> tuple[Claim, ...]:
    counted = tuple(
        Claim(resource=one.name, slots=chance.randint(1, one.capacity or 2))
        for one in resources
        if chance.random() < 0.5
    )
    if chance.random() < 0.3:
        return (*counted, Claim(resource=FILE, mode=chance.choice(("read", "write"))))
    return counted


def _retry(chance: Random) -> Retry:
    return Retry(
        attempts=chance.choice((1, 1, 2, 3)),
        delay=chance.choice((0.0, 0.5, 3.0)),
        factor=chance.choice((1.0, 2.0)),
        max_delay=chance.choice((4.0, 3600.0)),
        jitter=chance.choice((0.0, 0.5)),
    )


def _policy(chance: Random) -> Policy:
    return Policy(
        max_parallel=chance.choice((None, 1, 2, 4)),
        on_failure=chance.choice(("continue", "continue", "continue", "stop")),
        failure_threshold=chance.choice((None, None, None, 2)),
        failure_rate=chance.choice((None, None, None, 0.3)),
        rollback=chance.random() < 0.5,
    )


def _often(chance: Random) -> bool:
    return chance.random() < 0.7
