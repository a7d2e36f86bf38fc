"""TG205: subtasks of one task have the same id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.rules.context import twins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.findings import Finding
    from taskgraph_core.rules.context import PlanContext

CODE = "TG205"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding an id."""
    return twins(context, CODE, "subtask")
