"""A stream that lines are written to for as long as it takes them."""

from __future__ import annotations

from typing import TextIO


class Output:
    """Writes lines at once; when the reader is gone (``| head``, a closed terminal), it goes quiet and the run goes on.

    Characters the stream has no code for are written as escapes.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._open = True

    def line(self, text: str) -> None:
        """Write one line."""
        if not self._open:
            return
        try:
            self._stream.write(text.encode(self._encoding, "backslashreplace").decode(self._encoding) + "\n")
            self._stream.flush()
        except OSError:
            self._open = False
