"""How a program ended and what it used, as ``wait4`` tells it.

``cpu_seconds`` is the time of all its threads, in the program and in the system, and of those of its descendants
that were waited for; a daemon is not among them. ``peak_memory`` is the most that one process of these held at
once, not their sum.

On Linux a new program begins with the peak of whoever started it as its own: it carries over the memory that
the engine held when it was started (``exec`` keeps the high-water mark of the memory it replaces). So a
figure is only believed above the engine's own peak; below, nobody knows, and it is None.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import NamedTuple

_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in one of what the system counts memory in."""


class Exit(NamedTuple):
    """Exit code, or minus the number of the signal that ended it; CPU seconds and bytes, None where nobody knows."""

    code: int
    cpu_seconds: float | None = None
    peak_memory: int | None = None


def wait_for(pid: int) -> Exit:
    """Wait until a child ends, and take note of its end for good.

    Raises:
        ChildProcessError: somebody else has done so.
    """
    _, status, usage = os.wait4(pid, 0)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss * _UNIT if usage.ru_maxrss > own else None
    return Exit(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, peak)
