"""What really happened, as the programs of the tasks wrote it down themselves; no word of the engine's is believed.

Each program appends short lines to the file ``truth`` with ``O_APPEND``: one system call, which neither tears nor
mixes with others, so the order of lines is the order of events.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from taskgraph_core.engine.events import TaskEnded
from taskgraph_core.engine.history import still_counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import TaskGraph

STEP = """#!/bin/sh
# A task that does nothing but say so; $1 is how long that takes.
echo "${TASKGRAPH_UNDO:+un}start $TASKGRAPH_TASK_ID $TASKGRAPH_ATTEMPT $$" >> truth
[ -z "$1" ] || sleep "$1"
echo "${TASKGRAPH_UNDO:+un}end $TASKGRAPH_TASK_ID $TASKGRAPH_ATTEMPT $$" >> truth
"""
"""A ``start`` and an ``end``, ``unstart`` and ``unend`` where it undoes."""


class Line(NamedTuple):
    """One thing that happened."""

    what: str
    task: str
    attempt: int
    pid: int


def write_step(folder: Path) -> tuple[str, ...]:
    """Put the program into a folder; how a task calls it."""
    place = folder / "step.sh"
    place.write_text(STEP)
    place.chmod(0o755)
    return ("./step.sh",)


def lines(folder: Path) -> list[Line]:
    """Everything that was written so far."""
    text = (folder / "truth").read_text() if (folder / "truth").exists() else ""
    words = [line.split() for line in text.splitlines()]
    return [Line(what, task, int(attempt), int(pid)) for what, task, attempt, pid in words]


def written(folder: Path) -> int:
    """How many lines there are."""
    try:
        return (folder / "truth").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def recorded(events: Iterable[Event]) -> set[str]:
    """Tasks of which a journal says that they succeeded."""
    ends = [event for event in still_counting(events) if isinstance(event, TaskEnded)]
    return {event.task_id for event in ends if event.attempt.outcome == "success"}


def false_successes(done: set[str], happened: Sequence[Line]) -> list[str]:
    """Tasks recorded as successful whose program never came to its end."""
    ended = {line.task for line in happened if line.what == "end"}
    return sorted(done - ended)


def run_again(known: Mapping[str, int], happened: Iterable[Line]) -> list[str]:
    """Tasks that started although, at a line before that, their success was on record."""
    return [
        f"{line.task}, attempt {line.attempt}"
        for number, line in enumerate(happened)
        if line.what == "start" and number >= known.get(line.task, number + 1)
    ]


def out_of_order(graph: TaskGraph, happened: Iterable[Line]) -> list[str]:
    """Tasks that started before all upstream tasks had ended, or whose upstream started once more after that."""
    ended: set[str] = set()
    relied_upon: dict[str, str] = {}
    found = []
    for line in happened:
        if line.what == "end":
            ended.add(line.task)
        elif line.what == "start":
            upstream = graph.by_id[line.task].depends_on
            found += [f"{line.task} started before {other} had ended" for other in upstream if other not in ended]
            if line.task in relied_upon:
                found.append(f"{line.task} started again after {relied_upon[line.task]} had relied on it")
            relied_upon |= dict.fromkeys(upstream, line.task)
    return found


def overlaps(happened: Sequence[Line]) -> list[str]:
    """Executions that ended after a later one of the same task had begun, or that said they were not alone."""
    latest: dict[str, int] = {}
    found = [f"{line.task}, attempt {line.attempt}" for line in happened if line.what == "overlap"]
    for line in happened:
        if line.what == "start":
            latest[line.task] = line.pid
        elif line.what == "end" and latest.get(line.task) != line.pid:
            found.append(f"{line.task}, attempt {line.attempt}")
    return found


def repeats(happened: Iterable[Line], what: str = "start") -> int:
    """How many executions there were beyond the first of each task."""
    return sum(number - 1 for number in Counter(line.task for line in happened if line.what == what).values())
