"""A real `taskgraph run` in a process of its own, whose tasks end when the test says so."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAIN = "from taskgraph_core.cli.app import main; main()"
PATIENCE = 60.0

PROFILE = """
[graph]
id = "live"
[run]
max_memory = 1
[defaults]
command = "echo $TASKGRAPH_TASK_ID >> started; until [ -e go-$TASKGRAPH_TASK_ID ] || [ -e over ]; do sleep 0.02; done"
"""


class Engine:
    """Task ``n`` runs until ``let(n)``; close it, and nothing of it is left."""

    def __init__(self, project: Path, *, tasks: int = 3, profile: str = "", words: tuple[str, ...] = ()) -> None:
        self.project = project
        entries = [{"id": number + 1, "title": f"Task {number + 1}", "dependencies": []} for number in range(tasks)]
        (project / "tasks.json").write_text(json.dumps({"master": {"tasks": entries}}))
        (project / "taskgraph.toml").write_text(PROFILE + profile)
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "run", "tasks.json", "--format", "plain", *words],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def let(self, *tasks: int) -> None:
        """Let tasks end."""
        for number in tasks:
            (self.project / f"go-{number}").touch()

    def started(self) -> list[str]:
        """Ids of the tasks that were started, in that order."""
        place = self.project / "started"
        return place.read_text().split() if place.exists() else []

    def wait(self) -> tuple[int, str]:
        """Exit code and output, once it has ended."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out

    def close(self) -> None:
        (self.project / "over").touch()
        if self.process.poll() is None:
            self.process.kill()
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.process.stdout.close()
        self.process.wait()


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that must come."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
