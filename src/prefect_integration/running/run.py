"""What a generated flow calls: a table becomes a graph, the graph a run, the run a state."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from prefect.context import FlowRunContext
from prefect.states import Completed, Failed

from prefect_integration.generating.limits import paced
from prefect_integration.generating.table import graph_from
from prefect_integration.running.dispatch import Dispatcher
from prefect_integration.running.interruptions import undisturbed
from prefect_integration.running.limits import check_limits
from prefect_integration.running.resume import Earlier
from prefect_integration.running.storage import recorded
from prefect_integration.running.task_runs import PrefectRuns
from taskgraph_core.engine.clock import SteadyClock
from taskgraph_core.errors import EngineError
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prefect.states import State

    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.scheduler import Scheduler


def run_table(
    graph: Mapping[str, Any],
    tasks: Sequence[Mapping[str, Any]],
    *,
    max_parallel: int,
    only: Sequence[str] | None = None,
    dry_run: bool = False,
) -> State:
    """Carry out the graph that a table describes; to be called inside a flow, whose final state it returns.

    Args:
        graph: the graph's row.
        tasks: one row a task.
        max_parallel: most tasks at once; the task runner should have as many workers.
        only: patterns as of ``--select``; nothing means every task.
        dry_run: log what each task would do instead of doing it.

    Raises:
        EngineError: it was called outside a flow, or the server lacks a limit that runs share.
        SelectionError: a pattern names no task.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        msg = "a graph can be run only inside a Prefect flow"
        raise EngineError(msg, fix="call the flow function of the generated file")
    run_id = str(context.flow_run.id)
    chosen = _chosen(graph_from(graph, tasks), only)
    if not dry_run:
        check_limits(chosen)
    clock = SteadyClock()
    scheduler = scheduler_for(paced(chosen), max_parallel=max_parallel, seed=run_id)
    runs = PrefectRuns(chosen, run_id, context.task_runner, dry_run=dry_run)
    kept = nullcontext((None, Earlier())) if dry_run else recorded(context, chosen, scheduler, max_parallel, clock)
    with runs, kept as (journal, earlier):
        timeout = chosen.policy.timeout
        left = None if timeout is None else timeout - earlier.active
        dispatcher = Dispatcher(scheduler, runs, journal=journal, timeout=left, clock=clock)

        def work() -> None:
            runs.recall(earlier.final)
            for task_id, state in earlier.derived.items():
                runs.show(task_id, state)
            dispatcher.to_the_end()
            runs.settle()

        undisturbed(work, end=dispatcher.cancel, end_at_once=runs.stop_everything)
    return final_state(scheduler, cut_short=dispatcher.cut_short)


def final_state(scheduler: Scheduler, *, cut_short: str = "") -> State:
    """Failed if any task failed or was cancelled, else completed; the message counts final states.

    ``cut_short`` says why the run ended before its time, if it did.
    """
    counts = [f"{count} {state}" for state, count in sorted(Counter(scheduler.states.values()).items())]
    if undone := scheduler.undone:
        counts.append(f"{sum(undone.values())} of {len(undone)} undone")
    message = (f"{cut_short}: " if cut_short else "") + (", ".join(counts) or "no tasks")
    return Completed(message=message) if scheduler.run_state == "success" else Failed(message=message)


def _chosen(graph: TaskGraph, only: Sequence[str] | None) -> TaskGraph:
    if not only:
        return graph
    # Few runs choose, so few pay for reading patterns.
    from taskgraph_core.selection import Selection, choose, subgraph  # noqa: PLC0415

    wanted = Selection(select=tuple(only))
    return subgraph(graph, choose(wanted, graph.tasks, lambda: {task.id: task.depends_on for task in graph.tasks}))
