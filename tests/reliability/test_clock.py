"""R10: somebody sets the machine's clock while a run is under way.

Setting the real clock needs privileges and would disturb everybody, so it is set where the engine looks: ``time.time``
moves from one moment to the next, as ``settimeofday`` would move it. The monotonic clock stays right, as it does for
a real step. What the system itself answers (``datetime.now``, file times) does not move.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from taskgraph_core.ir import Command, Policy, Retry, Task, TaskGraph

if TYPE_CHECKING:
    from reliability.engines import Engines
    from reliability.sheet import Sheet

PROGRAM = """
import sys, threading, time
from pathlib import Path

real, moved = time.time, 0.0
time.time = lambda: real() + moved

def step():
    global moved
    moved += float(sys.argv[1])

threading.Timer(float(sys.argv[2]), step).start()

from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph
from taskgraph_core.ir import TaskGraph

graph = TaskGraph.model_validate_json(Path("graph.json").read_text())
run_graph(graph, RunOptions(Path.cwd(), grace=0.2))
"""
TIMEOUT, PAUSE, RUN_TIMEOUT = 1.0, 1.0, 2.0
SLACK = 1.5
"""Seconds that a busy machine may take longer, beside a tenth; a clock that moved would be off by an hour."""
STEPS = {"an hour back": -3600.0, "a day on": 86400.0}


@pytest.mark.parametrize("step", STEPS)
def test_timeouts_and_pauses_stay_right_when_the_clock_is_set(
    sheet: Sheet,
    engines: Engines,
    step: str,
) -> None:
    row = sheet.row("R10", f"the clock set {step}")
    tasks = (
        Task(id="timeout", timeout=TIMEOUT, action=Command(argv=("sleep", "60"))),
        Task(id="retry", retry=Retry(attempts=2, delay=PAUSE), action=Command(argv=("false",))),
        Task(id="run", action=Command(argv=("sleep", "60"))),
    )
    engines.plan(TaskGraph(id="clock", tasks=tasks, policy=Policy(timeout=RUN_TIMEOUT, max_parallel=3)))
    for moment in [0.2, 0.5, 0.8, 1.1, 1.4, 1.8] if sheet.full else [1.1]:
        ended = engines.program(sys.executable, "-c", PROGRAM, str(STEPS[step]), str(moment)).ended()
        row.count("runs")
        row.zero("tracebacks", [ended.err] if ended.crashed else [])
        record = engines.record()
        timed, cancelled = record.by_id["timeout"].attempts[0], record.by_id["run"].attempts[0]
        first, second = record.by_id["retry"].attempts
        found = {
            "timeout": (timed.seconds, TIMEOUT),
            "pause": (second.started - first.ended, PAUSE),
            "timeout of the run": (cancelled.ended - record.started, RUN_TIMEOUT),
        }
        wrong = [f"{what} {is_} s" for what, (is_, due) in found.items() if not due * 0.9 <= is_ <= due * 1.1 + SLACK]
        row.zero("timeouts and pauses off by more than a tenth", wrong)
        told = [event.time for event in engines.story().events]
        row.zero("events that go back in time", [json.dumps(told)] if told != sorted(told) else [])
    row.check()
