from __future__ import annotations

from typing import Any

import pytest

from airflow_provider.generating.joins import gates, held_back
from airflow_provider.generating.pools import seats
from airflow_provider.generating.table import task_rows
from support.graphs import graph_of
from taskgraph_core.ir import Command, Python, TaskGraph, Wait

RUN = Command(argv=("true",))


def joined(watcher: str, first: Any = RUN, second: Any = RUN, rule: str = "all_success") -> TaskGraph:
    """``3`` joins ``1`` and ``2``; ``5`` looks at it, past ``4``."""
    tasks: dict[str, dict[str, Any]] = {
        "1": {"action": first},
        "2": {"action": second},
        "3": {"trigger_rule": rule},
        "5": {"trigger_rule": watcher},
    }
    return graph_of("1", "2", "3 < 1 2", "4 < 3", "5 < 4", tasks=tasks)


@pytest.mark.parametrize("watcher", ["one_failed", "all_failed", "none_failed", "one_success", "none_skipped"])
def test_skips_are_held_back_where_a_later_task_looks_at_the_difference(watcher: str) -> None:
    assert held_back(joined(watcher)) == {"3": {"1", "2"}}


@pytest.mark.parametrize("watcher", ["all_success", "all_done", "always", "one_done"])
def test_nothing_is_held_back_where_nobody_looks(watcher: str) -> None:
    assert held_back(joined(watcher)) == {}


def test_nothing_is_held_back_where_it_cannot_matter() -> None:
    function = Python(entry_point="a:b")

    assert held_back(joined("one_failed", function, Wait(what="file", target="x"))) == {}  # neither can be skipped
    assert held_back(joined("one_failed", rule="none_failed")) == {}
    assert (
        held_back(graph_of("1", "2 < 1", "3 < 2", tasks={"1": {"action": RUN}, "3": {"trigger_rule": "none_failed"}}))
        == {}
    )


def test_only_what_may_be_skipped_is_held_back() -> None:
    assert held_back(joined("one_failed", RUN, Python(entry_point="a:b"))) == {"3": {"1"}}


def test_a_join_waits_for_its_gates_and_those_for_the_tasks_before_it() -> None:
    made, after = gates("t3", ["t1", "t2"], {"t1"}, "5")

    assert after == ["skip_1_t3", "t2"]
    assert {name: row["after"] for name, row in made.items()} == {
        "any_failed_t3": ["t1", "t2"],
        "skip_1_t3": ["t1", "any_failed_t3"],
    }
    assert {row["group"] for row in made.values()} == {"5"}


def test_gates_stand_before_their_join() -> None:
    graph = joined("one_failed")
    rows = task_rows(graph, seats(graph), "/srv")

    assert list(rows)[2:6] == ["any_failed_t3", "skip_1_t3", "skip_2_t3", "t3"]
    assert rows["t3"]["after"] == ["skip_1_t3", "skip_2_t3"]
