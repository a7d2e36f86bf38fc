"""``taskgraph_task``: one task of a plan as a Prefect task, for a flow that somebody writes."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext
from prefect.logging import get_run_logger
from prefect.states import State  # noqa: TC002 - Prefect reads the annotations of a task

from prefect_integration.collection.wanted import Wanted, profile_of, seen_from
from prefect_integration.generating.limits import Sharing
from prefect_integration.names import descriptive_tags, printable, run_name
from prefect_integration.running.limits import slots
from prefect_integration.running.work import OUTPUT_LIMIT, state_of
from taskgraph_core.engine.attempt import Call
from taskgraph_core.engine.single.attempt import Attempt, Origin
from taskgraph_core.engine.single.desk import desk_of_this_process
from taskgraph_core.errors import EngineError, SelectionError
from taskgraph_core.scheduler.backoff import pause
from taskgraph_core.scheduling import node_of

if TYPE_CHECKING:
    import os

    from prefect_integration.collection.profile import TaskgraphProfile
    from taskgraph_core.ir import Task as PlanTask
    from taskgraph_core.ir import TaskGraph

MOST_PAUSES = 50
"""Prefect takes no more; the last one stands for all that would follow."""


def taskgraph_task(
    spec: str | os.PathLike[str],
    task_id: str,
    *,
    tag: str | None = None,
    profile: str | os.PathLike[str] | TaskgraphProfile | None = None,
) -> Task[[], State]:
    """A Prefect task that carries out one task of a plan: its action, timeout, retries and shared resources.

    What it waits for, its trigger rule and its rollback are the business of the flow that calls it. Retries are
    Prefect's own here, which keep the worker during the pause.

    Args:
        spec: a tasks.json, a project folder or a compiled graph.json; relative paths are seen from the calling file.
        task_id: which of its tasks, finished ones too.
        tag: which tag of the plan; otherwise as Taskmaster itself chooses.
        profile: a block, or the profile's path; otherwise taskgraph.toml beside the plan or in .taskmaster/.

    Raises:
        TaskgraphError: the plan cannot be read, is not sound, or has no such task.
    """
    caller = sys._getframe(1).f_globals  # noqa: SLF001 - the file that calls is where paths are seen from
    chosen = profile_of(profile, caller)
    graph = Wanted(str(seen_from(caller, spec)), tag, chosen, again=True).compiled().graph
    if task_id not in graph.by_id:
        msg = f"the plan has no task {task_id!r}"
        raise SelectionError(msg, where=str(spec), fix="'taskgraph show' lists the ids")
    return _task(graph, graph.by_id[task_id])


def _task(graph: TaskGraph, task: PlanTask) -> Task[[], State]:
    shared = Sharing(graph).of(task)

    def work() -> State:
        context = TaskRunContext.get()
        run = context.task_run if context else None
        log = get_run_logger().info

        def tell(line: str) -> None:
            log("%s", printable(line))

        origin = Origin(graph.id, str(run.flow_run_id) if run else "", Path.cwd())
        attempt = Attempt(Call(task, run.run_count if run else 1), origin, tell, output_limit=OUTPUT_LIMIT)
        with slots(shared.slots, shared.rates, threading.Event(), tell):
            ended = desk_of_this_process(OUTPUT_LIMIT).run(attempt)
        state = state_of(ended)
        if state.is_failed():
            raise EngineError(state.message or "failed", where=task.id)  # Prefect tries again only what raises
        return state

    return Task(
        work,
        name=run_name(task),
        tags=[*descriptive_tags(task), *sorted(shared.tags)],
        retries=task.retry.attempts - 1,
        retry_delay_seconds=_pauses(graph, task),
        retry_jitter_factor=task.retry.jitter or None,
        cache_policy=NO_CACHE,
        persist_result=False,
    )


def _pauses(graph: TaskGraph, task: PlanTask) -> list[float]:
    """Seconds before each further attempt, without jitter."""
    node = node_of(task, 0.0, graph.capacities)._replace(jitter=0.0)
    return [pause(node, failures, "") for failures in range(1, min(task.retry.attempts - 1, MOST_PAUSES) + 1)]
