from __future__ import annotations

import pytest

from support.plans import found, task
from taskgraph_core.rules import wrong_shape


def test_a_task_that_is_no_object_is_an_error() -> None:
    (finding,) = found(wrong_shape, task(1), "task 2", task(3))

    assert finding.code == "TG102"
    assert finding.severity == "error"
    assert finding.message == "a task is an object, not 'task 2'"
    assert finding.path == "$.master.tasks[1]"
    assert finding.tasks == ()


def test_subtasks_that_are_no_list_are_an_error() -> None:
    (finding,) = found(wrong_shape, task(1, subtasks={"1": "x"}))

    assert finding.message == "the subtasks of 1 are not a list but {'1': 'x'}"
    assert finding.path == "$.master.tasks[0].subtasks"
    assert finding.tasks == ("1",)


@pytest.mark.parametrize("written", ["1", 1, 1.5, True, {"1": True}])
def test_dependencies_that_are_no_list_are_an_error(written: object) -> None:
    (finding,) = found(wrong_shape, task(1), task(2, dependencies=written))

    assert finding.message == f"the dependencies of 2 are not a list but {written!r}"
    assert finding.path == "$.master.tasks[1].dependencies"


@pytest.mark.parametrize("written", [None, {}, [], True, ""])
def test_a_reference_that_can_be_no_id_is_an_error(written: object) -> None:
    (finding,) = found(wrong_shape, task(1), task(2, deps=[1, written]))

    assert finding.message == f"2 depends on {written!r}, which can be no id"
    assert finding.path == "$.master.tasks[1].dependencies[1]"


def test_braces_in_what_was_written_stay_as_they_are() -> None:
    (finding,) = found(wrong_shape, "{0.__class__} {id}")

    assert finding.message == "a task is an object, not '{0.__class__} {id}'"


def test_no_dependencies_and_no_subtasks_are_silent() -> None:
    assert not found(wrong_shape, task(1, dependencies=None), task(2, dependencies=[], subtasks=[]))
