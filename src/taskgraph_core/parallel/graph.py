"""The graph of a group: no tasks yet, its resources, and how it behaves as a whole."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Claim, Resource, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskgraph_core.parallel.recovery import Past
    from taskgraph_core.parallel.setting import Setting

NAMELESS = "parallel"
"""What a group without a name is called."""

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


def default_workers() -> int:
    """As many as ``asyncio.to_thread`` has threads: functions may wait, so more than there are CPUs."""
    return min(32, (os.cpu_count() or 1) + 4)


def graph_of(setting: Setting, past: Past) -> TaskGraph:
    """The graph of a group as it begins; a breaker for the whole group is that of a resource all tasks claim.

    Raises:
        EngineError: two resources have one name.
    """
    name, resources = setting.name, list(setting.resources)
    if setting.breaker is not None:
        resources.append(Resource(name=name, breaker=setting.breaker))
    names = [resource.name for resource in resources]
    if len(set(names)) < len(names):
        msg = f"two resources have the same name: {', '.join(names)}"
        fix = "give each another name; one with a breaker of its own takes the group's name as well"
        raise EngineError(msg, where=f"group {name!r}", fix=fix)
    graph_id = _UNFIT.sub("-", name).strip("-")[:100] or NAMELESS
    return TaskGraph(
        id=graph_id,
        title=name,
        tasks=tuple(past.tasks.values()),
        resources=tuple(resources),
        policy=setting.policy,
    )


def claims_of(claims: str | Claim | Iterable[str | Claim], graph: TaskGraph) -> tuple[Claim, ...]:
    """Claims as the graph has them; a name alone is one slot.

    Raises:
        EngineError: slots of a resource that the group does not have.
    """
    given = (claims,) if isinstance(claims, str | Claim) else tuple(claims)
    found = tuple(Claim(resource=one) if isinstance(one, str) else one for one in given)
    known = {resource.name for resource in graph.resources}
    for claim in found:
        if claim.mode == "slots" and claim.resource not in known:
            msg = f"it has no resource {claim.resource!r}"
            raise EngineError(
                msg, where=f"group {graph.title!r}", fix="name it in resources=, or claim it to read or write"
            )
    return found
