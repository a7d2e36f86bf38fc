from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command


@pytest.fixture
def profile(plan: Path) -> Path:
    place = plan.parent / "taskgraph.toml"
    place.write_text('[defaults]\ncommand = "echo $TASKGRAPH_TASK_ID >> order.txt"\n')
    return place


def test_a_run_does_the_work_in_order(command: Command, plan: Path, profile: Path) -> None:
    ended = command("run", plan)

    assert ended.code == 0
    assert (plan.parent / "order.txt").read_text().split() == ["1", "2"]


def test_the_last_line_for_machines_is_the_summary(command: Command, plan: Path, profile: Path) -> None:
    ended = command("run", plan, "--format", "json")

    summary = json.loads(ended.out.splitlines()[-1])
    assert set(summary) == {"run_id", "state", "states", "seconds"}
    assert summary["state"] == "success"
    assert summary["states"] == {"1": "success", "2": "success"}


def test_a_failed_task_fails_the_command(command: Command, plan: Path, profile: Path) -> None:
    profile.write_text('[defaults]\ncommand = "exit 3"\n')

    ended = command("run", plan, "--format", "json")

    assert ended.code == 1
    assert json.loads(ended.out.splitlines()[-1])["states"] == {"1": "failed", "2": "upstream_failed"}


def test_a_plan_without_any_action_is_not_run_as_if_it_were_done(command: Command, plan: Path) -> None:
    ended = command("run", plan)

    assert ended.code == 1
    assert "taskgraph init" in ended.err


def test_a_simulation_executes_nothing(command: Command, plan: Path, profile: Path) -> None:
    ended = command("run", plan, "--simulate", "--format", "json")

    assert ended.code == 0
    assert json.loads(ended.out.splitlines()[-1])["seconds"] == 120
    assert not (plan.parent / "order.txt").exists()


def test_init_writes_a_profile_that_is_understood_and_never_overwrites_one(command: Command, plan: Path) -> None:
    first = command("init", plan)
    assert first.code == 0
    assert command("check", plan).code == 0

    second = command("init", plan)
    assert second.code == 2
    assert "taskgraph.toml" in second.err


# --- going on with a run ----------------------------------------------------------------------

FLAKY = '[defaults]\ncommand = "echo $TASKGRAPH_TASK_ID >> order.txt; test $TASKGRAPH_TASK_ID = 1 -o -e ok"\n'


def order(plan: Path) -> list[str]:
    return (plan.parent / "order.txt").read_text().split()


@pytest.fixture
def failed(command: Command, plan: Path, profile: Path) -> str:
    """The id of a run in which task 1 succeeded and task 2 failed; now it would succeed."""
    profile.write_text(FLAKY)
    ended = command("run", plan, "--format", "json")
    assert ended.code == 1
    (plan.parent / "ok").touch()
    run_id: str = json.loads(ended.out.splitlines()[-1])["run_id"]
    return run_id


@pytest.mark.parametrize(
    "words", [["--resume"], ["--resume", "{}"], ["--resume", "last"], ["--resume", "--format", "json"]]
)
def test_a_failed_run_is_resumed_without_repeating_anything(
    command: Command, plan: Path, failed: str, words: list[str]
) -> None:
    ended = command("run", plan, *(word.format(failed) for word in words))

    assert ended.code == 0
    assert order(plan) == ["1", "2", "2"]
    assert failed in ended.out


def test_a_run_is_resumed_by_its_folder_from_anywhere(command: Command, plan: Path, failed: str) -> None:
    assert command("run", plan, "--resume", plan.parent / ".taskgraph/runs" / failed).code == 0
    assert order(plan) == ["1", "2", "2"]


def test_a_run_that_succeeded_is_no_failure_to_resume(command: Command, plan: Path, profile: Path) -> None:
    command("run", plan)

    ended = command("run", plan, "--resume", "--format", "json")

    assert ended.code == 0
    assert "nothing is left to do" in ended.err
    assert json.loads(ended.out.splitlines()[-1])["states"] == {"1": "success", "2": "success"}
    assert order(plan) == ["1", "2"]


def test_tasks_marked_done_meanwhile_are_no_change_of_the_plan(command: Command, plan: Path, failed: str) -> None:
    plan.write_text(plan.read_text().replace('"pending"', '"done"', 1))

    assert command("run", plan, "--resume").code == 0
    assert order(plan) == ["1", "2", "2"]


def test_a_changed_plan_is_explained_and_accepted_only_on_request(
    command: Command, plan: Path, profile: Path, failed: str
) -> None:
    profile.write_text(FLAKY + '[[rules]]\nmatch = { id = "2" }\ncommand = "echo two >> order.txt"\n')

    refused = command("run", plan, "--resume")
    assert refused.code == 1
    assert "2: command changed" in refused.err
    assert "--accept-changes" in refused.err

    assert command("run", plan, "--resume", "--accept-changes").code == 0
    assert order(plan) == ["1", "2", "two"]


def test_a_task_that_was_added_to_the_plan_is_a_change(command: Command, plan: Path, failed: str) -> None:
    document = json.loads(plan.read_text())
    document["master"]["tasks"].append({"id": 9, "title": "New", "status": "pending", "dependencies": []})
    plan.write_text(json.dumps(document))

    refused = command("run", plan, "--resume")

    assert refused.code == 1
    assert "9: added" in refused.err


def test_the_run_that_is_resumed_is_one_of_the_same_plan(command: Command, plan: Path, failed: str) -> None:
    document = json.loads(plan.read_text())
    document["other"]["tasks"][0]["dependencies"] = []
    plan.write_text(json.dumps(document))
    assert command("run", plan, "--tag", "other").code == 0

    assert command("run", plan, "--resume").code == 0
    assert order(plan) == ["1", "2", "1", "2"]


@pytest.mark.parametrize("run", [[], ["nothing"], ["../.."], ["/nowhere"], ["\x1b[31m"]])
def test_a_run_that_does_not_exist_is_an_error_of_three_lines(
    command: Command, plan: Path, profile: Path, run: list[str]
) -> None:
    ended = command("run", plan, "--resume", *run)

    assert ended.code == 1
    assert ended.err.startswith("error: ")
    assert "\x1b" not in ended.err
    assert not (plan.parent / "order.txt").exists()


def test_a_damaged_journal_is_an_error_of_three_lines(command: Command, plan: Path, failed: str) -> None:
    journal = plan.parent / ".taskgraph/runs" / failed / "journal.db"
    content = bytearray(journal.read_bytes())
    content[-100] ^= 1
    journal.write_bytes(content)

    ended = command("run", plan, "--resume")

    assert ended.code == 1
    assert "the journal is damaged" in ended.err
    assert order(plan) == ["1", "2"]


def test_a_simulation_is_not_resumed(command: Command, plan: Path, profile: Path) -> None:
    assert command("run", plan, "--simulate", "--resume").code == 2


def test_a_durable_run_does_the_work_too(command: Command, plan: Path, profile: Path) -> None:
    assert command("run", plan, "--durable").code == 0
    assert order(plan) == ["1", "2"]
