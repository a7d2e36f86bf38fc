"""What a program prints, line by line, while it still runs.

The core has programs write into a file and keeps its start and its end (``processes/output``). So the
start is told as it grows; of a file that becomes longer than that, the rest when it is complete.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from taskgraph_core.engine.processes.output import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINE_LIMIT = 10_000
"""Longest line that is told, in bytes; a longer one is cut into several."""

_PIECE = 2**16


class Following:
    """A log that is told line by line; used by one thread.

    Args:
        log: the file, which need not exist yet.
        limit: bytes that are kept of it in the end.
        tell: told each line, without its end.
    """

    def __init__(self, log: Path, limit: int, tell: Callable[[str], None]) -> None:
        self._log = log
        self._steady_part = max(0, limit - len(LEFT_OUT)) // 2
        self._tell = tell
        self._offset = 0
        self._rest = b""

    def look(self) -> None:
        """Tell what is new, as far as it will stay."""
        self._read(self._steady_part)

    def finish(self) -> None:
        """Tell all that is left; nothing is cut from the file any more."""
        self._read(None)
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _read(self, end: int | None) -> None:
        try:
            handle = os.open(self._log, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # nothing printed yet
            return
        try:
            while piece := os.pread(handle, _PIECE if end is None else min(_PIECE, end - self._offset), self._offset):
                self._offset += len(piece)
                *lines, self._rest = (self._rest + piece).split(b"\n")
                for line in lines:
                    self._line(line)
        finally:
            os.close(handle)

    def _line(self, line: bytes) -> None:
        for start in range(0, len(line) or 1, LINE_LIMIT):
            self._tell(line[start : start + LINE_LIMIT].decode(errors="backslashreplace").rstrip("\r"))
