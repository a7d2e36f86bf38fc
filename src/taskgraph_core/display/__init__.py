"""What a person, or a program, sees while a run goes on: observers of its events.

words, telling, summary     what is said, in which words
progress, gates, outlook    where a run stands, what its waiting tasks wait for, when it may end
board                       several runs in one display
lines                       the display in lines: logs, pipes, a terminal that scrolls
live, frame, …              the display that is drawn again and again, and its pictures
json_lines                  the display for programs
printer                     the display for groups (``parallel``): an observer of any number of runs
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Observer

Format = Literal["auto", "live", "plain", "json"]
"""Where it is shown: a terminal that can be drawn on, lines, or a program; ``auto`` finds out."""

Mode = Literal["progress", "realtime", "collapsed", "hybrid"]
"""What people see: bars; starts and ends as they happen; one line; or whatever suits the size of the run."""


def choose(form: Format, stream: TextIO, mode: Mode = "hybrid") -> Observer:
    """The display of a format and a mode; ``auto`` is live on a terminal that can move its cursor, plain elsewhere."""
    if form == "auto":
        form = "live" if can_be_live(stream) else "plain"
    # Each display is imported when it is wanted: rich alone takes longer to import than a small run.
    if form == "json":
        from taskgraph_core.display.json_lines import JsonDisplay  # noqa: PLC0415

        return JsonDisplay(stream)
    if form == "plain" or mode == "realtime":
        from taskgraph_core.display.lines import PlainDisplay  # noqa: PLC0415

        return PlainDisplay(stream, mode, colour=form == "live")
    from taskgraph_core.display.live import LiveDisplay  # noqa: PLC0415

    return LiveDisplay(stream, mode)


def can_be_live(stream: TextIO) -> bool:
    """Whether a stream is a terminal for which lines can be drawn over, with more than ASCII."""
    encoding = (stream.encoding or "").lower().replace("-", "")
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb" and encoding.startswith("utf")
