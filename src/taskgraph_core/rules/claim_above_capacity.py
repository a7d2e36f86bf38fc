"""TG303: a task claims more slots than its resource has, so it could never start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import count, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import GraphContext

CODE = "TG303"


def check(context: GraphContext) -> Iterator[Finding]:
    """One finding a claim."""
    capacities = context.graph.capacities
    for task in context.graph.tasks:
        for claim in task.claims:
            capacity = capacities.get(claim.resource)
            if claim.mode == "slots" and capacity is not None and claim.slots > capacity:
                yield Finding(
                    CODE,
                    "error",
                    f"{task.id} claims {count(claim.slots, 'slot')} of {shorten(claim.resource)}, which has {capacity}",
                    f"resources.{claim.resource}",
                    (task.id,),
                    "claim fewer, or raise the capacity",
                )
