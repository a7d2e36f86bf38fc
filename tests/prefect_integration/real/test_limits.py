"""The server's limits in the hands of a run: what it asks of them, takes of them and gives back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from prefect import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.objects import ConcurrencyLeaseHolder

from prefect_integration.generating.limits import limits_file
from prefect_integration.rest import Prefect
from prefect_integration.rest.limits import leaked_slots, live_limits
from support.graphs import graph_of
from taskgraph_core.ir import Claim, Command, Policy, Rate, Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from prefect.client.orchestration import SyncPrefectClient

    from taskgraph_core.ir import TaskGraph


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as found:
        yield found


def claiming(name: str, slots: int, shell: str = "true", **policy: Any) -> TaskGraph:
    task = {"action": Command(shell=shell), "claims": (Claim(resource=name, slots=slots),)}
    return graph_of(
        "1", id=name, tasks={"1": task}, resources=(Resource(name=name, capacity=4),), policy=Policy(**policy)
    )


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("missing", None, "tag:resource:missing is missing"),
        ("inactive", {"active": False}, "tag:resource:inactive is not active"),
        ("small", {"limit": 1}, "tag:resource:small is 1, but a task takes 2"),
    ],
)
def test_a_run_without_its_limits_fails_at_once(
    flow_of: Callable[[TaskGraph], Any], client: SyncPrefectClient, tmp_path: Path, name: str, change: Any, why: str
) -> None:
    flow = flow_of(claiming(name, 2, f"touch {tmp_path}/ran"))
    limit = f"tag:resource:{name}"
    if change is None:
        client.delete_global_concurrency_limit_by_name(limit)
    else:
        client.update_global_concurrency_limit(limit, GlobalConcurrencyLimitUpdate(**change))
    state = flow(return_state=True)

    assert state.is_failed()
    assert why in state.message
    assert f"taskgraph prefect apply {name}.limits.json" in state.message
    assert not (tmp_path / "ran").exists()
    assert flow(return_state=True, dry_run=True).is_completed()


@pytest.mark.parametrize("slots", [1, 3])
def test_slots_are_given_back(
    finish: Callable[..., Any], client: SyncPrefectClient, applied: Callable[[Path], list[str]], slots: int
) -> None:
    name = f"back-{slots}"
    finished = finish(claiming(name, slots))

    assert finished.states == {"1": "success"}
    assert f"resource:{name}" in finished.of("1")[0].tags
    assert client.read_global_concurrency_limit_by_name(f"tag:resource:{name}").active_slots == 0


def test_a_run_that_ends_waits_no_longer_for_slots(
    flow_of: Callable[[TaskGraph], Any], client: SyncPrefectClient, tmp_path: Path
) -> None:
    flow = flow_of(claiming("held", 3, f"touch {tmp_path}/ran", timeout=10.0))
    lease = client.increment_concurrency_slots_with_lease(["tag:resource:held"], 2, "concurrency", 60.0).json()
    state = flow(return_state=True)
    client.release_concurrency_slots_with_lease(lease["lease_id"])

    assert state.is_failed()
    assert "1 cancelled" in state.message
    assert not (tmp_path / "ran").exists()
    assert flow(return_state=True).is_completed()


def test_a_rate_lets_one_start_after_the_other(finish: Callable[..., Any], tmp_path: Path) -> None:
    task = {"action": Command(shell=f"date +%s.%N >> {tmp_path}/starts"), "claims": (Claim(resource="api"),)}
    rate = Resource(name="api", rate=Rate(amount=4, seconds=2))
    began = time.time()
    finished = finish(graph_of("1", "2", "3", "4", id="rated", tasks=dict.fromkeys("1234", task), resources=(rate,)))
    starts = [float(line) for line in (tmp_path / "starts").read_text().split()]

    assert set(finished.states.values()) == {"success"}
    # Tokens are half a second apart; how long a shell takes to start differs.
    assert max(starts) - began >= 1.5


def test_slots_that_nobody_holds_are_told_from_those_that_somebody_does(
    flow_of: Callable[[TaskGraph], Any], client: SyncPrefectClient
) -> None:
    flow_of(claiming("leaky", 1))
    prefect, name = Prefect(str(client.api_url)), "tag:resource:leaky"
    assert leaked_slots(prefect, name) == 0

    client.increment_concurrency_slots([name], 2, "concurrency")
    assert leaked_slots(prefect, name) == 2

    holder = ConcurrencyLeaseHolder(type="task_run", id="00000000-0000-0000-0000-000000000001")
    client.increment_concurrency_slots_with_lease([name], 1, "concurrency", 60.0, holder)
    assert leaked_slots(prefect, name) == 0


def test_applying_again_changes_nothing_and_resets_nothing(
    tmp_path: Path, applied: Callable[[Path], list[str]], client: SyncPrefectClient
) -> None:
    file, name = tmp_path / "again.limits.json", "tag:resource:again"
    file.write_text(limits_file(claiming("again", 1)))

    assert applied(file) == [f"{name}: created, 4 slots"]
    client.increment_concurrency_slots([name], 2, "concurrency")
    assert applied(file) == [f"{name}: unchanged"]
    client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(limit=8, active=False))
    assert applied(file) == [f"{name}: updated, limit 8 → 4, active false → true"]
    live = live_limits(Prefect(str(client.api_url)))[name]
    assert (live.limit, live.active, live.active_slots) == (4, True, 2)
