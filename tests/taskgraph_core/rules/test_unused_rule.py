from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import unused_rule


def test_a_rule_that_matches_nothing_is_information() -> None:
    profile = {"rules": [{"match": {"id": "1"}, "timeout": 5}, {"match": {"id": "9.*"}, "timeout": 5}]}
    (finding,) = found(unused_rule, task(1), profile=profile)

    assert finding.code == "TG405"
    assert finding.severity == "info"
    assert finding.message == "rule 2 of the profile matches none of the chosen tasks: {'id': ('9.*',)}"
    assert finding.path == "rules[1]"
    assert finding.tasks == ()


def test_a_rule_for_what_is_done_matches_none_of_what_is_left() -> None:
    profile = {"rules": [{"match": {"id": "1"}, "timeout": 5}]}
    assert len(found(unused_rule, task(1, status="done"), task(2), profile=profile)) == 1


def test_rules_that_are_used_are_silent() -> None:
    profile = {"rules": [{"match": {"id": "*"}, "timeout": 5}, {"match": {"title": "task*"}, "timeout": 6}]}
    assert not found(unused_rule, task(1), task(2), profile=profile)


def test_an_override_does_not_hide_that_a_rule_is_used() -> None:
    profile = {"rules": [{"match": {"id": "1"}, "timeout": 5}]}
    assert not found(unused_rule, task(1, metadata={"taskgraph": {"timeout": 6}}), profile=profile)
