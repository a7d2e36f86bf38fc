"""Real runs in a scratch project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph
from taskgraph_core.engine.steering.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord


@dataclass
class Project:
    """A folder, and what happened in it."""

    path: Path
    events: list[Event] = field(default_factory=list)

    def run(self, graph: TaskGraph, **options: Any) -> RunRecord:
        self.events.clear()
        defaults = {"project": self.path, "grace": 0.3, "max_parallel": 8}
        return run_graph(graph, RunOptions(**{**defaults, **options}), [self.events.append])

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        place = self.path / name
        place.write_text(text)
        place.chmod(mode)
        return place

    def read(self, name: str) -> str:
        return (self.path / name).read_text()

    def pids(self) -> list[int]:
        """What tasks wrote to the file ``pids``."""
        return [int(pid) for pid in self.read("pids").split()]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def directory(self) -> RunDirectory:
        directory: RunDirectory = self.events[0].directory
        return directory

    def log(self, task_id: str, attempt: int = 1, *, undo: bool = False) -> str:
        return self.directory.log(task_id, attempt, undo=undo).read_text()


@pytest.fixture(autouse=True)
def _roomy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """However full the machine is that runs the tests: it lets no task wait."""
    monkeypatch.setattr("taskgraph_core.engine.run.Machine", lambda: Machine(Path("/nowhere")))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def lives() -> Callable[[int], bool]:
    """Whether a process is more than a zombie."""

    def check(pid: int) -> bool:
        try:
            stat = (Path("/proc") / str(pid) / "stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] not in ("Z", "X")

    return check
