"""Airflow's four programs, started together and ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = ("api-server", "scheduler", "dag-processor", "triggerer")
"""In the order in which they start."""

GRACE = 30.0
"""Seconds between asking a program to end and ending it."""


class Programs:
    """They run until ``end``; each in a process group of its own, with its output in a file."""

    def __init__(self, airflow: Path, environment: Mapping[str, str], logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in NAMES:
            with (logs / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(  # noqa: S603 - Airflow's own program
                    [airflow, name],
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    @property
    def process_ids(self) -> dict[str, int]:
        """The process of each program, which leads its group."""
        return {name: program.pid for name, program in self._running.items()}

    def ended(self) -> dict[str, str]:
        """The programs that run no more, and the end of what each said."""
        return {
            name: (self._logs / f"{name}.log").read_text(errors="replace")[-2_000:]
            for name, program in self._running.items()
            if program.poll() is not None
        }

    def end(self) -> None:
        """End all of them, and whatever they started in their groups."""
        for program in reversed(self._running.values()):
            _signal(program.pid, signal.SIGTERM)
        last = time.monotonic() + GRACE
        for program in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                program.wait(max(last - time.monotonic(), 0.1))
            _signal(program.pid, signal.SIGKILL)
            program.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
