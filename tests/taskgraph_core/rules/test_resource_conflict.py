from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import resource_conflict


def writes(mode: str = "write", **more: object) -> dict[str, object]:
    return {"defaults": {"claims": {"file:out": mode}}, **more}


def test_two_unordered_writers_are_a_warning() -> None:
    (finding,) = found(resource_conflict, task(1), task(2), profile=writes())

    assert finding.code == "TG301"
    assert finding.severity == "warning"
    assert finding.message.startswith("1 and 2 both use file:out (")
    assert finding.message.endswith("), and neither waits for the other")
    assert finding.tasks == ("1", "2")


def test_they_are_an_error_if_the_profile_says_so() -> None:
    (finding,) = found(resource_conflict, task(1), task(2), profile=writes(conflicts="error"))

    assert finding.severity == "error"
    assert finding.fix == "add a dependency"


def test_if_the_profile_orders_them_nothing_is_left_to_say() -> None:
    assert not found(resource_conflict, task(1), task(2), profile=writes(conflicts="order"))


def test_writers_of_which_one_waits_for_the_other_are_silent() -> None:
    assert not found(resource_conflict, task(1), task(2, deps=[1]), task(3, deps=[2]), profile=writes())


def test_readers_among_themselves_are_silent() -> None:
    assert not found(resource_conflict, task(1), task(2), profile=writes("read"))


def test_shares_of_a_counted_resource_are_no_conflict() -> None:
    profile = {"resources": {"db": 2}, "defaults": {"claims": {"db": 1}}}
    assert not found(resource_conflict, task(1), task(2), profile=profile)
