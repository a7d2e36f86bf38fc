from __future__ import annotations

from typing import Any

import pytest

from support.plans import compiled, edges, graph_of_plan, task, understood
from taskgraph_core.errors import PlanError
from taskgraph_core.ir import NOOP, Claim, Command, Noop, Python, Resource, Retry, Schedule
from taskgraph_core.profile.model import Profile
from taskgraph_core.selection import Selection
from taskgraph_core.taskmaster.lower import graph_id_for, lower
from taskgraph_core.taskmaster.standing import standings


def when(task_id: str, rule: str) -> dict[str, Any]:
    return {"match": {"id": task_id}, "trigger_rule": rule}


def excluding(*patterns: str) -> Selection:
    return Selection(exclude=patterns)


# --- tasks ------------------------------------------------------------------------------


def test_a_task_keeps_what_was_written_about_it() -> None:
    raw = task(1, title="Build", description="d", details="long", testStrategy="run it", priority="high", tags=["api"])
    (lowered,) = graph_of_plan(raw).tasks

    assert (lowered.id, lowered.title, lowered.description, lowered.details) == ("1", "Build", "d", "long")
    assert (lowered.test_strategy, lowered.priority, lowered.labels) == ("run it", "high", ("api",))
    assert (lowered.action, lowered.trigger_rule, lowered.group, lowered.status) == (
        NOOP,
        "all_success",
        None,
        "pending",
    )


def test_statuses_are_kept_for_people_to_see() -> None:
    graph = graph_of_plan(task(1, status="WIP"), task(2, status="done"), task(3), scope="whole")

    assert [one.status for one in graph.tasks] == ["in-progress", "done", "pending"]


def test_text_that_is_a_list_or_an_object_becomes_lines() -> None:
    (lowered,) = graph_of_plan(task(1, details=["a", {"b": [1, None]}, 2.5], description={"x": True})).tasks

    assert lowered.details == "a\nb: 1\nNone\n2.5"
    assert lowered.description == "x: True"


def test_the_graph_has_what_the_profile_says_about_it_as_a_whole() -> None:
    profile = {
        "graph": {"id": "nightly", "title": "Night", "schedule": {"cron": "0 2 * * *", "timezone": "Europe/Oslo"}},
        "run": {"max_parallel": 4, "on_failure": "stop", "timeout": "1h", "rollback": True, "failure_threshold": 2},
        "resources": {"db": 2},
    }
    graph = graph_of_plan(task(1), profile=profile)

    assert (graph.id, graph.title) == ("nightly", "Night")
    assert graph.schedule == Schedule(cron="0 2 * * *", timezone="Europe/Oslo")
    assert graph.resources == (Resource(name="db", capacity=2),)
    assert graph.policy.model_dump(exclude_defaults=True) == profile["run"] | {"timeout": 3600.0}


@pytest.mark.parametrize(
    ("project", "tag", "graph_id"),
    [
        ("Site", "master", "site"),
        ("Site", "feature/Login", "site-feature-login"),
        ("My project (2)", "master", "my-project-2"),
        ("\u65e5\u672c", "master", "plan"),
        ("", "", "plan"),
        ("../..", "..", "plan"),
        ("x" * 300, "master", "x" * 100),
    ],
)
def test_a_graph_without_a_name_is_called_after_its_project_and_tag(project: str, tag: str, graph_id: str) -> None:
    assert graph_id_for(project, tag) == graph_id


# --- groups -----------------------------------------------------------------------------


def test_a_task_with_subtasks_closes_what_its_subtasks_do() -> None:
    graph = graph_of_plan(task(1), task(2, task(1), task(2, deps=[1]), deps=[1]), task(3, deps=[2]))

    assert edges(graph) == {"1": (), "2": ("2.2",), "2.1": ("1",), "2.2": ("2.1",), "3": ("2",)}
    assert {one.id: one.group for one in graph.tasks if one.group} == {"2.1": "2", "2.2": "2"}


