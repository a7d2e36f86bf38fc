"""TG301: two tasks write the same thing, or one writes what the other reads, and nothing orders them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.analysis.conflicts import conflicts
from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import GraphContext

CODE = "TG301"


def check(context: GraphContext) -> Iterator[Finding]:
    """One finding a pair; an error only if the profile wants that."""
    if not any(task.claims for task in context.graph.tasks):
        return
    refused = context.profile.conflicts == "error"
    for conflict in conflicts(context.graph):
        yield Finding(
            CODE,
            "error" if refused else "warning",
            f"{conflict.first} and {conflict.second} both use {conflict.resource} ({conflict.kind}), "
            "and neither waits for the other",
            tasks=(conflict.first, conflict.second),
            fix="add a dependency"
            if refused
            else "they will be kept apart while they run; add a dependency if their order matters",
        )
