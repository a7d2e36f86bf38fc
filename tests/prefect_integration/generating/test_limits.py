from __future__ import annotations

import json

from hypothesis import given

from prefect_integration.generating.limits import limits_file
from support.graphs import graph_of, graphs
from taskgraph_core.ir import Claim, Resource, TaskGraph
from taskgraph_core.scheduling import slots_claimed


@given(graphs())
def test_as_many_tasks_as_a_limit_admits_never_exceed_the_capacity(graph: TaskGraph) -> None:
    limits = json.loads(limits_file(graph))["tag_limits"]
    for entry in limits.values():
        largest = max(slots_claimed(task, graph.capacities).get(entry["resource"], 0) for task in graph.tasks)
        assert 1 <= entry["limit"] * largest <= entry["capacity"]


def test_a_resource_claimed_slot_by_slot_has_its_capacity_as_limit() -> None:
    graph = graph_of(
        "1", tasks={"1": {"claims": (Claim(resource="db"),)}}, resources=(Resource(name="db", capacity=4),)
    )

    assert json.loads(limits_file(graph)) == {
        "format": 1,
        "graph": "example",
        "tag_limits": {"resource:db": {"limit": 4, "resource": "db", "capacity": 4}},
    }


def test_unused_resources_and_things_to_read_and_write_have_no_limit() -> None:
    graph = graph_of(
        "1", tasks={"1": {"claims": (Claim(resource="f", mode="write"),)}}, resources=(Resource(name="db", capacity=4),)
    )

    assert json.loads(limits_file(graph))["tag_limits"] == {}


def test_a_writer_of_a_counted_resource_has_it_alone() -> None:
    graph = graph_of(
        "1",
        "2",
        tasks={
            "1": {"claims": (Claim(resource="db", mode="write"),)},
            "2": {"claims": (Claim(resource="db", mode="read"),)},
        },
        resources=(Resource(name="db", capacity=4),),
    )

    assert json.loads(limits_file(graph))["tag_limits"]["resource:db"]["limit"] == 1
