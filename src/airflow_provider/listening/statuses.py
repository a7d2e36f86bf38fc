"""Statuses of the plan while a run goes on: what Airflow tells of a task goes into the plan's file.

An operator asks for it by attributes, which Airflow's process of a task knows:

``plan_task_id``   the task's id in the plan
``plan_path``      the plan, a file or a project's folder where the task runs, a relative one seen from the
                   DAG file's folder; without it nothing is done
``plan_tag``       which list of the plan, if it has several
``plan_failed``    what a failed task becomes, ``pending`` (if it does not say) or ``blocked``
``plan_undoes``    whether this is what undoes the task: once that was tried, the task is not done

Airflow calls these functions in the task's process, for every task of every DAG. So nothing is
imported before a task asks, and no error of ours goes further than the task's log. What never gets a
process of its own is not heard of here: an ``EmptyOperator`` without a callback, a task that was not started, one whose
process was killed.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from taskgraph_core.ir import Status

log = logging.getLogger(__name__)


@hookimpl
def on_task_instance_running(task_instance: Any) -> None:  # noqa: ANN401 - a task instance of the SDK or of the models
    """An attempt begins, or goes on after a pause."""
    task = _asking(task_instance)
    if task is not None and not _undoes(task):
        _tell(task, "in-progress")


@hookimpl
def on_task_instance_success(task_instance: Any) -> None:  # noqa: ANN401
    """The task is done."""
    task = _asking(task_instance)
    if task is not None:
        _tell(task, _failed(task) if _undoes(task) else "done")


@hookimpl
def on_task_instance_failed(task_instance: Any) -> None:  # noqa: ANN401
    """An attempt failed; only the last one counts."""
    task = _asking(task_instance)
    if task is not None and task_instance.state == "failed":
        _tell(task, _failed(task))


@hookimpl
def on_task_instance_skipped(task_instance: Any) -> None:  # noqa: ANN401
    """The task was skipped once it had begun, so it is no longer under way."""
    task = _asking(task_instance)
    if task is not None and not _undoes(task):
        _tell(task, None)


def _asking(task_instance: Any) -> Any:  # noqa: ANN401
    """The task, if it asks for its status to be told; the API server calls with instances that know no task."""
    task = getattr(task_instance, "task", None)
    return task if getattr(task, "plan_task_id", None) and getattr(task, "plan_path", None) else None


def _undoes(task: Any) -> bool:  # noqa: ANN401 - any operator
    return bool(getattr(task, "plan_undoes", False))


def _failed(task: Any) -> Status:  # noqa: ANN401
    return "blocked" if getattr(task, "plan_failed", None) == "blocked" else "pending"


def _tell(task: Any, status: Status | None) -> None:  # noqa: ANN401
    task_id, plan = task.plan_task_id, task.plan_path
    try:
        from taskgraph_core.sync import sync_statuses  # noqa: PLC0415 - tasks of other DAGs do not pay for these
        from taskgraph_core.taskmaster.locate import locate  # noqa: PLC0415

        place = locate(os.path.join(task.dag.folder, plan))  # noqa: PTH118 - an absolute one stays what it is
        synced = sync_statuses(place, getattr(task, "plan_tag", None) or None, {task_id: status})
    except Exception as error:  # noqa: BLE001 - a plan that cannot be written is no reason for a task to fail
        log.warning("Task %s of the plan could not be marked %s: %s", task_id, status or "given up", error)
        return
    for changed, to in synced.changed.items():
        log.info("Task %s of the plan is %s now", changed, to)
    for left_out, why in synced.skipped.items():
        log.warning("Task %s of the plan could not be marked %s: %s: %s", left_out, status or "given up", plan, why)
