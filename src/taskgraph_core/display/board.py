"""The runs that one display follows: several at once where groups run inside tasks of others.

Events do not name their run. But a run publishes all of its events from one context, that of the
coroutine that drives it, so a context variable does. Whatever that coroutine starts inherits it; so a run
that begins where another's is set runs inside that one.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.display.outlook import Outlook
from taskgraph_core.display.progress import Progress

if TYPE_CHECKING:
    from taskgraph_core.engine.events import RunStarted

RUN: ContextVar[str] = ContextVar("taskgraph_displayed_run", default="")
"""Id of the run that a context carries out; whoever starts tasks in contexts of another origin hands it on."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A run that is going on; ``depth`` counts the runs around it, and is one for what runs beside another."""

    progress: Progress
    outlook: Outlook
    depth: int = 0


class Board:
    """Every run that is going on, in the order in which they began, those inside another right behind it."""

    def __init__(self) -> None:
        self.runs: dict[str, Followed] = {}
        self.origin = 0.0

    def begin(self, start: RunStarted) -> Followed:
        """Follow a run, from the context that its later events come from."""
        outer = self.runs.get(RUN.get())
        progress = Progress(start)
        if not self.runs:
            self.origin = progress.origin
        depth = outer.depth + 1 if outer is not None else min(1, len(self.runs))
        followed = Followed(progress, Outlook(progress), depth)
        before = list(self.runs.items())
        place = len(before)
        if outer is not None:
            place = next(at for at, (_, run) in enumerate(before) if run is outer) + 1
            while place < len(before) and before[place][1].depth > outer.depth:
                place += 1
        before.insert(place, (start.run_id, followed))
        self.runs = dict(before)
        RUN.set(start.run_id)
        return followed

    def find(self) -> Followed | None:
        """The run that this context carries out; the only one, should a context not know."""
        run = self.runs.get(RUN.get())
        return next(iter(self.runs.values())) if run is None and len(self.runs) == 1 else run

    def end(self, over: Followed) -> None:
        """A run is over."""
        self.runs = {run_id: run for run_id, run in self.runs.items() if run is not over}
