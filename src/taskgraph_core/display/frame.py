"""One picture of a run for a terminal: lines that fit its width and height, the most important kept longest.

    nightly, at most 4 at a time                                                      1:12
    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 17 of 30   57 %
    15 success   1 failed   1 skipped   2 running   1 to retry   10 waiting
    running
      ⠹ 5.2 Build the parser                                        attempt 2 of 3    0:12
      ⠹ 7 Deploy                                                                      0:03
    groups
      5 Build                                                 ━━━━━━━━━━━━━━━━━━━━━ 3 of 7
    waiting 8 for other tasks, 2 for db
    to retry
      ↻ 4.1 Migrate                                                 attempt 2 of 3 in 0:08
    failed
      ✗ 3 Fetch: exit code 3

Nothing here is read as rich markup, so no title can be taken for it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, get_args

from rich.text import Text

from taskgraph_core.display.summary import STATE_STYLE, TITLE_LIMIT, name_of
from taskgraph_core.record import TaskState
from taskgraph_core.show.text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.display.progress import Progress

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPINS_PER_SECOND = 8
MOST_FAILURES = 3
MOST_RETRIES = 3

LOW = 8
"""With fewer lines left for what runs, what waits is not shown."""


def frame(progress: Progress, *, now: float, width: int, height: int) -> list[Text]:
    """The picture at a moment: at most ``height`` lines, none wider than ``width`` cells."""
    head = [_title(progress, now, width), _overall(progress, width), *_counts(progress, width)]
    failed = _section("failed", _failures(progress), len(progress.failures), MOST_FAILURES + 1)
    resting = _section("to retry", _resting(progress, now, width), len(progress.resting), MOST_RETRIES + 1)
    waiting = _waiting(progress)
    groups = _open_groups(progress)
    room = height - len(head) - len(failed) - len(resting) - len(waiting)
    if room < LOW:
        room += len(resting) + len(waiting)
        resting, waiting, groups = [], [], []
    for_groups = min(len(groups) + 1, room // 2) if groups else 0
    title = "undoing" if progress.undoing else "running"
    running = _section(title, _running(progress, now, width), len(progress.running), room - for_groups)
    grouped = _section("groups", _group_rows(progress, groups, width), len(groups), room - len(running))
    sections = [section for section in (running, grouped, waiting, resting, failed) if section]
    used = len(head) + sum(map(len, sections))
    gap = [Text()] if used + len(sections) <= height else []
    lines = [*head, *(line for section in sections for line in (*gap, *section))][:height]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def elapsed(seconds: float) -> str:
    """A stopwatch's reading: ``0:07``, ``12:30``, ``1:02:03``."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _section(title: str, rows: Iterator[Text], number: int, room: int) -> list[Text]:
    """A heading and as many rows as there is room for; the last line counts those left out."""
    if not number or room < 2:
        return []
    heading = Text(title, "bold")
    if number < room:
        return [heading, *rows]
    shown = room - 2
    rest = f"  and {number - shown:,} more" if shown else f"  {number:,} tasks"
    return [heading, *islice(rows, shown), Text(rest, "dim")]


def _row(left: Text, right: Text, width: int) -> Text:
    """Two texts at both ends of a line; the left one gives way to the right one."""
    room = max(0, width - right.cell_len)
    left.truncate(max(0, room - 1), overflow="ellipsis")
    return Text.assemble(left, " " * (room - left.cell_len), right)


def _bar(done: int, total: int, width: int, style: str) -> Text:
    filled = width * done // max(1, total)
    return Text.assemble(("━" * filled, style), ("━" * (width - filled), "bright_black"))


def _title(progress: Progress, now: float, width: int) -> Text:
    left = Text.assemble((progress.graph.id, "bold"), (f", at most {progress.start.max_parallel:,} at a time", "dim"))
    if progress.undoing:
        left = Text(f"rolling back, {progress.undone:,} undone", "bold yellow")
    elif progress.stopping is not None:
        hint = f" ({progress.stopping.hint})" if progress.stopping.hint else ""
        left = Text(f"stopping, because {plain(progress.stopping.reason)}{hint}", "bold yellow")
    return _row(left, Text(elapsed(now - progress.start.time)), width)


