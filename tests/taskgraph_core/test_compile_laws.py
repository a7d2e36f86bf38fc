from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import (
    FORMS,
    HOSTILE,
    JSON_VALUES,
    TAGS,
    assert_sound,
    edges,
    findings_of,
    graph_of_plan,
    plan_text,
    raw_plans,
    sound_plans,
    source_of,
    task,
    waits_for_all,
)
from taskgraph_core.compile import Request, check_request, compile_request
from taskgraph_core.compiled import is_graph, read_graph
from taskgraph_core.errors import PlanError, TaskgraphError
from taskgraph_core.findings import errors
from taskgraph_core.ir import TaskGraph
from taskgraph_core.selection import Selection, subgraph

PROFILES = st.sampled_from(
    [
        {},
        {"defaults": {"command": "true", "claims": {"file:out": "write"}}, "conflicts": "order"},
        {"trust_plan_actions": True, "infer_files": True, "subtask_references": "task", "cancelled": "blocks"},
        {"rules": [{"match": {"id": "*.1"}, "trigger_rule": "one_failed"}], "subtask_references": "earlier-sibling"},
        {"graph": {"schedule": {"cron": "0 2 * * *"}}, "conflicts": "error", "infer_files": True},
    ]
)


def assert_graph_or_error(text: str, profile: dict[str, Any]) -> None:
    """Check, and compile in every scope: nothing but a sound graph or an error for the user may come out."""
    try:
        source = source_of([], text=text, profile=profile)
        tag = next(iter(source.content.tags))
        broken = bool(errors(check_request(Request("-", tag=tag), source)))
    except TaskgraphError:
        return
    for scope in ("due", "again", "whole"):
        try:
            graph = compile_request(Request("-", tag=tag, scope=scope), source).graph
        except PlanError:
            assert scope != "due" or broken
        else:
            assert scope != "due" or not broken
            assert_comes_back(graph)


def assert_comes_back(graph: TaskGraph) -> None:
    """It is sound, survives being written and read, and compiles to itself."""
    assert_sound(graph)
    text = graph.model_dump_json()
    assert TaskGraph.model_validate_json(text) == graph
    assert is_graph(text)
    source = source_of([])
    again = type(source)(source.location, read_graph(text, "graph"), source.profile)
    assert compile_request(Request("-"), again).graph == graph


@given(JSON_VALUES, PROFILES)
def test_any_json_is_a_graph_or_an_error(value: object, profile: dict[str, Any]) -> None:
    for root in (value, [value], {"tasks": [value]}, {"master": {"tasks": value}}, {"tags": value}):
        assert_graph_or_error(json.dumps(root), profile)


@given(raw_plans(), PROFILES)
def test_any_plan_is_a_graph_or_an_error(tasks: list[Any], profile: dict[str, Any]) -> None:
    assert_graph_or_error(plan_text(tasks), profile)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_anywhere_is_text_or_an_error(hostile: str) -> None:
    odd = dict.fromkeys(("title", "description", "details", "testStrategy", "status", "priority", hostile), hostile)
    plan = [task(hostile, task(hostile), **odd, tags=[hostile], metadata={hostile: hostile}), task("2", deps=[hostile])]

    for root in (plan, {hostile: {"tasks": plan}}, {"tags": {hostile: plan}}, {hostile: hostile, "tasks": plan}):
        for profile in ({}, {"infer_files": True, "trust_plan_actions": True}):
            assert_graph_or_error(json.dumps(root), profile)


@given(sound_plans(statuses=("pending", "in-progress", "done", "review", "cancelled")), PROFILES)
def test_every_sound_plan_is_a_sound_graph(tasks: list[dict[str, Any]], profile: dict[str, Any]) -> None:
    for scope in ("due", "again", "whole"):
        if profile.get("conflicts") != "error" and "subtask_references" not in profile:
            assert_comes_back(graph_of_plan(*tasks, profile=profile, scope=scope))


