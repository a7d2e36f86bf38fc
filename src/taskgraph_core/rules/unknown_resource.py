"""TG302: a task claims slots of a resource that the profile does not name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import names, shorten, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import GraphContext

CODE = "TG302"


def check(context: GraphContext) -> Iterator[Finding]:
    """One finding a resource. Things that are read and written need no declaration."""
    known = [resource.name for resource in context.graph.resources]
    claimed: dict[str, list[str]] = {}
    for task in context.graph.tasks:
        for claim in task.claims:
            if claim.mode == "slots" and claim.resource not in known:
                claimed.setdefault(claim.resource, []).append(task.id)
    for resource, ids in claimed.items():
        near = get_close_matches(resource, known, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        yield Finding(
            CODE,
            "error",
            f"{names(ids)} {verb(len(ids), 'claims', 'claim')} slots of {shorten(resource)}, which has no capacity",
            "resources",
            tuple(ids),
            f"{hint}write it under [resources] with its capacity",
        )
