from __future__ import annotations

import io

from support.graphs import graph_of
from taskgraph_core.display.lines import PlainDisplay
from taskgraph_core.display.output import Output
from taskgraph_core.engine.simulate import simulate_run


class Closing(io.StringIO):
    """A pipe whose reader leaves after two lines."""

    def flush(self) -> None:
        if self.getvalue().count("\n") > 2:
            raise BrokenPipeError


def test_a_run_goes_on_when_its_reader_is_gone() -> None:
    stream = Closing()
    record = simulate_run(graph_of("a", "b", "c"), observers=[PlainDisplay(stream)])
    assert record.state == "success"
    assert stream.getvalue().count("\n") == 3


def test_characters_the_stream_has_no_code_for_are_escaped() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Output(stream).line("é日 ok")
    assert raw.getvalue() == b"\\xe9\\u65e5 ok\n"
