"""A real Airflow of its own: a home in a temporary folder, a migrated SQLite, an empty DAGs folder.

Where Airflow is not installed, nothing here is collected.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_provider.generating.names import task_names
from airflow_provider.generating.target import TARGET, AirflowOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.sdk import DAG

    from taskgraph_core.ir import TaskGraph

collect_ignore_glob: list[str] = []

if find_spec("airflow") is None:
    collect_ignore_glob.append("test_*.py")
else:
    # Airflow settles where it lives when it is imported, which the test files do.
    HOME = Path(tempfile.mkdtemp(prefix="taskgraph-airflow-"))
    os.environ |= {
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }
    (HOME / "dags").mkdir()
    with warnings.catch_warnings(action="ignore"):
        from airflow.dag_processing.dagbag import DagBag


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What Airflow warns of in its own code is no error here; one test sees to the warnings that are ours."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[None]:
    subprocess.run([Path(sys.executable).with_name("airflow"), "db", "migrate"], check=True, capture_output=True)
    yield
    gc.collect()  # Airflow leaves the program of a timed-out task open; found later, that would be an error of ours
    shutil.rmtree(HOME)


@pytest.fixture
def dags_folder() -> Path:
    return HOME / "dags"


@pytest.fixture(scope="session")
def load() -> Callable[[Path], DAG]:
    """The DAG of a file as Airflow reads it, which has nothing to object."""

    def read(place: Path) -> DAG:
        bag = DagBag(place, bundle_path=place.parent, bundle_name="dags-folder")
        assert not bag.import_errors
        assert not bag.captured_warnings
        (dag,) = bag.dags.values()
        return dag

    return read


@dataclass(frozen=True)
class Run:
    """How a run ended: the run itself, and every task by the plan's id."""

    state: str
    tasks: dict[str, str]
    tries: dict[str, int]


@pytest.fixture
def run(dags_folder: Path, load: Callable[[Path], DAG]) -> Iterator[Callable[..., Run]]:
    """Generate a graph's DAG and run it; each call reads the whole folder again, so it holds one file at a time.

    Tasks run in this process, and leave behind what a process of their own would take with it.
    """
    environment, here = dict(os.environ), Path.cwd()

    def carry_out(graph: TaskGraph, *, project_dir: str = "", with_provider: bool = False) -> Run:
        made = TARGET.generate(graph, AirflowOptions(project_dir=project_dir, with_provider=with_provider))
        place = dags_folder / f"{graph.id}.py"
        place.write_text(made.files[place.name])
        ended = load(place).test()
        ids = {name: task_id for task_id, name in task_names(graph.by_id).items()}
        instances = ended.get_task_instances()
        return Run(
            str(ended.state),
            {ids.get(instance.task_id, instance.task_id): str(instance.state) for instance in instances},
            {ids.get(instance.task_id, instance.task_id): instance.try_number for instance in instances},
        )

    yield carry_out
    os.chdir(here)
    os.environ.clear()
    os.environ.update(environment)
    for place in dags_folder.iterdir():
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()
