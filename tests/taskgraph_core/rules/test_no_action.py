from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import no_action


def test_without_a_profile_tasks_without_an_action_are_information() -> None:
    (finding,) = found(no_action, task(1), task(2, task(1)))

    assert finding.code == "TG401"
    assert finding.severity == "info"
    assert finding.message == "2 tasks have no action and will do nothing: 1, 2.1"
    assert finding.tasks == ("1", "2.1")
    assert finding.fix == "'taskgraph init' writes a profile to start from"


def test_a_profile_that_forgot_some_tasks_is_a_warning() -> None:
    profile = {"rules": [{"match": {"id": "1"}, "command": "true"}]}
    (finding,) = found(no_action, task(1), task(2), profile=profile)

    assert finding.severity == "warning"
    assert finding.message == "1 task has no action and will do nothing: 2"


def test_of_many_idle_tasks_a_few_are_named() -> None:
    (finding,) = found(no_action, *[task(number) for number in range(1, 12)])

    assert finding.message.endswith(": 1, 2, 3, 4, 5, 6, 7, 8 and 3 more")
    assert len(finding.tasks) == 11


def test_a_few_idle_tasks_are_all_named() -> None:
    (finding,) = found(no_action, *[task(number) for number in range(1, 9)])

    assert finding.message.endswith(": 1, 2, 3, 4, 5, 6, 7, 8")


def test_a_chosen_noop_is_an_action() -> None:
    assert not found(no_action, task(1), profile={"defaults": {"noop": True}})


def test_a_task_that_only_closes_its_subtasks_needs_none() -> None:
    assert not found(no_action, task(1, task(1)), profile={"defaults": {"command": "true"}})
