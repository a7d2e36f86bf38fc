"""Conflicts: tasks that use the same thing, at least one of them writing, and nothing orders them.

While a run goes on, claims keep such tasks apart (the scheduler sees to it); which of them comes
first is then an accident. Two tasks are ordered when, with all that lies between them run, one cannot
start before the other has ended. That is so when a path leads from one to the other, except through a
task that may start before all its upstream tasks have ended (``one_success``): what is sure
to have ended then is only what comes before each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Literal

from taskgraph_core.analysis.reduction import redundant_edges
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.scheduler import RULES, decide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import TaskGraph

LIMIT = 1000
"""Most conflicts that are listed; 10,000 tasks that all write one file have fifty million."""

BLOCK = 2048
"""Claimants a pass; bounds memory to a quarter of a kilobyte a task."""

EARLY = frozenset(
    rule for rule in RULES for state in ("success", "failed", "skipped") if decide(rule, {state: 1}, 2) == "run"
)
"""Rules under which a task may start before all its upstream tasks have ended."""

UNMOVED = frozenset({"all_success", "all_done", "none_failed", "none_skipped"})
"""Rules that one more upstream task does not change as long as it succeeds."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two tasks, in the graph's order, and the thing they both use."""

    first: str
    second: str
    resource: str
    kind: Literal["write/write", "read/write"]

    def as_dict(self) -> dict[str, object]:
        """The machine form."""
        return {"tasks": [self.first, self.second], "resource": self.resource, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The first conflicts, and how many there are in all: one for each pair and thing."""

    listed: tuple[Conflict, ...]
    total: int


def conflicts(graph: TaskGraph) -> list[Conflict]:
    """The first ``LIMIT`` conflicts; ``find_conflicts`` says how many there are."""
    return list(find_conflicts(graph).listed)


def find_conflicts(graph: TaskGraph, topology: Topology | None = None, *, limit: int = LIMIT) -> Conflicts:
    """Find them in an acyclic graph, and list so many; all are counted."""
    claimed = _claimed(graph)
    if not claimed:
        return Conflicts((), 0)
    topology = topology or Topology.of(graph)
    used: dict[int, list[str]] = {}
    for name, claimants in claimed.items():
        for number in claimants:
            used.setdefault(number, []).append(name)
    found: list[tuple[str, int, int]] = []
    total = 0
    for bits, walk in _walks(graph, topology, used):
        numbers = list(bits)
        users = dict.fromkeys(claimed, 0)
        writers = dict.fromkeys(claimed, 0)
        for number, before in walk:
            for name in used[number]:
                writes = claimed[name][number]
                others = (users if writes else writers)[name] & ~before
                total += others.bit_count()
                while others and len(found) < limit:
                    lowest = others & -others
                    others ^= lowest
                    other = numbers[lowest.bit_length() - 1]
                    found.append((name, min(other, number), max(other, number)))
                if number in bits:
                    users[name] |= bits[number]
                    writers[name] |= bits[number] if writes else 0
    order = {name: position for position, name in enumerate(claimed)}
    found.sort(key=lambda item: (order[item[0]], item[1:]))
    return Conflicts(tuple(_conflict(graph, claimed, *item) for item in found), total)


def order_conflicts(graph: TaskGraph) -> TaskGraph:
    """Add the dependencies that order conflicting tasks: the ``order`` policy.

    The order is the graph's own wherever dependencies leave a choice, so no circle can arise and the
    same graph gives the same edges. As everywhere, a task whose upstream task fails may not run.
    Tasks with trigger rules that an added dependency would change get none; what still
    conflicts after that is kept apart while it runs, as without this policy.
    """
    claimed = _claimed(graph)
    if not claimed:
        return graph
    topology = Topology.of(graph)
    place = {number: position for position, number in enumerate(_in_graph_order(topology))}
    added: set[tuple[int, int]] = set()
    for claimants in claimed.values():
        in_order = [(number, claimants[number]) for number in sorted(claimants, key=place.__getitem__)]
        added |= _edges_between(graph, in_order)
    added -= {(other, number) for number, others in enumerate(topology.upstream) for other in others}
    added -= _implied(graph, topology, added)
    more: dict[int, list[str]] = {}
    for first, second in sorted(added):
        more.setdefault(second, []).append(topology.ids[first])
    tasks = tuple(
        task.model_copy(update={"depends_on": (*task.depends_on, *more[number])}) if number in more else task
        for number, task in enumerate(graph.tasks)
    )
    return graph.model_copy(update={"tasks": tasks})


def _claimed(graph: TaskGraph) -> dict[str, dict[int, bool]]:
    """By thing that is written and used by several: the numbers of those tasks, and whether each writes."""
    claimed: dict[str, dict[int, bool]] = {}
    for number, task in enumerate(graph.tasks):
        for claim in task.claims:
            claimants = claimed.setdefault(claim.resource, {})
            claimants[number] = claim.mode == "write" or claimants.get(number, False)
    return {name: users for name, users in claimed.items() if len(users) > 1 and any(users.values())}


def _conflict(graph: TaskGraph, claimed: dict[str, dict[int, bool]], name: str, first: int, second: int) -> Conflict:
    both = claimed[name][first] and claimed[name][second]
    return Conflict(graph.tasks[first].id, graph.tasks[second].id, name, "write/write" if both else "read/write")


def _walks(
    graph: TaskGraph, topology: Topology, claimants: dict[int, list[str]]
) -> Iterator[tuple[dict[int, int], Iterator[tuple[int, int]]]]:
    """For every block of claimants, their bits, and a walk that says which of them each claimant surely comes after."""
    order = topology.order
    places = [position for position, number in enumerate(order) if number in claimants]
    for start in range(0, len(places), BLOCK):
        part = places[start : start + BLOCK]
        bits = {order[position]: 1 << bit for bit, position in enumerate(part)}
        yield bits, _walk(graph, topology, bits, claimants, order[part[0] : places[-1] + 1])


def _walk(
    graph: TaskGraph, topology: Topology, bits: dict[int, int], claimants: dict[int, list[str]], stretch: list[int]
) -> Iterator[tuple[int, int]]:
    through = [0] * len(topology.ids)
    for number in stretch:
        others = [through[other] for other in topology.upstream[number]]
        before = 0
        if graph.tasks[number].trigger_rule not in EARLY:
            for other in others:
                before |= other
        elif others and graph.tasks[number].trigger_rule != "always":
            before = others[0]
            for other in others:
                before &= other
        if number in claimants:
            yield number, before
        through[number] = before | bits.get(number, 0)


def _in_graph_order(topology: Topology) -> list[int]:
    """The topological order that follows the graph's own as far as it can."""
    waiting = [len(others) for others in topology.upstream]
    ready = [number for number, count in enumerate(waiting) if not count]
    heapify(ready)
    order = []
    while ready:
        number = heappop(ready)
        order.append(number)
        for other in topology.downstream[number]:
            waiting[other] -= 1
            if not waiting[other]:
                heappush(ready, other)
    return order


def _edges_between(graph: TaskGraph, claimants: list[tuple[int, bool]]) -> set[tuple[int, int]]:
    """Edges that let every writer follow all before it, and every reader the writers before it."""
    edges: set[tuple[int, int]] = set()
    readers: list[int] = []
    writers: list[int] = []
    for number, writes in claimants:
        if graph.tasks[number].trigger_rule in UNMOVED:
            edges.update((other, number) for other in (writers + readers if writes else writers))
            if writes:
                readers, writers = [], []
        (writers if writes else readers).append(number)
    return edges


def _implied(graph: TaskGraph, topology: Topology, added: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those that follow from the others, not counting on tasks that may start early."""
    upstream: list[list[str]] = [
        [] if task.trigger_rule in EARLY else [topology.ids[other] for other in others]
        for task, others in zip(graph.tasks, topology.upstream, strict=True)
    ]
    for first, second in added:
        upstream[second].append(topology.ids[first])
    return added.intersection(redundant_edges(Topology.from_edges(topology.ids, upstream)))
