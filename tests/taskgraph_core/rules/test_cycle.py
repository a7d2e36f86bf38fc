from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import cycle


def test_two_tasks_that_wait_for_each_other_are_an_error() -> None:
    (finding,) = found(cycle, task(1, deps=[2]), task(2, deps=[1]), task(3))

    assert finding.code == "TG203"
    assert finding.severity == "error"
    assert finding.message == "these wait for each other in a circle: 1 -> 2 -> 1"
    assert finding.path == "$.master.tasks[0]"
    assert finding.tasks == ("1", "2")
    assert finding.fix == "remove the dependency that is not meant"


def test_what_only_stands_behind_a_circle_is_not_called_part_of_it() -> None:
    (finding,) = found(
        cycle, task(1, deps=[3]), task(2, deps=[1]), task(3, deps=[2]), task(4, deps=[3]), task(5, deps=[4])
    )

    assert finding.tasks == ("1", "3", "2")


def test_separate_circles_are_separate_findings() -> None:
    plan = [task(1, deps=[2]), task(2, deps=[1]), task(3, deps=[4]), task(4, deps=[3])]

    assert [finding.tasks for finding in found(cycle, *plan)] == [("1", "2"), ("3", "4")]


def test_every_circle_of_a_knot_is_named_once() -> None:
    plan = [task(1, deps=[2, 3]), task(2, deps=[1]), task(3, deps=[1])]

    assert [finding.tasks for finding in found(cycle, *plan)] == [("1", "2"), ("1", "3")]


def test_a_circle_of_siblings_says_which_reading_of_the_numbers_would_cut_it() -> None:
    plan = [task(1), task(2), task(3, task(1, deps=[2]), task(2, deps=[1]))]
    (finding,) = found(cycle, *plan)

    assert finding.tasks == ("3.1", "3.2")
    assert finding.fix.endswith("with subtask_references = 'task' in the profile there is no such circle")


def test_a_reading_under_which_the_reference_leads_nowhere_is_no_cure() -> None:
    (finding,) = found(cycle, task(1, task(1, deps=[2]), task(2, deps=[1])))

    assert finding.fix == "remove the dependency that is not meant"


def test_the_middle_of_a_long_circle_is_left_out() -> None:
    (finding,) = found(cycle, *[task(number, deps=[number % 30 + 1]) for number in range(1, 31)])

    assert " -> 10 -> (15 more) -> 26 -> " in finding.message
    assert finding.message.endswith("-> 30 -> 1")
    assert len(finding.tasks) == 30


def test_a_knot_of_very_many_circles_is_cut_short_and_says_so() -> None:
    plan = [task(number, deps=[other for other in range(1, 13) if other != number]) for number in range(1, 13)]
    findings = found(cycle, *plan)

    assert len(findings) == 25
    assert findings[-1].fix.endswith("(the 12 tasks of this knot may form more circles than are listed)")


def test_a_diamond_is_no_circle() -> None:
    assert not found(cycle, task(1), task(2, deps=[1]), task(3, deps=[1]), task(4, deps=[2, 3]))


def test_a_task_that_waits_for_itself_is_left_to_the_rule_for_that() -> None:
    assert not found(cycle, task(1, deps=[1]))
