"""Words and colours that every display shares; whatever comes from a plan is made fit to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

from taskgraph_core.duration import human
from taskgraph_core.record import TaskState
from taskgraph_core.show.text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.display.progress import Progress
    from taskgraph_core.ir import Task

TITLE_LIMIT = 80

STATE_STYLE: dict[str, str] = {
    "success": "green",
    "failed": "red",
    "skipped": "yellow",
    "upstream_failed": "magenta",
    "cancelled": "bright_black",
}
"""One colour for each final state, in every display."""

_STEPS = ((20.0, 1.0), (120.0, 5.0), (600.0, 30.0), (3600.0, 60.0), (86400.0, 600.0))
"""Up to so many seconds, an estimate is rounded to so many."""


class Count(NamedTuple):
    """How many tasks are in a state."""

    number: int
    word: str
    style: str


def name_of(task: Task) -> str:
    """Id and title of a task, fit to be shown."""
    return clipped(plain(f"{task.id} {task.title}").rstrip(), TITLE_LIMIT)


def tasks(number: int) -> str:
    """So many tasks."""
    return f"{number:,} task{'' if number == 1 else 's'}"


def attempt_of(task: Task, number: int) -> str:
    """Which attempt it is; empty for the first.

    After a resumption the number can exceed what one life allows: then only the number is said.
    """
    if number < 2:
        return ""
    return f"attempt {number} of {task.retry.attempts}" if number <= task.retry.attempts else f"attempt {number}"


def counts(progress: Progress) -> Iterator[Count]:
    """How many tasks are in which state, those with none left out."""
    numbers = [Count(progress.counts[state], state, STATE_STYLE[state]) for state in get_args(TaskState)]
    numbers += [
        Count(len(progress.running), "undoing" if progress.undoing else "running", "cyan"),
        Count(len(progress.resting), "to retry", "yellow"),
        Count(progress.waiting, "waiting", ""),
    ]
    return (count for count in numbers if count.number > 0)


def waits(progress: Progress, now: float) -> str:
    """What waiting tasks wait for: ``8 for other tasks, 2 for db, 1 for api (10/min, next in 0:05)``."""
    found = []
    for name, number in progress.waits():
        what = "a free place" if name is None else progress.gates.describe(name, now) if name else "other tasks"
        found.append(f"{number:,} for {what}")
    return ", ".join(found)


def held(progress: Progress) -> str:
    """What keeps the run below what it was allowed, if anything does."""
    limit = progress.limit
    if limit is None or (limit.parallel and not limit.reason):
        return ""
    what = f"only {limit.parallel:,} at a time" if limit.parallel else "nothing new starts"
    return f"{what}, because {plain(limit.reason)}" if limit.reason else what


def limit(progress: Progress) -> str:
    """What a change of the limit comes to."""
    return held(progress) or f"at most {progress.parallel:,} at a time"


def so_far(progress: Progress, now: float, seconds_left: float | None) -> str:
    """How far a run is, in one line."""
    share = 100 * progress.final // max(1, progress.total)
    parts = [f"{progress.final:,} of {progress.total:,} ({share} %)"]
    parts += [f"{count.number:,} {count.word}" for count in counts(progress)]
    text = ", ".join(parts)
    if waiting := waits(progress, now):
        text += f" ({waiting})"
    if progress.groups:
        complete = sum(group.final == group.total for group in progress.groups.values())
        text += f"; groups: {complete:,} of {len(progress.groups):,} complete"
    about = left(seconds_left)
    return f"{text}; {about}" if about else text


def resumed(progress: Progress) -> str:
    """What was done in earlier lives of the run; empty if this is the first."""
    return f"resumed: {progress.done_before:,} of {progress.total:,} done before" if progress.start.past else ""


def left(seconds: float | None) -> str:
    """An estimate of what is left, as rough as it is; empty if there is none, or next to nothing is left."""
    if seconds is None or seconds < 1:
        return ""
    step = next((step for most, step in _STEPS if seconds <= most), 3600.0)
    return f"about {human(max(1, round(seconds / step)) * step)} left"


def elapsed(seconds: float) -> str:
    """A stopwatch's reading: ``0:07``, ``12:30``, ``1:02:03``."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
