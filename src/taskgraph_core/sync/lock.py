"""One writer of a plan at a time, among us and beside Taskmaster.

Taskmaster keeps others away by ``tasks.json.lock``: a folder in its newer half, a file in its older
one, each of which yields to either. Whoever finds one that has not been touched for ten seconds takes
it for left behind and removes it. Making a folder is atomic on every file system, so that is what
we make. An ``flock`` on the plan's folder comes first: the system gives it back when its holder dies.

Taskmaster reads the plan before it takes its lock, so that it can still undo what others wrote meanwhile.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from taskgraph_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 30.0
"""Seconds to wait for other writers; none of them should take one."""

STALE = 10.0
"""Seconds after which Taskmaster takes a lock for left behind."""

_PAUSE = 0.02
_NO_FLOCK = {errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


@contextmanager
def plan_lock(plan: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a plan: the file itself and, where it is named through a link, that name too.

    Args:
        plan: the file.
        patience: seconds to wait for others.

    Raises:
        InputError: others held it all the time, or it cannot be locked.
    """
    deadline = time.monotonic() + patience
    with ExitStack() as held:
        try:
            if not plan.is_file():
                msg = "is no file that statuses could be written into"
                raise InputError(msg, where=str(plan), fix="name the plan's file")
            place = plan.resolve(strict=True)
            held.enter_context(_flock(place.parent, plan, deadline))
            for name in sorted({place, plan.parent.resolve() / plan.name}):
                held.enter_context(_folder(name.with_name(f"{name.name}.lock"), plan, deadline))
        except OSError as error:
            msg = f"cannot be locked: {error.strerror}"
            raise InputError(msg, where=str(plan), fix="make the plan's folder readable and writable") from error
        yield


@contextmanager
def _folder(lock: Path, plan: Path, deadline: float) -> Iterator[None]:
    """Hold a lock of Taskmaster's kind."""
    while True:
        try:
            lock.mkdir()
        except FileExistsError:
            if not _removed(lock):
                _wait(plan, lock, deadline)
        else:
            break
    identity = lock.lstat().st_ino
    try:
        yield
    finally:
        with suppress(OSError):  # somebody took it for left behind
            if lock.lstat().st_ino == identity:
                lock.rmdir()


def _removed(lock: Path) -> bool:
    """Whether a lock is gone, because its holder gave it back or was long gone himself."""
    aside = lock.with_name(f"{lock.name}.stale.{os.getpid()}.{time.time_ns()}")
    try:
        if time.time() - lock.lstat().st_mtime < STALE:
            return False
        lock.rename(aside)  # only one of all who try it succeeds
    except FileNotFoundError:
        return True
    with suppress(OSError):
        aside.rmdir() if aside.is_dir() and not aside.is_symlink() else aside.unlink()
    return True


@contextmanager
def _flock(folder: Path, plan: Path, deadline: float) -> Iterator[None]:
    """Hold a folder among programs of ours, where the file system knows such locks."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _wait(plan, folder, deadline)
            except OSError as error:
                if error.errno not in _NO_FLOCK:
                    raise
                break
            else:
                break
        yield
    finally:
        os.close(handle)


def _wait(plan: Path, held: Path, deadline: float) -> None:
    if time.monotonic() >= deadline:
        msg = f"another program keeps it locked ({held.name})"
        raise InputError(msg, where=str(plan), fix="wait for it to end; then do the same again")
    time.sleep(_PAUSE)
