"""A bar for each group of a run, and for each run inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from taskgraph_core.display.parts import bar, row
from taskgraph_core.display.words import TITLE_LIMIT, name_of
from taskgraph_core.show.text import clipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from taskgraph_core.display.board import Followed
    from taskgraph_core.display.progress import Progress


class Bar(NamedTuple):
    """What a bar is of: the group of that name, or without one the whole run."""

    progress: Progress
    name: str | None
    depth: int = 0

    @property
    def numbers(self) -> tuple[int, int, int]:
        """How many tasks are final, how many there are, how many failed."""
        if self.name is None:
            return self.progress.final, self.progress.total, self.progress.counts["failed"]
        group = self.progress.groups[self.name]
        return group.final, group.total, group.failed

    @property
    def title(self) -> str:
        """What stands before it."""
        if self.name is None:
            return self.progress.start.graph.id
        task = self.progress.tasks.get(self.name)
        return clipped(self.name, TITLE_LIMIT) if task is None else name_of(task)


def bars_of(runs: Sequence[Followed], *, complete: bool) -> list[Bar]:
    """The other runs, then the groups of the first: what has something running first, what is complete last."""
    progress = runs[0].progress
    groups = [name for name, group in progress.groups.items() if complete or group.final < group.total]
    groups.sort(key=lambda name: _rank(progress, name))
    return [
        *(Bar(run.progress, None, run.depth) for run in runs[1:]),
        *(Bar(progress, name) for name in groups),
    ]


def bar_rows(bars: Sequence[Bar], width: int) -> Iterator[Text]:
    """The bars, all of one length, with their numbers below each other."""
    length = min(24, width // 4)
    digits = max((len(f"{bar.numbers[1]}") for bar in bars), default=1)
    for one in bars:
        final, total, failed = one.numbers
        numbers = f" {final:>{digits}} of {total:>{digits}}"
        drawn = bar(final, total, length, "red" if failed else "green").append(numbers)
        yield row(Text(f"  {'  ' * max(0, one.depth - 1)}{one.title}"), drawn, width)


def _rank(progress: Progress, name: str) -> tuple[bool, bool, bool]:
    group = progress.groups[name]
    return group.final == group.total, not group.running, not group.final
