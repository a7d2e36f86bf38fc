from __future__ import annotations

import time

import pytest

from taskgraph_core.engine.events import TaskEnded, TaskStarted
from taskgraph_core.engine.remote import cluster
from taskgraph_core.engine.remote.fence import wait_for_leases
from taskgraph_core.record import Attempt

STARTED = TaskStarted(1.0, "1", 1)
ENDED = TaskEnded(2.0, "1", Attempt(number=1, started=1.0, ended=2.0, outcome="success"))


@pytest.fixture(autouse=True)
def _short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LEASE", 0.2)
    monkeypatch.setattr(cluster, "MARGIN", 0.1)


@pytest.mark.parametrize("system", ["dask", "ray"])
def test_what_was_under_way_on_a_cluster_is_waited_for(system: str) -> None:
    notes: list[str] = []
    begun = time.monotonic()
    wait_for_leases(system, [STARTED], notes.append)

    assert time.monotonic() - begun >= 0.3
    assert notes == ["what ran on the cluster when the engine ended is ending by itself: going on in 300 ms"]


@pytest.mark.parametrize(("system", "events"), [("local", [STARTED]), ("dask", [STARTED, ENDED]), ("ray", [])])
def test_nobody_waits_for_nothing(system: str, events: list[TaskStarted | TaskEnded]) -> None:
    notes: list[str] = []
    wait_for_leases(system, events, notes.append)

    assert notes == []