def test_the_defaults_give_their_action_to_leaves_only() -> None:
    graph = graph_of_plan(task(1), task(2, task(1)), profile={"defaults": {"command": ["work"], "timeout": 9}})

    assert {one.id: one.action for one in graph.tasks} == {
        "1": Command(argv=("work",)),
        "2": NOOP,
        "2.1": Command(argv=("work",)),
    }
    assert graph.by_id["2"].timeout is None
    assert graph.by_id["2"].estimate == 0.0


def test_an_action_meant_for_a_parent_closes_its_group() -> None:
    profile = {
        "defaults": {"command": ["work"], "timeout": 9},
        "rules": [{"match": {"id": "2"}, "command": ["merge"]}],
    }
    closing = graph_of_plan(task(2, task(1)), profile=profile).by_id["2"]

    assert closing.action == Command(argv=("merge",))
    assert closing.depends_on == ("2.1",)
    assert closing.timeout == 9
    assert closing.estimate > 0


def test_what_waits_for_a_subtask_waits_for_it_alone() -> None:
    assert edges(graph_of_plan(task(1, task(1), task(2)), task(2, deps=["1.1"])))["2"] == ("1.1",)


def test_a_task_whose_id_only_begins_like_that_of_a_group_is_no_member_of_it() -> None:
    graph = graph_of_plan(task(1), task("2.9"), task(2, task(1, deps=["2.9"]), deps=[1]))

    assert set(graph.by_id["2.1"].depends_on) == {"2.9", "1"}


def test_a_sibling_that_may_start_early_opens_the_group_for_nobody_else() -> None:
    plan = [task(1), task(2, task(1), task(2, deps=[1]), deps=[1])]

    for rule in ("always", "one_success", "all_done", "one_failed"):
        graph = graph_of_plan(*plan, profile={"rules": [when("2.1", rule)]})

        assert set(graph.by_id["2.2"].depends_on) == {"2.1", "1"}


def test_a_parent_with_a_rule_of_its_own_sees_all_its_subtasks_and_dependencies() -> None:
    plan = [task(1), task(2, task(1), task(2, deps=[1]), deps=[1])]
    graph = graph_of_plan(*plan, profile={"rules": [when("2", "all_done")]})

    assert graph.by_id["2"].depends_on == ("2.1", "2.2", "1")


def test_a_parent_sees_all_its_subtasks_where_one_of_them_has_a_rule() -> None:
    plan = [task(2, task(1), task(2, deps=[1]))]
    graph = graph_of_plan(*plan, profile={"rules": [when("2.2", "one_failed")]})

    assert graph.by_id["2"].depends_on == ("2.1", "2.2")


# --- what is finished -------------------------------------------------------------------


def test_what_is_done_is_left_out_and_nobody_waits_for_it() -> None:
    graph = graph_of_plan(task(1, status="done"), task(2, deps=[1]), task(3, status="cancelled"), task(4, deps=[3]))

    assert edges(graph) == {"2": (), "4": ()}


def test_a_parent_whose_subtasks_are_done_waits_for_what_it_depends_on() -> None:
    graph = graph_of_plan(task(1), task(2, task(1, status="done"), deps=[1]))

    assert edges(graph) == {"1": (), "2": ("1",)}


@pytest.mark.parametrize(
    "rule",
    [
        "all_failed",
        "all_done_min_one_success",
        "all_skipped",
        "one_success",
        "one_failed",
        "one_done",
        "none_failed_min_one_success",
    ],
)
def test_a_rule_that_looks_at_more_than_failure_keeps_what_is_done_as_a_witness(rule: str) -> None:
    graph = graph_of_plan(
        task(1, title="Fetch", status="done"), task(2, deps=[1]), profile={"rules": [when("2", rule)]}
    )

    assert edges(graph) == {"1": (), "2": ("1",)}
    assert (graph.by_id["1"].title, graph.by_id["1"].action, graph.by_id["1"].status) == ("Fetch", Noop(), "done")


