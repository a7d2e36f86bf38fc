"""One whole Airflow for all tests here, started by the first that asks: PostgreSQL where there is one, else SQLite.

Every test brings DAGs of its own ids, so that none sees another's.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider.commands.applying import carry_out, steps
from airflow_provider.commands.written import read_pools
from airflow_provider.generating.target import TARGET, AirflowOptions
from airflow_provider.local import LocalAirflow
from airflow_provider.rest.pools import live_pools
from taskgraph_core.servers.postgres import programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taskgraph_core.ir import TaskGraph

collect_ignore_glob = [] if find_spec("airflow") else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A whole Airflow takes its time, most of all on a machine that does other things as well."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAirflow]:
    home = tmp_path_factory.mktemp("airflow")
    with LocalAirflow(home, database="postgresql" if programs() else "sqlite") as running:
        yield running


@pytest.fixture
def deploy(airflow: LocalAirflow) -> Callable[..., str]:
    """Generate a graph's DAG, create its pools, put it into the DAGs folder and wait until Airflow lists it; its id."""

    def bring(graph: TaskGraph, **options: Any) -> str:
        made = TARGET.generate(graph, AirflowOptions(**options))
        for name, text in made.files.items():
            (airflow.dags / name).write_text(text)
        for step in steps(read_pools(airflow.dags / f"{graph.id}.pools.json"), live_pools(airflow.api)):
            carry_out(step, airflow.api)
        airflow.until_listed(graph.id)
        return graph.id

    return bring
