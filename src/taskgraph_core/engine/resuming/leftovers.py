"""What an engine that died left running: found, and ended, before the same task is started again.

``tree`` says which processes belong to an attempt: by the marks in their environment, so that one whose number
never reached the journal is found too, or by what the journal has of them. Everything found is stopped first,
until nothing new turns up, and only then killed: what is stopped starts nothing more.

Without ``/proc`` (not Linux) nothing is found, and a program left behind goes on beside its successor.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from taskgraph_core.engine.actions.workspace import idempotency_key
from taskgraph_core.engine.events import TaskSpawned
from taskgraph_core.engine.history import in_flight
from taskgraph_core.engine.processes import procs
from taskgraph_core.engine.processes.tree import MARKS, Snapshot, Tree
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.processes.procs import Seen

PATIENCE = 10.0
"""Seconds after which what was killed must be gone; it takes longer only when the system itself holds it."""

_PAUSE = 0.01
_NO_LEADER = -1


def trees(run_id: str, events: Sequence[Event]) -> list[Tree]:
    """What may be left of every attempt that was under way after these events."""
    spawned = {(event.task_id, event.attempt): event for event in events if isinstance(event, TaskSpawned)}
    found = []
    for (task_id, undo), (number, started) in in_flight(events).attempts.items():
        texts = (idempotency_key(run_id, task_id, undo=undo), str(number))
        environment = {name: text.encode() for name, text in zip(MARKS, texts, strict=True)}
        program = spawned.get((task_id, number))
        if program is None or program.time < started or not _may_be(program):
            found.append(Tree(_NO_LEADER, 0, environment))
        else:
            found.append(Tree(program.pid, program.born, environment))
    return found


def _may_be(program: TaskSpawned) -> bool:
    """Whether nobody else has its number now; a session keeps the number of its leader after that has ended."""
    return bool(program.born) and procs.birth(program.pid) in (0, program.born)


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
