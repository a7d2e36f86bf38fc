"""Generated flows on a real Prefect: one server for all tests, quiet and on loopback only.

Collected only where Prefect is installed.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prefect.client.schemas.objects import TaskRun
    from prefect.states import State

    from taskgraph_core.ir import TaskGraph

PRESENT = importlib.util.find_spec("prefect") is not None
if not PRESENT:
    collect_ignore_glob = ["test_*.py"]
else:
    # Read by Prefect when it is imported. The batches make task runs appear within a second of their end.
    os.environ |= {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": tempfile.mkdtemp(prefix="prefect-home-"),
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "0.5",
    }

STATES = {
    "Completed": "success",
    "Cached": "success",
    "Skipped": "skipped",
    "Failed": "failed",
    "TimedOut": "failed",
    "Crashed": "failed",
    "UpstreamFailed": "upstream_failed",
    "Cancelled": "cancelled",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A real server takes its time, most of all on a machine that does other things as well."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session", autouse=True)
def server() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - Prefect may be missing

    with prefect_test_harness(server_startup_timeout=120):
        yield


@dataclass
class Finished:
    """One flow run, as its own state and as the server's record of its task runs."""

    state: State
    graph: TaskGraph
    runs: list[TaskRun] = field(default_factory=list)

    def of(self, task_id: str) -> list[TaskRun]:
        """The task runs of a task in the order they began, undoing left out."""
        return [run for run in self.runs if f"task:{task_id}" in run.tags and not run.name.startswith("undo ")]

    @property
    def states(self) -> dict[str, str]:
        return {task.id: STATES[self.of(task.id)[-1].state_name] for task in self.graph.tasks}

    @property
    def undone(self) -> dict[str, bool]:
        """In the order the undoing ended."""
        undo = [run for run in self.runs if run.name.startswith("undo ")]
        ids = [next(tag.removeprefix("task:") for tag in run.tags if tag.startswith("task:")) for run in undo]
        return {task_id: run.state_name == "Completed" for task_id, run in zip(ids, undo, strict=True)}


@pytest.fixture
def applied() -> Callable[[Path], list[str]]:
    """Bring a file of limits to the server; what was done with each."""
    from prefect import get_client  # noqa: PLC0415 - as above

    from prefect_integration.commands.applying import carry_out, steps  # noqa: PLC0415 - as above
    from prefect_integration.commands.written import read_limits  # noqa: PLC0415 - as above
    from prefect_integration.rest import Prefect  # noqa: PLC0415 - as above
    from prefect_integration.rest.limits import live_limits  # noqa: PLC0415 - as above

    def bring(file: Path) -> list[str]:
        with get_client(sync_client=True) as client:
            prefect = Prefect(str(client.api_url))
        planned = steps(read_limits(file), live_limits(prefect))
        for step in planned:
            carry_out(step, prefect)
        return [step.words(done=True) for step in planned]

    return bring


@pytest.fixture
def flow_of(tmp_path: Path, applied: Callable[[Path], list[str]]) -> Callable[..., Any]:
    """Generate a graph's flow into a folder of its own, bring its limits to the server, and load it; the flow."""
    from prefect_integration.generating.target import PrefectOptions, generate  # noqa: PLC0415 - as above
    from taskgraph_core.generate import write_files  # noqa: PLC0415 - as above

    def load(graph: TaskGraph, **options: Any) -> Any:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        place = write_files(generate(graph, PrefectOptions(**options)).files, folder)[0]
        applied(folder / f"{graph.id}.limits.json")
        spec = importlib.util.spec_from_file_location(f"generated_{folder.name}", place)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.run

    return load


@pytest.fixture
def finish(flow_of: Callable[[TaskGraph], Any]) -> Callable[..., Finished]:
    """Run a graph's flow to its end and read back what the server recorded."""

    def run(graph: TaskGraph, **parameters: Any) -> Finished:
        return record(flow_of(graph)(return_state=True, **parameters), graph)

    return run


@pytest.fixture
def recorded() -> Callable[[State, TaskGraph], Finished]:
    """What the server recorded of a run that ended."""
    return record


def record(state: State, graph: TaskGraph) -> Finished:
    """Wait until the server, which is told of task runs behind their backs, knows the end of each."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - as above
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId  # noqa: PLC0415 - as above

    mine = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
    with get_client(sync_client=True) as client:
        before: list[Any] = []
        while True:
            runs = client.read_task_runs(flow_run_filter=mine)
            known = {tag for run in runs for tag in run.tags}
            if before == runs and all(run.state.is_final() for run in runs) and state.is_final():
                missing = [task.id for task in graph.tasks if f"task:{task.id}" not in known]
                if not missing:
                    break
            before = runs
            time.sleep(0.2)
    return Finished(state, graph, sorted(runs, key=lambda run: run.expected_start_time))
