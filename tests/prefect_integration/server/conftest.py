"""One whole Prefect with a worker for all tests here, started by the first that asks: PostgreSQL where there is one.

Every test brings flows and limits of its own names, so that none sees another's.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prefect_integration.local import LocalPrefect
from taskgraph_core.servers.postgres import programs

if TYPE_CHECKING:
    from collections.abc import Iterator

collect_ignore_glob = [] if find_spec("prefect") else ["test_*.py"]

POOL = "tests"

EAGER = {"PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS": "1"}
"""How often the server looks for leases that have ended; 15 seconds otherwise."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A whole Prefect takes its time, most of all on a machine that does other things as well."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPrefect]:
    home, database = tmp_path_factory.mktemp("prefect"), "postgresql" if programs() else "sqlite"
    with LocalPrefect(home, database=database, extra=EAGER) as running:
        running.serve_pool(POOL)
        yield running
