"""Where a run stands, for people and for programs: what ``taskgraph status`` says of an inspected run.

run 20261121-140307-1b2c3d of nightly: running
  began 2026-11-21 14:03:07, carried out for 1 min 12 s, by process 4711 on build-3
  at most 4 at a time
      17 success
       1 failed
       1 running
       3 waiting
running
  5.2 Build the parser                                          attempt 2 of 3    0:12
waiting
  7 Deploy                                                          waits for 5.2, 6.1
failed
  3 Fetch: exit code 3
    log: .taskgraph/runs/20261121-140307-1b2c3d/logs/3.1.log
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.text import Text

from taskgraph_core.display import words
from taskgraph_core.display.parts import row
from taskgraph_core.display.summary import shortest
from taskgraph_core.duration import human
from taskgraph_core.engine.events import UndoEnded
from taskgraph_core.engine.history import still_counting
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taskgraph_core.display.inspection import Inspection
    from taskgraph_core.ir import Task
    from taskgraph_core.record import Attempt

STYLES = {"running": "cyan", "interrupted": "yellow", "success": "green", "failed": "red", "unreadable": "red"}
"""One colour for each state of a run."""

SHOWN = 20
"""Most tasks listed under one heading."""

REASONS = 5
"""Most things named that one task waits for."""


class _Failure(NamedTuple):
    """A task that failed, or with ``undo`` one whose rollback did: the last error, and its log if there is one."""

    task: Task
    error: str
    log: Path | None
    undo: bool = False


# --- for programs ---------------------------------------------------------------------------------


def as_dict(found: Inspection, now: float) -> dict[str, Any]:
    """The machine form. Times are seconds since the epoch, durations seconds."""
    story, progress = found.story, found.progress
    waiting = list(_waiting(found))
    return {
        "run_id": story.run_id,
        "graph_id": story.graph_id,
        "state": found.state,
        "started": story.started,
        "ended": story.last if story.ended is not None else None,
        "seconds": round(found.seconds(now), 3),
        "directory": str(found.directory.path),
        "engine": None if found.engine is None else {"pid": found.engine.pid, "host": found.engine.host},
        "max_parallel": progress.parallel,
        "held_by": progress.limit.reason if progress.limit is not None else "",
        "stopping": progress.stopping.reason if progress.stopping is not None else "",
        "tasks": progress.total,
        "counts": {**progress.counts, **_open_counts(found, waiting)},
        "undone": progress.undone,
        "states": {task.id: progress.states[task.id] for task in found.tasks if task.id in progress.states},
        "running": [
            {
                "task": task_id,
                "attempt": running.attempt,
                "since": running.since,
                "seconds": round(max(0.0, now - running.since), 3),
                "undo": progress.undoing,
            }
            for task_id, running in progress.running.items()
        ],
        "retrying": [
            {"task": task_id, "attempt": attempt, "due": due} for task_id, (attempt, due) in progress.resting.items()
        ],
        "waiting": [{"task": task.id, "waits_for": progress.start.waits_for(task.id)} for task in waiting],
        "failures": [
            {"task": task.id, "error": error, "undo": undo, "log": None if log is None else str(log)}
            for task, error, log, undo in _failures(found)
        ],
    }


def _open_counts(found: Inspection, waiting: list[Task]) -> dict[str, int]:
    progress = found.progress
    numbers = {"running": len(progress.running), "retrying": len(progress.resting), "waiting": len(waiting)}
    return {word: number for word, number in numbers.items() if number}


def _waiting(found: Inspection) -> Iterator[Task]:
    """Tasks that wait for others, for resources or for a free place; those that could start first."""
    progress = found.progress
    busy = progress.states.keys() | progress.running.keys() | progress.resting.keys()
    ready = [progress.tasks[task_id] for task_id in progress.ready if task_id not in busy]
    yield from ready
    yield from (task for task in found.tasks if task.id not in busy and task.id not in progress.ready)


def _failures(found: Inspection) -> Iterator[_Failure]:
    """Tasks that failed, then rollbacks that did, with their last error and its log, if there is one."""
    progress = found.progress
    for task in found.tasks:
        if progress.states.get(task.id) == "failed":
            yield _failure(found, task, progress.attempts.get(task.id))
    undone = {
        event.task_id: event.attempt for event in still_counting(found.story.events) if isinstance(event, UndoEnded)
    }
    for task_id, attempt in undone.items():
        if attempt.outcome != "success" and task_id in progress.tasks and task_id not in progress.running:
            yield _failure(found, progress.tasks[task_id], attempt, undo=True)


def _failure(found: Inspection, task: Task, attempt: Attempt | None, *, undo: bool = False) -> _Failure:
    if attempt is None:
        return _Failure(task, "no attempt is on record", None)
    log = found.directory.log(task.id, attempt.number, undo=undo)
    return _Failure(task, attempt.error, log if log.is_file() else None, undo)


# --- for people -----------------------------------------------------------------------------------


def lines(found: Inspection, now: float, width: int) -> Iterator[Text]:
    """The same for people; rows with something on the right are as wide as ``width``, others as they are."""
    progress = found.progress
    yield from _head(found, now)
    goes_on = found.state == "running"
    for number, word, style in words.counts(progress):
        yield Text(f"  {number:>6,} {word if goes_on or word != 'running' else 'interrupted'}", style)
    waiting = list(_waiting(found))
    title = "undoing" if progress.undoing else "running"
    title = title if goes_on else f"{title} when the engine ended"
    yield from _section(title, _running(found, now, width), len(progress.running))
    yield from _section("to retry", _retrying(found, now, width), len(progress.resting))
    yield from _section("waiting", _waits(found, waiting, width), len(waiting))
    failures = list(_failures(found))
    for title, undo in (("failed", False), ("not undone", True)):
        some = [failure for failure in failures if failure.undo is undo]
        yield from _section(title, _failed(some), len(some))


def _head(found: Inspection, now: float) -> Iterator[Text]:
    story, progress = found.story, found.progress
    name = f"run {plain(story.run_id)} of {plain(story.graph_id)}: "
    yield Text.assemble((name, "bold"), (found.state, f"bold {STYLES[found.state]}"))
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(story.started))
    by = f", by process {found.engine.pid} on {plain(found.engine.host)}" if found.engine is not None else ""
    yield Text(f"  began {began}, carried out for {human(found.seconds(now))}{by}")
    if progress.stopping is not None:
        what = "stopped early" if story.ended is not None else "stopping"
        yield Text(f"  {what}, because {plain(progress.stopping.reason)}", "yellow")
    if found.state == "running":
        held = words.held(progress)
        yield Text(f"  {held or f'at most {progress.parallel:,} at a time'}", "yellow" if held else "")
    elif found.state == "interrupted":
        yield Text("  its engine ended before it did; 'taskgraph run SPEC --resume' continues it", "yellow")


def _section(title: str, rows: Iterator[Text], number: int) -> Iterator[Text]:
    if not number:
        return
    yield Text(title, "bold")
    yield from islice(rows, SHOWN)
    if number > SHOWN:
        yield Text(f"  and {number - SHOWN:,} more", "dim")


def _running(found: Inspection, now: float, width: int) -> Iterator[Text]:
    for task_id, running in found.progress.running.items():
        task = found.progress.tasks[task_id]
        time_ = f" {words.elapsed(now - running.since):>7}" if found.state == "running" else ""
        right = Text.assemble((words.attempt_of(task, running.attempt), "dim"), time_)
        yield row(Text(f"  {words.name_of(task)}"), right, width)


def _retrying(found: Inspection, now: float, width: int) -> Iterator[Text]:
    for task_id, (attempt, due) in found.progress.resting.items():
        task = found.progress.tasks[task_id]
        pause = f" {'in ' + words.elapsed(due - now):>7}" if found.state == "running" else ""
        right = Text.assemble((words.attempt_of(task, attempt), "dim"), pause)
        yield row(Text(f"  {words.name_of(task)}"), right, width)


def _waits(found: Inspection, waiting: list[Task], width: int) -> Iterator[Text]:
    if found.state != "running":
        nothing = "ready"
    else:
        nothing = "waits for a free place" if found.progress.parallel else "waits for the end of the pause"
    for task in waiting:
        held_by = found.progress.start.waits_for(task.id)
        more = f" and {len(held_by) - REASONS:,} more" if len(held_by) > REASONS else ""
        right = f"waits for {', '.join(map(plain, held_by[:REASONS]))}{more}" if held_by else nothing
        yield row(Text(f"  {words.name_of(task)}"), Text(right, "dim"), width)


def _failed(failures: list[_Failure]) -> Iterator[Text]:
    for task, error, log, _ in failures:
        text = Text.assemble(f"  {words.name_of(task)}: ", (plain(error), "red"))
        yield text.append(f"\n    log: {shortest(log)}", "dim") if log is not None else text
