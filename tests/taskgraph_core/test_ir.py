from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from support.graphs import graph_of, graphs
from taskgraph_core.ir import Command, Noop, Policy, Python, Resource, Schedule, Task, TaskGraph, Wait

STATUSES = ["pending", "in-progress", "review", "done", "deferred", "blocked", "cancelled"]


@given(graphs())
def test_a_graph_survives_being_written_and_read(graph: TaskGraph) -> None:
    again = TaskGraph.model_validate_json(graph.model_dump_json())

    assert again == graph
    assert again.fingerprint == graph.fingerprint


# --- fingerprint --------------------------------------------------------------------------


@given(graphs(), st.data())
def test_a_fingerprint_does_not_change_with_statuses(graph: TaskGraph, data: st.DataObject) -> None:
    statuses = [data.draw(st.sampled_from(STATUSES)) for _ in graph.tasks]
    tasks = [one.model_copy(update={"status": status}) for one, status in zip(graph.tasks, statuses, strict=True)]

    assert graph.model_copy(update={"tasks": tuple(tasks)}).fingerprint == graph.fingerprint


ANOTHER: dict[str, Any] = {
    "id": "other",
    "title": "another",
    "description": "another",
    "details": "another",
    "test_strategy": "another",
    "links": {"another": "https://example.com"},
    "labels": ("another",),
    "group": "1",
    "depends_on": (),
    "trigger_rule": "all_done",
    "action": Python(entry_point="a:b"),
    "claims": ({"resource": "db", "slots": 2},),
    "retry": {"attempts": 7},
    "timeout": 7.0,
    "priority": "critical",
    "estimate": 77.0,
    "rollback": Command(argv=("another",)),
}


@pytest.mark.parametrize("field", [name for name in Task.model_fields if name != "status"])
def test_a_fingerprint_changes_with_every_field_of_a_task(field: str) -> None:
    graph = graph_of("1", "2 < 1")
    changed = graph.tasks[1].model_dump() | {field: ANOTHER[field]}
    other = TaskGraph.model_validate({"id": graph.id, "tasks": [graph.tasks[0], changed]})

    assert other.fingerprint != graph.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"id": "another"},
        {"title": "another"},
        {"tasks": ()},
        {"resources": (Resource(name="db", capacity=1),)},
        {"schedule": Schedule(cron="0 2 * * *")},
        {"policy": Policy(max_parallel=1)},
        {"policy": Policy(rollback=True)},
    ],
)
def test_a_fingerprint_changes_with_every_field_of_the_graph(change: dict[str, Any]) -> None:
    graph = graph_of("1", "2 < 1")

    assert graph.model_copy(update=change).fingerprint != graph.fingerprint
    assert {next(iter(change))} <= TaskGraph.model_fields.keys()


@pytest.mark.parametrize(
    "action",
    [
        Command(argv=("a",)),
        Command.model_validate({"shell": "a"}),
        Command(argv=("a",), env={"A": "1"}),
        Command(argv=("a",), cwd="x"),
        Python(entry_point="a:b"),
        Python(entry_point="a:b", kwargs={"n": 1}),
        Wait(what="file", target="a"),
        Wait(what="http", target="a"),
        Wait(what="file", target="a", interval=9),
    ],
)
def test_no_two_actions_have_the_same_fingerprint(action: object) -> None:
    others = [Noop(), Command(argv=("b",)), Python(entry_point="a:c"), Wait(what="time", target="a")]
    fingerprints = {graph_of("1", tasks={"1": {"action": one}}).fingerprint for one in [action, *others]}

    assert len(fingerprints) == 5


def test_a_fingerprint_is_sixteen_hexadecimal_digits_and_the_same_everywhere() -> None:
    assert graph_of("1", "2 < 1").fingerprint == "ad2f0844c77eb382"


# --- views ------------------------------------------------------------------------------


def test_views_follow_the_fields() -> None:
    graph = graph_of("1", "1.1", "1.2", tasks={"1.1": {"group": "1"}, "1.2": {"group": "1"}})

    assert list(graph.by_id) == ["1", "1.1", "1.2"]
    assert graph.groups == {"1": [graph.by_id["1.1"], graph.by_id["1.2"]]}
    assert graph_of("1", resources=(Resource(name="db", capacity=2),)).capacities == {"db": 2}


def test_a_changed_copy_forgets_what_was_derived_from_the_original() -> None:
    graph = graph_of("1", "2", tasks={"2": {"group": "1"}}, resources=(Resource(name="db", capacity=2),))
    before = (graph.by_id, graph.groups, graph.capacities, graph.fingerprint)
    copy = graph.model_copy(update={"tasks": graph.tasks[:1], "resources": ()})

    assert (list(copy.by_id), copy.groups, copy.capacities) == (["1"], {}, {})
    assert copy.fingerprint != graph.fingerprint
    assert (graph.by_id, graph.groups, graph.capacities, graph.fingerprint) == before


# --- well-formedness ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"id": ""},
        {"id": "1", "odd": 1},
        {"id": "1", "status": "todo"},
        {"id": "1", "estimate": -1},
        {"id": "1", "estimate": float("inf")},
        {"id": "1", "timeout": 0},
        {"id": "1", "action": {"kind": "command"}},
        {"id": "1", "action": {"kind": "command", "argv": ["a"], "shell": "b"}},
        {"id": "1", "action": {"kind": "python", "entry_point": "os.system"}},
        {"id": "1", "action": {"kind": "pickle"}},
        {"id": "1", "rollback": {"kind": "noop"}},
        {"id": "1", "claims": [{"resource": "db", "slots": 0}]},
        {"id": "1", "retry": {"attempts": 0}},
        {"id": "1", "retry": {"factor": 1000}},
    ],
)
def test_a_task_that_is_not_well_formed_cannot_be_made(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Task.model_validate(broken)


@pytest.mark.parametrize("graph_id", ["", "a b", "a/b", "..", "a\n", "x" * 101, "\u00e9"])
def test_a_graphs_id_is_a_name_in_every_engine(graph_id: str) -> None:
    with pytest.raises(ValidationError):
        TaskGraph(id=graph_id)


def test_nothing_can_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        graph_of("1").id = "other"  # type: ignore[misc]


def test_a_graph_of_another_version_is_refused() -> None:
    with pytest.raises(ValidationError):
        TaskGraph.model_validate({"schema_version": 2, "id": "a"})
