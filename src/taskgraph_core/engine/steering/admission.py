"""Admission control: whether the machine has room for another task, as the policy sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.steering.machine import Machine
    from taskgraph_core.ir import Policy

RELIEF = 0.95
"""Share of a threshold that must be reached again before the machine counts as free: at the edge nothing flickers."""


class _Gauge(NamedTuple):
    """Something that is read, above what it is too much, and what is said then."""

    read: Callable[[], float | None]
    threshold: float
    sentence: str


class Admission:
    """Compares the machine with a policy's ``max_memory`` and ``max_load``; remembers what it found."""

    def __init__(self, policy: Policy, machine: Machine) -> None:
        self._gauges: list[_Gauge] = []
        if policy.max_memory < 1:
            self._gauges.append(_Gauge(machine.memory, policy.max_memory, "{:.0%} of the memory is in use"))
        if policy.max_load is not None:
            self._gauges.append(_Gauge(machine.load, policy.max_load, "the load is {:.1f} per CPU"))
        self._full: dict[_Gauge, str] = {}

    @property
    def watches(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self._gauges)

    def look(self) -> str:
        """Why nothing more should start; empty if it may. The words stay the same until that is over."""
        for gauge in self._gauges:
            value = gauge.read()
            if value is None or value <= gauge.threshold * RELIEF:
                self._full.pop(gauge, None)
            elif value > gauge.threshold:
                self._full.setdefault(gauge, gauge.sentence.format(value).replace("%", " %"))
        return next(iter(self._full.values()), "")