def _overall(progress: Progress, width: int) -> Text:
    share = 100 * progress.final // max(1, progress.total)
    right = f" {progress.final:,} of {progress.total:,}  {share:>3} %"
    style = "red" if progress.counts["failed"] or progress.counts["cancelled"] else "green"
    return _bar(progress.final, progress.total, max(0, width - len(right)), style).append(right)


def _counts(progress: Progress, width: int) -> list[Text]:
    """How many tasks are in which state, on as many lines as that takes."""
    numbers = [(progress.counts[state], state, STATE_STYLE[state]) for state in get_args(TaskState)]
    numbers += [
        (len(progress.running), "undoing" if progress.undoing else "running", "cyan"),
        (len(progress.resting), "to retry", "yellow"),
        (progress.waiting, "waiting", "default"),
    ]
    lines = [Text()]
    for number, word, style in numbers:
        if not number:
            continue
        piece = Text(f"{number:,} {word}", style)
        if lines[-1] and lines[-1].cell_len + 3 + piece.cell_len > width:
            lines.append(Text())
        lines[-1].append("   " if lines[-1] else "").append_text(piece)
    return lines


def _running(progress: Progress, now: float, width: int) -> Iterator[Text]:
    spin = SPINNER[int(now * SPINS_PER_SECOND) % len(SPINNER)]
    for task_id, running in progress.running.items():
        left = Text.assemble("  ", (spin, "cyan"), f" {name_of(progress.graph, task_id)}")
        right = Text.assemble(
            (_attempt(progress, task_id, running.attempt), "dim"), f"{elapsed(now - running.since):>8}"
        )
        yield _row(left, right, width)


def _resting(progress: Progress, now: float, width: int) -> Iterator[Text]:
    for task_id, (attempt, due) in progress.resting.items():
        right = Text.assemble((_attempt(progress, task_id, attempt), "dim"), f"{'in ' + elapsed(due - now):>8}")
        yield _row(Text.assemble("  ", ("↻", "yellow"), f" {name_of(progress.graph, task_id)}"), right, width)


def _attempt(progress: Progress, task_id: str, number: int) -> str:
    return f"attempt {number} of {progress.graph.by_id[task_id].retry.attempts}" if number > 1 else ""


def _open_groups(progress: Progress) -> list[str]:
    """Groups that are not complete, those with something running first."""
    unfinished = [name for name, group in progress.groups.items() if group.final < group.total]
    return sorted(unfinished, key=lambda name: (not progress.groups[name].running, not progress.groups[name].final))


def _group_rows(progress: Progress, names: list[str], width: int) -> Iterator[Text]:
    length = min(24, width // 4)
    digits = max((len(f"{progress.groups[name].total}") for name in names), default=1)
    for name in names:
        group = progress.groups[name]
        style = "red" if group.failed else "green"
        numbers = f" {group.final:>{digits}} of {group.total:>{digits}}"
        title = name_of(progress.graph, name) if name in progress.graph.by_id else clipped(plain(name), TITLE_LIMIT)
        yield _row(Text(f"  {title}"), _bar(group.final, group.total, length, style).append(numbers), width)


def _waiting(progress: Progress) -> list[Text]:
    reasons = ", ".join(f"{number:,} {plain(what)}" for what, number in progress.waits())
    return [Text.assemble(("waiting ", "bold"), reasons)] if reasons else []


def _failures(progress: Progress) -> Iterator[Text]:
    """The newest first."""
    for task_id, error in reversed(progress.failures):
        yield Text.assemble("  ", ("✗", "red"), f" {name_of(progress.graph, task_id)}: ", (plain(error), "red"))
