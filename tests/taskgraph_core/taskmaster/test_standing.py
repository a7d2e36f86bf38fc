from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from support.plans import sound_plans, task, understood
from taskgraph_core.taskmaster.standing import standings, waits_for

if TYPE_CHECKING:
    from taskgraph_core.ir import Status

ANY_STATUS: tuple[Status, ...] = ("pending", "in-progress", "review", "done", "deferred", "blocked", "cancelled")


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("pending", "due"),
        ("in-progress", "due"),
        ("done", "satisfied"),
        ("completed", "satisfied"),
        ("cancelled", "satisfied"),
        ("review", "held"),
        ("deferred", "held"),
        ("blocked", "held"),
    ],
)
def test_a_status_says_where_a_task_stands(status: str, standing: str) -> None:
    found = standings(understood(task(1, status=status)))

    assert getattr(found, standing) == {"1"}


def test_what_is_done_is_due_again_when_everything_is() -> None:
    plan = understood(task(1, status="done"), task(2, status="cancelled"), task(3, status="blocked"))
    found = standings(plan, everything=True)

    assert found.due == {"1"}
    assert found.satisfied == found.cancelled == {"2"}
    assert found.held == {"3"}


def test_a_cancelled_task_holds_back_if_asked_to() -> None:
    found = standings(understood(task(1, status="cancelled"), task(2, deps=[1])), cancelled_blocks=True)

    assert found.held == {"1", "2"}
    assert found.held_by == {"2": "1"}


def test_a_finished_task_finishes_its_subtasks_whatever_they_say() -> None:
    found = standings(understood(task(1, task(1), task(2, status="deferred"), task(3, status="done"), status="done")))

    assert found.satisfied == {"1", "1.1", "1.2", "1.3"}
    assert found.finished_by_parent == {"1.1", "1.2"}


def test_a_cancelled_task_cancels_its_subtasks() -> None:
    found = standings(understood(task(1, task(1), task(2, status="done"), status="cancelled")))

    assert found.satisfied == {"1", "1.1", "1.2"}
    assert found.cancelled == {"1", "1.1"}


def test_a_held_task_holds_its_subtasks_and_what_waits_for_them() -> None:
    found = standings(understood(task(1, task(1), status="blocked"), task(2, deps=["1.1"]), task(3, deps=[2])))

    assert found.held == {"1", "1.1", "2", "3"}
    assert found.held_by == {"2": "1", "3": "1"}


def test_a_held_subtask_holds_its_task_but_not_its_siblings() -> None:
    found = standings(understood(task(1, task(1, status="blocked"), task(2), task(3, deps=[1]))))

    assert found.held == {"1", "1.1", "1.3"}
    assert found.due == {"1.2"}


def test_subtasks_are_held_back_by_what_their_task_waits_for() -> None:
    found = standings(understood(task(1, status="review"), task(2, task(1), deps=[1])))

    assert found.held_by == {"2": "1", "2.1": "1"}


def test_what_is_done_is_not_held_back() -> None:
    found = standings(understood(task(1, status="blocked"), task(2, deps=[1], status="done"), task(3, deps=[2])))

    assert found.due == {"3"}


def test_being_held_back_goes_down_a_long_chain() -> None:
    chain = [task(number, deps=[number - 1]) for number in range(2, 20_001)]
    found = standings(understood(task(1, status="blocked"), *chain))

    assert len(found.held) == 20_000
    assert set(found.held_by.values()) == {"1"}


@given(sound_plans(statuses=ANY_STATUS))
def test_every_entry_stands_in_one_place_and_waits_for_nothing_held(tasks: list[dict[str, object]]) -> None:
    plan = understood(*tasks)
    for everything in (False, True):
        for blocks in (False, True):
            found = standings(plan, everything=everything, cancelled_blocks=blocks)

            assert sorted([*found.due, *found.satisfied, *found.held]) == sorted(plan.by_id)
            assert found.held_by.keys() <= found.held
            assert set(found.held_by.values()) <= found.held - found.held_by.keys()
            for task_id in found.due:
                assert found.held.isdisjoint(waits_for(plan.by_id[task_id]))
