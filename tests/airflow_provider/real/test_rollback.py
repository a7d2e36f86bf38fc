"""What is undone, and in which order, as ``dag.test()`` shows it: one task after the other in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.graphs import graph_of
from taskgraph_core.ir import Command, Policy, Python, Retry, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BACK = Policy(rollback=True)


def line(text: str) -> Command:
    """A shell line."""
    return Command.model_validate({"shell": text})


def step(name: str, command: str = "true", undo: str = "true", **fields: Any) -> dict[str, Any]:
    return {"action": line(command), "rollback": line(f"echo {name} >> undone; {undo}"), **fields}


def diamond(name: str, **steps: dict[str, Any]) -> TaskGraph:
    tasks = {number: steps.get(f"t{number}", step(number)) for number in "1234"}
    return graph_of("1", "2 < 1", "3 < 1", "4 < 2 3", id=name, policy=BACK, tasks=tasks)


def undone(folder: Path) -> list[str]:
    place = folder / "undone"
    return place.read_text().split() if place.exists() else []


@pytest.mark.parametrize(
    ("failing", "orders"),
    [("1", [[]]), ("2", [["3", "1"]]), ("4", [["2", "3", "1"], ["3", "2", "1"]])],
)
def test_what_succeeded_is_undone_in_reverse_order(
    run: Callable[..., Any], tmp_path: Path, failing: str, orders: list[list[str]]
) -> None:
    graph = diamond(f"fails-at-{failing}", **{f"t{failing}": step(failing, "false")})

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.state == "failed"
    assert undone(tmp_path) in orders
    assert {name for name in "1234" if ended.tasks[f"undo_t{name}"] == "success"} == set(orders[0])
    assert ended.tasks[f"undo_t{failing}"] == "skipped"


def test_after_a_run_in_which_nothing_failed_nothing_is_undone(run: Callable[..., Any], tmp_path: Path) -> None:
    ended = run(diamond("nothing-fails", t2=step("2", "exit 99")), project_dir=str(tmp_path))

    assert ended.state == "success"
    assert undone(tmp_path) == []
    assert ended.tasks["nothing_failed"] == "success"
    assert {ended.tasks[name] for name in ("roll_back", "undo_t1", "undo_t2", "undo_t3", "undo_t4")} == {"skipped"}


def test_undoing_goes_on_after_one_that_fails_and_is_tried_again(run: Callable[..., Any], tmp_path: Path) -> None:
    often = Retry(attempts=2, delay=0.1)
    graph = diamond(
        "fails-to-undo",
        t2=step("2", undo='test "$TASKGRAPH_ATTEMPT" = 2', retry=often),
        t3=step("3", undo="false"),
        t4=step("4", "false"),
    )

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.state == "failed"
    assert sorted(undone(tmp_path)) == ["1", "2", "2", "3"]
    assert undone(tmp_path)[-1] == "1"
    assert [ended.tasks[f"undo_t{name}"] for name in "123"] == ["success", "success", "failed"]


def test_one_that_did_not_succeed_keeps_the_order_of_those_around_it(run: Callable[..., Any], tmp_path: Path) -> None:
    """As the local engine does: 1 is undone after 3, though 2, between them, has nothing to undo."""
    graph = graph_of(
        "1",
        "2 < 1",
        "3 < 2",
        id="fails-between",
        policy=BACK,
        tasks={"1": step("1"), "2": step("2", "false"), "3": step("3", trigger_rule="all_done")},
    )

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.state == "failed"
    assert undone(tmp_path) == ["3", "1"]
    assert ended.tasks["undo_t2"] == "skipped"


def test_whoever_undoes_is_told_what(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "undoing.py").write_text(
        "import os\ndef undo(name):\n    open(name, 'w').write(os.environ['TASKGRAPH_UNDO'])\n"
    )
    graph = graph_of(
        "1",
        "2",
        "3 < 1 2",
        id="told",
        policy=BACK,
        tasks={
            "1": step("1", undo='echo "$TASKGRAPH_TASK_ID/$TASKGRAPH_TASK_TITLE/$TASKGRAPH_UNDO" > told', title="Load"),
            "2": {"action": line("true"), "rollback": Python(entry_point="undoing:undo", kwargs={"name": "called"})},
            "3": {"action": line("false")},
        },
    )

    run(graph, project_dir=str(tmp_path))

    assert (tmp_path / "told").read_text() == "1/Load/1\n"
    assert (tmp_path / "called").read_text() == "1"


def test_a_run_whose_time_is_over_is_rolled_back(run: Callable[..., Any], tmp_path: Path) -> None:
    run(graph_of("1", id="first-of-all"))  # the first run of a process takes Airflow longer than this one may
    graph = graph_of(
        "1",
        "2 < 1",
        "3 < 2",
        id="out-of-time",
        policy=Policy(rollback=True, timeout=15),
        tasks={
            "1": step("1"),
            "2": step("2", "sleep 60", retry=Retry(attempts=3, delay=60)),
            "3": step("3", trigger_rule="all_done"),
        },
    )

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.state == "failed"
    assert {name: ended.tasks[name] for name in "123"} == {"1": "success", "2": "failed", "3": "failed"}
    assert ended.tries["2"] == 1
    assert undone(tmp_path) == ["1"]
