"""One engine for one run: a lock on the run's folder, which ends with the process that holds it.

An ``flock`` on the file ``lock``, in which the holder writes who it is. The system lets go of it when the process dies,
however it dies. Programs that the engine starts do not keep it: the file is closed when they begin, and in a
forked copy of the engine at once. On a network file system it is as good as that system's own locks.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from taskgraph_core.engine.rundir import LOCK
from taskgraph_core.errors import EngineError
from taskgraph_core.show.text import clipped

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 0.5
"""Seconds for which a lock may be held by somebody who only looks, or by a program that is just being started."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Holder:
    """The engine that holds a lock: process, machine, and since when (seconds since the epoch)."""

    pid: int
    host: str
    since: float


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the lock of a run's folder.

    Raises:
        EngineError: another engine holds it, or it cannot be made.
    """
    place = directory / LOCK
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        msg = f"the run cannot be locked: {error.strerror}"
        raise EngineError(msg, where=str(place), fix="make the run's folder writable, and look for space") from error
    _handles.add(handle)
    try:
        if not _acquired(handle, fcntl.LOCK_EX, _PATIENCE):
            raise _refusal(directory)
        _write(handle, Holder(os.getpid(), os.uname().nodename, time.time()))
        yield
    finally:
        _handles.discard(handle)
        os.close(handle)


def holder(directory: Path) -> Holder | None:
    """Who carries the run out at this moment; None if nobody does."""
    return _read(directory / LOCK) if is_held(directory) else None


def is_held(directory: Path) -> bool:
    """Whether an engine carries the run out at this moment."""
    try:
        handle = os.open(directory / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _acquired(handle, fcntl.LOCK_SH, 0.0)
    finally:
        os.close(handle)


def boot_id() -> str:
    """Names the time this machine has been up for; empty where the system does not say."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def _acquired(handle: int, how: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        else:
            return True


def _write(handle: int, who: Holder) -> None:
    """Best effort: what counts is the lock, not who says to hold it."""
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(asdict(who)).encode(), 0)


def _read(place: Path) -> Holder:
    try:
        said = json.loads(place.read_bytes())
        time.localtime(said["since"])
        return Holder(int(said["pid"]), str(said["host"]), float(said["since"]))
    except (OSError, LookupError, OverflowError, TypeError, ValueError):
        return Holder(0, "", 0.0)


def _refusal(directory: Path) -> EngineError:
    who = _read(directory / LOCK)
    msg = "another engine carries this run out"
    if who.pid:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(who.since))
        msg += f": process {who.pid} on {clipped(who.host)}, since {since}"
    return EngineError(msg, where=str(directory), fix="wait for it to end, or end it")


_handles: set[int] = set()


def _forget_locks() -> None:
    for handle in _handles:
        os.close(handle)
    _handles.clear()


os.register_at_fork(after_in_child=_forget_locks)
