"""Programs of one system, started together and ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from taskgraph_core.engine.processes import procs
from taskgraph_core.engine.processes.tree import Snapshot, Tree
from taskgraph_core.servers.signals import held_back

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from taskgraph_core.engine.processes.procs import Seen

GRACE = 10.0
"""Seconds between asking the programs to end and ending them."""

KILL_PATIENCE = 5.0
"""Seconds that what was killed gets to vanish; it takes longer only when the system itself holds a process."""

BETWEEN_LOOKS = 0.1
"""Seconds."""


class Programs:
    """They run from ``start`` to ``end``; each in a session of its own, with its output in a file ``<name>.log``."""

    def __init__(self, commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], logs: Path) -> None:
        self._commands = commands
        self._environment = dict(environment)
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._trees: list[Tree] = []

    def start(self) -> None:
        """Start all of them."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for name, command in self._commands.items():
            with held_back():  # a program that was started and not noted would never be ended
                self._start(name, command)

    def _start(self, name: str, command: Sequence[str]) -> None:
        born = procs.ticks()
        with (self._logs / f"{name}.log").open("ab") as log:
            program = subprocess.Popen(  # noqa: S603 - a program that the caller names
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running[name] = program
        self._trees.append(Tree(program.pid, born, {}))

    @property
    def process_ids(self) -> dict[str, int]:
        """The process of each program, which leads its session."""
        return {name: program.pid for name, program in self._running.items()}

    def ended(self) -> dict[str, str]:
        """The programs that run no more, and the end of what each said."""
        return {
            name: (self._logs / f"{name}.log").read_text(errors="replace")[-2_000:]
            for name, program in self._running.items()
            if program.poll() is not None
        }

    def end(self) -> None:
        """End all of them, and whatever they started: tasks and their commands have groups and sessions of their own.

        Where there is no ``/proc`` (not Linux), that is the programs and their groups.
        """
        with held_back():
            self._members()  # taken note of while they still have their parents
            for program in reversed(self._running.values()):
                _signal(program.pid, signal.SIGTERM)
            last = time.monotonic() + GRACE
            while self._lives() and time.monotonic() < last:
                time.sleep(BETWEEN_LOOKS)
            for program in self._running.values():
                _signal(program.pid, signal.SIGKILL)
                program.wait()
            last = time.monotonic() + KILL_PATIENCE
            while (left := self._members()) and time.monotonic() < last:
                for one in left:
                    procs.send(one, signal.SIGKILL)
                time.sleep(BETWEEN_LOOKS)

    def _lives(self) -> bool:
        return None in [program.poll() for program in self._running.values()]

    def _members(self) -> list[Seen]:
        """Everything that runs and was started by one of the programs, or by what they started."""
        snapshot = Snapshot()
        return [one for tree in self._trees for one in tree.members(snapshot)]


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
