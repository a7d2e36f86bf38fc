"""Which processes belong to an attempt, wherever they moved to.

A process belongs to an attempt if one of these holds, and is remembered from then on:

* its environment has the attempt's marks, the idempotency key and the number, which are inherited;
* it is in a session that one of the others is in: nobody can join a session, only be born in it;
* it is the child of one of the others.

So a daemon that forked twice, in a session of its own, is found by its environment or its parent. One
that has thrown away its environment *and* left its session *and* lost its parent, all before anybody
looked, is not. Without ``/proc`` nothing is found.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from taskgraph_core.engine.processes import procs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskgraph_core.engine.processes.procs import Seen

MARKS = (b"TASKGRAPH_IDEMPOTENCY_KEY", b"TASKGRAPH_ATTEMPT")


def marks(environment: Mapping[bytes, bytes]) -> frozenset[bytes]:
    """What a program and all it starts can be recognised by; nothing if its environment lacks one of the marks."""
    if not all(name in environment for name in MARKS):
        return frozenset()
    return frozenset(name + b"=" + environment[name] for name in MARKS)


class Snapshot:
    """All processes at one moment; environments are read when somebody asks for them."""

    def __init__(self) -> None:
        self.taken = time.monotonic()
        self.processes = list(procs.processes())
        self._variables: dict[int, frozenset[bytes]] = {}

    def variables(self, pid: int) -> frozenset[bytes]:
        """The environment of one of them."""
        if pid not in self._variables:
            self._variables[pid] = procs.variables(pid)
        return self._variables[pid]


class Census:
    """Takes one snapshot for all who look at about the same time."""

    def __init__(self) -> None:
        self._last: Snapshot | None = None

    def since(self, moment: float) -> Snapshot:
        """A snapshot that was taken after a moment of the monotonic clock."""
        if self._last is None or self._last.taken <= moment:
            self._last = Snapshot()
        return self._last


class Tree:
    """The processes of one attempt.

    Args:
        leader: number of the program that was started as leader of a new session.
        born: when that was, as in ``procs.birth``; nothing older belongs to it.
        environment: the whole environment it was given.
    """

    def __init__(self, leader: int, born: int, environment: Mapping[bytes, bytes]) -> None:
        self._born = born
        self._marks = marks(environment)
        self._sessions = {leader}
        self._known: set[tuple[int, int]] = set()

    def members(self, snapshot: Snapshot) -> list[Seen]:
        """Those of a snapshot that belong to the attempt."""
        own = os.getpid()
        others = [one for one in snapshot.processes if one.born >= self._born and one.pid != own]
        found: list[Seen] = []
        numbers: set[int] = set()
        while True:
            more = [one for one in others if self._belongs(one, numbers, snapshot)]
            if not more:
                return found
            found += more
            numbers.update(one.pid for one in more)
            self._sessions.update(one.session for one in more)
            self._known.update((one.pid, one.born) for one in more)
            others = [one for one in others if one.pid not in numbers]

    def _belongs(self, one: Seen, numbers: set[int], snapshot: Snapshot) -> bool:
        return (
            one.session in self._sessions
            or one.parent in numbers
            or (one.pid, one.born) in self._known
            or (bool(self._marks) and self._marks <= snapshot.variables(one.pid))
        )
