"""TG5xx: what a graph means in Airflow that its authors may not expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider.generating.findings import actions, failure, resources, showing, size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from airflow_provider.generating.groups import Grouping
    from airflow_provider.generating.pools import Seat
    from taskgraph_core.findings import Finding
    from taskgraph_core.ir import TaskGraph


def findings(
    graph: TaskGraph,
    seats: Mapping[str, Seat],
    groups: Grouping,
    project: str,
    *,
    fold: Collection[str],
    with_provider: bool,
) -> Iterator[Finding]:
    """Everything there is to say about one graph, by code."""
    yield from size.size(graph)
    yield from resources.folded_pools(graph, seats, fold)
    yield from failure.stopping(graph)
    yield from failure.rollback(graph)
    yield from failure.failure_threshold(graph)
    yield from resources.services(graph, with_provider=with_provider)
    yield from failure.failure_rate(graph)
    yield from actions.files(graph)
    yield from size.machine(graph)
    yield from actions.project(graph, project)
    yield from showing.circular_groups(groups)
    yield from size.parallelism(graph)
