"""A program and what it started: when it ended, and how nothing of it stays behind that should not.

Each program leads a new session and process group. An attempt that succeeds leaves nothing of that group behind, but
what has moved to a session of its own on purpose (a service that was started) is left alone. Of any other
attempt nothing at all stays: what ``tree`` finds is ended, wherever it moved to. To end means TERM, a grace
period, KILL, and looking again until nothing is found.

Where there is no ``/proc`` (not Linux), only the group can be found, and that is all that is ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from taskgraph_core.engine.processes import procs
from taskgraph_core.engine.processes.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskgraph_core.engine.processes.children import Children
    from taskgraph_core.engine.processes.procs import Seen
    from taskgraph_core.engine.processes.tree import Census
    from taskgraph_core.engine.processes.usage import Exit

KILL_PATIENCE = 5.0
"""Seconds that what was killed gets to vanish; it takes longer only when the system itself holds a process."""

_FIRST_LOOK, _LAST_LOOK = 0.002, 0.1


class Process:
    """A program that was started as leader of its session, after ``since``, and is not waited for yet.

    ``since`` is in ``procs.ticks``: to look at the program itself now would wait until the system has loaded it.
    """

    def __init__(
        self, pid: int, since: int, environment: Mapping[bytes, bytes], children: Children, census: Census
    ) -> None:
        self.pid = pid
        self._since = since
        self._environment = environment
        self._tree: Tree | None = None  # made when somebody looks: most programs just end
        self._census = census
        self._has_ended = False
        self._exit: Exit | None = None
        self._waiter: asyncio.Future[None] | None = None
        children.watch(pid, self._ended)

    async def wait(self) -> Exit:
        """How it ended; may be asked again after a cancellation.

        Raises:
            ChildProcessError: nobody knows, because something else has waited for it.
        """
        if not self._has_ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._exit is None:
            raise ChildProcessError
        return self._exit

    def send_to_group(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def has_group(self) -> bool:
        """Whether there is anything in its group, if only a zombie.

        The group's number cannot have gone to others since the last look: the system goes through
        all numbers before it uses one again.
        """
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # a member runs as somebody else
            pass
        return True

    def remains(self, *, strays: bool) -> bool:
        """Whether it or any of its group still runs; with ``strays``, or anything else that belongs to it."""
        if not strays and self._has_ended and not self.has_group():
            return False
        return self._look(time.monotonic(), strays=strays)

    async def end(self, grace: float, hurry: asyncio.Event, *, strays: bool) -> bool:
        """End what remains: TERM, then KILL after ``grace`` seconds or as soon as ``hurry`` is set.

        Returns:
            Whether nothing of it is left.
        """
        self._look(time.monotonic(), signal.SIGTERM, strays=strays)
        if await self._vanishes(grace, hurry, strays=strays):
            return True
        return await self._vanishes(KILL_PATIENCE, asyncio.Event(), signal.SIGKILL, strays=strays)

    def kill(self) -> bool:
        """Kill everything that is found; whether there was anything."""
        return bool(self._find(time.monotonic(), signal.SIGKILL, strays=True))

    async def _vanishes(
        self, seconds: float, hurry: asyncio.Event, number: signal.Signals | None = None, *, strays: bool
    ) -> bool:
        """Look at growing intervals: nobody tells when the last process of a tree ends."""
        since = time.monotonic()
        deadline = since + seconds
        pause = _FIRST_LOOK
        while self._look(since, number, strays=strays):
            left = deadline - time.monotonic()
            if left <= 0 or hurry.is_set():
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(hurry.wait(), min(pause, left))
            since = time.monotonic() - pause / 2
            pause = min(2 * pause, _LAST_LOOK)
        return True

    def _look(self, since: float, number: signal.Signals | None = None, *, strays: bool) -> bool:
        """Whether anything was left after a moment; it is sent the signal."""
        found = self._find(since, number, strays=strays)
        return bool(found) or not self._has_ended or (not procs.SEEN and self.has_group())

    def _find(self, since: float, number: signal.Signals | None, *, strays: bool) -> list[Seen]:
        snapshot = self._census.since(since)
        if strays:
            tree = self._tree = self._tree or Tree(self.pid, self._since, self._environment)
            # A clean look is confirmed: between two programs, a process has no environment for a moment.
            found = tree.members(snapshot) or tree.members(self._census.since(time.monotonic()))
        else:
            found = [one for one in snapshot.processes if one.group == self.pid]
        if number is not None:
            self.send_to_group(number)
            for one in found:
                if one.group != self.pid:
                    procs.send(one, number)
        return found

    def _ended(self, how: Exit | None) -> None:
        self._has_ended = True
        self._exit = how
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
