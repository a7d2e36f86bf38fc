"""TG202: a task depends on itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG202"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a reference; on a subtask it says when another reading of the number helps."""
    for odd in context.odd("self"):
        fix = "remove it ('taskgraph check --fix')"
        reading = context.cured_by([odd.entry.id])
        if reading:
            fix = f"remove it, or, if task {odd.meant} was meant, set subtask_references = '{reading}' in the profile"
        yield Finding(
            CODE,
            "error",
            f"{odd.entry.id} depends on itself (written {shorten(odd.written)})",
            odd.path,
            (odd.entry.id,),
            fix,
        )
