from __future__ import annotations

import pytest

from support.plans import found, task
from taskgraph_core.rules import missing_id


@pytest.mark.parametrize(("written", "said"), [(True, "True"), ([1], "[1]"), ("  ", "'  '"), ({}, "{}")])
def test_what_can_be_no_id_is_an_error(written: object, said: str) -> None:
    (finding,) = found(missing_id, task(1), task(written))

    assert finding.code == "TG104"
    assert finding.severity == "error"
    assert finding.message == f"the task at $.master.tasks[1] has the id {said}, which is none"
    assert finding.path == "$.master.tasks[1].id"
    assert finding.tasks == ("#2",)


def test_a_task_without_an_id_is_an_error() -> None:
    (finding,) = found(missing_id, task(3, task(None)))

    assert finding.message == "the task at $.master.tasks[0].subtasks[0] has no id"
    assert finding.tasks == ("3.#1",)


@pytest.mark.parametrize(
    "written", [0, -1, "HAM-3", "\u65e5\u672c", "\u00b2", 1.5, "x" * 10_000, pytest.param(10**400, id="huge")]
)
def test_any_text_or_number_is_an_id(written: object) -> None:
    assert not found(missing_id, task(written))
