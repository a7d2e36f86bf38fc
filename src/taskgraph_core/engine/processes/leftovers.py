"""Ending processes that nobody looks after any more: the programs of an engine that died.

Everything found is stopped first, until nothing new turns up, and only then killed: what is stopped starts
nothing more.

Without ``/proc`` (not Linux) nothing is found, and a program left behind goes on.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from taskgraph_core.engine.processes import procs
from taskgraph_core.engine.processes.tree import Snapshot
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from taskgraph_core.engine.processes.procs import Seen
    from taskgraph_core.engine.processes.tree import Tree

PATIENCE = 10.0
"""Seconds after which what was killed must be gone; it takes longer only when the system itself holds it."""

_PAUSE = 0.01


def end_leftovers(left: Sequence[Tree]) -> int:
    """End every process of these trees; how many there were.

    Raises:
        EngineError: one of them cannot be ended.
    """
    ended: set[Seen] = set()
    deadline = time.monotonic() + PATIENCE
    # A clean look is confirmed: between two programs, a process has no environment for a moment.
    while found := _find(left) or _find(left):
        stopped: set[Seen] = set()
        while found - stopped:
            _send(found - stopped, signal.SIGSTOP)
            stopped |= found
            found = _find(left)
        _send(stopped, signal.SIGKILL)
        ended |= stopped
        if time.monotonic() > deadline:
            numbers = ", ".join(str(pid) for pid in sorted(one.pid for one in stopped)[:5])
            msg = f"a task that was under way still runs, and its process {numbers} cannot be ended"
            raise EngineError(msg, fix="end it, then resume the run")
        time.sleep(_PAUSE)
    return len(ended)


def _find(left: Sequence[Tree]) -> set[Seen]:
    """Nothing of this session and nothing this process descends from: it may run within the task it resumes."""
    if not left:
        return set()
    snapshot = Snapshot()
    session = os.getsid(0)
    own = set(_ancestry({one.pid: one.parent for one in snapshot.processes}))
    found = {one for tree in left for one in tree.members(snapshot)}
    return {one for one in found if one.session != session and one.pid not in own}


def _ancestry(parents: dict[int, int]) -> Iterator[int]:
    pid = os.getpid()
    while pid in parents:
        yield pid
        pid = parents[pid]


def _send(those: set[Seen], number: signal.Signals) -> None:
    for one in those:
        procs.send(one, number)
