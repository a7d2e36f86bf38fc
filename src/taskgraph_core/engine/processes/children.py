"""Hears when programs end.

Each has a pidfd, all of them are in one epoll, and that is in the event loop: a third cheaper than a reader of the
loop for each program. Only what was started here is ever waited for, so a Python function that runs programs of
its own in this process is not robbed of their exit codes. Where there are no pidfds (not Linux), a thread
waits for each program.
"""

from __future__ import annotations

import asyncio
import os
import select
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from taskgraph_core.engine.processes.usage import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.actions.threads import Threads
    from taskgraph_core.engine.processes.usage import Exit

    Ended = Callable[[Exit | None], None]
    """Told how a program ended; None if somebody else took note of that, and it is lost."""


class Children:
    """The programs that are waited for; used inside one event loop, and closed there."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, tuple[int, Ended]] = {}
        self._epoll = None
        if hasattr(select, "epoll") and hasattr(os, "pidfd_open"):
            self._epoll = select.epoll()
            self._loop.add_reader(self._epoll.fileno(), self._reap, self._epoll)

    def watch(self, pid: int, ended: Ended) -> None:
        """Have ``ended`` called once the program has ended."""
        if self._epoll is not None:
            with suppress(OSError):  # no file descriptor left, or no room in the epoll
                handle = os.pidfd_open(pid)
                try:
                    self._epoll.register(handle, select.EPOLLIN)
                except OSError:
                    os.close(handle)
                    raise
                self._waiting[handle] = pid, ended
                return
        self._threads.call(partial(_exit_of, pid)).add_done_callback(lambda done: ended(done.result()))

    def close(self) -> None:
        """Hear no more."""
        if self._epoll is not None:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
        for handle in self._waiting:
            os.close(handle)

    def _reap(self, epoll: select.epoll) -> None:
        for handle, _ in epoll.poll(0):
            pid, ended = self._waiting.pop(handle)
            # Closing does not take it out: a program that is just being started may have a copy for a moment.
            epoll.unregister(handle)
            os.close(handle)
            ended(_exit_of(pid))


def _exit_of(pid: int) -> Exit | None:
    try:
        return wait_for(pid)
    except ChildProcessError:
        return None
