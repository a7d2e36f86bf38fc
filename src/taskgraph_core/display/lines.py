"""The display in lines, for logs, pipes and terminals that scroll.

``realtime`` has a line for each start and end, ``progress`` one now and then, ``collapsed`` none before the end.
``hybrid`` is realtime for runs of up to ``FEW`` tasks, progress and failures for larger ones. Whatever the mode,
it says when the run begins, is held back, or is being ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from taskgraph_core.display import words
from taskgraph_core.display.board import Board
from taskgraph_core.display.output import Output
from taskgraph_core.display.summary import Line, brief, summary, troubles
from taskgraph_core.display.telling import Telling, begins, failure, stopping, tell
from taskgraph_core.engine.attempt import describe
from taskgraph_core.engine.events import (
    LimitChanged,
    RunAborted,
    RunEnded,
    RunResumed,
    RunStarted,
    RunStopping,
    TaskFinal,
)
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskgraph_core.display import Mode
    from taskgraph_core.display.board import Followed
    from taskgraph_core.engine.events import Event, TaskEvent
    from taskgraph_core.record import RunRecord

FEW = 200
"""Tasks of which each may have lines of its own."""

SECONDS = 10.0
"""From one line of progress to the next, if there was any."""

STEPS = 10
"""A faster run has that many lines of progress."""


class PlainDisplay:
    """Writes lines to a stream: seconds since the start, what happened, to which task.

    Runs inside another, or beside it, have the name of their graph before each task, and one line at their end.
    """

    def __init__(self, stream: TextIO, mode: Mode = "hybrid", *, colour: bool = False) -> None:
        self._output = Output(stream, colour=colour)
        self._mode = mode
        self._board = Board()
        self._next: dict[str, tuple[float, int]] = {}

    def __call__(self, event: Event) -> None:
        """Write the line of one event, if it has one."""
        if isinstance(event, RunStarted):
            run = self._board.begin(event)
            self._line(run, run.progress.origin, Telling("", "", begins(run.progress)))
            return
        found = self._board.find()
        if found is None:
            return
        found.progress.note(event)
        match event:
            case RunEnded() | RunAborted():
                self._end(found, event)
            case RunStopping():
                self._line(found, event.time, stopping(event))
            case LimitChanged():
                self._line(found, event.time, Telling("limit", "yellow", words.limit(found.progress)))
            case RunResumed():
                pass
            case _ if self._mode != "collapsed":
                self._about_task(found, event)

    def _about_task(self, run: Followed, event: TaskEvent) -> None:
        many = run.progress.total > FEW
        if self._mode == "realtime" or (self._mode == "hybrid" and not many):
            self._line(run, event.time, tell(event, run.progress))
        elif isinstance(event, TaskFinal):
            if event.state == "failed" and self._mode == "hybrid":
                self._line(run, event.time, failure(run.progress, event.task_id))
            self._now_and_then(run, event.time)

    def _now_and_then(self, run: Followed, now: float) -> None:
        progress = run.progress
        step = STEPS * progress.final // progress.total
        due, last = self._next.get(progress.start.run_id, (progress.origin + SECONDS, 0))
        if progress.final < progress.total and (now >= due or (step > last and now >= due - SECONDS + 1)):
            self._next[progress.start.run_id] = now + SECONDS, step
            self._line(run, now, Telling("", "", words.so_far(progress, now, run.outlook.left(now))))

    def _end(self, run: Followed, event: RunEnded | RunAborted) -> None:
        self._board.end(run)
        self._next.pop(run.progress.start.run_id, None)
        if isinstance(event, RunAborted):
            self._line(run, event.time, Telling("aborted", "red", f"by {plain(describe(event.error))}"))
        else:
            self._sum_up(run, event.record)
        self._output.flush()

    def _sum_up(self, run: Followed, record: RunRecord) -> None:
        tasks, directory = run.progress.tasks, run.progress.start.directory
        lines: Iterable[Line] = ()
        if not run.depth:
            lines = (Line(""), *summary(record, tasks, directory))
        elif self._mode in ("progress", "collapsed"):  # otherwise failures were told when they happened
            lines = troubles(record, tasks, directory)
        for line in lines:
            self._output.line(self._output.paint(line.text, line.style))
        if run.depth:
            self._line(run, record.ended, Telling("ended", words.STATE_STYLE[record.state], brief(record)))

    def _line(self, run: Followed, now: float, telling: Telling | None) -> None:
        if telling is None:
            return
        time = self._output.paint(f"{now - self._board.origin:9.2f}s", "dim")
        word = self._output.paint(f"{telling.word:<8}", telling.style) + " " if telling.word else ""
        inside = f"{run.progress.start.graph.id}: " if run.depth and telling.word else ""
        self._output.line(f"{time}  {word}{inside}{telling.rest}")
