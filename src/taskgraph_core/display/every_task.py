"""A line for every task of a run, members below their group: for runs that fit on the screen.

✓ 1 Fetch                                                                        3 s
⠹ 2 Build                                                                       0:12
  ✓ 2.1 Compile                                                                  8 s
  ⠹ 2.2 Link                                                   attempt 2 of 3    0:03
  · 2.3 Strip                                                          waits for 2.2
✗ 3 Probe: exit code 3                                                           1 s
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from taskgraph_core.display.parts import resting_row, row, running_row
from taskgraph_core.display.words import STATE_STYLE, TITLE_LIMIT, name_of
from taskgraph_core.duration import human
from taskgraph_core.show.text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.display.progress import Progress
    from taskgraph_core.ir import Task

SIGNS = {"success": "✓", "failed": "✗"}


def every_task(progress: Progress, now: float, width: int, deeper: int = 0) -> list[Text]:
    """The lines, in the graph's order, except that members follow their group."""
    rows = []
    for depth, name in _in_groups(progress.tasks):
        indent = "  " * (depth + deeper + 1)
        task = progress.tasks.get(name)
        rows.append(
            Text(f"{indent}{clipped(name, TITLE_LIMIT)}") if task is None else _row(progress, task, now, width, indent)
        )
    return rows


def _in_groups(tasks: dict[str, Task]) -> Iterator[tuple[int, str]]:
    """Tasks, and groups that are no tasks, each once, with how deep they are."""
    members: dict[str | None, list[str]] = {}
    for task in tasks.values():
        members.setdefault(task.group, []).append(task.id)
    tops = [name for name, task in tasks.items() if task.group is None]
    tops += [group for group in members if group is not None and group not in tasks]
    first = {name: at for at, name in enumerate(tasks)}
    tops.sort(key=lambda name: first.get(name, first[members[name][0]] if name in members else 0))
    # Groups that go in a circle, which nobody forbids, hang on no top: then they begin anywhere.
    open_ = [(0, name) for name in [*tops, *tasks][::-1]]
    seen = set()
    while open_:
        depth, name = open_.pop()
        if name not in seen:
            seen.add(name)
            yield depth, name
            open_ += [(depth + 1, member) for member in reversed(members.get(name, []))]


def _row(progress: Progress, task: Task, now: float, width: int, indent: str) -> Text:
    running = progress.running.get(task.id)
    if running is not None:
        return running_row(task, running, now, width, indent)
    resting = progress.resting.get(task.id)
    if resting is not None:
        return resting_row(task, resting[0], resting[1] - now, width, indent)
    state = progress.states.get(task.id)
    if state is None:
        left = Text.assemble(indent, ("·", "bright_black"), f" {name_of(task)}")
        return row(left, Text(_waits_for(progress, task), "dim"), width)
    attempt = progress.attempts.get(task.id)
    left = Text.assemble(indent, (SIGNS.get(state, "─"), STATE_STYLE[state]), f" {name_of(task)}")
    if state == "failed" and attempt is not None:
        left.append(f": {plain(attempt.error)}", "red")
    how = human(attempt.seconds) if state in SIGNS and attempt is not None else "" if state in SIGNS else state
    return row(left, Text(how, "dim"), width)


def _waits_for(progress: Progress, task: Task) -> str:
    held_by = progress.start.waits_for(task.id)
    return f"waits for {clipped(', '.join(held_by), TITLE_LIMIT // 2)}" if held_by else ""
