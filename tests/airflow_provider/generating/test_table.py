from __future__ import annotations

from typing import Any

import pytest

from airflow_provider.generating.groups import grouping
from airflow_provider.generating.policy import LONGEST
from airflow_provider.generating.pools import seats
from airflow_provider.generating.table import ABOUT_SENTINEL, group_rows, task_rows
from support.graphs import graph_of
from taskgraph_core.environment import TITLE_LIMIT
from taskgraph_core.ir import Claim, Command, Policy, Resource, Retry, TaskGraph, Wait

RUN = Command(argv=("true",))


def rows(graph: TaskGraph) -> dict[str, dict[str, object]]:
    return task_rows(graph, seats(graph), "/srv")


def row(action: Any = RUN, **fields: Any) -> dict[str, object]:
    """The row of a single task."""
    return rows(graph_of("1", tasks={"1": {"action": action, **fields}}))["t1"]


def test_a_row_holds_only_what_is_not_usual() -> None:
    assert row() == {"id": "1", "command": ["true"]}


def test_a_row_says_what_a_reader_knows_of_the_task() -> None:
    assert row(title="Build", description="All of it.", priority="high", labels=("x",)) == {
        "id": "1",
        "title": "Build",
        "doc_md": "All of it.",
        "priority": "high",
        "command": ["true"],
    }


def test_titles_are_short_enough_for_airflow() -> None:
    assert row(title="x" * 5_000)["title"] == "x" * TITLE_LIMIT


def test_a_row_names_what_it_waits_for_once() -> None:
    graph = graph_of("1", "2", "3 < 2 1 2")

    assert rows(graph)["t3"]["after"] == ["t2", "t1"]


@pytest.mark.parametrize("rule", ["all_done", "always", "one_failed", "none_skipped"])
def test_trigger_rules_keep_their_names(rule: str) -> None:
    assert row(trigger_rule=rule)["trigger_rule"] == rule


def test_the_longest_path_comes_first_and_priority_decides_between_equals() -> None:
    graph = graph_of(
        "1",
        "2 < 1",
        "3",
        "4",
        tasks={
            "1": {"action": RUN},
            "2": {"action": RUN, "estimate": 5},
            "3": {"action": RUN, "priority": "low"},
            "4": {"action": RUN},
        },
    )
    made = rows(graph)

    assert [made[name].get("priority_weight", 1) for name in ("t1", "t2", "t4", "t3")] == [4, 3, 2, 1]


def test_attempts_are_one_more_than_retries() -> None:
    assert row(retry=Retry(attempts=3, delay=10)) == {"id": "1", "command": ["true"], "retries": 2, "retry_delay": 10}


def test_growing_pauses_have_a_factor_and_a_ceiling() -> None:
    made = row(retry=Retry(attempts=5, delay=0.5, factor=1.5, max_delay=60))

    assert {name: made[name] for name in made if "retr" in name} == {
        "retries": 4,
        "retry_delay": 0.5,
        "retry_exponential_backoff": 1.5,
        "max_retry_delay": 60,
    }


def test_a_constant_pause_respects_the_ceiling_too() -> None:
    assert row(retry=Retry(attempts=2, delay=90, max_delay=60))["retry_delay"] == 60


def test_an_attempt_is_bounded() -> None:
    assert row(timeout=90.5)["execution_timeout"] == 90.5


def test_a_bound_beyond_the_calendar_is_none() -> None:
    assert "execution_timeout" not in row(timeout=1e300)
    assert row(retry=Retry(attempts=2, delay=1e300, max_delay=1e300))["retry_delay"] == LONGEST


def test_a_wait_has_the_time_of_all_its_attempts_and_a_retry_in_reserve() -> None:
    wait = Wait(what="command", target="true", interval=30)

    assert row(wait, timeout=100, retry=Retry(attempts=3))["timeout"] == 300
    assert row(wait)["retries"] == 1


def test_a_task_takes_its_slots_of_its_pool() -> None:
    graph = graph_of(
        "1",
        "2",
        tasks={
            "1": {"action": RUN, "claims": (Claim(resource="db"),)},
            "2": {"action": RUN, "claims": (Claim(resource="db", slots=2),)},
        },
        resources=(Resource(name="db", capacity=2),),
    )

    assert rows(graph) == {
        "t1": {"id": "1", "command": ["true"], "pool": "taskgraph_db"},
        "t2": {"id": "2", "command": ["true"], "pool": "taskgraph_db", "pool_slots": 2},
    }


def test_a_milestone_needs_nothing_of_a_worker() -> None:
    graph = graph_of(
        "1", tasks={"1": {"timeout": 5, "retry": Retry(attempts=3), "claims": (Claim(resource="x", mode="write"),)}}
    )

    assert rows(graph) == {"t1": {"id": "1"}}


def test_subtasks_name_their_group_and_the_parent_closes_it() -> None:
    graph = graph_of("5.1", "5 < 5.1", tasks={"5": {"title": "All"}, "5.1": {"group": "5"}})

    assert rows(graph) == {
        "t5_1": {"id": "5.1", "group": "5"},
        "t5": {"id": "5", "title": "All", "closes": "5", "after": ["t5_1"]},
    }
    assert group_rows(graph, grouping(graph)) == {"5": {"group_id": "g5", "group_display_name": "All"}}


def test_a_sentinel_is_added_where_a_failure_would_be_hidden() -> None:
    graph = graph_of("1", "2 < 1", tasks={"1": {"action": RUN}, "2": {"trigger_rule": "all_done"}})

    assert rows(graph)["nothing_failed"] == {
        "title": "Nothing failed",
        "doc_md": ABOUT_SENTINEL,
        "after": ["t1"],
        "trigger_rule": "none_failed",
    }


def test_the_sentinel_of_a_dag_that_fails_fast_asks_for_failures() -> None:
    graph = graph_of("1", "2 < 1", tasks={"1": {"action": RUN}}, policy=Policy(on_failure="stop"))

    made = rows(graph)

    assert made["nothing_failed"]["asks_for_failures"] is True
    assert made["nothing_failed"]["after"] == ["all_ended"]
    assert made["all_ended"]["after"] == ["t2"]
    assert "roll_back" not in made


def test_before_a_rollback_somebody_says_what_is_undone() -> None:
    graph = graph_of("1", tasks={"1": {"rollback": Command(argv=("undo",))}}, policy=Policy(rollback=True))
    made = rows(graph)

    assert made["nothing_failed"]["starts_rollback"] is True
    assert made["roll_back"]["after"] == ["nothing_failed"]
