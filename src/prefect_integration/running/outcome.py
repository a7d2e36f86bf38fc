"""How one attempt of one task ended, before anybody makes a Prefect state of it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.scheduler import Outcome

SKIP_CODE = 99
"""A program that exits with this was skipped."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The outcome, a short reason for people, and whether time ran out."""

    outcome: Outcome
    reason: str = ""
    timed_out: bool = False


SUCCESS = Ended("success")
CANCELLED = Ended("cancelled", "ended because the run stopped")


def timed_out(seconds: float) -> Ended:
    """The attempt took longer than it may."""
    return Ended("failed", f"ended after its timeout of {seconds:g} s", timed_out=True)


def exited(code: int) -> Ended:
    """What an exit code means; a negative one is the signal that ended the program."""
    if code == 0:
        return SUCCESS
    if code == SKIP_CODE:
        return Ended("skipped", f"exit code {SKIP_CODE}")
    if code > 0:
        return Ended("failed", f"exit code {code}")
    try:
        return Ended("failed", f"ended by {signal.Signals(-code).name}")
    except ValueError:
        return Ended("failed", f"ended by signal {-code}")
