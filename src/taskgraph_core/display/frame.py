"""One picture of a run for a terminal: lines that fit its width and height, the most important kept longest.

    nightly, at most 4 at a time                                     about 3 min left  1:12
    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 17 of 30   57 %
    15 success   1 failed   1 skipped   2 running   1 to retry   10 waiting
    only 1 at a time, because 91 % of the memory is in use
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

Where every task fits, there is a line for each instead. Nothing here is read as rich markup, so no title
can be taken for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from taskgraph_core.display import words
from taskgraph_core.display.bars import Bar, bar_rows, bars_of
from taskgraph_core.display.every_task import every_task
from taskgraph_core.display.parts import bar, resting_row, row, running_row, section
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from taskgraph_core.display import Mode
    from taskgraph_core.display.board import Followed
    from taskgraph_core.display.progress import Progress

MOST_FAILURES = 3
MOST_RETRIES = 3

LOW = 8
"""With fewer lines left for what runs, what waits is not shown."""


def frame(runs: Sequence[Followed], *, now: float, width: int, height: int, mode: Mode = "hybrid") -> list[Text]:
    """The picture at a moment: at most ``height`` lines, none wider than ``width`` cells.

    The first run is the one it is of; the others, inside it or beside it, have a bar each.
    """
    first = runs[0]
    if mode == "collapsed":
        lines = [_one_line(first, now, width)]
    else:
        head = [_title(first, now, width), _overall(first.progress, width), *_counts(first.progress, width)]
        head += [Text(held, "yellow") for run in runs if (held := words.held(run.progress))]
        waiting = _waiting(first.progress, now)
        if mode == "progress":
            lines = _groups_only(runs, head, waiting, width, height)
        else:
            lines = _every_task(runs, head, now, width, height) or _sections(runs, head, waiting, now, width, height)
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines[:height]


def _one_line(run: Followed, now: float, width: int) -> Text:
    progress = run.progress
    left = Text.assemble((progress.start.graph.id, "bold"), f"  {progress.final:,} of {progress.total:,}")
    for count in words.counts(progress):
        if count.word != "success":
            left.append(", ").append(f"{count.number:,} {count.word}", count.style)
    if held := words.held(progress):
        left.append("; ").append(held, "yellow")
    return row(_ending(progress) or left, _time(run, now), width)


def _groups_only(
    runs: Sequence[Followed], head: list[Text], waiting: list[Text], width: int, height: int
) -> list[Text]:
    bars = bars_of(runs, complete=True)
    room = height - len(head) - len(waiting) - 2
    return _spaced(head, [section("groups", bar_rows(bars, width), len(bars), room), waiting], height)


def _every_task(runs: Sequence[Followed], head: list[Text], now: float, width: int, height: int) -> list[Text]:
    """A line for each task if that fits, otherwise nothing; a rollback is better seen in sections."""
    room = height - len(head) - 1
    if any(run.progress.undoing for run in runs) or sum(run.progress.total + 1 for run in runs) - 1 > room:
        return []
    lines = every_task(runs[0].progress, now, width)
    for run in runs[1:]:
        lines += bar_rows([Bar(run.progress, None, run.depth)], width)
        lines += every_task(run.progress, now, width, max(1, run.depth))
    return [*head, Text(), *lines] if len(lines) <= room else []


def _sections(
    runs: Sequence[Followed], head: list[Text], waiting: list[Text], now: float, width: int, height: int
) -> list[Text]:
    all_of = [run.progress for run in runs]
    failed = section("failed", _failures(runs), sum(len(one.failures) for one in all_of), MOST_FAILURES + 1)
    resting = section("to retry", _resting(runs, now, width), sum(len(one.resting) for one in all_of), MOST_RETRIES + 1)
    bars = bars_of(runs, complete=False)
    room = height - len(head) - len(failed) - len(resting) - len(waiting)
    if room < LOW:
        room += len(resting) + len(waiting)
        resting, waiting, bars = [], [], []
    for_bars = min(len(bars) + 1, room // 2) if bars else 0
    title = "undoing" if all_of[0].undoing else "running"
    running = section(title, _running(runs, now, width), sum(len(one.running) for one in all_of), room - for_bars)
    grouped = section("groups", bar_rows(bars, width), len(bars), room - len(running))
    return _spaced(head, [running, grouped, waiting, resting, failed], height)


def _spaced(head: list[Text], sections: Sequence[list[Text]], height: int) -> list[Text]:
    """Sections below the head, with an empty line before each if there is room for that."""
    shown = [lines for lines in sections if lines]
    used = len(head) + sum(map(len, shown))
    gap = [Text()] if used + len(shown) <= height else []
    return [*head, *(line for lines in shown for line in (*gap, *lines))]


def _title(run: Followed, now: float, width: int) -> Text:
    progress = run.progress
    allowed = f"at most {progress.parallel:,} at a time" if progress.parallel else "paused"
    left = Text.assemble((progress.start.graph.id, "bold"), (f", {allowed}", "dim"))
    if resumed := words.resumed(progress):
        left.append(f"; {resumed}", "dim")
    return row(_ending(progress) or left, _time(run, now), width)


def _ending(progress: Progress) -> Text | None:
    """What is said of a run that is being ended, or undone."""
    if progress.undoing:
        return Text(f"rolling back, {progress.undone:,} undone", "bold yellow")
    if progress.stopping is None:
        return None
    hint = f" ({progress.stopping.hint})" if progress.stopping.hint else ""
    return Text(f"stopping, because {plain(progress.stopping.reason)}{hint}", "bold yellow")


def _time(run: Followed, now: float) -> Text:
    left = words.left(run.outlook.left(now))
    return Text.assemble((f"{left}  " if left else "", "cyan"), words.elapsed(now - run.progress.origin))


def _overall(progress: Progress, width: int) -> Text:
    share = 100 * progress.final // max(1, progress.total)
    right = f" {progress.final:,} of {progress.total:,}  {share:>3} %"
    style = "red" if progress.counts["failed"] or progress.counts["cancelled"] else "green"
    return bar(progress.final, progress.total, max(0, width - len(right)), style).append(right)


def _counts(progress: Progress, width: int) -> list[Text]:
    """How many tasks are in which state, on as many lines as that takes."""
    lines = [Text()]
    for count in words.counts(progress):
        piece = Text(f"{count.number:,} {count.word}", count.style)
        if lines[-1] and lines[-1].cell_len + 3 + piece.cell_len > width:
            lines.append(Text())
        lines[-1].append("   " if lines[-1] else "").append_text(piece)
    return lines


def _waiting(progress: Progress, now: float) -> list[Text]:
    reasons = words.waits(progress, now)
    return [Text.assemble(("waiting ", "bold"), reasons)] if reasons else []


def _running(runs: Sequence[Followed], now: float, width: int) -> Iterator[Text]:
    for run in runs:
        for task_id, running in run.progress.running.items():
            yield running_row(run.progress.tasks[task_id], running, now, width, inside=_inside(run))


def _resting(runs: Sequence[Followed], now: float, width: int) -> Iterator[Text]:
    for run in runs:
        for task_id, (attempt, due) in run.progress.resting.items():
            yield resting_row(run.progress.tasks[task_id], attempt, due - now, width, inside=_inside(run))


def _failures(runs: Sequence[Followed]) -> Iterator[Text]:
    """The newest first."""
    for run in runs:
        for task_id, error in reversed(run.progress.failures):
            name = words.name_of(run.progress.tasks[task_id])
            yield Text.assemble("  ", ("✗", "red"), f" {_inside(run)}{name}: ", (plain(error), "red"))


def _inside(run: Followed) -> str:
    return f"{run.progress.start.graph.id}: " if run.depth else ""
