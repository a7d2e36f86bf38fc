from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import duplicate_subtask


def test_subtasks_with_one_id_are_an_error() -> None:
    (finding,) = found(duplicate_subtask, task(3, task(1), task("1"), task("3.1")))

    assert finding.code == "TG205"
    assert finding.severity == "error"
    assert finding.message == (
        "3 subtasks have the id 3.1: $.master.tasks[0].subtasks[0], "
        "$.master.tasks[0].subtasks[1], $.master.tasks[0].subtasks[2]"
    )
    assert finding.path == "$.master.tasks[0].subtasks[1]"
    assert finding.tasks == ("3.1",)


def test_the_same_number_under_different_tasks_is_silent() -> None:
    assert not found(duplicate_subtask, task(1, task(1)), task(2, task(1)))


def test_fractions_are_told_apart_as_they_are_written() -> None:
    text = '{"tasks": [{"id": 8, "subtasks": [{"id": 8.1}, {"id": 8.10}]}]}'
    assert not found(duplicate_subtask, text=text)
