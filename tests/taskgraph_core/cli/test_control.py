"""Orders to a run that goes on in another process."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.engine import Engine, until
from taskgraph_core.cli import control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.command import Command

ORDERS: list[tuple[str, ...]] = [("cancel",), ("pause",), ("resume",), ("limit", "-j", "2")]


@pytest.fixture
def engine(tmp_path: Path, command: Command) -> Iterator[Callable[..., Engine]]:
    engines: list[Engine] = []

    def start(*words: str, **options: Any) -> Engine:
        made = Engine(tmp_path, words=words, **options)
        engines.append(made)
        until(made.started)
        return made

    yield start
    for made in engines:
        made.close()


def standing(command: Command) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(command("status", "--format", "json").out)
    return content


def test_a_run_is_paused_limited_and_resumed(command: Command, engine: Callable[..., Engine]) -> None:
    live = engine("-j", "1")

    paused = command("pause", "last")
    assert (paused.code, paused.err) == (0, "")
    assert "nothing new starts, because it was paused" in paused.out
    live.let(1)
    until(lambda: standing(command)["counts"].get("success") == 1)
    time.sleep(0.2)
    now = standing(command)
    assert (now["state"], now["max_parallel"], now["running"]) == ("running", 0, [])
    assert live.started() == ["1"]

    assert "at most 2 after that" in command("limit", "last", "-j", "2").out
    assert "at most 2 at a time" in command("resume", "last").out
    until(lambda: live.started() == ["1", "2", "3"])
    assert command("limit", "last", "-j", "1").code == 0
    live.let(2, 3)
    code, out = live.wait()
    assert code == 0
    assert "success" in out


def test_a_cancelled_run_ends_and_says_why(command: Command, engine: Callable[..., Engine]) -> None:
    live = engine("-j", "1")

    assert "stopping, because it was cancelled" in command("cancel", "last").out
    code, out = live.wait()
    assert code == 1
    assert "it was cancelled" in out
    now = standing(command)
    assert (now["state"], now["stopping"]) == ("failed", "it was cancelled")
    assert set(now["states"].values()) == {"cancelled"}


def test_a_paused_run_that_is_cancelled_ends(command: Command, engine: Callable[..., Engine]) -> None:
    live = engine("-j", "1")
    command("pause", "last")
    live.let(1)
    until(lambda: not standing(command)["running"])

    assert command("cancel", "last").code == 0
    assert live.wait()[0] == 1


def test_a_run_is_named_by_how_its_id_begins_and_from_any_folder(
    command: Command, engine: Callable[..., Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = engine()
    run_id = standing(command)["run_id"]
    (tmp_path / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep/er")

    assert run_id in command("limit", run_id[:12], "-j", "3").out
    monkeypatch.chdir("/")
    assert command("limit", "last", "-j", "3", "--project", tmp_path).code == 0
    assert command("cancel", f"{tmp_path}/.taskgraph/runs/{run_id}").code == 0
    live.wait()


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order[0])
def test_a_run_whose_engine_was_killed_takes_no_orders_but_can_be_resumed(
    command: Command, engine: Callable[..., Engine], order: tuple[str, ...]
) -> None:
    live = engine()
    live.process.kill()
    live.process.wait()

    refused = command(order[0], "last", *order[1:])

    assert refused.code == 1
    assert "--resume" in refused.err
    assert standing(command)["state"] == "interrupted"


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order[0])
def test_a_run_that_ended_takes_no_orders(command: Command, plan: Path, order: tuple[str, ...]) -> None:
    (plan.parent / "taskgraph.toml").write_text('[defaults]\ncommand = "true"\n')
    command("run", plan)

    refused = command(order[0], "last", *order[1:])

    assert refused.code == 1
    assert "ended already: success" in refused.err


def test_an_engine_without_a_pipe_says_so(command: Command, engine: Callable[..., Engine], tmp_path: Path) -> None:
    live = engine()
    (pipe,) = tmp_path.glob(".taskgraph/runs/*/control")
    pipe.unlink()

    refused = command("pause", "last")

    assert refused.code == 1
    assert f"kill {live.process.pid}" in refused.err


def test_an_engine_that_does_not_answer_is_not_taken_at_its_word(
    command: Command, engine: Callable[..., Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "PATIENCE", 0.2)
    engine()
    (pipe,) = tmp_path.glob(".taskgraph/runs/*/control")
    pipe.unlink()
    os.mkfifo(pipe)
    other = os.open(pipe, os.O_RDWR)  # which reads nothing
    refused = command("pause", "last")
    os.close(other)

    assert refused.code == 1
    assert "did not answer" in refused.err


def test_no_limit_is_below_one(command: Command, tmp_path: Path) -> None:
    assert command("limit", "last", "-j", "0").code == 2


@pytest.mark.parametrize("words", [("status",), ("runs",), ("pause", "last")])
def test_where_nothing_was_run_there_is_nothing_to_order(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    refused = command(*words)
    assert refused.code == 2
    assert "--project" in refused.err


def test_a_name_must_fit_one_run(command: Command, plan: Path) -> None:
    (plan.parent / "taskgraph.toml").write_text('[defaults]\ncommand = "true"\n')
    command("run", plan)
    run_id = json.loads(command("status", "--format", "json").out)["run_id"]
    folder = plan.parent / ".taskgraph/runs"
    shutil.copytree(folder / run_id, folder / f"{run_id}x")

    assert command("status", run_id).code == 0
    ambiguous = command("status", run_id[:4])
    assert ambiguous.code == 2
    assert "2 runs begin with" in ambiguous.err
    unknown = command("status", "nothing\x1b[2J")
    assert unknown.code == 2
    assert run_id in unknown.err
    assert "\x1b" not in unknown.err
