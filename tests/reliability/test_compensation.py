"""R16: the engine is killed while a failed run is rolled back, at the beginning and at the end of each undoing."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from reliability.engines import Engines
from reliability.truth import lines, write_step
from taskgraph_core.ir import Command, Policy, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reliability.sheet import Row, Sheet

SHAPE = {"a": "", "b": "a", "c": "a", "d": "b c", "e": "d", "f": "d", "g": "e f"}
"""What waits for what; all of it succeeds, then ``bad`` fails."""


def saga(engines: Engines) -> TaskGraph:
    """Every task with a rollback, and slow enough to be met under way."""
    step = write_step(engines.path)
    tasks = tuple(
        Task(
            id=name,
            depends_on=tuple(upstream.split()),
            action=Command(argv=step),
            rollback=Command(argv=(*step, "0.1")),
        )
        for name, upstream in SHAPE.items()
    )
    bad = Task(id="bad", depends_on=("g",), action=Command(argv=("false",)))
    return engines.plan(TaskGraph(id="saga", tasks=(*tasks, bad), policy=Policy(rollback=True, max_parallel=4)))


def test_a_rollback_that_is_interrupted_is_completed(sheet: Sheet, tmp_path: Path) -> None:
    row = sheet.row("R16", f"kill -9 at each step of the rollback of {len(SHAPE)} tasks")
    steps = range(1, 2 * len(SHAPE) + 1)
    plans = [*([step] for step in steps), *([step] for step in steps), steps, steps] if sheet.full else [[2, 7]]
    for number, kill_at in enumerate(plans):
        with Engines(tmp_path / str(number)) as engines:
            graph = saga(engines)
            roll_back(row, engines, kill_at)
            judge(row, engines, graph)
    row.check()


def roll_back(row: Row, engines: Engines, kill_at: Sequence[int]) -> None:
    """Run until the rollbacks have written so many lines, kill the engine, and let another go on."""
    engine = engines.start()
    for step in kill_at:
        while engine.poll() is None and undone(engines) < step:
            time.sleep(0.001)
        if engine.poll() is not None:
            break
        engine.kill()
        engine.wait()
        row.count("kills")
        engine = engines.start("--resume")
    ended = engine.ended()
    row.count("runs")
    row.zero("tracebacks", [ended.err] if ended.crashed else [])
    row.zero("exit codes other than 1", [f"{ended.code}: {ended.err}"] if ended.code != 1 else [])


def undone(engines: Engines) -> int:
    """How many lines the rollbacks have written."""
    return sum(line.what.startswith("un") for line in lines(engines.path))


def judge(row: Row, engines: Engines, graph: TaskGraph) -> None:
    happened = lines(engines.path)
    ends = {line.task: number for number, line in enumerate(happened) if line.what == "unend"}
    starts = [(number, line.task) for number, line in enumerate(happened) if line.what == "unstart"]
    row.zero("not undone", sorted(SHAPE.keys() - ends.keys()))
    early = [
        f"{task.id} while {other} was not"
        for task in graph.tasks
        for other in task.depends_on
        for number, name in starts
        if name == other and task.id in ends and number < ends[task.id]
    ]
    row.zero("undone before what depends on it", early)
    record = engines.record()
    ended = Counter(task.id for task in record.tasks for one in task.undo_attempts if one.outcome == "success")
    row.zero("recorded not once", [f"{name}: {ended[name]} times" for name in SHAPE if ended[name] != 1])
    row.zero("not recorded as undone", [name for name in SHAPE if record.by_id[name].undo != "undone"])
    wrong = [f"{name}: {record.by_id[name].state}" for name in SHAPE if record.by_id[name].state != "success"]
    row.zero("states that changed", wrong)
    again = [line.task for line in happened[starts[0][0] :] if line.what == "start"]
    row.zero("done once more after the rollback began", again)
