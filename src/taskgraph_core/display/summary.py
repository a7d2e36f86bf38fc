"""What is said at the end of a run, in words that every display shares."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, get_args

from taskgraph_core.display.words import STATE_STYLE, TITLE_LIMIT, attempt_of, name_of
from taskgraph_core.duration import human
from taskgraph_core.engine.rundir import tail
from taskgraph_core.record import TaskState
from taskgraph_core.show.text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import Task
    from taskgraph_core.record import Attempt, RunRecord

SHOWN_FAILURES = 10
"""Most failed tasks described one by one; the record has them all."""

TAIL_LINES = 10
"""Last lines shown of a failed task's log."""

_TERMINAL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class Line(NamedTuple):
    """A line, and the style it has where there are styles."""

    text: str
    style: str = ""


def summary(record: RunRecord, tasks: Mapping[str, Task], directory: RunDirectory | None) -> Iterator[Line]:
    """How the run ended: each failure with its error and the end of its log, then states, times and what it took."""
    yield from troubles(record, tasks, directory)
    yield Line(f"run {record.run_id} of {record.graph_id}: {record.state}", f"bold {STATE_STYLE[record.state]}")
    if record.stopped:
        yield Line(f"  stopped early, because {plain(record.stopped)}", "yellow")
    yield from _states(record)
    yield Line(f"  {_times(record)}")
    if used := _used(record):
        yield Line(f"  {used}")
    if directory is not None:
        yield Line(f"  record: {shortest(directory.record)}", "dim")


def brief(record: RunRecord) -> str:
    """How a run ended, in one line: ``failed after 3.2 s (6 success, 1 failed)``."""
    counted = ", ".join(f"{number:,} {state}" for state, number in _counted(record))
    return f"{record.state} after {human(record.seconds)}{f' ({counted})' if counted else ''}"


def troubles(record: RunRecord, tasks: Mapping[str, Task], directory: RunDirectory | None) -> Iterator[Line]:
    """What failed and what could not be undone, each with its error and the end of its log."""
    yield from _failures(record, tasks, directory)
    yield from _not_undone(record, tasks, directory)


def _failures(record: RunRecord, tasks: Mapping[str, Task], directory: RunDirectory | None) -> Iterator[Line]:
    failed = [task for task in record.tasks if task.state == "failed"]
    for task in failed[:SHOWN_FAILURES]:
        number = task.attempts[-1].number if task.attempts else 0
        error = task.attempts[-1].error if task.attempts else "no attempt is on the record"
        of = attempt_of(tasks[task.id], number)
        log = directory.log(task.id, number) if directory is not None else None
        yield from _trouble(f"failed: {name_of(tasks[task.id])}", f"{error}{f' ({of})' if of else ''}", log)
    yield from _more(len(failed), "failed")


def _not_undone(record: RunRecord, tasks: Mapping[str, Task], directory: RunDirectory | None) -> Iterator[Line]:
    left = [task for task in record.tasks if task.undo == "failed"]
    for task in left[:SHOWN_FAILURES]:
        log = directory.last_undo_log(task.id) if directory is not None else None
        yield from _trouble(f"not undone: {name_of(tasks[task.id])}", task.undo_error, log)
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
        yield Line(f"  log: {shortest(log)}", "dim")
    yield Line("")


def log_line(text: str) -> str:
    """A line of a program's output, fit to be shown: colours gone, and of a redrawn line the last state."""
    return plain(_TERMINAL_SEQUENCE.sub("", text.rstrip("\r").rpartition("\r")[2]))


def _states(record: RunRecord) -> Iterator[Line]:
    for state, number in _counted(record):
        yield Line(f"  {number:>6,} {state}", STATE_STYLE[state])
    undone = Counter(task.undo for task in record.tasks if task.undo is not None)
    if undone:
        style = "red" if undone["failed"] else "green"
        yield Line(f"  {undone['undone']:>6,} of {undone.total():,} undone", style)


def _counted(record: RunRecord) -> list[tuple[TaskState, int]]:
    counts = Counter(record.states.values())
    return [(state, counts[state]) for state in get_args(TaskState) if counts[state]]


def _times(record: RunRecord) -> str:
    """How long it took; a run that was resumed took breaks, so its speed says nothing."""
    one_by_one = sum(attempt.seconds for attempt in _attempts(record))
    text = f"{human(record.seconds)} in all, {human(one_by_one)} one after another"
    if record.resumed:
        number = len(record.resumed)
        return f"{text}; resumed {'once' if number == 1 else f'{number:,} times'}, breaks included"
    if record.seconds > 0 and one_by_one > record.seconds:
        text += f": {one_by_one / record.seconds:.1f} times as fast"
    return text


def _used(record: RunRecord) -> str:
    """What the programs took of the machine, as far as it was measured."""
    seconds = [attempt.cpu_seconds for attempt in _attempts(record) if attempt.cpu_seconds is not None]
    peaks = [
        (attempt.peak_memory, task.id)
        for task in record.tasks
        for attempt in task.attempts
        if attempt.peak_memory is not None
    ]
    found = [f"CPU {human(sum(seconds))}"] if seconds else []
    if peaks:
        most, task_id = max(peaks, key=lambda peak: peak[0])
        found.append(f"largest task {_size(most)} ({clipped(task_id, TITLE_LIMIT // 2)})")
    return ", ".join(found)


def _size(number: int) -> str:
    """Bytes for people: ``340 kB``, ``210 MB``, ``1.5 GB``."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if number >= 0.9995 * unit:
            return f"{number / unit:.3g} {name}" if number < 999.5 * unit else f"{number / unit:,.0f} {name}"
    return f"{number / 1e3:.0f} kB"


def _attempts(record: RunRecord) -> Iterator[Attempt]:
    for task in record.tasks:
        yield from task.attempts


def shortest(place: Path) -> str:
    """A path as one would type it here."""
    relative = os.path.relpath(place)
    return plain(min(relative, str(place), key=len))
