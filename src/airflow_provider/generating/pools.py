"""Claims as pools, where Airflow gives a task exactly one.

A counted resource becomes a pool of its capacity. A thing that is read and written becomes a
pool of ``READERS`` slots of which a reader takes one and a writer all. Where a task claims
several resources, those, and whatever is connected with them by other such tasks, are folded
into one pool of S slots: a task takes the largest of its shares, ceil(slots * S / capacity).

Folding is sound for every S: if the weights of the running tasks add up to at most S, then so
do their shares slots * S / capacity of each single resource, and so their slots to at most its
capacity. With S the least common multiple of the capacities nothing is lost to rounding; a
larger multiple than ``FOLDED_LIMIT`` is cut, which only makes the pool stricter. What folding
always loses is that tasks with claims on different resources of the pool do not fill it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING

from airflow_provider.generating.names import pool_name
from airflow_provider.generating.policy import is_undone
from taskgraph_core.ir import Noop
from taskgraph_core.scheduling import slots_claimed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from taskgraph_core.ir import TaskGraph

READERS = 1_000
"""Slots of a thing that is read and written: a constant, so that all DAGs mean the same by its pool."""

FOLDED_LIMIT = 1_000_000
"""Most slots of a folded pool; Airflow's database holds them as 32-bit numbers."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool of Airflow, and the resources it stands for, in order of their names."""

    name: str
    slots: int
    resources: tuple[str, ...]

    @property
    def folded(self) -> bool:
        """Whether it stands for several resources."""
        return len(self.resources) > 1


@dataclass(frozen=True, slots=True)
class Seat:
    """What a task takes of its pool while it runs."""

    pool: Pool
    slots: int


def seats(graph: TaskGraph, fold: Sequence[str] = ()) -> dict[str, Seat]:
    """The seat of each task that claims anything, by the task's id.

    Resources named in ``fold`` share a pool whether or not a task of this graph claims several of them. So do those
    of any other graph, which can then know nothing of this one and still mean the same pool.

    A task that does nothing runs nowhere in Airflow, so it takes none, unless it is undone. Nor does a claim that
    nothing bounds: slots of a resource that only has a rate or a breaker, and that nobody reads or writes.
    """
    capacities = dict.fromkeys(fold, READERS) | _capacities(graph)
    claims = {
        task.id: {
            name: min(slots, capacities[name])
            for name, slots in slots_claimed(task, capacities).items()
            if name in capacities
        }
        for task in graph.tasks
        if task.claims and not (isinstance(task.action, Noop) and not is_undone(graph, task))
    }
    pools = {name: pool for pool in _pools([*claims.values(), fold], capacities) for name in pool.resources}
    found: dict[str, Seat] = {}
    for task_id, claimed in claims.items():
        if not claimed:
            continue
        pool = pools[next(iter(claimed))]
        found[task_id] = Seat(pool, weight(claimed, capacities, pool.slots))
    return found


def weight(claimed: Mapping[str, int], capacities: Mapping[str, int], size: int) -> int:
    """The slots of a folded pool of ``size`` that these slots of single resources take, rounded up."""
    return max(-(-slots * size // capacities[name]) for name, slots in claimed.items())


def pools_used(taken: Iterable[Seat]) -> list[Pool]:
    """Every pool among the seats once, by name."""
    return sorted({seat.pool for seat in taken}, key=lambda pool: pool.name)


def _capacities(graph: TaskGraph) -> dict[str, int]:
    shared = {claim.resource: READERS for task in graph.tasks for claim in task.claims if claim.mode != "slots"}
    return shared | graph.capacities


def _pools(together: Iterable[Iterable[str]], capacities: Mapping[str, int]) -> list[Pool]:
    return [
        Pool(pool_name(*names), min(lcm(*(capacities[name] for name in names)), FOLDED_LIMIT), names)
        for names in map(tuple, connected(map(list, together)))
    ]


def connected(groups: Iterable[Sequence[str]]) -> list[list[str]]:
    """The connected components of names that stand in a group together, each sorted, in order of first names.

    Disjoint sets with path halving (R. E. Tarjan and J. van Leeuwen, JACM 31 (2), 1984).
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for group in groups:
        for name in group:
            parent.setdefault(name, name)
            parent[root(name)] = root(group[0])
    components: dict[str, list[str]] = {}
    for name in sorted(parent):
        components.setdefault(root(name), []).append(name)
    return list(components.values())
