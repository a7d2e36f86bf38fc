"""What changed in a plan since a run of it began, and what that makes of the work already done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from taskgraph_core.ir import Task
from taskgraph_core.show.text import clipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskgraph_core.ir import TaskGraph

IMMATERIAL = frozenset(
    {"title", "description", "details", "test_strategy", "links", "labels", "status", "estimate", "priority"}
)
"""What may change about a task without making what it did another thing: texts, and the order of starting."""

_MATERIAL = [name for name in Task.model_fields if name not in IMMATERIAL | {"id"}]
_WORDS = {"depends_on": "dependencies", "run_on": "place"}
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Changes:
    """From one graph to another: tasks by id, each with what is different about it; and what differs for all."""

    changed: dict[str, list[str]] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    general: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed or self.general)

    def explained(self) -> str:
        """Each change in a few words, the first ones if there are many."""
        words = [
            *(f"{clipped(task_id)}: {', '.join(what)} changed" for task_id, what in self.changed.items()),
            *(f"{clipped(task_id)}: added" for task_id in self.added),
            *(f"{clipped(task_id)}: removed" for task_id in self.removed),
            *(f"{what} changed" for what in self.general),
        ]
        more = [f"and {len(words) - _SHOWN} more"] if len(words) > _SHOWN else []
        return "; ".join(words[:_SHOWN] + more)


def changes(old: TaskGraph, new: TaskGraph) -> Changes:
    """What is different in ``new``, as far as it matters for a run."""
    found = Changes(
        added=[task_id for task_id in new.by_id if task_id not in old.by_id],
        removed=[task_id for task_id in old.by_id if task_id not in new.by_id],
        general=[name for name in ("resources", "policy") if getattr(old, name) != getattr(new, name)],
    )
    for task_id, task in new.by_id.items():
        before = old.by_id.get(task_id)
        if before is not None and (what := _differences(before, task)):
            found.changed[task_id] = what
    return found


def outdated(old: TaskGraph, new: TaskGraph, found: Changes) -> list[str]:
    """Tasks whose earlier attempts no longer count: changed or removed, or built on something that changed."""
    stale = {*found.changed, *found.added}
    downstream: dict[str, list[str]] = {}
    for task in new.tasks:
        for other in task.depends_on:
            downstream.setdefault(other, []).append(task.id)
    work = list(stale)
    for task_id in work:  # grows while it is walked
        further = [other for other in downstream.get(task_id, ()) if other not in stale]
        stale.update(further)
        work += further
    return [task_id for task_id in _in_order(old, new) if task_id in stale or task_id not in new.by_id]


def _in_order(old: TaskGraph, new: TaskGraph) -> Iterable[str]:
    return {**old.by_id, **new.by_id}


def _differences(old: Task, new: Task) -> list[str]:
    if old is new or old == new:
        return []
    return [_word(name, new) for name in _MATERIAL if getattr(old, name) != getattr(new, name)]


def _word(name: str, task: Task) -> str:
    return task.action.kind if name == "action" else _WORDS.get(name, name.replace("_", " "))
