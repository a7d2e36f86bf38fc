"""TG104: a task has no id that others could refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG104"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a task."""
    for odd in context.odd("no id"):
        said = "no id" if odd.written is None else f"the id {shorten(odd.written)}, which is none"
        yield Finding(
            CODE,
            "error",
            f"the task at {odd.entry.path} has {said}",
            odd.path,
            (odd.entry.id,),
            "give it a number that no other task of this list has",
        )
