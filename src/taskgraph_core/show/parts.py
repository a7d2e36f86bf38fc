"""Where boxes wait for each other in a circle though their tasks do not, they are cut into parts.

Say 5.2 waits for 6.1 and 6.2 for 5.1: neither box can stand before the other. Cut in two each, they
can: 5 (part 1) and 6 (part 1), then 5 (part 2) and 6 (part 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.analysis.topology import Topology

if TYPE_CHECKING:
    from taskgraph_core.show.picture import Picture


def parts_of(picture: Picture) -> dict[str, int]:
    """For each task, which part of its box it is in: 0 for all unless boxes wait for each other in a circle.

    There a task is one part later than what it waits for in another box, and never earlier than
    what it waits for in its own. Along every edge from box to box the number grows, so parts
    cannot wait for each other in a circle.
    """
    tasks = Topology.of(picture.graph)
    home = [picture.home.get(task_id, task_id) for task_id in tasks.ids]
    tangled = _tangled(tasks, home)
    part = [0] * len(home)
    for number in tasks.order if tangled else ():
        for other in tasks.upstream[number]:
            if home[number] in tangled and home[other] in tangled:
                part[number] = max(part[number], part[other] + (home[other] != home[number]))
    return dict(zip(tasks.ids, part, strict=True))


def _tangled(tasks: Topology, home: list[str]) -> set[str]:
    """The boxes on circles of boxes, or between such circles."""
    names = list(dict.fromkeys(home))
    waits_for: dict[str, dict[str, None]] = {name: {} for name in names}
    leads_to: dict[str, dict[str, None]] = {name: {} for name in names}
    for number, others in enumerate(tasks.upstream):
        for other in others:
            if home[other] != home[number]:
                waits_for[home[number]][home[other]] = None
                leads_to[home[other]][home[number]] = None
    tangled = set(names)
    for edges in (waits_for, leads_to):
        boxes = Topology.from_edges(names, edges.values())
        tangled -= {names[number] for number in boxes.order}
    return tangled
