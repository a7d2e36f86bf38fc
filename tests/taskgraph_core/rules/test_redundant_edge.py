from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import redundant_edge


def test_a_dependency_that_follows_from_another_is_information() -> None:
    (finding,) = found(redundant_edge, task(1), task(2, deps=[1]), task(3, deps=[1, 2]))

    assert finding.code == "TG208"
    assert finding.severity == "info"
    assert finding.message == "3 would wait for 1 without saying so, through its other dependencies"
    assert finding.path == "$.master.tasks[2].dependencies"
    assert finding.tasks == ("3", "1")


def test_one_finding_names_all_that_a_task_need_not_say() -> None:
    plan = [task(1), task(2, deps=[1]), task(3, deps=[2]), task(4, deps=[3, 1, 2])]
    (finding,) = [finding for finding in found(redundant_edge, *plan) if finding.tasks[0] == "4"]

    assert set(finding.tasks) == {"4", "1", "2"}


def test_a_diamond_is_silent() -> None:
    assert not found(redundant_edge, task(1), task(2, deps=[1]), task(3, deps=[1]), task(4, deps=[2, 3]))


def test_while_there_is_a_circle_nothing_follows_from_anything() -> None:
    assert not found(redundant_edge, task(1, deps=[2]), task(2, deps=[1]), task(3, deps=[1, 2]))
