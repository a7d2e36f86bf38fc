from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import unknown_resource


def test_slots_of_a_resource_without_a_capacity_are_an_error() -> None:
    (finding,) = found(unknown_resource, task(1), task(2), profile={"defaults": {"claims": {"db": 1}}})

    assert finding.code == "TG302"
    assert finding.severity == "error"
    assert finding.message == "1, 2 claim slots of 'db', which has no capacity"
    assert finding.path == "resources"
    assert finding.tasks == ("1", "2")
    assert finding.fix == "write it under [resources] with its capacity"


def test_the_nearest_known_resource_is_suggested() -> None:
    profile = {"resources": {"database": 2}, "defaults": {"claims": {"databse": 1}}}
    (finding,) = found(unknown_resource, task(1), profile=profile)

    assert finding.message == "1 claims slots of 'databse', which has no capacity"
    assert finding.fix.startswith("did you mean 'database'? ")


def test_what_is_read_and_written_needs_no_declaration() -> None:
    assert not found(unknown_resource, task(1), profile={"defaults": {"claims": {"file:a": "read", "file:b": "write"}}})


def test_a_claim_of_no_slots_is_no_claim() -> None:
    assert not found(unknown_resource, task(1), profile={"defaults": {"claims": {"db": 0}}})


def test_declared_resources_are_silent() -> None:
    assert not found(unknown_resource, task(1), profile={"resources": {"db": 1}, "defaults": {"claims": {"db": 1}}})
