from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from support.plans import HOSTILE, compiled, edges, plan_text, sound_plans, subsets, task, waits_for_all
from taskgraph_core.compile import Request, Source, compile_request
from taskgraph_core.compiled import is_graph, plan_of, read_graph
from taskgraph_core.errors import InputError, PlanError, ProfileError, SelectionError
from taskgraph_core.ir import TaskGraph
from taskgraph_core.profile.model import Profile
from taskgraph_core.selection import Selection, subgraph
from taskgraph_core.taskmaster.locate import Location

GRAPH = compiled(task(1), task(2, task(1), task(2, deps=[1]), deps=[1]), task(3, deps=[2], tags=["api"])).graph


def written(folder: Path, graph: TaskGraph, text: str = "") -> Request:
    path = folder / "graph.json"
    path.write_text(text or graph.model_dump_json(), encoding="utf-8")
    return Request(str(path))


# --- telling a graph from a plan ----------------------------------------------------------


def test_the_smallest_graph_is_a_graph(tmp_path: Path) -> None:
    request = written(tmp_path, GRAPH, '{"schema_version": 1, "id": "a", "tasks": []}')

    assert compile_request(request).graph == TaskGraph(id="a")


@pytest.mark.parametrize("options", [{}, {"indent": 2}, {"sort_keys": True}, {"indent": 4, "sort_keys": True}])
def test_a_graph_is_told_from_a_plan_however_it_is_formatted(tmp_path: Path, options: dict[str, Any]) -> None:
    text = json.dumps(json.loads(GRAPH.model_dump_json()), **options)

    assert is_graph(text)
    assert compile_request(written(tmp_path, GRAPH, text)).graph == GRAPH


@pytest.mark.parametrize(
    "text",
    [
        plan_text([task(1)]),
        '{"schema_version": "1.0", "tasks": [{"id": 1, "title": "a"}]}',
        '{"schema_version": 1, "master": {"tasks": []}}',
        json.dumps({"tasks": [task(1, title='"schema_version"')]}),
        '{"schema_version": 1, "id": "a", "tasks": [',
        "[" * 100_000 + '"schema_version"',
        "",
    ],
)
def test_a_plan_is_no_graph_though_it_may_have_that_key(text: str) -> None:
    assert not is_graph(text)


# --- reading it ---------------------------------------------------------------------------


@given(graphs())
def test_a_written_graph_is_read_as_it_was(graph: TaskGraph) -> None:
    assert read_graph(graph.model_dump_json(), "graph") == graph


@given(sound_plans(statuses=("pending", "done", "review", "cancelled")))
def test_compiling_a_compiled_graph_changes_nothing(tasks: list[dict[str, Any]]) -> None:
    graph = compiled(*tasks, scope="whole").graph
    text = graph.model_dump_json()

    assert is_graph(text)
    assert compiled_text(text) == graph


def compiled_text(text: str, **request: Any) -> TaskGraph:
    source = Source(Location(None, Path("nowhere")), read_graph(text, "graph"), Profile())
    return compile_request(Request("-", **request), source).graph


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 2}, "'schema_version': input should be 1"),
        ({"odd": 1}, "unknown key 'odd'"),
        ({"tasks": [{"id": "1", "depend_on": []}]}, "unknown key 'tasks[0].depend_on': did you mean 'depends_on'?"),
        ({"tasks": [{"title": "x"}]}, "'tasks[0].id' is missing"),
        ({"tasks": [{"id": "1", "action": {"kind": "x"}}]}, "'tasks[0].action': input tag 'x' found"),
        ({"id": "a b"}, "'id': string should match"),
    ],
)
def test_a_damaged_graph_is_an_error_that_says_where(change: dict[str, Any], said: str) -> None:
    text = json.dumps(json.loads(GRAPH.model_dump_json()) | change)

    with pytest.raises(InputError) as error:
        read_graph(text, "graph.json")
    assert error.value.what.startswith(f"is not a compiled graph of this version: {said}")
    assert error.value.fix == "compile the plan again with 'taskgraph compile'"


