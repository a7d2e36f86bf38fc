from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from support.plans import HOSTILE, raw_plans, task, understood

if TYPE_CHECKING:
    from taskgraph_core.taskmaster.plan import BareNumber, Plan


def depends(plan: Plan, task_id: str) -> tuple[str, ...]:
    return plan.by_id[task_id].depends_on


# --- ids --------------------------------------------------------------------------------


def test_entries_stand_in_the_plans_order_parents_before_their_subtasks() -> None:
    assert list(understood(task(2, task(1), task(2)), task(1)).by_id) == ["2", "2.1", "2.2", "1"]


@pytest.mark.parametrize(
    ("written", "read"),
    [("5", "5"), ('"5"', "5"), ('"5.1"', "5.1"), ("5.1", "5.1"), ("5.10", "5.10"), ('" HAM-3 "', "HAM-3"), ("0", "0")],
)
def test_an_id_is_what_was_written(written: str, read: str) -> None:
    assert list(understood(text=f'[{{"id": {written}}}]').by_id) == [read]


@pytest.mark.parametrize("written", ["1", '"1"', '"5.1"', "5.1"])
def test_a_subtask_carries_the_id_of_its_task_once(written: str) -> None:
    assert list(understood(text=f'[{{"id": 5, "subtasks": [{{"id": {written}}}]}}]').by_id) == ["5", "5.1"]


def test_twenty_subtasks_numbered_by_fractions_stay_twenty() -> None:
    subtasks = ", ".join(f'{{"id": 8.{number}}}' for number in range(1, 21))
    plan = understood(text=f'[{{"id": 8, "subtasks": [{subtasks}]}}]')

    assert len(plan.by_id) == 21
    assert not any("duplicate" in kind for kind in plan.odd)


def test_ids_that_look_alike_stay_apart() -> None:
    alike = [1, "01", "\uff11", "\u00b2", "1.0", "a\u0301", "\u00e1", "Stra\u00dfe", "STRASSE", "\u212a", "K", "k"]
    plan = understood(*map(task, alike))

    assert len(plan.by_id) == len(alike)


def test_true_is_no_id_though_python_counts_with_it() -> None:
    assert set(understood({"id": True, "status": "pending"}).odd) == {"no id"}


# --- references -------------------------------------------------------------------------

PLAN = [task(1, task(1)), task(2), task(3, task(1), task(2), task(3), task(4))]


@pytest.mark.parametrize(
    ("reference", "sibling", "as_task", "earlier"),
    [
        (1, "3.1", "1", "3.1"),
        ("1", "3.1", "1", "3.1"),
        (2, "3.2", "2", "3.2"),
        ("1.1", "1.1", "1.1", "1.1"),
        ("3.1", "3.1", "3.1", "3.1"),
        (4, "3.4", "3.4", "3.4"),
        (1.1, "1.1", "1.1", "1.1"),
    ],
)
def test_a_bare_number_on_a_subtask_is_read_as_the_profile_says(
    reference: object, sibling: str, as_task: str, earlier: str
) -> None:
    plan = [*PLAN[:2], task(3, task(1), task(2), task(3, deps=[reference]), task(4))]
    readings: dict[BareNumber, str] = {"sibling": sibling, "task": as_task, "earlier-sibling": earlier}

    for reading, meant in readings.items():
        assert depends(understood(*plan, reading=reading), "3.3") == (meant,)


def test_only_an_earlier_sibling_counts_under_that_reading() -> None:
    plan = [task(1), task(2), task(3, task(1, deps=[2]), task(2, deps=[1]))]

    assert depends(understood(*plan, reading="earlier-sibling"), "3.1") == ("2",)
    assert depends(understood(*plan, reading="earlier-sibling"), "3.2") == ("3.1",)
    assert depends(understood(*plan), "3.1") == ("3.2",)


