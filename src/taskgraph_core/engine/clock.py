"""Time of day that never jumps."""

from __future__ import annotations

import time


class SteadyClock:
    """Seconds since the epoch, read once and then counted on by the monotonic clock.

    Timeouts and pauses stay right, and no attempt ends before it began, when somebody sets the
    machine's clock during a run.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def go_on_from(self, moment: float) -> None:
        """Never tell a time before this one, however the machine's clock was set meanwhile."""
        self._offset += max(0.0, moment - self())

    def __call__(self) -> float:
        """The time now."""
        return self._offset + time.monotonic()
