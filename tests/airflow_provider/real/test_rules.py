"""Airflow's own evaluation of trigger rules, driven through runs whose tasks end in any order."""

from __future__ import annotations

import json
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.serialization.serialized_objects import DagSerialization
from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider.generating.joins import held_back
from airflow_provider.generating.names import task_names
from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of, graphs
from taskgraph_core.ir import Command, Noop, Policy
from taskgraph_core.scheduler.rules import RULES, decide
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from airflow.sdk import DAG

    from taskgraph_core.ir import TaskGraph

RUN = Command(argv=("true",))
OUTCOMES = ("success", "failed", "skipped")


def in_airflow(dag: DAG, outcomes: Mapping[str, str], seed: int) -> dict[str, tuple[str, bool]]:
    """How each task ends and whether it ran, as Airflow's scheduler decides while tasks end in a random order."""
    random = Random(seed)  # noqa: S311 - only an order
    read = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    ended: dict[str, tuple[str, bool]] = {}
    running: list[str] = []
    waiting = list(read.task_dict)

    def instance(task_id: str) -> Any:
        task = read.task_dict[task_id]
        return SimpleNamespace(task_id=task_id, task=task, map_index=-1, state=ended.get(task_id, ("",))[0])

    def decided(task_id: str) -> bool:
        made: list[str] = []
        one = instance(task_id)
        one.get_dagrun = lambda session: None
        one.set_state = lambda state, session: made.append(str(state)) or True
        context = SimpleNamespace(
            flag_upstream_failed=True,
            wait_for_past_depends_before_skipping=False,
            ensure_finished_tis=lambda run, session: [instance(other) for other in ended],
        )
        ready = all(status.passed for status in TriggerRuleDep()._get_dep_statuses(one, context, session=None))
        if made:
            ended[task_id] = made[0], False
        elif ready and read.task_dict[task_id].task_type == "EmptyOperator":
            ended[task_id] = "success", True
        elif ready:
            running.append(task_id)
        return bool(made) or ready

    while waiting or running:
        random.shuffle(waiting)
        if any(changed := {task_id for task_id in waiting if decided(task_id)}):
            waiting = [task_id for task_id in waiting if task_id not in changed]
        else:
            done = running.pop(random.randrange(len(running)))
            ended[done] = outcomes[done], True
    return ended


def as_planned(graph: TaskGraph, outcomes: Mapping[str, str]) -> dict[str, tuple[str, bool]]:
    """The same for the neutral scheduler, which does not depend on any order."""
    scheduler, ran = scheduler_for(graph), set()
    while not (step := scheduler.poll(0)).done:
        for task_id, _ in step.start:
            ran.add(task_id)
            scheduler.finished(task_id, outcomes[task_id], 0, retry=False)
    return {task_id: (state, task_id in ran) for task_id, state in scheduler.states.items()}


def compare(graph: TaskGraph, outcomes: Mapping[str, str], dag: DAG, seed: int) -> None:
    """The same tasks run and end the same; of the others it is said why, once one knows how those before ended."""
    names = task_names(graph.by_id)
    planned = as_planned(graph, outcomes)
    found = in_airflow(dag, {names[task_id]: outcome for task_id, outcome in outcomes.items()}, seed)
    assert {task_id for task_id in names if found[names[task_id]][1]} == {
        task_id for task_id, (_, ran) in planned.items() if ran
    }
    states: dict[str, str] = {}
    for task in graph.tasks:  # in topological order
        state, ran = found[names[task.id]]
        before: dict[str, int] = {}
        for other in set(task.depends_on):
            before[states[other]] = before.get(states[other], 0) + 1
        states[task.id] = state if ran else str(decide(task.trigger_rule, before, sum(before.values())))
        if task.id in held_back(graph):
            assert state == planned[task.id][0]
    assert states == {task_id: state for task_id, (state, _) in planned.items()}


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory, load: Callable[[Path], DAG]) -> Callable[[TaskGraph], DAG]:
    folder = tmp_path_factory.mktemp("rules")

    def read(graph: TaskGraph) -> DAG:
        place = folder / f"{graph.fingerprint}.py"  # a name of its own: Python caches files by size and whole seconds
        place.write_text(TARGET.generate(graph, AirflowOptions()).files[f"{graph.id}.py"])
        return load(place)

    return read


@given(graph=graphs(claims=False, max_tasks=8), data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_same_tasks_run_whatever_comes_first(
    graph: TaskGraph, data: st.DataObject, make: Callable[[TaskGraph], DAG]
) -> None:
    actions = {task.id: data.draw(st.sampled_from([RUN, RUN, Noop()])) for task in graph.tasks}
    rules = {task.id: data.draw(st.sampled_from(["all_success", task.trigger_rule])) for task in graph.tasks}
    tasks = tuple(
        task.model_copy(update={"action": actions[task.id], "trigger_rule": rules[task.id]}) for task in graph.tasks
    )
    graph = graph.model_copy(update={"tasks": tasks, "policy": Policy()})
    dag = make(graph)
    for seed in range(6):
        outcomes = {
            task.id: "success" if isinstance(task.action, Noop) else data.draw(st.sampled_from(OUTCOMES))
            for task in tasks
        }
        compare(graph, outcomes, dag, seed)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_means_the_same_after_every_two_ends(rule: str, make: Callable[[TaskGraph], DAG]) -> None:
    fields: dict[str, dict[str, Any]] = {"1": {"action": RUN}, "2": {"action": RUN}}
    graph = graph_of(
        "1", "2", "3 < 1 2", "4 < 3", "5 < 4", tasks={**fields, "3": {"trigger_rule": rule}, "5": {"action": RUN}}
    )
    dag = make(graph)
    for first in OUTCOMES:
        for second in OUTCOMES:
            for seed in range(4):
                compare(graph, {"1": first, "2": second, "3": "success", "4": "success", "5": "success"}, dag, seed)


@pytest.mark.parametrize("watcher", ["one_failed", "all_skipped", "none_failed", "one_success"])
def test_a_skip_that_comes_before_a_failure_does_not_hide_it(watcher: str, make: Callable[[TaskGraph], DAG]) -> None:
    fields: dict[str, dict[str, Any]] = {name: {"action": RUN} for name in "124"}
    fields["4"]["trigger_rule"] = watcher
    graph = graph_of("1", "2", "3 < 1 2", "4 < 3", tasks=fields)
    dag = make(graph)

    assert held_back(graph) == {"3": {"1", "2"}}
    for first in OUTCOMES:
        for second in OUTCOMES:
            for seed in range(8):
                compare(graph, {"1": first, "2": second, "3": "success", "4": "success"}, dag, seed)
