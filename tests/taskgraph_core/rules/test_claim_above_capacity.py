from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import claim_above_capacity


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
