"""R15: many tasks, again and again in one process: nothing piles up.

Three runs are counted, after one that is not: from the second on a run knows how long the tasks took before, which
is more to hold than the first had. Memory is what the system has given the process, which grows in steps of a megabyte;
the number of Python objects is exact.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from taskgraph_core.ir import Action, Command, Noop, Policy, Python, Task, TaskGraph

if TYPE_CHECKING:
    from reliability.engines import Engines
    from reliability.sheet import Sheet

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell in /proc")

PROGRAM = """
import gc, json, os, sys, threading
from pathlib import Path
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph
from taskgraph_core.ir import TaskGraph

def state(pid):
    try:
        return (Path("/proc") / pid / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return ["gone", "0"]

def children():
    return [state(pid)[0] for pid in os.listdir("/proc") if pid.isdigit() and state(pid)[1] == str(os.getpid())]

def look():
    gc.collect()
    memory = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return {
        "memory": int(memory.split()[1]),
        "files": len(os.listdir("/proc/self/fd")),
        "children": len(children()),
        "threads": threading.active_count(),
        "objects": len(gc.get_objects()),
    }

graph = TaskGraph.model_validate_json(Path("graph.json").read_text())
seen = []
for number in range(int(sys.argv[1])):
    record = run_graph(graph, RunOptions(Path.cwd(), max_parallel=8))
    assert set(record.states.values()) == {"success"}
    del record
    seen.append(look())
print(json.dumps(seen))
"""
RUNS = 3
GROWTH = 1.05
SMALL = 2048
"""Kilobytes that are noise: the allocator asks the system for more than that at a time."""


def action_of(number: int) -> Action:
    """Commands, functions and milestones, all of which do nothing."""
    if number % 10 == 0:
        return Command(argv=("true",))
    return Python(entry_point="nothing:at_all") if number % 2 else Noop()


def test_nothing_piles_up(sheet: Sheet, engines: Engines) -> None:
    size = 10_000 if sheet.full else 300
    row = sheet.row("R15", "tasks that do nothing, one run after another in one process")
    (engines.path / "nothing.py").write_text("def at_all():\n    pass\n")
    tasks = tuple(
        Task(id=str(number), depends_on=(str(number - 10),) if number >= 10 else (), action=action_of(number))
        for number in range(size)
    )
    engines.plan(TaskGraph(id="soak", tasks=tasks, policy=Policy(max_parallel=8)))
    ended = engines.program(sys.executable, "-c", PROGRAM, str(1 + RUNS)).ended(800.0)
    assert ended.code == 0, ended.err
    _, first, *_, last = json.loads(ended.out)
    row.count("tasks", RUNS * size)
    grown = last["memory"] > max(first["memory"] * GROWTH, first["memory"] + SMALL)
    memory = f"{first['memory']} kB after the first run, {last['memory']} kB after the last"
    row.zero("growth of memory above 5 % after the first run", [memory] if grown else [])
    for what, name in {"files": "open files", "children": "children, zombies too", "threads": "threads"}.items():
        row.zero(f"more {name}", [f"{first[what]}, then {last[what]}"] if last[what] > first[what] else [])
    more = last["objects"] > first["objects"] + size // 10
    row.zero("growth of the number of objects", [f"{first['objects']}, then {last['objects']}"] if more else [])
    row.note(memory)
    row.check()
