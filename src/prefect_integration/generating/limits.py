"""What the server must count so that runs share resources safely, and ``<graph_id>.limits.json``.

Inside one run the scheduler keeps every capacity and rate exactly. Across runs and flows the
server does, for every resource that is shared: it has one limit for what may be held at once,
named like the limit of a tag, and one with slot decay for how often attempts may start.

A counted resource has as many slots as its capacity. A thing that is read and written has
``READERS`` of which a reader takes one and a writer all. The limit's name follows from the
resource's name alone, so all plans mean the same by it, however much they claim.

A task takes each claim in one of two ways, never both. Where all its claims are of one slot it
begins with the tags of its resources, and Prefect takes one slot of each, all or nothing.
Where it claims more of any it begins without them and takes all of them by itself, ``occupy=n``,
in one question if the numbers are equal, otherwise one by one in order of their names. So
whoever holds something waits only for what comes later in that order: nobody waits in a circle.
Rates come last, when everything else is held: their tokens come back by time alone.

Tokens come back one at a time, evenly: a limit of one slot that decays in ``seconds / amount``.
A larger limit would give ``amount`` at once and more while the time runs.

The format, to which later versions only add::

    {
      "format": 2,
      "graph": "nightly",
      "limits": {
        "tag:resource:db": {"resource": "db", "limit": 2, "slot_decay_per_second": 0.0, "most_taken": 1}
      }
    }

``most_taken`` is what the graph's largest claim takes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from math import isclose
from typing import TYPE_CHECKING, Protocol

from prefect_integration.names import limit_tag, rate_name
from taskgraph_core.ir import Rate
from taskgraph_core.scheduling import slots_claimed

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph

FORMAT = 2

READERS = 1_000
"""Slots of a thing that is read and written: a constant, so that all plans mean the same by its limit."""

_PRECISION = 1e-6
"""Databases round a decay."""


class Live(Protocol):
    """A limit as a server has it."""

    @property
    def limit(self) -> int:
        """Slots."""

    @property
    def active(self) -> bool | None:
        """Whether it counts."""

    @property
    def slot_decay_per_second(self) -> float | None:
        """Slots that come back by themselves."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that the server must have, by the names of Prefect's API.

    Attributes:
        resource: the resource of the plan it stands for.
        limit: slots.
        slot_decay_per_second: 0 for slots that are given back, else how fast tokens come back.
        most_taken: slots that the graph's largest claim takes.
    """

    resource: str
    limit: int
    slot_decay_per_second: float = 0.0
    most_taken: int = 1

    def same_decay(self, other: float | None) -> bool:
        """Whether that is this decay, as far as a database keeps it."""
        return isclose(self.slot_decay_per_second, other or 0.0, rel_tol=_PRECISION)

    def unfit(self, live: Live | None) -> str:
        """Why nothing can run under that limit of the server; empty if it can."""
        if live is None:
            return "is missing"
        if live.active is False:
            return "is not active"
        if live.limit < self.most_taken:
            return f"is {live.limit}, but a task takes {self.most_taken}"
        if bool(live.slot_decay_per_second) != bool(self.slot_decay_per_second):
            return "has a slot decay" if live.slot_decay_per_second else "has no slot decay"
        return ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one task takes of the server's limits while it runs.

    Attributes:
        tags: by which Prefect takes one slot each, before the task begins.
        slots: what the task takes by itself, by the limit's name, in order.
        rates: whose tokens it takes, by the limit's name: seconds until the next one.
    """

    tags: frozenset[str] = frozenset()
    slots: dict[str, int] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)

    @property
    def limits(self) -> dict[str, int]:
        """Slots by the limit's name."""
        return {f"tag:{tag}": 1 for tag in self.tags} | self.slots | dict.fromkeys(self.rates, 1)


class Sharing:
    """What the tasks of a graph share with other runs."""

    def __init__(self, graph: TaskGraph) -> None:
        self._graph = graph
        alone = {resource.name for resource in graph.resources if not resource.shared}
        things = {claim.resource: READERS for task in graph.tasks for claim in task.claims if claim.mode != "slots"}
        self._sizes = {name: size for name, size in (things | graph.capacities).items() if name not in alone}
        self._rates = {one.name: one.rate for one in graph.resources if one.rate and one.shared}

    def of(self, task: Task) -> Taken:
        """What a task takes."""
        claimed = slots_claimed(task, self._sizes) if task.claims else {}
        slots = {limit_tag(name): number for name, number in sorted(claimed.items()) if name in self._sizes}
        rates = {
            rate_name(name): rate.seconds / rate.amount for name, rate in sorted(self._rates.items()) if name in claimed
        }
        if all(number == 1 for number in slots.values()):
            return Taken(tags=frozenset(slots), rates=rates)
        return Taken(slots={f"tag:{tag}": number for tag, number in sorted(slots.items())}, rates=rates)

    def limits(self) -> dict[str, Limit]:
        """What the server must have for these tasks, by name, in order."""
        most: dict[str, int] = {}
        for task in self._graph.tasks:
            for name, slots in self.of(task).limits.items():
                most[name] = max(slots, most.get(name, 0))
        known = {f"tag:{limit_tag(name)}": Limit(name, size) for name, size in self._sizes.items()}
        known |= {rate_name(name): Limit(name, 1, rate.amount / rate.seconds) for name, rate in self._rates.items()}
        return {
            name: Limit(known[name].resource, known[name].limit, known[name].slot_decay_per_second, most[name])
            for name in sorted(most)
        }


def limits_file_name(graph_id: str) -> str:
    """What the file is called."""
    return f"{graph_id}.limits.json"


def limits_file(graph: TaskGraph) -> str:
    """The text of the file."""
    limits = {name: asdict(limit) for name, limit in Sharing(graph).limits().items()}
    return json.dumps({"format": FORMAT, "graph": graph.id, "limits": limits}, indent=2) + "\n"


def paced(graph: TaskGraph) -> TaskGraph:
    """The graph with its shared rates as even as the server keeps them, so that no attempt starts only to wait."""
    resources = tuple(
        one.model_copy(update={"rate": Rate(amount=1, seconds=one.rate.seconds / one.rate.amount)})
        if one.rate and one.shared
        else one
        for one in graph.resources
    )
    return graph.model_copy(update={"resources": resources}) if resources != graph.resources else graph
