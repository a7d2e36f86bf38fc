"""Real engines in processes of their own, which a test can kill, and what they leave in a scratch project."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from taskgraph_core.engine.journal import read
from taskgraph_core.engine.rundir import runs_folder
from taskgraph_core.record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from taskgraph_core.engine.journal import Story
    from taskgraph_core.ir import TaskGraph

COMMAND = (sys.executable, "-c", "from taskgraph_core.cli.app import main; main()")
"""The command line, also where its script is not installed."""

PATIENCE = 100.0
"""Seconds after which something that should have happened never will; busy machines are slow."""

GRAPH = "graph.json"
TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def crashed(self) -> bool:
        """Whether a user was shown a traceback."""
        return TRACEBACK in self.out + self.err


class Engine(subprocess.Popen[str]):
    """A process whose output is kept in files: no reader, no full pipe."""

    def __init__(self, words: tuple[str, ...], folder: Path, name: str, added: Mapping[str, str]) -> None:
        self.places = [folder / f"{name}.out", folder / f"{name}.err"]
        environment = {key: text for key, text in os.environ.items() if not key.startswith(("TASKGRAPH", "TASKMASTER"))}
        with self.places[0].open("w") as out, self.places[1].open("w") as err:
            super().__init__(
                words, cwd=folder, env={**environment, **added}, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )

    def ended(self, patience: float = PATIENCE) -> Ended:
        """Wait for its end."""
        code = self.wait(patience)
        out, err = (place.read_text(errors="replace") for place in self.places)
        return Ended(code, out, err)


class Engines:
    """A project with one compiled graph, and the engines started on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)
        self.started: list[Engine] = []
        self.environment: dict[str, str] = {}

    def plan(self, graph: TaskGraph) -> TaskGraph:
        """Put a graph into the project."""
        (self.path / GRAPH).write_text(graph.model_dump_json())
        return graph

    def start(self, *words: str, before: tuple[str, ...] = ()) -> Engine:
        """``taskgraph run`` with these options; ``before`` is a program that starts it."""
        return self.program(*before, *COMMAND, "run", GRAPH, "--format", "json", *words)

    def program(self, *words: str) -> Engine:
        """Any program, in the project's folder."""
        engine = Engine(words, self.path, f"engine{len(self.started)}", self.environment)
        self.started.append(engine)
        return engine

    def run(self, *words: str, before: tuple[str, ...] = ()) -> Ended:
        """As ``start``, to the end."""
        return self.start(*words, before=before).ended()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End what still runs: engines, and what they should have ended."""
        for engine in self.started:
            engine.kill()
            engine.wait()
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (place / "cwd").readlink() == self.path and place.name != str(os.getpid()):
                    os.kill(int(place.name), signal.SIGKILL)

    @property
    def directory(self) -> Path | None:
        """The folder of the newest run."""
        return max(runs_folder(self.path).glob("*"), key=lambda place: place.stat().st_mtime_ns, default=None)

    def story(self) -> Story:
        """What the journal of the newest run says."""
        assert self.directory is not None
        return read(self.directory)

    def record(self) -> RunRecord:
        """The record of the newest run."""
        assert self.directory is not None
        return RunRecord.model_validate_json((self.directory / "record.json").read_text())


def wait_for(condition: Callable[[], bool], pause: float = 0.005) -> None:
    """Look again and again until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "what was waited for never came"
        time.sleep(pause)
