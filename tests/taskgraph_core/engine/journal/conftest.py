"""The files of a journal as an engine that dies leaves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.events import RunEnded, TaskFinal
from taskgraph_core.engine.journal import read
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.journal import Story


@dataclass(frozen=True)
class Left:
    """Bytes of the database and of its log, and the story that both tell when they are whole."""

    database: bytes
    log: bytes
    story: Story


def done(events: list[Event]) -> set[str]:
    """Tasks that a journal calls done."""
    return {event.task_id for event in events if isinstance(event, TaskFinal) and event.state == "success"}


@pytest.fixture(scope="session")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """What a run of twenty tasks leaves if its engine is killed right after the end was recorded."""
    return what_is_left(tmp_path_factory.mktemp("left"))


@pytest.fixture(scope="session")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """The same of a durable run."""
    return what_is_left(tmp_path_factory.mktemp("durable"), durable=True)


def what_is_left(project: Path, *, durable: bool = False) -> Left:
    folder = project / ".taskgraph/runs/run"
    found: list[Left] = []

    def keep(event: Event) -> None:
        if isinstance(event, RunEnded):
            log = (folder / "journal.db-wal").read_bytes()
            found.append(Left((folder / "journal.db").read_bytes(), log, read(folder)))

    lines = [f"{number} < {max(1, number // 4)}" if number > 1 else "1" for number in range(1, 21)]
    run_graph(graph_of(*lines), RunOptions(project, run_id="run", max_parallel=8, durable=durable), [keep])
    return found[0]
