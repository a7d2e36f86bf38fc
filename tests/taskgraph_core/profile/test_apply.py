from __future__ import annotations

from typing import Any

import pytest

from support.plans import task, understood
from taskgraph_core.ir import Claim, Command, Noop, Retry
from taskgraph_core.profile.apply import Treatment, Treatments
from taskgraph_core.profile.model import Profile, Settings


def treat(
    raw: dict[str, Any], override: dict[str, Any] | None = None, tag: str = "master", **profile: Any
) -> Treatment:
    """How the profile carries out the first entry of a plan of one task."""
    treatments = Treatments(Profile.model_validate(profile), tag)
    return treatments.of(understood(raw).entries[0], Settings.model_validate(override) if override else None)


def rule(match: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    return {"match": match or {"id": "*"}, **settings}


# --- which rules ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "match",
    [
        {"id": "5"},
        {"id": "*"},
        {"id": ["4", "5"]},
        {"id": "[3-6]"},
        {"title": "deploy*"},
        {"title": "*NIGHT*"},
        {"status": "in-progress"},
        {"status": ["pending", "in-progress"]},
        {"priority": "high"},
        {"tag": "master"},
        {"tag": "m*"},
        {"tag": "api"},
        {"id": "5", "priority": "high", "tag": "api"},
    ],
)
def test_a_rule_is_for_what_fits_all_it_names(match: dict[str, Any]) -> None:
    raw = task(5, title="Deploy every night", status="In Progress", priority="High", tags=["api"])

    assert treat(raw, rules=[rule(match, timeout=9)]).fields["timeout"] == 9


@pytest.mark.parametrize(
    "match",
    [
        {"id": "55"},
        {"id": "5.*"},
        {"id": ""},
        {"title": "deploy"},
        {"status": "pending"},
        {"priority": "low"},
        {"tag": "feature"},
        {"tag": "API"},
        {"id": "5", "priority": "low"},
    ],
)
def test_a_rule_is_not_for_what_fails_one_of_them(match: dict[str, Any]) -> None:
    raw = task(5, title="Deploy every night", status="In Progress", priority="High", tags=["api"])

    assert treat(raw, rules=[rule(match, timeout=9)]).fields == {}


@pytest.mark.parametrize("text", ["a\nb", "(x", "[x", "*" * 200, "x" * 100_000, "\\", "^$", "%s{0}"])
def test_no_title_and_no_pattern_breaks_the_matching(text: str) -> None:
    assert treat(task(1, title=text), rules=[rule({"title": "*"}, timeout=9)]).fields["timeout"] == 9
    assert treat(task(1, title="other"), rules=[rule({"title": text or "x"}, timeout=9)]) is not None


def test_patterns_of_many_stars_are_quick() -> None:
    assert treat(task(1, title="a" * 5000), rules=[rule({"title": "*a" * 50 + "b"}, timeout=9)]).fields == {}


def test_rules_that_applied_are_remembered() -> None:
    treatments = Treatments(Profile.model_validate({"rules": [rule({"id": "1"}), rule({"id": "2"}), rule()]}), "master")
    for entry in understood(task(1), task(1.5), task(1)).entries:
        treatments.of(entry)

    assert treatments.matched == {0, 2}


# --- which wins -------------------------------------------------------------------------


def test_a_later_rule_wins_key_by_key() -> None:
    treatment = treat(
        task(1),
        defaults={"command": ["a"], "timeout": 1, "retry": {"attempts": 2}},
        rules=[rule(timeout=2, trigger_rule="all_done"), rule(timeout=3)],
    )

    assert treatment.fields == {
        "action": Command(argv=("a",)),
        "timeout": 3,
        "retry": Retry(attempts=2),
        "trigger_rule": "all_done",
    }


def test_the_plans_own_override_wins_over_every_rule() -> None:
    treatment = treat(task(1), {"timeout": 4}, defaults={"timeout": 1}, rules=[rule(timeout=2, priority="low")])

    assert (treatment.fields["timeout"], treatment.fields["priority"]) == (4, "low")


