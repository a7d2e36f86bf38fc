"""TG105: subtasks have subtasks of their own; only one level is read, as in Taskmaster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG105"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a subtask."""
    for odd in context.odd("nested subtasks"):
        number = odd.written if isinstance(odd.written, int) else 0
        yield Finding(
            CODE,
            "warning",
            f"subtask {odd.entry.id} has {count(number, 'subtask')} of its own, which will not be carried out",
            odd.path,
            (odd.entry.id,),
            "move them up one level, beside it",
        )
