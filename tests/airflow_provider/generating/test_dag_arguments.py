from __future__ import annotations

import ast
from typing import Any

import pytest

from airflow_provider.generating.dag_arguments import dag_arguments
from support.graphs import graph_of
from taskgraph_core.ir import Claim, Command, Policy, Resource, Schedule


def test_a_plan_without_a_schedule_waits_to_be_started() -> None:
    assert "schedule=None" in dag_arguments(graph_of("1"))


def test_a_schedule_is_read_in_its_time_zone() -> None:
    graph = graph_of("1", schedule=Schedule(cron="0 2 * * *", timezone="Europe/Oslo"))

    assert (
        "    schedule=CronTriggerTimetable(\n"
        '        "0 2 * * *",\n'
        '        timezone="Europe/Oslo",\n'
        "        run_immediately=timedelta(minutes=5),\n"
        "    ),\n"
    ) in dag_arguments(graph)


def test_nothing_is_made_up_for_the_past() -> None:
    assert "catchup=False,\n" in dag_arguments(graph_of("1"))


@pytest.mark.parametrize(
    ("claims", "policy", "alone"),
    [
        ((), Policy(), False),
        ((Claim(resource="db", slots=1),), Policy(), False),
        ((Claim(resource="file", mode="read"),), Policy(), False),
        ((Claim(resource="db", slots=2),), Policy(), True),
        ((Claim(resource="file", mode="write"),), Policy(), True),
        ((), Policy(rollback=True), True),
    ],
)
def test_runs_overlap_only_where_nothing_is_meant_for_one_alone(claims: Any, policy: Policy, alone: object) -> None:
    action = Command(argv=("true",))
    graph = graph_of(
        "1",
        tasks={"1": {"action": action, "claims": claims, "rollback": action}},
        resources=(Resource(name="db", capacity=2),),
        policy=policy,
    )

    assert ("max_active_runs=1,\n" in dag_arguments(graph)) is alone


def test_the_number_of_parallel_tasks_is_left_to_airflow_unless_the_plan_says_it() -> None:
    assert "max_active_tasks" not in dag_arguments(graph_of("1"))
    assert "max_active_tasks=4,\n" in dag_arguments(graph_of("1", policy=Policy(max_parallel=4)))
    assert "max_active_tasks=2147483647,\n" in dag_arguments(graph_of("1", policy=Policy(max_parallel=2**40)))


def test_a_run_is_bounded() -> None:
    assert "dagrun_timeout=timedelta(seconds=7200),\n" in dag_arguments(graph_of("1", policy=Policy(timeout=7200)))
    assert "dagrun_timeout" not in dag_arguments(graph_of("1", policy=Policy(timeout=1e300)))


def test_airflow_does_not_end_a_run_in_which_something_may_be_to_undo() -> None:
    undo = {"1": {"rollback": Command(argv=("undo",))}}
    graph = graph_of("1", policy=Policy(timeout=7200, rollback=True), tasks=undo)

    assert "dagrun_timeout" not in dag_arguments(graph)


def test_a_run_fails_fast_where_airflow_allows_it() -> None:
    stop = Policy(on_failure="stop")

    assert "fail_fast=True,\n" in dag_arguments(graph_of("1", "2 < 1", policy=stop))
    assert "fail_fast" not in dag_arguments(
        graph_of("1", "2 < 1", tasks={"2": {"trigger_rule": "all_done"}}, policy=stop)
    )


def test_labels_become_tags_that_airflow_takes() -> None:
    graph = graph_of("1", "2", tasks={"1": {"labels": ("b", "taskgraph", "")}, "2": {"labels": ("a", "x" * 101, "b")}})
    call = ast.parse(f"DAG(\n{dag_arguments(graph)})", mode="eval").body
    assert isinstance(call, ast.Call)
    tags = next(ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg == "tags")

    assert tags == ["taskgraph", "a", "b", "x" * 99 + "\u2026"]
