"""What pictures of a run are made of: rows that fit a width, bars, sections that fit a number of lines."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from rich.text import Text

from taskgraph_core.display.words import attempt_of, elapsed, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.display.progress import Running
    from taskgraph_core.ir import Task

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPINS_PER_SECOND = 8


def row(left: Text, right: Text, width: int) -> Text:
    """Two texts at both ends of a line; the left one gives way to the right one."""
    room = max(0, width - right.cell_len)
    left.truncate(max(0, room - 1), overflow="ellipsis")
    return Text.assemble(left, " " * (room - left.cell_len), right)


def bar(done: int, total: int, width: int, style: str) -> Text:
    """A bar, filled as far as things are done."""
    filled = width * done // max(1, total)
    return Text.assemble(("━" * filled, style), ("━" * (width - filled), "bright_black"))


def section(title: str, rows: Iterator[Text], number: int, room: int) -> list[Text]:
    """A heading and as many rows as there is room for; the last line counts those left out."""
    if not number or room < 2:
        return []
    heading = Text(title, "bold")
    if number < room:
        return [heading, *rows]
    shown = room - 2
    rest = f"  and {number - shown:,} more" if shown else f"  {number:,} of them"
    return [heading, *islice(rows, shown), Text(rest, "dim")]


def running_row(task: Task, running: Running, now: float, width: int, indent: str = "  ", inside: str = "") -> Text:
    """A task that runs, and since when; ``inside`` says of which run, where there are several."""
    spin = SPINNER[int(now * SPINS_PER_SECOND) % len(SPINNER)]
    left = Text.assemble(indent, (spin, "cyan"), f" {inside}{name_of(task)}")
    right = Text.assemble((attempt_of(task, running.attempt), "dim"), f" {elapsed(now - running.since):>7}")
    return row(left, right, width)


def resting_row(task: Task, attempt: int, pause: float, width: int, indent: str = "  ", inside: str = "") -> Text:
    """A task that rests before it is tried again."""
    right = Text.assemble((attempt_of(task, attempt), "dim"), f" {'in ' + elapsed(pause):>7}")
    return row(Text.assemble(indent, ("↻", "yellow"), f" {inside}{name_of(task)}"), right, width)
