"""The plans: a layered one of any size, which is only read, and three that are run, whose resources are what counts."""

from __future__ import annotations

from rivals.shapes import layers

from taskgraph_core.ir import Claim, Command, Policy, Resource, Retry, Task, TaskGraph

RETRY = Retry(attempts=2, delay=5)
TIMEOUT = 600.0
"""What every task has; whoever writes by hand says it once."""

NAP = Command(argv=("sleep", "1"))


def layered(size: int) -> TaskGraph:
    """Commands in layers, each waiting for two of the layer above, with what most tasks of a real plan have."""
    width = 10 if size >= 100 else 5
    tasks = [
        Task(
            id=str(number),
            title=f"Part {number} of the whole",
            depends_on=tuple(map(str, upstream)),
            action=Command(argv=("python3", "work.py", str(number))),
            retry=RETRY,
            timeout=TIMEOUT,
        )
        for number, upstream in enumerate(layers(size // width, width).upstream)
    ]
    return TaskGraph(id=f"layered_{size}", tasks=tuple(tasks), policy=Policy(max_parallel=width))


def naps() -> TaskGraph:
    """Forty tasks of a second that take turns in four slots."""
    return _plan(
        "naps", [_nap(number, Claim(resource="desk")) for number in range(40)], Resource(name="desk", capacity=4)
    )


def readers_and_writers() -> TaskGraph:
    """A table that every fifth of fifteen tasks writes, alone, and the others read, together."""
    return _plan(
        "readers_writers",
        [_nap(number, Claim(resource="table", mode="read" if number % 5 else "write")) for number in range(15)],
    )


def folded() -> TaskGraph:
    """Three resources that sixteen tasks claim alone and two at a time, hence one pool of twelve slots."""
    desk, gate, lane = (Claim(resource=name) for name in ("desk", "gate", "lane"))
    claims = [(desk, gate), (desk,), (gate, lane), (lane,)]
    resources = [Resource(name=name, capacity=slots) for name, slots in (("desk", 4), ("gate", 3), ("lane", 2))]
    return _plan("folded", [_nap(number, *claims[number % 4]) for number in range(16)], *resources)


def _plan(name: str, tasks: list[Task], *resources: Resource) -> TaskGraph:
    return TaskGraph(id=name, tasks=tuple(tasks), resources=resources, policy=Policy(max_parallel=32))


def _nap(number: int, *claims: Claim) -> Task:
    return Task(id=str(number), action=NAP, claims=claims, retry=RETRY, timeout=TIMEOUT)


def warming_up() -> TaskGraph:
    """What runs first, so that every worker has begun."""
    return _plan("warming_up", [_nap(number) for number in range(16)])
