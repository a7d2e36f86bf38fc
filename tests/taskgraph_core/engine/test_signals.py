"""Signals, sent to a real process that runs a graph."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support.graphs import graph_of
from taskgraph_core.ir import Command, Policy
from taskgraph_core.record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Project

PROGRAM = """
import sys
from pathlib import Path
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph
from taskgraph_core.ir import TaskGraph

graph = TaskGraph.model_validate_json(sys.argv[1])
record = run_graph(graph, RunOptions(Path.cwd(), run_id="run", max_parallel=4, grace=float(sys.argv[2])))
sys.exit(record.state != "success")
"""

STUBBORN = "trap '' TERM; echo $$ >> pids; while :; do sleep 0.05; done"
GENTLE = "trap 'echo ended >> said; exit 1' TERM; echo $$ >> pids; while :; do sleep 0.05; done"


@pytest.fixture
def engines() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for engine in started:
        engine.kill()
        engine.wait()


def start(
    project: Project, engines: list[subprocess.Popen[bytes]], line: str, grace: float, processes: int = 2
) -> subprocess.Popen[bytes]:
    """An engine that runs the line twice, after a task that can be undone; returns once all processes have begun."""
    undo = "echo undone >> said"
    action = {"action": Command(shell=line)}
    tasks = {"first": {"rollback": Command(shell=undo)}, "a": action, "b": action}
    graph = graph_of("first", "a < first", "b < first", "last < a b", tasks=tasks, policy=Policy(rollback=True))
    engine = subprocess.Popen([sys.executable, "-c", PROGRAM, graph.model_dump_json(), str(grace)], cwd=project.path)
    engines.append(engine)
    wait_for(lambda: (project.path / "pids").exists() and len(project.pids()) == processes)
    return engine


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def record_of(project: Path) -> RunRecord:
    return RunRecord.model_validate_json((project / ".taskgraph/runs/run/record.json").read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_the_run_in_order_and_rolls_back(
    project: Project, engines: list[subprocess.Popen[bytes]], lives: Callable[[int], bool], number: signal.Signals
) -> None:
    engine = start(project, engines, GENTLE, grace=60.0)
    engine.send_signal(number)
    assert engine.wait(60) == 1
    record = record_of(project.path)
    assert record.states == {"first": "success", "a": "cancelled", "b": "cancelled", "last": "cancelled"}
    assert record.by_id["first"].undo == "undone"
    assert project.read("said") == "ended\nended\nundone\n"
    assert not any(map(lives, project.pids()))


def test_a_program_that_ignores_the_first_signal_is_killed_after_the_grace(
    project: Project, engines: list[subprocess.Popen[bytes]], lives: Callable[[int], bool]
) -> None:
    engine = start(project, engines, STUBBORN, grace=0.2)
    engine.send_signal(signal.SIGINT)
    assert engine.wait(60) == 1
    assert record_of(project.path).by_id["first"].undo == "undone"
    assert not any(map(lives, project.pids()))


def test_a_second_signal_kills_at_once_and_does_not_roll_back(
    project: Project, engines: list[subprocess.Popen[bytes]], lives: Callable[[int], bool]
) -> None:
    engine = start(project, engines, STUBBORN, grace=3600.0)
    engine.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert all(map(lives, project.pids()))
    engine.send_signal(signal.SIGINT)
    assert engine.wait(60) == 1
    record = record_of(project.path)
    assert record.states == {"first": "success", "a": "cancelled", "b": "cancelled", "last": "cancelled"}
    assert record.by_id["first"].undo is None
    assert not (project.path / "said").exists()
    assert not any(map(lives, project.pids()))


def test_a_signal_that_is_ignored_stays_ignored(project: Project, engines: list[subprocess.Popen[bytes]]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        engine = start(project, engines, GENTLE, grace=60.0)
    finally:
        signal.signal(signal.SIGHUP, before)
    engine.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert engine.poll() is None
    os.kill(engine.pid, signal.SIGTERM)
    assert engine.wait(60) == 1


def test_exit_codes_count_also_where_the_signal_of_children_is_ignored(project: Project) -> None:
    graph = graph_of("a", tasks={"a": {"action": Command(shell="exit 3")}})
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        record = project.run(graph)
        assert signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert record.by_id["a"].attempts[0].exit_code == 3


DAEMONS = "setsid sh -c 'sh stubborn.sh & sh stubborn.sh' & sleep 600"
"""Two processes in a session of their own, one of them with nobody for a parent, that ignore TERM."""


def test_stubborn_daemons_do_not_outlive_the_grace(
    project: Project, engines: list[subprocess.Popen[bytes]], lives: Callable[[int], bool]
) -> None:
    project.write("stubborn.sh", STUBBORN)
    engine = start(project, engines, DAEMONS, grace=0.5, processes=4)
    engine.send_signal(signal.SIGINT)
    assert engine.wait(60) == 1
    assert not any(map(lives, project.pids()))


def test_a_second_signal_kills_daemons_too(
    project: Project, engines: list[subprocess.Popen[bytes]], lives: Callable[[int], bool]
) -> None:
    project.write("stubborn.sh", STUBBORN)
    engine = start(project, engines, DAEMONS, grace=3600.0, processes=4)
    engine.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert all(map(lives, project.pids()))
    engine.send_signal(signal.SIGINT)
    assert engine.wait(60) == 1
    assert not any(map(lives, project.pids()))
