"""R8: signals to a run whose programs do not listen. R9: timeouts of programs that do not listen either."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from reliability.engines import COMMAND, wait_for
from reliability.locks import TREES, holder, survivors
from reliability.truth import lines
from taskgraph_core.ir import Policy, Task, TaskGraph

if TYPE_CHECKING:
    from reliability.engines import Engine, Engines
    from reliability.sheet import Row, Sheet

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a session of its own is out of reach")

GRACE = 0.5
PROGRAM = """
import sys
from pathlib import Path
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph
from taskgraph_core.ir import TaskGraph

graph = TaskGraph.model_validate_json(Path("graph.json").read_text())
record = run_graph(graph, RunOptions(Path.cwd(), max_parallel=8, grace=float(sys.argv[1])))
sys.exit(record.state != "success")
"""
LATE = 2.0
"""Seconds beyond the grace period in which a run must be over; where others use the machine too, ten times that."""


def begin(engines: Engines, grace: float | None) -> Engine:
    """An engine with one stubborn task for each tree, all of them under way; None for the command line's own grace."""
    tasks = tuple(Task(id=tree, action=holder(engines.path, tree, 3600, stubborn=True)) for tree in TREES)
    engines.plan(TaskGraph(id="stubborn", tasks=(*tasks, Task(id="after", depends_on=TREES))))
    before = begun(engines)
    if grace is None:
        engine = engines.program(*COMMAND, "run", "graph.json", "-j", "8", "--format", "plain")
    else:
        engine = engines.program(sys.executable, "-c", PROGRAM, str(grace))
    wait_for(lambda: begun(engines) == before + len(TREES))
    return engine


def begun(engines: Engines) -> int:
    return sum(line.what == "start" for line in lines(engines.path))


def test_a_signal_ends_a_run_in_time_and_leaves_nothing(
    sheet: Sheet,
    engines: Engines,
) -> None:
    row = sheet.row("R8", "SIGTERM and SIGINT while programs ignore TERM")
    late = LATE if sheet.full else 10 * LATE
    graces = [GRACE] * 9 + [None] if sheet.full else [GRACE]
    for number, grace in [(number, grace) for grace in graces for number in (signal.SIGINT, signal.SIGTERM)]:
        engine = begin(engines, grace)
        began = time.monotonic()
        engine.send_signal(number)
        ended = engine.ended()
        seconds = time.monotonic() - began
        row.count("signals")
        limit = (5.0 if grace is None else grace) + late
        row.zero(f"later than the grace + {late:.0f} s", [f"{seconds:.1f} s"] if seconds > limit else [])
        judge(row, engines, ended.code, ended.err)
    for _ in range(10 if sheet.full else 1):
        engine = begin(engines, 3600.0)
        engine.send_signal(signal.SIGINT)
        time.sleep(0.1)
        row.zero("gone at the first signal", ["the engine"] if engine.poll() is not None else [])
        engine.send_signal(signal.SIGTERM)
        ended = engine.ended()
        row.count("second signals")
        judge(row, engines, ended.code, ended.err)
    row.check()


def judge(row: Row, engines: Engines, code: int, said: str) -> None:
    row.zero("survivors", survivors(engines.path))
    row.zero("tracebacks", [said] if "Traceback" in said else [])
    row.zero("wrong exit codes", [str(code)] if code != 1 else [])
    states = set(engines.record().states.values())
    row.zero("wrong states", [str(states)] if states != {"cancelled"} else [])
    story = engines.story()
    row.zero("journals left open", [] if story.ended == "failed" and not story.torn else [str(engines.directory)])


def test_a_timeout_leaves_nothing_running(sheet: Sheet, engines: Engines) -> None:
    row = sheet.row("R9", "timeouts of trees with grandchildren in sessions of their own")
    tasks = tuple(
        Task(id=f"{number}-{tree}-{stubborn}", timeout=0.6, action=holder(engines.path, tree, 3600, stubborn=stubborn))
        for number in range(10 if sheet.full else 1)
        for tree in TREES
        for stubborn in (False, True)
    )
    engines.plan(TaskGraph(id="late", tasks=tasks, policy=Policy(max_parallel=6)))
    ended = engines.program(sys.executable, "-c", PROGRAM, str(GRACE)).ended()
    row.count("timeouts", len(tasks))
    row.zero("survivors", survivors(engines.path))
    row.zero("tracebacks", [ended.err] if ended.crashed else [])
    errors = {task.id: task.attempts[0].error for task in engines.record().tasks}
    wrong = [f"{task_id}: {error}" for task_id, error in errors.items() if error != "timed out after 600 ms"]
    row.zero("that were not one", wrong)
    row.check()
