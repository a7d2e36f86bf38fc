from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from prefect_integration.generating.target import PrefectOptions, generate
from prefect_integration.local.settings import SERVER
from support.graphs import graph_of
from taskgraph_core.generate import write_files
from taskgraph_core.ir import Claim, Rate, Resource

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command

    from .conftest import Prefect

DB, RATE = "tag:resource:db", "rate:api"
GRAPH = graph_of(
    "1",
    "2",
    tasks={"1": {"claims": (Claim(resource="db", slots=2),)}, "2": {"claims": (Claim(resource="api"),)}},
    resources=(Resource(name="db", capacity=4), Resource(name="api", rate=Rate(amount=1, seconds=2))),
)


@pytest.fixture
def flows(tmp_path: Path, prefect: Prefect) -> Path:
    """A folder with a generated flow, which the server is fit for."""
    folder = tmp_path / "flows"
    write_files(generate(GRAPH, PrefectOptions(work_pool="machines")).files, folder)
    prefect.has(DB, limit=4)
    prefect.has(RATE, limit=1, slot_decay_per_second=0.5)
    prefect.deployments["example/example"] = {
        "version": GRAPH.fingerprint,
        "paused": False,
        "work_pool_name": "machines",
        "status": "READY",
    }
    prefect.pools["machines"] = {"type": "process", "is_paused": False}
    prefect.workers["machines"] = ["OFFLINE", "ONLINE"]
    prefect.settings = {
        "concurrency": {
            "lease_storage": SERVER["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"],
            "maximum_concurrency_slot_wait_seconds": 0.25,
        },
        "tasks": {"tag_concurrency_slot_wait_seconds": 0.25},
    }
    return folder


def test_what_fits_has_no_findings(command: Command, prefect: Prefect, flows: Path) -> None:
    ended = command("prefect", "doctor", flows, "--url", prefect.url)

    assert (ended.code, ended.out) == (0, "1 flow and 2 limits looked at: all is well\n")


def test_for_machines_there_is_json(command: Command, prefect: Prefect, flows: Path) -> None:
    del prefect.limits[DB]
    ended = command("prefect", "doctor", flows, "--url", prefect.url, "--format", "json")

    said = json.loads(ended.out)
    assert ended.code == 1
    assert [finding["code"] for finding in said["findings"]] == ["TG620"]
    assert "taskgraph prefect apply" in said["findings"][0]["fix"]
    assert (said["errors"], said["warnings"]) == (1, 0)


@pytest.mark.parametrize(
    ("name", "fields", "code", "what", "exit_code"),
    [
        (DB, {"active": False}, "TG620", "is not active", 1),
        (DB, {"limit": 1}, "TG620", "is 1, but a task takes 2", 1),
        (DB, {"slot_decay_per_second": 1.0}, "TG620", "has a slot decay", 1),
        (RATE, {"slot_decay_per_second": 0.0}, "TG620", "has no slot decay", 1),
        (DB, {"limit": 5}, "TG621", "is 5 instead of 4: more", 1),
        (DB, {"limit": 3}, "TG621", "is 3 instead of 4: less", 0),
        (RATE, {"slot_decay_per_second": 2.0}, "TG621", "instead of 0.5: more", 1),
        (RATE, {"slot_decay_per_second": 0.25}, "TG621", "instead of 0.5: less", 0),
        (DB, {"active_slots": 2}, "TG622", "2 of the 4 slots", 0),
        (DB, {"active_slots": 3}, "TG622", "wait for ever", 1),
    ],
)
def test_a_limit_is_not_as_it_was_generated(
    command: Command,
    prefect: Prefect,
    flows: Path,
    name: str,
    fields: dict[str, Any],
    code: str,
    what: str,
    exit_code: int,
) -> None:
    prefect.limits[name] |= fields
    ended = command("prefect", "doctor", flows, "--url", prefect.url)

    assert ended.code == exit_code
    assert f"{code} " in ended.out
    assert what in ended.out
    assert "1 finding" in ended.out


