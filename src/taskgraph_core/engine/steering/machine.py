"""How full this machine is: memory and load, as far as the system tells.

On Linux memory in use is what ``MemAvailable`` leaves, and where control groups (a container, a systemd
unit) allow less than the machine has, the fullest of them counts. Other systems tell nothing about memory here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Group(NamedTuple):
    """A control group that bounds memory: its limit in bytes, where its use stands, and where its cached pages."""

    limit: int
    usage: Path
    statistics: Path
    cached: tuple[bytes, ...]


class Machine:
    """Looks at the machine, anew at each question; which groups bound this process is found once.

    Args:
        root: where the system's files are; another folder for tests.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._meminfo = root / "proc/meminfo"
        try:
            total = self._machine()[0]
        except (OSError, ValueError):
            total = 0
        self._groups = [group for group in _groups(root) if group.limit < total]

    def memory(self) -> float | None:
        """Share of the memory in use, from 0 to 1; None where nobody knows."""
        try:
            total, available = self._machine()
            shares = [1 - available / total, *map(_share, self._groups)]
        except (OSError, ValueError, ArithmeticError):
            return None
        return max(shares)

    def load(self) -> float | None:
        """Load average of one minute, per CPU of the machine; None where nobody knows."""
        try:
            return os.getloadavg()[0] / (os.cpu_count() or 1)
        except OSError:
            return None

    def _machine(self) -> tuple[int, int]:
        """Bytes there are, and bytes available without swapping."""
        numbers = _numbers(self._meminfo, (b"MemTotal:", b"MemAvailable:"))
        return numbers[b"MemTotal:"] * 1024, numbers[b"MemAvailable:"] * 1024


def _share(group: _Group) -> float:
    """Pages that only cache files do not count, as they do not in ``MemAvailable``."""
    cached = sum(_numbers(group.statistics, group.cached).values())
    return (int(group.usage.read_bytes()) - cached) / group.limit


def _numbers(place: Path, names: tuple[bytes, ...]) -> dict[bytes, int]:
    """Numbers by the word before them, in a file of such lines; all of them must be there."""
    found: dict[bytes, int] = {}
    for line in place.read_bytes().splitlines():
        if line.startswith(names):
            words = line.split()
            if words[0] in names:
                found[words[0]] = int(words[1])
            if len(found) == len(names):
                return found
    msg = f"{place} lacks numbers"
    raise ValueError(msg)


def _groups(root: Path) -> Iterator[_Group]:
    """The groups this process is in, and those around them, that have a limit; versions 2 and 1."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            base = root / "sys/fs/cgroup"
            names = ("memory.max", "memory.current", (b"active_file", b"inactive_file"))
        elif "memory" in controllers.split(","):
            base = root / "sys/fs/cgroup/memory"
            names = (
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                (b"total_active_file", b"total_inactive_file"),
            )
        else:
            continue
        # In a container the path can be the one outside, which is not there; its own limit is then that of the base.
        place = base / path.lstrip("/")
        for folder in (place, *place.parents):
            if not folder.is_relative_to(base):
                break
            try:
                yield _Group(int((folder / names[0]).read_bytes()), folder / names[1], folder / "memory.stat", names[2])
            except (OSError, ValueError):  # no such group, or "max": no limit
                continue