def test_a_retry_is_one_key() -> None:
    treatment = treat(task(1), defaults={"retry": {"attempts": 5, "delay": 9}}, rules=[rule(retry={"attempts": 2})])

    assert treatment.fields["retry"] == Retry(attempts=2)


def test_a_later_kind_of_action_replaces_an_earlier_one() -> None:
    assert treat(task(1), defaults={"command": "a"}, rules=[rule(noop=True)]).fields["action"] == Noop()


def test_links_merge_by_name() -> None:
    treatment = treat(
        task(1),
        defaults={"links": {"runbook": "https://example.com/all", "graphs": "http://graphs"}},
        rules=[rule(links={"runbook": "https://example.com/one"})],
        override={"links": {"ticket": "https://example.com/7"}},
    )

    assert treatment.fields["links"] == {
        "runbook": "https://example.com/one",
        "graphs": "http://graphs",
        "ticket": "https://example.com/7",
    }


def test_claims_merge_by_resource_and_none_takes_one_away() -> None:
    treatment = treat(
        task(1),
        defaults={"claims": {"db": 1, "gpu": 1, "file:a": "read"}},
        rules=[rule(claims={"db": 2, "gpu": 0, "file:b": "write"})],
    )

    assert treatment.fields["claims"] == (
        Claim(resource="db", slots=2),
        Claim(resource="file:a", mode="read"),
        Claim(resource="file:b", mode="write"),
    )


def test_the_environment_merges_by_variable_and_reaches_the_rollback_too() -> None:
    treatment = treat(
        task(1),
        defaults={"command": ["a"], "rollback": ["b"], "env": {"A": "1", "B": "1"}, "cwd": "x"},
        rules=[rule(env={"B": "2"}, cwd="y")],
    )

    assert treatment.fields["action"] == Command(argv=("a",), env={"A": "1", "B": "2"}, cwd="y")
    assert treatment.fields["rollback"] == Command(argv=("b",), env={"A": "1", "B": "2"}, cwd="y")


def test_a_later_rule_can_go_back_to_the_folder_the_run_was_started_in() -> None:
    treatment = treat(task(1), defaults={"command": ["a"], "cwd": "x"}, rules=[rule(cwd="")])

    assert treatment.fields["action"] == Command(argv=("a",))


def test_an_estimate_of_the_defaults_is_not_one_of_the_task() -> None:
    assert treat(task(1), defaults={"estimate": 60}).estimate is None
    assert treat(task(1), defaults={"estimate": 60}, rules=[rule(estimate=5)]).estimate == 5


# --- groups -----------------------------------------------------------------------------

GROUP = task(1, task(1))


def test_of_the_defaults_nothing_is_meant_for_a_group_that_only_closes() -> None:
    defaults = {"command": ["a"], "timeout": 1, "retry": {"attempts": 2}, "claims": {"db": 1}}

    assert treat(GROUP, defaults=defaults) == Treatment({}, None, has_action=True)


def test_a_rule_that_gives_a_group_an_action_gives_it_the_rest_of_the_defaults() -> None:
    treatment = treat(GROUP, defaults={"command": ["a"], "timeout": 1}, rules=[rule({"id": "1"}, command=["b"])])

    assert treatment.fields == {"action": Command(argv=("b",)), "timeout": 1}


def test_a_rule_without_an_action_still_counts_for_a_group() -> None:
    assert treat(GROUP, defaults={"command": "a"}, rules=[rule(trigger_rule="all_done")]).fields == {
        "trigger_rule": "all_done"
    }


def test_a_chosen_noop_is_told_from_no_action_at_all() -> None:
    assert treat(task(1), rules=[rule(noop=True)]).has_action
    assert not treat(task(1), rules=[rule(timeout=1)]).has_action
