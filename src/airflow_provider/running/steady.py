"""Time that all processes of a machine agree on, whatever is done to its clock.

It counts since the machine was started. After a restart, what was noted before is placed by the
time of day, the only one that goes on meanwhile.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from taskgraph_core.engine.resuming.lock import boot_id

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where the system has such a clock."""


class Moment(NamedTuple):
    """Seconds since the machine was started, seconds since the epoch, and a name of that start."""

    steady: float
    wall: float
    boot: str


def now() -> Moment:
    """This moment."""
    return Moment(time.clock_gettime(_CLOCK), time.time(), boot_id())


def shift(then: Moment, moment: Moment) -> float:
    """What to add to steady times that were noted ``then`` for them to be right at a later ``moment``."""
    if then.boot == moment.boot and then.steady <= moment.steady:
        return 0.0
    return moment.steady - max(0.0, moment.wall - then.wall) - then.steady
