from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import bad_override


def test_an_unknown_key_in_an_override_names_the_nearest_known_one() -> None:
    (finding,) = found(bad_override, task(1, metadata={"taskgraph": {"timout": "5m"}}))

    assert finding.code == "TG404"
    assert finding.severity == "error"
    assert finding.message == "the override of 1 is not understood: unknown key 'timout': did you mean 'timeout'?"
    assert finding.path == "$.master.tasks[0].metadata.taskgraph"
    assert finding.tasks == ("1",)


def test_each_bad_key_is_one_finding() -> None:
    findings = found(bad_override, task(1, metadata={"taskgraph": {"timeout": "soon", "priority": "odd"}}))

    assert [finding.message.split(": ")[1] for finding in findings] == ["'timeout'", "'priority'"]


def test_an_override_that_is_no_object_is_not_understood() -> None:
    (finding,) = found(bad_override, task(1, metadata={"taskgraph": "timeout=5m"}))

    assert finding.message == "the override of 1 is not understood: must be an object"


def test_an_error_of_the_override_as_a_whole_is_told_without_a_key() -> None:
    override = {"command": "true", "noop": True}
    (finding,) = found(bad_override, task(1, metadata={"taskgraph": override}), profile={"trust_plan_actions": True})

    assert finding.message.endswith("not understood: a task does one thing: choose between command and noop")


def test_numbers_no_clock_can_hold_are_not_understood() -> None:
    text = '{"tasks": [{"id": 1, "metadata": {"taskgraph": {"estimate": %s}}}]}'
    for number in ("1e400", "-1", "9" * 400):
        (finding,) = found(bad_override, text=text % number)

        assert finding.message.endswith("a duration is not negative, and not longer than a hundred years")


def test_metadata_of_others_is_none_of_our_business() -> None:
    assert not found(bad_override, task(1, metadata={"jira": {"timout": 3}}), task(2, metadata=["x"]), task(3))


def test_a_sound_override_is_silent() -> None:
    override = {"timeout": "5m", "retry": {"attempts": 3}, "claims": {"file:out": "write"}, "estimate": 1.5}
    assert not found(bad_override, task(1, metadata={"taskgraph": override}))