def test_a_graph_cut_short_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not valid JSON"):
        compile_request(written(tmp_path, GRAPH, GRAPH.model_dump_json()[:-20]))


def test_a_profile_for_a_graph_that_has_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "taskgraph.toml").write_text("")
    request = written(tmp_path, GRAPH)

    with pytest.raises(ProfileError, match="has its profile in it already"):
        compile_request(Request(request.spec, profile=tmp_path / "taskgraph.toml"))


def test_a_profile_beside_a_graph_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "taskgraph.toml").write_text("broken")

    assert compile_request(written(tmp_path, GRAPH)).graph == GRAPH


@pytest.mark.parametrize(
    ("graph", "code"),
    [
        (graph_of("1 < 2", "2 < 1"), "TG203"),
        (graph_of("1 < 9"), "TG201"),
        (graph_of("1 < 1"), "TG202"),
        (graph_of("1", "1"), "TG204"),
        (graph_of("1", tasks={"1": {"claims": ({"resource": "db"},)}}), "TG302"),
    ],
)
def test_a_graph_that_is_not_sound_is_refused(graph: TaskGraph, code: str) -> None:
    with pytest.raises(PlanError) as error:
        compiled_text(graph.model_dump_json())

    assert error.value.findings[0].code == code


@pytest.mark.parametrize("hostile", [text for text in HOSTILE if text and "\ud800" not in text])
def test_hostile_text_in_a_graph_is_text(hostile: str) -> None:
    graph = graph_of("1", tasks={"1": {"title": hostile, "details": hostile, "labels": (hostile,)}})

    assert compiled_text(graph.model_dump_json()) == graph


def test_findings_of_a_graph_point_into_the_graph() -> None:
    odd = plan_of(graph_of("1 < 9", "2 < 2"), "graph").odd

    assert odd["missing"][0].path == "$.tasks[0].depends_on[0]"
    assert odd["self"][0].path == "$.tasks[1].depends_on[0]"


# --- a part of it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        (Selection(("2",)), {"2", "2.1", "2.2"}),
        (Selection(("2.*",)), {"2.1", "2.2"}),
        (Selection(("+2.1",)), {"1", "2.1"}),
        (Selection(("tag:api",)), {"3"}),
        (Selection(("status:pending",), ("1,3",)), {"2", "2.1", "2.2"}),
        (Selection((), ("2",)), {"1", "3"}),
    ],
)
def test_a_selection_means_the_same_for_a_graph_as_for_its_plan(selection: Selection, ids: set[str]) -> None:
    assert set(compiled_text(GRAPH.model_dump_json(), selection=selection).by_id) == ids


def test_statuses_of_a_graph_can_be_selected() -> None:
    graph = graph_of("1", "2", tasks={"1": {"status": "in-progress"}})

    assert edges(compiled_text(graph.model_dump_json(), selection=Selection(("status:in-progress",)))) == {"1": ()}


def test_selecting_nothing_of_a_graph_is_an_error() -> None:
    with pytest.raises(SelectionError):
        compiled_text(GRAPH.model_dump_json(), selection=Selection(("9",)))


@given(graphs(), st.data())
def test_a_part_keeps_the_order_and_nothing_but_the_order(graph: TaskGraph, data: st.DataObject) -> None:
    keep = data.draw(subsets(graph.by_id))
    whole, part = waits_for_all(graph), subgraph(graph, keep)

    assert set(part.by_id) == keep
    assert {task_id: others & keep for task_id, others in whole.items() if task_id in keep} == waits_for_all(part)


def test_a_part_has_views_of_its_own() -> None:
    assert GRAPH.groups
    assert GRAPH.fingerprint
    part = subgraph(GRAPH, {"2.1", "3"})

    assert list(part.by_id) == ["2.1", "3"]
    assert part.groups == {}
    assert part.fingerprint != GRAPH.fingerprint
