from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import nested_subtasks


def test_subtasks_below_subtasks_are_a_warning() -> None:
    (finding,) = found(nested_subtasks, task(1, task(1, task(1), task(2))))

    assert finding.code == "TG105"
    assert finding.severity == "warning"
    assert finding.message == "subtask 1.1 has 2 subtasks of its own, which will not be carried out"
    assert finding.path == "$.master.tasks[0].subtasks[0].subtasks"
    assert finding.tasks == ("1.1",)


def test_one_level_and_empty_lists_are_silent() -> None:
    assert not found(nested_subtasks, task(1, task(1, subtasks=[]), task(2)), task(2))