@pytest.mark.parametrize("rule", ["all_success", "all_done", "none_failed", "none_skipped", "always"])
def test_other_rules_need_no_witness(rule: str) -> None:
    assert edges(graph_of_plan(task(1, status="done"), task(2, deps=[1]), profile={"rules": [when("2", rule)]})) == {
        "2": ()
    }


def test_a_done_subtask_is_a_witness_for_its_parent() -> None:
    plan = [task(2, task(1, status="done"), task(2))]
    graph = graph_of_plan(*plan, profile={"rules": [when("2", "all_failed")]})

    assert set(graph.by_id["2"].depends_on) == {"2.1", "2.2"}


def test_a_witness_does_nothing_even_where_the_profile_gives_everything_an_action() -> None:
    profile = {"defaults": {"command": ["work"]}, "rules": [when("2", "one_failed")]}
    graph = graph_of_plan(task(1, status="done"), task(2, deps=[1]), profile=profile)

    assert graph.by_id["1"].action == Noop()


def test_the_whole_plan_is_every_task_whatever_its_status() -> None:
    plan = [task(1, status="done"), task(2, status="blocked", deps=[1]), task(3, status="cancelled", deps=[2])]

    assert edges(graph_of_plan(*plan, scope="whole")) == {"1": (), "2": ("1",), "3": ("2",)}


# --- what was not selected --------------------------------------------------------------


def test_through_what_was_not_selected_the_order_is_kept() -> None:
    plan = [task(1), task(2, deps=[1]), task(3, deps=[2]), task(4, deps=[3])]

    assert edges(graph_of_plan(*plan, selection=excluding("2,3"))) == {"1": (), "4": ("1",)}


def test_through_a_subtask_that_was_not_selected_its_parent_keeps_its_order() -> None:
    plan = [task(3), task(2, task(1), task(2, deps=[3]))]

    assert set(edges(graph_of_plan(*plan, selection=excluding("2.2")))["2"]) == {"2.1", "3"}
    assert edges(graph_of_plan(*plan, selection=excluding("2.*")))["2"] == ("3",)


def test_through_a_parent_that_was_not_selected_its_subtasks_keep_their_order() -> None:
    plan = [task(1), task(2, task(1), deps=[1]), task(3, deps=[2])]
    selection = Selection(select=("1", "2.1", "3"))
    graph = graph_of_plan(*plan, selection=selection)

    assert {task_id: set(upstream) for task_id, upstream in edges(graph).items()} == {
        "1": set(),
        "2.1": {"1"},
        "3": {"1", "2.1"},
    }
    assert graph.by_id["2.1"].group is None


def test_nothing_waits_through_what_is_done() -> None:
    plan = [task(1), task(2, deps=[1], status="done"), task(3, deps=[2])]

    assert edges(graph_of_plan(*plan)) == {"1": (), "3": ()}


# --- estimates --------------------------------------------------------------------------


def test_an_estimate_is_a_minute_for_average_complexity() -> None:
    plan = understood(task(1), task(2), task(3), task(4, task(1), complexity=10), task(5, complexityScore=2.5))
    lowered = lower(
        plan, Profile(), set(plan.by_id), standings(plan), graph_id="g", scores={"1": 5.0, "2": 10.0, "5": 1.0}
    )

    assert {one.id: one.estimate for one in lowered.graph.tasks} == {
        "1": 60.0,
        "2": 120.0,
        "3": 60.0,
        "4": 0.0,
        "4.1": 120.0,
        "5": 12.0,
    }


def test_the_default_estimate_is_weighed_by_complexity_and_a_rules_is_not() -> None:
    profile = {"defaults": {"estimate": "10m"}, "rules": [{"match": {"id": "2"}, "estimate": "1h"}]}
    graph = graph_of_plan(task(1, complexity=10), task(2, complexity=10), profile=profile)

    assert [one.estimate for one in graph.tasks] == [1200.0, 3600.0]


