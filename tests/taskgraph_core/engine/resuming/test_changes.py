from __future__ import annotations

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.resuming.changes import IMMATERIAL, changes, outdated
from taskgraph_core.ir import Command, Policy, Resource, Schedule, Task, TaskGraph

OLD = graph_of("1", "2 < 1", "3 < 2", "4")


def with_task(graph: TaskGraph, task: Task) -> TaskGraph:
    return graph.model_copy(update={"tasks": tuple(task if one.id == task.id else one for one in graph.tasks)})


def test_the_same_graph_has_no_changes() -> None:
    assert not changes(OLD, OLD)
    assert changes(OLD, OLD).explained() == ""


def test_every_field_of_a_task_is_either_immaterial_or_compared() -> None:
    values = {
        "group": "g",
        "depends_on": ("4",),
        "trigger_rule": "all_done",
        "action": Command(shell="x"),
        "claims": ({"resource": "db"},),
        "retry": {"attempts": 2},
        "timeout": 1.0,
        "rollback": Command(shell="x"),
    }
    assert set(values) == set(Task.model_fields) - IMMATERIAL - {"id"}
    for name, value in values.items():
        task = Task.model_validate({"id": "1", "estimate": 1.0, name: value})
        assert set(changes(OLD, with_task(OLD, task)).changed) == {"1"}


def test_changes_are_named() -> None:
    new = graph_of("1", "2 < 4", "4", "5", policy=Policy(max_parallel=3), resources=(Resource(name="db", capacity=1),))

    found = changes(OLD, new)

    assert found.explained() == "2: dependencies changed; 5: added; 3: removed; resources changed; policy changed"


def test_only_the_first_of_many_changes_are_named_and_text_is_made_harmless() -> None:
    new = graph_of("\x1b[2J", *(f"n{number}" for number in range(30)))

    text = changes(graph_of(), new).explained()

    assert text.count(";") == 10
    assert text.endswith("and 21 more")
    assert "\x1b" not in text


@pytest.mark.parametrize("fields", [{"title": "x"}, {"schedule": Schedule(cron="0 0 * * *")}])
def test_what_does_not_change_the_work_is_no_change(fields: dict[str, object]) -> None:
    assert not changes(OLD, OLD.model_copy(update=fields))


def test_what_is_built_on_a_change_is_outdated_too() -> None:
    new = with_task(OLD, Task(id="2", depends_on=("1",), action=Command(shell="x")))

    assert outdated(OLD, new, changes(OLD, new)) == ["2", "3"]


def test_what_was_removed_is_forgotten() -> None:
    new = graph_of("1", "4")

    assert outdated(OLD, new, changes(OLD, new)) == ["2", "3"]
