"""The display of programs that run groups: one observer for any number of runs, one inside another or side by side."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from io import UnsupportedOperation
from typing import TYPE_CHECKING, TextIO, get_args

from taskgraph_core.display import Mode, choose
from taskgraph_core.engine.events import RunAborted, RunEnded, RunStarted
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event, Observer


@dataclass(slots=True)
class _Shared:
    display: Observer
    runs: int = 0


_AT_WORK: dict[int | TextIO, _Shared] = {}
"""The display at work on each stream, by file descriptor where it has one: two would draw over each other."""


class ParallelEventPrinter:
    """Shows groups and runs while they go on: give it to ``parallel`` or ``run`` as an observer.

    One printer, or several of the same stream, may be given to runs that go on at the same time: they share
    a display, in the mode of the first.

    Args:
        parallel_mode: ``progress`` for bars, ``realtime`` for a line at each start and end, ``collapsed`` for one
            line, ``hybrid`` for whatever suits the number of tasks.
        stream: where to; standard output if not given. Live on a terminal, lines elsewhere.

    Raises:
        EngineError: there is no such mode.
    """

    def __init__(self, parallel_mode: Mode = "hybrid", stream: TextIO | None = None) -> None:
        if parallel_mode not in get_args(Mode):
            msg = f"there is no display mode {parallel_mode!r}"
            raise EngineError(msg, fix=f"use one of {', '.join(get_args(Mode))}")
        self._mode: Mode = parallel_mode
        self._stream = stream if stream is not None else sys.stdout
        self._place = _place(self._stream)

    def __call__(self, event: Event) -> None:
        """Show one event."""
        begins = isinstance(event, RunStarted)
        shared = _AT_WORK.get(self._place)
        if shared is None:
            if not begins:
                return
            shared = _AT_WORK[self._place] = _Shared(choose("auto", self._stream, self._mode))
        shared.runs += begins
        shared.display(event)
        shared.runs -= isinstance(event, RunEnded | RunAborted)
        if not shared.runs:
            del _AT_WORK[self._place]


def _place(stream: TextIO) -> int | TextIO:
    try:
        return stream.fileno()
    except (AttributeError, OSError, UnsupportedOperation):
        return stream
