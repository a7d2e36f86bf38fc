"""Runs left standing at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from taskgraph_core.display.progress import Progress
from taskgraph_core.engine.events import RunStarted
from taskgraph_core.engine.simulate import simulate_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.scheduler import Outcome


class Standing(Protocol):
    def __call__(
        self, graph: TaskGraph, before: Callable[[Event], bool], *, failing: str = "", max_parallel: int = 4
    ) -> Progress: ...


class Enough(Exception):  # noqa: N818 - it is no error
    pass


@pytest.fixture(scope="session")
def standing() -> Standing:
    """The progress of a simulation just before an event; the tasks named as failing always fail."""

    def run(graph: TaskGraph, before: Callable[[Event], bool], *, failing: str = "", max_parallel: int = 4) -> Progress:
        kept: list[Progress] = []

        def follow(event: Event) -> None:
            if isinstance(event, RunStarted):
                kept.append(Progress(event))
            if before(event):
                raise Enough
            kept[0].note(event)

        def outcome(task: Task, _: int) -> Outcome:
            return "failed" if task.id in failing.split() else "success"

        with pytest.raises(Enough):
            simulate_run(graph, observers=[follow], outcome=outcome, max_parallel=max_parallel)
        return kept[0]

    return run
