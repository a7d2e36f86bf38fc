from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given

from support.plans import JSON_VALUES
from taskgraph_core.ir import Priority, Status
from taskgraph_core.taskmaster.vocabulary import PRIORITIES, STATUSES, read_priority, read_status


@pytest.mark.parametrize("word", sorted(STATUSES))
def test_taskmasters_statuses_are_read_in_any_case_and_joint(word: str) -> None:
    for written in (word, word.upper(), word.title(), word.replace("-", "_"), f" {word.replace('-', ' ')} "):
        assert read_status(written) == (word, True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("completed", "done"),
        ("Complete", "done"),
        ("todo", "pending"),
        ("To Do", "pending"),
        ("not_started", "pending"),
        ("In Progress", "in-progress"),
        ("inProgress", "in-progress"),
        ("in review", "review"),
        ("canceled", "cancelled"),
        ("on-hold", "deferred"),
        ("skipped", "deferred"),
    ],
)
def test_aliases_of_statuses_are_known(written: str, meant: str) -> None:
    assert read_status(written) == (meant, True)


@pytest.mark.parametrize("written", [None, "", "later", 3, [], {}, True, "done!", "\u0434\u043e\u043d\u0435"])
def test_an_unknown_status_means_pending(written: object) -> None:
    assert read_status(written) == ("pending", False)


@pytest.mark.parametrize("word", sorted(PRIORITIES))
def test_taskmasters_priorities_are_read_in_any_case(word: str) -> None:
    assert read_priority(word.upper()) == (word, True)


@pytest.mark.parametrize(
    ("written", "meant"), [("P0", "critical"), ("p3", "low"), ("Urgent", "critical"), ("normal", "medium")]
)
def test_aliases_of_priorities_are_known(written: str, meant: str) -> None:
    assert read_priority(written) == (meant, True)


@pytest.mark.parametrize("written", [None, "", "p9", 1, ["high"]])
def test_an_unknown_priority_means_medium(written: object) -> None:
    assert read_priority(written) == ("medium", False)


@given(JSON_VALUES)
def test_anything_at_all_has_a_meaning(written: object) -> None:
    assert read_status(written)[0] in get_args(Status)
    assert read_priority(written)[0] in get_args(Priority)
