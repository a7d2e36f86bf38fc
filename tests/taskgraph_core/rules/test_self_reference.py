from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import self_reference


def test_a_task_that_depends_on_itself_is_an_error() -> None:
    (finding,) = found(self_reference, task(1), task(2, deps=[1, "2"]))

    assert finding.code == "TG202"
    assert finding.severity == "error"
    assert finding.message == "2 depends on itself (written '2')"
    assert finding.path == "$.master.tasks[1].dependencies[1]"
    assert finding.tasks == ("2",)
    assert finding.fix == "remove it ('taskgraph check --fix')"


def test_a_subtask_whose_number_may_mean_a_task_says_which_reading_that_is() -> None:
    (finding,) = found(self_reference, task(2), task(3, task(1), task(2, deps=[2])))

    assert finding.message == "3.2 depends on itself (written 2)"
    assert finding.fix.endswith(", or, if task 2 was meant, set subtask_references = 'task' in the profile")


def test_where_the_own_task_may_be_meant_the_reading_that_ignores_it_is_named() -> None:
    (finding,) = found(self_reference, task(1, task(1, deps=[1])))

    assert finding.fix.endswith("set subtask_references = 'earlier-sibling' in the profile")


def test_where_no_task_has_the_number_no_reading_helps() -> None:
    (finding,) = found(self_reference, task(3, task(1), task(2, deps=[2])))

    assert finding.fix == "remove it ('taskgraph check --fix')"


def test_dependencies_on_others_are_silent() -> None:
    assert not found(self_reference, task(1), task(2, task(1), task(2, deps=[1]), deps=[1]))
