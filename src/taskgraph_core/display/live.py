"""The live display: the run as one picture that is drawn again a few times a second.

Events only update numbers, under a lock; a thread of rich's draws, so the cost does not grow with
the number of events and the picture moves on while an event loop is busy. The picture goes
away at the end and leaves the summary.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.segment import ControlType, Segment
from rich.text import Text

from taskgraph_core.display.frame import frame
from taskgraph_core.display.progress import Progress
from taskgraph_core.display.summary import summary
from taskgraph_core.engine.clock import SteadyClock
from taskgraph_core.engine.events import RunAborted, RunEnded, RunStarted

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import ConsoleOptions, RenderResult

    from taskgraph_core.engine.events import Event

PICTURES_PER_SECOND = 5


class LiveDisplay:
    """Draws on a terminal; ``clock`` is what the events' times are read from."""

    def __init__(
        self, stream: TextIO, *, console: Console | None = None, clock: Callable[[], float] | None = None
    ) -> None:
        self._console = console or Console(file=stream, highlight=False)
        self._clock = clock or SteadyClock()
        self._lock = threading.Lock()
        self._offset = 0.0
        self._progress: Progress | None = None
        self._live = Live(
            get_renderable=self._picture,
            console=self._console,
            refresh_per_second=PICTURES_PER_SECOND,
            transient=True,
            # What tasks print goes to their logs; nobody else prints while this is open.
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __call__(self, event: Event) -> None:
        """Take one event into account; begin and end with the run. A terminal that is gone is left alone."""
        try:
            self._take(event)
        except OSError:
            self._progress = None

    def _take(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._offset = event.time - self._clock()  # a simulation has a time of its own
            self._progress = Progress(event)
            self._live.start()
        elif self._progress is not None:
            with self._lock:
                self._progress.note(event)
        if isinstance(event, RunEnded | RunAborted):
            self._live.stop()
        if isinstance(event, RunEnded) and self._progress is not None:
            start = self._progress.start
            for line in summary(event.record, start.graph, start.directory, self._progress.stopping):
                self._console.print(Text(line.text, line.style), soft_wrap=True)

    def _picture(self) -> Group:
        if self._progress is None:
            return Group()
        size = self._console.size
        with self._lock:
            now = self._clock() + self._offset
            lines = frame(self._progress, now=now, width=size.width, height=size.height - 2)
        return Group(*lines, _REST)


class _Rest:
    """Where the cursor rests: an empty line, so that an echoed ^C does no harm, with whatever is below it erased.

    A terminal that becomes narrower folds the lines of the picture before; their ends would stay there.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment("\x1b[J", None, [(ControlType.CLEAR,)])
        yield Segment.line()


_REST = _Rest()