def test_a_later_sibling_counts_where_no_task_has_that_number() -> None:
    plan = [task(3, task(1, deps=[2]), task(2))]

    assert depends(understood(*plan, reading="earlier-sibling"), "3.1") == ("3.2",)


def test_a_number_that_is_no_sibling_is_a_task() -> None:
    assert depends(understood(task(1), task(9), task(3, task(1, deps=[9]))), "3.1") == ("9",)


def test_a_sibling_may_have_a_dot_in_its_number() -> None:
    assert depends(understood(task(8, task("1.2"), task(2, deps=["1.2"]))), "8.2") == ("8.1.2",)


def test_on_a_task_a_number_is_a_task() -> None:
    assert depends(understood(task(1), task(3, task(1), deps=[1])), "3") == ("1",)


def test_references_point_forwards_as_well() -> None:
    assert depends(understood(task(1, deps=[2]), task(2)), "1") == ("2",)


def test_fractions_in_references_keep_their_text() -> None:
    text = '[{"id": 8, "subtasks": [{"id": 8.1}, {"id": 8.10}]}, {"id": 9, "dependencies": [8.10]}]'

    assert depends(understood(text=text), "9") == ("8.10",)


def test_a_reference_counts_once_however_often_it_stands_there() -> None:
    plan = understood(task(1), task(2, deps=[1, "1", " 1 "]))

    assert depends(plan, "2") == ("1",)
    assert [odd.path for odd in plan.odd["repeated"]] == [
        "$.master.tasks[1].dependencies[1]",
        "$.master.tasks[1].dependencies[2]",
    ]


def test_a_list_in_a_string_is_understood_part_by_part() -> None:
    plan = understood(task(1), task(2), task(3, deps=["1, 2,", "2,1"]))

    assert depends(plan, "3") == ("1", "2")
    assert len(plan.odd["comma list"]) == 2


def test_a_single_reference_outside_a_list_is_understood() -> None:
    assert depends(understood(task(1), task(2, dependencies="1")), "2") == ("1",)


# --- words and text ---------------------------------------------------------------------


def test_a_subtask_without_a_priority_has_that_of_its_task() -> None:
    plan = understood(task(1, task(1), task(2, priority="low"), priority="high"))

    assert [entry.priority for entry in plan.entries] == ["high", "high", "low"]


def test_a_task_without_a_title_goes_by_its_id() -> None:
    plan = understood(task(1, title=None), task(2, title="  "), task(3, title=["x"]), task(4, title=" Four "))

    assert [entry.title for entry in plan.entries] == ["1", "2", "3", "Four"]


def test_own_tags_are_labels() -> None:
    plan = understood(task(1, tags=["api", 3, "db"]), task(2, tags="api"))

    assert [entry.labels for entry in plan.entries] == [("api", "db"), ()]


def test_a_clean_plan_has_nothing_odd() -> None:
    assert understood(*PLAN).odd == {}


# --- laws -------------------------------------------------------------------------------


@given(raw_plans())
def test_reading_never_raises_and_every_reference_that_is_kept_exists(tasks: list[object]) -> None:
    for reading in ("sibling", "task", "earlier-sibling"):
        plan = understood(*tasks, reading=reading)
        for entry in plan.entries:
            assert set(entry.depends_on) <= plan.by_id.keys() - {entry.id}
            assert len(set(entry.depends_on)) == len(entry.depends_on)
            assert entry.parent is None or plan.by_id.get(entry.parent.id) is not None


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_an_id_like_any_other_or_none(hostile: str) -> None:
    plan = understood(task(hostile), task("last", deps=[hostile]))

    assert depends(plan, "last") == (() if "no id" in plan.odd else (plan.entries[0].id,))


def test_the_own_parent_is_ignored_where_only_earlier_siblings_count() -> None:
    plan = understood(task(3, task(1, deps=[3])), reading="earlier-sibling")

    assert plan.by_id["3.1"].depends_on == ()
    assert "missing" not in plan.odd
