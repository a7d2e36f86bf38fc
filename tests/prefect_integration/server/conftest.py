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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A whole Prefect takes its time, most of all on a machine that does other things as well."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPrefect]:
    with LocalPrefect(tmp_path_factory.mktemp("prefect"), database="postgresql" if programs() else "sqlite") as running:
        running.serve_pool(POOL)
        yield running
