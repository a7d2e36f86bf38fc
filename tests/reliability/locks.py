"""The locks that ``holder.py`` holds: how a task calls it, and who still holds one."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path

from taskgraph_core.ir import Command

HOLDER = Path(__file__).with_name("holder.py")
TREES = ("child", "setsid", "daemon")


def holder(folder: Path, tree: str, seconds: float, *, stubborn: bool = False) -> Command:
    """A command that holds its task's lock with a tree of processes."""
    (folder / "locks").mkdir(exist_ok=True)
    how = ("stubborn",) if stubborn else ()
    return Command(argv=(sys.executable, "-I", "-S", str(HOLDER), tree, str(seconds), *how))


def survivors(folder: Path) -> list[str]:
    """Tasks of which some process still lives."""
    found = []
    for place in sorted((folder / "locks").iterdir()):
        with place.open() as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found.append(place.name)
    return found
