"""The nightly example in the real scheduler does what it does on this machine."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_provider.local.occupancy import Interval, intervals, peak
from taskgraph_core.compile import Request, compile_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider.local import LocalAirflow

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "nightly"
TASKGRAPH = Path(sys.executable).with_name("taskgraph")
CAN_BE_UNDONE = ("t2_1", "t2_2", "t2_3", "t7")


class Night:
    """One run of the example in Airflow, in a copy of its folder."""

    def __init__(self, airflow: LocalAirflow, dag_id: str) -> None:
        self.run_id, self.state = airflow.run(dag_id)
        tasks = airflow.tasks(dag_id, self.run_id)
        self.states = {task["task_id"]: task["state"] for task in tasks}
        self.tries = {task["task_id"]: task["try_number"] for task in tasks}
        self.intervals = intervals(airflow.database_url, [dag_id])

    def interval(self, task_id: str) -> Interval:
        """When a task ran that was tried once."""
        (found,) = [each for each in self.intervals if each.task_id == task_id]
        return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy(tmp_path / "nightly")


def copy(place: Path) -> Path:
    return shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("out", ".taskgraph", "__pycache__"))


@pytest.fixture
def spend(airflow: LocalAirflow, deploy: Callable[..., str]) -> Callable[[Path, str], Night]:
    """Run the example of a folder as a DAG of some id; without its schedule, which would start one more run."""

    def run(project: Path, dag_id: str) -> Night:
        graph = compile_request(Request(str(project))).graph.model_copy(update={"id": dag_id, "schedule": None})
        return Night(airflow, deploy(graph, project_dir=str(project)))

    return run


def tables(project: Path) -> dict[str, list[tuple[object, ...]]]:
    """What is in the warehouse."""
    with closing(sqlite3.connect(project / "out" / "warehouse.sqlite")) as database:
        names = [name for (name,) in database.execute("select name from sqlite_master order by name")]
        return {name: database.execute(f"select * from {name} order by 1").fetchall() for name in names}  # noqa: S608 - of our own


def page(project: Path) -> str:
    return (project / "out" / "current.html").read_text()


def overlap(one: Interval, other: Interval) -> bool:
    return one.start < other.end and other.start < one.end


def test_a_night_ends_with_what_a_local_run_makes(
    airflow: LocalAirflow, spend: Callable[[Path, str], Night], project: Path, tmp_path: Path
) -> None:
    here = copy(tmp_path / "here")
    subprocess.run([TASKGRAPH, "run", here], check=True, capture_output=True)

    night = spend(project, "nightly_good")

    assert night.state == "success"
    forward = {name: state for name, state in night.states.items() if name.startswith("t")}
    assert set(forward.values()) == {"success"}
    assert (tables(project), page(project)) == (tables(here), page(here))
    # It is tried again after the first attempt, which fails on purpose.
    assert night.tries["t1_3"] == 2
    assert "busy" in airflow.log("nightly_good", night.run_id, "t1_3", attempt=1)
    assert [name for name, tries in night.tries.items() if tries > 1] == ["t1_3"]
    # The pool was full, and never more than that; the writer of the summary and its reader never met.
    assert peak(night.intervals)["taskgraph_warehouse"] == 2
    assert not overlap(night.interval("t4"), night.interval("t5"))
    assert night.interval("t4").pool == night.interval("t5").pool != "default_pool"
    # Nothing was undone.
    assert {night.states[f"undo_{name}"] for name in CAN_BE_UNDONE} == {"skipped"}


def test_a_night_that_fails_is_undone_in_reverse_order(spend: Callable[[Path, str], Night], project: Path) -> None:
    (project / "out").mkdir()
    (project / "out" / "fail").touch()

    night = spend(project, "nightly_bad")

    assert night.state == "failed"
    assert night.states["t8"] == "failed"
    assert night.states["t9"] == "success"
    assert {night.states[f"undo_{name}"] for name in CAN_BE_UNDONE} == {"success"}
    begun = [night.interval(f"undo_{name}").start for name in CAN_BE_UNDONE]
    assert night.interval("t9").end <= min(begun)
    assert night.interval("undo_t7").end <= min(begun[:-1])
    assert tables(project).keys() == {"summary"}
    assert not (project / "out" / "current.html").exists()
