from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import HOSTILE, edges, graph_of_plan, task
from taskgraph_core.errors import SelectionError
from taskgraph_core.ir import Task
from taskgraph_core.selection import Selection, choose

TASKS = [
    Task(id="1", status="done", labels=("api",)),
    Task(id="2", depends_on=("1",), priority="high"),
    Task(id="5", depends_on=("5.1", "5.2")),
    Task(id="5.1", group="5", depends_on=("2",), status="in-progress"),
    Task(id="5.2", group="5", depends_on=("5.1",), labels=("api", "db")),
    Task(id="55", depends_on=("5",), priority="low"),
]
WAITS_FOR = {one.id: one.depends_on for one in TASKS}


def chosen(*patterns: str, exclude: tuple[str, ...] = ()) -> str:
    return " ".join(sorted(choose(Selection(patterns, exclude), TASKS, lambda: WAITS_FOR, "master")))


# --- patterns ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("2", "2"),
        ("5", "5 5.1 5.2"),
        ("5.1", "5.1"),
        ("5.*", "5.1 5.2"),
        ("5*", "5 5.1 5.2 55"),
        ("[12]", "1 2"),
        ("?", "1 2 5"),
        ("tag:api", "1 5.2"),
        ("tag:d*", "5.2"),
        ("tag:master", "1 2 5 5.1 5.2 55"),
        ("status:done", "1"),
        ("status:in-*", "5.1"),
        ("priority:high", "2"),
        ("priority:[hl]*", "2 55"),
    ],
)
def test_a_pattern_names_tasks(pattern: str, ids: str) -> None:
    assert chosen(pattern) == ids


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("+5.1", "1 2 5.1"),
        ("5.1+", "5 5.1 5.2 55"),
        ("+5.1+", "1 2 5 5.1 5.2 55"),
        ("+2", "1 2"),
        ("+status:in-progress", "1 2 5.1"),
        ("tag:db+", "5 5.2 55"),
    ],
)
def test_a_plus_adds_what_a_task_waits_for_or_what_waits_for_it(pattern: str, ids: str) -> None:
    assert chosen(pattern) == ids


def test_several_patterns_mean_any_of_them() -> None:
    assert chosen("1", "55") == chosen("1,55") == chosen(" 1 , 55 ") == "1 55"


def test_what_is_excluded_is_left_out_of_what_is_selected() -> None:
    assert chosen(exclude=("5,55",)) == "1 2"
    assert chosen("5", exclude=("*.1",)) == "5 5.2"
    assert chosen(exclude=("5.1+",)) == "1 2"


@pytest.mark.parametrize(
    "pattern", ["9", "5.9", "tag:none", "status:review", "priority:x", "Status:done", "+9", "nope:1"]
)
def test_a_pattern_that_names_no_task_is_an_error(pattern: str) -> None:
    with pytest.raises(SelectionError, match="fits no task"):
        chosen(pattern)


@pytest.mark.parametrize("pattern", ["", "+", "++", "1,", ",", " "])
def test_a_pattern_that_names_nothing_is_an_error(pattern: str) -> None:
    with pytest.raises(SelectionError, match="names nothing"):
        chosen(pattern)


@given(st.one_of(st.text(max_size=8), st.sampled_from(HOSTILE), st.text(alphabet="+,*?[]!:5.", max_size=8)))
def test_any_pattern_names_tasks_or_is_an_error(pattern: str) -> None:
    try:
        assert chosen(pattern)
    except SelectionError as error:
        said = str(error)
        assert said


def test_patterns_of_many_stars_are_quick() -> None:
    tasks = [Task(id="a" * 5000)]

    with pytest.raises(SelectionError):
        choose(Selection(("*a" * 50 + "b",)), tasks, dict, "master")


# --- of a plan --------------------------------------------------------------------------


def test_a_plus_goes_through_groups_both_ways() -> None:
    plan = [task(1), task(2, task(1), deps=[1]), task(3, deps=[2]), task(4)]

    assert set(edges(graph_of_plan(*plan, selection=Selection(("+3",))))) == {"1", "2", "2.1", "3"}
    assert set(edges(graph_of_plan(*plan, selection=Selection(("1+",))))) == {"1", "2", "2.1", "3"}
    assert set(edges(graph_of_plan(*plan, selection=Selection(("+2.1",))))) == {"1", "2.1"}


def test_a_task_is_selected_with_its_subtasks() -> None:
    plan = [task(1), task(2, task(1), task(2), deps=[1])]

    assert set(edges(graph_of_plan(*plan, selection=Selection(("2",))))) == {"2", "2.1", "2.2"}


def test_of_what_is_selected_only_what_is_due_is_done() -> None:
    plan = [task(1, status="done"), task(2, deps=[1]), task(3, status="blocked")]

    assert edges(graph_of_plan(*plan, selection=Selection(("+2",)))) == {"2": ()}


def test_a_status_that_is_asked_for_is_meant() -> None:
    plan = [task(1, status="done"), task(2, deps=[1]), task(3, status="blocked")]

    assert edges(graph_of_plan(*plan, selection=Selection(("status:done",)))) == {"1": ()}
    assert edges(graph_of_plan(*plan, selection=Selection(("status:blocked", "2")))) == {"2": (), "3": ()}


def test_finished_tasks_are_selected_where_everything_is_due_again() -> None:
    plan = [task(1, status="done"), task(2, deps=[1])]

    assert edges(graph_of_plan(*plan, selection=Selection(("1",)), scope="again")) == {"1": ()}


def test_selecting_only_what_is_finished_is_an_error() -> None:
    with pytest.raises(SelectionError, match="is finished or held back already"):
        graph_of_plan(task(1, status="done"), task(2), selection=Selection(("1",)))
