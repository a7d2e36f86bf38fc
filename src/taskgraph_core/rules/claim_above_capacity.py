"""TG303: a task claims more slots than its resource has.

With one claim it could never start; several together take all there are, which may be less than the task needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import count, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import Claim
    from taskgraph_core.rules.context import GraphContext

CODE = "TG303"


def check(context: GraphContext) -> Iterator[Finding]:
    """One finding a claim, or one for all claims of a task on a resource."""
    capacities = context.graph.capacities
    for task in context.graph.tasks:
        counted = [claim for claim in task.claims if claim.mode == "slots" and claim.resource in capacities]
        if len(counted) > 1:
            yield from _together(task.id, counted, capacities)
        for claim in counted:
            capacity = capacities[claim.resource]
            if claim.slots > capacity:
                yield Finding(
                    CODE,
                    "error",
                    f"{task.id} claims {count(claim.slots, 'slot')} of {shorten(claim.resource)}, which has {capacity}",
                    f"resources.{claim.resource}",
                    (task.id,),
                    "claim fewer, or raise the capacity",
                )


def _together(task_id: str, claims: list[Claim], capacities: dict[str, int]) -> Iterator[Finding]:
    """Claims of one resource that are too much only when they are added up."""
    by_resource: dict[str, list[int]] = {}
    for claim in claims:
        by_resource.setdefault(claim.resource, []).append(claim.slots)
    for resource, slots in by_resource.items():
        capacity = capacities[resource]
        if max(slots) <= capacity < sum(slots):
            yield Finding(
                CODE,
                "warning",
                f"{task_id} claims {count(sum(slots), 'slot')} of {shorten(resource)} in {len(slots)} claims, which "
                f"has {capacity}: it takes all of them",
                f"resources.{resource}",
                (task_id,),
                "claim fewer, or raise the capacity",
            )
