"""TG207: tasks wait for something that was cancelled, or that nobody is going to finish for now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import count, names, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG207"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a task that holds others back, one a cancelled task that others wait for."""
    plan, standing = context.plan, context.standing
    held: dict[str, list[str]] = {}
    for task_id, root in standing.held_by.items():
        held.setdefault(root, []).append(task_id)
    for entry in plan.entries:
        back = held.pop(entry.id, [])
        if back:
            yield Finding(
                CODE,
                "warning",
                f"{entry.id} is {entry.status} and holds back {count(len(back), 'task')}: {names(back)}",
                entry.path,
                (entry.id, *back),
                f"finish {entry.id}, or remove the dependency on it",
            )
    if not standing.cancelled:
        return
    waiting: dict[str, list[str]] = {}
    for entry in plan.entries:
        for other in entry.depends_on:
            if other in standing.cancelled and entry.id in standing.due:
                waiting.setdefault(other, []).append(entry.id)
    for task_id, others in waiting.items():
        yield Finding(
            CODE,
            "warning",
            f"{names(others)} {verb(len(others), 'depends', 'depend')} on {task_id}, which is cancelled; "
            "that counts as satisfied",
            plan.by_id[task_id].path,
            (task_id, *others),
            "remove the dependency, or set cancelled = 'blocks' in the profile",
        )
