"""What is lost on the way is noticed, never done twice at the same time, and never called done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from distributed import LocalCluster

from support.clusters import LEASE, LOOPBACK, OnCluster
from support.graphs import graph_of
from taskgraph_core.engine.remote import cluster, on_ray
from taskgraph_core.engine.resuming import resume
from taskgraph_core.engine.rundir import RunDirectory, runs
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    Later = Callable[[Callable[[], object]], None]

ONCE_STUCK = """
trap '' TERM
if [ -s pids ] && kill -0 $(head -n 1 pids) 2> /dev/null; then echo twice > twice; fi
echo $$ >> pids
test $(wc -l < pids) -gt 1 || exec sleep 600
"""
"""Does not end the first time, and notices when the second time begins beside the first."""


def test_a_lost_worker_is_a_failed_attempt_and_the_retry_succeeds(setup: OnCluster, later: Later) -> None:
    graph = graph_of("1", tasks={"1": {"action": Command(shell=ONCE_STUCK), "retry": Retry(attempts=2)}})

    def kill() -> None:
        supervisor = setup.parent(setup.pids(1)[0])
        worker = setup.parent(setup.parent(supervisor))
        os.kill(worker, signal.SIGKILL)

    later(kill)
    record = setup.run(graph)

    first, second = record.by_id["1"].attempts
    assert (first.outcome, second.outcome) == ("failed", "success")
    assert "was lost" in first.error
    assert len(setup.pids(2)) == 2
    assert not (setup.path / "twice").exists()


def test_a_supervisor_that_is_killed_takes_its_program_along(setup: OnCluster, later: Later) -> None:
    graph = graph_of("1", tasks={"1": {"action": Command(shell="echo $$ >> pids; exec sleep 600")}})

    later(lambda: os.kill(setup.parent(setup.pids(1)[0]), signal.SIGKILL))
    record = setup.run(graph)

    assert "watched over the program was ended" in record.by_id["1"].attempts[0].error
    setup.wait_for_end(setup.pids(1))


ENGINE = """
import sys
from pathlib import Path
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.remote import cluster
from taskgraph_core.engine.run import run_graph
from taskgraph_core.ir import TaskGraph
project, url, lease, graph = sys.argv[1:]
cluster.LEASE = float(lease)
run_graph(TaskGraph.model_validate_json(graph), RunOptions(project=Path(project), executor=url, run_id="it"))
"""


def test_a_resumed_run_waits_until_what_a_killed_engine_left_has_ended(
    setup: OnCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = graph_of("1", tasks={"1": {"action": Command(shell=ONCE_STUCK)}})
    words = [sys.executable, "-c", ENGINE, setup.path, setup.url, LEASE, graph.model_dump_json()]
    with subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL) as engine:
        setup.pids(1)
        engine.kill()
    monkeypatch.setattr(resume, "end_leftovers", lambda trees: 0)  # as if the workers were on other machines
    notes: list[str] = []
    record = setup.resume(RunDirectory.open(setup.path, "it"), note=notes.append)

    assert record.states == {"1": "success"}
    assert [attempt.outcome for attempt in record.by_id["1"].attempts] == ["cancelled", "success"]
    assert not (setup.path / "twice").exists()
    assert any("is ending by itself" in note for note in notes)


@pytest.mark.parametrize("setup", ["dask"], indirect=True)
def test_a_dask_cluster_that_goes_away_ends_the_run_which_goes_on_elsewhere(
    setup: OnCluster, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = graph_of("0", "1 < 0", tasks={"0": {"action": Command(shell="echo 0 >> zero")}})
    stuck = graph.by_id["1"].model_copy(update={"action": Command(shell=ONCE_STUCK)})
    graph = graph.model_copy(update={"tasks": (graph.tasks[0], stuck)})
    own = LocalCluster(n_workers=1, **LOOPBACK)

    def close() -> None:
        setup.pids(1)
        own.close()

    later(close)
    with pytest.raises(EngineError, match="the connection to the cluster was lost"):
        setup.run(graph, executor=own.scheduler_address.replace("tcp://", "dask://"))
    monkeypatch.setattr(cluster, "LEASE", 0.0)  # its workers are known to be gone
    (directory,) = runs(setup.path)
    record = setup.resume(directory, executor="")

    assert record.states == {"0": "success", "1": "success"}
    assert (setup.path / "zero").read_text() == "0\n"
    assert not (setup.path / "twice").exists()


@pytest.mark.parametrize("setup", ["ray"], indirect=True)
def test_a_ray_office_that_goes_away_ends_the_run(
    setup: OnCluster, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray  # noqa: PLC0415 - not before its settings are made

    found: list[Any] = []
    make = on_ray.RayCluster.__init__

    def spy(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        found.append(self.office)

    def kill() -> None:
        setup.pids(1)
        ray.kill(found[0])

    monkeypatch.setattr(on_ray.RayCluster, "__init__", spy)
    later(kill)
    with pytest.raises(EngineError, match="the connection to the cluster was lost"):
        setup.run(graph_of("1", tasks={"1": {"action": Command(shell=ONCE_STUCK)}}))
    setup.wait_for_end(setup.pids(1))
