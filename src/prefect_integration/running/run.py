"""What a generated flow calls: a table becomes a graph, the graph a run, the run a state."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from prefect_integration.generating.table import graph_from
from prefect_integration.names import limit_tags
from prefect_integration.running.dispatch import drive
from prefect_integration.running.task_runs import PrefectRuns
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
        EngineError: it was called outside a flow.
        SelectionError: a pattern names no task.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        msg = "a graph can be run only inside a Prefect flow"
        raise EngineError(msg, fix="call the flow function of the generated file")
    run_id = str(context.flow_run.id)
    chosen = _chosen(graph_from(graph, tasks), only)
    scheduler = scheduler_for(chosen, max_parallel=max_parallel, seed=run_id)
    runs = PrefectRuns(chosen, run_id, limits=_limits_on_the_server(chosen), dry_run=dry_run)
    cut_short = drive(scheduler, runs, timeout=chosen.policy.timeout)
    runs.settle()
    return final_state(scheduler, cut_short=cut_short)


def final_state(scheduler: Scheduler, *, cut_short: bool) -> State:
    """Failed if any task failed or was cancelled, else completed; the message counts final states."""
    counts = [f"{count} {state}" for state, count in sorted(Counter(scheduler.states.values()).items())]
    if undone := scheduler.undone:
        counts.append(f"{sum(undone.values())} of {len(undone)} undone")
    message = ("the run's timeout has passed: " if cut_short else "") + (", ".join(counts) or "no tasks")
    return Completed(message=message) if scheduler.run_state == "success" else Failed(message=message)


def _limits_on_the_server(graph: TaskGraph) -> frozenset[str]:
    """Those of the graph's limit tags for which the server has a limit now.

    Asked once a run: a task run that begins with a tag without a limit asks too, which costs
    seconds where the server's database is SQLite.
    """
    known = set()
    with get_client(sync_client=True) as client:
        for tag in sorted(set().union(*(limit_tags(graph, task) for task in graph.tasks))):
            try:
                client.read_global_concurrency_limit_by_name(f"tag:{tag}")
            except ObjectNotFound:
                get_run_logger().info("the server has no limit for %s: other runs are not counted", tag)
            else:
                known.add(tag)
    return frozenset(known)


def _chosen(graph: TaskGraph, only: Sequence[str] | None) -> TaskGraph:
    if not only:
        return graph
    # Few runs choose, so few pay for reading patterns.
    from taskgraph_core.compiled import subgraph  # noqa: PLC0415
    from taskgraph_core.selection import Selection, choose  # noqa: PLC0415

    wanted = Selection(select=tuple(only))
    return subgraph(graph, choose(wanted, graph.tasks, lambda: {task.id: task.depends_on for task in graph.tasks}))
