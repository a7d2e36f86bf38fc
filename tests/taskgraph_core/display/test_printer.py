from __future__ import annotations

import asyncio
import contextvars
import io
from typing import TYPE_CHECKING

import pytest

from support.graphs import graph_of
from taskgraph_core.display.printer import ParallelEventPrinter
from taskgraph_core.engine.attempt import Result
from taskgraph_core.engine.conductor import Conductor
from taskgraph_core.engine.driver import Driver
from taskgraph_core.engine.events import TaskStarted
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.engine.events import Event

OUTER = graph_of("read", "write < read", id="outer")
INNER = graph_of("page", "line < page", id="inner")


def nested(printer: Callable[[], ParallelEventPrinter]) -> None:
    """Runs the inner graph inside the task ``read`` of the outer one."""
    outer = printer()

    async def drive(graph_name: str) -> None:
        graph = {"outer": OUTER, "inner": INNER}[graph_name]
        observer = outer if graph is OUTER else printer()
        await Driver(Conductor(graph, [observer], run_id=f"run-{graph_name}", system="test"), perform).run()

    async def perform(call: Call) -> Result:
        if call.task.id == "read":
            await drive("inner")
        return Result.failed("no reason given") if call.task.id == "line" else Result("success")

    asyncio.run(drive("outer"))


def words(stream: io.StringIO) -> list[str]:
    """Lines without times and numbers of seconds."""
    text = stream.getvalue().split("\n\n")[0]
    return [" ".join(line.split("s  ", 1)[1].split(" after ")[0].split()) for line in text.splitlines()]


@pytest.mark.parametrize("shared", [True, False])
def test_a_run_inside_another_is_told_as_such(*, shared: bool) -> None:
    stream = io.StringIO()
    one = ParallelEventPrinter("realtime", stream)
    nested((lambda: one) if shared else (lambda: ParallelEventPrinter("realtime", stream)))
    start = [line.split(", at most")[0] for line in words(stream)]
    assert start == [
        "run run-outer of outer: 2 tasks",
        "start read",
        "run run-inner of inner: 2 tasks",
        "start inner: page",
        "success inner: page",
        "start inner: line",
        "failed inner: line",
        "ended inner: failed",
        "success read",
        "start write",
        "success write",
    ]
    assert stream.getvalue().count("run-inner") == 1
    assert "run run-outer of outer: success" in stream.getvalue()


def test_runs_side_by_side_do_not_take_each_others_events() -> None:
    stream = io.StringIO()
    printer = ParallelEventPrinter("realtime", stream)

    def other(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.task_id == "page":
            contextvars.Context().run(simulate_run, OUTER, observers=[printer], run_id="run-2", max_parallel=2)

    simulate_run(INNER, observers=[printer, other], run_id="run-1", max_parallel=2)
    assert words(stream) == [
        "run run-1 of inner: 2 tasks, at most 2 at a time",
        "start page",
        "run run-2 of outer: 2 tasks, at most 2 at a time",
        "start outer: read",
        "success outer: read",
        "start outer: write",
        "success outer: write",
        "ended outer: success",
        "success page",
        "start line",
        "success line",
    ]
    assert "run run-1 of inner: success" in stream.getvalue()


def test_why_a_run_among_others_failed_is_told_where_its_tasks_are_not() -> None:
    stream = io.StringIO()
    nested(lambda: ParallelEventPrinter("progress", stream))
    lines = stream.getvalue().splitlines()
    at = lines.index("failed: line")
    assert lines[at + 1 : at + 3] == ["  no reason given", ""]
    assert "ended    inner: failed after" in lines[at + 3]


def test_the_next_run_may_have_another_mode() -> None:
    stream = io.StringIO()
    simulate_run(INNER, observers=[ParallelEventPrinter("collapsed", stream)])
    assert "start" not in stream.getvalue()
    simulate_run(INNER, observers=[ParallelEventPrinter("realtime", stream)])
    assert "start" in stream.getvalue()


def test_standard_output_is_where_it_prints_if_nothing_else_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    simulate_run(INNER, observers=[ParallelEventPrinter(parallel_mode="hybrid")])
    assert "start    page" in capsys.readouterr().out


def test_a_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(EngineError, match="there is no display mode 'bars'"):
        ParallelEventPrinter("bars")  # type: ignore[arg-type]
