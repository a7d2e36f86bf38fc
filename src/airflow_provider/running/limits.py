"""Rates of starts and circuit breakers, kept by all processes of a machine together.

An attempt asks for all its resources at once, and is let in to all of them or to none; it counts as
one start of each when it is let in, not before. Who is refused is told when to ask again.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider.running import steady
from airflow_provider.running.gate import SharedGate
from airflow_provider.running.memory import Place, release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from airflow_provider.running.memory import Memory
    from airflow_provider.running.steady import Moment
    from taskgraph_core.ir import Resource
    from taskgraph_core.scheduler import Outcome


@dataclass(frozen=True, slots=True)
class Entry:
    """An attempt that was let in: its number at each resource, and the probes it holds."""

    tickets: dict[str, int]
    probes: dict[str, int]


class Limits:
    """The limits of what one task claims.

    Args:
        folder: where processes of this machine leave each other what they know.
        resources: what is claimed, with its rate and breaker.
        clock: tells the moment.
    """

    def __init__(self, folder: Path, resources: Iterable[Resource], clock: Callable[[], Moment] = steady.now) -> None:
        # In order of their names, so that no two processes ever wait for each other's locks.
        self._resources = sorted(resources, key=lambda resource: resource.name)
        self._places = {resource.name: Place(folder, resource.name) for resource in self._resources}
        self._clock = clock

    def enter(self) -> Entry | float:
        """Start an attempt if all limits let it; if not, the seconds to wait before asking again.

        Raises:
            EngineError: the folder cannot be used.
        """
        with ExitStack() as stack:
            memories, now = self._look(stack)
            held = self._free_probes(memories)
            try:
                gates = {one.name: SharedGate(one, memories[one.name]) for one in self._resources}
                if any(gate.pause(now) for gate in gates.values()):
                    pause = max(gate.turn(now) for gate in gates.values())
                    self._keep(memories)
                    return pause
                probes = {name: held[name] for name, gate in gates.items() if gate.wants_probe}
                entry = Entry({name: gate.let_in(now) for name, gate in gates.items()}, probes)
                self._keep(memories)
                for name in probes:
                    del held[name]
                return entry
            finally:
                for handle in held.values():
                    release(handle)

    def leave(self, entry: Entry, outcome: Outcome | None) -> list[str]:
        """Note how the attempt ended, None if nobody knows: the resources whose circuit that opened.

        Raises:
            EngineError: the folder cannot be used.
        """
        with ExitStack() as stack:
            try:
                memories, now = self._look(stack)
                opened = []
                for resource in self._resources:
                    ticket = entry.tickets[resource.name]
                    if SharedGate(resource, memories[resource.name], ticket).let_out(ticket, outcome, now):
                        opened.append(resource.name)
                self._keep(memories)
                return opened
            finally:  # while the others still wait for the memory, which says that nobody probes
                for handle in entry.probes.values():
                    release(handle)

    def _look(self, stack: ExitStack) -> tuple[dict[str, Memory], float]:
        """The memories, which nobody else changes until the stack is left, and the time."""
        for place in self._places.values():
            stack.enter_context(place.locked())
        moment = self._clock()
        return {name: place.read(moment) for name, place in self._places.items()}, moment.steady

    def _keep(self, memories: Mapping[str, Memory]) -> None:
        for name, memory in memories.items():
            self._places[name].write(memory)

    def _free_probes(self, memories: Mapping[str, Memory]) -> dict[str, int]:
        """Of each open circuit that nobody probes now, the right to do so; a prober that died is forgotten."""
        held: dict[str, int] = {}
        for resource in self._resources:
            memory = memories[resource.name]
            if resource.breaker is None or memory.opened is None:
                continue
            handle = self._places[resource.name].hold_probe()
            if handle is not None:
                held[resource.name] = handle
                memory.probe = None
            elif memory.probe is None:  # somebody's forked copy outlived it
                memory.probe = memory.tickets
        return held