@given(sound_plans())
def test_in_every_form_a_plan_is_the_same_graph(tasks: list[dict[str, Any]]) -> None:
    graphs = [
        compile_request(Request("-", tag=TAGS.get(form)), source_of([], text=plan_text(tasks, form))).graph
        for form in FORMS
    ]

    assert {graph.model_copy(update={"id": "same"}).fingerprint for graph in graphs} == {
        graphs[0].model_copy(update={"id": "same"}).fingerprint
    }


@given(sound_plans(), st.randoms())
def test_work_that_was_begun_is_the_same_work(tasks: list[dict[str, Any]], rng: random.Random) -> None:
    before = graph_of_plan(*tasks)
    for one in [*tasks, *(subtask for raw in tasks for subtask in raw.get("subtasks", ()))]:
        one["status"] = rng.choice(["pending", "in-progress", "todo", "WIP"])

    assert graph_of_plan(*tasks).fingerprint == before.fingerprint


# --- large plans: each of these ends the day of a program that is not linear ------------------


def test_twenty_two_diamonds_in_a_row() -> None:
    plan = [task(1)]
    for top in range(1, 67, 3):
        plan += [task(top + 1, deps=[top]), task(top + 2, deps=[top]), task(top + 3, deps=[top + 1, top + 2])]

    assert len(waits_for_all(graph_of_plan(*plan))["67"]) == 66
    assert {finding.code for finding in findings_of(plan_text(plan))} == {"TG401"}


def test_two_thousand_tasks_with_two_dependencies_each() -> None:
    rng = random.Random(1)  # noqa: S311 - any plan will do, but always the same
    plan = [
        task(number, deps=sorted(rng.sample(range(max(1, number - 20), number), min(2, number - 1))))
        for number in range(1, 2001)
    ]

    assert sum(map(len, edges(graph_of_plan(*plan)).values())) == 2 * 1998 + 1
    assert not [finding for finding in findings_of(plan_text(plan)) if finding.severity == "error"]


def test_a_chain_of_twenty_thousand() -> None:
    chain = [task(number, deps=[number - 1] if number > 1 else []) for number in range(1, 20_001)]

    assert edges(graph_of_plan(*chain))["20000"] == ("19999",)
    assert not [finding for finding in findings_of(plan_text(chain)) if finding.severity == "error"]


def test_a_circle_of_twenty_thousand() -> None:
    circle = [task(number, deps=[number % 20_000 + 1]) for number in range(1, 20_001)]
    (finding,) = [finding for finding in findings_of(plan_text(circle)) if finding.severity == "error"]

    assert finding.code == "TG203"
    assert len(finding.tasks) == 20_000
    assert len(finding.message) < 300


def test_a_chain_of_five_thousand_subtasks_and_a_milestone_that_waits_for_each() -> None:
    subtasks = [task(number, deps=[number - 1] if number > 1 else []) for number in range(1, 5001)]
    milestone = task(2, deps=[f"1.{number}" for number in range(1, 5001)])
    graph = graph_of_plan(task(1, *subtasks), milestone)

    assert len(graph.by_id["2"].depends_on) == 5000
    assert graph.by_id["1"].depends_on == ("1.5000",)


def test_five_thousand_tasks_that_wait_for_nothing_there_is() -> None:
    plan = [task(number, deps=[f"{number}-a", f"{number}-b"]) for number in range(10_000, 15_000)]

    assert len([finding for finding in findings_of(plan_text(plan)) if finding.code == "TG201"]) == 10_000


def test_five_thousand_leaves_of_a_chain_that_was_not_selected() -> None:
    chain = [task(number, deps=[number - 1] if number > 1 else []) for number in range(1, 5001)]
    leaves = [task(f"x{number}", deps=[number]) for number in range(1, 5001)]
    whole = graph_of_plan(*chain, *leaves)
    part = graph_of_plan(*chain, *leaves, selection=Selection(("1", "x*")))

    assert set(edges(part).values()) == {(), ("1",)}
    assert edges(subgraph(whole, set(part.by_id))) == edges(part)
