"""What Python tasks print goes to their own logs, not between the lines of the display.

``sys.stdout`` and ``sys.stderr`` belong to the whole process, while several tasks print at once. So
they are replaced by one object that looks, at every write, into a context variable: coroutines
and the threads started for functions carry it along. Outside of any task it passes everything
through. What child processes of such a task print, and what is written to ``sys.stdout.buffer``, goes
past it.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO, TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LOG: ContextVar[Log | None] = ContextVar("taskgraph_log", default=None)


class Log:
    """A log that is opened by the first word written to it; once more after closing, if a function was left running.

    Args:
        place: says where it lies; not asked before it is opened, as most tasks print nothing.
    """

    def __init__(self, place: Callable[[], Path]) -> None:
        self._place = place
        self._stream: IO[str] | None = None

    def write(self, text: str) -> int:
        """Write like a stream."""
        if self._stream is None:
            self._stream = self._place().open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
        return self._stream.write(text)

    def close(self) -> None:
        """Close it, if it was opened."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def enter(self) -> None:
        """Send what the current context prints here, from now on."""
        _LOG.set(self)


class _Switch:
    """Stands in for a stream: a task's log inside a task, the stream itself elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        log = _LOG.get()
        return self._stream.write(text) if log is None else log.write(text)

    def flush(self) -> None:
        if _LOG.get() is None:
            self._stream.flush()

    def isatty(self) -> bool:
        return _LOG.get() is None and self._stream.isatty()  # nobody draws pictures into a log

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


@contextmanager
def captured_streams() -> Iterator[None]:
    """Let tasks print to their own logs while this is open."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Switch(sys.stdout), _Switch(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
