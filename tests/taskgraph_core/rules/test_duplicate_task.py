from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import duplicate_task


def test_tasks_with_one_id_are_an_error() -> None:
    (finding,) = found(duplicate_task, task(1), task(2), task("1"))

    assert finding.code == "TG204"
    assert finding.severity == "error"
    assert finding.message == "2 tasks have the id 1: $.master.tasks[0], $.master.tasks[2]"
    assert finding.path == "$.master.tasks[2]"
    assert finding.tasks == ("1",)


def test_of_many_tasks_with_one_id_a_few_places_are_named() -> None:
    (finding,) = found(duplicate_task, *[task(1)] * 9)

    assert finding.message.startswith("9 tasks have the id 1: $.master.tasks[0], $.master.tasks[1], ")
    assert finding.message.endswith("$.master.tasks[3] and 5 more")


def test_a_task_that_has_the_id_of_a_subtask_is_an_error() -> None:
    (finding,) = found(duplicate_task, task(2, task(1)), task("2.1"))

    assert finding.tasks == ("2.1",)


def test_ids_that_only_look_alike_are_silent() -> None:
    assert not found(duplicate_task, task(1), task("01"), task("\uff11"), task("a\u0301"), task("\u00e1"))
