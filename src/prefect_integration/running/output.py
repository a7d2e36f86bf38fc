"""What a program writes, as lines for a log: the first ones as they come, then only the last ones."""

from __future__ import annotations

import os
import selectors
from collections import deque
from typing import IO, TYPE_CHECKING, Self

from prefect_integration.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = 500
"""Lines logged as they come."""

TAIL = 50
"""Lines kept of what follows, and logged at the end."""

FULL_PIPE = 16
"""Reads that empty any pipe; what somebody left in the background writes after that is not waited for."""

LINE_LIMIT = 2000
"""Longest line, in bytes; a longer one is cut into several."""


class Output:
    """The read end of a program's output.

    Args:
        stream: the pipe.
        log: takes one line.
    """

    def __init__(self, stream: IO[bytes] | None, log: Callable[[str], None]) -> None:
        if stream is None:
            msg = "the program's output is not a pipe"
            raise TypeError(msg)
        self._stream = stream
        self._log = log
        self._logged = 0
        self._left_out = 0
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._rest = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(stream, selectors.EVENT_READ)
        os.set_blocking(stream.fileno(), False)
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for _read in range(FULL_PIPE):
            if not self.read(0.0):
                break
        if self._rest:
            self._line(self._rest)
        if self._left_out > len(self._tail):
            self._log(f"[{self._left_out - len(self._tail)} lines are left out here]")
        for line in self._tail:
            self._log(line)
        self._selector.close()

    def read(self, patience: float) -> bool:
        """Wait at most so many seconds for output and take some of it; whether there was any."""
        if self.closed or not self._selector.select(patience):
            return False
        data = os.read(self._stream.fileno(), 1 << 16)
        if not data:
            self.closed = True
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line)
        while len(self._rest) > LINE_LIMIT:
            self._line(self._rest[:LINE_LIMIT])
            self._rest = self._rest[LINE_LIMIT:]
        return True

    def _line(self, raw: bytes) -> None:
        for start in range(0, len(raw) or 1, LINE_LIMIT):
            line = printable(raw[start : start + LINE_LIMIT].decode(errors="replace").rstrip("\r"))
            if self._logged < HEAD:
                self._logged += 1
                self._log(line)
            else:
                self._left_out += 1
                self._tail.append(line)
