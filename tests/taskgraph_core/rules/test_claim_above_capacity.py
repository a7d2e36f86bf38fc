from __future__ import annotations

from support.graphs import graph_of
from support.plans import found, task
from taskgraph_core.ir import Claim, Resource
from taskgraph_core.profile.model import Profile
from taskgraph_core.rules import claim_above_capacity
from taskgraph_core.rules.context import GraphContext


def claims_of(amount: object, capacity: int = 2) -> dict[str, object]:
    return {"resources": {"db": capacity}, "defaults": {"claims": {"db": amount}}}


def test_a_claim_of_more_slots_than_there_are_is_an_error() -> None:
    (finding,) = found(claim_above_capacity, task(1), profile=claims_of(3))

    assert finding.code == "TG303"
    assert finding.severity == "error"
    assert finding.message == "1 claims 3 slots of 'db', which has 2"
    assert finding.path == "resources.db"
    assert finding.tasks == ("1",)


def test_every_task_that_claims_too_much_is_named() -> None:
    assert [finding.tasks for finding in found(claim_above_capacity, task(1), task(2), profile=claims_of(3))] == [
        ("1",),
        ("2",),
    ]


def test_a_claim_of_all_there_is_is_silent() -> None:
    assert not found(claim_above_capacity, task(1), profile=claims_of(2))


def test_a_writer_takes_what_there_is_and_never_too_much() -> None:
    assert not found(claim_above_capacity, task(1), profile=claims_of("write", capacity=1))


def test_claims_that_are_too_much_together_take_all_there_is_and_that_is_warned_of() -> None:
    claims = (Claim(resource="db", slots=2), Claim(resource="gpu"), Claim(resource="db"))
    graph = graph_of(
        "1",
        "2",
        tasks={"1": {"claims": claims}, "2": {"claims": claims[:2]}},
        resources=(Resource(name="db", capacity=2), Resource(name="gpu", capacity=1)),
    )

    (finding,) = claim_above_capacity.check(GraphContext(graph, Profile()))

    assert finding.severity == "warning"
    assert finding.message == "1 claims 3 slots of 'db' in 2 claims, which has 2: it takes all of them"
    assert finding.tasks == ("1",)
    assert finding.path == "resources.db"


def test_a_claim_that_is_too_large_by_itself_is_said_once() -> None:
    claims = (Claim(resource="db", slots=3), Claim(resource="db"))
    graph = graph_of("1", tasks={"1": {"claims": claims}}, resources=(Resource(name="db", capacity=2),))

    assert [finding.severity for finding in claim_above_capacity.check(GraphContext(graph, Profile()))] == ["error"]
