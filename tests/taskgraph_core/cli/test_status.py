from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.engine import Engine, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.command import Command

KEYS = {
    *("run_id", "graph_id", "state", "started", "ended", "seconds", "directory", "engine", "max_parallel", "held_by"),
    *("stopping", "tasks", "counts", "undone", "states", "running", "retrying", "waiting", "failures"),
}


def as_json(command: Command) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(command("status", "--format", "json").out)
    assert set(content) == KEYS
    return content


@pytest.fixture
def live(command: Command, tmp_path: Path) -> Iterator[Engine]:
    """A run of which task 1 failed, 2 rests before a retry, 3 has the database, 4 waits for it and 5 runs."""
    profile = """
[resources]
db = 1
[[rules]]
match = { id = "1" }
command = "echo broken; exit 3"
[[rules]]
match = { id = "2" }
command = "exit 1"
retry = { attempts = 2, delay = "1h" }
[[rules]]
match = { id = "3" }
claims = { db = 1 }
[[rules]]
match = { id = "4" }
claims = { db = 1 }
"""
    engine = Engine(tmp_path, tasks=5, profile=profile, words=("-j", "3"))
    until(lambda: sorted(engine.started()) == ["3", "5"])
    until(lambda: len(as_json(command)["retrying"]) == 1)
    yield engine
    engine.close()


def test_a_run_that_goes_on_says_what_runs_what_waits_and_what_failed(command: Command, live: Engine) -> None:
    now = as_json(command)

    assert (now["state"], now["tasks"], now["max_parallel"], now["ended"]) == ("running", 5, 3, None)
    assert now["engine"]["pid"] == live.process.pid
    assert now["counts"] == {"failed": 1, "running": 2, "retrying": 1, "waiting": 1}
    assert now["states"] == {"1": "failed"}
    assert [one["task"] for one in now["running"]] == ["3", "5"]
    assert all(one["seconds"] >= 0 and one["attempt"] == 1 and not one["undo"] for one in now["running"])
    assert [(one["task"], one["attempt"]) for one in now["retrying"]] == [("2", 2)]
    assert now["waiting"] == [{"task": "4", "waits_for": ["db"]}]
    (failure,) = now["failures"]
    assert (failure["task"], failure["error"]) == ("1", "exit code 3")
    assert "broken" in Path(failure["log"]).read_text()


def test_people_are_told_the_same(command: Command, live: Engine) -> None:
    out = command("status").out

    assert re.search(r"^run \S+ of live: running$", out, re.MULTILINE)
    assert f"by process {live.process.pid} on" in out
    assert "at most 3 at a time" in out
    assert re.search(r"^  3 Task 3 +\d+:\d\d$", out, re.MULTILINE)
    assert re.search(r"^  2 Task 2 +attempt 2 of 2 +in [\d:]+$", out, re.MULTILINE)
    assert re.search(r"^  4 Task 4 +waits for db$", out, re.MULTILINE)
    assert re.search(r"^  1 Task 1: exit code 3\n    log: .taskgraph/runs/\S+/logs/1.1.log$", out, re.MULTILINE)


def test_a_run_that_broke_off_is_said_to_be_interrupted(command: Command, live: Engine) -> None:
    live.process.kill()
    live.process.wait()

    now = as_json(command)
    assert (now["state"], now["engine"], now["ended"]) == ("interrupted", None, None)
    out = command("status").out
    assert "interrupted" in out
    assert "--resume" in out
    assert "running when the engine ended" in out


def test_a_run_that_ended_has_a_state_for_every_task(command: Command, plan: Path) -> None:
    (plan.parent / "taskgraph.toml").write_text('[defaults]\ncommand = "exit 3"\n')
    command("run", plan)

    now = as_json(command)

    assert now["state"] == "failed"
    assert now["states"] == {"1": "failed", "2": "upstream_failed"}
    assert now["ended"] >= now["started"]
    assert now["running"] == now["waiting"] == now["retrying"] == []
    assert [failure["task"] for failure in now["failures"]] == ["1"]


def test_what_could_not_be_undone_is_told(command: Command, plan: Path) -> None:
    (plan.parent / "taskgraph.toml").write_text(
        '[run]\nrollback = true\n[defaults]\ncommand = "[ $TASKGRAPH_TASK_ID = 1 ]"\nrollback = "exit 4"\n'
    )
    command("run", plan)

    failures = as_json(command)["failures"]

    assert [(one["task"], one["error"], one["undo"]) for one in failures] == [
        ("2", "exit code 1", False),
        ("1", "exit code 4", True),
    ]
    assert re.search(r"^not undone\n  1 Fetch: exit code 4$", command("status").out, re.MULTILINE)


def test_a_journal_that_is_damaged_is_no_traceback(command: Command, plan: Path) -> None:
    (plan.parent / "taskgraph.toml").write_text('[defaults]\ncommand = "true"\n')
    command("run", plan)
    (graph,) = plan.parent.glob(".taskgraph/runs/*/graph.json")
    graph.write_text("{}")

    ended = command("status")

    assert ended.code == 1
    assert "the run's graph is damaged" in ended.err
