"""What is said at the end of a run, in words that every display shares."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, get_args

from taskgraph_core.duration import human
from taskgraph_core.engine.rundir import tail
from taskgraph_core.record import TaskState
from taskgraph_core.show.text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taskgraph_core.engine.events import RunStopping
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import Attempt, RunRecord

SHOWN_FAILURES = 10
"""Most failed tasks described one by one; the record has them all."""

TAIL_LINES = 10
"""Last lines shown of a failed task's log."""

TITLE_LIMIT = 80

STATE_STYLE: dict[str, str] = {
    "success": "green",
    "failed": "red",
    "skipped": "yellow",
    "upstream_failed": "magenta",
    "cancelled": "bright_black",
}
"""One colour for each final state, in every display."""

_TERMINAL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class Line(NamedTuple):
    """A line, and the style it has where there are styles."""

    text: str
    style: str = ""


def name_of(graph: TaskGraph, task_id: str) -> str:
    """Id and title of a task, fit to be shown."""
    return clipped(plain(f"{task_id} {graph.by_id[task_id].title}").rstrip(), TITLE_LIMIT)


def summary(
    record: RunRecord, graph: TaskGraph, directory: RunDirectory | None, stopping: RunStopping | None = None
) -> Iterator[Line]:
    """How the run ended: each failure with its error and the end of its log, then states and times.

    ``stopping`` is the event that ended it before its time, if one did.
    """
    yield from _failures(record, graph, directory)
    yield from _not_undone(record, graph, directory)
    yield Line(f"run {record.run_id} of {record.graph_id}: {record.state}", f"bold {STATE_STYLE[record.state]}")
    if stopping is not None:
        yield Line(f"  stopped early, because {plain(stopping.reason)}", "yellow")
    yield from _states(record)
    yield Line(_times(record))
    if directory is not None:
        yield Line(f"  record: {_shortest(directory.record)}", "dim")


def _failures(record: RunRecord, graph: TaskGraph, directory: RunDirectory | None) -> Iterator[Line]:
    failed = [task for task in record.tasks if task.state == "failed"]
    for task in failed[:SHOWN_FAILURES]:
        number = task.attempts[-1].number if task.attempts else 0
        error = task.attempts[-1].error if task.attempts else "no attempt is on the record"
        of = f" (attempt {number} of {graph.by_id[task.id].retry.attempts})" if number > 1 else ""
        log = directory.log(task.id, number) if directory is not None else None
        yield from _trouble(f"failed: {name_of(graph, task.id)}", f"{error}{of}", log)
    yield from _more(len(failed), "failed")


def _not_undone(record: RunRecord, graph: TaskGraph, directory: RunDirectory | None) -> Iterator[Line]:
    left = [task for task in record.tasks if task.undo == "failed"]
    for task in left[:SHOWN_FAILURES]:
        log = directory.last_undo_log(task.id) if directory is not None else None
        yield from _trouble(f"not undone: {name_of(graph, task.id)}", task.undo_error, log)
    yield from _more(len(left), "not undone")


def _more(number: int, what: str) -> Iterator[Line]:
    if number > SHOWN_FAILURES:
        yield Line(f"and {number - SHOWN_FAILURES} more {what}; the record names them", "red")
        yield Line("")


def _trouble(title: str, error: str, log: Path | None) -> Iterator[Line]:
    yield Line(title, "bold red")
    yield Line(f"  {plain(error)}", "red")
    if log is not None and log.is_file():
        for line in tail(log, TAIL_LINES):
            yield Line(f"  | {log_line(line)}", "dim")
        yield Line(f"  log: {_shortest(log)}", "dim")
    yield Line("")


def log_line(text: str) -> str:
    """A line of a program's output, fit to be shown: colours gone, and of a redrawn line the last state."""
    return plain(_TERMINAL_SEQUENCE.sub("", text.rstrip("\r").rpartition("\r")[2]))


def _states(record: RunRecord) -> Iterator[Line]:
    counts = Counter(record.states.values())
    for state in get_args(TaskState):
        if counts[state]:
            yield Line(f"  {counts[state]:>6,} {state}", STATE_STYLE[state])
    undone = Counter(task.undo for task in record.tasks if task.undo is not None)
    if undone:
        style = "red" if undone["failed"] else "green"
        yield Line(f"  {undone['undone']:>6,} of {undone.total():,} undone", style)


def _times(record: RunRecord) -> str:
    one_by_one = sum(attempt.seconds for attempt in _attempts(record))
    text = f"  {human(record.seconds)} in all, {human(one_by_one)} one after another"
    if record.seconds > 0 and one_by_one > record.seconds:
        text += f": {one_by_one / record.seconds:.1f} times as fast"
    return text


def _attempts(record: RunRecord) -> Iterator[Attempt]:
    for task in record.tasks:
        yield from task.attempts


def _shortest(place: Path) -> str:
    """A path as one would type it here."""
    relative = os.path.relpath(place)
    return plain(min(relative, str(place), key=len))
