"""Which rates and circuit breakers are shut, and until when.

The scheduler does not tell. But its gates are pure: told the same starts and ends, one of the same
kind is in the same state.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from taskgraph_core.display.words import elapsed
from taskgraph_core.scheduler import Breaker, Rate
from taskgraph_core.scheduler.gates import Gate
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from taskgraph_core import ir
    from taskgraph_core.scheduler import Outcome

_PERIODS = {1.0: "s", 60.0: "min", 3600.0: "h", 86400.0: "d"}


class Gates:
    """The gates of one run, by resource."""

    def __init__(self, resources: Iterable[ir.Resource]) -> None:
        self._gates: dict[str, Gate] = {}
        self._ranks: dict[str, int] = {}
        for one in resources:
            rate = Rate(one.rate.amount, one.rate.seconds) if one.rate else None
            breaker = Breaker(one.breaker.failures, one.breaker.open) if one.breaker else None
            if rate is not None or breaker is not None:
                self._gates[one.name] = Gate(rate, breaker)

    def enter(self, task: ir.Task, now: float) -> None:
        """An attempt starts."""
        for gate in self._of(task):
            gate.enter(self._rank(task), now)

    def leave(self, task: ir.Task, outcome: Outcome | None, now: float) -> None:
        """An attempt ended, None if nobody knows how."""
        for gate in self._of(task):
            gate.leave(self._rank(task), outcome, now)

    def describe(self, name: str, now: float) -> str:
        """A resource, and why it lets nobody through now, if that is its rate or its breaker."""
        gate = self._gates.get(name)
        if gate is None:
            return plain(name)
        moment = gate.opens_at(now)
        due = elapsed(moment - now + 0.999) if isfinite(moment) and moment > now else ""
        if gate.state == "half_open":
            return f"{plain(name)} (circuit on trial)"
        if gate.state == "open":
            return f"{plain(name)} (circuit open{', ' + due if due else ''})"
        if gate.rate is None:
            return plain(name)
        return f"{plain(name)} ({_pace(gate.rate)}{', next in ' + due if due else ''})"

    def _of(self, task: ir.Task) -> Iterator[Gate]:
        if self._gates and task.claims:
            for name in {claim.resource for claim in task.claims} & self._gates.keys():
                yield self._gates[name]

    def _rank(self, task: ir.Task) -> int:
        return self._ranks.setdefault(task.id, len(self._ranks))


def _pace(rate: Rate) -> str:
    return f"{rate.amount:,}/{_PERIODS.get(rate.seconds, f'{rate.seconds:g} s')}"
