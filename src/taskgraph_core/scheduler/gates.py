"""What a resource lets through over time: a rate of starts, a circuit breaker.

A gate is asked before every attempt that claims its resource and told how each ended. It has no
clock: it is given the time, in seconds, and never goes back in it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .node import Outcome


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``amount`` starts in any ``seconds``."""

    amount: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Breaker:
    """Open for ``open`` seconds after ``failures`` attempts in a row that failed."""

    failures: int
    open: float


class Gate:
    """The rate and the breaker of one resource.

    The rate is a token bucket in which each start takes a token that comes back exactly one period
    later. Refilling it bit by bit, as is usual, would let through twice the amount within one period.

    The breaker is the usual one (M. Nygard, "Release It!", 2007): closed, open, and half open
    when its time is over, which lets exactly one attempt through. What had started before it opened counts for nothing.
    """

    def __init__(self, rate: Rate | None = None, breaker: Breaker | None = None) -> None:
        self.rate = rate
        self.breaker = breaker
        self._starts: deque[float] = deque(maxlen=rate.amount if rate is not None else 0)
        self._failures = 0
        self._opened: float | None = None
        self._passed: set[int] = set()
        self._probe: int | None = None

    @property
    def state(self) -> str:
        """Of the breaker: ``closed``, ``open`` (or its time is over and nobody came) or ``half_open``."""
        return "closed" if self._opened is None else "open" if self._probe is None else "half_open"

    def opens_at(self, now: float) -> float:
        """When an attempt may start: ``now`` or earlier if it may, infinity if only an event can tell."""
        moment = now
        if self._opened is not None and self.breaker is not None:
            moment = inf if self._probe is not None else self._opened + self.breaker.open
        if self.rate is not None and len(self._starts) == self.rate.amount:
            moment = max(moment, self._starts[0] + self.rate.seconds)
        return moment

    def enter(self, rank: int, now: float) -> None:
        """An attempt starts."""
        self._starts.append(now)
        if self._opened is None:
            self._passed.add(rank)
        elif self._probe is None:
            self._probe = rank

    def leave(self, rank: int, outcome: Outcome | None, now: float) -> bool:
        """An attempt ended, None if nobody knows how; whether that opened the breaker."""
        probing = self._probe == rank
        counts = rank in self._passed and self._opened is None
        self._passed.discard(rank)
        if probing:
            self._probe = None
        if self.breaker is None or not (probing or counts):
            return False
        if outcome == "success":
            self._failures = 0
            self._opened = None
        elif outcome == "failed":
            self._failures += 1
            if probing or self._failures >= self.breaker.failures:
                self._opened = now
                self._passed.clear()
                return True
        return False
