"""The scheduler's gate, going on from what other processes left."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from taskgraph_core.scheduler.gates import Breaker, Gate, Rate

if TYPE_CHECKING:
    from airflow_provider.running.memory import Memory
    from taskgraph_core.ir import Resource
    from taskgraph_core.scheduler import Outcome

LONGEST = 300.0
"""Most seconds that somebody is sent away for a rate: those it made room for may have been ended meanwhile."""

SHORTEST_LOOK, LONGEST_LOOK = 0.2, 30.0
"""Bounds in seconds on how soon to look again while another attempt probes: nobody knows how long that takes."""


class SharedGate(Gate):
    """The gate of one resource as one process sees it for a moment.

    Args:
        resource: its rate and breaker. Others may have others for it: what each counts is the same.
        memory: what is remembered, which the gate keeps up to date.
        ticket: the attempt it is about, if that has been let in already.
    """

    def __init__(self, resource: Resource, memory: Memory, ticket: int | None = None) -> None:
        super().__init__(
            Rate(resource.rate.amount, resource.rate.seconds) if resource.rate else None,
            Breaker(resource.breaker.failures, resource.breaker.open) if resource.breaker else None,
        )
        self._memory = memory
        self._starts.extend(memory.starts)
        if self.rate is not None:
            memory.window = max(memory.window, self.rate.seconds)
        if self.breaker is not None:
            self._failures, self._opened, self._probe = memory.failures, memory.opened, memory.probe
            if ticket is not None and ticket >= memory.changed:
                self._passed.add(ticket)

    @property
    def wants_probe(self) -> bool:
        """Whether whoever enters next is the one who probes."""
        return self._opened is not None and self._probe is None

    def pause(self, now: float) -> float:
        """Seconds to wait before asking again; none if an attempt may start."""
        opens = self.opens_at(now)
        if opens <= now:
            return 0.0
        if opens == inf and self.breaker is not None:
            return min(max(self.breaker.open / 2, SHORTEST_LOOK), LONGEST_LOOK)
        return opens - now

    def turn(self, now: float) -> float:
        """Seconds until the turn of one more who waits behind all others; those are told to come one by one."""
        pause = self.pause(now)
        if self.rate is None or not pause:
            return pause
        ahead = sorted([*self._starts, *self._memory.expected])[-self.rate.amount :]
        if len(ahead) == self.rate.amount:
            pause = max(pause, min(ahead[0] + self.rate.seconds - now, LONGEST))
        self._memory.expected.append(now + pause)
        return pause

    def let_in(self, now: float) -> int:
        """Let an attempt start: its number."""
        ticket = self._memory.tickets
        self._memory.tickets += 1
        self._memory.starts.append(now)
        self.enter(ticket, now)
        self._remember()
        return ticket

    def let_out(self, ticket: int, outcome: Outcome | None, now: float) -> bool:
        """Note how an attempt ended, None if nobody knows; whether that opened the circuit."""
        opened = self.leave(ticket, outcome, now)
        self._remember()
        return opened

    def _remember(self) -> None:
        memory = self._memory
        if self.breaker is None:
            return
        if memory.opened != self._opened:
            memory.changed = memory.tickets
        memory.failures, memory.opened, memory.probe = self._failures, self._opened, self._probe
