"""What a person, or a program, sees while a run goes on: observers of its events."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Observer

Mode = Literal["auto", "live", "plain", "json"]


def choose(mode: Mode, stream: TextIO) -> Observer:
    """The display of a mode; ``auto`` is live on a terminal that can move its cursor, plain elsewhere."""
    if mode == "auto":
        mode = "live" if can_be_live(stream) else "plain"
    # Each display is imported when it is wanted: rich alone takes longer to import than a small run.
    if mode == "json":
        from taskgraph_core.display.json_lines import JsonDisplay  # noqa: PLC0415

        return JsonDisplay(stream)
    if mode == "plain":
        from taskgraph_core.display.lines import PlainDisplay  # noqa: PLC0415

        return PlainDisplay(stream)
    from taskgraph_core.display.live import LiveDisplay  # noqa: PLC0415

    return LiveDisplay(stream)


def can_be_live(stream: TextIO) -> bool:
    """Whether a stream is a terminal for which lines can be drawn over, with more than ASCII."""
    encoding = (stream.encoding or "").lower().replace("-", "")
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb" and encoding.startswith("utf")
