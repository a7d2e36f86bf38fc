from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of
from taskgraph_core.durations import KEPT, _digest, estimates, measured, remember
from taskgraph_core.ir import Command, Noop, Task, TaskGraph

if TYPE_CHECKING:
    from pathlib import Path

MAKE = Command(argv=("make",))
GRAPH = graph_of("a", "b < a", tasks={"a": {"action": MAKE}, "b": {"action": MAKE}})
A, B = GRAPH.tasks


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".taskgraph").mkdir()
    return tmp_path


def test_what_a_task_took_is_expected_next_time(project: Path) -> None:
    remember(project, "example", [(A, 3.0)])
    remember(project, "example", [(B, 5.0)])

    assert estimates(GRAPH, project) == {"a": 3.0, "b": 5.0}


def test_one_slow_run_among_several_changes_nothing(project: Path) -> None:
    for seconds in (2.0, 100.0, 2.2):
        remember(project, "example", [(A, seconds)])

    assert estimates(GRAPH, project) == {"a": 2.2}


def test_only_the_newest_count(project: Path) -> None:
    for seconds in [100.0] * KEPT + [1.0] * KEPT:
        remember(project, "example", [(A, seconds)])

    assert estimates(GRAPH, project) == {"a": 1.0}
    content = json.loads((project / ".taskgraph/durations.json").read_text())
    assert content["graphs"]["example"]["a"] == {_digest(A): [1.0] * KEPT}


def test_a_changed_action_and_another_graph_inherit_nothing(project: Path) -> None:
    remember(project, "example", [(A, 3.0)])
    changed = graph_of("a", tasks={"a": {"action": Command(argv=("make", "all"))}})
    retitled = graph_of("a", tasks={"a": {"action": MAKE, "title": "Build", "estimate": 9.0}})

    assert estimates(changed, project) == {}
    assert estimates(GRAPH.model_copy(update={"id": "other"}), project) == {}
    assert estimates(retitled, project) == {"a": 3.0}

    remember(project, "example", [(changed.tasks[0], 7.0)])
    assert estimates(changed, project) == {"a": 7.0}
    assert estimates(GRAPH, project) == {}


def test_what_does_nothing_is_not_measured(project: Path) -> None:
    remember(project, "example", [(Task(id="a", action=Noop()), 3.0)])

    assert estimates(graph_of("a"), project) == {}


def test_a_project_without_a_folder_of_ours_gets_none(tmp_path: Path) -> None:
    remember(tmp_path, "example", [(A, 3.0)])

    assert list(tmp_path.iterdir()) == []
    assert estimates(GRAPH, tmp_path) == {}


@pytest.mark.parametrize(
    "bad", [None, True, "1", -1.0, float("nan"), float("inf"), 1e12, 10**400, [1.0]], ids=lambda bad: repr(bad)[:9]
)
def test_what_is_no_duration_spoils_those_beside_it(project: Path, bad: object) -> None:
    content = {"version": 1, "graphs": {"example": {"a": {_digest(A): [1.0, bad]}, "b": {_digest(B): [2.0]}}}}
    (project / ".taskgraph/durations.json").write_text(json.dumps(content))

    assert estimates(GRAPH, project) == {"b": 2.0}


entries = st.one_of(
    st.none(),
    st.integers(),
    st.just({_digest(A): 1.0}),
    st.just({_digest(A): {"1": 1.0}}),
    st.just({_digest(A): []}),
)
contents = st.one_of(
    st.text(),
    st.just("[" * 100_000),
    st.builds(json.dumps, st.one_of(st.none(), st.lists(st.integers()), st.integers())),
    st.builds(
        lambda version, entry: json.dumps({"version": version, "graphs": {"example": entry}}),
        st.integers(1, 2),
        st.one_of(entries, st.builds(lambda entry: {"a": entry}, entries)),
    ),
)


@given(contents)
def test_a_broken_file_is_as_good_as_none_and_is_written_anew(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    project = tmp_path_factory.mktemp("project")
    place = project / ".taskgraph/durations.json"
    place.parent.mkdir()
    place.write_text(text, "utf-8", errors="surrogatepass")

    assert estimates(GRAPH, project) == {}
    remember(project, "example", [(A, 3.0)])
    assert estimates(GRAPH, project) == {"a": 3.0}


def test_what_was_measured_changes_estimates_and_nothing_else() -> None:
    after = measured(GRAPH, {"a": 9.0})

    assert [task.estimate for task in after.tasks] == [9.0, 1.0]
    assert after.model_copy(update={"tasks": GRAPH.tasks}) == GRAPH
    assert TaskGraph.model_validate_json(after.model_dump_json()) == after
    assert measured(GRAPH, {}) is GRAPH
    assert measured(GRAPH, {"gone": 1.0}) == GRAPH
