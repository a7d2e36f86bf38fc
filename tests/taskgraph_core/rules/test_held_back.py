from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import held_back


def test_a_held_task_that_others_wait_for_is_a_warning() -> None:
    plan = [task(1, status="deferred"), task(2, deps=[1]), task(3, deps=[2]), task(4)]
    (finding,) = found(held_back, *plan)

    assert finding.code == "TG207"
    assert finding.severity == "warning"
    assert finding.message == "1 is deferred and holds back 2 tasks: 2, 3"
    assert finding.path == "$.master.tasks[0]"
    assert finding.tasks == ("1", "2", "3")
    assert finding.fix == "finish 1, or remove the dependency on it"


def test_what_waits_for_a_subtask_of_a_held_task_is_held_back_by_that_task() -> None:
    (finding,) = found(held_back, task(5, task(1), status="review"), task(6, deps=["5.1"]))

    assert finding.message == "5 is review and holds back 1 task: 6"


def test_a_held_subtask_holds_back_its_task() -> None:
    (finding,) = found(held_back, task(1, task(1, status="blocked"), task(2)))

    assert finding.message == "1.1 is blocked and holds back 1 task: 1"


def test_a_cancelled_dependency_counts_as_satisfied_with_a_warning() -> None:
    (finding,) = found(held_back, task(1, status="cancelled"), task(2, deps=[1]), task(3, deps=[1]))

    assert finding.severity == "warning"
    assert finding.message == "2, 3 depend on 1, which is cancelled; that counts as satisfied"
    assert finding.path == "$.master.tasks[0]"
    assert finding.tasks == ("1", "2", "3")


def test_a_cancelled_dependency_holds_back_if_the_profile_says_so() -> None:
    plan = [task(1, status="cancelled"), task(2, deps=[1])]
    (finding,) = found(held_back, *plan, profile={"cancelled": "blocks"})

    assert finding.message == "1 is cancelled and holds back 1 task: 2"


def test_held_and_cancelled_tasks_that_nobody_waits_for_are_silent() -> None:
    assert not found(held_back, task(1, status="blocked"), task(2, status="cancelled"), task(3))


def test_a_finished_task_that_depended_on_a_cancelled_one_is_silent() -> None:
    assert not found(held_back, task(1, status="cancelled"), task(2, deps=[1], status="done"))
