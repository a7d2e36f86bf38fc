"""Capacities in the real scheduler, as its own database tells them: never exceeded, and made use of."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from airflow_provider.generating.pools import READERS, pools_used, seats
from airflow_provider.local.occupancy import Interval, intervals, peak
from support.graphs import graph_of
from taskgraph_core.ir import Claim, Command, Resource, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider.local import LocalAirflow

SLEEP = Command(argv=("sleep", "1"))


def sleeping(name: str, *claims: tuple[Claim, ...], **capacities: int) -> TaskGraph:
    """A graph of independent tasks that sleep a second, one for each tuple of claims."""
    ids = [str(number) for number in range(1, len(claims) + 1)]
    return graph_of(
        *ids,
        id=name,
        tasks={task_id: {"action": SLEEP, "claims": wanted} for task_id, wanted in zip(ids, claims, strict=True)},
        resources=tuple(Resource(name=each, capacity=capacity) for each, capacity in capacities.items()),
    )


def ran(airflow: LocalAirflow, *graphs: TaskGraph) -> list[Interval]:
    """When the tasks of these graphs ran, each once and all of them."""
    found = intervals(airflow.database_url, [graph.id for graph in graphs])
    claiming = [interval for interval in found if interval.pool != "default_pool"]
    assert len(claiming) == sum(len(graph.tasks) for graph in graphs)
    return claiming


def by_resource(graph: TaskGraph, taken: list[Interval]) -> list[Interval]:
    """The same for each claim of a task: as if every resource had a pool of its own."""
    claims = {f"t{task.id}": task.claims for task in graph.tasks}
    return [
        replace(interval, pool=claim.resource, slots=claim.slots)
        for interval in taken
        for claim in claims[interval.task_id]
    ]


def overlap(one: Interval, other: Interval) -> bool:
    return one.start < other.end and other.start < one.end


def test_a_counted_resource_is_filled_and_never_overfilled(
    airflow: LocalAirflow, deploy: Callable[[TaskGraph], str]
) -> None:
    graph = sleeping("capacity_counted", *[(Claim(resource="capacity_counted"),)] * 12, capacity_counted=4)

    assert airflow.run(deploy(graph))[1] == "success"

    assert peak(ran(airflow, graph)) == {"taskgraph_capacity_counted": 4}


def test_readers_run_together_and_a_writer_alone(airflow: LocalAirflow, deploy: Callable[[TaskGraph], str]) -> None:
    read, write = (Claim(resource="capacity_table", mode=mode) for mode in ("read", "write"))
    graph = sleeping("capacity_shared", *[(read,)] * 4, (write,), *[(read,)] * 4, (write,))

    assert airflow.run(deploy(graph))[1] == "success"

    taken = ran(airflow, graph)
    writers = [interval for interval in taken if interval.slots == READERS]
    readers = [interval for interval in taken if interval.slots == 1]
    assert (len(writers), len(readers)) == (2, 8)
    assert peak(taken) == {"taskgraph_capacity_table": READERS}
    assert peak(readers)["taskgraph_capacity_table"] > 1
    assert not any(overlap(writer, other) for writer in writers for other in taken if other != writer)


def test_folded_resources_keep_each_capacity(airflow: LocalAirflow, deploy: Callable[[TaskGraph], str]) -> None:
    a, b = Claim(resource="capacity_a"), Claim(resource="capacity_b")
    graph = sleeping("capacity_folded", *[(a, b), (a,), (b,)] * 4, capacity_a=2, capacity_b=3)
    (pool,) = pools_used(seats(graph).values())

    assert airflow.run(deploy(graph))[1] == "success"

    taken = ran(airflow, graph)
    assert peak(taken)[pool.name] <= pool.slots
    most = peak(by_resource(graph, taken))
    assert most["capacity_a"] <= 2
    assert most["capacity_b"] <= 3
    assert any(overlap(one, other) for one, other in combinations(taken, 2))


def test_dags_that_share_a_resource_keep_its_capacity_together(
    airflow: LocalAirflow, deploy: Callable[[TaskGraph], str]
) -> None:
    claim = Claim(resource="capacity_both")
    graphs = [sleeping(name, *[(claim,)] * 5, capacity_both=3) for name in ("capacity_one", "capacity_two")]
    for graph in graphs:
        deploy(graph)

    runs = [(graph.id, airflow.trigger(graph.id)) for graph in graphs]
    assert [airflow.until_ended(*run) for run in runs] == ["success", "success"]

    taken = ran(airflow, *graphs)
    assert peak(taken) == {"taskgraph_capacity_both": 3}
    assert any(overlap(one, other) for one, other in combinations(taken, 2) if one.dag_id != other.dag_id)
