"""R16: the engine is killed while a failed run is rolled back, at the beginning and at the end of each undoing."""

from __future__ import annotations

import signal
from collections import Counter
from typing import TYPE_CHECKING

from reliability.engines import Engines, wait_for
from reliability.truth import lines, write_step
from taskgraph_core.ir import Command, Policy, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reliability.sheet import Row

SHAPE = {"a": "", "b": "a", "c": "a", "d": "b c", "e": "d", "f": "d", "g": "e f"}
"""What waits for what; all of it succeeds, then ``bad`` fails."""


def saga(engines: Engines) -> TaskGraph:
    """Every task with a rollback, and slow enough to be met under way."""
    step = write_step(engines.path)
    tasks = tuple(
        Task(id=name, depends_on=tuple(upstream.split()), action=Command(argv=step), rollback=Command(argv=(*step, "0.1")))
        for name, upstream in SHAPE.items()
    )
    bad = Task(id="bad", depends_on=("g",), action=Command(argv=("false",)))
    return engines.plan(TaskGraph(id="saga", tasks=(*tasks, bad), policy=Policy(rollback=True, max_parallel=4)))


def test_a_rollback_that_is_interrupted_is_completed(
    full: bool,  # noqa: FBT001
    score: Callable[[str, str], Row],
    tmp_path: Path,
) -> None:
    row = score("R16", f"kill -9 at each step of the rollback of {len(SHAPE)} tasks")
    steps = [{step} for step in range(1, 2 * len(SHAPE) + 1)]
    every = set().union(*steps)
    for number, kill_at in enumerate([*steps * 3, every, every] if full else [{1, 5}, {8}]):
        engines = Engines(tmp_path / str(number))
        graph = saga(engines)
        engine = engines.start()
        for step in sorted(kill_at):
            wait_for(lambda engine=engine, step=step: engine.poll() is not None or undone(engines) >= step, 0.001)  # noqa: B023
            if engine.poll() is not None:
                break
            engine.send_signal(signal.SIGKILL)
            engine.wait()
            row.count("kills")
            engine = engines.start("--resume")
        ended = engine.ended()
        row.count("runs")
        row.zero("tracebacks", [ended.err] if ended.crashed else [])
        row.zero("exit codes other than 1", [f"{ended.code}: {ended.err}"] if ended.code != 1 else [])
        judge(row, engines, graph)
        engines.close()
    row.check()


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
