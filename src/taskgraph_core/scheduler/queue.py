"""Ready tasks in order, handed out together with all they claim.

Claims are taken all together or not at all, so no task holds one resource while it waits
for another, and no deadlock can arise. Whatever fits is started, so a wide claim could wait
for ever behind narrow ones: once it was passed over ``PATIENCE`` times, what it claims is kept
for it until it starts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from .node import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .gates import Gate
    from .node import Outcome

PATIENCE = 16
"""How often the first in line for a resource is passed over before all it claims is kept for it."""

Claims = tuple[tuple[str, int], ...]


@dataclass(slots=True, eq=False)
class _Resource:
    """Something claimed; ``blocked`` holds, by slots wanted, the first rank of each line that found too few here."""

    name: str
    free: int
    gate: Gate | None = None
    blocked: dict[int, list[int]] = field(default_factory=dict)
    kept_for: _Line | None = None

    def is_shut(self, now: float) -> bool:
        """Whether its rate or its breaker lets nobody through."""
        return self.gate is not None and self.gate.opens_at(now) > now


@dataclass(slots=True, eq=False)
class _Line:
    """Ready tasks with the same claims: they fit or do not fit together, so only the first is ever looked at.

    It is blocked at the first resource that refused it. ``woken_by`` is the resource on whose
    behalf it is looked at again.
    """

    claims: list[tuple[_Resource, int]]
    waiting: list[int] = field(default_factory=list)
    blocked_at: _Resource | None = None
    woken_by: _Resource | None = None
    passed_over: int = 0

    def refusals(self, now: float) -> list[_Resource]:
        """Every resource that refuses the first in line now."""
        return [
            resource
            for resource, slots in self.claims
            if resource.free < slots
            or (resource.kept_for is not None and resource.kept_for is not self)
            or resource.is_shut(now)
        ]


class Queue:
    """Ready tasks, by rank (lowest first).

    A line stands in the queue by its first task, or is blocked at one resource. When slots come
    back, only the best line that wants no more than there are is put back into the queue; once
    that was looked at, the next. So a start costs a few heap operations however many tasks wait.

    Args:
        claims: by rank, what each task claims.
        capacities: slots of each resource; ``WHOLE`` where it is not named.
        gates: rates and breakers by resource.
        growing: tasks may be added later.
    """

    def __init__(
        self, claims: Mapping[int, Claims], capacities: Mapping[str, int], gates: Mapping[str, Gate], *, growing: bool
    ) -> None:
        self._capacities = capacities
        self._gates = gates
        self._now = -inf
        self._resources: dict[str, _Resource] = {}
        self._gated: list[_Resource] = []
        self._lines: dict[Claims, _Line] = {}
        self._line_of: dict[int, _Line] = {}
        self._ready: list[int] = []
        self._matters = None if growing else self._scarce(claims.values())
        for rank, wanted in claims.items():
            self.add(rank, wanted)

    def add(self, rank: int, claims: Claims) -> None:
        """One more task."""
        if claims and self._matters is not None:
            claims = tuple(claim for claim in claims if claim[0] in self._matters)
        line = self._lines.get(claims)
        if line is None:
            line = self._lines[claims] = _Line([(self._resource(name), slots) for name, slots in claims])
        self._line_of[rank] = line

    def push(self, rank: int) -> None:
        """A task is ready."""
        line = self._line_of[rank]
        heappush(line.waiting, rank)
        if line.waiting[0] == rank:
            line.blocked_at = None
            heappush(self._ready, rank)

    def pop(self, now: float) -> int | None:
        """The best-ranked task that fits, its claims taken; None if nothing fits."""
        self._now = now
        while self._ready:
            rank = heappop(self._ready)
            line = self._line_of[rank]
            if not self._leads(rank, None):
                continue
            woken_by, line.woken_by = line.woken_by, None
            refusals = line.refusals(now) if line.claims else ()
            if refusals:
                self._block(line, refusals[0])
                if woken_by not in (None, refusals[0]):
                    self._pass_over(line)
            else:
                self._take(line)
            if woken_by is not None:
                self._wake(woken_by)
            if not refusals:
                return rank
        return None

    def take(self, rank: int, now: float) -> None:
        """A task started that this queue did not hand out; whether it fits is not asked."""
        self._now = now
        line = self._line_of[rank]
        if rank in line.waiting[:1]:
            heappop(line.waiting)
            line.blocked_at = None
            if line.waiting:
                heappush(self._ready, line.waiting[0])
        elif rank in line.waiting:
            line.waiting.remove(rank)
            heapify(line.waiting)
        for resource, slots in line.claims:
            resource.free -= slots
            if resource.gate is not None:
                resource.gate.enter(rank, now)

    def release(self, rank: int, outcome: Outcome | None, now: float) -> None:
        """Give back what a task had taken; its outcome is None if nobody knows it."""
        self._now = now
        for resource, slots in self._line_of[rank].claims:
            resource.free += slots
            if resource.gate is not None and resource.gate.leave(rank, outcome, now):
                self._keep_no_longer(resource)
            self._wake(resource)

    def pass_time(self, now: float) -> None:
        """Look again at what waits for a rate or a breaker."""
        self._now = now
        for resource in self._gated:
            if not resource.is_shut(now):
                self._wake(resource)

    def wake_at(self, now: float) -> float | None:
        """When the next rate or breaker that somebody waits for lets somebody through; None if none will by itself."""
        moments = [
            moment
            for resource in self._gated
            if resource.gate is not None
            and now < (moment := resource.gate.opens_at(now)) < inf
            and self._first(resource, WHOLE) is not None
        ]
        return min(moments, default=None)

    def refusals(self, rank: int) -> list[str]:
        """Names of what kept a waiting task waiting when the time was last told."""
        return [resource.name for resource in self._line_of[rank].refusals(self._now)]

    def _scarce(self, wanted: Iterable[Claims]) -> set[str]:
        """What can refuse; not what has room for everybody, such as a file that one task writes or all only read."""
        demand: dict[str, int] = {}
        for claims in wanted:
            for name, slots in claims:
                demand[name] = demand.get(name, 0) + slots
        return {
            name for name, slots in demand.items() if slots > self._capacities.get(name, WHOLE) or name in self._gates
        }

    def _resource(self, name: str) -> _Resource:
        resource = self._resources.get(name)
        if resource is None:
            gate = self._gates.get(name)
            resource = self._resources[name] = _Resource(name, self._capacities.get(name, WHOLE), gate)
            if gate is not None:
                self._gated.append(resource)
        return resource

    def _leads(self, rank: int, place: _Resource | None) -> bool:
        """Whether an entry is up to date: its task is the first of a line blocked there, or of one not blocked."""
        line = self._line_of[rank]
        return line.blocked_at is place and bool(line.waiting) and line.waiting[0] == rank

    def _block(self, line: _Line, resource: _Resource) -> None:
        line.blocked_at = resource
        slots = next(slots for claimed, slots in line.claims if claimed is resource)
        heappush(resource.blocked.setdefault(slots, []), line.waiting[0])

    def _take(self, line: _Line) -> None:
        rank = heappop(line.waiting)
        line.passed_over = 0
        if line.waiting:
            heappush(self._ready, line.waiting[0])
        for resource, slots in line.claims:
            resource.free -= slots
            if resource.gate is not None:
                resource.gate.enter(rank, self._now)
            if resource.kept_for is line:
                resource.kept_for = None
                self._wake(resource)
            elif (first := self._first(resource, WHOLE)) is not None and first.waiting[0] < rank:
                self._pass_over(first)

    def _first(self, resource: _Resource, slots: int) -> _Line | None:
        """The best-ranked line blocked at a resource that wants no more than so many slots."""
        best = None
        for wanted, ranks in resource.blocked.items():
            if wanted <= slots:
                while ranks and not self._leads(ranks[0], resource):
                    heappop(ranks)
                if ranks and (best is None or ranks[0] < best):
                    best = ranks[0]
        return None if best is None else self._line_of[best]

    def _wake(self, resource: _Resource) -> None:
        line = resource.kept_for or self._first(resource, resource.free)
        if line is not None and line.blocked_at is resource and resource not in line.refusals(self._now):
            line.blocked_at = None
            line.woken_by = resource
            heappush(self._ready, line.waiting[0])

    def _pass_over(self, line: _Line) -> None:
        """Count that others got what the first in line waits for; keep all it claims once that was so too often.

        Not for one that waits for a rate or a breaker as well: that can take long, and what is kept lies idle.
        """
        line.passed_over += 1
        if line.passed_over >= PATIENCE and all(
            resource.kept_for is None and not resource.is_shut(self._now) for resource, _ in line.claims
        ):
            for resource, _ in line.claims:
                resource.kept_for = line

    def _keep_no_longer(self, shut: _Resource) -> None:
        """A breaker opened: whoever waits for that has nothing kept meanwhile."""
        if shut.kept_for is not None:
            for resource, _ in shut.kept_for.claims:
                if resource.kept_for is shut.kept_for and resource is not shut:
                    resource.kept_for = None
                    self._wake(resource)
            shut.kept_for = None
