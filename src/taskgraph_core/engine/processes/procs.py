"""The processes of this machine, as ``/proc`` shows them; where there is none (not Linux), nothing is seen."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator

SEEN = Path("/proc/self/stat").exists()
"""Whether processes can be seen here at all."""


class Seen(NamedTuple):
    """A process that is more than a zombie; ``born`` in clock ticks since the machine started."""

    pid: int
    parent: int
    group: int
    session: int
    born: int


def processes() -> Iterator[Seen]:
    """All that may be seen."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - a fifth of the time, and it is done often
    except OSError:
        return
    for name in names:
        if name.isdigit() and (seen := look_at(int(name))) is not None:
            yield seen


def look_at(pid: int) -> Seen | None:
    """One process; None if it is a zombie, gone, or not to be seen."""
    try:
        fields = _stat(pid)
    except (OSError, ValueError):
        return None
    if fields[0] in (b"Z", b"X"):
        return None
    return Seen(pid, int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def ticks() -> int:
    """The time now, in clock ticks since the machine started; 0 where nobody tells."""
    if not SEEN:
        return 0
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def birth(pid: int) -> int:
    """When a process was started, in clock ticks since the machine was; with its number it names it. 0 if unknown."""
    try:
        return int(_stat(pid)[19])
    except (OSError, ValueError):
        return 0


def variables(pid: int) -> frozenset[bytes]:
    """The environment a process was started with, ``NAME=text`` each; empty if it threw it away, or is not ours."""
    try:
        return frozenset(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:
        return frozenset()


def send(one: Seen, number: signal.Signals) -> None:
    """Signal exactly this process, and no later one of the same number."""
    if birth(one.pid) == one.born:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one.pid, number)


def _stat(pid: int) -> list[bytes]:
    """The fields of ``/proc/<pid>/stat`` from the third, the state, on.

    Raises:
        OSError: there is no such process, or no /proc.
        ValueError: it ended this very moment.
    """
    handle = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        text = os.read(handle, 4096)
    finally:
        os.close(handle)
    # "pid (name) state parent ...": the name may hold anything, so count from its last parenthesis.
    return text[text.rindex(b")") + 2 :].split(b" ", 20)