@pytest.mark.parametrize("score", [0, -3, 11, 1e308, pytest.param(10**400, id="huge"), "7", True, [5]])
def test_a_complexity_that_is_none_changes_nothing(score: object) -> None:
    assert graph_of_plan(task(1, complexity=score)).tasks[0].estimate == 60.0


# --- overrides and files ----------------------------------------------------------------


def test_an_override_in_the_plan_wins_over_the_profile() -> None:
    override = {"timeout": "5m", "retry": {"attempts": 4}, "claims": {"db": 2}, "priority": "low", "estimate": 7}
    profile = {"resources": {"db": 2}, "defaults": {"command": ["work"], "timeout": 1, "claims": {"db": 1}}}
    (lowered,) = graph_of_plan(task(1, metadata={"taskgraph": override}), profile=profile).tasks

    assert (lowered.timeout, lowered.retry, lowered.priority, lowered.estimate) == (
        300.0,
        Retry(attempts=4),
        "low",
        7.0,
    )
    assert lowered.claims == (Claim(resource="db", slots=2),)
    assert lowered.action == Command(argv=("work",))


def test_a_trusted_plan_may_say_what_to_execute() -> None:
    override = {"python": {"call": "jobs:run", "kwargs": {"n": 1.5}}, "rollback": ["undo"]}
    profile = {"trust_plan_actions": True}
    graph = graph_of_plan(task(1, metadata={"taskgraph": override}), profile=profile)

    assert graph.tasks[0].action == Python(entry_point="jobs:run", kwargs={"n": 1.5})
    assert graph.tasks[0].rollback == Command(argv=("undo",))
    assert type(graph).model_validate_json(graph.model_dump_json()) == graph


def call_with_lists(depth: int) -> dict[str, Any]:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    return task(1, metadata={"taskgraph": {"python": {"call": "jobs:run", "kwargs": {"n": nested}}}})


@pytest.mark.parametrize("depth", [0, 50, 185])
def test_arguments_that_are_accepted_can_be_written_and_read(depth: int) -> None:
    graph = graph_of_plan(call_with_lists(depth), profile={"trust_plan_actions": True})

    assert type(graph).model_validate_json(graph.model_dump_json()).fingerprint == graph.fingerprint


@pytest.mark.parametrize("depth", [195, 255, 500])
def test_arguments_nested_too_deeply_for_that_are_refused(depth: int) -> None:
    with pytest.raises(PlanError) as error:
        graph_of_plan(call_with_lists(depth), profile={"trust_plan_actions": True})

    assert error.value.findings[0].message.endswith("lists and tables, and not nested deeply")


def test_files_a_task_names_are_claimed_if_the_profile_wants_it() -> None:
    raw = task(1, details="write src/a.py", relevantFiles=[{"path": "b.py", "action": "reference"}])

    assert graph_of_plan(raw).tasks[0].claims == ()
    assert graph_of_plan(raw, profile={"infer_files": True}).tasks[0].claims == (
        Claim(resource="file:b.py", mode="read"),
        Claim(resource="file:src/a.py", mode="write"),
    )


def test_a_written_claim_wins_over_an_inferred_one() -> None:
    profile = {"infer_files": True, "defaults": {"claims": {"file:src/a.py": "read"}}}
    (lowered,) = graph_of_plan(task(1, details="src/a.py"), profile=profile).tasks

    assert lowered.claims == (Claim(resource="file:src/a.py", mode="read"),)


def test_a_task_that_only_closes_claims_nothing() -> None:
    graph = graph_of_plan(task(1, task(1), details="src/a.py"), profile={"infer_files": True})

    assert graph.by_id["1"].claims == ()


def test_what_has_no_action_is_told() -> None:
    profile = {"rules": [{"match": {"id": "1"}, "command": "x"}, {"match": {"id": "2"}, "noop": True}]}

    assert compiled(task(1), task(2), task(3, task(1)), profile=profile).idle == ("3.1",)
