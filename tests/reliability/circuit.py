"""A circuit breaker as its documentation describes it, to judge the scheduler's by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.ir import Breaker


@dataclass
class Circuit:
    """Closed, open, half open; ``period`` counts how often it opened, so that what began before counts for nothing."""

    breaker: Breaker
    failures: int = 0
    opened: float | None = None
    period: int = 0
    probe: str | None = None
    began: dict[str, int] = field(default_factory=dict)

    def start(self, who: str, now: float) -> bool:
        """An attempt starts; whether it may."""
        if self.opened is None:
            self.began[who] = self.period
            return True
        if now < self.opened + self.breaker.open or self.probe is not None:
            return False
        self.probe = who
        return True

    def end(self, who: str, outcome: str | None, now: float) -> None:
        """An attempt ended; None if nobody knows how."""
        probing, self.probe = self.probe == who, None if self.probe == who else self.probe
        counts = self.began.pop(who, None) == self.period and self.opened is None
        if not (probing or counts):
            return
        if outcome == "success":
            self.failures, self.opened = 0, None
        elif outcome == "failed":
            self.failures += 1
            if probing or self.failures >= self.breaker.failures:
                self.opened = now
                self.period += 1
