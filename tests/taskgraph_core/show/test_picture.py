from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from support.graphs import graph_of
from taskgraph_core.show.picture import Edge, Picture, picture_of

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def ancestors(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The transitive closure of (upstream, downstream) pairs."""
    upstream: dict[str, set[str]] = {}
    for source, target in edges:
        upstream.setdefault(target, set()).add(source)
    found = set()
    for target in upstream:
        work = [target]
        seen: set[str] = set()
        while work:
            for other in upstream.get(work.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    work.append(other)
        found |= {(other, target) for other in seen}
    return found


def meant(picture: Picture) -> set[tuple[str, str]]:
    """What a picture says, as plain edges."""
    edges = set()
    for edge in picture.edges:
        targets = picture.boxes[edge.target].first if edge.entering else (edge.target,)
        edges |= {(edge.source, target) for target in targets}
    return edges | {(member, parent) for member, parent in picture.home.items() if not picture.boxes[parent].shows_end}


def written(graph: TaskGraph) -> set[tuple[str, str]]:
    return {(other, task.id) for task in graph.tasks for other in task.depends_on}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_picture_says_the_same_order_as_the_graph(plans: st.SearchStrategy[TaskGraph], data: st.DataObject) -> None:
    graph = data.draw(plans)

    assert ancestors(meant(picture_of(graph))) == ancestors(written(graph))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_edge_is_drawn_into_a_task_that_looks_at_more_than_success(
    plans: st.SearchStrategy[TaskGraph], data: st.DataObject
) -> None:
    graph = data.draw(plans)
    said = meant(picture_of(graph))

    for task in graph.tasks:
        if task.trigger_rule != "all_success":
            assert {(other, task.id) for other in task.depends_on} <= said


def test_edges_that_follow_from_others_are_left_out_and_counted() -> None:
    picture = picture_of(graph_of("1", "2 < 1", "3 < 1 2", "4 < 1 2 3"))

    assert picture.edges == (Edge("1", "2"), Edge("2", "3"), Edge("3", "4"))
    assert picture.left_out == 3


def test_an_edge_to_all_first_subtasks_leads_into_the_box() -> None:
    group = {"group": "2"}
    graph = graph_of(
        "1", "2 < 2.3", "2.1 < 1", "2.2 < 1", "2.3 < 2.1 2.2", "3 < 2",
        tasks={"2.1": group, "2.2": group, "2.3": group},
    )  # fmt: skip
    picture = picture_of(graph)

    assert picture.boxes["2"].first == ("2.1", "2.2")
    assert picture.edges == (
        Edge("1", "2", entering=True),
        Edge("2.1", "2.3"),
        Edge("2.2", "2.3"),
        Edge("2", "3"),
    )


def test_an_edge_to_one_of_the_first_subtasks_leads_to_that_one() -> None:
    group = {"group": "2"}
    picture = picture_of(graph_of("1", "2 < 2.1 2.2", "2.1 < 1", "2.2", tasks={"2.1": group, "2.2": group}))

    assert picture.edges == (Edge("1", "2.1"),)


def test_a_box_shows_its_end_where_edges_lead_to_it() -> None:
    group = {"group": "2"}
    plain = picture_of(graph_of("1", "2 < 2.1", "2.1", tasks={"2.1": group}))
    later = picture_of(graph_of("1", "2 < 2.1 1", "2.1", tasks={"2.1": group}))
    choosy = picture_of(graph_of("1", "2 < 2.1", "2.1", tasks={"2.1": group, "2": {"trigger_rule": "one_done"}}))

    assert not plain.boxes["2"].shows_end
    assert Edge("1", "2") in later.edges
    assert Edge("2.1", "2") in choosy.edges
