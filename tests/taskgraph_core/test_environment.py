from __future__ import annotations

from support.graphs import graph_of
from taskgraph_core.environment import TITLE_LIMIT, task_environment


def test_a_program_is_told_who_it_works_for() -> None:
    fields = {"title": "Build it; rm -rf $HOME", "group": "5", "priority": "high"}
    graph = graph_of("5.1", tasks={"5.1": fields})

    assert task_environment(graph, graph.by_id["5.1"]) == {
        "TASKGRAPH_GRAPH_ID": "example",
        "TASKGRAPH_TASK_ID": "5.1",
        "TASKGRAPH_TASK_TITLE": "Build it; rm -rf $HOME",
        "TASKGRAPH_TASK_GROUP": "5",
        "TASKGRAPH_TASK_PRIORITY": "high",
    }


def test_a_long_title_is_cut_and_no_other_text_is_handed_over() -> None:
    fields = {"title": "t" * 100_000, "details": "d" * 100_000}
    graph = graph_of("1", tasks={"1": fields})
    environment = task_environment(graph, graph.by_id["1"])

    assert environment["TASKGRAPH_TASK_TITLE"] == "t" * TITLE_LIMIT
    assert environment["TASKGRAPH_TASK_GROUP"] == ""
    assert sum(map(len, environment.values())) < 2 * TITLE_LIMIT
