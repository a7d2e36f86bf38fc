from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider.generating.sentinel import sentinel_of
from support.graphs import graph_of, graphs
from taskgraph_core.ir import Command, Policy, Python
from taskgraph_core.scheduler import decide

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph

RUN = Command(argv=("true",))
CALL = Python(entry_point="a.b:c")
STOP = Policy(on_failure="stop")
BACK = Policy(rollback=True)


def watched(graph: TaskGraph) -> list[str]:
    sentinel = sentinel_of(graph)
    return [task.id for task in sentinel.watches] if sentinel else []


def test_a_plan_in_which_every_failure_reaches_the_end_needs_no_sentinel() -> None:
    commands = {name: {"action": RUN} for name in "1234"}

    assert sentinel_of(graph_of("1", "2 < 1", "3 < 1", "4 < 2", tasks=commands)) is None
    assert sentinel_of(graph_of("1", "2", "3 < 1 2", tasks={name: {"action": CALL} for name in "123"})) is None


def test_what_only_a_clean_up_follows_is_watched() -> None:
    graph = graph_of("1", "2 < 1", "3 < 2", tasks={"1": {"action": RUN}, "3": {"trigger_rule": "all_done"}})

    assert watched(graph) == ["2"]


def test_a_failure_that_also_reaches_another_leaf_needs_no_watching() -> None:
    graph = graph_of("1", "2 < 1", "3 < 1", tasks={"1": {"action": RUN}, "3": {"trigger_rule": "all_done"}})

    assert watched(graph) == []


def test_a_skip_may_come_before_the_failure_beside_it() -> None:
    skips, calls = {"1": {"action": RUN}, "2": {"action": CALL}}, {"1": {"action": CALL}, "2": {"action": CALL}}

    assert watched(graph_of("1", "2", "3 < 1 2", tasks=skips)) == ["2"]
    assert watched(graph_of("1", "2", "3 < 1 2", tasks=calls)) == []
    assert watched(graph_of("1", "2", "3 < 1 2", tasks={**skips, "3": {"trigger_rule": "none_failed"}})) == []


def test_milestones_that_cannot_fail_are_not_watched() -> None:
    assert watched(graph_of("1", "2 < 1", tasks={"2": {"trigger_rule": "all_done"}})) == []


@pytest.mark.parametrize("rule", ["all_success", "none_failed", "none_failed_min_one_success"])
def test_rules_that_pass_a_failure_on_hide_nothing(rule: str) -> None:
    assert watched(graph_of("1", "2 < 1", tasks={"1": {"action": RUN}, "2": {"trigger_rule": rule}})) == []


def test_a_dag_that_fails_fast_asks_at_its_end() -> None:
    graph = graph_of("1", "2 < 1", "3", policy=STOP, tasks={"1": {"action": RUN}})
    sentinel = sentinel_of(graph)

    assert sentinel is not None
    assert sentinel.asks
    assert watched(graph) == ["2", "3"]
    assert sentinel_of(graph_of("1", "2", policy=STOP)) is None


def test_before_a_rollback_it_asks_once_all_have_ended() -> None:
    graph = graph_of("1", "2", "3 < 1 2", "4 < 3", "5 < 3", tasks={"1": {"action": RUN, "rollback": RUN}}, policy=BACK)
    sentinel = sentinel_of(graph)

    assert sentinel is not None
    assert sentinel.asks
    assert watched(graph) == ["1", "2", "4", "5"]  # where 1 fails, 3 ends before 2 does


@pytest.mark.parametrize(("rule", "last"), [("all_done", ["2"]), ("one_failed", ["2"]), ("always", ["1", "2"])])
def test_a_task_that_ends_after_another_is_waited_for_in_its_place(rule: str, last: list[str]) -> None:
    graph = graph_of("1", "2 < 1", tasks={"1": {"rollback": RUN}, "2": {"trigger_rule": rule}}, policy=BACK)

    assert watched(graph) == last


def final_states(graph: TaskGraph, data: st.DataObject) -> dict[str, str]:
    """How tasks may end in Airflow, where a skip counts at once; the graph's order is a topological one."""
    states: dict[str, str] = {}
    for task in graph.tasks:
        ended = dict.fromkeys(("success", "failed", "skipped", "upstream_failed"), 0)
        for other in task.depends_on:
            ended[states[other]] += 1
        verdict = decide(task.trigger_rule, ended, len(task.depends_on))
        if task.trigger_rule == "all_success" and ended["skipped"] and data.draw(st.booleans()):
            verdict = "skipped"
        outcomes = {"command": ["success", "failed", "skipped"], "python": ["success", "failed"], "noop": ["success"]}
        possible = outcomes[task.action.kind]
        states[task.id] = data.draw(st.sampled_from(possible)) if verdict == "run" else str(verdict)
    return states


@given(graph=graphs(claims=False), data=st.data())
def test_a_run_is_red_exactly_if_a_task_failed(graph: TaskGraph, data: st.DataObject) -> None:
    tasks = tuple(
        task.model_copy(update={"action": data.draw(st.sampled_from([RUN, CALL, task.action]))}) for task in graph.tasks
    )
    graph = graph.model_copy(update={"tasks": tasks, "policy": Policy()})
    states = final_states(graph, data)
    upstream = {other for task in tasks for other in task.depends_on}
    seen = {task.id for task in tasks if task.id not in upstream} | set(watched(graph))

    red = any(states[task_id] in ("failed", "upstream_failed") for task_id in seen)

    assert red == ("failed" in states.values())
