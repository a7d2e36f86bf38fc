from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

from taskgraph_core.display.output import Output

if TYPE_CHECKING:
    import pytest


class Pipe(io.StringIO):
    """Counts sendings; a reader leaves after so many."""

    def __init__(self, reader_stays: int = 1000) -> None:
        super().__init__()
        self.sent = 0
        self._reader_stays = reader_stays

    def flush(self) -> None:
        self.sent += 1
        if self.sent > self._reader_stays:
            raise BrokenPipeError


def test_a_run_goes_on_when_its_reader_is_gone() -> None:
    pipe = Pipe(reader_stays=1)
    output = Output(pipe)
    for number in range(5):
        output.line(f"line {number}")
        output.flush()
    assert pipe.getvalue().splitlines() == ["line 0", "line 1"]


def test_lines_of_one_turn_of_the_loop_are_sent_together() -> None:
    pipe = Pipe()
    output = Output(pipe)

    async def main() -> None:
        for _ in range(3):
            for number in range(10):
                output.line(f"line {number}")
            await asyncio.sleep(0)

    asyncio.run(main())
    assert pipe.sent == 3
    assert pipe.getvalue().count("\n") == 30


def test_characters_the_stream_has_no_code_for_are_escaped() -> None:
    raw = io.BytesIO()
    output = Output(io.TextIOWrapper(raw, encoding="ascii"))
    output.line("é日 ok")
    output.flush()
    assert raw.getvalue() == b"\\xe9\\u65e5 ok\n"


def test_styles_become_codes_where_there_are_colours() -> None:
    assert Output(Pipe(), colour=True).paint("x", "bold red") == "\x1b[1;31mx\x1b[0m"
    assert Output(Pipe()).paint("x", "bold red") == "x"


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert Output(Pipe(), colour=True).paint("x", "red") == "x"
