from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import finished_by_parent


def test_a_done_task_with_open_subtasks_is_a_warning() -> None:
    (finding,) = found(finished_by_parent, task(1, task(1), task(2, status="done"), task(3), status="done"))

    assert finding.code == "TG110"
    assert finding.severity == "warning"
    assert finding.message == "task 1 is done, but 2 subtasks of it are not marked so; taken as done: 1.1, 1.3"
    assert finding.path == "$.master.tasks[0]"
    assert finding.tasks == ("1", "1.1", "1.3")


def test_one_subtask_is_one_subtask() -> None:
    (finding,) = found(finished_by_parent, task(1, task(1), status="done"))

    assert "1 subtask of it is not marked so" in finding.message


def test_a_done_task_with_done_subtasks_is_silent() -> None:
    assert not found(finished_by_parent, task(1, task(1, status="completed"), status="done"))


def test_subtasks_of_a_cancelled_task_are_silent() -> None:
    assert not found(finished_by_parent, task(1, task(1), status="cancelled"))


def test_what_is_due_again_by_schedule_is_silent() -> None:
    profile = {"graph": {"schedule": {"cron": "0 2 * * *"}}}
    assert not found(finished_by_parent, task(1, task(1), status="done"), profile=profile)
