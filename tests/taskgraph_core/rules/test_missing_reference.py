from __future__ import annotations

import pytest

from support.plans import found, task
from taskgraph_core.rules import missing_reference


def test_a_dependency_on_nothing_is_an_error() -> None:
    (finding,) = found(missing_reference, task(1, deps=[99]))

    assert finding.code == "TG201"
    assert finding.severity == "error"
    assert finding.message == "1 depends on 99, which does not exist in 'master'"
    assert finding.path == "$.master.tasks[0].dependencies[0]"
    assert finding.tasks == ("1",)
    assert finding.fix == "remove it ('taskgraph check --fix') or write the right id"


def test_the_nearest_id_is_suggested() -> None:
    (finding,) = found(missing_reference, task("HAM-31"), task(2, deps=["HAM-13"]))

    assert finding.fix.startswith("did you mean HAM-31? ")


def test_hints_stop_before_they_take_longer_than_the_plan_is_worth() -> None:
    findings = found(missing_reference, *[task(number, deps=[f"{number}x"]) for number in range(1000, 1400)])

    assert findings[0].fix.startswith("did you mean 1000? ")
    assert findings[-1].fix.startswith("remove it")


@pytest.mark.parametrize("reference", ["1@master", "master:1", "1.1", "01", "T1", "\uff11", "x" * 10_000])
def test_what_is_only_like_an_id_exists_not(reference: str) -> None:
    assert len(found(missing_reference, task(1), task(2, deps=[reference]))) == 1


def test_a_subtask_may_mean_a_sibling_a_task_or_the_subtask_of_another_task() -> None:
    plan = [task(1, task(1)), task(7), task(2, task(1), task(2, deps=[1, "1", 7, "1.1", "2.1"]))]
    assert not found(missing_reference, *plan)


def test_ids_as_text_and_as_numbers_are_the_same() -> None:
    assert not found(missing_reference, task("1"), task(2, deps=[1]), task(3, deps=["2"]))


def test_a_fraction_is_the_subtask_that_is_written_so() -> None:
    text = '{"tasks": [{"id": 8, "subtasks": [{"id": 1}, {"id": 10}]}, {"id": 9, "dependencies": [8.10, 8.1]}]}'
    assert not found(missing_reference, text=text)


def test_a_part_of_a_list_in_a_string_that_exists_not_is_named() -> None:
    (finding,) = found(missing_reference, task(1), task(2, deps=["1, 99"]))

    assert finding.message == "2 depends on '99', which does not exist in 'master'"
