"""The graphs that every contestant carries out: tasks by number, each with its upstream tasks and its command."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.ir import Command, Noop, Policy, Python, Task, TaskGraph

if TYPE_CHECKING:
    from taskgraph_core.ir import Action


@dataclass(frozen=True, slots=True)
class Shape:
    """``upstream[n]`` are the numbers task n waits for; ``ideal`` is the shortest time possible, in seconds."""

    name: str
    upstream: tuple[tuple[int, ...], ...]
    argv: tuple[str, ...]
    parallel: int = 10
    ideal: float | None = None

    @property
    def independent(self) -> bool:
        """Whether no task waits for another, so that tools without an order can take part."""
        return not any(self.upstream)

    def graph(self, action: Action | None = None) -> TaskGraph:
        """The same as a TaskGraph."""
        action = action or Command(argv=self.argv)
        tasks = tuple(
            Task(id=str(number), depends_on=tuple(map(str, upstream)), action=action)
            for number, upstream in enumerate(self.upstream)
        )
        return TaskGraph(id="benchmark", tasks=tasks, policy=Policy(max_parallel=self.parallel))


def layers(depth: int = 100, width: int = 10) -> Shape:
    """A layered graph in which every task waits for two of the layer above."""
    chance = random.Random(1)
    upstream = [
        tuple(sorted(chance.sample(range((layer - 1) * width, layer * width), 2))) if layer else ()
        for layer in range(depth)
        for _ in range(width)
    ]
    return Shape(f"{depth * width:,} no-op commands, 10 wide", tuple(upstream), ("true",), parallel=width)


def chain(length: int = 100) -> Shape:
    """One after the other."""
    return Shape(f"chain of {length}", tuple((n - 1,) if n else () for n in range(length)), ("true",))


def naps(number: int = 200, seconds: float = 0.05, parallel: int = 10) -> Shape:
    """Independent commands that take their time."""
    ideal = number * seconds / parallel
    name = f"{number} x {seconds * 1000:.0f} ms at {parallel}"
    return Shape(name, ((),) * number, ("sleep", str(seconds)), parallel=parallel, ideal=ideal)


NOOP = Noop()
COROUTINE = Python(entry_point="rivals.work:nothing_async")
FUNCTION = Python(entry_point="rivals.work:nothing")
