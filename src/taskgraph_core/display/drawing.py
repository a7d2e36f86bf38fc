"""A picture that stays at the bottom of a terminal, and lines that scroll above it.

One thread writes both: where lines are printed by one thread and the picture is drawn again by another, each
moves the cursor by what it believes to be on the screen, and they overwrite each other.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console, RenderableType

PICTURES_PER_SECOND = 5


class Drawing:
    """Draws from ``start`` to ``stop``; a terminal that is gone is left alone.

    What tasks of a run print goes to their logs, and is not touched. But a program that prints between its groups
    would write into the picture: what it prints to ``stream`` meanwhile goes above.
    """

    def __init__(self, console: Console, picture: Callable[[], RenderableType], stream: TextIO) -> None:
        self._console = console
        self._stream = stream
        self._live = Live(
            get_renderable=picture,
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._above: deque[Text] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw_on, name="taskgraph-display", daemon=True)
        self._before: tuple[TextIO, TextIO] | None = None

    def start(self) -> None:
        """Begin to draw."""
        if sys.stdout is self._stream:
            self._before = sys.stdout, sys.stderr
            sys.stdout = _Above(sys.stdout, self.above)
            if sys.stderr.isatty():
                sys.stderr = _Above(sys.stderr, self.above)
        with suppress(OSError):
            self._live.start()
            self._thread.start()

    def above(self, *lines: Text) -> None:
        """Have lines printed above the picture, soon."""
        self._above.extend(lines)

    def stop(self) -> None:
        """Print what is left, and take the picture away."""
        if self._before is not None:
            for stream in (sys.stdout, sys.stderr):
                if isinstance(stream, _Above):
                    stream.end_line()
            sys.stdout, sys.stderr = self._before
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()
        with suppress(OSError):
            self._live.stop()
        with suppress(OSError):
            self._print_above()

    def _draw_on(self) -> None:
        with suppress(OSError):
            while True:
                self._print_above()
                self._live.refresh()
                if self._over.wait(1 / PICTURES_PER_SECOND):
                    return

    def _print_above(self) -> None:
        lines = [self._above.popleft() for _ in range(len(self._above))]
        if lines:
            self._console.print(Text("\n").join(lines), soft_wrap=True)


class _Above:
    """Stands in for a stream: whole lines go above the picture."""

    def __init__(self, stream: TextIO, above: Callable[[Text], None]) -> None:
        self._stream = stream
        self._print = above
        self._begun = ""

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._print(Text.from_ansi(line))
        return len(text)

    def flush(self) -> None:
        """Nothing: a line is printed when it is complete."""

    def end_line(self) -> None:
        """Complete a line that was begun."""
        if self._begun:
            self.write("\n")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)
