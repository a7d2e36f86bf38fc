"""TG110: a parent is done while subtasks of it are not marked so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import count, names, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG110"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a parent."""
    finished = context.standing.finished_by_parent
    if not finished:
        return
    for entry in context.plan.entries:
        ids = tuple(subtask.id for subtask in entry.subtasks if subtask.id in finished)
        if ids:
            are = verb(len(ids), "is", "are")
            yield Finding(
                CODE,
                "warning",
                f"task {entry.id} is done, but {count(len(ids), 'subtask')} of it {are} not marked so; "
                f"taken as done: {names(ids)}",
                entry.path,
                (entry.id, *ids),
                "mark the subtasks done, or the task as in-progress",
            )
