"""Which status of a plan an outcome means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from taskgraph_core.ir import Status
    from taskgraph_core.record import RunRecord, TaskState, Undo

Failed = Literal["pending", "blocked"]
"""What a failed task becomes: to be done again by whoever comes next, or held until somebody looks at it."""


def status_of(state: TaskState, *, failed: Failed = "pending", undo: Undo | None = None) -> Status | None:
    """The status of a task that ended in a state; None where the plan's own stays.

    What succeeded and was rolled back is not done, nor is what could not be rolled back whole.
    """
    if state == "failed" or (state == "success" and undo is not None):
        return failed
    return "done" if state == "success" else None


def statuses_of(record: RunRecord, *, failed: Failed = "pending") -> dict[str, Status]:
    """The statuses that a run's outcome means, by task; tasks whose status stays are left out."""
    found = {task.id: status_of(task.state, failed=failed, undo=task.undo) for task in record.tasks}
    return {task_id: status for task_id, status in found.items() if status is not None}
