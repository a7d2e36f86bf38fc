from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider.generating.pools import FOLDED_LIMIT, READERS, Pool, Seat, connected, pools_used, seats, weight
from support.graphs import graph_of, graphs
from taskgraph_core.ir import Breaker, Claim, Command, Noop, Rate, Resource, Task, TaskGraph

RUN = Command(argv=("true",))


def claiming(*claims: tuple[Claim, ...], **capacities: int) -> TaskGraph:
    """A graph with one task for each tuple of claims."""
    ids = [str(number) for number in range(1, len(claims) + 1)]
    return graph_of(
        *ids,
        tasks={task_id: {"action": RUN, "claims": wanted} for task_id, wanted in zip(ids, claims, strict=True)},
        resources=tuple(Resource(name=name, capacity=capacity) for name, capacity in capacities.items()),
    )


def slots(name: str, count: int = 1) -> Claim:
    return Claim(resource=name, slots=count)


def reads(name: str) -> Claim:
    return Claim(resource=name, mode="read")


def writes(name: str) -> Claim:
    return Claim(resource=name, mode="write")


def test_a_counted_resource_is_a_pool_of_its_capacity() -> None:
    db = Pool("taskgraph_db", 4, ("db",))

    assert seats(claiming((slots("db"),), (slots("db", 3),), db=4)) == {"1": Seat(db, 1), "2": Seat(db, 3)}


def test_a_reader_takes_one_slot_and_a_writer_all() -> None:
    taken = seats(claiming((reads("table"),), (writes("table"),)))

    assert [seat.slots for seat in taken.values()] == [1, READERS]
    assert {seat.pool.slots for seat in taken.values()} == {READERS}


def test_dags_that_share_a_thing_mean_the_same_pool() -> None:
    one = seats(claiming((reads("table"),), (reads("table"),)))
    other = seats(claiming((writes("table"),)))

    assert pools_used(one.values()) == pools_used(other.values())


def test_several_claims_fold_into_one_pool_without_loss_by_rounding() -> None:
    taken = seats(claiming((slots("a"), slots("b")), (slots("a", 2),), (slots("b", 3),), a=2, b=3))

    assert {seat.pool.slots for seat in taken.values()} == {6}
    assert [seat.slots for seat in taken.values()] == [3, 6, 6]


def test_resources_are_folded_with_all_they_are_connected_to_and_no_others() -> None:
    taken = seats(claiming((slots("a"), slots("b")), (slots("b"), slots("c")), (slots("d"),), a=1, b=2, c=3, d=4))

    assert [seat.pool.resources for seat in taken.values()] == [("a", "b", "c"), ("a", "b", "c"), ("d",)]


def test_resources_that_are_to_share_a_pool_do_so_in_every_graph() -> None:
    both = seats(claiming((slots("a"), slots("b")), a=2, b=3))
    only_one = seats(claiming((slots("a"),), a=2, b=3), fold=["a", "b"])

    assert pools_used(both.values()) == pools_used(only_one.values())
    assert only_one["1"].slots == 3


def test_only_what_is_claimed_needs_a_pool() -> None:
    taken = seats(claiming((slots("d"),), a=2, d=3), fold=["a", "b"])

    assert pools_used(taken.values()) == [Pool("taskgraph_d", 3, ("d",))]


def test_what_only_other_graphs_claim_counts_as_a_thing_that_is_read_and_written() -> None:
    here = seats(claiming((slots("a"),), a=2), fold=["a", "table"])
    there = seats(claiming((slots("a"), writes("table")), a=2))

    assert pools_used(here.values()) == pools_used(there.values())


def test_a_task_that_does_nothing_takes_nothing() -> None:
    graph = TaskGraph(id="x", tasks=(Task(id="1", claims=(writes("t"),), action=Noop()),))

    assert seats(graph) == {}


def test_a_folded_pool_stays_within_what_a_database_holds() -> None:
    primes = {"a": 999_983, "b": 999_979, "c": 3}
    taken = seats(claiming((slots("a"), slots("b"), slots("c")), (slots("c", 3),), **primes))

    assert {seat.pool.slots for seat in taken.values()} == {FOLDED_LIMIT}
    assert [seat.slots for seat in taken.values()] == [333_334, FOLDED_LIMIT]


@pytest.mark.parametrize(
    ("groups", "components"),
    [([], []), ([["b"], ["a"]], [["a"], ["b"]]), ([["c", "b"], ["d"], ["b", "a"]], [["a", "b", "c"], ["d"]])],
)
def test_connected_names(groups: list[list[str]], components: list[list[str]]) -> None:
    assert connected(groups) == components


CAPACITIES = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 1_000_000) | st.integers(1, 12), min_size=1)


@given(st.data())
def test_what_fits_into_a_folded_pool_of_any_size_fits_every_capacity(data: st.DataObject) -> None:
    capacities = data.draw(CAPACITIES)
    size = data.draw(st.integers(1, FOLDED_LIMIT))
    claims = data.draw(
        st.lists(
            st.fixed_dictionaries({}, optional={name: st.integers(1, top) for name, top in capacities.items()}).filter(
                bool
            ),
            max_size=6,
        )
    )
    running: list[dict[str, int]] = []
    used = 0
    for claimed in claims:
        needed = weight(claimed, capacities, size)
        assert 1 <= needed <= size
        if used + needed <= size:
            used += needed
            running.append(claimed)

    for name, capacity in capacities.items():
        assert sum(claimed.get(name, 0) for claimed in running) <= capacity


@given(graph=graphs(max_tasks=7, rules=False), fold=st.sampled_from([(), ("db", "gpu"), ("db", "file:out", "other")]))
def test_tasks_that_fit_their_pools_together_may_run_together(graph: TaskGraph, fold: tuple[str, ...]) -> None:
    graph = graph.model_copy(update={"tasks": tuple(task.model_copy(update={"action": RUN}) for task in graph.tasks)})
    taken = seats(graph, fold)
    pools = pools_used(taken.values())
    for count in range(1, len(graph.tasks) + 1):
        for running in combinations(graph.tasks, count):
            filled = {pool.name: 0 for pool in pools}
            for task in running:
                if task.id in taken:
                    filled[taken[task.id].pool.name] += taken[task.id].slots
            if all(filled[pool.name] <= pool.slots for pool in pools):
                assert may_run_together(graph, running)


def may_run_together(graph: TaskGraph, running: tuple[Task, ...]) -> bool:
    claims = [claim for task in running for claim in task.claims]
    counted = dict.fromkeys(graph.capacities, 0)
    for claim in claims:
        if claim.mode == "slots":
            counted[claim.resource] += claim.slots
    fits = all(counted[name] <= capacity for name, capacity in graph.capacities.items())
    writers = {claim.resource for claim in claims if claim.mode == "write"}
    alone = all(sum(claim.resource == thing for claim in claims) == 1 for thing in writers)
    return fits and alone


def test_what_only_has_a_rate_or_a_breaker_is_no_pool() -> None:
    graph = claiming((slots("api", 5),), (slots("api"), slots("db")), db=2)
    services = (*graph.resources, Resource(name="api", rate=Rate(amount=1, seconds=1), breaker=Breaker()))
    taken = seats(graph.model_copy(update={"resources": services}))

    assert taken == {"2": Seat(Pool("taskgraph_db", 2, ("db",)), 1)}


def test_whoever_uses_what_somebody_writes_has_a_seat() -> None:
    taken = seats(claiming((slots("api", 5_000),), (slots("api"),), (writes("api"),)))

    assert [seat.slots for seat in taken.values()] == [READERS, 1, READERS]
