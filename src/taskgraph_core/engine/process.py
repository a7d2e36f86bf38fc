"""A program and its process group: when it ended, and how nothing of it stays behind.

Each program leads a new session and process group. When it ends, by itself or because it was
told to, whatever is left of its group is ended too: TERM, a grace period, KILL. A child that
moved to a group or session of its own (``setsid``, a proper daemon) is not in the group any more
and is left alone.

``subprocess.Popen`` starts it and a pidfd in the event loop says when it ended. That takes two
thirds of the time of ``asyncio.create_subprocess_exec``, which before Python 3.12 also needs a
thread for each program. Where there are no pidfds (not Linux), a thread waits.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

    from taskgraph_core.engine.threads import Threads

KILL_PATIENCE = 5.0
"""Seconds a killed group gets to vanish; it takes longer only when the system itself holds a process."""

_FIRST_LOOK, _LAST_LOOK = 0.002, 0.1


class Process:
    """A program that was started as leader of its group; the event loop hears when it ends."""

    def __init__(self, popen: subprocess.Popen[bytes], threads: Threads) -> None:
        self.pid = popen.pid
        self.exit_code: int | None = None
        self._popen = popen
        self._loop = asyncio.get_running_loop()
        self._exited: asyncio.Future[int] = self._loop.create_future()
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # another system, or no file descriptor left
            threads.call(popen.wait).add_done_callback(lambda done: self._set_exit_code(done.result()))
        else:
            self._loop.add_reader(self._pidfd, self._reap)

    async def wait(self) -> int:
        """Exit code, or minus the number of the signal that ended it; may be asked again after a cancellation."""
        return await asyncio.shield(self._exited)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def group_lives(self) -> bool:
        """Whether any process of the group still runs; zombies do not count.

        The group's number cannot have gone to others since the last look: the system goes through
        all numbers before it uses one again.
        """
        if self.exit_code is None:
            return True
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # a member runs as somebody else
            return True
        return _has_living_member(self.pid)

    async def end_group(self, grace: float, hurry: asyncio.Event) -> bool:
        """End what is left of the group: TERM, then KILL after ``grace`` seconds or as soon as ``hurry`` is set.

        Returns:
            Whether nothing of it is left.
        """
        self.signal(signal.SIGTERM)
        if await self._vanishes(grace, hurry):
            return True
        self.signal(signal.SIGKILL)
        return await self._vanishes(KILL_PATIENCE, asyncio.Event())

    async def _vanishes(self, seconds: float, hurry: asyncio.Event) -> bool:
        """Look at growing intervals: nobody tells when the last member of a group ends."""
        deadline = self._loop.time() + seconds
        pause = _FIRST_LOOK
        while self.group_lives():
            left = deadline - self._loop.time()
            if left <= 0 or hurry.is_set():
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(hurry.wait(), min(pause, left))
            pause = min(2 * pause, _LAST_LOOK)
        return True

    def _reap(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._set_exit_code(self._popen.wait())

    def _set_exit_code(self, code: int) -> None:
        self.exit_code = code
        self._exited.set_result(code)


def _has_living_member(group: int) -> bool:
    """Whether a process of the group is more than a zombie; where there is no /proc, the answer is yes."""
    processes = Path("/proc")
    if not (processes / "self/stat").exists():
        return True
    return any(_is_living_member(place, group) for place in processes.iterdir() if place.name.isdigit())


def _is_living_member(place: Path, group: int) -> bool:
    try:
        # "pid (name) state parent group ...": the name may hold anything, so count from its last parenthesis.
        state, _, its_group = (place / "stat").read_bytes().rpartition(b")")[2].split()[:3]
    except (OSError, ValueError):  # it ended meanwhile
        return False
    return int(its_group) == group and state not in (b"Z", b"X")
