"""A stream that lines are written to for as long as it takes them."""

from __future__ import annotations

import asyncio
import os
from typing import TextIO


class Output:
    """Writes lines; when the reader is gone (``| head``, a closed terminal), it goes quiet and the run goes on.

    In an event loop, what is written in one turn of it is sent together at the end of the turn, because each
    sending is a system call. Elsewhere the stream sends when it has enough; ``flush`` sends what is left.
    Characters the stream has no code for are written as escapes.
    """

    def __init__(self, stream: TextIO, *, colour: bool = False) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._any_text = self._encoding.lower().replace("-", "") == "utf8"
        self._colour = colour and not os.environ.get("NO_COLOR")
        self._codes: dict[str, tuple[str, str]] = {}
        self._open = True
        self._sending = False

    def paint(self, text: str, style: str) -> str:
        """A text in a style, if there are colours."""
        if not (self._colour and style):
            return text
        if style not in self._codes:
            self._codes[style] = _codes(style)
        before, after = self._codes[style]
        return f"{before}{text}{after}"

    def line(self, text: str) -> None:
        """Write one line."""
        if not self._open:
            return
        if not self._any_text or not text.isascii():
            text = text.encode(self._encoding, "backslashreplace").decode(self._encoding)
        try:
            self._stream.write(text + "\n")
        except OSError:
            self._open = False
        if not self._sending:
            self._send_soon()

    def flush(self) -> None:
        """Send what was written."""
        self._sending = False
        if not self._open:
            return
        try:
            self._stream.flush()
        except OSError:
            self._open = False

    def _send_soon(self) -> None:
        try:
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:  # no loop
            return
        self._sending = True


def _codes(style: str) -> tuple[str, str]:
    """What switches a style on and off."""
    from rich.color import ColorSystem  # noqa: PLC0415 - it takes longer to import than a small run
    from rich.style import Style  # noqa: PLC0415

    before, _, after = Style.parse(style).render("|", color_system=ColorSystem.STANDARD).partition("|")
    return before, after
