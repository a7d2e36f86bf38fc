"""What is kept of the output of an attempt: all of it, or its start and its end.

Programs write straight into their logs, which costs nothing. Once a second somebody looks at the logs of those that
run: of one that has become too long, the middle is given back to the disk while the program goes on writing at
its end (a hole is punched into the file). When the attempt has ended, its log is made short for good.

So the limit holds for every log that is complete. Until then a log takes at most the limit and what the program writes
in a second, though it looks longer. Where no holes can be punched (not Linux, or a file system that cannot), all but
the start is dropped at each look, so the end that is kept may be short. A service that was left running and
still writes into the log of its attempt is not looked after any more.
"""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskgraph_core.engine.actions.threads import Threads

LOOK_EVERY = 1.0
"""Seconds between two looks at the logs of programs that run."""

LEFT_OUT = b"\n[taskgraph: the middle of the output is left out]\n"

_PIECE = 2**20
_PUNCH = 0x01 | 0x02
"""``FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE``"""


class Outputs:
    """The logs of the programs that run, none of which becomes longer than ``limit`` bytes for good."""

    def __init__(self, limit: int, threads: Threads) -> None:
        self._limit = limit
        self._threads = threads
        self._open: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._look: asyncio.Future[None] | None = None

    def watch(self, log: str) -> None:
        """Look at a log from time to time, until ``finish`` or ``close``."""
        self._open.add(log)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look_around)

    def is_too_long(self, log: str) -> bool:
        """Whether ``finish`` has something to do; if not, the log is looked at no more."""
        if size(log) > self._limit:
            return True
        self._open.discard(log)
        return False

    async def finish(self, log: str) -> None:
        """Make a log short for good; nobody may write to it any more."""
        self._open.discard(log)
        if self._look is not None and not self._look.done():  # it must not punch a hole into what is short already
            await asyncio.wait([self._look])
        await self._threads.call(partial(shorten, log, self._limit))

    def close(self) -> None:
        """Look no more."""
        self._open.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _look_around(self) -> None:
        self._timer = None
        too_long = [log for log in self._open if size(log) > self._limit]
        if too_long and (self._look is None or self._look.done()):
            self._look = self._threads.call(partial(_relieve_all, too_long, self._limit))
        if self._open:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look_around)


def size(log: str) -> int:
    """Length of a log in bytes; 0 if there is none, or if somebody has put something else in its place."""
    try:
        status = os.lstat(log)
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def shorten(log: str, limit: int) -> None:
    """Make a file of its start, a line that says so, and its end: ``limit`` bytes together. A disk may refuse."""
    half = max(0, limit - len(LEFT_OUT)) // 2
    with suppress(OSError):
        handle = os.open(log, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            end = os.fstat(handle).st_size
            if end <= limit:
                return
            source, target = end - half, half
            os.pwrite(handle, LEFT_OUT, target)
            target += len(LEFT_OUT)
            while source < end and (piece := os.pread(handle, min(_PIECE, end - source), source)):
                os.pwrite(handle, piece, target)
                source += len(piece)
                target += len(piece)
            os.ftruncate(handle, target)
        finally:
            os.close(handle)


def relieve(log: str, limit: int) -> None:
    """Give the middle of a file that is being written to back to the disk. It may refuse."""
    half = limit // 2
    with suppress(OSError):
        handle = os.open(log, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not _punch_hole(handle, half, os.fstat(handle).st_size - half):
                os.ftruncate(handle, half)  # whoever appends goes on there
        finally:
            os.close(handle)


def _relieve_all(logs: Iterable[str], limit: int) -> None:
    for log in logs:
        relieve(log, limit)


def _punch_hole(handle: int, start: int, end: int) -> bool:
    """Free the disk between two places of a file, whose length stays; whether that could be done."""
    import ctypes  # noqa: PLC0415 - few programs print that much

    try:
        fallocate = ctypes.CDLL(None).fallocate64
    except (AttributeError, OSError):
        return False
    done: int = fallocate(handle, _PUNCH, ctypes.c_int64(start), ctypes.c_int64(end - start))
    return done == 0
