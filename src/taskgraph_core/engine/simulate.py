"""A run in no time: the scheduler on a virtual clock, each task taking as long as its estimate says.

The same decisions, events and record as a real run, so displays and reports show it alike.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from taskgraph_core.engine.attempt import Result
from taskgraph_core.engine.conductor import Conductor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskgraph_core.engine.events import Observer
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.record import RunRecord
    from taskgraph_core.scheduler import Outcome

SYSTEM = "simulation"


def always_success(_task: Task, _attempt: int) -> Outcome:
    """The outcome of every attempt, unless told otherwise."""
    return "success"


def simulate_run(
    graph: TaskGraph,
    *,
    max_parallel: int | None = None,
    observers: Sequence[Observer] = (),
    outcome: Callable[[Task, int], Outcome] = always_success,
    run_id: str = "simulation",
    started: float = 0.0,
) -> RunRecord:
    """Run a graph on a virtual clock that begins at ``started``; deterministic, and it writes nothing.

    ``outcome`` says how each attempt of a task ends. Undoing succeeds, and takes as long as doing.
    Timeouts do not apply: an estimate is what is expected, not what is promised.

    Raises:
        EngineError: the graph is not sound.
    """
    conductor = Conductor(graph, observers, run_id=run_id, system=SYSTEM, max_parallel=max_parallel)
    ends: list[tuple[float, int, str, Result]] = []
    number = count()
    now = started
    conductor.begin(now)
    while not (step := conductor.poll(now)).done:
        for task_id, attempt in step.start:
            task = graph.by_id[task_id]
            heappush(ends, (now + task.estimate, next(number), task_id, _result(outcome(task, attempt))))
        for task_id, _ in step.undo:
            heappush(ends, (now + graph.by_id[task_id].estimate, next(number), task_id, _result("success")))
        now = min(moment for moment in (ends[0][0] if ends else None, step.wake_at) if moment is not None)
        while ends and ends[0][0] <= now:
            _, _, task_id, result = heappop(ends)
            conductor.ended(task_id, result, now)
    record = conductor.record(now)
    conductor.end(record)
    return record


def _result(outcome: Outcome) -> Result:
    return Result(outcome, error="" if outcome in ("success", "skipped") else f"simulated as {outcome}")
