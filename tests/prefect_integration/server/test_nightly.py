"""The nightly example, deployed and carried out by a worker, does what it does on this machine.

A good night and one that fails run at the same time, and share the warehouse by the server's limit.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from prefect_integration.generating.target import PrefectOptions, generate
from prefect_integration.local.occupancy import peak, span
from taskgraph_core.compile import Request, compile_request
from taskgraph_core.generate import write_files

if TYPE_CHECKING:
    from datetime import datetime

    from prefect_integration.local import LocalPrefect

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "nightly"
TASKGRAPH = Path(sys.executable).with_name("taskgraph")
POOL = "tests"
CAN_BE_UNDONE = ("2.1", "2.2", "2.3", "7")


@dataclass(frozen=True)
class Night:
    """One run of the example in Prefect, in a copy of its folder, and what it left there."""

    project: Path
    run_id: str
    state: dict[str, Any]
    task_runs: list[dict[str, Any]]
    tables: dict[str, list[tuple[object, ...]]]
    page: str

    def of(self, task_id: str, *, undo: bool = False) -> list[dict[str, Any]]:
        """The attempts of a task, or to undo it, in order."""
        return [
            each
            for each in self.task_runs
            if f"task:{task_id}" in each["tags"] and each["name"].startswith("undo ") == undo
        ]

    def span(self, task_id: str, *, undo: bool = False) -> tuple[datetime, datetime]:
        """From when until when a task ran that was tried once."""
        (one,) = self.of(task_id, undo=undo)
        ran = span(one)
        assert ran is not None
        return ran

    @property
    def states(self) -> dict[str, str]:
        """How each task ended."""
        ids = {tag.removeprefix("task:") for each in self.task_runs for tag in each["tags"] if tag.startswith("task:")}
        return {task_id: self.of(task_id)[-1]["state_name"] for task_id in ids}


def copy(place: Path) -> Path:
    return shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("out", ".taskgraph", "__pycache__"))


def deploy(prefect: LocalPrefect, project: Path, flow: str) -> str:
    """Deploy the example of a folder as a flow of some name; without its schedule, which would start one more run."""
    graph = compile_request(Request(str(project))).graph.model_copy(update={"id": flow, "schedule": None})
    write_files(generate(graph, PrefectOptions(work_pool=POOL)).files, project)
    limits = str(project / f"{flow}.limits.json")
    subprocess.run([TASKGRAPH, "prefect", "apply", limits, "--url", prefect.url], check=True, capture_output=True)
    prefect.command("deploy", "--all", cwd=project)
    return f"{flow}/{flow}"


@pytest.fixture(scope="module")
def nights(prefect: LocalPrefect, tmp_path_factory: pytest.TempPathFactory) -> tuple[Night, Night]:
    """A good night, and one that fails."""
    projects = [copy(tmp_path_factory.mktemp("night") / flow) for flow in ("nightly_good", "nightly_bad")]
    (projects[1] / "out").mkdir()
    (projects[1] / "out" / "fail").touch()
    deployments = [deploy(prefect, project, project.name) for project in projects]
    run_ids = [prefect.run_deployment(deployment) for deployment in deployments]
    states = [prefect.until_ended(run_id) for run_id in run_ids]
    good, bad = (
        Night(project, run_id, state, prefect.recorded(run_id), tables(project), page(project))
        for project, run_id, state in zip(projects, run_ids, states, strict=True)
    )
    return good, bad


def tables(project: Path) -> dict[str, list[tuple[object, ...]]]:
    """What is in the warehouse."""
    with closing(sqlite3.connect(project / "out" / "warehouse.sqlite")) as database:
        names = [name for (name,) in database.execute("select name from sqlite_master order by name")]
        return {name: database.execute(f"select * from {name} order by 1").fetchall() for name in names}  # noqa: S608 - of our own


def page(project: Path) -> str:
    """What is published, if anything is."""
    place = project / "out" / "current.html"
    return place.read_text() if place.exists() else ""


def test_a_night_ends_with_what_a_local_run_makes(nights: tuple[Night, Night], tmp_path: Path) -> None:
    good, _ = nights
    here = copy(tmp_path / "here")
    subprocess.run([TASKGRAPH, "run", here], check=True, capture_output=True)

    assert good.state["type"] == "COMPLETED"
    assert set(good.states.values()) == {"Completed"}
    assert (good.tables, good.page) == (tables(here), page(here))


def test_the_busy_service_is_asked_again_and_nothing_else_is(
    prefect: LocalPrefect, nights: tuple[Night, Night]
) -> None:
    good, _ = nights

    assert [each["state_name"] for each in good.of("1.3")] == ["Failed", "Completed"]
    said = prefect.api.every("logs", logs={"task_run_id": {"any_": [good.of("1.3")[0]["id"]]}})
    assert "busy" in "\n".join(line["message"] for line in said)
    assert [task_id for task_id in good.states if len(good.of(task_id)) > 1] == ["1.3"]


def test_two_nights_together_never_take_more_than_the_warehouse_has(
    prefect: LocalPrefect, nights: tuple[Night, Night]
) -> None:
    limit = prefect.api.get("v2", "concurrency_limits", "tag:resource:warehouse")

    assert (limit["limit"], limit["active_slots"]) == (2, 0)
    assert peak([each for night in nights for each in night.task_runs])["resource:warehouse"] <= 2


def test_a_writer_and_a_reader_never_meet(nights: tuple[Night, Night]) -> None:
    for night in nights:
        first, second = sorted([night.span("4"), night.span("5")])

        assert first[1] <= second[0]


def test_a_good_night_undoes_nothing(nights: tuple[Night, Night]) -> None:
    good, _ = nights

    assert [each["name"] for each in good.task_runs if each["name"].startswith("undo ")] == []


def test_a_night_that_fails_is_undone_in_reverse_order(nights: tuple[Night, Night]) -> None:
    _, bad = nights

    assert bad.state["type"] == "FAILED"
    assert {task_id for task_id, state in bad.states.items() if state != "Completed"} == {"8"}
    begun = {task_id: bad.span(task_id, undo=True)[0] for task_id in CAN_BE_UNDONE}
    assert bad.span("9")[1] <= min(begun.values())
    assert bad.span("7", undo=True)[1] <= min(begun[task_id] for task_id in CAN_BE_UNDONE if task_id != "7")
    assert bad.tables.keys() == {"summary"}
    assert bad.page == ""


def test_a_failed_night_that_is_retried_does_only_what_failed_or_was_undone(
    prefect: LocalPrefect, nights: tuple[Night, Night]
) -> None:
    good, bad = nights
    (bad.project / "out" / "fail").unlink()

    prefect.command("flow-run", "retry", bad.run_id)

    assert prefect.until_ended(bad.run_id)["type"] == "COMPLETED"
    before = {each["id"] for each in bad.task_runs}
    later = [each for each in prefect.recorded(bad.run_id) if each["id"] not in before]
    anew = {tag for each in later if each["state_name"] != "Cached" for tag in each["tags"] if tag.startswith("task:")}
    assert anew == {f"task:{task_id}" for task_id in (*CAN_BE_UNDONE, "8")}
    assert (tables(bad.project), page(bad.project)) == (good.tables, good.page)
