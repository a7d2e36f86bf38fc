"""Ends what a process leaves running when it dies, however that happens: killed, crashed, or ended by its system.

The guardian is a process of its own, in a session of its own, so no signal meant for the other reaches it. It is told
which attempts are under way through a pipe; when that closes, or its parent is another one all of a
sudden, nobody looks after these attempts any more. It kills all that belongs to them at once, removes the folder
that they used, and ends.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from taskgraph_core.engine.processes.leftovers import end_leftovers
from taskgraph_core.engine.processes.tree import MARKS, Tree
from taskgraph_core.errors import EngineError

LOOK_EVERY = 2.0
"""Seconds between two looks at who the parent is: a fork of it may hold the pipe open after its death."""

LAST_WORDS = 5.0
"""Seconds for which ``close`` waits until the folder is removed."""

_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from importlib import import_module;"
    "import_module(sys.argv[2]).main(int(sys.argv[3]), sys.argv[4])"
)
_NO_LEADER = -1


class Guardian:
    """Starts the guardian of this process; all calls come from one thread.

    Args:
        folder: removed when this process has ended, or closes this.
    """

    def __init__(self, folder: Path) -> None:
        root = Path(__file__).parents[__name__.count(".")]
        # Isolated: it needs nothing installed, and takes a third of the time to start.
        arguments = [sys.executable, "-I", "-S", "-c", _START, str(root), __name__, str(os.getpid()), str(folder)]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def begin(self, key: str, attempt: int) -> None:
        """Say that an attempt is under way: its idempotency key and its number."""
        self._say(f"+{key} {attempt}\n")

    def end(self, key: str, attempt: int) -> None:
        """Say that it has ended: what it left running, it left on purpose."""
        self._say(f"-{key} {attempt}\n")

    def close(self) -> None:
        """Let it do its last work."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(LAST_WORDS)

    def _say(self, line: str) -> None:
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # somebody killed it
                os.write(self._process.stdin.fileno(), line.encode())


def main(parent: int, folder: str) -> None:
    """Be the guardian of a process."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    left = [_tree(*line.split(" ")) for line in _under_way(parent)]
    with suppress(EngineError):
        end_leftovers(left)
    shutil.rmtree(folder, ignore_errors=True)


def _under_way(parent: int) -> set[str]:
    """Listen until the process has ended: what was under way then."""
    lines: set[str] = set()
    rest = ""
    while True:
        is_orphan = os.getppid() != parent  # asked first: what it said before its death is still to be read
        if not select.select([0], [], [], 0 if is_orphan else LOOK_EVERY)[0]:
            if is_orphan:
                return lines
            continue
        piece = os.read(0, 65_536).decode()
        if not piece:
            return lines
        *whole, rest = (rest + piece).split("\n")
        for line in whole:
            (lines.add if line[0] == "+" else lines.discard)(line[1:])


def _tree(key: str, attempt: str) -> Tree:
    return Tree(_NO_LEADER, 0, {name: text.encode() for name, text in zip(MARKS, (key, attempt), strict=True)})
