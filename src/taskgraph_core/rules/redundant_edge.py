"""TG208: a dependency follows from the others and can be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.analysis.reduction import redundant_edges
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG208"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a task with redundant dependencies; none while there is a circle."""
    edges = context.written_edges
    topology = Topology.from_edges(list(edges), edges.values())
    if not topology.acyclic:
        return
    redundant: dict[int, list[str]] = {}
    for upstream, downstream in redundant_edges(topology):
        redundant.setdefault(downstream, []).append(topology.ids[upstream])
    for number in sorted(redundant):
        entry = context.plan.by_id[topology.ids[number]]
        others = tuple(redundant[number])
        yield Finding(
            CODE,
            "info",
            f"{entry.id} would wait for {names(others)} without saying so, through its other dependencies",
            f"{entry.path}.dependencies",
            (entry.id, *others),
            "leave it out if you like; nothing changes",
        )
