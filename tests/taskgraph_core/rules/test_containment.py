from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import containment


def test_a_subtask_that_waits_for_its_own_task_is_an_error() -> None:
    (finding,) = found(containment, task(2, task(1, deps=["2"])))

    assert finding.code == "TG206"
    assert finding.severity == "error"
    assert finding.message == "a task and its subtasks wait for each other: 2 -> 2.1 -> 2"
    assert finding.path == "$.master.tasks[0]"
    assert finding.tasks == ("2", "2.1")


def test_a_task_that_waits_for_its_own_subtask_is_an_error() -> None:
    (finding,) = found(containment, task(2, task(1), deps=["2.1"]))

    assert finding.message == "a task and its subtasks wait for each other: 2 -> 2.1 -> 2"
    assert finding.tasks == ("2", "2.1")


def test_a_circle_through_the_inside_of_another_task_is_an_error() -> None:
    (finding,) = found(containment, task(1, deps=["2.1"]), task(2, task(1), deps=[1]))

    assert finding.message == "a task and its subtasks wait for each other: 1 -> 2.1 -> 1"


def test_a_circle_that_is_written_out_is_left_to_the_rule_for_circles() -> None:
    assert not found(containment, task(1, deps=[2]), task(2, task(1), deps=[1]))


def test_a_circle_that_is_written_out_hides_no_other() -> None:
    plan = [task(1, deps=[2]), task(2, deps=[1]), task(3, task(1, deps=["3"]))]

    assert [finding.tasks for finding in found(containment, *plan)] == [("3", "3.1")]


def test_another_reading_of_the_number_that_helps_is_named() -> None:
    plan = [task(1, deps=["2.1"]), task(2, task(1), deps=[]), task(3, task(1), task(2, deps=[3]), task(3))]
    assert not found(containment, *plan)

    (finding,) = found(containment, *plan, profile={"subtask_references": "task"})

    assert finding.message == "a task and its subtasks wait for each other: 3 -> 3.2 -> 3"
    assert finding.fix.endswith("with subtask_references = 'sibling' in the profile there is no such circle")


def test_subtasks_that_wait_for_siblings_and_for_other_tasks_are_silent() -> None:
    assert not found(containment, task(1), task(2, task(1), task(2, deps=[1]), deps=[1]), task(3, deps=["2.2", 2]))
