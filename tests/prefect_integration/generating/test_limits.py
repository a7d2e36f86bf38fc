from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given

from prefect_integration.generating.limits import READERS, Limit, Sharing, Taken, limits_file, paced
from prefect_integration.rest.limits import LiveLimit
from support.graphs import graph_of, graphs
from taskgraph_core.ir import Claim, Rate, Resource, TaskGraph
from taskgraph_core.scheduling import slots_claimed

DB = Resource(name="db", capacity=4)


def claiming(*claims: Claim, resources: tuple[Resource, ...] = (DB,)) -> TaskGraph:
    """A graph with one task for each claim, called 0, 1 and so on."""
    tasks = {str(number): {"claims": (claim,)} for number, claim in enumerate(claims)}
    return graph_of(*tasks, tasks=tasks, resources=resources)


def taken(graph: TaskGraph, task_id: str = "0") -> Taken:
    return Sharing(graph).of(graph.by_id[task_id])


@given(graphs())
def test_what_fits_the_limits_fits_the_capacities(graph: TaskGraph) -> None:
    sharing = Sharing(graph)
    limits = sharing.limits()
    for pair in combinations(graph.tasks, 2):
        held = [sharing.of(task).limits for task in pair]
        if all(sum(one.get(name, 0) for one in held) <= limit.limit for name, limit in limits.items()):
            claims = [slots_claimed(task, graph.capacities) for task in pair]
            for name, capacity in graph.capacities.items():
                assert sum(one.get(name, 0) for one in claims) <= capacity


@given(graphs())
def test_a_task_takes_by_tags_or_by_itself_and_never_both(graph: TaskGraph) -> None:
    for task in graph.tasks:
        one = Sharing(graph).of(task)
        assert not (one.tags and one.slots)
        assert list(one.slots) == sorted(one.slots)


@given(graphs())
def test_every_task_fits_its_limits_alone(graph: TaskGraph) -> None:
    limits = Sharing(graph).limits()
    for task in graph.tasks:
        for name, slots in Sharing(graph).of(task).limits.items():
            assert 1 <= slots <= limits[name].most_taken <= limits[name].limit


def test_a_single_slot_is_taken_by_its_tag() -> None:
    graph = claiming(Claim(resource="db"))

    assert taken(graph) == Taken(tags=frozenset({"resource:db"}))
    assert json.loads(limits_file(graph)) == {
        "format": 2,
        "graph": "example",
        "limits": {
            "tag:resource:db": {"resource": "db", "limit": 4, "slot_decay_per_second": 0.0, "most_taken": 1},
        },
    }


def test_several_slots_are_taken_of_the_same_limit() -> None:
    graph = claiming(Claim(resource="db", slots=3), Claim(resource="db"))

    assert taken(graph) == Taken(slots={"tag:resource:db": 3})
    assert taken(graph, "1") == Taken(tags=frozenset({"resource:db"}))
    assert Sharing(graph).limits() == {"tag:resource:db": Limit("db", 4, most_taken=3)}


def test_who_takes_several_slots_of_one_takes_everything_by_itself() -> None:
    claims = (Claim(resource="gpu", slots=2), Claim(resource="db"))
    graph = graph_of("1", tasks={"1": {"claims": claims}}, resources=(DB, Resource(name="gpu", capacity=2)))

    assert taken(graph, "1") == Taken(slots={"tag:resource:db": 1, "tag:resource:gpu": 2})


def test_a_reader_takes_one_and_a_writer_all_there_are() -> None:
    graph = claiming(Claim(resource="f", mode="read"), Claim(resource="f", mode="write"))

    assert taken(graph) == Taken(tags=frozenset({"resource:f"}))
    assert taken(graph, "1") == Taken(slots={"tag:resource:f": READERS})
    assert Sharing(graph).limits()["tag:resource:f"].limit == READERS


def test_a_writer_of_a_counted_resource_takes_its_capacity() -> None:
    graph = claiming(Claim(resource="db", mode="write"), Claim(resource="db", mode="read"))

    assert taken(graph) == Taken(slots={"tag:resource:db": 4})
    assert taken(graph, "1") == Taken(tags=frozenset({"resource:db"}))


def test_what_is_not_shared_has_no_limit() -> None:
    alone = (Resource(name="db", capacity=4, rate=Rate(amount=1, seconds=1), shared=False),)
    things = (Resource(name="f", shared=False),)

    assert taken(claiming(Claim(resource="db"), resources=alone)) == Taken()
    assert Sharing(claiming(Claim(resource="f", mode="write"), resources=things)).limits() == {}


def test_what_nobody_claims_has_no_limit() -> None:
    assert Sharing(graph_of("1", resources=(DB,))).limits() == {}


def test_a_rate_is_one_slot_that_comes_back_evenly() -> None:
    api = Resource(name="api", capacity=4, rate=Rate(amount=10, seconds=60))
    graph = claiming(Claim(resource="api", slots=2), resources=(api,))

    assert taken(graph) == Taken(slots={"tag:resource:api": 2}, rates={"rate:api": 6.0})
    rate = Sharing(graph).limits()["rate:api"]
    assert rate.limit == 1
    assert rate.slot_decay_per_second == pytest.approx(1 / 6)


def test_a_run_keeps_shared_rates_as_evenly_as_the_server() -> None:
    shared = Resource(name="api", rate=Rate(amount=10, seconds=60))
    alone = Resource(name="own", rate=Rate(amount=10, seconds=60), shared=False)
    even = paced(graph_of("1", resources=(shared, alone, DB)))

    assert [one.rate for one in even.resources] == [Rate(amount=1, seconds=6), alone.rate, None]


def live(**fields: Any) -> LiveLimit:
    return LiveLimit(
        **{"name": "x", "limit": 4, "active": True, "slot_decay_per_second": 0.0, "active_slots": 0} | fields
    )


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (None, "is missing"),
        (live(active=False), "is not active"),
        (live(limit=2), "is 2, but a task takes 3"),
        (live(slot_decay_per_second=1.0), "has a slot decay"),
        (live(), ""),
        (live(limit=3, active_slots=3), ""),
    ],
)
def test_nothing_runs_under_a_limit_that_does_not_fit(there: LiveLimit | None, why: str) -> None:
    assert Limit("db", 4, most_taken=3).unfit(there) == why


def test_a_rate_needs_a_limit_that_decays() -> None:
    assert Limit("api", 1, 0.5).unfit(live(limit=1)) == "has no slot decay"
    assert not Limit("api", 1, 0.5).unfit(live(limit=1, slot_decay_per_second=0.25))
