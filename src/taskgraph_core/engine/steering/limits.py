"""How many tasks may run at once: what was asked for, less while the run is paused or the machine is full."""

from __future__ import annotations

from typing import NamedTuple

PAUSED = "it was paused"


class Limit(NamedTuple):
    """Most tasks at once, and what keeps it below what was asked for, if anything does."""

    parallel: int
    reason: str = ""


class Limits:
    """Who wants how much; ``effective`` is what follows from it. A pause is stronger than anything else.

    Args:
        asked: most tasks at once, until somebody asks for another number.
    """

    def __init__(self, asked: int) -> None:
        self._asked = asked
        self._paused = False
        self._full = ""

    def ask(self, parallel: int) -> None:
        """From now on at most so many, as soon as nothing else holds the run back."""
        self._asked = parallel

    def pause(self) -> None:
        """Start nothing until ``resume``."""
        self._paused = True

    def resume(self) -> None:
        """End a pause, if there is one."""
        self._paused = False

    def hold(self, reason: str) -> None:
        """The machine is full, for this reason; with an empty one, it is not."""
        self._full = reason

    @property
    def effective(self) -> Limit:
        """What applies now.

        On a full machine one task goes on, like ``make -l``: a run must not hang on what others do.
        """
        if self._paused:
            return Limit(0, PAUSED)
        if self._full and self._asked > 1:
            return Limit(1, self._full)
        return Limit(self._asked)
