"""Retrying and cancelling runs that a worker carries out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect_integration.generating.target import PrefectOptions, generate
from support.graphs import graph_of
from taskgraph_core.generate import write_files
from taskgraph_core.ir import Command, Policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prefect_integration.local import LocalPrefect
    from taskgraph_core.ir import TaskGraph

POOL = "tests"


def notes(log: Path, word: str, line: str = "") -> Command:
    return Command(argv=("/bin/sh", "-c", f"echo {word} $TASKGRAPH_TASK_ID >> {log}; {line}"))


def begin(prefect: LocalPrefect, graph: TaskGraph, folder: Path) -> str:
    """Deploy a graph and start a run of it; its id."""
    write_files(generate(graph, PrefectOptions(work_pool=POOL)).files, folder)
    prefect.command("deploy", "--all", cwd=folder)
    return prefect.run_deployment(f"{graph.id}/{graph.id}")


def until_it_runs_again(prefect: LocalPrefect, run_id: str) -> None:
    """``flow-run retry`` returns when the run is scheduled, which is no final state."""
    assert prefect.api.get("flow_runs", run_id)["state"]["type"] not in ("FAILED", "CANCELLED", "CRASHED")


def test_a_retry_through_the_worker_repeats_nothing_that_was_done(prefect: LocalPrefect, tmp_path: Path) -> None:
    log = tmp_path / "log"
    tasks = {
        "a": {"action": notes(log, "do")},
        "b": {"action": notes(log, "do", f"test -e {tmp_path}/repaired"), "rollback": notes(log, "undo")},
        "c": {"action": notes(log, "do")},
    }
    run_id = begin(prefect, graph_of("a", "b < a", "c < b", tasks=tasks, id="retried"), tmp_path)
    first = prefect.until_ended(run_id)
    (tmp_path / "repaired").touch()
    prefect.command("flow-run", "retry", run_id)
    until_it_runs_again(prefect, run_id)
    second = prefect.until_ended(run_id)

    assert log.read_text().splitlines() == ["do a", "do b", "do b", "do c"]
    assert (first["type"], second["type"]) == ("FAILED", "COMPLETED")
    assert second["message"] == "3 success"


def test_a_cancelled_run_ends_what_runs_is_rolled_back_and_can_be_retried(
    prefect: LocalPrefect, tmp_path: Path, written: Callable[[Path], str], gone: Callable[[int], None]
) -> None:
    log = tmp_path / "log"
    once = f"test -e {tmp_path}/leader || {{ echo $$ > {tmp_path}/leader; exec sleep 600; }}"
    tasks = {
        "a": {"action": notes(log, "do"), "rollback": notes(log, "undo")},
        "b": {"action": notes(log, "do", once), "rollback": notes(log, "undo")},
    }
    graph = graph_of("a", "b < a", tasks=tasks, policy=Policy(rollback=True), id="cancelled")
    run_id = begin(prefect, graph, tmp_path)
    leader = int(written(tmp_path / "leader"))
    prefect.command("flow-run", "cancel", run_id)
    first = prefect.until_ended(run_id)
    gone(leader)
    after_the_cancel = log.read_text().splitlines()
    prefect.command("flow-run", "retry", run_id)
    until_it_runs_again(prefect, run_id)
    second = prefect.until_ended(run_id)

    assert first["type"] == "CANCELLED"
    assert after_the_cancel == ["do a", "do b", "undo a"]
    assert second["message"] == "2 success"
    assert log.read_text().splitlines()[3:] == ["do a", "do b"]
