from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from support.graphs import graph_of
from taskgraph_core.display import can_be_live, choose
from taskgraph_core.display.json_lines import JsonDisplay
from taskgraph_core.display.lines import PlainDisplay
from taskgraph_core.display.live import LiveDisplay
from taskgraph_core.engine.events import TaskStarted
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Command

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.display import Mode
    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import TaskGraph

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def drawn(graph: TaskGraph, project: Path, mode: Mode = "hybrid") -> str:
    terminal = Terminal()
    console = Console(file=terminal, force_terminal=True, width=70, height=24, highlight=False)
    run_graph(graph, RunOptions(project), [LiveDisplay(terminal, mode, console=console)])
    return terminal.getvalue()


def test_the_picture_moves_and_leaves_the_summary(tmp_path: Path) -> None:
    wait = {"title": "Wait [red]a bit", "action": Command(argv=("sleep", "0.5"))}
    graph = graph_of("1", "2 < 1", tasks={"1": wait, "2": {"action": Command(argv=("false",))}})
    screen = drawn(graph, tmp_path)
    assert "1 Wait [red]a bit" in screen
    assert "1 running" in screen
    assert "failed: 2" in screen
    assert screen.rstrip().endswith("record.json\x1b[0m")
    assert screen.index(HIDE_CURSOR) < screen.index(SHOW_CURSOR) < screen.index("failed: 2")


def test_the_cursor_comes_back_when_a_run_breaks_off(tmp_path: Path) -> None:
    terminal = Terminal()
    console = Console(file=terminal, force_terminal=True, width=70, height=24)

    def object_to_starts(event: Event) -> None:
        if isinstance(event, TaskStarted):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_graph(graph_of("1"), RunOptions(tmp_path), [LiveDisplay(terminal, console=console), object_to_starts])
    assert terminal.getvalue().count(HIDE_CURSOR) == terminal.getvalue().count(SHOW_CURSOR) == 1


def test_a_terminal_gets_the_live_display_and_a_pipe_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(choose("auto", Terminal()), LiveDisplay)
    assert isinstance(choose("auto", io.StringIO()), PlainDisplay)


def test_a_mode_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    assert isinstance(choose("live", stream), LiveDisplay)
    assert isinstance(choose("plain", Terminal()), PlainDisplay)
    assert isinstance(choose("json", Terminal()), JsonDisplay)


def test_a_terminal_that_cannot_draw_over_lines_gets_the_plain_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not can_be_live(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    ascii_only = Terminal()
    ascii_only.encoding = "ascii"
    assert not can_be_live(ascii_only)


@pytest.mark.parametrize(
    ("mode", "shown", "hidden"), [("progress", "1 running", "Wait"), ("collapsed", "0 of 2", "Wait")]
)
def test_a_mode_without_tasks_shows_none_before_the_end(mode: Mode, shown: str, hidden: str, tmp_path: Path) -> None:
    wait = {"title": "Wait", "action": Command(argv=("sleep", "0.5"))}
    screen = drawn(graph_of("1", "2 < 1", tasks={"1": wait}), tmp_path, mode=mode)
    assert shown in screen
    assert hidden not in screen


def test_realtime_scrolls_in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    simulate_run(graph_of("1"), observers=[choose("live", terminal, "realtime")])
    assert "\x1b[32msuccess \x1b[0m 1 after 1 s" in terminal.getvalue()
    assert HIDE_CURSOR not in terminal.getvalue()


def test_a_terminal_that_is_gone_is_left_alone() -> None:
    class Gone(Terminal):
        def write(self, _: str) -> int:
            raise OSError

    gone = Gone()
    record = simulate_run(graph_of("1"), observers=[LiveDisplay(gone, console=Console(file=gone, force_terminal=True))])
    assert record.state == "success"


def test_what_a_program_prints_between_its_groups_goes_above_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    console = Console(file=terminal, force_terminal=True, width=70, height=24)
    kept: list[object] = []

    def talk(event: Event) -> None:
        if isinstance(event, TaskStarted):
            print("hello from the program")  # noqa: T201 - a program that prints is what this is about
            kept.append(sys.stdout)

    simulate_run(graph_of("1"), observers=[LiveDisplay(terminal, console=console), talk])
    assert kept != [terminal]
    assert sys.stdout is terminal
    assert "hello from the program" in terminal.getvalue()