def test_slots_that_somebody_holds_are_not_leaked(command: Command, prefect: Prefect, flows: Path) -> None:
    prefect.limits[DB]["active_slots"] = 4
    prefect.holders[DB] = ["a task run"]

    assert command("prefect", "doctor", flows, "--url", prefect.url).code == 0


@pytest.mark.parametrize(
    ("fields", "code", "what", "exit_code"),
    [
        ({"version": "other"}, "TG624", "another plan (other", 0),
        ({"paused": True}, "TG625", "is paused", 0),
        ({"work_pool_name": "none"}, "TG626", "is missing", 1),
        ({"work_pool_name": None, "status": "NOT_READY"}, "TG626", "nobody serves", 1),
    ],
)
def test_a_deployment_would_not_run_as_planned(
    command: Command, prefect: Prefect, flows: Path, fields: dict[str, Any], code: str, what: str, exit_code: int
) -> None:
    prefect.deployments["example/example"] |= fields
    ended = command("prefect", "doctor", flows, "--url", prefect.url)

    assert ended.code == exit_code
    assert f"{code} " in ended.out
    assert what in ended.out


def test_a_deployment_that_is_served_needs_no_pool(command: Command, prefect: Prefect, flows: Path) -> None:
    prefect.deployments["example/example"]["work_pool_name"] = None

    assert command("prefect", "doctor", flows, "--url", prefect.url).code == 0


def test_a_deployment_is_missing(command: Command, prefect: Prefect, flows: Path) -> None:
    prefect.deployments.clear()
    ended = command("prefect", "doctor", flows / "example.py", "--url", prefect.url)

    assert ended.code == 1
    assert "TG623 Prefect has no deployment 'example/example'" in ended.out


def test_nobody_works_for_a_pool(command: Command, prefect: Prefect, flows: Path) -> None:
    prefect.workers.clear()
    assert "no healthy worker" in command("prefect", "doctor", flows, "--url", prefect.url).out

    prefect.pools["machines"]["type"] = "cloud-run:push"
    assert command("prefect", "doctor", flows, "--url", prefect.url).code == 0

    prefect.pools["machines"]["is_paused"] = True
    assert "is paused: its runs wait" in command("prefect", "doctor", flows, "--url", prefect.url).out


def test_settings_of_the_server_that_matter_are_told(command: Command, prefect: Prefect, flows: Path) -> None:
    prefect.settings = {
        "concurrency": {
            "lease_storage": "prefect.server.concurrency.lease_storage.memory",
            "maximum_concurrency_slot_wait_seconds": 30.0,
        },
        "tasks": {"tag_concurrency_slot_wait_seconds": 10.0},
    }
    ended = command("prefect", "doctor", flows, "--url", prefect.url)

    assert ended.code == 0
    assert "TG627" in ended.out
    assert ended.out.count("TG628") == 2


def test_a_server_that_hides_its_settings_is_not_judged_by_them(
    command: Command, prefect: Prefect, flows: Path
) -> None:
    prefect.settings = None

    assert command("prefect", "doctor", flows, "--url", prefect.url).code == 0


def test_files_that_are_not_generated_are_passed_over_in_folders_only(
    command: Command, prefect: Prefect, flows: Path
) -> None:
    other = flows / "helper.py"
    other.write_text("print()\n")
    assert command("prefect", "doctor", flows, "--url", prefect.url).code == 0

    ended = command("prefect", "doctor", other, "--url", prefect.url)
    assert ended.code == 2
    assert "not a generated flow" in ended.err


def test_a_folder_without_flows_is_a_mistake(command: Command, prefect: Prefect, tmp_path: Path) -> None:
    assert command("prefect", "doctor", tmp_path, "--url", prefect.url).code == 2


def test_limits_that_are_not_beside_the_flow_are_named(command: Command, prefect: Prefect, flows: Path) -> None:
    (flows / "example.limits.json").unlink()
    ended = command("prefect", "doctor", flows, "--url", prefect.url)

    assert ended.code == 2
    assert "example.limits.json" in ended.err
