"""The live display: the run as one picture that is drawn again a few times a second.

Events only update numbers, under a lock; a thread draws, so the cost does not grow with the number of events
and the picture moves on while an event loop is busy. The picture goes away at the end and leaves the summary.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group
from rich.segment import ControlType, Segment
from rich.text import Text

from taskgraph_core.display.board import Board
from taskgraph_core.display.drawing import Drawing
from taskgraph_core.display.frame import frame
from taskgraph_core.display.summary import Line, brief, summary, troubles
from taskgraph_core.display.words import STATE_STYLE
from taskgraph_core.engine.clock import SteadyClock
from taskgraph_core.engine.events import RunAborted, RunEnded, RunStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import ConsoleOptions, RenderResult

    from taskgraph_core.display import Mode
    from taskgraph_core.display.board import Followed
    from taskgraph_core.engine.events import Event
    from taskgraph_core.record import RunRecord

WIDEST = 120
"""Columns used at most: the eye must find what belongs together."""


class LiveDisplay:
    """Draws on a terminal; ``clock`` is what the events' times are read from.

    One picture for all runs that go on at the same time. The first leaves its summary, those inside or beside it
    only say so if they failed.
    """

    def __init__(
        self,
        stream: TextIO,
        mode: Mode = "hybrid",
        *,
        console: Console | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._stream = stream
        self._mode: Mode = mode
        self._console = console or Console(file=stream, highlight=False)
        self._clock = clock or SteadyClock()
        self._lock = threading.Lock()
        self._offset = 0.0
        self._board = Board()
        self._drawing: Drawing | None = None

    def __call__(self, event: Event) -> None:
        """Take one event into account; begin and end with the first and the last run."""
        if isinstance(event, RunStarted):
            self._begin(event)
            return
        run = self._board.find()
        if run is None:
            return
        with self._lock:
            run.progress.note(event)
            if isinstance(event, RunEnded | RunAborted):
                self._board.end(run)
        if isinstance(event, RunEnded | RunAborted):
            self._end(run, event)

    def _begin(self, start: RunStarted) -> None:
        with self._lock:
            run = self._board.begin(start)
            if len(self._board.runs) == 1:
                self._offset = run.progress.origin - self._clock()  # a simulation has a time of its own
        if self._drawing is None:
            self._drawing = Drawing(self._console, self._picture, self._stream)
            self._drawing.start()

    def _end(self, run: Followed, event: RunEnded | RunAborted) -> None:
        if self._drawing is None:
            return
        if isinstance(event, RunEnded):
            self._drawing.above(*(Text(line.text, line.style) for line in _last_words(run, event.record)))
        if not self._board.runs:
            drawing, self._drawing = self._drawing, None
            drawing.stop()

    def _picture(self) -> Group:
        size = self._console.size
        now = self._clock() + self._offset
        for run in self._board.runs.values():
            run.outlook.left(now)  # thinks now, if it is time to, and not while the run has to wait for the lock
        with self._lock:
            runs = list(self._board.runs.values())
            if not runs:
                return Group()
            width = min(size.width, WIDEST)
            lines = frame(runs, now=now, width=width, height=size.height - 2, mode=self._mode)
        return Group(*lines, _REST)


def _last_words(run: Followed, record: RunRecord) -> Iterable[Line]:
    progress = run.progress
    if not run.depth:
        return summary(record, progress.tasks, progress.start.directory)
    if record.state == "success":
        return []
    ended = Line(f"{record.graph_id}: {brief(record)}", STATE_STYLE[record.state])
    return [*troubles(record, progress.tasks, progress.start.directory), ended]


class _Rest:
    """Where the cursor rests: an empty line, so that an echoed ^C does no harm, with whatever is below it erased.

    A terminal that becomes narrower folds the lines of the picture before; their ends would stay there.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment("\x1b[J", None, [(ControlType.CLEAR,)])
        yield Segment.line()


_REST = _Rest()
